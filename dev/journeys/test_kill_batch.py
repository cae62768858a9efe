"""A worker is killed at each step of a package, also inside its commits."""

import time
import unittest

from ..chaos_books import Books
from ..chaos_clock import Clock
from ..chaos_stage import Stage
from ..chaos_workers import Workers

# More than go one by one.
PACKAGE = 35
# The simulator holds an answer back for so long; the worker is dead by then.
SILENCE_SECONDS = 2
# A commit is held for so long.
HELD_SECONDS = 3
WAIT_SECONDS = 60
LOOK_SECONDS = 0.05
HOLD = """
CREATE OR REPLACE FUNCTION ksef_kill_hold() RETURNS trigger AS $$
BEGIN
    PERFORM pg_sleep({seconds});
    RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE CONSTRAINT TRIGGER ksef_kill_hold AFTER {event} ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ({condition})
    EXECUTE FUNCTION ksef_kill_hold()
"""
LET_GO = "DROP TRIGGER IF EXISTS ksef_kill_hold ON {table}"
HELD = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event = 'PgSleep' AND query ILIKE 'COMMIT%%'"
)
# A package that was lost with its worker makes the next ones smaller.
FORGET = "UPDATE l10n_pl_ksef_session SET status_code = NULL"
DOCUMENT, SESSION = "l10n_pl_ksef_document", "l10n_pl_ksef_session"
NEWEST = "SELECT state FROM l10n_pl_ksef_session WHERE kind = 'batch' ORDER BY id DESC"
STATES = "SELECT DISTINCT state FROM l10n_pl_ksef_document WHERE move_id > %s"


