"""Many invoices at once: nothing in vain, nothing for ever, nobody left behind."""

from unittest.mock import patch

from odoo import fields
from odoo.tools import mute_logger

from ..ksef import errors
from ..models import l10n_pl_ksef_batch as batch_module
from ..models.l10n_pl_ksef_run import Run
from .matrix_common import JOB_LOGGER, SQL_LOGGER
from .volume_common import BATCH, JOB, SESSION, VolumeCase

GROUPS_LOGGER = "odoo.addons.l10n_pl_ksef.models.l10n_pl_ksef_groups"
BROKEN = "22012"  # SQLSTATE that the database gives for one row
HOLD_SECONDS = 900


class TestOpeningWithoutAnswer(VolumeCase):
    """While no session can be opened KSeF is spared, and longer each time."""

    def check_spared(self, operation, count):
        for action in ("status", "html", "drop_before", "drop_after"):
            with self.subTest(operation=operation, action=action):
                self.simulator.control("reset", {})
                self.simulator.control("settings", {"rate_limits": None})
                self.connect()
                self.simulator.inject(operation, action, status=500, times=None)
                documents = self.post_many(count)
                for _step in range(5):
                    self.step()
                self.assertEqual(self.simulator.count(operation), 1)
                self.assertEqual(set(documents.mapped("state")), {"queued"})
                self.assertEqual(set(documents.mapped("attempt_count")), {0})
                self.assertGreater(self.get_pause(), 0)
                self.simulator.control("faults", method="DELETE")
                self.finish_all(documents)
                self.check_sent_once(documents)

    def test_package_is_tried_again_after_a_pause(self):
        self.check_spared("open_batch", 3)

    def test_single_invoice_is_tried_again_after_a_pause(self):
        self.check_spared("open_online", 2)

    def test_pause_grows(self):
        for operation, count in (("open_batch", 3), ("open_online", 1)):
            with self.subTest(operation=operation):
                self.simulator.inject(operation, "status", status=502, times=None)
                documents = self.post_many(count)
                pauses = []
                for _try in range(4):
                    self.pass_rounds(documents, 1)
                    pauses.append(self.get_pause())
                self.assertEqual(pauses, sorted(pauses))
                self.assertGreater(pauses[-1], 2 * pauses[0])
                self.simulator.control("faults", method="DELETE")
                self.finish_all(documents)
                self.simulator.control("reset", {})
                self.connect()


class TestLimitsOfGroups(VolumeCase):
    """A rate group that is used up stops only the steps that need it."""

    def hold(self, operation):
        """Let KSeF refuse the next call of an operation for a quarter of an hour."""
        self.simulator.inject(operation, "status", status=429, retry_after=HOLD_SECONDS)

    def test_limit_of_single_sending_does_not_stop_a_package(self):
        self.hold("send_invoice")
        single = self.post_many(1)
        self.step()
        self.assertEqual(single.state, "queued")
        documents = self.post_many(4)
        self.settle(documents)
        self.assertEqual(self.simulator.count("open_batch"), 1)
        self.assertEqual(self.simulator.count("send_invoice"), 1)

    def test_limit_of_packages_does_not_stop_single_sending(self):
        self.hold("open_batch")
        held = self.post_many(3)
        self.step()
        self.assertEqual(set(held.mapped("state")), {"queued"})
        single = self.post_many(1)
        self.settle(single)
        self.assertEqual(self.simulator.count("open_batch"), 1)

    def test_nothing_is_packed_while_no_package_may_be_opened(self):
        self.hold("open_batch")
        documents = self.post_many(3)
        self.step()
        self.assertEqual(len(self.get_packages()), 1)
        documents |= self.post_many(3)
        for _step in range(4):
            self.let_time_pass(documents)
            self.step()
        self.assertEqual(len(self.get_packages()), 1)
        self.assertEqual(set(documents.mapped("attempt_count")), {0})
        self.assertEqual(self.simulator.count("open_batch"), 1)


