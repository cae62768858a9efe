"""What the posting hook costs; runs inside `odoo shell`, prints one JSON line.

Three ways of posting are interleaved, so that a noisy machine disturbs all of
them alike: without the addon's code, in a company that does not use KSeF, and
in one that does. Each posting is rolled back.
"""

import json
import os
import statistics
import time
from datetime import date

from odoo.addons.l10n_pl_ksef.models.account_move import AccountMove

env = globals()["env"]  # given by odoo shell
ROUNDS = int(os.environ["KSEF_BENCH_ROUNDS"])
COMPANY = env.ref("base.demo_company_pl")
OVERRIDES = ("_post", "action_post", "write")
MODES = ("without", "unused", "used")
SIZES = (1, 200)


def make_invoices(user_env, count):
    """Make drafts of three lines, as a shop has them."""
    tax = user_env.ref(f"account.{COMPANY.id}_vs_kraj_23")
    buyer = user_env["res.partner"].search([("vat", "=", "PL1111111111")], limit=1)
    line = {"quantity": 2, "price_unit": 100, "tax_ids": [(6, 0, tax.ids)]}
    lines = [(0, 0, {**line, "name": f"Item {number}"}) for number in range(3)]
    values = {
        "move_type": "out_invoice",
        "partner_id": buyer.id,
        "invoice_date": date.today(),
        "invoice_line_ids": lines,
    }
    return user_env["account.move"].create([values] * count)


def post(invoices, mode):
    """Post drafts in one way; return seconds and SQL statements."""
    kept = {name: AccountMove.__dict__[name] for name in OVERRIDES}
    COMPANY.l10n_pl_ksef_environment = "test" if mode == "used" else False
    env.flush_all()
    env.invalidate_all()
    if mode == "without":
        for name in OVERRIDES:
            delattr(AccountMove, name)
    try:
        statements, started = env.cr.sql_log_count, time.perf_counter()
        invoices.action_post()
        env.flush_all()
        seconds = time.perf_counter() - started
    finally:
        for name, function in kept.items():
            setattr(AccountMove, name, function)
    return seconds, env.cr.sql_log_count - statements


def measure(user_env, size):
    """Return {mode: (median seconds, median statements)} of interleaved runs."""
    runs = {mode: [] for mode in MODES}
    for number in range(ROUNDS + 1):
        round_savepoint = env.cr.savepoint()
        invoices = make_invoices(user_env, size)
        for mode in MODES[number % 3 :] + MODES[: number % 3]:
            savepoint = env.cr.savepoint()
            result = post(invoices, mode)
            savepoint.close(rollback=True)
            env.invalidate_all(flush=False)
            if number:  # the first round warms up
                runs[mode].append(result)
        round_savepoint.close(rollback=True)
        env.invalidate_all(flush=False)
    return {
        mode: [statistics.median(column) for column in zip(*results, strict=True)]
        for mode, results in runs.items()
    }


def count_statements(user_env):
    """Return {lines: statements} of building and checking one invoice."""
    export = user_env["l10n_pl_ksef.fa3.export"]
    counts = {}
    for lines in (5, 50, 500):
        [invoice] = make_invoices(user_env, 1)
        extra = [(0, 0, {"name": "More", "price_unit": 1})] * (lines - 3)
        invoice.write({"invoice_line_ids": extra})
        invoice.action_post()
        env.flush_all()
        env.invalidate_all()
        before = env.cr.sql_log_count
        export._prepare_files(invoice, COMPANY.create_date)
        counts[lines] = env.cr.sql_log_count - before
    return counts


user = env.ref("base.user_admin")
context = {"allowed_company_ids": [COMPANY.id], "tracking_disable": False}
as_user = env(user=user.id, context=context)
COMPANY.l10n_pl_ksef_since = date.today()
found = {str(size): measure(as_user, size) for size in SIZES}
COMPANY.l10n_pl_ksef_environment = False
found["statements"] = count_statements(as_user)
env.cr.rollback()
print("RESULT " + json.dumps(found))
