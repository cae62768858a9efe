"""What it costs a worker to look for work; runs inside `odoo shell`.

Prints one JSON line: milliseconds and statements of a run that finds
nothing, milliseconds of finding and locking the next document, and how often the
tables of documents and sessions were read from end to end.
"""

import json
import os
import statistics
import time
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api

env = globals()["env"]  # given by odoo shell
TASK = json.loads(os.environ["KSEF_BENCH_TASK"])
# The best of a few, and of those the median: others use this machine too.
GROUPS, TIMES = 11, 50
SCANS = """
SELECT sum(seq_scan) FROM pg_stat_user_tables
 WHERE relname IN ('l10n_pl_ksef_document', 'l10n_pl_ksef_session')
"""
QUEUE = """
UPDATE l10n_pl_ksef_document
   SET state = 'queued', next_step_on = now() AT TIME ZONE 'UTC' - interval '1 minute'
 WHERE id IN (SELECT id FROM l10n_pl_ksef_document
               WHERE company_id = %s AND state = 'withdrawn' ORDER BY id LIMIT %s)
"""
LET_GO = """
UPDATE l10n_pl_ksef_document SET state = 'withdrawn', next_step_on = NULL
 WHERE state = 'queued'
"""


@contextmanager
def fresh():
    """Give the job in a transaction and an environment of its own."""
    with env.registry.cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})["l10n_pl_ksef.job"]


def count_scans():
    """Return the sequential scans of the big tables by this process so far."""
    with env.registry.cursor() as cr:
        cr.execute("SELECT pg_stat_force_next_flush()")
    with env.registry.cursor() as cr:
        cr.execute(SCANS)
        return int(cr.fetchone()[0])


def run_idle():
    """Return (milliseconds, statements) of a run that finds nothing to do."""
    with fresh() as job:
        before, started = job.env.cr.sql_log_count, time.perf_counter()
        job._cron_run(TASK["lane"])
        seconds = time.perf_counter() - started
        return seconds * 1000, job.env.cr.sql_log_count - before


def claim():
    """Return the milliseconds until the next document is found and locked."""
    with fresh() as job:
        agenda = job.env["l10n_pl_ksef.agenda"]
        connections = agenda._find_busy(TASK["lane"])
        started = time.perf_counter()
        [first] = agenda._get_first(connections, ())
        found = job.env["l10n_pl_ksef.document"].browse(first[0])
        locked = job.env["l10n_pl_ksef.sender"]._lock(found, "queued")
        seconds = time.perf_counter() - started
        if not locked:
            raise SystemExit("nothing was found")
        job.env.cr.rollback()
        return seconds * 1000


run_idle()  # warms up
scans = count_scans()
idle = [[run_idle() for _time in range(TIMES)] for _group in range(GROUPS)]
scans = count_scans() - scans
env.cr.execute(QUEUE, [TASK["company"], TASK["waiting"]])
env.cr.commit()
claims = [[claim() for _time in range(TIMES)] for _group in range(GROUPS)]
env.cr.execute(LET_GO)
env.cr.commit()
result = {
    "idle_ms": statistics.median(min(group)[0] for group in idle),
    "idle_median_ms": statistics.median(ms for group in idle for ms, _count in group),
    "idle_statements": max(statements for group in idle for _ms, statements in group),
    "claim_ms": statistics.median(map(min, claims)),
    "claim_median_ms": statistics.median(ms for group in claims for ms in group),
    "scans": scans,
}
print("RESULT " + json.dumps(result))
