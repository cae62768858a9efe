"""Fed to `odoo shell`: the job's loop in a process of its own, without ir.cron.

The lock of `ir.cron` would let one process work at a time; here only what the
addon itself does keeps two of them apart.
"""

import time

env = globals()["env"]  # given by odoo shell
SECONDS = 600
PAUSE_SECONDS = 0.2
READY = "worker is ready"

print(READY, flush=True)
found = env["ir.model.data"].search(
    [("module", "=", "l10n_pl_ksef"), ("model", "=", "ir.cron")]
)
actions = env["ir.cron"].browse(found.mapped("res_id")).ir_actions_server_id
actions = actions.filtered(lambda action: "_cron_run" in (action.code or ""))
env.cr.commit()
deadline = time.monotonic() + SECONDS
while time.monotonic() < deadline:
    for action in actions:
        action.run()
        env.cr.commit()
    time.sleep(PAUSE_SECONDS)
