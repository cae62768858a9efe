import logging
from datetime import datetime, timedelta, timezone

from .. import crypto, errors, number, statuses, upo
from ..auth import login_with_token, refresh_access
from ..statuses import LoginProblem, Verdict
from ..token import parse
from .journey_case import SimulatorCase
from .support import NIP, Simulator, client_for, invoice

OTHER_NIP = "1111111111"
# Receipts give their times with three fractional digits.
MILLISECOND = timedelta(milliseconds=1)


class JourneyTest(SimulatorCase):
    """From the token to the receipt, over real HTTP with real cryptography."""

    def test_token_tells_about_itself(self):
        access = self.login(description="Token addonu").access
        token = self.client.token_metadata(access, self.token_reference)
        self.assertEqual((token.status, token.context_value), ("Active", NIP))
        self.assertEqual(token.permissions, ("InvoiceRead", "InvoiceWrite"))
        self.assertEqual((token.author_type, token.author_value), ("Nip", NIP))
        self.assertEqual(token.description, "Token addonu")
        self.assertEqual(token.reference, parse(self.token).reference)

    def test_an_invoice_gets_its_number(self):
        access = self.login().access
        session = self.open(access)
        self.assertEqual(self.client.session_status(access, session).code, 100)
        xml = invoice("FV/2026/11/0001")
        reference = self.send(access, session, xml)
        state = self.settled(access, session, reference)
        self.assertEqual(state.code, 200, state.details)
        self.assertIs(statuses.invoice_verdict(state.code), Verdict.ACCEPTED)
        self.assertTrue(number.is_valid(state.ksef_number))
        self.assertEqual(state.invoice_number, "FV/2026/11/0001")
        self.assertIn(state.mode, ("Online", "Offline"))

        (listed,) = self.client.session_invoices(access, session)
        self.assertEqual(listed.hash_b64, crypto.sha256_b64(xml))
        self.assertEqual(
            (listed.reference, listed.ksef_number), (reference, state.ksef_number)
        )
        self.client.close_online_session(access, session)
        self.assertNotEqual(self.client.session_status(access, session).code, 100)

    def test_an_invoice_gets_its_receipt(self):
        access = self.login().access
        session = self.open(access)
        xml = invoice("FV/2026/11/0002")
        reference = self.send(access, session, xml)
        state = self.settled(access, session, reference)
        receipt = self.client.invoice_upo(access, session, reference)
        facts = upo.read_upo(receipt)
        self.assertEqual(facts.ksef_number, state.ksef_number)
        self.assertEqual(facts.invoice_hash_b64, crypto.sha256_b64(xml))
        self.assertEqual((facts.seller_nip, facts.session_reference), (NIP, session))
        self.assertLess(abs(facts.numbered_on - state.acquired_on), MILLISECOND)
        (booked,) = self.simulator.control("book")["invoices"]
        self.assertEqual(booked["xml"].encode(), xml)
        self.assertEqual(booked["upo"].encode(), receipt)

    def test_found_again_by_number_and_by_seller(self):
        access = self.login().access
        session = self.open(access)
        xml = invoice("FV/1")
        state = self.settled(access, session, self.send(access, session, xml))
        self.assertEqual(state.code, 200, state.details)
        for search in (
            {"ksef_number": state.ksef_number},
            {"invoice_number": "FV/1", "seller_nip": NIP},
        ):
            (found,) = self.client.query_metadata(access, **search)
            self.assertEqual(found.ksef_number, state.ksef_number)
            self.assertEqual(found.hash_b64, crypto.sha256_b64(xml))
        self.assertEqual(self.client.query_metadata(access, invoice_number="X"), [])

    def test_limits_are_read(self):
        limits = self.client.rate_limits(self.login().access)
        self.assertEqual(limits["invoice_send"]["per_hour"], 180)
        self.assertEqual(limits["online_session"]["per_minute"], 30)

    def test_a_server_with_another_clock_is_followed(self):
        for days in (-2, 2):
            seconds = days * 86_400
            simulator = Simulator("--clock-offset", str(seconds))
            self.addCleanup(simulator.close)
            client = client_for(simulator.url)
            self.addCleanup(client.transport.close)
            token, _reference = simulator.token()
            credentials = login_with_token(client, token, NIP)
            now = datetime.now(timezone.utc) + timedelta(seconds=seconds)
            self.assertLess(abs(client.now() - now), timedelta(minutes=1))
            self.assertGreater(credentials.access_valid_until, client.now())


