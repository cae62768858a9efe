"""The page "Connection status", the deadline it names, and what is announced."""

import json
from datetime import date, timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import BaseCase, new_test_user, tagged

from ..models.l10n_pl_ksef_announcement import PERSON_PAUSE, get_polish_date
from ..models.l10n_pl_ksef_working_days import (
    Outage,
    add_working_days,
    get_deadline,
    get_latest_late,
    is_working_day,
)
from .common import KsefCase

ASKED = "lighthouse_status"


@tagged("post_install_l10n", "post_install", "-at_install")
class TestDeadline(BaseCase):
    """The deadline is the next working day, or later after an announced failure."""

    def test_days_off_do_not_count(self):
        for day in (
            date(2026, 11, 21),  # Saturday
            date(2026, 11, 22),  # Sunday
            date(2026, 4, 6),  # Easter Monday
            date(2026, 6, 4),  # Corpus Christi
            date(2026, 5, 1),
            date(2026, 11, 11),
            date(2025, 12, 24),
        ):
            with self.subTest(day=day):
                self.assertFalse(is_working_day(day))

    def test_christmas_eve_was_a_working_day_before_the_law_changed(self):
        self.assertTrue(is_working_day(date(2024, 12, 24)))

    def test_usual_deadline_is_the_next_working_day(self):
        for issued, last in (
            (date(2026, 11, 20), date(2026, 11, 23)),
            (date(2026, 12, 23), date(2026, 12, 28)),
            (date(2026, 6, 3), date(2026, 6, 5)),
        ):
            with self.subTest(issued=issued):
                self.assertEqual(get_deadline(issued), (last, "usual"))

    def test_failure_gives_seven_working_days_after_its_end(self):
        failure = Outage("failure", date(2025, 7, 8), date(2025, 7, 12))
        self.assertEqual(
            get_deadline(date(2025, 7, 8), [failure]), (date(2025, 7, 22), "failure")
        )

    def test_new_failure_restarts_the_count(self):
        first = Outage("failure", date(2025, 7, 8), date(2025, 7, 12))
        second = Outage("failure", date(2025, 7, 21), date(2025, 7, 23))
        self.assertEqual(
            get_deadline(date(2025, 7, 8), [second, first]).day,
            add_working_days(date(2025, 7, 23), 7),
        )

    def test_failure_after_the_deadline_or_before_the_invoice_changes_nothing(self):
        usual = get_deadline(date(2026, 11, 16))
        later = Outage("failure", date(2026, 11, 18), None)
        earlier = Outage("failure", date(2026, 11, 12), date(2026, 11, 13))
        self.assertEqual(get_deadline(date(2026, 11, 16), [later, earlier]), usual)

    def test_failure_that_lasts_leaves_the_deadline_open(self):
        failure = Outage("failure", date(2026, 11, 16), None)
        self.assertEqual(get_deadline(date(2026, 11, 16), [failure]), (None, "failure"))

    def test_planned_break_moves_what_was_issued_in_it(self):
        planned = Outage("maintenance", date(2026, 11, 16), date(2026, 11, 17))
        self.assertEqual(
            get_deadline(date(2026, 11, 16), [planned]).day, date(2026, 11, 18)
        )
        self.assertEqual(
            get_deadline(date(2026, 11, 15), [planned]), (date(2026, 11, 16), "usual")
        )

    def test_total_failure_lifts_the_duty(self):
        total = Outage("total_failure", date(2026, 11, 16), date(2026, 11, 17))
        self.assertEqual(
            get_deadline(date(2026, 11, 16), [total]), (None, "total_failure")
        )

    def test_latest_late_date_is_late_and_the_next_one_is_not(self):
        for today in (date(2026, 11, 23), date(2026, 12, 28), date(2026, 4, 7)):
            late = get_latest_late(today)
            with self.subTest(today=today):
                self.assertLess(get_deadline(late).day, today)
                self.assertGreaterEqual(
                    get_deadline(late + timedelta(days=1)).day, today
                )


