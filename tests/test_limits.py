"""KSeF's limits are one budget for all workers and companies with one NIP."""

import os
import threading
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from freezegun import freeze_time

from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged

from ..ksef.errors import KsefRateLimited
from ..ksef.secret import Secret
from ..models.l10n_pl_ksef_gateway_client import forget_keys
from .common import BUYER_NIP, SELLER_NIP, TEST_KEY, KsefCase
from .simulator_process import SimulatorProcess

# Group `session_list`, the narrowest that can be called at will (API 14).
LISTS_A_MINUTE = 10


class LimitCase(KsefCase):
    """Base: a connected company, and calls made with it."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.connection = self.get_connection(self.company)
        self.limits = self.env["l10n_pl_ksef.limit"].sudo()

    def get_connection(self, company):
        return self.env["l10n_pl_ksef.connection"]._get_for(company)

    def connect_other(self, nip):
        """Connect a second company with a token of its own."""
        company = self.env["res.company"].create(
            {
                "name": "Druga Sp. z o.o.",
                "vat": f"PL{nip}",
                "country_id": self.env.ref("base.pl").id,
            }
        )
        self.env.user.company_ids += company
        token = self.simulator.make_token(nip)
        setup = self.env["l10n_pl_ksef.setup"]
        result = setup._connect(company, "test", token, "127.0.0.1")
        self.assertTrue(result["connected"], result)
        return self.get_connection(company)

    def call(self, name, *arguments, connection=None):
        """Call KSeF as the job does; returns the answer."""
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            connection = (connection or self.connection).with_env(
                self.env(cr=cr, su=True)
            )
            gateway = connection.env["l10n_pl_ksef.gateway"]
            return getattr(gateway, name)(connection, *arguments)

    def list_sessions(self, connection=None):
        now = datetime.now(timezone.utc)
        arguments = ("online", now - timedelta(days=1), now)
        return self.call("_get_sessions", *arguments, connection=connection)

    def use_up(self):
        """Make as many calls of a group as fit its minute."""
        for _call in range(LISTS_A_MINUTE):
            self.list_sessions()

    def tell_limits(self, **limits):
        """Let KSeF have other limits than the documented ones."""
        self.simulator.control("settings", {"rate_limits": limits})

    def refresh_limits(self):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            env = self.env(cr=cr, su=True)
            env["l10n_pl_ksef.limit"]._refresh_if_old(self.connection.with_env(env))

    def get_left(self, group="session_list"):
        left = self.limits._get_left(self.connection)
        return {entry["group"]: entry["left_in_hour"] for entry in left}[group]

    def block(self, error):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            connection = self.connection.with_env(self.env(cr=cr, su=True))
            return connection._note_failure(error)

    def get_wait(self, connection=None, group="session_list"):
        return (connection or self.connection)._get_seconds_to_retry(group)


class TestBudget(LimitCase):
    """Calls that do not fit the limits are not made; KSeF never has to refuse."""

    def test_call_too_many_is_held_back_without_network(self):
        self.use_up()
        self.assertGreater(self.get_wait(), 50)
        with self.assertRaises(KsefRateLimited) as caught:
            self.list_sessions()
        self.assertIsNone(caught.exception.http_status)
        self.assertEqual(caught.exception.group, "session_list")
        self.assertGreater(caught.exception.retry_after_seconds, 50)
        self.assertEqual(self.simulator.count("sessions_list"), LISTS_A_MINUTE)
        self.assertEqual(self.simulator.count("rate_limited"), 0)

    def test_other_groups_go_on(self):
        self.use_up()
        self.assertEqual(self.get_wait(group="invoice_send"), 0)
        self.assertTrue(self.call("_get_rate_limits"))

    def test_budget_comes_back_with_time(self):
        self.use_up()
        with freeze_time(datetime.now() + timedelta(seconds=61)):
            self.assertEqual(self.get_wait(), 0)
            self.assertEqual(self.get_left(), 50)
        with freeze_time(datetime.now() + timedelta(hours=2)):
            self.assertEqual(self.get_left(), 60)

    def test_clock_set_back_does_not_hold_up_for_longer_than_the_window(self):
        with freeze_time(datetime.now() + timedelta(days=1)):
            gate = self.limits._gate(self.connection)
            with self.enter_registry_test_mode():
                for _call in range(5):
                    gate("session_list")
        self.env.invalidate_all()
        with self.enter_registry_test_mode():
            gate("invoice_status")
            gate("session_list")

    def test_company_with_the_same_nip_shares_the_budget(self):
        other = self.connect_other(SELLER_NIP)
        self.use_up()
        self.assertGreater(self.get_wait(other), 50)
        with self.assertRaises(KsefRateLimited):
            self.list_sessions(other)
        self.assertEqual(self.simulator.count("sessions_list"), LISTS_A_MINUTE)

    def test_company_with_another_nip_has_a_budget_of_its_own(self):
        other = self.connect_other(BUYER_NIP)
        self.use_up()
        self.assertEqual(self.get_wait(other), 0)
        self.list_sessions(other)
        waits = self.limits._get_waits(self.connection + other)
        self.assertEqual(list(waits), [(self.connection, "session_list")])

    def test_waits_of_all_companies_cost_one_statement(self):
        connections = self.connection + self.connect_other(BUYER_NIP)
        connections.mapped("nip")
        with self.assertQueryCount(1):
            self.limits._get_waits(connections)

    def test_pause_of_our_own_is_no_refusal_of_ksef(self):
        self.use_up()
        error = KsefRateLimited(group="session_list", retry_after_seconds=58)
        self.assertEqual(self.block(error), 58)
        rows = self.limits.search([("blocked_until", "!=", False)])
        self.assertFalse(rows)


class TestRefusal(LimitCase):
    """What KSeF asks for holds for all, exactly as long as it asked."""

    def refuse(self, **values):
        """Let KSeF refuse a call; keep between which moments it did."""
        self.simulator.inject("sessions_list", "status", status=429, **values)
        self.refused_after = datetime.now()
        with self.assertRaises(KsefRateLimited) as caught:
            self.list_sessions()
        pause = self.block(caught.exception)
        self.refused_before = datetime.now()
        return pause

    def check_blocked(self, seconds):
        other = self.connect_other(SELLER_NIP)
        with freeze_time(self.refused_after + timedelta(seconds=seconds - 2)):
            self.assertGreater(self.get_wait(other), 0)
            with self.enter_registry_test_mode(), self.assertRaises(KsefRateLimited):
                self.limits._gate(other)("session_list")
        with freeze_time(self.refused_before + timedelta(seconds=seconds + 1)):
            self.assertEqual(self.get_wait(other), 0)

    def test_long_pause_is_kept_by_every_company(self):
        self.assertEqual(self.refuse(retry_after=2492), 2492)
        self.check_blocked(2492)

    def test_pause_without_a_length_is_a_minute(self):
        self.assertEqual(self.refuse(retry_after=None), 60)
        self.check_blocked(60)

    def test_longer_of_two_pauses_counts(self):
        self.refuse(retry_after=900)
        limited = {"group": "session_list", "http_status": 429}
        self.block(KsefRateLimited(retry_after_seconds=5, **limited))
        self.assertGreater(self.get_wait(), 800)


class TestReading(LimitCase):
    """KSeF's own word on the limits counts, and is asked for once a day."""

    def test_limits_are_read_once_a_day(self):
        self.tell_limits(sessionList={"perHour": 3})
        self.refresh_limits()
        self.refresh_limits()
        self.assertEqual(self.simulator.count("rate_limits"), 1)
        self.assertEqual(self.get_left(), 3)
        self.assertEqual(self.get_left("invoice_send"), 180)
        with freeze_time(datetime.now() + timedelta(hours=25)):
            self.refresh_limits()
        self.assertEqual(self.simulator.count("rate_limits"), 2)

    def test_what_ksef_told_is_obeyed(self):
        self.tell_limits(sessionList={"perMinute": 3})
        self.refresh_limits()
        for _call in range(3):
            self.list_sessions()
        with self.assertRaises(KsefRateLimited):
            self.list_sessions()
        self.assertEqual(self.simulator.count("rate_limited"), 0)

    def test_no_limit_is_obeyed_too(self):
        self.simulator.control("settings", {"rate_limits": None})
        self.refresh_limits()
        for _call in range(LISTS_A_MINUTE + 2):
            self.list_sessions()
        self.assertEqual(self.get_wait(), 0)
        self.assertIsNone(self.get_left())

    def test_companies_with_one_nip_read_once(self):
        other = self.connect_other(SELLER_NIP)
        self.refresh_limits()
        self.connection = other
        self.refresh_limits()
        self.assertEqual(self.simulator.count("rate_limits"), 1)

    def test_failure_keeps_the_documented_limits_for_an_hour(self):
        self.simulator.inject("rate_limits", "status", status=500, times=9)
        self.refresh_limits()
        asked = self.simulator.count("rate_limits")
        self.refresh_limits()
        self.assertEqual(self.simulator.count("rate_limits"), asked)
        self.assertEqual(self.get_left(), 60)
        self.simulator.control("faults", method="DELETE")
        with freeze_time(datetime.now() + timedelta(minutes=61)):
            self.refresh_limits()
        self.assertEqual(self.simulator.count("rate_limits"), asked + 1)

    def test_outage_is_no_time_to_ask(self):
        self.connection._set_outage()
        self.refresh_limits()
        self.assertEqual(self.simulator.count("rate_limits"), 0)

    def test_limits_of_the_night_are_read_again_by_day(self):
        night = datetime(2026, 12, 1, 1, 0)
        with freeze_time(night, tick=True):
            self.refresh_limits()
            self.refresh_limits()
        asked = self.simulator.count("rate_limits")
        self.assertEqual(asked, 1)
        with freeze_time(night + timedelta(hours=2), tick=True):
            self.refresh_limits()
        self.assertEqual(self.simulator.count("rate_limits"), asked)
        with freeze_time(night + timedelta(hours=6), tick=True):
            self.refresh_limits()
        self.assertEqual(self.simulator.count("rate_limits"), asked + 1)

    def test_company_without_a_token_is_not_asked_for(self):
        self.env["l10n_pl_ksef.setup"]._disconnect(self.company)
        self.refresh_limits()
        self.assertEqual(self.simulator.count("rate_limits"), 0)
        self.assertFalse(self.limits.search([]))

    def check_closing(self, is_shared):
        self.refresh_limits()
        with self.enter_registry_test_mode():
            gate = self.limits._gate(self.connection)
            for _call in range(3):
                gate("online_session_close")
        self.env.invalidate_all()
        self.assertEqual(self.get_left("online_session"), 117 if is_shared else 120)

    def test_closing_has_its_own_budget(self):
        self.check_closing(is_shared=False)
        self.assertEqual(self.get_left("online_session_close"), 237)

    def test_closing_counts_with_opening_on_an_older_server(self):
        self.simulator.control("settings", {"rate_groups": "2.7"})
        self.check_closing(is_shared=True)
        error = KsefRateLimited(
            group="online_session_close", http_status=429, retry_after_seconds=90
        )
        self.block(error)
        self.assertGreater(self.get_wait(group="online_session"), 80)
        self.assertGreater(self.get_wait(group="online_session_close"), 80)