class DisturbedJourneyTest(SimulatorCase):
    """Whatever happens on the way, asking KSeF tells what became of an invoice."""

    def test_lost_answer_of_a_taken_invoice_is_found_by_its_hash(self):
        access = self.login().access
        session = self.open(access)
        self.simulator.fault("send_invoice", "drop_after")
        xml = invoice("FV/1")
        with self.assertRaises(errors.KsefNoAnswer):
            self.send(access, session, xml)
        (listed,) = self.client.session_invoices(access, session)
        self.assertEqual(listed.hash_b64, crypto.sha256_b64(xml))
        self.assertEqual(self.simulator.count("send_invoice"), 1)

    def test_request_lost_on_the_way_is_not_in_the_list(self):
        access = self.login().access
        session = self.open(access)
        self.simulator.fault("send_invoice", "drop_before")
        with self.assertRaises(errors.KsefNoAnswer):
            self.send(access, session, invoice("FV/1"))
        self.assertEqual(self.client.session_invoices(access, session), [])

    def test_failures_of_a_send_have_their_type(self):
        access = self.login().access
        session = self.open(access)
        for action, fields, kind in (
            ("html", {}, errors.KsefNoAnswer),
            ("html_after", {}, errors.KsefNoAnswer),
            ("garbage", {}, errors.KsefNoAnswer),
            ("status", {"status": 500}, errors.KsefNoAnswer),
            ("status", {"status": 502}, errors.KsefNoAnswer),
            ("status", {"status": 504}, errors.KsefNoAnswer),
            ("status", {"status": 503}, errors.KsefUnavailable),
            ("status", {"status": 401}, errors.KsefAuthError),
            ("status", {"status": 429, "retry_after": 7}, errors.KsefRateLimited),
            ("error_code", {"code": 21180}, errors.KsefRefused),
            ("error_code", {"code": 21184}, errors.KsefRefused),
        ):
            with self.subTest(action=action, **fields):
                self.simulator.fault("send_invoice", action, **fields)
                with self.assertRaises(errors.KsefError) as caught:
                    self.send(access, session, invoice(f"{action}{fields}"))
                error = caught.exception
                self.assertIs(type(error), kind)
                self.assertEqual(error.operation, "send_invoice")
                self.assertEqual(error.code, fields.get("code"))
                self.assertEqual(error.retry_after_seconds, fields.get("retry_after"))

    def test_duplicate_names_the_original(self):
        access = self.login().access
        session = self.open(access)
        first = self.settled(
            access, session, self.send(access, session, invoice("FV/1"))
        )
        again = self.settled(
            access, session, self.send(access, session, invoice("FV/1"))
        )
        self.assertIs(statuses.invoice_verdict(again.code), Verdict.DUPLICATE)
        self.assertEqual(again.original_ksef_number, first.ksef_number)
        self.assertEqual(again.original_session_reference, session)

    def test_foreign_seller_is_rejected(self):
        access = self.login().access
        session = self.open(access)
        xml = invoice("FV/1", nip=OTHER_NIP)
        state = self.settled(access, session, self.send(access, session, xml))
        self.assertEqual(state.code, 410)
        self.assertTrue(state.description)

    def test_receipt_that_is_not_there_is_refused_by_code(self):
        access = self.login().access
        session = self.open(access)
        reference = self.send(access, session, invoice("FV/1", nip=OTHER_NIP))
        self.settled(access, session, reference)
        with self.assertRaises(errors.KsefRefused) as caught:
            self.client.invoice_upo(access, session, reference)
        self.assertEqual(caught.exception.code, 21405)

    def test_damaged_receipt_is_never_handed_out(self):
        access = self.login().access
        session = self.open(access)
        reference = self.send(access, session, invoice("FV/1"))
        self.settled(access, session, reference)
        for action in ("html", "html_after"):
            self.simulator.fault("invoice_upo", action)
            with self.assertRaises(errors.KsefNoAnswer):
                self.client.invoice_upo(access, session, reference)
        self.assertTrue(self.client.invoice_upo(access, session, reference))

    def test_limit_names_group_and_pause(self):
        self.simulator.control(
            "settings", {"rate_limits": {"invoiceSend": {"perMinute": 1}}}
        )
        access = self.login().access
        session = self.open(access)
        self.send(access, session, invoice("FV/1"))
        with self.assertRaises(errors.KsefRateLimited) as caught:
            self.send(access, session, invoice("FV/2"))
        self.assertEqual(caught.exception.group, "invoice_send")
        self.assertGreater(caught.exception.retry_after_seconds, 0)

    def test_withdrawn_key_is_refused_and_a_new_one_works(self):
        access = self.login().access
        old = self.session_key()
        self.simulator.control("rotate-keys", {"keep_old": False})
        with self.assertRaises(errors.KsefRefused) as caught:
            self.client.open_online_session(access, crypto.new_session_key(), old)
        self.assertEqual(caught.exception.code, statuses.KEY_WITHDRAWN)
        self.assertTrue(self.open(access))

    def test_newest_of_two_keys_is_used(self):
        access = self.login().access
        old = self.session_key()
        self.simulator.control("rotate-keys", {"keep_old": True})
        self.assertNotEqual(self.session_key().public_key_id, old.public_key_id)
        self.assertTrue(self.open(access))
        self.assertTrue(login_with_token(self.client, self.token, NIP))

    def test_unknown_session_is_refused_by_code(self):
        access = self.login().access
        with self.assertRaises(errors.KsefRefused) as caught:
            self.client.session_status(access, "20260305-SO-1A2B3C4000-5D6E7F8A9B-7C")
        self.assertEqual(caught.exception.code, 21173)
        self.assertIs(statuses.error_verdict(21173), Verdict.NEW_SESSION)


