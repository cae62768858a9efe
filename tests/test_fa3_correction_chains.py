import random
from decimal import Decimal

from odoo.tests import tagged

from .correction_common import CorrectionCase
from .fa3_common import CREATED_ON

CHAINS, MOST_CORRECTIONS = 12, 5
TEMPLATES = ("vs_kraj_23", "vs_kraj_8", "vs_kraj_23")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestCorrectionChains(CorrectionCase):
    """Whatever was corrected before: rows make the totals, and follow one another."""

    def make_chain(self, numbers):
        """Return an invoice that KSeF has, and its posted corrections in order."""
        lines = [
            self.line(numbers.randint(100, 9999) / 100, template, name=f"T{n}")
            for n, template in enumerate(TEMPLATES)
        ]
        for line in lines:
            line[2]["quantity"] = numbers.randint(5, 20)
        invoice = self.sent(*lines)
        left = {line: line.quantity for line in invoice.invoice_line_ids}
        prices = {line: line.price_unit for line in invoice.invoice_line_ids}
        corrections = self.env["account.move"]
        for _step in range(numbers.randint(1, MOST_CORRECTIONS)):
            refund = self.reverse(invoice)
            refund.l10n_pl_ksef_row_style = "before_after"
            rows = refund.invoice_line_ids
            for row in rows - numbers.choice(rows):
                row.unlink()
            row = refund.invoice_line_ids
            line = row.l10n_pl_ksef_corrected_line_id
            if numbers.random() < 0.5 and left[line] > 1:
                row.write({"quantity": 1, "price_unit": prices[line]})
                left[line] -= 1
            else:
                row.write({"quantity": left[line], "price_unit": 0.07})
                prices[line] = round(prices[line] - 0.07, 2)
            refund._post(soft=False)
            corrections |= refund
        return invoice, corrections

    def get_nets(self, body):
        """Return {rate: sum of the differences in the rows}."""
        nets = {}
        for line in body.lines:
            sign = -1 if line.is_before else 1
            nets[line.rate.value] = nets.get(line.rate.value, 0) + sign * line.net
        return nets

    def check(self, invoice, corrections):
        files = self.export._prepare_files(corrections, CREATED_ON)
        sent = invoice._l10n_pl_ksef_sent_file().body
        state = {line.number: (line.quantity, line.net) for line in sent.lines}
        for move in corrections:
            self.assertTrue(files[move].xml, files[move].problems)
            body = self.document(files[move].xml.decode()).body
            self.assertTrue(any(line.is_before for line in body.lines))
            nets = self.get_nets(body)
            self.assertEqual(nets.get("23", 0), body.net_standard or 0)
            self.assertEqual(nets.get("8", 0), body.net_reduced or 0)
            total = Decimal(f"{move.amount_total_in_currency_signed:.2f}")
            self.assertEqual(body.total, total)
            for line in body.lines:
                if line.is_before:
                    self.assertEqual(
                        state[line.number], (line.quantity, line.net), move.name
                    )
                else:
                    state[line.number] = (line.quantity, line.net)
            alone = self.export._prepare_files(move, CREATED_ON)[move]
            self.assertEqual(alone.xml, files[move].xml)

    def test_random_chains(self):
        numbers = random.Random(7)
        for chain in range(CHAINS):
            with self.subTest(chain=chain):
                self.check(*self.make_chain(numbers))
