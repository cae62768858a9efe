import json
import logging
import os
import socket
import struct
import tempfile
import time
import unittest
from unittest import mock

import requests

from .. import errors, exchange, routes, transport
from ..environments import endpoint_for
from ..secret import Secret
from ..transport import Transport
from .support import (
    ScriptedServer,
    drip,
    drop,
    reply,
    server_tls,
    stay_silent,
)

BEARER = Secret("bearer.value.of.a.test")
OPENED = {"referenceNumber": "SO", "validUntil": "2026-11-20T20:00:00Z"}
POST = {"values": {"session": "SO"}, "payload": {"invoiceHash": "x"}}
GET = {"values": {"session": "SO"}}


class ServerCase(unittest.TestCase):
    """A scripted server and a transport to it."""

    def serve(self, *steps, **options):
        server = ScriptedServer(*steps, **options)
        self.addCleanup(server.close)
        return server

    def transport(self, url, **options):
        made = Transport(endpoint_for("test", url), "addon/1.0", **options)
        self.addCleanup(made.close)
        return made

    def failure(self, route, kind, url, *, call=None, **options):
        """Do a call that must fail with exactly this type; returns the error."""
        with self.assertRaises(errors.KsefError) as caught:
            self.transport(url, **options).request(route, **(call or {}))
        self.assertIs(type(caught.exception), kind, repr(caught.exception))
        return caught.exception


class RequestTest(ServerCase):
    """A request carries the documented headers and nothing by accident."""

    def test_headers_and_body_are_as_documented(self):
        server = self.serve(reply(201, OPENED))
        answer = self.transport(server.url).request(
            routes.OPEN_ONLINE, bearer=BEARER, payload={"formCode": "ż"}
        )
        self.assertEqual(answer.payload, OPENED)
        method, path, headers, body = server.requests[0]
        self.assertEqual((method, path), ("POST", "/v2/sessions/online"))
        self.assertEqual(json.loads(body), {"formCode": "ż"})
        self.assertEqual(headers["content-length"], str(len(body)))
        self.assertEqual(headers["content-type"], "application/json")
        self.assertEqual(headers["authorization"], f"Bearer {BEARER.reveal()}")
        self.assertEqual(headers["x-error-format"], "problem-details")
        self.assertEqual(headers["user-agent"], "addon/1.0")
        self.assertEqual(headers["accept-encoding"], "identity")
        self.assertIn("application/json", headers["accept"])

    def test_bytes_are_sent_as_they_are_where_the_route_sends_xml(self):
        server = self.serve(reply(202, {}))
        self.transport(server.url).request(
            routes.LOGIN_CERTIFICATE, payload="<a>ż</a>".encode()
        )
        method, path, headers, body = server.requests[0]
        self.assertEqual((method, path), ("POST", "/v2/auth/xades-signature"))
        self.assertEqual(body, "<a>ż</a>".encode())
        self.assertEqual(headers["content-type"], "application/xml")
        self.assertIn("application/json", headers["accept"])

    def test_an_empty_post_has_length_zero_and_no_type(self):
        server = self.serve(reply(200, {}))
        self.transport(server.url).request(routes.CHALLENGE)
        _method, _path, headers, body = server.requests[0]
        self.assertEqual((headers["content-length"], body), ("0", b""))
        self.assertNotIn("content-type", headers)
        self.assertNotIn("authorization", headers)

    def test_query_and_extra_headers_are_sent(self):
        server = self.serve(reply(200, {}))
        self.transport(server.url).request(
            routes.SESSION_INVOICES,
            values={"session": "SO"},
            query={"pageSize": 1000},
            headers={"x-continuation-token": "next"},
        )
        _method, path, headers, _body = server.requests[0]
        self.assertEqual(path, "/v2/sessions/SO/invoices?pageSize=1000")
        self.assertEqual(headers["x-continuation-token"], "next")

    def test_netrc_neither_adds_nor_replaces_the_header(self):
        with tempfile.NamedTemporaryFile("w", suffix="netrc") as file:
            file.write("machine 127.0.0.1 login someone password something\n")
            file.flush()
            with mock.patch.dict(os.environ, {"NETRC": file.name}):
                server = self.serve(*[reply(200, {})] * 3)
                requests.get(server.url, timeout=5)
                client = self.transport(server.url)
                client.request(routes.CHALLENGE)
                client.request(routes.RATE_LIMITS, bearer=BEARER)
        trap, public, own = (headers for _m, _p, headers, _b in server.requests)
        self.assertTrue(trap["authorization"].startswith("Basic "), "the trap works")
        self.assertNotIn("authorization", public)
        self.assertEqual(own["authorization"], f"Bearer {BEARER.reveal()}")

    def test_a_public_call_never_carries_the_header(self):
        server = self.serve(reply(200, {}))
        own = {"Authorization": "Bearer left.over"}
        self.transport(server.url).request(routes.CHALLENGE, headers=own)
        self.assertNotIn("authorization", server.requests[0][2])

    def test_a_proxy_is_not_asked_for_this_machine(self):
        proxy = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
        with mock.patch.dict(os.environ, {**proxy, "NO_PROXY": "", "no_proxy": ""}):
            server = self.serve(reply(200, {}))
            self.transport(server.url).request(routes.RATE_LIMITS)
        self.assertEqual(len(server.requests), 1)

    def test_redirects_are_not_followed(self):
        elsewhere = self.serve(reply(200, {}))
        for status in (301, 302, 307, 308):
            server = self.serve(reply(status, {"status": {}}, Location=elsewhere.url))
            error = self.failure(
                routes.RATE_LIMITS,
                errors.KsefNoAnswer,
                server.url,
                call={"bearer": BEARER},
            )
            self.assertEqual(error.http_status, status)
        self.assertEqual(elsewhere.requests, [])

    def test_connection_is_used_again_after_a_whole_answer(self):
        def two_answers(connection):
            answer = reply(200, {}).replace(b"Connection: close\r\n", b"")
            connection.sendall(answer)
            connection.recv(65536)
            connection.sendall(answer)

        server = self.serve(two_answers)
        client = self.transport(server.url)
        client.request(routes.CHALLENGE)
        client.request(routes.CHALLENGE)
        self.assertEqual(len(server.requests), 1, "the step answered both")


