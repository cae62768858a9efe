"""Sales orders with advances, for the tests that need Odoo's sale module.

Their classes carry the tag ``l10n_pl_ksef_modules``: they run where sale is installed.
"""

from datetime import date

from odoo import Command

from .correction_common import CorrectionCase

PAID_ON = date(2026, 11, 9)


class AdvanceCase(CorrectionCase):
    """Base of the tests of advance and final invoices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("sales_team.group_sale_manager")
        cls.goods = cls.make_product("A", 1000, "vs_kraj_23")
        cls.service = cls.make_product("B", 500, "vs_kraj_8")

    @classmethod
    def make_product(cls, name, price, template, **values):
        """Make a product that is invoiced as ordered."""
        return cls.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "invoice_policy": "order",
                "list_price": price,
                "taxes_id": [Command.set(cls.tax(template).ids)],
                **values,
            }
        )

    def order_line(self, product, quantity=1, **values):
        """Return a command for a line of an order."""
        line = {
            "product_id": product.id,
            "name": product.name,
            "product_uom_qty": quantity,
            "price_unit": product.list_price,
            "tax_ids": [Command.set(product.taxes_id.ids)],
        }
        return Command.create(line | values)

    def make_order(self, *lines, **values):
        """Return a confirmed order; of 3 x 1000 at 23% and 500 at 8% by default."""
        usual = [self.order_line(self.goods, 3), self.order_line(self.service)]
        order = self.env["sale.order"].create(
            {
                "partner_id": self.buyer.id,
                "order_line": list(lines) or usual,
                **values,
            }
        )
        order.action_confirm()
        return order

    def invoice_order(self, orders, method="delivered", day=None, **values):
        """Return the draft that the wizard of sales orders makes."""
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=orders.ids)
            .create({"advance_payment_method": method, **values})
        )
        invoice = wizard._create_invoices(orders)
        invoice.write(
            {
                "invoice_date": day or date(2026, 11, 10),
                "invoice_payment_term_id": False,
            }
        )
        return invoice

    def advance(self, orders, percent=30, **values):
        """Return a draft advance invoice for some percent of an order."""
        return self.invoice_order(orders, "percentage", amount=percent, **values)

    def fixed_advance(self, orders, amount, **values):
        """Return a draft advance invoice for a gross amount."""
        return self.invoice_order(orders, "fixed", fixed_amount=amount, **values)

    def final(self, orders, **values):
        """Return the draft final invoice of orders."""
        return self.invoice_order(orders, day=date(2026, 11, 20), **values)

    def post(self, *moves):
        """Post drafts one after the other; return the last."""
        for move in moves:
            move._post(soft=False)
        return moves[-1]

    def text(self, move):
        """Return the valid file of an invoice, posted if need be."""
        return self.correction_file(move)
