"""Fault matrix, login: what we log in with, rights, keys and the clock.

By token here; `test_matrix_login_certificate.py` runs the same by certificate.
"""

import json
from datetime import timedelta
from functools import partial
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tools import html2plaintext

from ..ksef import auth
from ..models import l10n_pl_ksef_gateway_login
from ..models.l10n_pl_ksef_warning_words import SUBJECTS
from .common import BUYER_NIP, SELLER_NIP
from .login_methods import ByToken
from .matrix_common import FOR_EVER_SECONDS, MatrixCase

HOUR_SECONDS = 3600
SLOW_LOGIN_SECONDS = 90
# After that a login is not waited for any more.
PATIENCE = timedelta(minutes=11)
DAY_SECONDS = 86_400
# Minutes after a refusal in which nothing is tried again.
REFUSED_MINUTES = (0, 5, 10, 14)
BAD_CHALLENGE = "Nieprawidłowe wyzwanie autoryzacyjne"
CODE_OF_THE_FUTURE = 499
PROBLEM_JSON = "application/problem+json; charset=utf-8"


class TestAccessToken(ByToken, MatrixCase):
    """A refused access token is renewed, and the same call goes on."""

    def test_refused_while_sending_is_refreshed_once(self):
        self.open_session()
        self.simulator.inject("send_invoice", "status", status=401)
        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(self.get_attempts(document), ["401", "202"])
        self.finish_same(document, posts=1)
        self.assertEqual(self.simulator.count("refresh"), 1)
        self.assertEqual(self.count_logins_ever(), 1, "the set-up")

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
        self.assertEqual(self.count_logins_ever(), 2, "set-up and this")

    def test_lost_tokens_of_a_login_start_a_new_one(self):
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})
        self.simulator.inject("redeem", "drop_after")
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=1)
        self.assertEqual(self.simulator.count("redeem"), 3, "set-up, lost, new")


