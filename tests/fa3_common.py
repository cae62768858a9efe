"""A Polish company and its buyers, without a connection to KSeF."""

import re
from datetime import date, datetime

from odoo import Command
from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from ..fa3 import checks, reader

SELLER_NIP = "5795955811"
BUYER_NIP = "5260001246"
ISSUED_ON = date(2026, 11, 10)
CREATED_ON = datetime(2026, 11, 10, 9, 30, 5)
# Between two pairs of a part; an entity has a small letter after it.
_NEXT = re.compile(r"; (?=[A-Z])")
IBAN = "PL61109010140000071219812874"


@tagged("post_install_l10n", "post_install", "-at_install")
class Fa3Case(AccountTestInvoicingCommon):
    """Base of the tests that look at the file of a posted invoice."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("pl")
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.company.write(
            {
                "name": "Sprzedawca Sp. z o.o.",
                "vat": f"PL{SELLER_NIP}",
                "street": "ul. Prosta 1",
                "zip": "00-001",
                "city": "Warszawa",
                "email": "biuro@sprzedawca.example",
                "phone": "+48 22 123 45 67",
            }
        )
        cls.buyer = cls.make_partner("Nabywca S.A.", f"PL{BUYER_NIP}")
        cls.export = cls.env["l10n_pl_ksef.fa3.export"]

    @classmethod
    def make_partner(cls, name, vat=False, country="pl", **values):
        """Make a company; a number that Odoo would check is taken as it is."""
        partners = cls.env["res.partner"].with_context(no_vat_validation=True)
        return partners.create(
            {
                "name": name,
                "is_company": True,
                "vat": vat,
                "street": "ul. Długa 5",
                "zip": "30-001",
                "city": "Kraków",
                "country_id": cls.env.ref(f"base.{country}").id,
                **values,
            }
        )

    @classmethod
    def tax(cls, template):
        """Return the company's tax of a template of l10n_pl, active."""
        tax = cls.env["account.chart.template"].ref(template)
        tax.active = True
        return tax

    @classmethod
    def make_gross_tax(cls):
        """Return the 23% tax for prices that include it."""
        values = {"name": "23% gross", "price_include_override": "tax_included"}
        return cls.tax("vs_kraj_23").copy(values)

    @classmethod
    def set_vat(cls, record, vat):
        """Write a number that Odoo itself would refuse."""
        record.with_context(no_vat_validation=True).vat = vat

    def line(
        self, price=100, template="vs_kraj_23", name="Towar", quantity=1, **values
    ):
        """Return a command for an invoice line."""
        taxes = values.pop("taxes", None) or self.tax(template)
        line = {
            "name": name,
            "quantity": quantity,
            "price_unit": price,
            "product_uom_id": self.env.ref("uom.product_uom_unit").id,
            "tax_ids": [Command.set(taxes.ids)],
        }
        return Command.create(line | values)

    def make_invoice(self, *lines, **values):
        """Make a draft invoice; one line of 100.00 at 23% if none is given."""
        return self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.buyer.id,
                "invoice_date": ISSUED_ON,
                "invoice_payment_term_id": False,
                "invoice_line_ids": list(lines) or [self.line()],
                **values,
            }
        )

    def post_invoice(self, *lines, **values):
        """Make and post an invoice."""
        invoice = self.make_invoice(*lines, **values)
        invoice._post(soft=False)
        return invoice

    def prepare(self, invoice):
        """Return what the export makes of one posted invoice."""
        return self.export._prepare_files(invoice, CREATED_ON)[invoice]

    def file(self, *lines, **values):
        """Return the file of a new posted invoice, which must be valid, as text."""
        prepared = self.prepare(self.post_invoice(*lines, **values))
        self.assertTrue(prepared.xml, prepared.problems)
        schema = self.env["l10n_pl_ksef.schema"]._get_schema()
        self.assertIsNotNone(schema)
        self.assertEqual(checks.check_xml(prepared.xml, schema), [])
        return prepared.xml.decode()

    def document(self, text):
        """Return the document in a file."""
        return reader.read(text.encode())

    def assert_parts(self, text, *parts):
        """The file holds each part, given as ``Name value; Name value``."""
        for part in parts:
            pairs = [pair.split(" ", 1) for pair in _NEXT.split(part)]
            expected = "".join(f"<{name}>{value}</{name}>" for name, value in pairs)
            self.assertIn(expected, text)

    def assert_absent(self, text, *names):
        """The file has none of these elements."""
        found = {name for name in names if re.search(rf"<{name}[ >]", text)}
        self.assertEqual(found, set())

    def problems(self, invoice):
        """Return {key: [Problem]} of an invoice, posted or not."""
        found = {}
        for problem in self.export._check(invoice)[invoice]:
            found.setdefault(problem.key, []).append(problem)
        return found
