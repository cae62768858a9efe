"""A worker of `make chaos`: every lane of the job, a thread each, for ever.

Fed to `odoo shell`, prints READY when it begins. Nothing but what the addon does
itself keeps two such processes apart: `ir.cron`, whose lock lets one worker at a
lane, is left out; its time limit is not.
"""

import logging
import os
import threading
import time

from odoo import SUPERUSER_ID, api

env = globals()["env"]  # given by odoo shell
registry = env.registry
# As long as ir.cron lets a job run before others have their turn.
RUN_SECONDS = 10
PAUSE_SECONDS = 0.5
_logger = logging.getLogger("ksef_chaos.worker")


def serve(lane, cron_id):
    """Run one lane again and again; a fault is logged, as ir.cron does."""
    threading.current_thread().dbname = registry.db_name
    while True:
        try:
            run_once(lane, cron_id)
        except Exception:
            _logger.exception("The job failed in lane %s", lane)
        time.sleep(PAUSE_SECONDS)


def run_once(lane, cron_id):
    """Run the job of a lane with a cursor and a time limit of its own."""
    with registry.cursor() as cr:
        context = {
            "cron_id": cron_id,
            "cron_end_time": time.monotonic() + RUN_SECONDS,
        }
        cron = api.Environment(cr, SUPERUSER_ID, context)["ir.cron"].browse(cron_id)
        cron, _progress = cron._add_progress()
        cr.commit()
        cron.env["l10n_pl_ksef.job"]._cron_run(lane)


lanes = range(int(os.environ["KSEF_CHAOS_LANES"]))
crons = [env.ref(f"l10n_pl_ksef.ir_cron_run_{lane}").id for lane in lanes]
env.cr.rollback()
print("READY", flush=True)
threads = [
    threading.Thread(target=serve, args=(lane, cron_id), daemon=True)
    for lane, cron_id in enumerate(crons)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
