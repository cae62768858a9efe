"""Batch sessions: opening, uploading, closing, and packages that are no good."""

import http.client
import io
import socket
import unittest
import zipfile
from urllib.parse import urlsplit

from .invoice import make_invoice
from .package import BatchClient, cut, named, tar_archive, zip_archive
from .support import FORM, OTHER_NIP, SimulatorCase

UNKNOWN = "20260101-SB-0000000000-0000000000-00"
PART_MINUTES = 20
HOUR = 3600


class BatchCase(SimulatorCase):
    def setUp(self):
        super().setUp()
        self.client.close()
        self.client = BatchClient(self.simulator)
        self.client.login()
        self.archive = zip_archive(named([make_invoice(), make_invoice()]))
        self.parts = [self.client.encrypt(piece) for piece in cut(self.archive, 2)]

    def _open(self):
        return self.client.open_batch(self.archive, self.parts)

    def _advance(self, seconds):
        """Move the clock; access tokens do not live that long."""
        self.simulator.control("clock", {"seconds": seconds})
        path = "/auth/token/refresh"
        answer = self.client.post(path, bearer=self.client.refresh).json()
        self.client.access = answer["accessToken"]["token"]

    def _status(self, reference):
        return self.client.get(f"/sessions/{reference}").json()["status"]


class OpenTest(BatchCase):
    """A package is declared whole; what cannot be right is refused."""

    def _refuse(self, code, detail=None, **changes):
        body = self.client.batch_body(self.archive, self.parts, **changes)
        answer = self.client.post("/sessions/batch", body)
        self.assert_refused(answer, code, detail)

    def _part(self, **changes):
        body = self.client.batch_body(self.archive, self.parts)
        return {**body["batchFile"]["fileParts"][0], **changes}

    def test_each_part_gets_an_address_of_its_own(self):
        reference, requests = self._open()
        self.assertEqual(reference[9:11], "SB")
        self.assertEqual([r["ordinalNumber"] for r in requests], [1, 2])
        self.assertEqual({r["method"] for r in requests}, {"PUT"})
        self.assertEqual(requests[0]["headers"], {"x-ms-blob-type": "BlockBlob"})
        self.assertEqual(len({r["url"] for r in requests}), 2)
        self.assertEqual(
            self._status(reference),
            {"code": 100, "description": "Sesja wsadowa rozpoczęta"},
        )

    def test_part_above_its_limit_is_refused(self):
        self._refuse(21157, "100 MB", fileParts=[self._part(fileSize=100_000_017)])

    def test_too_many_parts_are_refused(self):
        parts = [self._part(ordinalNumber=number) for number in range(1, 52)]
        self._refuse(21161, "50", fileParts=parts)

    def test_declaration_out_of_shape_is_refused(self):
        for changes in (
            {"fileSize": 0},
            {"fileSize": 5_000_000_001},
            {"fileHash": "short"},
            {"compressionType": "Rar"},
            {"fileParts": []},
            {"fileParts": [self._part(ordinalNumber=2)]},
            {"fileParts": [self._part(), self._part()]},
            {"fileParts": [self._part(fileHash="short")]},
            {"fileParts": [self._part(fileName="old.zip")]},
        ):
            with self.subTest(changes):
                self._refuse(21405, **changes)

    def test_unknown_form_and_withdrawn_key_are_refused(self):
        body = self.client.batch_body(self.archive, self.parts)
        wrong_form = {**body, "formCode": {**FORM, "systemCode": "PEF (3)"}}
        self.assert_refused(self.client.post("/sessions/batch", wrong_form), 21405)
        _, key_id = self.client.public_key("SymmetricKeyEncryption")
        self.simulator.control("rotate-keys", {})
        body["encryption"]["publicKeyId"] = key_id
        self.assert_refused(self.client.post("/sessions/batch", body), 21470, key_id)

    def test_right_to_read_is_not_enough(self):
        self.client.login(permissions=["InvoiceRead"])
        body = self.client.batch_body(self.archive, self.parts)
        self.assertEqual(self.client.post("/sessions/batch", body).status_code, 403)


