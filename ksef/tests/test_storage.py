import io
import logging
import os
import socket
import tempfile
import threading
import tracemalloc
import unittest
from unittest import mock

from .. import batch, crypto, errors, exchange, storage
from ..environments import endpoint_for
from ..messages import Link
from ..messages_batch import PartUpload
from ..secret import Secret
from ..storage import Storage
from .support import ScriptedServer, drip, drop, reply, stay_silent

SIGNED = "/storage/part/1?sv=2025&sig=TopSecret%2Bsignature%3D"
BLOB = {"x-ms-blob-type": "BlockBlob"}
PAGE = {"body": b"<html>Incapsula incident</html>", "kind": "text/html"}
XML = "application/xml"
CONTENT = b"encrypted bytes"
DATA = b"<Potwierdzenie/>"
HASH = crypto.sha256_b64(DATA)


class StorageCase(unittest.TestCase):
    """A scripted server that temporary links lead to."""

    def serve(self, *steps, **options):
        server = ScriptedServer(*steps, **options)
        self.addCleanup(server.close)
        return server

    def storage(self, url, **options):
        made = Storage(endpoint_for("test", url), "addon/1.0", **options)
        self.addCleanup(made.close)
        return made

    def part(self, content=CONTENT):
        return batch.Part(1, len(content), "", io.BytesIO(content))

    def upload(self, server, **fields):
        url = Secret(server.url.removesuffix("/v2") + SIGNED)
        given = {"number": 1, "method": "PUT", "url": url, "headers": BLOB, **fields}
        return PartUpload(**given)

    def link(self, server):
        return Link(Secret(server.url.removesuffix("/v2") + SIGNED))

    def failure(self, kind, call, *args, **options):
        with self.assertRaises(errors.KsefError) as caught:
            call(*args, **options)
        self.assertIs(type(caught.exception), kind, repr(caught.exception))
        self.assertIsNone(caught.exception.__context__)
        shown = f"{caught.exception!r} {caught.exception.details}"
        self.assertNotIn("TopSecret", shown)
        return caught.exception


