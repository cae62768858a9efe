import base64
import json
import unittest
from datetime import datetime, timezone

from .. import errors, messages
from ..auth import finish_login, login_with_token, refresh_access
from ..client import KsefClient
from ..environments import Endpoint, Environment
from ..secret import Secret
from ..statuses import LoginProblem
from ..transport import Transport
from .support import (
    DAY,
    NIP,
    TOKEN,
    ScriptedServer,
    certificate,
    client_for,
    drop,
    key_entry,
    reply,
    rsa_key,
)
from .test_crypto import OAEP

SOON = "2026-11-20T08:15:00.1234567+00:00"
LATER = "2026-11-27T08:00:00+00:00"
CHALLENGE = reply(
    200,
    {
        "challenge": "20250514-CR-226FB7B000-3ACF9BE4C0-10",
        "timestamp": "2025-07-11T12:23:56.0159999+00:00",
        "timestampMs": 1752236636015,
        "clientIp": "127.0.0.1",
    },
)
STARTED = reply(
    202,
    {
        "referenceNumber": "20250514-AU-2DFC46C000-3AC6D5877F-D4",
        "authenticationToken": {"token": "operation.jwt", "validUntil": SOON},
    },
)
REDEEMED = reply(
    200,
    {
        "accessToken": {"token": "access.jwt", "validUntil": SOON},
        "refreshToken": {"token": "refresh.jwt", "validUntil": LATER},
    },
)


def keys(*entries):
    return reply(200, list(entries or [key_entry(messages.USAGE_TOKEN)]))


def status(code, *details):
    state = {"code": code, "description": "words", "details": list(details)}
    return reply(200, {"startDate": SOON, "status": state})


def refusal(code):
    problem = {"code": code, "description": "words", "details": []}
    return reply(400, {"errors": [problem]}, kind="application/problem+json")


STEPS = (CHALLENGE, keys(), STARTED, status(200), REDEEMED)


class LoginCase(unittest.TestCase):
    """A login against scripted answers."""

    def login(self, *steps, **options):
        """Log in against a server with these answers; pauses are collected."""
        self.server = ScriptedServer(*steps)
        self.addCleanup(self.server.close)
        self.pauses = []
        client = client_for(self.server.url)
        self.addCleanup(client.transport.close)
        return login_with_token(
            client, Secret(TOKEN), NIP, wait=self.pauses.append, **options
        )

    def calls(self):
        return [f"{method} {path}" for method, path, *_ in self.server.requests]


class LoginTest(LoginCase):
    """A login is challenge, encrypted token, polling, redeem: in this order."""

    def test_login_gives_credentials(self):
        credentials = self.login(*STEPS)
        self.assertEqual(credentials.access, Secret("access.jwt"))
        self.assertEqual(credentials.refresh, Secret("refresh.jwt"))
        self.assertEqual(credentials.access_valid_until.microsecond, 123456)
        self.assertEqual(credentials.refresh_valid_until.day, 27)
        self.assertEqual(credentials.reference, "20250514-AU-2DFC46C000-3AC6D5877F-D4")
        self.assertNotIn("jwt", repr(credentials))
        self.assertEqual(
            self.calls(),
            [
                "POST /v2/auth/challenge",
                "GET /v2/security/public-key-certificates",
                "POST /v2/auth/ksef-token",
                "GET /v2/auth/20250514-AU-2DFC46C000-3AC6D5877F-D4",
                "POST /v2/auth/token/redeem",
            ],
        )

    def test_request_holds_the_token_encrypted_with_the_time_of_the_challenge(self):
        self.login(*STEPS)
        sent = json.loads(self.server.requests[2][3])
        plain = rsa_key().decrypt(base64.b64decode(sent["encryptedToken"]), OAEP)
        self.assertEqual(plain.decode(), f"{TOKEN}|1752236636015")
        self.assertEqual(sent["contextIdentifier"], {"type": "Nip", "value": NIP})
        self.assertEqual(sent["challenge"], "20250514-CR-226FB7B000-3ACF9BE4C0-10")

    def test_each_call_has_its_bearer(self):
        self.login(*STEPS)
        bearers = [call[2].get("authorization") for call in self.server.requests]
        operation = "Bearer operation.jwt"
        self.assertEqual(bearers, [None, None, None, operation, operation])

    def test_a_login_under_way_is_asked_for_again(self):
        self.login(*STEPS[:3], *[status(100)] * 3, *STEPS[3:], max_wait_seconds=30)
        self.assertEqual(len(self.pauses), 3)
        self.assertEqual(self.pauses, sorted(self.pauses))

    def test_waiting_is_bounded(self):
        with self.assertRaises(errors.KsefLoginPending) as caught:
            self.login(*STEPS[:3], *[status(100)] * 50, max_wait_seconds=5)
        self.assertLessEqual(sum(self.pauses), 5)
        started = caught.exception.started
        self.assertEqual(started.reference, "20250514-AU-2DFC46C000-3AC6D5877F-D4")

    def test_a_login_that_took_too_long_can_be_finished_later(self):
        with self.assertRaises(errors.KsefLoginPending) as caught:
            self.login(*STEPS[:3], *[status(100)] * 50, max_wait_seconds=5)
        server = ScriptedServer(status(100), *STEPS[3:])
        self.addCleanup(server.close)
        client = client_for(server.url)
        self.addCleanup(client.transport.close)
        started = caught.exception.started
        credentials = finish_login(client, started, wait=lambda _seconds: None)
        self.assertEqual(credentials.access, Secret("access.jwt"))
        self.assertEqual(credentials.reference, started.reference)
        self.assertEqual(len(server.requests), 3)