class UploadTest(BatchCase):
    """A part goes to its address, while the window is open, without a bearer."""

    def setUp(self):
        super().setUp()
        self.reference, self.requests = self._open()

    def _upload(self, **headers):
        return self.client.upload(self.requests[0], self.parts[0], **headers)

    def test_stored_part_is_answered_without_a_body(self):
        answer = self._upload()
        self.assertEqual((answer.status_code, answer.content), (201, b""))

    def test_bearer_is_refused(self):
        answer = self._upload(Authorization=f"Bearer {self.client.access}")
        self.assertEqual(answer.status_code, 401)

    def test_missing_header_and_empty_part_are_bad_data(self):
        request = {**self.requests[0], "headers": {}}
        answer = self.client.upload(request, self.parts[0])
        self.assertEqual(answer.status_code, 400)
        answer = self.client.upload(self.requests[0], b"")
        self.assertEqual(answer.status_code, 400)

    def test_address_cannot_be_guessed_from_another(self):
        url = self.requests[0]["url"].replace("batch-parts/1", "batch-parts/2")
        answer = self.client.upload({**self.requests[0], "url": url}, b"x")
        self.assertEqual(answer.status_code, 403)

    def test_address_for_writing_cannot_be_read(self):
        self._upload()
        request = {**self.requests[0], "method": "GET"}
        self.assertEqual(self.client.upload(request, b"").status_code, 403)

    def test_window_grows_with_the_number_of_parts(self):
        self._advance(2 * PART_MINUTES * 60 - 30)
        self.assertEqual(self._upload().status_code, 201)
        self._advance(60)
        self.assertEqual(self._upload().status_code, 403)

    def test_links_end_on_request(self):
        for what in ("links", "uploads"):
            reference, self.requests = self._open()
            self.simulator.control("expire", {"what": what})
            self.assertEqual(self._upload().status_code, 403, what)
        self.assert_refused(self.client.close_batch(reference), 21208)

    def test_upload_that_breaks_off_is_not_kept(self):
        address = urlsplit(self.requests[0]["url"])
        connection = http.client.HTTPConnection(address.netloc, timeout=5)
        connection.putrequest("PUT", f"{address.path}?{address.query}")
        for name, value in self.requests[0]["headers"].items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(self.parts[0])))
        connection.endheaders(self.parts[0][:-1])
        connection.sock.shutdown(socket.SHUT_WR)
        with self.assertRaises((http.client.HTTPException, ConnectionError)):
            connection.getresponse()
        connection.close()
        self.assert_refused(self.client.close_batch(self.reference), 21205, "'1'")

    def test_closed_session_takes_no_part(self):
        for request, part in zip(self.requests, self.parts, strict=True):
            self.client.upload(request, part)
        self.client.close_batch(self.reference)
        self.client.settled(self.reference)
        self.assertEqual(self._upload().status_code, 403)

    def test_dropped_upload_can_be_repeated(self):
        self.simulator.control("faults", {"operation": "upload_part", "action": "html"})
        self.assertEqual(self._upload().status_code, 200)
        self.assert_refused(self.client.close_batch(self.reference), 21205, "'1'")
        self.assertEqual(self._upload().status_code, 201)
        self.assert_refused(self.client.close_batch(self.reference), 21205, "'2'")