class NotDeliveredTest(ServerCase):
    """What surely did not reach KSeF is KsefUnavailable, with a body or without."""

    def assert_not_delivered(self, url, **options):
        for route, call in (
            (routes.SEND_INVOICE, POST),
            (routes.CLOSE_ONLINE, GET),
            (routes.SESSION_STATUS, GET),
        ):
            with self.subTest(route=route.operation):
                error = self.failure(
                    route, errors.KsefUnavailable, url, call=call, **options
                )
                self.assertIsNone(error.http_status)
                self.assertIsNone(error.__context__)

    def test_refused_connection(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        self.assert_not_delivered(f"http://127.0.0.1:{port}/v2")

    def test_unknown_host(self):
        unknown = socket.gaierror(socket.EAI_NONAME, "unknown")
        with mock.patch("socket.getaddrinfo", side_effect=unknown):
            self.assert_not_delivered("https://ksef.invalid/v2")

    def test_proxy_that_does_not_connect(self):
        proxy = self.serve(*[reply(403, kind=None)] * 3)
        settings = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}", "NO_PROXY": ""}
        with mock.patch.dict(os.environ, {**settings, "no_proxy": ""}):
            os.environ.pop("https_proxy", None)
            self.assert_not_delivered("https://ksef.invalid/v2")
        self.assertEqual({call[0] for call in proxy.requests}, {"CONNECT"})

    def test_untrusted_certificate(self):
        server = self.serve(*[drop] * 3, tls=server_tls())
        self.assert_not_delivered(server.url)

    def test_server_that_does_not_speak_tls(self):
        server = self.serve(*[reply(400, {})] * 3, reads=False)
        self.assert_not_delivered(server.url.replace("http:", "https:"))

    def test_connection_not_accepted_in_time(self):
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            address = full.getsockname()
            waiting = [socket.socket() for _number in range(3)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(address)
            url = f"http://127.0.0.1:{address[1]}/v2"
            self.assert_not_delivered(url, connect_seconds=0.1)
            for one in waiting:
                one.close()

    def test_line_cut_in_the_handshake_while_a_body_waits(self):
        server = self.serve(drop, reads=False)
        url = server.url.replace("http:", "https:")
        self.failure(routes.SEND_INVOICE, errors.KsefUnavailable, url, call=POST)

    def test_service_unavailable(self):
        server = self.serve(reply(503, body=b"<html>", kind="text/html"))
        error = self.failure(
            routes.SEND_INVOICE, errors.KsefUnavailable, server.url, call=POST
        )
        self.assertEqual(error.http_status, 503)

    def test_service_unavailable_with_a_cut_page(self):
        server = self.serve(reply(503, body=b"<ht", Content_Length="900"))
        self.failure(routes.SEND_INVOICE, errors.KsefUnavailable, server.url, call=POST)


def reset(connection):
    """Step: break the line instead of closing it."""
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


class UnknownOutcomeTest(ServerCase):
    """Once bytes have left, every answer that is none leaves the outcome open."""

    def test_lost_and_damaged_answers_after_a_post(self):
        page = {"body": b"<html>Incapsula incident</html>", "kind": "text/html"}
        for name, step, is_dropped in (
            ("closed", drop, True),
            ("reset", reset, True),
            ("cut head", b"HTTP/1.1 202 Acc", False),
            ("no http", b"SSH-2.0-OpenSSH\r\n\r\n", True),
            ("cut body", reply(202, body=b'{"ref', Content_Length="50"), True),
            (
                "cut chunk",
                reply(202, Content_Length=None, Transfer_Encoding="chunked")
                + b'5\r\n{"ref',
                True,
            ),
            ("cut json", reply(202, body=b'{"referenceNumber": "E'), False),
            ("no body", reply(202), False),
            ("page", reply(200, **page), False),
            ("page of the firewall", reply(403, **page), False),
            ("empty refusal", reply(403, kind=None), False),
            ("json without type", reply(202, {"a": 1}, kind=None), False),
            ("server error", reply(500, {"title": "x"}), False),
            ("bad gateway", reply(502, **page), False),
            ("gateway time-out", reply(504, **page), False),
            ("bad request of a proxy", reply(400, **page), False),
        ):
            with self.subTest(name=name):
                server = self.serve(step)
                error = self.failure(
                    routes.SEND_INVOICE,
                    errors.KsefNoAnswer,
                    server.url,
                    call={**POST, "bearer": BEARER},
                )
                self.assertEqual(error.is_dropped, is_dropped)
                self.assertEqual(len(server.requests), 1, "sent once")
                self.assertIsNone(error.__context__)
                self.assertNotIn("Incapsula", f"{error} {error!r} {error.details}")

    def test_silence_ends_with_the_read_time(self):
        server = self.serve(stay_silent)
        error = self.failure(
            routes.SEND_INVOICE,
            errors.KsefNoAnswer,
            server.url,
            call=POST,
            read_seconds=0.1,
        )
        self.assertFalse(error.is_dropped)

    def test_silence_within_the_body_ends_with_the_read_time(self):
        def half(connection):
            connection.sendall(reply(202, body=b'{"', Content_Length="50"))
            stay_silent(connection)

        server = self.serve(half)
        error = self.failure(
            routes.SEND_INVOICE,
            errors.KsefNoAnswer,
            server.url,
            call=POST,
            read_seconds=0.1,
        )
        self.assertFalse(error.is_dropped)

    def test_dripping_body_ends_with_the_deadline(self):
        server = self.serve(drip)
        error = self.failure(
            routes.SEND_INVOICE,
            errors.KsefNoAnswer,
            server.url,
            call=POST,
            total_seconds=0.2,
        )
        self.assertEqual(error.details, ("deadline passed",))

    def test_body_beyond_the_limit_is_not_read(self):
        size = routes.UPO_LIMIT_BYTES + 1
        server = self.serve(reply(200, body=b"x" * size, kind="application/xml"))
        error = self.failure(
            routes.INVOICE_UPO,
            errors.KsefNoAnswer,
            server.url,
            call={"values": {"session": "SO", "invoice": "EE"}},
        )
        self.assertEqual(error.details, ("too long",))


class RepeatTest(ServerCase):
    """A cut line is tried once more for reading calls, never for the others."""

    def test_reading_call_is_repeated_once(self):
        server = self.serve(drop, reply(200, {"status": {}}))
        self.transport(server.url).request(routes.SESSION_STATUS, **GET)
        self.assertEqual(len(server.requests), 2)

    def test_reading_call_is_not_repeated_twice(self):
        server = self.serve(drop, drop, reply(200, {}))
        self.failure(routes.SESSION_STATUS, errors.KsefNoAnswer, server.url, call=GET)
        self.assertEqual(len(server.requests), 2)

    def test_nothing_is_repeated_after_the_deadline(self):
        server = self.serve(drop, reply(200, {}))
        self.failure(
            routes.SESSION_STATUS,
            errors.KsefNoAnswer,
            server.url,
            call=GET,
            total_seconds=0,
        )
        self.assertEqual(len(server.requests), 1)

    def test_bad_answers_are_not_repeated(self):
        for step in (reply(500), reply(502), reply(200, body=b"<html>")):
            server = self.serve(step, reply(200, {}))
            self.failure(
                routes.SESSION_STATUS, errors.KsefNoAnswer, server.url, call=GET
            )
            self.assertEqual(len(server.requests), 1)

    def test_changing_calls_are_sent_once(self):
        for route, call in (
            (routes.LOGIN_TOKEN, {"payload": {}}),
            (routes.LOGIN_CERTIFICATE, {"payload": b"<a/>"}),
            (routes.REDEEM, {}),
            (routes.OPEN_ONLINE, {"payload": {}}),
            (routes.SEND_INVOICE, POST),
            (routes.CLOSE_ONLINE, GET),
            (routes.TOKEN_REVOKE, {"values": {"token": "EC"}}),
        ):
            with self.subTest(route=route.operation):
                server = self.serve(drop, reply(200, {}))
                self.failure(route, errors.KsefNoAnswer, server.url, call=call)
                self.assertEqual(len(server.requests), 1)


class GateTest(ServerCase):
    """Every request of the API passes the gate first, under its rate group."""

    def gated(self, url, gate):
        client = self.transport(url)
        client.gate = gate
        return client

    def test_gate_hears_the_group_before_the_request(self):
        server = self.serve(reply(200, {}), reply(200, {}))
        heard = []
        client = self.gated(
            server.url, lambda group: heard.append((group, len(server.requests)))
        )
        client.request(routes.CHALLENGE)
        client.request(routes.SESSION_STATUS, **GET)
        self.assertEqual(heard, [("anonymous", 0), ("session_misc", 1)])

    def test_a_repeated_request_passes_it_again(self):
        server = self.serve(drop, reply(200, {}))
        heard = []
        self.gated(server.url, heard.append).request(routes.SESSION_STATUS, **GET)
        self.assertEqual(heard, ["session_misc"] * 2)

    def test_a_closed_gate_keeps_the_request_back(self):
        server = self.serve(reply(200, {}))

        def closed(group):
            raise errors.KsefRateLimited(group=group, retry_after_seconds=30)

        for route, call in ((routes.SEND_INVOICE, POST), (routes.RATE_LIMITS, {})):
            with self.assertRaises(errors.KsefRateLimited) as caught:
                self.gated(server.url, closed).request(route, **call)
            self.assertEqual(caught.exception.group, route.group)
            self.assertEqual(caught.exception.retry_after_seconds, 30)
        self.assertEqual(server.requests, [])

    def test_a_gate_may_be_given_at_once(self):
        heard = []
        server = self.serve(reply(200, {}))
        client = Transport(endpoint_for("test", server.url), "addon/1.0", heard.append)
        self.addCleanup(client.close)
        client.request(routes.CHALLENGE)
        self.assertEqual(heard, ["anonymous"])


class ServerFactsTest(ServerCase):
    """Clock and notices of the server are kept for the caller."""

    def test_offset_of_the_clock_comes_from_the_date_header(self):
        date = "Fri, 20 Nov 2099 08:00:00 GMT"
        server = self.serve(reply(200, {}, Date=date), reply(200, {}, Date="never"))
        client = self.transport(server.url)
        self.assertIsNone(client.last_server_offset_seconds)
        client.request(routes.CHALLENGE)
        self.assertEqual(client.server_now().year, 2099)
        offset = client.last_server_offset_seconds
        client.request(routes.CHALLENGE)
        self.assertEqual(client.last_server_offset_seconds, offset)

    def test_rounding_of_the_header_does_not_move_the_clock(self):
        client = self.transport("http://127.0.0.1:1/v2")
        for offset in (None, 0.4, -0.9):
            client.last_server_offset_seconds = offset
            before = time.time()
            self.assertGreaterEqual(client.server_now().timestamp(), before - 0.001)

    def test_offset_is_known_after_a_refusal_too(self):
        date = "Fri, 20 Nov 2099 08:00:00 GMT"
        server = self.serve(reply(400, {"errors": []}, Date=date))
        client = self.transport(server.url)
        with self.assertRaises(errors.KsefRefused):
            client.request(routes.CHALLENGE)
        self.assertEqual(client.server_now().year, 2099)

    def test_notices_are_kept_once_each(self):
        warned = reply(200, {}, X_System_Warning="[a]: first | [b]: second")
        server = self.serve(warned, warned)
        client = self.transport(server.url)
        with self.assertLogs(transport.__name__, logging.WARNING) as logs:
            client.request(routes.CHALLENGE)
            client.request(routes.CHALLENGE)
        self.assertEqual(client.system_warnings, {"a": "first", "b": "second"})
        self.assertEqual(len(logs.records), 2)

    def test_number_of_notices_is_bounded(self):
        many = " | ".join(f"[{number}]: text" for number in range(500))
        server = self.serve(reply(200, {}, X_System_Warning=many))
        client = self.transport(server.url)
        with self.assertLogs(transport.__name__, logging.WARNING):
            client.request(routes.CHALLENGE)
        self.assertEqual(len(client.system_warnings), transport.WARNINGS_MAX)


class LogTest(ServerCase):
    """A call leaves one line: method, template, status, duration, reference."""

    def test_line_of_a_refusal_names_the_reference_for_the_helpdesk(self):
        server = self.serve(reply(400, {"traceId": "00-ab-cd-00", "errors": []}))
        with self.assertLogs(exchange.__name__, logging.INFO) as logs:
            self.failure(routes.CHALLENGE, errors.KsefRefused, server.url)
        self.assertIn("HTTP 400", logs.output[0])
        self.assertIn("reference 00-ab-cd-00", logs.output[0])

    def test_line_holds_no_value_of_the_call(self):
        server = self.serve(reply(200, {"status": {"code": 100}}), drop, drop)
        client = self.transport(server.url)
        with self.assertLogs(exchange.__name__, logging.DEBUG) as logs:
            client.request(
                routes.SESSION_STATUS,
                bearer=BEARER,
                values={"session": "20260305-SO-X"},
                query={"q": "asked"},
            )
            with self.assertRaises(errors.KsefNoAnswer):
                client.request(routes.SEND_INVOICE, bearer=BEARER, **POST)
        first, second = logs.output
        self.assertIn("GET /sessions/{session}: HTTP 200", first)
        self.assertIn("POST /sessions/online/{session}/invoices: Conn", second)
        for value in (BEARER.reveal(), "20260305", "asked", "127.0.0.1", "invoiceHash"):
            self.assertNotIn(value, first + second)

    def test_the_library_writes_no_line_about_our_calls(self):
        server = self.serve(reply(200, {}), reply(200, {}))
        client = self.transport(server.url)
        with self.assertLogs("urllib3", logging.DEBUG) as logs:
            client.request(routes.SESSION_STATUS, **GET)
            requests.get(f"{server.url}/others", timeout=5)
        text = "\n".join(logs.output)
        self.assertIn("/others", text, "calls of others keep their lines")
        self.assertNotIn("/sessions/", text)