class TestKillBatch(unittest.TestCase):
    """Wherever a worker dies, each invoice gets one number and its receipt."""

    @classmethod
    def setUpClass(cls):
        cls.stage = Stage("ksef_journey_testkillbatch", has_second=False)
        cls.addClassCleanup(cls.stage.stop)
        cls.stage.start()
        cls.workers = Workers(cls.stage.name, cls.stage.count_lanes())
        cls.addClassCleanup(cls.workers.stop)
        cls.clock = Clock(cls.stage, cls.workers)
        cls.clock.start()
        cls.addClassCleanup(cls.clock.stop)
        cls.posted = 0

    def setUp(self):
        self.stage.demo.control("DELETE", "faults")
        self.workers.ensure(0)
        self.assertTrue(self.stage.wait_for_backlog(0, WAIT_SECONDS))
        self.stage.query(FORGET)

    def post(self):
        self.stage.post(0, PACKAGE)
        type(self).posted += PACKAGE

    def kill(self):
        """Kill the worker; return (states of its package, of its documents)."""
        self.workers.kill(0)
        states = self.get_states()
        self.stage.demo.control("DELETE", "faults")
        return states

    def get_states(self):
        sessions = self.stage.query(NEWEST)
        found = self.stage.query_ours(STATES)
        documents = {state for (state,) in found} - {"accepted"}
        return (sessions[0][0] if sessions else None, documents)

    def kill_at(self, operation, action, skip=0):
        """Kill the worker while it waits for the answer of an operation.

        :param action: ``delay``: KSeF has done nothing yet; ``delay_after``: it has
        """
        fault = {"operation": operation, "action": action, "skip": skip}
        self.stage.control("faults", {**fault, "seconds": SILENCE_SECONDS})
        count = self.count(operation) + skip + 1
        self.post()
        self.wait_for(lambda: self.count(operation) >= count, f"{operation} is asked")
        # What KSeF does at once is done by then.
        time.sleep(2 * LOOK_SECONDS)
        return self.kill()

    def count(self, operation):
        return self.stage.demo.control("GET", "requests").get(operation, 0)

    def kill_inside_commit(self, table, event, condition, is_lost):
        """Kill the worker inside a commit, which is lost with it or not."""
        words = {"table": table, "event": event, "condition": condition}
        self.stage.query(HOLD.format(seconds=HELD_SECONDS, **words))
        self.addCleanup(self.stage.query, LET_GO.format(table=table))
        self.post()
        held = self.wait_for(lambda: self.stage.query(HELD), "a commit hangs")
        self.workers.kill(0)
        for (backend,) in held if is_lost else ():
            self.stage.query("SELECT pg_terminate_backend(%s)", backend)
        self.wait_for(lambda: not self.stage.query(HELD), "the commit is over")
        self.stage.query(LET_GO.format(table=table))
        return self.get_states()

    def wait_for(self, condition, what):
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if result := condition():
                return result
            time.sleep(LOOK_SECONDS)
        return self.fail(f"waited {WAIT_SECONDS} s: {what}")

    def check_same_result(self, packages):
        """Start a worker again; both books must be the same in the end.

        :param packages: so many are taken by KSeF for these invoices
        """
        self.workers.start(0)
        is_over = self.stage.wait_for_backlog(0, WAIT_SECONDS)
        self.assertTrue(is_over, self.get_states())
        self.assertIsNone(self.clock.failure)
        for what, wrong in Books(self.stage).compare(self.posted):
            self.assertEqual(wrong, [], what)
        self.assertEqual(self.get_states()[1], set())
        self.assertEqual(self.count_posts(), packages)

    def count_posts(self):
        """Return how many packages KSeF processed for the newest invoice."""
        sent = self.stage.read_book()["sent"]
        return sum(one["invoiceHash"] == sent[-1]["invoiceHash"] for one in sent)

    # -- inside commits --------------------------------------------------------

    def test_before_the_intent_is_committed(self):
        intent = (SESSION, "INSERT", "NEW.kind = 'batch'")
        states = self.kill_inside_commit(*intent, is_lost=True)
        self.assertEqual(states[1], {"queued"})
        self.check_same_result(packages=1)

    def test_inside_the_commit_of_the_intent(self):
        intent = (SESSION, "INSERT", "NEW.kind = 'batch'")
        states = self.kill_inside_commit(*intent, is_lost=False)
        self.assertEqual(states, ("opening", {"sending"}))
        self.check_same_result(packages=1)

    def test_inside_the_commit_of_the_reference_which_fails(self):
        opened = (SESSION, "UPDATE", "NEW.state = 'uploading'")
        states = self.kill_inside_commit(*opened, is_lost=True)
        self.assertEqual(states, ("opening", {"sending"}))
        self.check_same_result(packages=1)

    def test_inside_the_commit_of_the_closing_which_fails(self):
        closed = (SESSION, "UPDATE", "NEW.state = 'processing'")
        states = self.kill_inside_commit(*closed, is_lost=True)
        self.assertEqual(states, ("closing", {"sending"}))
        self.check_same_result(packages=1)

    def test_inside_the_commit_of_the_closing_which_holds(self):
        closed = (SESSION, "UPDATE", "NEW.state = 'processing'")
        states = self.kill_inside_commit(*closed, is_lost=False)
        self.assertEqual(states, ("processing", {"processing"}))
        self.check_same_result(packages=1)

    def test_inside_the_commit_of_the_results(self):
        settled = (SESSION, "UPDATE", "NEW.state = 'receipts'")
        states = self.kill_inside_commit(*settled, is_lost=True)
        self.assertEqual(states, ("processing", set()))
        self.check_same_result(packages=1)

    def test_inside_the_commit_of_the_numbers(self):
        numbers = (DOCUMENT, "UPDATE", self.is_last("NEW.state = 'accepted'"))
        states = self.kill_inside_commit(*numbers, is_lost=True)
        self.assertEqual(states, ("processing", {"processing"}))
        self.check_same_result(packages=1)

    def test_inside_the_commit_of_the_receipts(self):
        shared = (DOCUMENT, "UPDATE", self.is_last("NEW.upo_state = 'stored'"))
        states = self.kill_inside_commit(*shared, is_lost=True)
        self.assertEqual(states, ("receipts", set()))
        self.check_same_result(packages=1)

    def is_last(self, condition):
        """Return the condition for one document of the package that comes."""
        [[newest]] = self.stage.query(f"SELECT COALESCE(max(id), 0) FROM {DOCUMENT}")
        return f"{condition} AND NEW.id = {newest + PACKAGE}"

    # -- during calls ----------------------------------------------------------

    def test_while_it_is_opened_and_ksef_knows_nothing(self):
        states = self.kill_at("open_batch", "delay")
        self.assertEqual(states, ("opening", {"sending"}))
        self.check_same_result(packages=1)

    def test_while_it_is_opened_and_ksef_has_opened_it(self):
        states = self.kill_at("open_batch", "delay_after")
        self.assertEqual(states, ("opening", {"sending"}))
        self.check_same_result(packages=1)

    def test_between_opening_and_uploading(self):
        states = self.kill_at("upload_part", "delay")
        self.assertEqual(states, ("uploading", {"sending"}))
        self.check_same_result(packages=1)

    def test_between_two_parts(self):
        self.set_part_bytes(2000)
        self.addCleanup(self.set_part_bytes, "")
        states = self.kill_at("upload_part", "delay", skip=1)
        self.assertEqual(states, ("uploading", {"sending"}))
        self.check_same_result(packages=1)

    def set_part_bytes(self, size):
        self.stage.journeys[0].odoo.call(
            "ir.config_parameter",
            "set_param",
            "l10n_pl_ksef.batch_part_bytes",
            str(size),
        )

    def test_between_uploading_and_closing(self):
        states = self.kill_at("upload_part", "delay_after")
        self.assertEqual(states, ("uploading", {"sending"}))
        self.check_same_result(packages=1)

    def test_while_it_is_closed_and_ksef_knows_nothing(self):
        states = self.kill_at("close_batch", "delay")
        self.assertEqual(states, ("closing", {"sending"}))
        self.check_same_result(packages=1)

    def test_while_it_is_closed_and_ksef_has_closed_it(self):
        states = self.kill_at("close_batch", "delay_after")
        self.assertEqual(states, ("closing", {"sending"}))
        self.check_same_result(packages=1)

    def test_while_the_results_are_read(self):
        states = self.kill_at("session_invoices", "delay_after")
        self.assertEqual(states, ("processing", {"processing"}))
        self.check_same_result(packages=1)

    def test_while_the_receipt_is_downloaded(self):
        states = self.kill_at("upo_link", "delay")
        self.assertEqual(states, ("receipts", set()))
        self.check_same_result(packages=1)