class CloseTest(BatchCase):
    """Only a package that came in whole is worked on; an open one ends in time."""

    def setUp(self):
        super().setUp()
        self.reference, self.requests = self._open()

    def _upload(self, *parts):
        for request, part in zip(self.requests, parts, strict=False):
            self.assertEqual(self.client.upload(request, part).status_code, 201)

    def _refused(self, code, detail):
        self.assert_refused(self.client.close_batch(self.reference), code, detail)

    def test_nothing_is_worked_on_before_closing(self):
        self._upload(*self.parts)
        self.assertEqual(self._status(self.reference)["code"], 100)
        self.assertEqual(self.client.invoices(self.reference), [])
        answer = self.client.close_batch(self.reference)
        self.assertEqual((answer.status_code, answer.content), (204, b""))
        self.assertEqual(self.client.settled(self.reference)["status"]["code"], 200)

    def test_package_in_work_says_so(self):
        self.simulator.control("settings", {"processing_seconds": 60})
        self._upload(*self.parts)
        self.client.close_batch(self.reference)
        expected = {"code": 150, "description": "Trwa przetwarzanie"}
        self.assertEqual(self._status(self.reference), expected)
        self._refused(21180, "150")

    def test_missing_part_is_named(self):
        self._upload(self.parts[0])
        self._refused(21205, "'2'")
        self.assertEqual(self._status(self.reference)["code"], 100)

    def test_part_of_another_size_is_named(self):
        self._upload(self.parts[0], self.parts[1] + b"x")
        self._refused(21157, "'2'")
        self._upload(*self.parts)
        self.assertEqual(self.client.close_batch(self.reference).status_code, 204)

    def test_missing_part_after_the_window_cannot_come_any_more(self):
        self._upload(self.parts[0])
        self._advance(2 * PART_MINUTES * 60 + 1)
        self._refused(21208, "przekroczony czas wysyłki")

    def test_whole_package_may_be_closed_late(self):
        self._upload(*self.parts)
        self._advance(11 * HOUR)
        self.assertEqual(self.client.close_batch(self.reference).status_code, 204)

    def test_unclosed_package_is_given_up_after_its_last_part(self):
        self._advance(1800)
        self._upload(self.parts[0])
        self._advance(12 * HOUR - 60)
        self.assertEqual(self._status(self.reference)["code"], 100)
        self._advance(120)
        status = self._status(self.reference)
        self.assertEqual(status["code"], 440)
        self.assertEqual(status["details"], ["Przekroczono czas wysyłki"])
        self._refused(21180, "440")

    def test_session_without_any_part_ends_as_empty(self):
        self.simulator.control("expire", {"what": "sessions"})
        status = self._status(self.reference)
        self.assertEqual(
            (status["code"], status["details"]), (440, ["Nie przesłano faktur"])
        )

    def test_unknown_session_and_session_of_the_other_kind(self):
        self.assert_refused(self.client.close_batch(UNKNOWN), 21173, UNKNOWN)
        self.assert_refused(self.client.close_batch(self.client.open()), 21173)
        self.assert_refused(self.client.close_session(self.reference), 21173)

    def test_lost_answer_of_a_close_has_closed(self):
        self._upload(*self.parts)
        fault = {"operation": "close_batch", "action": "status_after", "status": 500}
        self.simulator.control("faults", fault)
        self.assertEqual(self.client.close_batch(self.reference).status_code, 500)
        self.assertEqual(self.client.settled(self.reference)["status"]["code"], 200)