class RefusedLoginTest(LoginCase):
    """A refusal names its reason and is tried again only where that can help."""

    def test_final_refusals_are_told_at_once(self):
        for code, detail, problem in (
            (450, "Token unieważniony", LoginProblem.REVOKED),
            (450, "Token nieaktywny", LoginProblem.INACTIVE),
            (450, "Nieprawidłowy token", LoginProblem.UNKNOWN_TOKEN),
            (450, "Nieprawidłowe kodowanie tokena", LoginProblem.UNKNOWN_TOKEN),
            (
                450,
                "Token nie może być użyty w kontekście x",
                LoginProblem.WRONG_CONTEXT,
            ),
            (415, "Brak przypisanych uprawnień", LoginProblem.NO_RIGHTS),
            (460, "Certyfikat odwołany", LoginProblem.CERTIFICATE),
            (470, "", LoginProblem.PERSON),
            (480, "", LoginProblem.BLOCKED),
            (500, "", LoginProblem.DISTURBED),
            (550, "", LoginProblem.DISTURBED),
            (999, "", LoginProblem.OTHER),
        ):
            with self.subTest(code=code, detail=detail):
                with self.assertRaises(errors.KsefLoginRefused) as caught:
                    self.login(*STEPS[:3], status(code, detail))
                self.assertIs(caught.exception.reason, problem)
                self.assertEqual(caught.exception.code, code)
                self.assertEqual(caught.exception.details, (detail,))
                self.assertEqual(len(self.server.requests), 4)

    def test_disturbed_logins_are_tried_once_more_with_everything_new(self):
        for step in (
            "Nieprawidłowe wyzwanie autoryzacyjne",
            "Nieprawidłowy czas tokena",
            "Nieprawidłowe szyfrowanie tokena",
        ):
            with self.subTest(step=step):
                self.login(*STEPS[:3], status(450, step), *STEPS)
                self.assertEqual(self.calls()[4:], self.calls()[:3] + self.calls()[7:])

    def test_a_login_disturbed_twice_is_refused(self):
        disturbed = status(450, "Nieprawidłowy czas tokena")
        with self.assertRaises(errors.KsefLoginRefused) as caught:
            self.login(*STEPS[:3], disturbed, *STEPS[:3], disturbed, *STEPS)
        self.assertIs(caught.exception.reason, LoginProblem.DISTURBED)
        self.assertEqual(len(self.server.requests), 8)

    def test_withdrawn_key_is_fetched_again_once(self):
        for code in (21470, 21111):
            with self.subTest(code=code):
                new = key_entry(messages.USAGE_TOKEN, key=rsa_key("second"))
                self.login(
                    CHALLENGE,
                    keys(),
                    refusal(code),
                    CHALLENGE,
                    keys(new),
                    *STEPS[2:],
                )
                sent = json.loads(self.server.requests[5][3])
                self.assertEqual(sent["publicKeyId"], new["publicKeyId"])

    def test_other_refusals_are_of_the_login_and_not_repeated(self):
        for steps in (STEPS[:2], STEPS[:3], STEPS[:4], ()):
            with self.subTest(steps=len(steps)):
                with self.assertRaises(errors.KsefLoginRefused) as caught:
                    self.login(*steps, refusal(21405), *STEPS)
                self.assertIs(caught.exception.reason, LoginProblem.OTHER)
                self.assertEqual(caught.exception.code, 21405)
                self.assertEqual(len(self.server.requests), len(steps) + 1)

    def test_lost_or_late_redeem_starts_a_new_login(self):
        for step in (drop, reply(500), refusal(21301), reply(200, {"a": 1})):
            credentials = self.login(*STEPS[:4], step, *STEPS)
            self.assertEqual(credentials.access, Secret("access.jwt"))
            self.assertEqual(len(self.server.requests), 10)

    def test_lost_answer_to_the_token_is_left_to_the_caller(self):
        with self.assertRaises(errors.KsefNoAnswer):
            self.login(*STEPS[:2], drop, *STEPS)


