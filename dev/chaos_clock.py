"""Lets time pass quickly: what waits is due each second, as if it were much later.

Nothing is made due that a living worker may be at. Rows in somebody's hands have
a deadline instead of a plan: a document in `sending`, a package in `opening`,
`uploading` or `closing`. A deadline counts as passed only when the worker that
wrote it was killed, and so long ago that none of its requests can still be on the
way. Who wrote a row is noted in the database (`chaos_stage`).
"""

import threading
import time

from .chaos_plan import DELAY_SECONDS

BEAT_SECONDS = 1
# A dead worker's last request is answered by then; a commit is over sooner.
DEATH_SECONDS = 2 + 4 * DELAY_SECONDS
NOW = "(now() AT TIME ZONE 'UTC')"
# Rows that somebody is writing are left for the next time.
PASS_DOCUMENTS = f"""
UPDATE l10n_pl_ksef_document SET next_step_on = {NOW} WHERE id IN (
    SELECT id FROM l10n_pl_ksef_document
     WHERE next_step_on > {NOW}
       AND (state != 'sending' OR chaos_writer = ANY(%(dead)s))
       FOR NO KEY UPDATE SKIP LOCKED)
"""
PASS_SESSIONS = f"""
UPDATE l10n_pl_ksef_session SET next_step_on = {NOW} WHERE id IN (
    SELECT id FROM l10n_pl_ksef_session
     WHERE next_step_on > {NOW}
       AND (kind = 'online' OR state NOT IN ('opening', 'uploading', 'closing')
            OR chaos_writer = ANY(%(dead)s))
       FOR NO KEY UPDATE SKIP LOCKED)
"""
PASS_LISTS = """
UPDATE l10n_pl_ksef_session SET listed_on = NULL WHERE id IN (
    SELECT id FROM l10n_pl_ksef_session WHERE listed_on IS NOT NULL
       FOR NO KEY UPDATE SKIP LOCKED)
"""
PASS_OUTAGES = f"""
UPDATE l10n_pl_ksef_connection SET retry_on = {NOW} WHERE id IN (
    SELECT id FROM l10n_pl_ksef_connection WHERE retry_on > {NOW}
       FOR NO KEY UPDATE SKIP LOCKED)
"""
# The hour of the limits is over, and one that could not read them may again.
PASS_LIMITS = f"""
UPDATE l10n_pl_ksef_limit
   SET free_on = NULL, blocked_until = NULL, calls = NULL,
       asked_on = CASE WHEN read_on IS NULL THEN NULL ELSE asked_on END
 WHERE id IN (
    SELECT id FROM l10n_pl_ksef_limit
     WHERE free_on > {NOW} OR blocked_until > {NOW}
       FOR NO KEY UPDATE SKIP LOCKED)
"""
STATEMENTS = (PASS_DOCUMENTS, PASS_SESSIONS, PASS_LISTS, PASS_OUTAGES, PASS_LIMITS)
# What KSeF itself gives up after 12 hours, while no package is being handed in.
ABANDONED = """
SELECT EXISTS (SELECT FROM l10n_pl_ksef_session WHERE state = 'abandoned')
   AND NOT EXISTS (SELECT FROM l10n_pl_ksef_session
                    WHERE state IN ('opening', 'uploading', 'closing')
                      AND kind = 'batch')
"""


class Clock:
    """Beats in a thread of its own until it is stopped."""

    def __init__(self, stage, workers):
        self._stage = stage
        self._workers = workers
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure = None

    def start(self):
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join()

    def _run(self):
        try:
            while not self._stopped.wait(BEAT_SECONDS):
                self._beat()
        except Exception as error:
            self.failure = error

    def _beat(self):
        now = time.monotonic()
        deaths = dict(self._workers.deaths)
        dead = [name for name, on in deaths.items() if on + DEATH_SECONDS < now]
        for statement in STATEMENTS:
            self._stage.query_named(statement, dead=dead)
        if self._stage.query(ABANDONED)[0][0]:
            self._stage.control("expire", {"what": "sessions"})
