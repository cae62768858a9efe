"""Login by KSeF token: challenge, reasons of refusal, redeem, refresh."""

import base64
import json
import unittest
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from .support import NIP, OTHER_NIP, SimulatorCase, encoded

PROBLEM = "application/problem+json; charset=utf-8"
KSEF_ONE_TOKEN = "2CFBB0" + "0" * 58


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=="))


class ChallengeTest(SimulatorCase):
    """A challenge is good for one login, for ten minutes."""

    def _log_in_with(self, challenge):
        token = self.simulator.control("tokens", {"nip": NIP})["token"]
        body = self.client.login_body(token, challenge=challenge)
        return self.client.post("/auth/ksef-token", body, bearer=None)

    def test_milliseconds_are_the_cut_timestamp(self):
        found = self.client.challenge()
        milliseconds = found["timestamp"].partition(".")[2][:3]
        self.assertEqual(f"{found['timestampMs'] % 1000:03d}", milliseconds)
        self.assertEqual(found["clientIp"], "127.0.0.1")

    def test_used_challenge_is_refused(self):
        challenge = self.client.challenge()
        self.assertEqual(self._log_in_with(challenge).status_code, 202)
        self.assert_refused(self._log_in_with(challenge), 21111)

    def test_old_challenge_is_refused(self):
        challenge = self.client.challenge()
        self.simulator.control("clock", {"seconds": 601})
        self.assert_refused(self._log_in_with(challenge), 21111)

    def test_expired_on_request_is_refused(self):
        challenge = self.client.challenge()
        self.simulator.control("expire", {"what": "challenge"})
        self.assert_refused(self._log_in_with(challenge), 21111)


