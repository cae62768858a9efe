import unittest

from .. import client as client_module
from .. import crypto, errors
from ..secret import Secret
from .support import ScriptedServer, client_for, drop, reply

ACCESS = Secret("access.jwt")
PAGE = {"body": b"<html>Incapsula</html>", "kind": "text/html"}


def row(reference):
    return {
        "ordinalNumber": 1,
        "referenceNumber": reference,
        "invoiceHash": "hash",
        "invoicingDate": "2026-11-20T08:00:00Z",
        "status": {"code": 150, "description": "words"},
    }


def page(*references, following=None):
    return reply(
        200, {"continuationToken": following, "invoices": [*map(row, references)]}
    )


class ClientCase(unittest.TestCase):
    """A client of a scripted server."""

    def client(self, *steps):
        self.server = ScriptedServer(*steps)
        self.addCleanup(self.server.close)
        made = client_for(self.server.url)
        self.addCleanup(made.transport.close)
        return made


class PagesTest(ClientCase):
    """All pages of a list are read, and the list comes to an end."""

    def test_pages_are_joined_by_their_token(self):
        client = self.client(page("a", "b", following="two"), page("c"))
        found = client.session_invoices(ACCESS, "SO")
        self.assertEqual([one.reference for one in found], ["a", "b", "c"])
        first, second = (headers for _m, _p, headers, _b in self.server.requests)
        self.assertNotIn("x-continuation-token", first)
        self.assertEqual(second["x-continuation-token"], "two")
        self.assertTrue(self.server.requests[0][1].endswith("?pageSize=1000"))

    def test_an_empty_session_has_no_invoices(self):
        self.assertEqual(self.client(page()).session_invoices(ACCESS, "SO"), [])

    def test_endless_pages_are_given_up(self):
        client = self.client(*[page("a", following="again")] * 50)
        with self.assertRaises(errors.KsefProtocolError):
            client.session_invoices(ACCESS, "SO")
        self.assertEqual(len(self.server.requests), client_module.SESSION_PAGES_MAX)


class ReceiptTest(ClientCase):
    """A receipt is handed out only when its bytes fit their hash."""

    DATA = b"<Potwierdzenie/>"

    def fetch(self, **headers):
        step = reply(200, body=self.DATA, kind="application/xml", **headers)
        return self.client(step).invoice_upo(ACCESS, "SO", "EE")

    def test_fitting_bytes_are_untouched(self):
        declared = crypto.sha256_b64(self.DATA)
        self.assertEqual(self.fetch(x_ms_meta_hash=declared), self.DATA)

    def test_other_bytes_are_fetched_again_later(self):
        with self.assertRaises(errors.KsefNoAnswer) as caught:
            self.fetch(x_ms_meta_hash=crypto.sha256_b64(b"other"))
        self.assertEqual(caught.exception.details, ("hash differs",))

    def test_without_a_hash_nothing_is_handed_out(self):
        with self.assertRaises(errors.KsefProtocolError):
            self.fetch()


class OddAnswerTest(ClientCase):
    """A success in another shape: unknown after a POST, a protocol error else."""

    def test_sending_without_a_reference_is_unknown(self):
        encrypted = crypto.encrypt_invoice(b"<x/>", crypto.new_session_key())
        for payload in ({}, [], "text", {"referenceNumber": 5}, {"reference": "EE"}):
            with self.subTest(payload=payload):
                client = self.client(reply(202, payload))
                with self.assertRaises(errors.KsefNoAnswer) as caught:
                    client.send_invoice(ACCESS, "SO", encrypted)
                self.assertEqual(caught.exception.details, ("referenceNumber",))
                self.assertEqual(caught.exception.http_status, 202)
                self.assertIsNone(caught.exception.__context__)

    def test_reading_another_shape_is_a_protocol_error(self):
        with self.assertRaises(errors.KsefProtocolError) as caught:
            self.client(reply(200, {"status": {}})).session_status(ACCESS, "SO")
        self.assertEqual(caught.exception.details, ("status.code",))

    def test_a_page_does_not_close_or_revoke(self):
        for call in ("close_online_session", "revoke_token"):
            for step in (reply(200, **PAGE), reply(200, {}), reply(500), drop):
                client = self.client(step)
                with self.assertRaises(errors.KsefNoAnswer):
                    getattr(client, call)(ACCESS, "SO")

    def test_no_content_closes_and_revokes(self):
        for call in ("close_online_session", "revoke_token"):
            step = reply(204, kind=None)
            self.assertIsNone(getattr(self.client(step), call)(ACCESS, "SO"))
