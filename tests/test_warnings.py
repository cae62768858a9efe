"""Warnings: the right person, once, until it is over."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import new_test_user

from ..models import l10n_pl_ksef_warning as warning_module
from ..models.l10n_pl_ksef_announcement import get_polish_date
from ..models.l10n_pl_ksef_facts import TOKEN_END_PARAMETER
from ..models.l10n_pl_ksef_health_words import ADMIN
from .common import KsefCase

ADMINS = ("token", "right", "key", "copy", "clock", "nip", "module", "program")


class TestWarnings(KsefCase):
    """A cause is told to one person who can act, once, and closed by itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin, cls.accountant = (
            new_test_user(
                cls.env,
                login=f"ksef_{name}",
                groups=groups,
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for name, groups in (
                ("admin", f"{ADMIN},account.group_account_invoice"),
                ("books", "account.group_account_user"),
            )
        )

    def setUp(self):
        super().setUp()
        self.connect()
        self.connection = self.env["l10n_pl_ksef.connection"]._get_for(self.company)
        self.connection.set_by_id = self.admin
        self.company.l10n_pl_ksef_accountant_id = self.accountant
        self.warnings = self.env["l10n_pl_ksef.warning"].sudo()
        self.refresh()

    def refresh(self):
        self.warnings._refresh()
        self.env.invalidate_all()

    def get_open(self):
        return self.warnings.search(
            [("company_id", "=", self.company.id), ("closed_on", "=", False)]
        )

    def check_told(self, subject, user):
        """One open warning, one activity, of this person."""
        warning = self.get_open()
        self.assertEqual(warning.mapped("subject"), [subject])
        self.assertEqual(len(warning.activity_ids), 1)
        self.assertEqual(warning.activity_ids.user_id, user)
        return warning

    def check_life(self, subject, user, undo):
        """Told once however often the job runs; closed when the cause is over."""
        self.refresh()
        warning = self.check_told(subject, user)
        self.refresh()
        self.check_told(subject, user)
        undo()
        self.refresh()
        self.assertFalse(self.get_open())
        self.assertTrue(warning.closed_on)
        self.assertFalse(warning.activity_ids)
        self.assertIn("closed by itself", warning.message_ids[0].body)

    def test_run_without_news_costs_one_statement(self):
        self.post_invoice()
        self.refresh()
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.warnings._refresh()

    def test_obstacles_are_told_to_who_set_the_token(self):
        _invoice, document = self.post_invoice()
        for reason in ADMINS:
            with self.subTest(reason=reason):
                document._block(reason)
                self.check_life(reason, self.admin, document._release)

    def test_refused_token_is_told_even_if_nothing_waits(self):
        self.connection._set_problem("token", "revoked")
        self.check_life("token", self.admin, self.connection._set_working)

    def test_long_outage_is_told_to_the_administrator(self):
        now = fields.Datetime.now()
        self.connection.outage_since = now - timedelta(minutes=30)
        self.refresh()
        self.assertFalse(self.get_open())
        self.connection.outage_since = now - timedelta(hours=2)
        self.check_life("outage", self.admin, self.connection._set_working)

    def test_late_invoices_are_told_once_however_many(self):
        documents = self.post_invoice()[1] + self.post_invoice()[1]
        today = documents[0].issue_date

        def undo():
            documents.write({"issue_date": today})

        documents.write({"issue_date": today - timedelta(days=14)})
        self.check_life("late", self.accountant, undo)

    def test_failure_announced_for_production_makes_nothing_late(self):
        _invoice, document = self.post_invoice()
        document.issue_date -= timedelta(days=14)
        first = fields.Datetime.to_string(fields.Datetime.now() - timedelta(days=14))
        row = self.env["l10n_pl_ksef.announcement"]._get_for("production")
        row.events = [{"category": "failure", "first": first, "last": None}]
        with patch.object(type(row), "_get_for", lambda self, environment: row):
            self.refresh()
        self.assertFalse(self.get_open())
        self.refresh()
        self.assertEqual(self.get_open().subject, "late")

    def test_processing_for_more_than_an_hour_is_told_to_the_accountant(self):
        _invoice, document = self.post_invoice()
        document._set_state("sending")
        document._set_state("processing")
        self.refresh()
        self.assertFalse(self.get_open())
        document.state_since -= timedelta(hours=2)
        self.check_life(
            "slow",
            self.accountant,
            lambda: document._set_state("accepted", upo_state="stored"),
        )

    def test_rejected_is_told_after_a_day_and_over_when_sent_again(self):
        invoice, document = self.post_invoice()
        document._set_state("sending", attempt_count=1)
        document._set_state("rejected")
        self.refresh()
        self.assertFalse(self.get_open())
        document.state_since -= timedelta(days=2)
        self.check_life("rejected", self.accountant, invoice.action_l10n_pl_ksef_send)

    def test_conflict_is_told_at_once(self):
        _invoice, document = self.post_invoice()
        document._set_state("sending", attempt_count=1)
        document._set_state("processing")
        document._set_state("conflict")
        self.check_life("rejected", self.accountant, document._dismiss_original)

    def test_missing_receipt_is_told_after_a_day(self):
        _invoice, document = self.post_invoice()
        document.write({"state": "accepted", "upo_state": "wanted"})
        self.refresh()
        self.assertFalse(self.get_open())
        document.state_since -= timedelta(hours=25)

        def undo():
            document.upo_state = "stored"

        self.check_life("receipt", self.accountant, undo)

    def test_hold_that_the_invoice_itself_shows_is_not_told(self):
        _invoice, document = self.post_invoice()
        for reason in ("data", "date", "original"):
            document._block(reason)
            self.refresh()
            self.assertFalse(self.get_open())

    def test_activity_marked_done_is_not_raised_again(self):
        self.connection._set_problem("token", "revoked")
        self.refresh()
        warning = self.get_open()
        activity = warning.activity_ids.with_user(self.admin)
        activity.action_feedback(feedback="I know")
        self.refresh()
        self.assertEqual(self.get_open(), warning)
        self.assertFalse(warning.activity_ids)

    def test_cause_that_comes_back_is_told_again(self):
        for _time in range(2):
            self.connection._set_problem("token", "revoked")
            self.refresh()
            self.check_told("token", self.admin)
            self.connection._set_working()
            self.refresh()
            self.assertFalse(self.get_open())

    def test_stopped_job_is_told_by_those_that_run(self):
        crons = self.env["l10n_pl_ksef.job"]._get_crons()
        crons[0].active = False
        for is_settled in (False, True):
            seconds = warning_module.SETTLING_SECONDS * (2 if is_settled else 0)
            started = warning_module.time.monotonic() - seconds
            with patch.object(warning_module, "_started", started):
                self.refresh()
            found = self.warnings.search(
                [("subject", "=", "job"), ("closed_on", "=", False)]
            )
            self.assertEqual(bool(found), is_settled)
        crons[0].active = True
        self.refresh()
        self.assertTrue(found.closed_on)

    def test_person_without_the_company_is_not_told(self):
        self.accountant.company_ids = [Command.set(self.env.company.ids)]
        other = self.env["res.company"].create({"name": "Inna firma"})
        self.accountant.write(
            {"company_id": other.id, "company_ids": [Command.set(other.ids)]}
        )
        _invoice, document = self.post_invoice()
        document.issue_date -= timedelta(days=14)
        self.refresh()
        user = self.get_open().activity_ids.user_id
        self.assertNotEqual(user, self.accountant)
        self.assertIn(self.company, user.company_ids)

    def test_company_that_left_ksef_is_not_watched(self):
        self.connection._set_problem("token", "revoked")
        self.refresh()
        self.assertTrue(self.get_open())
        self.company.l10n_pl_ksef_environment = False
        self.refresh()
        self.assertFalse(self.get_open())

    def test_words_are_those_of_the_person(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        self.admin.lang = "pl_PL"
        self.connection._set_problem("token", "revoked")
        self.refresh()
        warning = self.get_open().with_context(lang="pl_PL")
        self.assertEqual(warning.activity_ids.summary, warning.title)

    def test_announcements_are_asked_while_ksef_is_silent(self):
        self.assertEqual(self.simulator.count("lighthouse_status"), 0)
        self.connection.outage_since = fields.Datetime.now()
        self.refresh()
        self.refresh()
        self.assertEqual(self.simulator.count("lighthouse_status"), 1)
        row = self.env["l10n_pl_ksef.announcement"]._get_for("test")
        row.asked_on -= timedelta(minutes=6)
        self.refresh()
        self.assertEqual(self.simulator.count("lighthouse_status"), 2)


class TestEndOfTokens(KsefCase):
    """The end of a token, its own or that of all, is told in time and in words."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.connection = self.env["l10n_pl_ksef.connection"]._get_for(self.company)
        self.today = get_polish_date(fields.Datetime.now())

    def let_tokens_end(self, days):
        """Let today be so many days before the last one for tokens; look anew."""
        last = fields.Date.to_string(self.today + timedelta(days=days))
        self.env["ir.config_parameter"].set_param(TOKEN_END_PARAMETER, last)
        return self.refresh()

    def refresh(self):
        warnings = self.env["l10n_pl_ksef.warning"].sudo()
        warnings._refresh()
        domain = [("company_id", "=", self.company.id), ("closed_on", "=", False)]
        return sorted(warnings.search(domain).mapped("subject"))

    def test_end_by_law_is_told_at_sixty_thirty_and_seven_days(self):
        for days, subjects in (
            (61, []),
            (59, ["token_60"]),
            (30, ["token_60"]),
            (29, ["token_30"]),
            (6, ["token_7"]),
            (0, ["token_7"]),
            (-1, []),
        ):
            with self.subTest(days=days):
                self.assertEqual(self.let_tokens_end(days), subjects)

    def test_end_of_this_token_counts_where_it_comes_first(self):
        self.let_tokens_end(100)
        soon = fields.Datetime.now() + timedelta(days=20)
        self.connection.token_valid_until = soon
        self.assertEqual(self.refresh(), ["token_30"])
        self.assertEqual(self.let_tokens_end(3), ["token_7"])

    def test_refusal_after_the_end_points_to_the_certificate(self):
        self.connection._set_problem("token", "inactive")
        self.assertEqual(self.let_tokens_end(10), ["token", "token_30"])
        self.assertEqual(self.let_tokens_end(-1), ["token_ended"])
        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(document.blocked_reason, "token")
        self.assertEqual(self.refresh(), ["token_ended"], "said once")

    def test_refusal_by_law_points_to_the_certificate_whatever_the_date(self):
        self.connection._set_problem("right", "auth-method-not-allowed")
        self.assertEqual(self.let_tokens_end(100), ["token_ended"])
