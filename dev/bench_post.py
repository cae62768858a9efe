"""Posts invoices of three lines; runs inside `odoo shell`, prints one JSON line.

The invoices wait for a job that does not run here. KSEF_BENCH_TASK says in how
many companies, and how many in each; further companies are made.
"""

import json
import os
from datetime import date

env = globals()["env"]  # given by odoo shell
TASK = json.loads(os.environ["KSEF_BENCH_TASK"])
CHUNK = 500
TODAY = date.today()
FIRST = env.ref("base.demo_company_pl")
BUYER_VAT = "PL1111111111"


def make_company(number, nip):
    """Make one more company in Poland with a chart of accounts of its own."""
    # A new company would install modules for its country.
    companies = env["res.company"].with_context(install_mode=True)
    company = companies.create(
        {
            "name": f"Bench company {number}",
            "vat": f"PL{nip}",
            "country_id": FIRST.country_id.id,
            "currency_id": FIRST.currency_id.id,
            "street": "ul. Przykładowa 2",
            "zip": "00-001",
            "city": "Warszawa",
        }
    )
    company = company.with_context(install_mode=False)
    env["account.chart.template"].try_loading("pl", company, install_demo=False)
    admin = env.ref("base.user_admin")
    admin.company_ids += company
    return company


def post(company, count):
    """Create and post invoices, a chunk in each transaction."""
    here = env["account.move"].with_company(company)
    here = here.with_context(allowed_company_ids=company.ids)
    tax = env.ref(f"account.{company.id}_vs_kraj_23")
    buyer = env["res.partner"].search([("vat", "=", BUYER_VAT)], limit=1)
    line = {"quantity": 2, "price_unit": 100, "tax_ids": [(6, 0, tax.ids)]}
    values = {
        "move_type": "out_invoice",
        "partner_id": buyer.id,
        "invoice_date": TODAY,
        "invoice_line_ids": [
            (0, 0, {**line, "name": f"Item {number}"}) for number in range(3)
        ],
    }
    for start in range(0, count, CHUNK):
        moves = here.create([values] * min(CHUNK, count - start))
        moves._post(soft=False)
        env.cr.commit()
        env.invalidate_all()


def use_ksef(company):
    """Let a company send to the test environment; its token comes later."""
    company.write(
        {
            "l10n_pl_ksef_environment": "test",
            "l10n_pl_ksef_since": TODAY.replace(day=1),
        }
    )


companies = [FIRST]
companies += [
    make_company(number, nip) for number, nip in enumerate(TASK["more_nips"], 2)
]
for company in companies:
    use_ksef(company)
    post(company, TASK["count"] if company == FIRST else TASK["more_count"])
env.cr.commit()
print("RESULT " + json.dumps([company.id for company in companies]))