class TestIdle(LimitCase):
    """Nothing to do costs nothing."""

    def test_run_without_work_calls_nothing(self):
        before = self.simulator.count("api_calls")
        self.run_job()
        self.assertEqual(self.simulator.count("api_calls"), before)
        self.assertFalse(self.limits.search([]))

    def test_run_with_work_reads_the_limits_first(self):
        self.tell_limits(invoiceSend={"perMinute": 7})
        self.post_invoice()
        self.run_job()
        row = self.limits.search([("rate_group", "=", "invoice_send")])
        self.assertEqual((row.nip, row.per_minute), (SELLER_NIP, 7))
        self.assertEqual(len(row.calls), 1)


class TestKeys(LimitCase):
    """The Ministry's keys are fetched once, and anew when one is withdrawn."""

    def setUp(self):
        gateway = self.env["l10n_pl_ksef.gateway"]
        forget_keys(gateway._get_endpoint("test"))
        super().setUp()

    def test_one_invoice_costs_five_calls_after_the_login(self):
        before = self.count_calls()
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        self.advance_receipt(document)
        with freeze_time(datetime.now() + timedelta(hours=2), tick=True):
            self.step()
        self.assertEqual(self.simulator.count("close_online"), 1)
        spent = self.count_calls() - before
        self.assertLessEqual(spent, 5, self.simulator.control("requests"))
        self.assertEqual(self.simulator.count("public_keys"), 1, "with the login")

    def count_calls(self):
        """Return the calls so far; a refresh belongs to the login."""
        counts = self.simulator.control("requests")
        return counts["api_calls"] - counts.get("refresh", 0)

    def advance_receipt(self, document):
        for _step in range(3):
            if document.upo_state == "stored":
                return
            document.next_step_on = fields.Datetime.now()
            self.step()
        self.fail("no receipt")

    def test_withdrawn_key_is_replaced_at_once(self):
        self.simulator.control("rotate-keys", {"keep_old": False})
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        self.assertEqual(self.simulator.count("open_online"), 2)
        self.assertEqual(self.simulator.count("public_keys"), 2)

    def test_key_withdrawn_before_a_login_is_replaced(self):
        self.simulator.control("rotate-keys", {"keep_old": False})
        self.connection.write({"sealed_access": False, "sealed_refresh": False})
        self.env.flush_all()
        self.assertEqual(self.list_sessions(), [])
        self.assertEqual(self.connection.state, "connected")

    def test_forgotten_keys_are_fetched_anew(self):
        gateway = self.env["l10n_pl_ksef.gateway"]
        gateway._forget_keys(self.connection)
        before = self.simulator.count("public_keys")
        client = gateway._get_client("test")
        self.assertEqual(client.public_keys(), client.public_keys())
        self.assertEqual(self.simulator.count("public_keys"), before + 1)