class LoginCase(ByToken, MatrixCase):
    """Base: the next call needs a login."""

    def setUp(self):
        super().setUp()
        self.end_login()

    def end_login(self):
        """Let KSeF end the login, and count from here."""
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})
        self.logins = self.count_logins_ever()

    def count_logins(self):
        return self.count_logins_ever() - self.logins

    def refuse_logins(self, action, **values):
        """Let every login from now on come out like this."""
        self.simulator.inject(self.operation, action, times=None, **values)

    def hold(self, reason):
        """Post an invoice that is held for this; return it and its document."""
        invoice, document = self.post_invoice()
        self.step()
        self.assertEqual((document.state, document.blocked_reason), ("blocked", reason))
        return invoice, document

    def let_go(self, document, method=None):
        """Bring a new login, and see that it is all that was missing."""
        self.simulator.control("faults", method="DELETE")
        self.connect(method)
        self.finish_same(document, posts=1)

    def check_no_storm(self, document):
        now = fields.Datetime.now()
        _invoice, another = self.post_invoice()
        for minutes in REFUSED_MINUTES:
            with freeze_time(now + timedelta(minutes=minutes)):
                self.work(document + another, steps=2)
        self.assertEqual(self.count_logins(), 1)
        another.move_id.button_draft()

    def check_one_activity(self, before, reason):
        self.run_watch()
        made = self.env["mail.activity"].search([]) - before
        self.assertEqual(len(made), 1, "one activity")
        self.assertTrue(made.user_id.has_group("l10n_pl_ksef.group_admin"))
        told = SUBJECTS[reason]
        self.assertEqual(made.summary, str(told.title))
        self.assertEqual(html2plaintext(made.note), str(told.sentence))

    def check_way_out(self, invoice):
        """Check: the line names what we log in with, and a button replaces it."""
        line = invoice.l10n_pl_ksef_line
        self.assertIn(self.login_method, line["sentence"])
        targets = [action["target"] for action in line["actions"]]
        self.assertEqual(targets, [self.way_out])

    def run_watch(self):
        """Let all that the addon does by the clock happen once."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            for cron in self.get_crons():
                cron.method_direct_trigger()
        self.env.invalidate_all()


class TestDeadToken(LoginCase):
    """What KSeF lets no longer in stops the queue until a person brings another."""

    # The ways in which KSeF says that a person has to act: action, values.
    refusals = (
        ("auth_status", {"code": 450, "details": ["Token unieważniony"]}),
        ("auth_status", {"code": 450, "details": ["Token nieaktywny"]}),
        ("auth_status", {"code": 450, "details": ["Nieprawidłowy token"]}),
        ("auth_status", {"code": 450, "details": ["Nieprawidłowe kodowanie tokena"]}),
        ("auth_status", {"code": 470}),
        ("auth_status", {"code": 480}),
    )

    def test_revoked_is_told_once_and_replaced(self):
        self.revoke(self.connect())
        self.end_login()
        activities = self.env["mail.activity"].search([])
        invoice, document = self.hold(self.login_method)
        self.check_no_storm(document)
        self.check_one_activity(activities, self.login_method)
        self.check_way_out(invoice)
        self.let_go(document)

    def test_every_refusal_is_held_and_ends_with_a_new_login(self):
        for action, values in self.refusals:
            with self.subTest(action, **values):
                self.end_login()
                self.refuse_logins(action, **values)
                invoice, document = self.hold(self.login_method)
                self.work(document, steps=2)
                self.assertEqual(self.count_logins(), 1)
                self.check_way_out(invoice)
                self.let_go(document)

    def test_other_method_is_a_way_out_too(self):
        action, values = self.refusals[0]
        self.refuse_logins(action, **values)
        _invoice, document = self.hold(self.login_method)
        self.let_go(document, self.other_method)
        self.assertEqual(self.connection.login_method, self.other_method)

    def test_missing_rights_are_told_once_and_have_words_of_their_own(self):
        details = ["Brak przypisanych uprawnień"]
        self.refuse_logins("auth_status", code=415, details=details)
        activities = self.env["mail.activity"].search([])
        _invoice, document = self.hold("right")
        self.check_no_storm(document)
        self.check_one_activity(activities, "right")
        self.let_go(document)

    def test_each_kind_of_refusal_has_words_of_its_own(self):
        sentences = set()
        for action, values, reason in (
            (*self.refusals[0], self.login_method),
            ("auth_status", {"code": 470}, self.login_method),
            ("auth_status", {"code": 480}, self.login_method),
            ("auth_status", {"code": 415}, "right"),
        ):
            self.end_login()
            self.refuse_logins(action, **values)
            invoice, document = self.hold(reason)
            sentences.add(invoice.l10n_pl_ksef_line["sentence"])
            self.let_go(document)
        self.assertEqual(len(sentences), 4)

    def test_login_that_is_forbidden_is_held(self):
        for reason in ("auth-method-not-allowed", "security-service-blocked"):
            with self.subTest(reason=reason):
                self.end_login()
                body = {"title": "Forbidden", "status": 403, "reasonCode": reason}
                page = {"content_type": PROBLEM_JSON, "body": json.dumps(body)}
                self.refuse_logins("page", status=403, **page)
                _invoice, document = self.hold("right")
                self.check_no_storm(document)
                self.let_go(document)

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

    # What a new challenge or a new key cures at once: action, values.
    disturbances = (
        ("auth_status", {"code": 450, "details": [BAD_CHALLENGE]}),
        ("auth_status", {"code": 450, "details": ["Nieprawidłowy czas tokena"]}),
        ("auth_status", {"code": 450, "details": ["Nieprawidłowe szyfrowanie tokena"]}),
        ("error_code", {"code": 21470}),
        ("error_code", {"code": 21111}),
    )

    def setUp(self):
        super().setUp()
        for name in (self.entry, "finish_login"):
            quick = partial(getattr(auth, name), max_wait_seconds=0.2)
            self.startPatcher(
                patch.object(l10n_pl_ksef_gateway_login.auth, name, quick)
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
        later = fields.Datetime.now() + PATIENCE
        with freeze_time(later, tick=True):
            self.finish_same(document, posts=1)
        self.assertEqual(self.count_logins(), 2, "begun anew")

    def test_undecided_login_is_gone_on_with(self):
        self.simulator.control("settings", {"login_seconds": SLOW_LOGIN_SECONDS})
        _invoice, document = self.post_invoice()
        for _step in range(3):
            self.connection.retry_on = False
            self.work(document, steps=1)
        self.assertEqual(document.state, "queued")
        self.simulator.control("clock", {"seconds": SLOW_LOGIN_SECONDS})
        self.finish_same(document, posts=1)
        self.assertEqual(self.count_logins(), 1)
        self.assertFalse(self.connection.sealed_login)

    def test_broken_off_login_is_begun_anew(self):
        for code in (500, 550, 425, CODE_OF_THE_FUTURE):
            with self.subTest(code=code):
                self.end_login()
                self.simulator.inject(self.operation, "auth_status", code=code)
                _invoice, document = self.post_invoice()
                self.work(document, steps=3)
                self.assertEqual(document.state, "queued")
                self.assertEqual(self.count_logins(), 1, "a pause, not a storm")
                self.finish_same(document, posts=1)
                self.assertEqual(self.count_logins(), 2)

    def test_disturbed_login_is_tried_again_at_once(self):
        for action, values in self.disturbances:
            with self.subTest(action, **values):
                self.end_login()
                self.simulator.inject(self.operation, action, **values)
                _invoice, document = self.post_invoice()
                self.step()
                self.assertEqual(self.count_logins(), 2)
                self.assertEqual(document.state, "processing")
                self.finish_same(document, posts=1)

    def test_login_that_is_not_understood_makes_no_storm(self):
        self.open_session()
        self.end_login()
        self.refuse_logins("error_code", code=21405)
        invoices = [self.post_invoice()[0] for _count in range(4)]
        documents = self.env["l10n_pl_ksef.document"].sudo()
        documents = documents.search([("move_id.id", "in", [i.id for i in invoices])])
        self.work(documents, steps=6)
        self.assertEqual(self.count_logins(), 1, documents.mapped("state"))
        self.simulator.control("faults", method="DELETE")
        for invoice in invoices:
            invoice.action_l10n_pl_ksef_send()
            self.finish_same(invoice.sudo().l10n_pl_ksef_document_id, posts=1)

    def test_login_disturbed_again_waits(self):
        action, values = self.disturbances[0]
        self.refuse_logins(action, **values)
        _invoice, document = self.post_invoice()
        self.work(document, steps=3)
        self.assertEqual(document.state, "queued")
        self.assertEqual(self.count_logins(), 2, "a pause, not a storm")
        self.simulator.control("faults", method="DELETE")
        self.finish_same(document, posts=1)


class TestWrongClock(ByToken, MatrixCase):
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
        self.assertEqual(self.count_logins_ever(), 2, "set-up and this")
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
        self.assertEqual(self.count_logins_ever(), 1)

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
