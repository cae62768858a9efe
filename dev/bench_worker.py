"""A worker of the job with a fresh registry; runs inside `odoo shell`.

Runs the lanes of KSEF_BENCH_TASK again and again, as `ir.cron` does (a cursor of
its own each), until no document of theirs has a step to come. Prints READY, waits
for the file that the task names, and prints one JSON line at the end. With `feed`
in the task it queues so many invoices, works, and goes on with the next number.
"""

import json
import os
import time
from pathlib import Path

from odoo import SUPERUSER_ID, api

env = globals()["env"]  # given by odoo shell
TASK = json.loads(os.environ["KSEF_BENCH_TASK"])
LOOK_SECONDS = 0.05
OPEN = """
SELECT EXISTS (
    SELECT FROM l10n_pl_ksef_document
     WHERE connection_id %% 4 = ANY(%s) AND (next_step_on IS NOT NULL
        OR state IN ('queued', 'sending', 'processing', 'unknown')
        OR upo_state = 'wanted'))
"""


QUEUE = """
UPDATE l10n_pl_ksef_document
   SET state = 'queued', next_step_on = now() AT TIME ZONE 'UTC'
 WHERE id IN (SELECT id FROM l10n_pl_ksef_document
               WHERE company_id = %s AND state = 'withdrawn' ORDER BY id LIMIT %s)
"""


def read_memory(name):
    """Return a figure of this process in MB: VmRSS now, VmHWM at the most."""
    status = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in status if line.startswith(name))
    return int(line.split()[1]) / 1024


def run_once(lane):
    """Run the job of a lane in a transaction and an environment of its own."""
    with env.registry.cursor() as cr:
        api.Environment(cr, SUPERUSER_ID, {})["l10n_pl_ksef.job"]._cron_run(lane)


def has_work():
    with env.registry.cursor() as cr:
        cr.execute(OPEN, [TASK["lanes"]])
        return cr.fetchone()[0]


def work(least_runs=0):
    """Run until everything is accepted and has its receipt, or the time is over."""
    deadline = time.monotonic() + TASK["seconds"]
    runs = 0
    while time.monotonic() < deadline and (runs < least_runs or has_work()):
        for lane in TASK["lanes"]:
            run_once(lane)
        runs += 1
        time.sleep(LOOK_SECONDS)


def feed():
    """Yield the memory in MB after each group of invoices was worked off."""
    for size in TASK["feed"]:
        with env.registry.cursor() as cr:
            cr.execute(QUEUE, [TASK["company"], size])
        work()
        yield read_memory("VmRSS")


def wait_for_start():
    while not Path(TASK["start_file"]).exists():
        time.sleep(LOOK_SECONDS)


env.cr.rollback()
before = read_memory("VmHWM")
print("READY", flush=True)
wait_for_start()
started = time.monotonic()
memory = list(feed()) if "feed" in TASK else work(TASK.get("least_runs", 0))
result = {
    "memory_mb": memory,
    "seconds": time.monotonic() - started,
    "growth_mb": read_memory("VmHWM") - before,
}
print("RESULT " + json.dumps(result), flush=True)