class ClockCase(LimitCase):
    """Base: KSeF's clock differs from this server's."""

    # Filled by the subclasses: KSeF's clock minus ours.
    offset_seconds = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        simulator = SimulatorProcess("--clock-offset", str(cls.offset_seconds))
        cls.addClassCleanup(simulator.stop)
        cls.simulator = simulator
        cls.startClassPatcher(
            patch.dict(os.environ, {"L10N_PL_KSEF_URL": simulator.url})
        )

    def check_login(self):
        offset = self.connection.clock_offset_seconds
        self.assertAlmostEqual(offset, self.offset_seconds, delta=5)
        ksef_now = datetime.utcnow() + timedelta(seconds=self.offset_seconds)
        self.assertLess(abs(self.connection._get_ksef_now() - ksef_now).seconds, 10)
        for _call in range(3):
            self.assertEqual(self.list_sessions(), [])
        self.assertEqual(self.simulator.count("login_token"), 1)
        self.assertEqual(self.simulator.count("refresh"), 0)
        with freeze_time(datetime.now() + timedelta(minutes=14)):
            self.assertIsNone(self.connection._read_fresh_access())
        with freeze_time(datetime.now() + timedelta(minutes=12)):
            self.assertIsNotNone(self.connection._read_fresh_access())


@tagged("post_install_l10n", "post_install", "-at_install")
class TestClockBehind(ClockCase):
    """A server whose clock is a day late logs in once, and knows when that ends."""

    offset_seconds = 86_400

    def test_login_lives_as_long_as_ksef_says(self):
        self.check_login()

    def test_clock_that_was_put_right_is_noticed(self):
        self.connection.clock_offset_seconds = 0
        self.list_sessions()
        self.connection._note_success()
        self.assertAlmostEqual(
            self.connection.clock_offset_seconds, self.offset_seconds, delta=5
        )


