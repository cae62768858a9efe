import unittest
from datetime import datetime, timezone

from .. import batch, crypto, errors, messages
from .. import client as client_module
from ..secret import Secret
from .support import ScriptedServer, client_for, drop, public_key, reply

ACCESS = Secret("access.jwt")
MOMENT = datetime(2026, 11, 20, 8, tzinfo=timezone.utc)
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

    def test_a_page_is_asked_for_when_it_is_wanted(self):
        client = self.client(page("a", "b", following="two"), page("c"))
        pages = client.session_invoice_pages(ACCESS, "SO")
        self.assertEqual(self.server.requests, [])
        self.assertEqual([one.reference for one in next(pages)], ["a", "b"])
        self.assertEqual(len(self.server.requests), 1)
        self.assertEqual([one.reference for one in next(pages)], ["c"])
        self.assertEqual(list(pages), [])

    def test_failed_invoices_are_a_list_of_their_own(self):
        client = self.client(page("a", following="two"), page("b"))
        found = [*client.failed_invoice_pages(ACCESS, "SB")]
        self.assertEqual(
            [[one.reference for one in part] for part in found], [["a"], ["b"]]
        )
        paths = [path for _method, path, *_rest in self.server.requests]
        self.assertEqual(paths, ["/v2/sessions/SB/invoices/failed?pageSize=1000"] * 2)

    def test_endless_failed_pages_are_given_up(self):
        client = self.client(*[page("a", following="again")] * 50)
        with self.assertRaises(errors.KsefProtocolError):
            list(client.failed_invoice_pages(ACCESS, "SB"))

    def test_sessions_of_all_pages_are_one_list(self):
        def summaries(reference, following=None):
            summary = {"referenceNumber": reference, "status": {"code": 200}}
            return reply(200, {"continuationToken": following, "sessions": [summary]})

        client = self.client(summaries("one", "two"), summaries("two"))
        found = client.sessions(ACCESS, "batch", MOMENT, MOMENT)
        self.assertEqual([one.reference for one in found], ["one", "two"])
        path = self.server.requests[0][1]
        self.assertIn("sessionType=Batch&dateCreatedFrom=2026-11-20T08%3A00", path)
        self.assertEqual(self.server.requests[1][2]["x-continuation-token"], "two")

    def test_every_page_passes_the_gate(self):
        client = self.client(page("a", following="two"), page("b"))
        heard = []
        client.transport.gate = heard.append
        client.session_invoices(ACCESS, "SO")
        self.assertEqual(heard, ["session_invoice_list"] * 2)


class BatchTest(ClientCase):
    """A batch session is usable only with a place for each part of the package."""

    def setUp(self):
        super().setUp()
        self.key = crypto.new_session_key()
        files = [("a.xml", bytes(3000)), ("b.xml", bytes(3000))]
        self.package = batch.build_package(files, self.key, part_bytes=60)
        self.addCleanup(self.package.close)

    def open(self, *numbers):
        uploads = [
            {
                "ordinalNumber": number,
                "method": "PUT",
                "url": "https://u",
                "headers": {},
            }
            for number in numbers
        ]
        answer = {"referenceNumber": "SB", "partUploadRequests": uploads}
        client = self.client(reply(201, answer))
        key = public_key(messages.USAGE_SESSION)
        return client.open_batch_session(ACCESS, self.package, self.key, key)

    def test_uploads_fit_the_parts(self):
        numbers = [part.number for part in self.package.parts]
        self.assertGreater(len(numbers), 1)
        opened = self.open(*reversed(numbers))
        self.assertEqual([upload.number for upload in opened.uploads], numbers)
        self.assertEqual(opened.reference, "SB")

    def test_missing_doubled_or_other_uploads_are_no_answer(self):
        numbers = [part.number for part in self.package.parts]
        for odd in ((), numbers[1:], [*numbers, 99], [*numbers, 1]):
            with self.subTest(odd=odd), self.assertRaises(errors.KsefNoAnswer):
                self.open(*odd)

    def test_opening_and_closing_are_counted_by_their_own_groups(self):
        client = self.client(reply(400, {"errors": []}), reply(204, kind=None))
        heard = []
        client.transport.gate = heard.append
        with self.assertRaises(errors.KsefRefused):
            client.open_batch_session(
                ACCESS, self.package, self.key, public_key(messages.USAGE_SESSION)
            )
        client.close_batch_session(ACCESS, "SB")
        self.assertEqual(heard, ["batch_session", "batch_session_close"])
        self.assertEqual(self.server.requests[1][1], "/v2/sessions/batch/SB/close")

    def test_links_do_not_pass_the_gate(self):
        data = b"<Potwierdzenie/>"
        fitting = {"body": data, "x_ms_meta_hash": crypto.sha256_b64(data)}
        client = self.client(reply(200, kind="application/xml", **fitting))
        heard = []
        client.transport.gate = heard.append
        link = messages.Link(Secret(self.server.url))
        self.assertEqual(client.download(link), data)
        self.assertEqual(heard, [])


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

    def test_a_page_of_a_session_is_checked_likewise(self):
        for declared, kind in (
            (crypto.sha256_b64(self.DATA), None),
            (crypto.sha256_b64(b"other"), errors.KsefNoAnswer),
            (None, errors.KsefProtocolError),
        ):
            headers = {"x_ms_meta_hash": declared} if declared else {}
            step = reply(200, body=self.DATA, kind="application/xml", **headers)
            client = self.client(step)
            if kind is None:
                self.assertEqual(client.session_upo(ACCESS, "SB", "EU"), self.DATA)
                self.assertEqual(self.server.requests[0][1], "/v2/sessions/SB/upo/EU")
                continue
            with self.assertRaises(kind):
                client.session_upo(ACCESS, "SB", "EU")


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
        for call in ("close_online_session", "close_batch_session", "revoke_token"):
            for step in (reply(200, **PAGE), reply(200, {}), reply(500), drop):
                client = self.client(step)
                with self.assertRaises(errors.KsefNoAnswer):
                    getattr(client, call)(ACCESS, "SO")

    def test_no_content_closes_and_revokes(self):
        for call in ("close_online_session", "close_batch_session", "revoke_token"):
            step = reply(204, kind=None)
            self.assertIsNone(getattr(self.client(step), call)(ACCESS, "SO"))