class RightsTest(SimulatorCase):
    """Each way in which a token may fail has its own type and reason."""

    def assert_login_refused(self, reason, token, nip=NIP):
        with self.assertRaises(errors.KsefLoginRefused) as caught:
            login_with_token(self.client, token, nip)
        self.assertIs(caught.exception.reason, reason)

    def test_expired_access_token_is_refreshed(self):
        credentials = self.login()
        self.simulator.control("expire", {"what": "access"})
        with self.assertRaises(errors.KsefAuthError):
            self.client.rate_limits(credentials.access)
        access, valid_until = refresh_access(self.client, credentials.refresh)
        self.assertGreater(valid_until, datetime.now(timezone.utc))
        self.assertTrue(self.client.rate_limits(access))

    def test_expired_refresh_token_asks_for_a_login(self):
        credentials = self.login()
        self.simulator.control("expire", {"what": "refresh"})
        with self.assertRaises(errors.KsefAuthError):
            refresh_access(self.client, credentials.refresh)

    def test_revoked_token_ends_refresh_and_login(self):
        credentials = self.login()
        self.client.revoke_token(credentials.access, self.token_reference)
        with self.assertRaises(errors.KsefAuthError):
            refresh_access(self.client, credentials.refresh)
        self.assert_login_refused(LoginProblem.REVOKED, self.token)

    def test_token_of_another_company_is_refused(self):
        token, _reference = self.simulator.token(OTHER_NIP)
        self.assert_login_refused(LoginProblem.WRONG_CONTEXT, token)

    def test_unknown_token_is_refused(self):
        token, _reference = self.simulator.token()
        self.simulator.control("reset", {})
        self.assert_login_refused(LoginProblem.UNKNOWN_TOKEN, token)

    def test_inactive_token_is_refused(self):
        token, _reference = self.simulator.token(status="Pending")
        self.assert_login_refused(LoginProblem.INACTIVE, token)

    def test_author_without_rights_is_refused(self):
        token, _reference = self.simulator.token()
        self.simulator.fault("login_token", "auth_status", code=415)
        self.assert_login_refused(LoginProblem.NO_RIGHTS, token)

    def test_expired_challenge_is_tried_again(self):
        token, _reference = self.simulator.token()
        self.simulator.fault(
            "login_token",
            "auth_status",
            code=450,
            details=["Nieprawidłowe wyzwanie autoryzacyjne"],
        )
        self.assertTrue(login_with_token(self.client, token, NIP).access)
        self.assertEqual(self.simulator.count("challenge"), 2)

    def test_lost_redeem_starts_a_new_login(self):
        token, _reference = self.simulator.token()
        self.simulator.fault("redeem", "drop_after")
        self.assertTrue(login_with_token(self.client, token, NIP).access)
        self.assertEqual(self.simulator.count("redeem"), 2)

    def test_missing_right_is_named(self):
        access = self.login(permissions=["InvoiceRead"]).access
        with self.assertRaises(errors.KsefForbidden) as caught:
            self.open(access)
        error = caught.exception
        self.assertEqual(error.reason_code, "missing-permissions")
        self.assertIn("InvoiceWrite", error.required)
        self.assertEqual(error.present, ("InvoiceRead",))