class TestHealth(KsefCase):
    """The page says what is, names one thing to do, and shows no secret."""

    def setUp(self):
        super().setUp()
        self.token = self.connect()
        self.connection = self.env["l10n_pl_ksef.connection"]._get_for(self.company)
        self.health = self.env["l10n_pl_ksef.health"].with_company(self.company)

    def get_status(self, user=None):
        health = self.health.with_user(user) if user else self.health
        return health.get_status(self.company.id)

    def get_row(self, key):
        rows = {row["key"]: row for row in self.get_status()["rows"]}
        return rows.get(key)

    def make_user(self, name, groups):
        return new_test_user(
            self.env,
            login=f"ksef_{name}",
            groups=groups,
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def tell(self, state, **notice):
        """Let the Ministry's service announce something."""
        messages = [notice] if notice else []
        self.simulator.control(
            "settings", {"lighthouse": {"status": state, "messages": messages}}
        )

    def ask(self):
        self.health.ask_announcements(self.company.id)
        return self.env["l10n_pl_ksef.announcement"]._get_for("test")

    def test_connected_company_has_nothing_to_do(self):
        status = self.get_status()
        self.assertEqual(status["todo"], [])
        levels = {row["key"]: row["level"] for row in status["rows"]}
        for key in ("answers", "login", "queue", "key"):
            self.assertEqual(levels[key], "success", key)
        self.assertEqual(status["environment"], "test")

    def test_company_without_ksef_is_told_to_connect(self):
        self.company.l10n_pl_ksef_environment = False
        todo = self.get_status()["todo"]
        self.assertEqual(len(todo), 1)
        self.assertEqual(todo[0]["actions"][0]["target"], "l10n_pl_ksef_connect")

    def test_page_holds_no_secret_and_the_copy_no_buyer(self):
        self.post_invoice()
        status = self.get_status()
        secret = self.token.rpartition("|")[2]
        self.assertNotIn(secret, json.dumps(status))
        self.assertNotIn(self.connection.sealed_token, json.dumps(status))
        self.assertNotIn(self.buyer.name, status["support"])

    def test_refused_token_is_the_thing_to_do(self):
        self.connection._set_problem("token", "revoked")
        todo = self.get_status()["todo"]
        self.assertEqual([item["level"] for item in todo], ["danger"])
        self.assertIn("revoked", todo[0]["sentence"])
        self.assertEqual(todo[0]["actions"][0]["label"], "Replace token")

    def test_counts_open_the_invoices_behind_them(self):
        waiting, document = self.post_invoice()
        refused, other = self.post_invoice()
        other._set_state("sending")
        other._set_state("rejected")
        counts = {one["key"]: one["count"] for one in self.get_status()["counts"]}
        self.assertEqual((counts["waiting"], counts["refused"]), (1, 1))
        for key, invoice in (("waiting", waiting), ("refused", refused)):
            action = self.health.open_list(self.company.id, key)
            found = self.env["account.move"].search(action["domain"])
            self.assertEqual(found, invoice)
        self.assertEqual(document.state, "queued")

    def test_late_invoice_is_loud(self):
        _invoice, document = self.post_invoice()
        self.assertEqual(self.get_row("queue")["level"], "success")
        document.issue_date -= timedelta(days=14)
        status = self.get_status()
        self.assertEqual(status["todo"][0]["level"], "danger")
        self.assertIn("late", status["todo"][0]["sentence"])

    def test_invoice_due_today_is_marked(self):
        _invoice, document = self.post_invoice()
        today = get_polish_date(fields.Datetime.now())
        yesterday = get_latest_late(today) + timedelta(days=1)
        if get_deadline(yesterday).day != today:
            yesterday = today
        document.issue_date = yesterday
        is_today = get_deadline(yesterday).day == today
        level = "warning" if is_today else "success"
        self.assertEqual(self.get_row("queue")["level"], level)

    def test_stopped_job_is_shown_and_started(self):
        crons = self.env["l10n_pl_ksef.job"]._get_crons()
        self.assertNotEqual(self.get_row("job")["level"], "danger")
        crons.active = False
        self.assertEqual(self.get_row("job")["level"], "danger")
        self.health.start_job(self.company.id)
        self.assertTrue(all(crons.mapped("active")))

    def test_job_that_nobody_runs_is_shown(self):
        crons = self.env["l10n_pl_ksef.job"]._get_crons()
        crons.nextcall = fields.Datetime.now() - timedelta(minutes=20)
        self.assertEqual(self.get_row("job")["level"], "danger")

    def test_long_outage_without_announcement_points_at_the_network(self):
        now = fields.Datetime.now()
        self.connection.write(
            {"outage_since": now - timedelta(hours=2), "retry_on": now}
        )
        todo = self.get_status()["todo"]
        self.assertIn("network", todo[0]["sentence"])
        self.env["l10n_pl_ksef.announcement"]._get_for("test").asked_on = False
        self.tell("MAINTENANCE", category="MAINTENANCE", start="2026-11-20T08:00:00Z")
        self.ask()
        self.assertNotIn("network", json.dumps(self.get_status()["todo"]))

    def test_announcements_are_asked_at_most_every_quarter_of_an_hour(self):
        row = self.ask()
        self.assertEqual(row.state, "available")
        self.ask()
        self.assertEqual(self.simulator.count(ASKED), 1)
        row.asked_on -= PERSON_PAUSE + timedelta(seconds=1)
        self.ask()
        self.assertEqual(self.simulator.count(ASKED), 2)

    def test_silent_service_means_unknown_not_failure(self):
        self.simulator.inject(ASKED, "status", status=502, times=5)
        self.assertEqual(self.ask().state, "unknown")
        row = self.get_row("announcement")
        self.assertEqual(row["level"], "muted")
        self.assertEqual(self.get_row("answers")["level"], "success")

    def test_failure_told_of_the_test_environment_is_only_shown(self):
        _invoice, document = self.post_invoice()
        self.tell(
            "TOTAL_FAILURE",
            category="TOTAL_FAILURE",
            type="FAILURE_START",
            title="Awaria całkowita",
            start="2026-01-31T08:00:00Z",
        )
        announced = self.ask()
        row = self.get_row("announcement")
        self.assertIn("Awaria całkowita", row["text"])
        self.assertEqual(row["level"], "muted")
        deadline = announced._get_deadline(document.issue_date)
        self.assertEqual(deadline, get_deadline(document.issue_date))

    def test_failure_of_production_moves_the_deadline_until_its_end(self):
        self.tell(
            "FAILURE",
            id="K/2026/AWR/02",
            category="FAILURE",
            type="FAILURE_START",
            title="Awaria",
            start="2026-11-16T08:00:00Z",
            published="2026-11-16T08:10:00Z",
        )
        row = self.ask()
        issued = date(2026, 11, 16)
        self.assertEqual(row._get_deadline(issued), get_deadline(issued))
        row.environment = "production"
        self.assertEqual(row._get_deadline(issued), (None, "failure"))
        row.environment = "test"
        self.tell(
            "AVAILABLE",
            id="K/2026/AWR/03",
            category="FAILURE",
            type="FAILURE_END",
            title="Koniec awarii",
            start="2026-11-16T08:00:00Z",
            end="2026-11-18T09:00:00Z",
            published="2026-11-18T09:05:00Z",
        )
        row.asked_on -= PERSON_PAUSE * 2
        self.ask()
        row.environment = "production"
        self.assertEqual(len(row.events), 1)
        self.assertEqual(row._get_deadline(issued), (date(2026, 11, 27), "failure"))

    def test_accountant_reads_the_page_and_presses_nothing_of_the_administrator(self):
        user = self.make_user("books", "account.group_account_user")
        self.connection._set_problem("token", "revoked")
        status = self.get_status(user)
        self.assertFalse(status["may"]["test"])
        self.assertFalse(status["files"])
        self.assertEqual(status["todo"][0]["actions"], [])
        self.assertTrue(status["todo"][0]["ask"])
        health = self.health.with_user(user)
        for method in ("start_job", "take_over", "hand_over", "download_schema"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(health, method)(self.company.id)

    def test_others_and_other_companies_are_refused(self):
        plain = self.make_user("plain", "base.group_user")
        with self.assertRaises(AccessError):
            self.get_status(plain)
        stranger = self.env["res.company"].create({"name": "Obca firma"})
        books = self.make_user("books", "account.group_account_user")
        with self.assertRaises(AccessError):
            self.health.with_user(books).get_status(stranger.id)
