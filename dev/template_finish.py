"""Fed to `odoo shell` when a template database is built: what a demo needs."""

import os

# No calls to Odoo's publisher: the address is a closed port of this machine.
NOWHERE = "http://127.0.0.1:9"
READY = "template is ready"

modules = os.environ["KSEF_TEMPLATE_MODULES"].split(",")
missing = set(modules) - set(
    env["ir.module.module"].search([("state", "=", "installed")]).mapped("name")
)
if missing:
    raise SystemExit(f"not installed: {missing}")
for key in ("iap.endpoint", "iap.partner_autocomplete.endpoint"):
    env["ir.config_parameter"].set_param(key, NOWHERE)
env.ref("mail.ir_cron_module_update_notification").active = False
# On a fresh database it meets the other jobs of stock and logs an error of its own.
scheduler = env.ref("stock.ir_cron_scheduler_action", raise_if_not_found=False)
if scheduler:
    scheduler.active = False
polish = (
    env["res.lang"].with_context(active_test=False).search([("code", "=", "pl_PL")])
)
env["base.language.install"].create({"lang_ids": [(6, 0, polish.ids)]}).lang_install()
env["ir.qweb"]._pregenerate_assets_bundles()
env.cr.commit()
print(READY)
