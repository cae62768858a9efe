"""Invoices in every KSeF state for `dev/shots.py`; runs inside `odoo shell`.

The states that a simulator gives only for moments are written by hand. Prints
one line of JSON: what was made, by name.
"""

import os
from datetime import datetime, timedelta
from itertools import count

# Different amounts, else Odoo takes the invoices for duplicates.
prices = count(1250)
LONG = timedelta(hours=26)
now = datetime.now().replace(microsecond=0)
company = env.ref("base.demo_company_pl")
env = env(context=dict(env.context, allowed_company_ids=company.ids, lang="en_US"))
company = company.with_env(env)


def make_people():
    make_company()
    groups = env.ref("base.group_system") + env.ref("account.group_account_manager")
    for login, name, lang in (
        ("shots_en", "Anna Nowak", "en_US"),
        ("shots_pl", "Jan Kowalski", "pl_PL"),
    ):
        env["res.users"].with_context(no_reset_password=True).create(
            {
                "login": login,
                "name": name,
                "password": login,
                "lang": lang,
                "odoobot_state": "disabled",
                "tz": "Europe/Warsaw",
                "company_id": company.id,
                "company_ids": company.ids,
                "group_ids": groups.ids,
            }
        )
    return {"company": company.id}


def make_company():
    company.write(
        {
            "name": "Polska Manufaktura Sp. z o.o.",
            "vat": "PL" + os.environ["SHOTS_NIP"],
            "street": "ul. Prosta 1",
            "zip": "00-001",
            "city": "Warszawa",
        }
    )


def make_buyer(name, **values):
    common = {
        "is_company": True,
        "vat": "PL5260001246",
        "street": "ul. Długa 5",
        "zip": "30-001",
        "city": "Kraków",
        "country_id": env.ref("base.pl").id,
    }
    return env["res.partner"].create({"name": name, **common, **values})


def make_invoice(partner, post=True, tax="vs_kraj_23", **values):
    tax = env["account.chart.template"].with_company(company).ref(tax)
    line = {
        "name": "Projekt stołu dębowego",
        "quantity": 2,
        "price_unit": next(prices),
        "tax_ids": [(6, 0, tax.ids)],
    }
    move = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "company_id": company.id,
            "partner_id": partner.id,
            "invoice_date": now.date(),
            "invoice_line_ids": [(0, 0, line)],
            **values,
        }
    )
    if post:
        move._post()
    return move


def force(move, **values):
    document = move.sudo().l10n_pl_ksef_document_id
    document.write(
        {"next_step_on": False, "state_since": now - timedelta(minutes=4), **values}
    )
    return move.id


def hold(reason, back="queued"):
    return {"state": "blocked", "blocked_reason": reason, "return_state": back}


SENT = {"attempt_count": 1, "sent_on": now, "reference": "20261120-EE-0-0-00"}
STATES = {
    "queued": {"next_step_on": now + timedelta(hours=1)},
    "sending": {"state": "sending", "state_since": now, **SENT},
    "unknown": {"state": "unknown", **SENT},
    "processing": {"state": "processing", **SENT},
    "processing_long": {"state": "processing", **SENT, "state_since": now - LONG},
    "rejected": {
        "state": "rejected",
        **SENT,
        "status_code": "450",
        "status_description": "Błąd weryfikacji semantyki dokumentu faktury",
        "status_details": "Wartość elementu NIP nabywcy jest nieprawidłowa.",
    },
    "rejected_right": {"state": "rejected", **SENT, "status_code": "410"},
    "conflict": {
        "state": "conflict",
        **SENT,
        "original_ksef_number": "5265877635-20261120-0100001AF629-9D",
    },
    "accepted_late": {
        "state": "accepted",
        **SENT,
        "state_since": now - LONG,
        "acquired_on": now - LONG,
        "ksef_number": "5265877635-20261119-0100001AF629-11",
        "upo_state": "wanted",
        "mode": "offline",
    },
    "accepted_doubtful": {
        "state": "accepted",
        **SENT,
        "acquired_on": now - LONG,
        "ksef_number": "5265877635-20261119-0100001AF629-12",
        "upo_state": "doubtful",
        "upo_differences": ["sha256", "invoice_number"],
        "mode": "online",
    },
    "date": hold("date"),
    "original": hold("original"),
    "no_token": hold("no_token"),
    "token": hold("token"),
    "certificate": hold("certificate"),
    "right": hold("right"),
    "nip": hold("nip"),
    "clock": hold("clock"),
    "copy": hold("copy"),
    "key": hold("key"),
    "module": hold("module"),
    "address": hold("address"),
}


def make_states():
    buyer = make_buyer(
        "Przedsiębiorstwo Wielobranżowe „Zażółć Gęślą Jaźń” Spółka z ograniczoną"
        " odpowiedzialnością Spółka komandytowa"
    )
    good = make_buyer("Nabywca Przykładowy Sp. z o.o.")
    bad = make_buyer("Firma bez adresu", street=False, city=False)
    person = make_buyer("Maria Wiśniewska", is_company=False, vat=False)
    foreign = make_buyer(
        "Muster GmbH", vat="DE136695976", country_id=env.ref("base.de").id
    )
    env["l10n_pl_ksef.job"]._get_crons().active = False
    company.l10n_pl_ksef_on_problem = "hold"
    company.l10n_pl_ksef_to_foreign = False
    made = {
        name: force(make_invoice(buyer), **values) for name, values in STATES.items()
    }
    return made | {
        "data": make_invoice(bad, tax="vs_kraj_zw").id,
        "to_fix": make_invoice(bad, post=False, tax="vs_kraj_zw").id,
        "ready": make_invoice(good, post=False).id,
        "not_due": make_invoice(person).id,
        "left_out": make_invoice(foreign).id,
    }


def make_accepted():
    return {"accepted": make_invoice(make_buyer("Nabywca Przykładowy Sp. z o.o.")).id}


def get_connection():
    return env["l10n_pl_ksef.connection"]._get_for(company)


def make_ending():
    connection = get_connection()
    connection.certificate_valid_until = now + timedelta(days=20, hours=3)
    warnings = env["l10n_pl_ksef.warning"].sudo()
    warnings._refresh()
    warning = warnings.search([("subject", "=", "certificate_30")], limit=1)
    return {"warning": warning.id}


def make_refused():
    get_connection()._set_problem("certificate", "certificate")
    move = make_invoice(make_buyer("Nabywca Przykładowy Sp. z o.o."))
    return {"invoice": force(move, **hold("certificate"))}


STEPS = {
    "people": make_people,
    "accepted": make_accepted,
    "states": make_states,
    "certificate_ending": make_ending,
    "certificate_refused": make_refused,
}
