"""Fault matrix, login: tokens, rights, keys and the clock."""

from datetime import timedelta
from functools import partial
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields

from ..ksef import auth
from ..models import l10n_pl_ksef_gateway_login
from .common import BUYER_NIP, SELLER_NIP
from .matrix_common import FOR_EVER_SECONDS, MatrixCase

HOUR_SECONDS = 3600
DAY_SECONDS = 86_400
# A dead token is not tried more often than this.
LOGIN_PAUSE = timedelta(minutes=15)


class TestAccessToken(MatrixCase):
    """A refused access token is renewed, and the same call goes on."""

    def test_refused_while_sending_is_refreshed_once(self):
        self.open_session()
        self.simulator.inject("send_invoice", "status", status=401)
        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(self.get_attempts(document), ["401", "202"])
        self.finish_same(document, posts=1)
        self.assertEqual(self.simulator.count("refresh"), 1)
        self.assertEqual(self.simulator.count("login_token"), 1, "the set-up")

    def test_refused_while_asking_is_refreshed_once(self):
        _invoice, document = self.post_invoice()
        self.step()
        self.simulator.control("expire", {"what": "access"})
        self.finish_same(document, posts=1)
        self.assertEqual(self.simulator.count("refresh"), 1)

    def test_refused_refresh_logs_in_again(self):
        self.open_session()
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=1)
        self.assertEqual(self.simulator.count("login_token"), 2, "set-up and this")

    def test_lost_tokens_of_a_login_start_a_new_one(self):
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})
        self.simulator.inject("redeem", "drop_after")
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=1)
        self.assertEqual(self.simulator.count("redeem"), 3, "set-up, lost, new")


