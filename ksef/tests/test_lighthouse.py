import os
import tempfile
import unittest
from dataclasses import replace
from unittest import mock

from .. import lighthouse
from ..environments import endpoint_for
from ..lighthouse import AvailabilityState, read_status
from ..transport import Transport
from .support import ScriptedServer, drip, drop, reply, stay_silent

NOTICE = {
    "id": "K/2026/AWR/02",
    "eventId": 5,
    "category": "FAILURE",
    "type": "FAILURE_START",
    "title": "Awaria",
    "text": "Trwa awaria <b>KSeF</b>.\nPrzepraszamy.",
    "start": "2026-11-20T08:00:00+01:00",
    "end": None,
    "version": 1,
    "published": "2026-11-20T08:05:00Z",
}
UNKNOWN = lighthouse.Availability(AvailabilityState.UNKNOWN)


class LighthouseCase(unittest.TestCase):
    """A scripted availability service beside an override."""

    def ask(self, *steps, environment="test", **options):
        self.server = ScriptedServer(*steps, **options)
        self.addCleanup(self.server.close)
        made = Transport(endpoint_for(environment, self.server.url), "addon/1.0")
        self.addCleanup(made.close)
        return read_status(made)


class StateTest(LighthouseCase):
    """The service's word and its announcements are read."""

    def test_each_word_has_its_state(self):
        for word in ("AVAILABLE", "MAINTENANCE", "FAILURE", "TOTAL_FAILURE"):
            found = self.ask(reply(200, {"status": word}), reply(200, []))
            self.assertIs(found.state, AvailabilityState(word.lower()))
            self.assertEqual(found.messages, ())

    def test_announcements_of_a_failure_come_with_it(self):
        found = self.ask(reply(200, {"status": "FAILURE", "messages": [NOTICE]}))
        (notice,) = found.messages
        self.assertEqual(
            (notice.identifier, notice.category, notice.kind, notice.title),
            ("K/2026/AWR/02", "FAILURE", "FAILURE_START", "Awaria"),
        )
        self.assertEqual(notice.text, NOTICE["text"])
        self.assertEqual(notice.starts_on.hour, 7)
        self.assertIsNone(notice.ends_on)
        self.assertEqual(notice.published_on.minute, 5)

    def test_without_them_the_list_of_announcements_is_asked(self):
        found = self.ask(reply(200, {"status": "AVAILABLE"}), reply(200, [NOTICE]))
        self.assertEqual(len(found.messages), 1)
        paths = [path for _method, path, *_rest in self.server.requests]
        self.assertEqual(paths, ["/lighthouse/status", "/lighthouse/messages"])

    def test_netrc_does_not_add_a_login(self):
        with tempfile.NamedTemporaryFile("w", suffix="netrc") as file:
            file.write("machine 127.0.0.1 login someone password something\n")
            file.flush()
            with mock.patch.dict(os.environ, {"NETRC": file.name}):
                self.ask(reply(200, {"status": "AVAILABLE"}), reply(200, []))
        for _method, _path, headers, _body in self.server.requests:
            self.assertNotIn("authorization", headers)

    def test_a_lost_list_leaves_the_state(self):
        found = self.ask(reply(200, {"status": "AVAILABLE"}), reply(502))
        self.assertIs(found.state, AvailabilityState.AVAILABLE)
        self.assertEqual(found.messages, ())

    def test_newest_announcements_come_first_and_are_bounded(self):
        many = [
            {**NOTICE, "id": str(day), "published": f"2026-01-{day:02}T00:00:00Z"}
            for day in range(1, 32)
        ]
        found = self.ask(reply(200, {"status": "FAILURE", "messages": many}))
        names = [notice.identifier for notice in found.messages]
        newest = [str(day) for day in range(31, 31 - lighthouse.NOTICES_MAX, -1)]
        self.assertEqual(names, newest)


class DoubtTest(LighthouseCase):
    """Whatever is not a clear answer is UNKNOWN, and nothing fails."""

    def test_no_usable_answer_is_unknown(self):
        for step in (
            reply(500),
            reply(404, {}),
            reply(429, {}),
            reply(503),
            reply(200, body=b"<html>", kind="text/html"),
            reply(200, body=b'{"status": '),
            reply(200, {"status": "SOMETHING"}),
            reply(200, {"status": "UNKNOWN"}),
            reply(200, {"status": 5}),
            reply(200, {}),
            reply(200, []),
            reply(302, {"status": "AVAILABLE"}, Location="http://127.0.0.1:9"),
            drop,
        ):
            with self.subTest(step=step):
                self.assertEqual(self.ask(step, reply(200, [NOTICE])), UNKNOWN)
                self.assertEqual(len(self.server.requests), 1)

    def test_silence_and_dripping_end_soon(self):
        for step in (stay_silent, drip):
            with (
                mock.patch.object(lighthouse, "READ_SECONDS", 0.1),
                mock.patch.object(lighthouse, "TOTAL_SECONDS", 0.2),
            ):
                self.assertEqual(self.ask(step), UNKNOWN)

    def test_time_outs_are_short(self):
        self.assertLessEqual(lighthouse.TOTAL_SECONDS, 10)

    def test_demo_has_no_service(self):
        made = Transport(endpoint_for("demo"), "addon/1.0")
        self.addCleanup(made.close)
        with mock.patch.object(lighthouse, "Exchanger") as exchanger:
            self.assertEqual(read_status(made), UNKNOWN)
        exchanger.assert_not_called()

    def test_an_answer_beyond_the_limit_is_unknown(self):
        self.assertEqual(
            self.ask(reply(200, {"status": "AVAILABLE", "more": "x" * 1_000_001})),
            UNKNOWN,
        )

    def test_odd_announcements_are_left_out(self):
        odd = [None, 5, "text", [], {"title": 5}, {"start": "tomorrow"}]
        found = self.ask(reply(200, {"status": "FAILURE", "messages": [*odd, NOTICE]}))
        names = [notice.identifier for notice in found.messages]
        self.assertEqual(names, [NOTICE["id"]])
        for other in ({}, "text", 5):
            found = self.ask(
                reply(200, {"status": "FAILURE", "messages": other}), reply(200, other)
            )
            self.assertEqual(found.messages, ())

    def test_texts_are_bounded_and_hold_no_control_characters(self):
        long = {
            **NOTICE,
            "title": "a\x00b\x1b[31m\u202e" + "x" * 999,
            "text": "y" * 9999,
        }
        found = self.ask(reply(200, {"status": "FAILURE", "messages": [long]}))
        (notice,) = found.messages
        self.assertTrue(notice.title.startswith("ab[31mx"))
        self.assertEqual(len(notice.title), lighthouse.TITLE_CHARACTERS)
        self.assertEqual(len(notice.text), lighthouse.TEXT_CHARACTERS)


class AddressTest(unittest.TestCase):
    """Each environment asks its own service, over TLS."""

    def test_hosts_are_fixed(self):
        for environment in ("production", "test"):
            endpoint = endpoint_for(environment)
            with mock.patch.object(
                lighthouse.Exchanger, "ask", side_effect=AssertionError("asked")
            ) as ask:
                made = Transport(replace(endpoint), "addon/1.0")
                self.addCleanup(made.close)
                with self.assertRaises(AssertionError):
                    read_status(made)
            url = ask.call_args.args[1]["url"]
            self.assertEqual(url, f"{endpoint.lighthouse_url}/status")
            self.assertTrue(url.startswith("https://api-latarnia"))