class BadPackageTest(BatchCase):
    """A package that is wrong as a whole brings no invoice in."""

    def _end(self, reference, code, description):
        found = self.client.settled(reference)
        self.assertEqual(
            (found["status"]["code"], found["status"]["description"]),
            (code, description),
        )
        self.assertEqual(self.client.invoices(reference), [])
        self.assertNotIn("upo", found)

    def _send(self, parts, **changes):
        reference, requests = self.client.open_batch(
            self.archive, self.parts, **changes
        )
        for request, part in zip(requests, parts, strict=True):
            self.client.upload(request, part)
        self.assertEqual(self.client.close_batch(reference).status_code, 204)
        return reference

    def test_damaged_part(self):
        damaged = bytes(reversed(self.parts[1]))
        reference = self._send([self.parts[0], damaged])
        text = "Błąd weryfikacji poprawności dostarczonych elementów paczki"
        self._end(reference, 405, text)

    def test_archive_of_another_hash_or_size(self):
        text = "Błąd weryfikacji poprawności dostarczonych elementów paczki"
        size = len(self.archive) + 1
        self._end(self._send(self.parts, fileSize=size), 405, text)
        other = "A" * 43 + "="
        self._end(self._send(self.parts, fileHash=other), 405, text)

    def test_key_that_cannot_be_decrypted(self):
        wrapped = self.client.encrypted("KsefTokenEncryption", self.client.key)
        reference = self._send(self.parts, wrapped=wrapped)
        self._end(reference, 415, "Błąd odszyfrowania dostarczonego klucza")

    def test_part_under_another_key(self):
        right, self.client.key = self.client.key, b"x" * 32
        self.parts = [self.client.encrypt(self.archive)]
        self.client.key = right
        text = "Błąd odszyfrowania zaszyfrowanych części archiwum"
        self._end(self._send(self.parts), 435, text)

    def test_archive_that_is_none_or_of_the_other_kind(self):
        text = "Błąd dekompresji pierwotnego archiwum"
        whole = tar_archive(named([make_invoice()] * 3))
        for archive, kind in (
            (b"no archive at all", "Zip"),
            (b"no archive at all", "TarGz"),
            (self.archive, "TarGz"),
            (whole, "Zip"),
            (whole[:-200], "TarGz"),
        ):
            with self.subTest(kind):
                reference = self.client.send_archive(archive, compressionType=kind)
                self._end(reference, 430, text)

    def test_archive_damaged_inside_brings_in_nothing(self):
        archive = bytearray(self.archive)
        with zipfile.ZipFile(io.BytesIO(self.archive)) as packed:
            second = packed.infolist()[1].header_offset
        archive[second + 60 : second + 70] = b"\xff" * 10
        reference = self.client.send_archive(bytes(archive))
        self._end(reference, 430, "Błąd dekompresji pierwotnego archiwum")

    def test_too_many_invoices(self):
        self.simulator.control("settings", {"max_invoices": 2})
        good = self.client.send_batch([make_invoice(), make_invoice()])
        self.assertEqual(self.client.settled(good)["status"]["code"], 200)
        full = self.client.send_batch([make_invoice() for _ in range(3)])
        self._end(full, 420, "Przekroczony limit faktur w sesji")

    def test_empty_archive(self):
        reference = self.client.send_batch([])
        self._end(reference, 440, "Sesja anulowana")

    def test_no_good_invoice(self):
        reference = self.client.send_batch([make_invoice(seller=OTHER_NIP)])
        found = self.client.settled(reference)
        self.assertEqual(found["status"]["code"], 445)
        self.assertEqual(len(self.client.invoices(reference, failed=True)), 1)

    def test_prescribed_end_comes_after_closing(self):
        for code in (405, 415, 420, 430, 435, 440, 500):
            fault = {"operation": "open_batch", "action": "session_status"}
            self.simulator.control("faults", {**fault, "code": code})
            reference, requests = self._open()
            self.assertEqual(self._status(reference)["code"], 100)
            for request, part in zip(requests, self.parts, strict=True):
                self.client.upload(request, part)
            self.client.close_batch(reference)
            found = self.client.settled(reference)
            self.assertEqual(found["status"]["code"], code)
            self.assertEqual(self.client.invoices(reference), [])

    def test_prescribed_lack_of_good_invoices_lists_them(self):
        fault = {"operation": "close_batch", "action": "session_status", "code": 445}
        self.simulator.control("faults", fault)
        reference = self.client.send_batch([make_invoice(), make_invoice()])
        self.assertEqual(self.client.settled(reference)["status"]["code"], 445)
        codes = [i["status"]["code"] for i in self.client.invoices(reference)]
        self.assertEqual(codes, [450, 450])


if __name__ == "__main__":
    unittest.main()