class LoginVerdictTest(SimulatorCase):
    """Each thing wrong with a token has its code and its official text."""

    def setUp(self):
        super().setUp()
        self.made = self.simulator.control("tokens", {"nip": NIP})
        self.token = self.made["token"]

    def assert_verdict(self, status, code, detail):
        self.assertEqual((status["code"], status["details"]), (code, [detail]))

    def _plain(self, make):
        challenge = self.client.challenge()
        plain = make(challenge["timestampMs"])
        return self.client.login_status("", challenge=challenge, plain=plain)

    def test_right_token_is_accepted(self):
        status = self.client.login_status(self.token)
        self.assertEqual(status["code"], 200)
        self.assertNotIn("details", status)

    def test_tokens_are_inactive_once_their_time_has_ended(self):
        end = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
        self.simulator.control("settings", {"token_login_ends": end})
        self.assertEqual(self.client.login_status(self.token)["code"], 200)
        self.simulator.control("clock", {"seconds": 3601})
        status = self.client.login_status(self.token)
        self.assert_verdict(status, 450, "Token nieaktywny")
        self.simulator.control("settings", {"token_login_ends": None})
        self.assertEqual(self.client.login_status(self.token)["code"], 200)

    def test_end_of_tokens_can_be_a_forbidden_method(self):
        """The description knows no 403 here, so it comes as a page of our choice."""
        problem = {"status": 403, "reasonCode": "auth-method-not-allowed"}
        page = {"status": 403, "content_type": PROBLEM, "body": json.dumps(problem)}
        fault = {"operation": "login_token", "action": "page", **page}
        self.simulator.control("faults", fault)
        body = self.client.login_body(self.token)
        answer = self.client.post("/auth/ksef-token", body, bearer=None)
        self.assertEqual((answer.status_code, answer.json()), (403, problem))

    def test_login_takes_its_time(self):
        self.simulator.control("settings", {"login_seconds": 30})
        reference, operation = self.client.begin_login(self.token)
        answer = self.client.get(f"/auth/{reference}", bearer=operation).json()
        self.assertEqual(answer["status"]["code"], 100)
        redeemed = self.client.post("/auth/token/redeem", bearer=operation)
        self.assert_refused(redeemed, 21301, "(100)")

    def test_challenge_that_expires_meanwhile_is_refused(self):
        self.simulator.control("settings", {"login_seconds": 30})
        reference, operation = self.client.begin_login(self.token)
        self.simulator.control("expire", {"what": "challenge"})
        self.simulator.control("clock", {"seconds": 31})
        status = self.client.wait(f"/auth/{reference}", bearer=operation)["status"]
        self.assert_verdict(status, 450, "Nieprawidłowe wyzwanie autoryzacyjne")

    def test_wrong_secret_is_a_wrong_token(self):
        status = self.client.login_status(self.token[:-1] + "x")
        self.assert_verdict(status, 450, "Nieprawidłowy token")

    def test_old_kind_of_token_is_wrongly_coded(self):
        status = self.client.login_status(KSEF_ONE_TOKEN)
        self.assert_verdict(status, 450, "Nieprawidłowe kodowanie tokena")

    def test_bytes_that_are_no_text_are_wrongly_coded(self):
        status = self._plain(lambda milliseconds: b"\xff\xfe")
        self.assert_verdict(status, 450, "Nieprawidłowe kodowanie tokena")

    def test_other_time_than_the_challenge_is_refused(self):
        status = self._plain(lambda ms: f"{self.token}|{ms + 1}".encode())
        self.assert_verdict(status, 450, "Nieprawidłowy czas tokena")

    def test_other_padding_is_wrong_encryption(self):
        body = self.client.login_body(self.token)
        key, _ = self.client.public_key("KsefTokenEncryption")
        body["encryptedToken"] = encoded(key.encrypt(b"x", padding.PKCS1v15()))
        self._assert_wrong_encryption(body)

    def test_other_mask_hash_is_wrong_encryption(self):
        body = self.client.login_body(self.token)
        key, _ = self.client.public_key("KsefTokenEncryption")
        mixed = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA256(), None)
        body["encryptedToken"] = encoded(key.encrypt(b"x", mixed))
        self._assert_wrong_encryption(body)

    def _assert_wrong_encryption(self, body):
        begun = self.client.post("/auth/ksef-token", body, bearer=None).json()
        operation = begun["authenticationToken"]["token"]
        path = f"/auth/{begun['referenceNumber']}"
        status = self.client.wait(path, bearer=operation)["status"]
        self.assert_verdict(status, 450, "Nieprawidłowe szyfrowanie tokena")

    def test_revoked_token_is_refused(self):
        self.simulator.control(
            f"tokens/{self.made['reference']}", {"status": "Revoked"}
        )
        status = self.client.login_status(self.token)
        self.assert_verdict(status, 450, "Token unieważniony")

    def test_pending_token_is_inactive(self):
        self.simulator.control(
            f"tokens/{self.made['reference']}", {"status": "Pending"}
        )
        status = self.client.login_status(self.token)
        self.assert_verdict(status, 450, "Token nieaktywny")

    def test_other_context_is_refused(self):
        status = self.client.login_status(self.token, nip=OTHER_NIP)
        self.assertEqual(status["code"], 450)
        self.assertIn(OTHER_NIP, status["details"][0])

    def test_token_without_rights_is_refused(self):
        self.simulator.control(f"tokens/{self.made['reference']}", {"permissions": []})
        status = self.client.login_status(self.token)
        self.assert_verdict(status, 415, "Brak przypisanych uprawnień")

    def test_every_other_code_is_reachable_by_fault(self):
        for code in (425, 460, 470, 480, 500, 550):
            with self.subTest(code=code):
                fault = {"operation": "login_token", "action": "auth_status"}
                self.simulator.control("faults", {**fault, "code": code})
                status = self.client.login_status(self.token)
                self.assertEqual(status["code"], code)

    def test_last_use_is_noted(self):
        self.client.login()
        path = f"/tokens/{self.client.token_reference}"
        self.assertIn("lastUseDate", self.client.get(path).json())


