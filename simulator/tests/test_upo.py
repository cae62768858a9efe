"""Receipts: valid against the official schema, hashed, reachable in three ways."""

import os
import unittest

import requests
from lxml import etree

from simulator.schemas import compile_schema

from .invoice import make_invoice
from .support import SHARED, SimulatorCase, digest, needs_shared

UPO = "{http://upo.schematy.mf.gov.pl/KSeF/v4-3}"
SCHEMA_FOLDER = os.path.join(SHARED, "ksef", "xsd", "upo")
RECEIVER = "NazwaPodmiotuPrzyjmujacego"


def upo_schema():
    return compile_schema(SCHEMA_FOLDER, "upo-v4-3.xsd")


class ReceiptCase(SimulatorCase):
    def setUp(self):
        super().setUp()
        self.client.login()
        self.session = self.client.open()
        self.xml = make_invoice(number="FV/UPO")
        self.invoice = self.client.send(self.session, self.xml)
        path = f"/sessions/{self.session}/invoices/{self.invoice['referenceNumber']}"
        self.answer = self.client.get(f"{path}/upo")

    def session_pages(self):
        self.client.close_session(self.session)
        found = self.client.wait(f"/sessions/{self.session}")
        return found["upo"]["pages"]


class ReceiptTest(ReceiptCase):
    """The receipt says what was accepted, byte for byte the same wherever it is got."""

    def test_receipt_repeats_what_was_accepted(self):
        root = etree.fromstring(self.answer.content)
        document = root.find(f"{UPO}Dokument")
        expected = {
            "NumerKSeFDokumentu": self.invoice["ksefNumber"],
            "NumerFaktury": "FV/UPO",
            "SkrotDokumentu": digest(self.xml),
            "TrybWysylki": "Online",
        }
        for name, value in expected.items():
            self.assertEqual(document.findtext(UPO + name), value)
        self.assertEqual(root.findtext(f"{UPO}NumerReferencyjnySesji"), self.session)
        token = f"{UPO}Uwierzytelnienie/{UPO}NumerReferencyjnyTokenaKSeF"
        self.assertEqual(root.findtext(token), self.client.token_reference)

    def test_hash_header_is_the_hash_of_the_body(self):
        self.assertEqual(
            self.answer.headers["x-ms-meta-hash"], digest(self.answer.content)
        )
        self.assertEqual(self.answer.headers["Content-Type"], "application/xml")

    def test_number_and_link_give_the_same_bytes(self):
        number = self.invoice["ksefNumber"]
        path = f"/sessions/{self.session}/invoices/ksef/{number}/upo"
        self.assertEqual(self.client.get(path).content, self.answer.content)
        linked = requests.get(self.invoice["upoDownloadUrl"], timeout=5)
        self.assertEqual(linked.content, self.answer.content)
        self.assertEqual(linked.headers["x-ms-meta-hash"], digest(linked.content))

    def test_unknown_number_and_page_have_no_receipt(self):
        number = "5265877635-20250826-0100001AF629-AF"
        path = f"/sessions/{self.session}/invoices/ksef/{number}/upo"
        self.assert_refused(self.client.get(path), 21178, number)
        page = "20250918-EU-2EBD6FA000-242EB9B66D-43"
        answer = self.client.get(f"/sessions/{self.session}/upo/{page}")
        self.assert_refused(answer, 21178, page)

    def test_link_refuses_a_bearer_token(self):
        headers = {"Authorization": f"Bearer {self.client.access}"}
        url = self.invoice["upoDownloadUrl"]
        self.assertEqual(requests.get(url, headers=headers, timeout=5).status_code, 403)

    def test_link_expires_after_three_days(self):
        url = self.invoice["upoDownloadUrl"]
        self.simulator.control("clock", {"seconds": 3 * 86400 - 60})
        self.assertEqual(requests.get(url, timeout=5).status_code, 200)
        self.simulator.control("clock", {"seconds": 120})
        self.assertEqual(requests.get(url, timeout=5).status_code, 403)

    def test_link_with_a_changed_signature_is_refused(self):
        url = self.invoice["upoDownloadUrl"] + "x"
        self.assertEqual(requests.get(url, timeout=5).status_code, 403)

    def test_session_page_is_the_same_by_reference_and_by_link(self):
        page = self.session_pages()[0]
        path = f"/sessions/{self.session}/upo/{page['referenceNumber']}"
        by_reference = self.client.get(path)
        by_link = requests.get(page["downloadUrl"], timeout=5)
        self.assertEqual(by_reference.content, by_link.content)
        description = etree.fromstring(by_link.content).find(f"{UPO}OpisPotwierdzenia")
        self.assertEqual([child.text for child in description], ["1"] * 5)


@needs_shared
class TestReceiptSchemaTest(ReceiptCase):
    """On TEST a receipt is valid but for the receiver's name, which has a suffix."""

    def test_only_the_receivers_name_is_against_the_schema(self):
        schema = upo_schema()
        root = etree.fromstring(self.answer.content)
        self.assertFalse(schema.validate(root))
        root.find(UPO + RECEIVER).text = "Ministerstwo Finansów"
        schema.assertValid(root)


@needs_shared
class ProductionReceiptSchemaTest(ReceiptCase):
    """On production receipts of invoice and session are valid as they are."""

    options = (*SimulatorCase.options, "--environment", "production")

    def test_invoice_receipt_is_valid(self):
        upo_schema().assertValid(etree.fromstring(self.answer.content))

    def test_session_receipt_is_valid(self):
        self.client.send(self.session, make_invoice())
        link = self.session_pages()[0]["downloadUrl"]
        page = etree.fromstring(requests.get(link, timeout=5).content)
        upo_schema().assertValid(page)
        self.assertEqual(len(page.findall(f"{UPO}Dokument")), 2)


if __name__ == "__main__":
    unittest.main()