@tagged("post_install_l10n", "post_install", "-at_install")
class TestClockAhead(ClockCase):
    """A server whose clock is a day early logs in once, and knows when that ends."""

    offset_seconds = -86_400

    def test_login_lives_as_long_as_ksef_says(self):
        self.check_login()


@tagged("post_install_l10n", "post_install", "-at_install")
class TestSeveralWorkers(BaseCase):
    """Real transactions side by side: one login, one refresh, one budget."""

    WORKERS = 4

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = SimulatorProcess()
        cls.addClassCleanup(cls.simulator.stop)
        environment = {
            "L10N_PL_KSEF_URL": cls.simulator.url,
            "L10N_PL_KSEF_KEY": TEST_KEY,
        }
        cls.startClassPatcher(patch.dict(os.environ, environment))
        # Held while the tests run; the workers of these tests need it too.
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        cls.registry = Registry(get_db_name())
        # The company itself is left as it is.
        cls.startClassPatcher(
            patch.object(
                cls.registry["res.company"],
                "_l10n_pl_ksef_nip",
                lambda _company: SELLER_NIP,
            )
        )
        token = cls.simulator.make_token(SELLER_NIP)
        cls.addClassCleanup(cls.clean)
        with cls.registry.cursor() as cr:
            cls.connection_id = cls.make_connection(cr, token).id

    @classmethod
    def make_connection(cls, cr, token):
        env = api.Environment(cr, SUPERUSER_ID, {})
        vault = env["l10n_pl_ksef.vault"]
        connection = env["l10n_pl_ksef.connection"].create(
            {
                "company_id": env.ref("base.main_company").id,
                "environment": "test",
                "nip": SELLER_NIP,
                "database_identity": vault._get_database_identity(),
            }
        )
        sealed = connection._prepare_sealed("token", Secret(token))
        connection.sealed_token = sealed
        return connection

    @classmethod
    def clean(cls):
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["l10n_pl_ksef.limit"].search([]).unlink()
            env["l10n_pl_ksef.connection"].search([("nip", "=", SELLER_NIP)]).unlink()

    def work(self, task):
        """Let several workers do ``task(connection)`` at once; return the results."""
        start = threading.Barrier(self.WORKERS, timeout=10)
        results = []

        def run():
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                connection = env["l10n_pl_ksef.connection"].browse(self.connection_id)
                connection.mapped("nip")
                cr.commit()
                start.wait()
                results.append(task(connection))

        workers = [
            threading.Thread(target=run, daemon=True) for _worker in range(self.WORKERS)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=20)
        self.assertEqual(len(results), self.WORKERS)
        return results

    def get_access(self, connection, rejected=None):
        gateway = connection.env["l10n_pl_ksef.gateway"]
        client = gateway._get_client("test")
        return gateway._get_access(connection.id, client, rejected).reveal()

    def test_one_login_and_one_refresh_serve_all(self):
        self.simulator.inject("challenge", "delay", seconds=0.5)
        tokens = set(self.work(self.get_access))
        self.assertEqual(len(tokens), 1)
        self.assertEqual(self.simulator.count("login_token"), 1)

        rejected = Secret(*tokens)
        # Two tokens of one second are the same at the local KSeF.
        self.simulator.control("clock", {"seconds": 2})
        self.simulator.inject("refresh", "delay", seconds=0.5)
        renewed = set(self.work(lambda one: self.get_access(one, rejected)))
        self.assertEqual(len(renewed), 1)
        self.assertTrue(renewed.isdisjoint(tokens))
        self.assertEqual(self.simulator.count("refresh"), 1)
        self.assertEqual(self.simulator.count("login_token"), 1)

    def test_budget_is_counted_once_for_all(self):
        def call(connection):
            gate = connection.env["l10n_pl_ksef.limit"]._gate(connection)
            passed = 0
            try:
                while True:
                    gate("session_list")
                    passed += 1
            except KsefRateLimited:
                return passed

        with self.assertNoLogs("odoo.sql_db", "ERROR"):
            passed = self.work(call)
        self.assertEqual(sum(passed), LISTS_A_MINUTE)