class LoginCase(MatrixCase):
    """Base: the next call needs a login."""

    def setUp(self):
        super().setUp()
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})
        self.logins = self.simulator.count("login_token")

    def count_logins(self):
        return self.simulator.count("login_token") - self.logins

    def refuse_logins(self, code, *details):
        self.simulator.inject(
            "login_token", "auth_status", code=code, details=details, times=None
        )

    def check_held(self, reason):
        """Check: held for a person, one attempt to log in, then a new token helps."""
        invoice, document = self.post_invoice()
        activities = self.env["mail.activity"].search([])
        self.step()
        self.assertEqual((document.state, document.blocked_reason), ("blocked", reason))
        self.check_no_storm(document)
        self.check_one_activity(activities)
        sentence = invoice.l10n_pl_ksef_line["sentence"]
        self.simulator.control("faults", method="DELETE")
        self.connect()
        self.finish_same(document, posts=1)
        return sentence

    def check_no_storm(self, document):
        now = fields.Datetime.now()
        _invoice, another = self.post_invoice()
        for minutes in (0, 5, 10, 14):
            with freeze_time(now + timedelta(minutes=minutes)):
                self.work(document + another, steps=2)
        self.assertEqual(self.count_logins(), 1)
        another.move_id.button_draft()

    def check_one_activity(self, before):
        self.run_watch()
        made = self.env["mail.activity"].search([]) - before
        self.assertEqual(len(made), 1, "one activity")
        self.assertTrue(made.user_id.has_group("l10n_pl_ksef.group_admin"))

    def run_watch(self):
        """Let all that the addon does by the clock happen once."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            for cron in self.get_crons():
                cron.method_direct_trigger()
        self.env.invalidate_all()


class TestDeadToken(LoginCase):
    """A token that KSeF refuses stops the queue until a person brings another."""

    def test_revoked(self):
        self.refuse_logins(450, "Token unieważniony")
        self.check_held("token")

    def test_inactive(self):
        self.refuse_logins(450, "Token nieaktywny")
        self.check_held("token")

    def test_unknown(self):
        self.refuse_logins(450, "Nieprawidłowy token")
        self.check_held("token")

    def test_suspected_abuse_and_missing_rights_have_words_of_their_own(self):
        sentences = set()
        for code, details, reason in (
            (480, (), "token"),
            (415, ("Brak przypisanych uprawnień",), "right"),
            (450, ("Token unieważniony",), "token"),
        ):
            self.refuse_logins(code, *details)
            invoice, document = self.post_invoice()
            self.step()
            self.assertEqual(document.state, "blocked")
            self.assertEqual(document.blocked_reason, reason)
            sentences.add(invoice.l10n_pl_ksef_line["sentence"])
            self.simulator.control("faults", method="DELETE")
            self.connect()
            self.finish_same(document, posts=1)
            self.simulator.control("expire", {"what": "access"})
            self.simulator.control("expire", {"what": "refresh"})
        self.assertEqual(len(sentences), 3)

    def test_missing_right_is_named(self):
        self.open_session()
        security = {
            "requiredAnyOfPermissions": ["InvoiceWrite"],
            "presentPermissions": ["InvoiceRead"],
        }
        self.simulator.inject(
            "send_invoice",
            "status",
            status=403,
            reason="missing-permissions",
            security=security,
        )
        invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(document.state, "blocked")
        self.assertEqual(document.blocked_reason, "right")
        line = invoice.l10n_pl_ksef_line
        shown = [line["sentence"], *(detail["text"] for detail in line["details"])]
        self.assertIn("issue invoices", " ".join(shown))
        self.connect()
        self.finish_same(document, posts=2)

    def test_forbidden_for_other_reasons_is_held_too(self):
        self.open_session()
        reasons = ("ip-not-allowed", "security-service-blocked", "reason-of-2030")
        for reason in reasons:
            with self.subTest(reason=reason):
                self.simulator.inject(
                    "send_invoice", "status", status=403, reason=reason
                )
                _invoice, document = self.post_invoice()
                self.step()
                self.assertEqual(document.state, "blocked")
                self.connect()
                self.finish_same(document, posts=2)


class TestSlowLogin(LoginCase):
    """A login that KSeF does not decide, or breaks off, is begun anew later."""

    def setUp(self):
        super().setUp()
        quick = partial(auth.login_with_token, max_wait_seconds=0.2)
        self.startPatcher(
            patch.object(l10n_pl_ksef_gateway_login.auth, "login_with_token", quick)
        )

    def test_undecided_login_is_left_alone_for_a_while(self):
        self.simulator.control("settings", {"login_seconds": FOR_EVER_SECONDS})
        _invoice, document = self.post_invoice()
        for _step in range(4):
            self.make_due(document)
            self.step()
        self.assertEqual(document.state, "queued")
        self.assertEqual(document.attempt_count, 0)
        self.assertEqual(self.count_logins(), 1, "a pause, not a storm")
        self.assertGreater(self.connection.retry_on, fields.Datetime.now())
        self.simulator.control("settings", {"login_seconds": 0})
        self.finish_same(document, posts=1)

    def test_broken_off_login_is_begun_anew(self):
        for code in (500, 550, 425):
            with self.subTest(code=code):
                self.simulator.control("expire", {"what": "access"})
                self.simulator.control("expire", {"what": "refresh"})
                self.simulator.inject("login_token", "auth_status", code=code)
                _invoice, document = self.post_invoice()
                self.step()
                self.assertEqual(document.state, "queued")
                self.finish_same(document, posts=1)

    def test_disturbed_login_is_tried_again_at_once(self):
        details = (
            "Nieprawidłowe wyzwanie autoryzacyjne",
            "Nieprawidłowy czas tokena",
            "Nieprawidłowe szyfrowanie tokena",
        )
        for detail in details:
            with self.subTest(detail=detail):
                self.simulator.control("expire", {"what": "access"})
                self.simulator.control("expire", {"what": "refresh"})
                self.simulator.inject(
                    "login_token", "auth_status", code=450, details=[detail]
                )
                _invoice, document = self.post_invoice()
                self.finish_same(document, posts=1)

    def test_rotated_token_key_is_fetched_again(self):
        self.simulator.inject("login_token", "error_code", code=21470)
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=1)


class TestWrongClock(MatrixCase):
    """KSeF's clock counts, not that of the server."""

    def set_clock(self, seconds):
        """Let KSeF's clock differ from ours by so much; the login is of before."""
        self.simulator.control("clock", {"seconds": seconds})
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})

    def check_sent(self, seconds):
        self.set_clock(seconds)
        # Around midnight today would be tomorrow for KSeF.
        yesterday = fields.Date.today() - timedelta(days=1)
        self.company.l10n_pl_ksef_since = yesterday
        _invoice, document = self.post_invoice(invoice_date=yesterday)
        self.finish_same(document, posts=1)
        self.assertEqual(self.simulator.count("login_token"), 2, "set-up and this")
        self.assertLessEqual(self.simulator.count("refresh"), 1, "the old one")

    def test_server_is_an_hour_slow(self):
        self.check_sent(HOUR_SECONDS)

    def test_server_is_an_hour_fast(self):
        self.check_sent(-HOUR_SECONDS)

    def test_server_is_a_day_slow(self):
        self.check_sent(DAY_SECONDS)

    def test_server_is_a_day_fast(self):
        self.set_clock(-DAY_SECONDS)
        _invoice, document = self.post_invoice()
        for _step in range(3):
            self.make_due(document)
            self.step()
        self.assertEqual(document.state, "blocked", "tomorrow, for KSeF")
        self.assertIn(document.blocked_reason, ("clock", "date"))
        self.check_nothing_sent()
        self.set_clock(DAY_SECONDS)
        self.step()
        self.finish_same(document, posts=1)

    def test_expired_token_of_a_slow_server_is_refreshed(self):
        self.open_session()
        self.simulator.control("clock", {"seconds": HOUR_SECONDS})
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=1)
        self.assertEqual(self.simulator.count("refresh"), 1)
        self.assertEqual(self.simulator.count("login_token"), 1)

    def test_invoice_of_tomorrow_waits_for_its_day_in_poland(self):
        # 23:30 in Warsaw in winter: not yet the day of the invoice.
        evening = fields.Datetime.to_datetime("2026-11-30 22:30:00")
        away = (evening - fields.Datetime.now()).total_seconds()
        self.simulator.control("clock", {"seconds": away})
        with freeze_time(evening):
            tomorrow = fields.Date.to_date("2026-12-01")
            _invoice, document = self.post_invoice(invoice_date=tomorrow)
            self.step()
            held = (document.state, document.blocked_reason)
            self.assertEqual(held, ("blocked", "date"))
            self.check_nothing_sent()
        self.simulator.control("clock", {"seconds": 31 * 60})
        with freeze_time(evening + timedelta(minutes=31)):
            self.step()
            self.assertNotEqual(document.state, "blocked")


