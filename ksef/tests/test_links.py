import unittest
from datetime import date

from .. import crypto, links
from ..environments import endpoint_for

XML = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<Faktura xmlns="http://crd.gov.pl/wzor/2025/06/25/13775/"/>'
)


class VerificationLinkTest(unittest.TestCase):
    """The link carries seller, day and hash in the documented alphabet."""

    def test_documented_example_comes_out(self):
        digest = crypto.sha256_b64(XML)
        self.assertEqual(digest, "KgFLIQjfV2M0QO1MMzg9tUZdJGTvBLlaVgIIDaAc54E=")
        qr_url = endpoint_for("test").qr_url
        self.assertEqual(
            links.verification_link(qr_url, "1111111111", date(2026, 2, 1), digest),
            "https://qr-test.ksef.mf.gov.pl/invoice/1111111111/01-02-2026/"
            "KgFLIQjfV2M0QO1MMzg9tUZdJGTvBLlaVgIIDaAc54E",
        )

    def test_alphabet_is_that_of_addresses(self):
        link = links.verification_link(
            "https://qr",
            "1111111111",
            date(2026, 2, 1),
            "UtQp9Gpc51y+u3xApZjIjgkpZ01js+J8KflSPW8WzIE=",
        )
        self.assertTrue(link.endswith("UtQp9Gpc51y-u3xApZjIjgkpZ01js-J8KflSPW8WzIE"))

    def test_other_hashes_are_refused(self):
        for text in ("", "abcd", "not base64!", "A" * 44):
            with self.subTest(text=text), self.assertRaises(ValueError):
                links.verification_link("https://qr", "1", date(2026, 2, 1), text)