class UploadTest(StorageCase):
    """A part goes as given: method, address, headers, raw bytes, no login."""

    def test_request_is_as_documented(self):
        server = self.serve(reply(201, kind=None))
        self.storage(server.url).put(self.upload(server), self.part())
        method, path, headers, body = server.requests[0]
        self.assertEqual((method, path), ("PUT", SIGNED))
        self.assertEqual(body, CONTENT)
        self.assertEqual(headers["content-length"], "15")
        self.assertEqual(headers["content-type"], "application/octet-stream")
        self.assertEqual(headers["x-ms-blob-type"], "BlockBlob")
        self.assertNotIn("transfer-encoding", headers)
        self.assertNotIn("authorization", headers)
        self.assertNotIn("x-error-format", headers)

    def test_headers_of_the_call_itself_cannot_be_given(self):
        given = {
            **BLOB,
            "Authorization": "Bearer foreign",
            "HOST": "example.pl",
            "content-length": "3",
            "Transfer-Encoding": "chunked",
            "Content-Type": "text/plain",
        }
        server = self.serve(reply(201, kind=None))
        self.storage(server.url).put(self.upload(server, headers=given), self.part())
        headers = server.requests[0][2]
        self.assertNotIn("authorization", headers)
        self.assertNotIn("transfer-encoding", headers)
        self.assertEqual(headers["content-length"], "15")
        self.assertTrue(headers["host"].startswith("127.0.0.1"))
        self.assertEqual(headers["content-type"], "text/plain")

    def test_netrc_does_not_add_a_login(self):
        with tempfile.NamedTemporaryFile("w", suffix="netrc") as file:
            file.write("machine 127.0.0.1 login someone password something\n")
            file.flush()
            with mock.patch.dict(os.environ, {"NETRC": file.name}):
                answer = reply(200, body=DATA, kind=XML, x_ms_meta_hash=HASH)
                server = self.serve(reply(201, kind=None), answer)
                client = self.storage(server.url)
                client.put(self.upload(server), self.part())
                client.get(self.link(server))
        for _method, _path, headers, _body in server.requests:
            self.assertNotIn("authorization", headers)

    def test_a_part_can_be_sent_again(self):
        server = self.serve(drop, reply(201, kind=None))
        client, upload, sent = (
            self.storage(server.url),
            self.upload(server),
            self.part(),
        )
        self.failure(errors.KsefNoAnswer, client.put, upload, sent)
        client.put(upload, sent)
        self.assertEqual(
            [body for *_head, body in server.requests], [b"encrypted bytes"] * 2
        )

    def test_only_stored_is_a_success(self):
        for step, kind in (
            (reply(200, kind=None), errors.KsefNoAnswer),
            (reply(202, kind=None), errors.KsefNoAnswer),
            (reply(204, kind=None), errors.KsefNoAnswer),
            (reply(200, **PAGE), errors.KsefNoAnswer),
            (reply(403, **PAGE), errors.KsefNoAnswer),
            (reply(400, **PAGE), errors.KsefNoAnswer),
            (reply(400, kind=None), errors.KsefRefused),
            (reply(409, body=b"<Error/>", kind=XML), errors.KsefRefused),
            (reply(413, kind=None), errors.KsefRefused),
            (reply(401, kind=None), errors.KsefLinkExpired),
            (reply(403, body=b"<Error/>", kind=XML), errors.KsefLinkExpired),
            (reply(404, kind=None), errors.KsefLinkExpired),
            (reply(410, kind=None), errors.KsefLinkExpired),
            (reply(408, kind=None), errors.KsefNoAnswer),
            (reply(429, kind=None), errors.KsefUnavailable),
            (reply(503, **PAGE), errors.KsefUnavailable),
            (reply(500, kind=None), errors.KsefNoAnswer),
            (reply(502, **PAGE), errors.KsefNoAnswer),
            (drop, errors.KsefNoAnswer),
        ):
            with self.subTest(step=step, kind=kind):
                server = self.serve(step)
                error = self.failure(
                    kind, self.storage(server.url).put, self.upload(server), self.part()
                )
                self.assertEqual(error.operation, "upload_part")
                self.assertEqual(len(server.requests), 1, "sent once")

    def test_pause_is_kept(self):
        server = self.serve(reply(503, kind=None, Retry_After="7"))
        error = self.failure(
            errors.KsefUnavailable,
            self.storage(server.url).put,
            self.upload(server),
            self.part(),
        )
        self.assertEqual(error.retry_after_seconds, 7)

    def test_redirects_are_not_followed(self):
        elsewhere = self.serve(reply(201, kind=None))
        for status in (301, 302, 307, 308):
            server = self.serve(reply(status, kind=None, Location=elsewhere.url))
            self.failure(
                errors.KsefNoAnswer,
                self.storage(server.url).put,
                self.upload(server),
                self.part(),
            )
        self.assertEqual(elsewhere.requests, [])

    def test_nothing_arrived_is_known(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        url = f"http://127.0.0.1:{port}/v2"
        upload = PartUpload(1, "PUT", Secret(url), {})
        error = self.failure(
            errors.KsefUnavailable, self.storage(url).put, upload, self.part()
        )
        self.assertIsNone(error.http_status)

    def test_silence_ends_with_the_read_time(self):
        server = self.serve(stay_silent)
        client = self.storage(server.url, read_seconds=0.1)
        self.failure(errors.KsefNoAnswer, client.put, self.upload(server), self.part())

    def test_slow_line_ends_with_the_deadline(self):
        server = self.serve(reply(201, kind=None))
        error = self.failure(
            errors.KsefNoAnswer,
            self.storage(server.url).put,
            self.upload(server),
            self.part(),
            total_seconds=-1,
        )
        self.assertEqual(error.details, ("deadline passed",))

    def test_odd_method_and_headers_are_not_sent(self):
        server = self.serve(reply(201, kind=None))
        client = self.storage(server.url)
        for fields in (
            {"method": "DELETE"},
            {"headers": {"a": "b\r\nX: y"}},
            {"headers": {"a b": "c"}},
            {"headers": {"a": "ż"}},
        ):
            with self.subTest(fields=fields):
                upload = self.upload(server, **fields)
                self.failure(errors.KsefProtocolError, client.put, upload, self.part())
        self.assertEqual(server.requests, [])

    def test_memory_stays_while_a_large_part_goes_out(self):
        self.peak(100_000)
        small, large = self.peak(1_000_000), self.peak(20_000_000)
        self.assertLess(large, small + 300_000)

    def peak(self, size):
        server = self.serve(swallow, reads=False)
        with tempfile.TemporaryFile() as file:
            file.truncate(size)
            tracemalloc.start()
            try:
                sent = batch.Part(1, size, "", file)
                self.storage(server.url).put(self.upload(server), sent)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()


def swallow(connection):
    """Step: read a body without keeping it, and store it."""
    buffer = bytearray(65536)
    head = connection.recv(65536)
    _start, _, rest = head.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    length -= len(rest)
    while length > 0:
        length -= connection.recv_into(buffer)
    connection.sendall(reply(201, kind=None))


class DownloadTest(StorageCase):
    """A receipt is handed out only when its bytes fit their hash."""

    def get(self, *steps, **options):
        server = self.serve(*steps)
        self.server = server
        return self.storage(server.url, **options).get(self.link(server))

    def test_fitting_bytes_are_untouched(self):
        for kind in (XML, "application/octet-stream", None):
            step = reply(200, body=DATA, kind=kind, x_ms_meta_hash=HASH)
            self.assertEqual(self.get(step), DATA)
            method, path, headers, _body = self.server.requests[0]
            self.assertEqual((method, path), ("GET", SIGNED))
            self.assertNotIn("authorization", headers)

    def test_other_answers_are_told_apart(self):
        other = crypto.sha256_b64(b"other")
        for step, kind in (
            (
                reply(200, body=DATA, kind=XML, x_ms_meta_hash=other),
                errors.KsefNoAnswer,
            ),
            (reply(200, body=DATA, kind=XML), errors.KsefProtocolError),
            (reply(200, **PAGE), errors.KsefNoAnswer),
            (reply(206, body=DATA, x_ms_meta_hash=HASH), errors.KsefNoAnswer),
            (reply(403, body=b"<Error/>", kind=XML), errors.KsefLinkExpired),
            (reply(404, kind=None), errors.KsefLinkExpired),
            (reply(403, **PAGE), errors.KsefNoAnswer),
            (reply(503, kind=None), errors.KsefUnavailable),
            (reply(200, body=DATA, Content_Length="500"), errors.KsefNoAnswer),
            (drop, errors.KsefNoAnswer),
        ):
            with self.subTest(step=step, kind=kind):
                error = self.failure(kind, self.get, step)
                self.assertEqual(error.operation, "upo_link")

    def test_dripping_answer_ends_with_the_deadline(self):
        server = self.serve(drip)
        error = self.failure(
            errors.KsefNoAnswer,
            self.storage(server.url).get,
            self.link(server),
            total_seconds=0.2,
        )
        self.assertEqual(error.details, ("deadline passed",))

    def test_redirects_are_not_followed(self):
        elsewhere = self.serve(reply(200, body=DATA, x_ms_meta_hash=HASH))
        self.failure(
            errors.KsefNoAnswer, self.get, reply(302, Location=elsewhere.url, kind=None)
        )
        self.assertEqual(elsewhere.requests, [])


class AddressTest(StorageCase):
    """A link of KSeF's leads to KSeF, over TLS, and nowhere else."""

    def is_allowed(self, address, environment="test", override=None):
        endpoint = endpoint_for(environment, override)
        made = Storage(endpoint, "addon/1.0")
        self.addCleanup(made.close)
        try:
            return made._checked(Secret(address), storage.DOWNLOAD) == address
        except errors.KsefProtocolError as error:
            self.assertEqual(error.details, ("address",))
            self.assertNotIn("mf.gov", repr(error))
            return False

    def test_hosts_of_ksef_are_allowed(self):
        for address in (
            "https://api-test.ksef.mf.gov.pl/storage/01/upo.xml?sig=a%2Bb",
            "https://storage.api.ksef.mf.gov.pl:443/x",
            "https://KSEF.mf.gov.pl/x",
        ):
            for environment in ("production", "demo", "test"):
                with self.subTest(address=address):
                    self.assertTrue(self.is_allowed(address, environment))

    def test_everything_else_is_refused(self):
        for address in (
            "http://api.ksef.mf.gov.pl/x",
            "https://example.pl/x",
            "https://ksef.mf.gov.pl.example.pl/x",
            "https://evilksef.mf.gov.pl/x",
            "https://ksef.mf.gov.pl@example.pl/x",
            "https://example.pl\\@ksef.mf.gov.pl/x",
            "https://example.pl\\.ksef.mf.gov.pl/x",
            "https://user:pass@ksef.mf.gov.pl/x",
            "https://127.0.0.1/x",
            "http://127.0.0.1:8000/x",
            "https://10.0.0.5/x",
            "https://[::1]/x",
            "https://[::1/x",
            "https://ksef.mf.gov.pl:port/x",
            "https://ksef.mf.gov.pl/a b",
            "https://ksef.mf.gov.pl/\r\nX: y",
            "ftp://ksef.mf.gov.pl/x",
            "file:///etc/passwd",
            "//ksef.mf.gov.pl/x",
            "",
        ):
            for environment in ("production", "test"):
                with self.subTest(address=address):
                    self.assertFalse(self.is_allowed(address, environment))

    def test_an_override_on_this_machine_has_links_to_this_machine(self):
        override = "http://127.0.0.1:8123/v2"
        for address, expected in (
            ("http://127.0.0.1:9/x", True),
            ("http://localhost:9/x", True),
            ("https://example.pl/x", True),
            ("http://example.pl/x", False),
            ("http://10.0.0.5/x", False),
        ):
            with self.subTest(address=address):
                self.assertIs(self.is_allowed(address, "test", override), expected)

    def test_a_gateway_has_links_over_tls_only(self):
        override = "https://gateway.example.pl/v2"
        self.assertTrue(self.is_allowed("https://blob.example.pl/x", "demo", override))
        for address in ("http://gateway.example.pl/x", "http://127.0.0.1/x"):
            self.assertFalse(self.is_allowed(address, "demo", override))

    def test_a_link_elsewhere_is_never_called(self):
        elsewhere = self.serve(reply(201, kind=None))
        made = Storage(endpoint_for("test"), "addon/1.0")
        self.addCleanup(made.close)
        upload = self.upload(elsewhere)
        self.failure(errors.KsefProtocolError, made.put, upload, self.part())
        link = self.link(elsewhere)
        self.failure(errors.KsefProtocolError, made.get, link)
        self.assertEqual(elsewhere.requests, [])


class LogTest(StorageCase):
    """No log holds an address, at whatever level."""

    def test_own_line_names_the_kind_of_link_alone(self):
        server = self.serve(reply(201, kind=None), reply(403, kind=None), drop)
        client = self.storage(server.url)
        with self.assertLogs(exchange.__name__, logging.DEBUG) as logs:
            client.put(self.upload(server), self.part())
            for _number in range(2):
                with self.assertRaises(errors.KsefError):
                    client.get(self.link(server))
        first, second, third = logs.output
        self.assertIn("PUT (part): HTTP 201", first)
        self.assertIn("GET (link): HTTP 403", second)
        self.assertIn("GET (link): Conn", third)

    def test_all_loggers_at_debug_show_no_address(self):
        broken_head = (
            b"HTTP/1.1 201 Created\r\nbroken header\r\nContent-Length: 0\r\n\r\n"
        )
        server = self.serve(reply(201, kind=None), broken_head, reply(404, kind=None))
        client = self.storage(server.url)
        with self.assertLogs(level=logging.DEBUG) as logs:
            logging.getLogger("test").debug("the trap works")
            for _number in range(2):
                client.put(self.upload(server), self.part())
            with self.assertRaises(errors.KsefLinkExpired):
                client.get(self.link(server))
        text = "\n".join(logs.output)
        self.assertIn("the trap works", text)
        for word in ("storage", "TopSecret", "127.0.0.1", "sig="):
            self.assertNotIn(word, text)

    def test_other_threads_keep_their_lines(self):
        heard = []

        def elsewhere(connection):
            thread = threading.Thread(
                target=logging.getLogger("urllib3.connectionpool").debug,
                args=("of another thread",),
            )
            thread.start()
            thread.join()
            connection.sendall(reply(201, kind=None))

        server = self.serve(elsewhere)
        with self.assertLogs("urllib3", logging.DEBUG) as logs:
            self.storage(server.url).put(self.upload(server), self.part())
        heard = [record.getMessage() for record in logs.records]
        self.assertEqual(heard, ["of another thread"])

    def test_link_and_upload_hide_their_address(self):
        server = self.serve()
        shown = f"{self.upload(server)} {self.link(server)!r}"
        self.assertNotIn("TopSecret", shown)
        self.assertNotIn("BlockBlob", shown)