class BearerTest(SimulatorCase):
    """Each call takes its own kind of bearer token, and only while it lives."""

    def setUp(self):
        super().setUp()
        self.client.login()

    def test_kinds_are_not_interchangeable(self):
        made = self.simulator.control("tokens", {"nip": NIP})
        reference, operation = self.client.begin_login(made["token"])
        wrong = (
            ("GET", f"/auth/{reference}", self.client.access),
            ("POST", "/auth/token/redeem", self.client.access),
            ("POST", "/auth/token/refresh", self.client.access),
            ("GET", "/rate-limits", operation),
            ("GET", "/rate-limits", self.client.refresh),
            ("GET", "/rate-limits", "garbage"),
            ("GET", "/rate-limits", self.client.access + "x"),
            ("GET", "/rate-limits", None),
        )
        for method, path, bearer in wrong:
            with self.subTest(path=path):
                answer = self.client.call(method, path, bearer=bearer)
                self.assertEqual(answer.status_code, 401)
                self.assertIn("problem+json", answer.headers["Content-Type"])

    def test_public_calls_ignore_authorization(self):
        answer = self.client.post("/auth/challenge", bearer="garbage")
        self.assertEqual(answer.status_code, 200)

    def test_access_token_dies_after_fifteen_minutes(self):
        self.simulator.control("clock", {"seconds": 899})
        self.assertEqual(self.client.get("/rate-limits").status_code, 200)
        self.simulator.control("clock", {"seconds": 2})
        self.assertEqual(self.client.get("/rate-limits").status_code, 401)
        refreshed = self.client.post("/auth/token/refresh", bearer=self.client.refresh)
        self.client.access = refreshed.json()["accessToken"]["token"]
        self.assertEqual(self.client.get("/rate-limits").status_code, 200)

    def test_expiry_on_request_hits_its_kind_only(self):
        self.simulator.control("expire", {"what": "access"})
        self.assertEqual(self.client.get("/rate-limits").status_code, 401)
        refreshed = self.client.post("/auth/token/refresh", bearer=self.client.refresh)
        self.assertEqual(refreshed.status_code, 200)
        self.simulator.control("expire", {"what": "refresh"})
        refreshed = self.client.post("/auth/token/refresh", bearer=self.client.refresh)
        self.assertEqual(refreshed.status_code, 401)

    def test_claims_name_context_rights_and_lifetime(self):
        claims = claims_of(self.client.access)
        self.assertEqual((claims["typ"], claims["cit"]), ("ContextToken", "Nip"))
        self.assertEqual(claims["civ"], NIP)
        self.assertEqual(json.loads(claims["per"]), ["InvoiceRead", "InvoiceWrite"])
        self.assertEqual(claims["exp"] - claims["iat"], 900)
        refresh = claims_of(self.client.refresh)
        self.assertEqual(set(refresh), {"typ", "arn", "exp", "iat", "iss", "aud"})
        self.assertEqual(refresh["exp"] - refresh["iat"], 604800)

    def test_address_outside_the_policy_is_forbidden(self):
        token = self.simulator.control("tokens", {"nip": NIP})["token"]
        policies = {
            "ip4Addresses": (["203.0.113.7"], ["127.0.0.1"]),
            "ip4Ranges": (["10.0.0.1-10.0.0.254"], ["127.0.0.0-127.0.0.9"]),
            "ip4Masks": (["172.16.0.0/16"], ["127.0.0.0/8"]),
        }
        for name, (outside, inside) in policies.items():
            for addresses, expected in ((outside, 403), (inside, 200)):
                with self.subTest(name=name, expected=expected):
                    answer = self._use_policy(token, {name: addresses})
                    self.assertEqual(answer.status_code, expected)

    def _use_policy(self, token, allowed):
        body = self.client.login_body(token)
        body["authorizationPolicy"] = {"allowedIps": allowed}
        begun = self.client.post("/auth/ksef-token", body, bearer=None).json()
        operation = begun["authenticationToken"]["token"]
        self.client.wait(f"/auth/{begun['referenceNumber']}", bearer=operation)
        redeemed = self.client.post("/auth/token/redeem", bearer=operation).json()
        access = redeemed["accessToken"]["token"]
        return self.client.get("/rate-limits", bearer=access)