class TestUpload(VolumeCase):
    """A hiccup of where parts are stored does not cost the package."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(batch_module, "PART_PAUSES_SECONDS", (0,) * 4))

    def test_storage_that_hiccups_gets_the_part_in_the_end(self):
        self.simulator.inject("upload_part", "status", status=503, times=3)
        documents = self.post_many(3)
        self.finish_all(documents)
        self.assertEqual(self.simulator.count("upload_part"), 4)
        self.assertEqual(self.simulator.count("open_batch"), 1)

    def test_link_that_is_of_no_use_is_not_tried_again(self):
        self.simulator.inject("upload_part", "status", status=403, times=None)
        documents = self.post_many(3)
        self.step()
        self.assertEqual(self.simulator.count("upload_part"), 1)
        self.assertEqual(set(documents.mapped("state")), {"unknown"})


class TestOneThatCannotBeWritten(VolumeCase):
    """One row that the database refuses keeps nothing from the others."""

    def check_others(self, condition, steps, wanted):
        """Let one row refuse a change; check the others, then the one."""
        documents = self.post_many(4)
        bad = documents[1]
        self.break_writes(BROKEN, f"NEW.id = {bad.id} AND {condition}")
        with mute_logger(SQL_LOGGER, GROUPS_LOGGER, JOB_LOGGER):
            for _step in range(steps):
                self.let_time_pass(documents)
                self.step()
        self.mend_writes()
        others = documents - bad
        self.assertEqual(set(others.mapped(wanted[0])), {wanted[1]})
        self.assertNotEqual(bad[wanted[0]], wanted[1])
        self.finish_all(documents)
        self.check_sent_once(documents)
        return bad

    def test_intent_of_one(self):
        self.check_others("NEW.state = 'sending'", 10, ("upo_state", "stored"))

    def test_result_of_one(self):
        bad = self.check_others("NEW.state = 'accepted'", 10, ("upo_state", "stored"))
        self.assertEqual(bad.session_id.state, "closed")

    def test_receipt_of_one(self):
        self.check_others("NEW.upo_state = 'stored'", 10, ("upo_state", "stored"))


class TestEndOfPackage(VolumeCase):
    """A package that ended stays so, and leaves no document without a next step."""

    def test_package_ksef_does_not_know_any_more_leaves_single_receipts(self):
        documents = self.post_many(3)
        package = self.pass_until(documents, "receipts")
        self.simulator.inject("session_status", "status", status=410, times=None)
        for _step in range(12):
            self.let_time_pass(documents)
            self.step()
        self.assertEqual(package.state, "failed")
        self.settle(documents)
        self.assertEqual(len(set(documents.mapped("upo_single"))), 3)
        self.check_book(documents)

    def test_slower_worker_does_not_wake_a_closed_package(self):
        documents = self.post_many(3)
        package = self.pass_until(documents, "processing")
        gateway = type(self.env["l10n_pl_ksef.gateway"])
        read_pages = gateway._get_session_pages
        overtaken = []

        def read_late(this, connection, reference):
            """Another worker takes results and receipts; then KSeF refuses."""
            if overtaken:
                yield from read_pages(this, connection, reference)
                return
            overtaken.append(package.id)
            session = this.env[SESSION].browse(package.id)
            for _step in range(2):
                this.env["l10n_pl_ksef.batch.poller"]._take_step(session)
            raise errors.KsefRateLimited(
                operation="session_invoices",
                group="session_invoice_list",
                http_status=429,
                retry_after_seconds=3,
            )

        with patch.object(gateway, "_get_session_pages", read_late):
            self.let_time_pass(documents)
            self.step()
        self.assertTrue(overtaken)
        self.assertEqual(package.state, "closed")
        self.assertFalse(package.next_step_on)
        self.check_book(documents)

    def test_ended_package_with_a_date_is_not_looked_at(self):
        documents = self.post_many(3)
        self.settle(documents)
        package = self.get_package(documents)
        package.next_step_on = fields.Datetime.now()
        calls = self.simulator.control("requests")
        with self.assertNoLogs(JOB_LOGGER, "ERROR"):
            self.step()
        self.assertEqual(self.simulator.control("requests"), calls)

    def test_hiccup_at_closing_is_closed_again(self):
        self.simulator.inject("close_batch", "error_code", code=21405, times=2)
        documents = self.post_many(3)
        self.step()
        self.assertEqual(self.get_package(documents).state, "closing")
        self.finish_all(documents)
        self.assertEqual(self.simulator.count("open_batch"), 1)
        self.assertEqual(self.simulator.count("close_batch"), 3)


class TestFailedPackage(VolumeCase):
    """What is no fault of the documents does not count against them."""

    def test_too_many_at_once_still_go_as_packages(self):
        self.simulator.control("settings", {"max_invoices": 2})
        self.set_threshold(1)
        documents = self.post_many(16)
        self.settle(documents, steps=200)
        self.check_book(documents)
        self.assertEqual(self.simulator.count("send_invoice"), 0)
        self.assertEqual(set(documents.mapped("attempt_count")), {1})

    def fail_package(self, documents):
        """Let one package come to nothing; return the pause before the next."""
        count = len(self.get_packages())
        for _round in range(10):
            self.pass_rounds(documents, 1)
            is_new = len(self.get_packages()) > count
            if is_new and set(documents.mapped("state")) == {"queued"}:
                break
        pause = documents[0].next_step_on - fields.Datetime.now()
        return pause.total_seconds()

    def test_package_that_ksef_did_not_take_waits_longer_each_time(self):
        for code in (415, 440):
            with self.subTest(code=code):
                self.get_packages().write({"status_code": False})
                self.simulator.inject(
                    "close_batch", "session_status", code=code, times=3
                )
                documents = self.post_many(3)
                pauses = []
                for _package in range(3):
                    pauses.append(self.fail_package(documents))
                    self.assertEqual(set(documents.mapped("attempt_count")), {0})
                self.assertEqual(pauses, sorted(set(pauses)))
                self.assertGreater(pauses[0], 0)
                self.settle(documents)
                self.check_sent_once(documents)

    def test_package_that_takes_its_worker_with_it_gets_smaller(self):
        floors = dict.fromkeys(batch_module.HALVING_CODES, 1)
        self.startPatcher(patch.dict(batch_module.HALVING_CODES, floors))
        documents = self.post_many(4)
        sizes = []
        for _worker in range(3):
            with self.as_worker() as env:
                connection = self.connection.with_env(env)
                ids = env[BATCH]._pick(connection).ids
                package = env[SESSION].browse(self.pack(env, ids))
                sizes.append(package.sent_count)
            self.let_time_pass(documents)
            with self.as_worker() as env:
                session = env[SESSION].browse(package.id)
                env["l10n_pl_ksef.batch.poller"]._take_step(session)
        self.assertEqual(sizes, [4, 2, 1])
        self.finish_all(documents)
        self.check_sent_once(documents)


class TestTurns(VolumeCase):
    """A company with a great deal to send does not keep the others waiting."""

    def test_other_company_has_the_second_turn(self):
        self.set_threshold(30)
        documents = self.post_many(5)
        other = self.connection.copy({"environment": "demo"})
        late = documents[-1]
        old = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        documents.write({"next_step_on": old})
        late.write(
            {
                "connection_id": other.id,
                "next_step_on": fields.Datetime.add(old, minutes=5),
            }
        )
        with self.as_worker() as env:
            run = Run()
            for _turn in range(2):
                env[JOB]._run_next((self.connection | other).with_env(env), run)
        self.assertEqual(late.blocked_reason, "no_token", "it had its turn")
        self.assertEqual(documents.mapped("state").count("queued"), 3)
