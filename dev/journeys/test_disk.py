"""The database refuses: full disk, transactions that meet, rows in other hands."""

import re
from contextlib import closing

import psycopg2

from ..demo_client import Refused
from .faults import FaultCase

DISK_FULL = "53100"
SERIALIZATION_FAILURE = "40001"
ALWAYS = 1_000_000
LOCK = "SELECT id FROM l10n_pl_ksef_document WHERE move_id = %s FOR UPDATE"
# What Odoo logs after a run of a job; the job counts its steps.
STEPS_DONE = re.compile(r"Job 'KSeF[^\n]*\bdone (\d+)")
FEW_STEPS = 60


class TestDatabaseRefuses(FaultCase):
    """What could not be written is undone alone; no call to KSeF is made twice."""

    def count_documents(self, move):
        statement = "SELECT count(*) FROM l10n_pl_ksef_document WHERE move_id = %s"
        return self.query(statement, move)[0][0]

    def get_state(self, move):
        return self.query("SELECT state FROM account_move WHERE id = %s", move)[0][0]

    def get_calls(self):
        return self.demo.control("GET", "requests")

    def test_posting_with_a_full_disk_leaves_nothing_behind(self):
        move = self.journey.make_invoice()
        self.break_writes("INSERT", DISK_FULL, ALWAYS)
        triggers = "SELECT count(*) FROM ir_cron_trigger"
        before = self.query(triggers), self.get_calls()
        with self.assertRaises(Refused):
            self.odoo.call("account.move", "action_post", [move])
        self.assertEqual(self.get_state(move), "draft")
        self.assertEqual(self.count_documents(move), 0)
        self.assertEqual((self.query(triggers), self.get_calls()), before)
        self.mend()
        self.odoo.call("account.move", "action_post", [move])
        self.finish_same(move)

    def mend(self):
        self.doCleanups()

    def test_posting_that_meets_another_transaction_is_done_again(self):
        move = self.journey.make_invoice()
        self.break_writes("INSERT", SERIALIZATION_FAILURE, times=1)
        self.odoo.call("account.move", "action_post", [move])
        self.assertEqual(self.count_broken(), 2, "refused once, then taken")
        self.assertEqual(self.count_documents(move), 1)
        self.finish_same(move)

    def check_full(self, condition):
        """Let the disk be full for some writes, as long as the job tries."""
        self.break_writes("UPDATE", DISK_FULL, ALWAYS, condition)
        move = self.journey.confirm_invoice()
        self.wait_until(self.count_broken, "the job meets a full disk")
        self.mend()
        self.finish_same(move)

    def test_disk_full_for_everything(self):
        self.check_full("TRUE")

    def test_disk_full_for_the_answer(self):
        self.check_full("OLD.state = 'sending'")

    def test_disk_full_for_the_number(self):
        self.check_full("OLD.state = 'processing'")

    def test_disk_full_for_the_receipt(self):
        self.check_full("NEW.upo_state = 'stored'")

    def test_row_in_other_hands_stops_nobody_and_makes_no_spinning(self):
        held, other = (self.journey.make_invoice() for _count in range(2))
        self.inject("open_online", "delay", seconds=3)
        self.query("UPDATE l10n_pl_ksef_session SET state = 'failed'")
        self.odoo.call("account.move", "action_post", [held, other])
        start = len(self.get_odoo_log())
        connection = psycopg2.connect(dbname=self.demo.name)
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(LOCK, [held])
            self.finish_same(other)
            self.assertEqual(self.get_row(held).state, "queued")
        self.finish_same(held)
        steps = STEPS_DONE.findall(self.get_odoo_log()[start:])
        self.assertLess(max(map(int, steps)), FEW_STEPS)
