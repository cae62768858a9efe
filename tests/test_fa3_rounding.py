"""Random invoices: what the file says is what the books say, to the grosz."""

import random
from datetime import date
from decimal import Decimal

from odoo.tests import tagged

from ..fa3.codes import OSS, TOTALS
from .fa3_common import Fa3Case

TEMPLATES = ("vs_kraj_23", "vs_kraj_usl_23", "vs_kraj_8", "vs_kraj_5", "vs_kraj_0")
QUANTITIES = (1, 2, 3, 7, 12, 0.5, 0.33, 1.25, 10.01, 1000)
DISCOUNTS = (0, 0, 0, 5, 10, 12.5, 33.33, 100)
INVOICES = 8
MOST_LINES = 12


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Rounding(Fa3Case):
    """Lines add up to their rate, rates to the total, the total to the books."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.net = [cls.tax(template) for template in TEMPLATES]
        cls.gross = [
            tax.copy(
                {
                    "name": f"{tax.name} gross {number}",
                    "price_include_override": "tax_included",
                }
            )
            for number, tax in enumerate(cls.net)
        ]
        cls.eur = cls.env.ref("base.EUR")
        cls.eur.active = True
        cls.env["res.currency.rate"].search([("currency_id", "=", cls.eur.id)]).unlink()
        cls.env["res.currency.rate"].create(
            {
                "currency_id": cls.eur.id,
                "company_id": cls.company.id,
                "name": date(2026, 11, 9),
                "inverse_company_rate": 4.2345,
            }
        )

    def make_random(self, numbers, taxes):
        """Make and post an invoice of random lines, never below zero."""
        lines = [
            self.line(
                numbers.choice((-1, 1, 1, 1, 1)) * numbers.randint(0, 99999) / 100
                if numbers.random() < 0.8
                else numbers.randint(0, 9999999) / 10000,
                taxes=numbers.choice(taxes),
                quantity=numbers.choice(QUANTITIES),
                discount=numbers.choice(DISCOUNTS),
            )
            for _line in range(numbers.randint(1, MOST_LINES))
        ]
        lines.append(self.line(999999.99, taxes=taxes[0]))
        return self.post_invoice(
            *lines,
            currency_id=numbers.choice((self.company.currency_id, self.eur)).id,
        )

    def check_books(self, invoice):
        """Compare the file of an invoice with the ledger."""
        prepared = self.prepare(invoice)
        self.assertTrue(prepared.xml, prepared.problems)
        self.assertEqual(prepared.problems, [])
        body = self.document(prepared.xml.decode()).body
        groups = {}
        for line in body.lines:
            group = TOTALS[line.rate.value if line.rate else OSS]
            groups.setdefault(group, []).append(line)
        for group, lines in groups.items():
            net = getattr(body, group.net)
            tax = getattr(body, group.tax) if group.tax else Decimal(0)
            if lines[0].net is None:
                self.assertEqual(sum(line.gross for line in lines), net + tax)
            else:
                self.assertEqual(sum(line.net for line in lines), net)
            if group.tax and lines[0].tax is not None:
                self.assertEqual(sum(line.tax for line in lines), tax)
        self.assertEqual(body.total, Decimal(f"{invoice.amount_total:.2f}"))
        return body

    def check_many(self, method, taxes, seed):
        self.company.tax_calculation_rounding_method = method
        numbers = random.Random(seed)
        for count in range(INVOICES):
            with self.subTest(count=count):
                self.check_books(self.make_random(numbers, taxes))

    def test_net_prices_rounded_for_all_lines(self):
        self.check_many("round_globally", self.net, 1)

    def test_net_prices_rounded_line_by_line(self):
        self.check_many("round_per_line", self.net, 2)

    def test_gross_prices_rounded_for_all_lines(self):
        self.check_many("round_globally", self.gross, 3)

    def test_gross_prices_rounded_line_by_line(self):
        self.check_many("round_per_line", self.gross, 4)

    def test_net_and_gross_prices_together(self):
        self.check_many("round_globally", self.net + self.gross, 5)
        self.check_many("round_per_line", self.net + self.gross, 6)

    def test_grosz_lost_in_gross_lines_goes_to_one_of_them(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        lines = [self.line(0.33, taxes=self.gross[0], quantity=0.5) for _n in range(3)]
        text = self.file(*lines)
        values = [line.gross for line in self.document(text).body.lines]
        self.assertEqual(sorted(values), [Decimal("0.16")] + [Decimal("0.17")] * 2)
        self.assert_parts(text, "P_13_1 0.41; P_14_1 0.09; P_15 0.50")
