"""Faults that only a real server meets: kills, commits that hang, full disks.

What has to come of each is in `readme/FAULTS.md`.
"""

import base64
import time
from collections import namedtuple

from .common import LOOK_SECONDS, WAIT_SECONDS, ServerCase

# A commit is held for this long; everything is over by then.
HELD_SECONDS = 6
DOCUMENT = "l10n_pl_ksef.document"
DONE = ("accepted", "stored")
# KSeF did not look at what came with a dead access token.
UNAUTHORIZED = "401"
COLUMNS = "state, upo_state, ksef_number, sha256, attempt_count, id, xml"
Row = namedtuple("Row", COLUMNS)
HOLD = """
CREATE OR REPLACE FUNCTION ksef_matrix_hold() RETURNS trigger AS $$
BEGIN
    PERFORM pg_sleep({seconds});
    RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE CONSTRAINT TRIGGER ksef_matrix_hold AFTER UPDATE ON l10n_pl_ksef_document
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ({condition})
    EXECUTE FUNCTION ksef_matrix_hold()
"""
LET_GO = "DROP TRIGGER IF EXISTS ksef_matrix_hold ON l10n_pl_ksef_document"
BREAK = """
CREATE SEQUENCE IF NOT EXISTS ksef_matrix_count;
SELECT setval('ksef_matrix_count', 1, false);
CREATE OR REPLACE FUNCTION ksef_matrix_break() RETURNS trigger AS $$
BEGIN
    IF nextval('ksef_matrix_count') <= {times} THEN
        RAISE EXCEPTION 'broken by the test' USING ERRCODE = '{code}';
    END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER ksef_matrix_break BEFORE {event} ON l10n_pl_ksef_document
    FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION ksef_matrix_break()
"""
MEND = "DROP TRIGGER IF EXISTS ksef_matrix_break ON l10n_pl_ksef_document"
# Backends of this database that sleep inside a COMMIT.
HELD_BACKENDS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event = 'PgSleep' AND query ILIKE 'COMMIT%%'"
)
OUR_CRONS = (
    "SELECT res_id FROM ir_model_data"
    " WHERE module = 'l10n_pl_ksef' AND model = 'ir.cron'"
)
# What waits for a later moment is due now; a row in somebody's hands is left.
HURRY = """
UPDATE l10n_pl_ksef_document SET next_step_on = now() AT TIME ZONE 'UTC'
 WHERE id IN (
    SELECT id FROM l10n_pl_ksef_document
     WHERE next_step_on > now() AT TIME ZONE 'UTC'
       FOR UPDATE SKIP LOCKED)
"""


class FaultCase(ServerCase):
    """Base: break something below Odoo, then see what became of the invoices."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.query, MEND)
        self.addCleanup(self.query, LET_GO)
        self.addCleanup(self.demo.control, "DELETE", "faults")
        if self.demo.odoo.poll() is not None:
            # The test before ended between a kill and the new start.
            self.restart()

    # -- breaking ------------------------------------------------------------

    def inject(self, operation, action, **values):
        """Let the simulator answer badly (see simulator/faults.py)."""
        fault = {"operation": operation, "action": action, **values}
        self.demo.control("POST", "faults", fault)

    def hold_commits(self, condition):
        """Make commits of documents hang that satisfy SQL about OLD and NEW."""
        self.query(HOLD.format(seconds=HELD_SECONDS, condition=condition))

    def wait_for_held_commit(self):
        """Return the process ids of the backends that hang inside a COMMIT."""
        return self.wait_until(lambda: self.query(HELD_BACKENDS), "a commit hangs")

    def let_commits_go(self):
        """Let commits pass again, once those under way are over."""
        self.wait_until(lambda: not self.query(HELD_BACKENDS), "the commit is over")
        self.query(LET_GO)

    def break_writes(self, event, code, times, condition="TRUE"):
        """Let the database refuse the next INSERTs or UPDATEs of documents.

        :param code: SQLSTATE that is raised
        :param times: so many times, counted through rollbacks
        :param condition: SQL about OLD and NEW
        """
        words = {"event": event, "code": code, "times": times}
        self.query(BREAK.format(**words, condition=condition))

    def count_broken(self):
        """Return how many writes the database has looked at since."""
        rows = self.query("SELECT last_value, is_called FROM ksef_matrix_count")
        [(value, is_called)] = rows
        return value if is_called else 0

    def restart(self):
        """Start the server that was killed."""
        self.demo.start_odoo()

    # -- driving -------------------------------------------------------------

    def call_job(self):
        """Make the job due now, as its interval does."""
        self.query(
            "INSERT INTO ir_cron_trigger (cron_id, call_at)"
            f" SELECT res_id, now() AT TIME ZONE 'UTC' FROM ({OUR_CRONS}) AS ours"
        )
        self.wake_job()

    def finish(self, *moves):
        """Wait until all have number and receipt; pauses are cut short."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            rows = [self.get_row(move) for move in moves]
            if all((row.state, row.upo_state) == DONE for row in rows):
                return
            self.query(HURRY)
            self.call_job()
            time.sleep(5 * LOOK_SECONDS)
        self.fail(f"after {WAIT_SECONDS} s: {[row[:5] for row in rows]}")

    # -- judging -------------------------------------------------------------

    def get_row(self, move):
        """Return the document of an invoice as it stands in the database."""
        statement = f"SELECT {COLUMNS} FROM l10n_pl_ksef_document WHERE move_id = %s"
        [row] = self.query(statement, move)
        return Row(*row)

    def get_attempts(self, move):
        """Return the outcomes of all POSTs of an invoice that KSeF looked at."""
        digest = self.get_row(move).sha256
        attempts = self.demo.control("GET", "book")["attempts"]
        outcomes = [one["outcome"] for one in attempts if one["hash"] == digest]
        return [outcome for outcome in outcomes if outcome != UNAUTHORIZED]

    def check_same_result(self, move, posts=1):
        """Check: one KSeF number, right here, our bytes, receipt, right many POSTs."""
        row = self.get_row(move)
        book = self.get_book()
        [entry] = [one for one in book if one["invoiceHash"] == row.sha256]
        namesakes = [
            one for one in book if one["invoiceNumber"] == entry["invoiceNumber"]
        ]
        self.assertEqual(namesakes, [entry], "KSeF has the invoice exactly once")
        self.assertEqual((row.state, row.upo_state), DONE)
        self.assertEqual(row.ksef_number, entry["ksefNumber"])
        self.assertEqual(base64.b64decode(bytes(row.xml)).decode(), entry["xml"])
        upo = self.odoo.download(f"/web/content/{DOCUMENT}/{row.id}/upo")
        self.assertEqual(upo.decode(), entry["upo"])
        attempts = self.get_attempts(move)
        self.assertEqual(len(attempts), posts, attempts)

    def finish_same(self, *moves, posts=1):
        """Wait for the end of each and check it as above."""
        self.finish(*moves)
        for move in moves:
            self.check_same_result(move, posts)