class SilenceTest(SimulatorCase):
    """No log at any level and no error shows a secret of a whole journey."""

    def test_logs_of_a_whole_journey_hold_no_secret(self):
        with self.assertLogs(level=logging.DEBUG) as logs:
            shown = self.journey_with_failures()
        text = "\n".join(logs.output) + "\n".join(shown)
        self.assertIn("HTTP 202", text, "the journey was logged")
        for name, value in self.secrets().items():
            self.assertNotIn(value, text, name)

    def journey_with_failures(self):
        """Do a journey; return every text that its errors and results show."""
        shown = []
        credentials = self.login()
        self.credentials = credentials
        access = credentials.access
        shown.append(f"{credentials} {credentials!r}")
        session = self.open(access)
        shown.append(f"{self.key} {self.session_key()}")
        reference = self.send(access, session, invoice("FV/SECRET"))
        self.settled(access, session, reference)
        self.client.invoice_upo(access, session, reference)
        self.xml = invoice("FV/HIDDEN")
        for action, fields in (
            ("drop_before", {}),
            ("html", {}),
            ("status", {"status": 401}),
            ("error_code", {"code": 21405}),
        ):
            self.simulator.fault("send_invoice", action, **fields)
            with self.assertRaises(errors.KsefError) as caught:
                self.send(access, session, self.xml)
            logging.getLogger(__name__).error("failed", exc_info=caught.exception)
            shown.append(f"{caught.exception} {caught.exception!r}")
        self.client.revoke_token(access, self.token_reference)
        with self.assertRaises(errors.KsefLoginRefused) as caught:
            login_with_token(self.client, self.token, NIP)
        shown.append(f"{caught.exception!r} {vars(caught.exception)}")
        return shown

    def secrets(self):
        token = self.token.reveal()
        return {
            "token": token,
            "secret part": token.split("|")[-1],
            "access token": self.credentials.access.reveal(),
            "refresh token": self.credentials.refresh.reveal(),
            "session key": repr(self.key.key.reveal()),
            "iv": repr(self.key.iv),
            "invoice": "HIDDEN",
        }
