"""Times FA(3) building against Odoo's own; runs inside `odoo shell`, prints JSON.

Both ways get the same posted invoices with nothing in memory, by turns. Ours builds
and checks, the schema included; theirs renders.
"""

import json
import os
import statistics
import time
from datetime import date, datetime

from odoo import Command

from odoo.addons.l10n_pl_ksef.fa3 import checks

env = globals()["env"]  # given by odoo shell
ROUNDS = int(os.environ["KSEF_BENCH_ROUNDS"])
COMPANY = env.ref("base.demo_company_pl")
CREATED_ON = datetime(2026, 11, 10, 9, 30)
MANY, FEW, LONG = 200, 3, 1000
# Template of the tax, country of the buyer; cases of one line.
KINDS = {
    "23%": ("vs_kraj_23", "pl"),
    "5%": ("vs_kraj_5", "pl"),
    "exempt": ("vs_kraj_zw", "pl"),
    "intra-Community supply": ("vs_unia", "de"),
    "export of goods": ("vs_eksp_tow", "us"),
    "services to the EU": ("vs_dostu", "de"),
    "foreign currency": ("vs_kraj_23", "pl"),
}
VATS = {"pl": "PL5260001246", "de": "DE136695976", "us": "US123456789"}


def get_tax(template):
    tax = env.ref(f"account.{COMPANY.id}_{template}")
    tax.active = True
    if template == "vs_kraj_zw":
        tax.l10n_pl_ksef_exemption_basis = "art. 43 ust. 1 pkt 37 ustawy o VAT"
    return tax


def make_buyer(country):
    partners = env["res.partner"].with_context(no_vat_validation=True)
    return partners.create(
        {
            "name": f"Buyer {country}",
            "is_company": True,
            "vat": VATS[country],
            "street": "Długa 5",
            "zip": "30-001",
            "city": "Kraków",
            "country_id": env.ref(f"base.{country}").id,
        }
    )


def make_invoices(count, lines, template="vs_kraj_23", country="pl", currency="PLN"):
    """Return posted invoices with so many lines each."""
    tax, buyer = get_tax(template), make_buyer(country)
    line = {"quantity": 2, "price_unit": 100, "tax_ids": [Command.set(tax.ids)]}
    values = {
        "move_type": "out_invoice",
        "partner_id": buyer.id,
        "invoice_date": date.today(),
        "currency_id": env.ref(f"base.{currency}").id,
        "invoice_line_ids": [
            Command.create({**line, "name": f"Towar {number}"})
            for number in range(lines)
        ],
    }
    invoices = env["account.move"].create([values] * count)
    invoices._post(soft=False)
    return invoices


def build(invoices):
    """Build and check our way; return the files."""
    files = env["l10n_pl_ksef.fa3.export"]._prepare_files(invoices, CREATED_ON)
    for prepared in files.values():
        if prepared.xml is None:
            raise ValueError(f"no file: {prepared.problems}")
    return [prepared.xml for prepared in files.values()]


def render(invoices):
    """Render the other way; return the files."""
    return [invoice._l10n_pl_edi_render_xml() for invoice in invoices]


def measure(function, invoices):
    """Return seconds of one run with nothing in memory."""
    env.flush_all()
    env.invalidate_all()
    started = time.perf_counter()
    function(invoices)
    return time.perf_counter() - started


def is_valid(data):
    schema = env["l10n_pl_ksef.schema"]._get_schema()
    data = data.encode() if isinstance(data, str) else bytes(data)
    return not checks.check_xml(data, schema)


def compare(invoices):
    """Return median seconds of ours and theirs, and whether theirs is valid."""
    ours, theirs = [], []
    for number in range(ROUNDS + 1):
        pair = ((build, ours), (render, theirs))
        for function, column in pair if number % 2 else reversed(pair):
            seconds = measure(function, invoices)
            if number:  # the first round warms up
                column.append(seconds)
    if not all(map(is_valid, build(invoices[:1]))):
        raise ValueError("our own file is not valid")
    return (
        statistics.median(ours),
        statistics.median(theirs),
        all(map(is_valid, render(invoices[:1]))),
    )


def count_statements(invoices):
    env.flush_all()
    env.invalidate_all()
    before = env.cr.sql_log_count
    build(invoices)
    return env.cr.sql_log_count - before


def find_refused():
    """Return {kind: why} of what theirs makes invalid files of."""
    refused = {}
    for kind, (template, country) in KINDS.items():
        currency = "EUR" if kind == "foreign currency" else "PLN"
        invoice = make_invoices(1, 1, template, country, currency)
        if not all(map(is_valid, build(invoice))):
            raise ValueError(f"our own file is not valid: {kind}")
        try:
            if not all(map(is_valid, render(invoice))):
                refused[kind] = "the official schema refuses it"
        except Exception as error:  # pylint: disable=broad-except
            refused[kind] = type(error).__name__
    return refused


COMPANY.l10n_pl_ksef_environment = False
env.ref("base.EUR").active = True
env["res.currency.rate"].create(
    {
        "currency_id": env.ref("base.EUR").id,
        "company_id": COMPANY.id,
        "name": date.today(),
        "inverse_company_rate": 4.2345,
    }
)
env = env(context={**env.context, "allowed_company_ids": COMPANY.ids})
COMPANY = COMPANY.with_env(env)
many, long = make_invoices(MANY, FEW), make_invoices(1, LONG)
result = {
    "times": {
        "200 of 3 lines in one job": compare(many),
        "one of 1000 lines": compare(long),
        "one of 3 lines alone": compare(many[:1]),
    },
    "refused": find_refused(),
    "statements": {
        "one of 3 lines": count_statements(many[:1]),
        "one of 1000 lines": count_statements(long),
    },
    "statements_job": count_statements(many) / MANY,
}
env.cr.rollback()
print("RESULT", json.dumps(result))