class AuthSessionTest(SimulatorCase):
    """Redeem works once; ending a session or revoking its token stops refreshing."""

    def setUp(self):
        super().setUp()
        self.client.login()

    def _refresh(self):
        return self.client.post("/auth/token/refresh", bearer=self.client.refresh)

    def test_second_redeem_is_refused(self):
        made = self.simulator.control("tokens", {"nip": NIP})
        reference, operation = self.client.begin_login(made["token"])
        self.client.wait(f"/auth/{reference}", bearer=operation)
        first = self.client.post("/auth/token/redeem", bearer=operation)
        self.assertEqual(first.status_code, 200)
        second = self.client.post("/auth/token/redeem", bearer=operation)
        self.assert_refused(second, 21301, "już pobrane")

    def test_other_reference_than_the_bearers_is_unknown(self):
        made = self.simulator.control("tokens", {"nip": NIP})
        reference, _ = self.client.begin_login(made["token"])
        _, operation = self.client.begin_login(made["token"])
        answer = self.client.get(f"/auth/{reference}", bearer=operation)
        self.assert_refused(answer, 21304, reference)

    def test_status_past_its_retention_is_gone(self):
        made = self.simulator.control("tokens", {"nip": NIP})
        reference, operation = self.client.begin_login(made["token"])
        self.simulator.control("expire", {"what": "operation_status"})
        answer = self.client.get(f"/auth/{reference}", bearer=operation)
        self.assertEqual(answer.status_code, 410)

    def test_logout_kills_refresh_but_not_access(self):
        answer = self.client.delete("/auth/sessions/current")
        self.assertEqual((answer.status_code, answer.content), (204, b""))
        self.assert_refused(self._refresh(), 21301, "(425)")
        listed = self.client.get("/auth/sessions").json()["items"]
        self.assertEqual(listed[0]["status"]["code"], 425)

    def test_logout_takes_a_refresh_token_too(self):
        answer = self.client.delete(
            "/auth/sessions/current", bearer=self.client.refresh
        )
        self.assertEqual(answer.status_code, 204)

    def test_session_can_be_ended_by_reference(self):
        reference = self.client.get("/auth/sessions").json()["items"][0]
        path = f"/auth/sessions/{reference['referenceNumber']}"
        self.assertEqual(self.client.delete(path).status_code, 204)
        self.assert_refused(self._refresh(), 21301)

    def test_unknown_session_reference_is_invalid(self):
        answer = self.client.delete("/auth/sessions/" + "X" * 36)
        self.assert_refused(answer, 21405)

    def test_revoked_token_stops_refreshing(self):
        path = f"/tokens/{self.client.token_reference}"
        self.assertEqual(self.client.delete(path).status_code, 204)
        self.assert_refused(self._refresh(), 21301, "Token KSeF został unieważniony")

    def test_refreshed_token_carries_the_current_rights(self):
        path = f"tokens/{self.client.token_reference}"
        self.simulator.control(path, {"permissions": ["InvoiceRead"]})
        answer = self.client.post("/sessions/online", self.client.open_body())
        self.assertEqual(answer.status_code, 201)
        self.client.access = self._refresh().json()["accessToken"]["token"]
        answer = self.client.post("/sessions/online", self.client.open_body())
        self.assertEqual(answer.status_code, 403)
        problem = answer.json()
        self.assertEqual(problem["reasonCode"], "missing-permissions")
        self.assertEqual(problem["security"]["presentPermissions"], ["InvoiceRead"])

    def test_list_marks_the_current_session_and_is_newest_first(self):
        made = self.simulator.control("tokens", {"nip": NIP})
        self.client.login_status(made["token"])
        items = self.client.get("/auth/sessions").json()["items"]
        self.assertEqual([item["isCurrent"] for item in items], [False, True])
        self.assertGreater(items[0]["startDate"], items[1]["startDate"])


if __name__ == "__main__":
    unittest.main()