class TestIdentity(MatrixCase):
    """Who sends is fixed with the document: another identity never sends it."""

    def test_token_of_another_company_is_refused(self):
        _invoice, document = self.post_invoice()
        before = self.connection.sealed_token
        token = self.simulator.make_token(BUYER_NIP)
        result = self.env["l10n_pl_ksef.setup"]._connect(
            self.company, "test", token, "127.0.0.1"
        )
        self.assertFalse(result["connected"])
        self.assertEqual(self.connection.sealed_token, before)
        self.finish_same(document, posts=1)

    def test_changed_nip_holds_open_documents_with_their_old_identity(self):
        _invoice, processing = self.post_invoice()
        self.step()
        _invoice, queued = self.post_invoice()
        self.company.vat = f"PL{BUYER_NIP}"
        calls = self.simulator.control("requests")
        self.work(processing + queued, steps=3)
        self.assertEqual(self.simulator.control("requests"), calls)
        for document in processing + queued:
            self.assertEqual(document.blocked_reason, "nip")
            self.assertEqual(document.nip, SELLER_NIP)
        self.assertEqual(processing.return_state, "processing")
        self.company.vat = f"PL{SELLER_NIP}"
        self.finish_same(processing, posts=1)
        self.finish_same(queued, posts=1)

    def test_switched_environment_leaves_open_documents_where_they_were(self):
        _invoice, document = self.post_invoice()
        self.step()
        token = self.simulator.make_token(SELLER_NIP)
        setup = self.env["l10n_pl_ksef.setup"]
        result = setup._connect(self.company, "demo", token, "127.0.0.1")
        self.assertTrue(result["connected"], result)
        self.assertEqual(document.connection_id, self.connection)
        self.finish_same(document, posts=1)
        self.assertEqual(document.environment, "test")