class KeyListTest(LoginCase):
    """Only keys that are what they claim are used."""

    def test_odd_entries_do_not_spoil_the_list(self):
        good = key_entry(messages.USAGE_TOKEN)
        bad = key_entry(messages.USAGE_TOKEN, publicKeyId="A" * 43 + "=")
        with self.assertLogs("ksef.client", "WARNING"):
            self.login(CHALLENGE, keys({"news": 1}, bad, good), *STEPS[2:])
        sent = json.loads(self.server.requests[2][3])
        self.assertEqual(sent["publicKeyId"], good["publicKeyId"])

    def test_validity_is_judged_by_the_clock_of_the_server(self):
        begins = datetime(2099, 1, 1, tzinfo=timezone.utc)
        ends = begins + 365 * DAY
        entry = key_entry(
            messages.USAGE_TOKEN,
            der=certificate(rsa_key(), valid_from=begins, valid_to=ends),
            validFrom=begins.isoformat(),
            validTo=ends.isoformat(),
        )
        dated = reply(200, [entry], Date="Fri, 20 Nov 2099 08:00:00 GMT")
        self.assertTrue(self.login(CHALLENGE, dated, *STEPS[2:]).access)

    def test_without_a_key_nothing_is_sent(self):
        wrong = key_entry(messages.USAGE_SESSION)
        with self.assertRaises(errors.KsefProtocolError):
            self.login(CHALLENGE, keys(wrong), *STEPS[2:])
        self.assertEqual(len(self.server.requests), 2)

    def test_an_answer_that_is_no_list_is_a_protocol_error(self):
        with self.assertRaises(errors.KsefProtocolError):
            self.login(CHALLENGE, reply(200, {"keys": []}), *STEPS[2:])

    def test_only_production_asks_for_the_name_of_the_ministry(self):
        der = certificate(rsa_key(), "Somebody")
        entry = key_entry(messages.USAGE_TOKEN, der=der)
        for environment, expected in (
            (Environment.TEST, self.assertNoLogs),
            (Environment.DEMO, self.assertNoLogs),
            (Environment.PRODUCTION, self.assertLogs),
        ):
            server = ScriptedServer(keys(entry))
            self.addCleanup(server.close)
            client = KsefClient(
                Transport(Endpoint(environment, server.url, "", ""), "ksef-tests")
            )
            self.addCleanup(client.transport.close)
            with self.subTest(environment=environment), expected("ksef.client"):
                found = client.public_keys()
                is_production = environment is Environment.PRODUCTION
                self.assertEqual(found == [], is_production)


class RefreshTest(unittest.TestCase):
    """A refresh gives a new access token or says that a login is needed."""

    def refresh(self, step):
        server = ScriptedServer(step)
        self.addCleanup(server.close)
        self.server = server
        client = client_for(server.url)
        self.addCleanup(client.transport.close)
        return refresh_access(client, Secret("refresh.jwt"))

    def test_new_access_token_comes_with_its_end(self):
        renewed = {"accessToken": {"token": "new.jwt", "validUntil": SOON}}
        access, valid_until = self.refresh(reply(200, renewed))
        self.assertEqual((access, valid_until.minute), (Secret("new.jwt"), 15))
        headers = self.server.requests[0][2]
        self.assertEqual(headers["authorization"], "Bearer refresh.jwt")

    def test_refused_refresh_is_an_auth_error(self):
        for step in (refusal(21301), refusal(21304), refusal(21308), reply(401, {})):
            with self.assertRaises(errors.KsefAuthError):
                self.refresh(step)
