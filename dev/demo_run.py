"""The journey of the demo: one invoice from Confirm to its receipt.

Everything is done as a person does it, over HTTP: log in, paste the token,
write an invoice, confirm it, wait. Runs in the virtual environment:
`python -m dev.demo_run DATABASE PORT [--check]`.
"""

import argparse
import hashlib
import time
from datetime import date

import requests

from .common import Stop, main, say
from .demo_client import READ_LOG, OdooClient
from .demo_parts import Demo

LOGIN = PASSWORD = "admin"
JOURNEY_SECONDS = 90
PAUSE_SECONDS = 0.25
MEMORY_LIMIT_MB = 400
DONE = ("accepted", "stored")
FAILED_STATES = ("rejected", "conflict", "blocked")
COMPANY = "base.demo_company_pl"
# Its demo data has no street, without which an invoice is not valid FA(3).
COMPANY_ADDRESS = {"street": "ul. Przykładowa 1"}
BUYER_VAT = "PL1111111111"
# name, quantity, price, external id of the tax without the company
LINES = (
    ("Consulting, hours", 3, 250.0, "vs_kraj_usl_23"),
    ("Handbook", 10, 42.5, "vs_kraj_5"),
)


class Journey:
    """One sample invoice in a running demo."""

    login_method = "token"

    def __init__(self, demo):
        self.demo = demo
        self.connect_answer = None
        self.odoo = OdooClient(demo.address, demo.name, LOGIN, PASSWORD)
        self.company = self.odoo.reference(COMPANY)
        self.odoo.context = {"allowed_company_ids": [self.company]}

    def run(self):
        """Do every step; raise Stop at the first that does not come out well."""
        self.prepare_company()
        self.connect()
        move = self.confirm_invoice()
        facts = self.wait_for(move)
        self.show_receipt(facts["l10n_pl_ksef_document_id"][0])
        self.compare_with_simulator(facts)
        self.show_memory()
        return move

    def prepare_company(self):
        """Complete the demo company and make it the one that is shown first."""
        odoo = self.odoo
        odoo.call("res.company", "write", [self.company], COMPANY_ADDRESS)
        user = odoo.call("res.users", "search", [("login", "=", LOGIN)])
        odoo.call("res.users", "write", user, {"company_id": self.company})

    def connect(self):
        """Let the simulator make what Odoo logs in with, and hand it to Odoo."""
        say(f"connecting the company to the simulator with a {self.login_method}")
        company = self.odoo.call("res.company", "read", [self.company], ["vat"])[0]
        answer = self.enter_secret(company["vat"].removeprefix("PL"))
        self.connect_answer = answer
        for check in answer["checks"]:
            print(f"    {check['title']}: {check['text']}")
        if not answer["connected"]:
            raise Stop(f"Odoo refused the {self.login_method}.", "read the lines above")
        policy = {"l10n_pl_ksef_since": date.today().replace(day=1).isoformat()}
        self.odoo.call("res.company", "write", [self.company], policy)

    def enter_secret(self, nip):
        """Make a token and paste it; return Odoo's answer."""
        token = self.make_token(nip)
        return self.odoo.connect_to_ksef(self.company, "test", token)

    def make_token(self, nip):
        """Make a token in the simulator, as the Ministry's application does."""
        values = {"nip": nip, "description": "Odoo demo"}
        values["permissions"] = ["InvoiceRead", "InvoiceWrite"]
        return self.demo.control("POST", "tokens", values)["token"]

    def confirm_invoice(self):
        """Write an invoice and press Confirm; return its id."""
        odoo = self.odoo
        move = self.make_invoice()
        odoo.call("account.move", "action_post", [move])
        invoice = odoo.call("account.move", "read", [move], ["name", "amount_total"])[0]
        say(f"confirmed invoice {invoice['name']}, {invoice['amount_total']:.2f} PLN")
        return move

    def make_invoice(self):
        """Write a draft invoice with two rates, dated today; return its id."""
        odoo = self.odoo
        buyer = odoo.call("res.partner", "search", [("vat", "=", BUYER_VAT)], limit=1)
        lines = [
            (
                0,
                0,
                {"name": name, "quantity": quantity, "price_unit": price}
                | {"tax_ids": [(6, 0, [self._tax(tax)])]},
            )
            for name, quantity, price, tax in LINES
        ]
        return odoo.call(
            "account.move",
            "create",
            {
                "move_type": "out_invoice",
                "partner_id": buyer[0],
                "invoice_date": date.today().isoformat(),
                "invoice_line_ids": lines,
            },
        )

    def _tax(self, name):
        return self.odoo.reference(f"account.{self.company}_{name}")

    def wait_for(self, move):
        """Follow the invoice until its receipt is stored; return what Odoo shows."""
        names = ["name", "l10n_pl_ksef_state", "l10n_pl_ksef_number"]
        names += ["l10n_pl_ksef_upo_state", "l10n_pl_ksef_document_id"]
        started = time.monotonic()
        shown = None
        while time.monotonic() < started + JOURNEY_SECONDS:
            facts = self.odoo.call("account.move", "read", [move], names)[0]
            state = (facts["l10n_pl_ksef_state"], facts["l10n_pl_ksef_upo_state"])
            if state != shown:
                seconds = time.monotonic() - started
                print(f"    after {seconds:.1f} s: KSeF {state[0]}, UPO {state[1]}")
                shown = state
            if state == DONE:
                return facts
            if state[0] in FAILED_STATES:
                raise self._why(state[0], facts["l10n_pl_ksef_document_id"][0])
            time.sleep(PAUSE_SECONDS)
        raise Stop(f"No receipt after {JOURNEY_SECONDS} s.", READ_LOG)

    def _why(self, state, document):
        """Return the Stop that says what Odoo knows of a document that failed."""
        names = ["blocked_reason", "status_code", "status_description"]
        names += ["status_details", "problems"]
        facts = self.odoo.call("l10n_pl_ksef.document", "read", [document], names)[0]
        words = [str(facts[name]) for name in names if facts[name]]
        return Stop(f"The invoice ended as {state}: {', '.join(words)}.", READ_LOG)

    def show_receipt(self, document):
        """Download the receipt as a person does and say where it is stored."""
        link = f"/web/content/l10n_pl_ksef.document/{document}/upo"
        receipt = self.odoo.download(link)
        digest = hashlib.sha256(receipt).hexdigest()
        print(f"    UPO: {len(receipt)} bytes, SHA-256 {digest}")
        print(f"    stored in: l10n_pl_ksef.document {document}, field upo")
        print(f"    download: {self.demo.address}{link}")

    def compare_with_simulator(self, facts):
        """Check that KSeF has this invoice once, under the number Odoo shows."""
        book = self.demo.control("GET", "book")["invoices"]
        numbers = [entry["ksefNumber"] for entry in book]
        if numbers != [facts["l10n_pl_ksef_number"]]:
            raise Stop(f"The simulator's book has other numbers: {numbers}.", READ_LOG)
        print(f"    KSeF number: {numbers[0]}")
        print(f"    state: {facts['l10n_pl_ksef_state']}")

    def show_memory(self):
        """Check the most memory that Odoo's process held."""
        peak = self.demo.peak_memory()
        print(f"    peak memory of Odoo: {peak} MB")
        if peak > MEMORY_LIMIT_MB:
            raise Stop(f"That is more than {MEMORY_LIMIT_MB} MB.", READ_LOG)


def _work():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("port", type=int)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    demo = Demo(options.name, options.port)
    finished = False
    try:
        demo.start()
        move = Journey(demo).run()
        finished = True
    except requests.RequestException as error:
        raise Stop(f"The demo gave no answer: {error}", READ_LOG) from error
    finally:
        if options.check or not finished:
            demo.stop()
    say("the journey is complete: confirmed, accepted, receipt stored")
    if not options.check:
        print(
            f"\nOdoo is running: {demo.address}/odoo/customer-invoices/{move}"
            f"\nLogin: {LOGIN}   Password: {PASSWORD}"
            f"\nSimulator of KSeF: {demo.simulator_address}"
            "\nStop both with: make stop"
        )
    return 0


if __name__ == "__main__":
    main(_work)
