from odoo import Command, fields
from odoo.tests import tagged

from ..fa3 import reader
from .common import KsefCase


@tagged("l10n_pl_ksef_modules")
class TestAdvancesJourney(KsefCase):
    """A final invoice waits for the numbers of its advances, then goes by itself."""

    def setUp(self):
        super().setUp()
        self.env.user.group_ids += self.env.ref("sales_team.group_sale_manager")
        self.connect()

    def make_order(self):
        product = self.env["product.product"].create(
            {"name": "A", "type": "service", "invoice_policy": "order"}
        )
        order = self.env["sale.order"].create(
            {
                "partner_id": self.buyer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": 3,
                            "price_unit": 1000,
                            "tax_ids": [Command.set(self.tax_23.ids)],
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        return order

    def post_order(self, order, **values):
        """Post what the wizard makes of an order; return its row."""
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create(values)
        )
        invoice = wizard._create_invoices(order)
        invoice.invoice_date = fields.Date.context_today(self.env.user)
        invoice.action_post()
        return invoice.sudo().l10n_pl_ksef_document_id

    def post_advance(self, order, percent):
        return self.post_order(
            order, advance_payment_method="percentage", amount=percent
        )

    def test_final_invoice_waits_for_all_its_advances(self):
        order = self.make_order()
        first, second = self.post_advance(order, 30), self.post_advance(order, 20)
        final = self.post_order(order)
        self.assertEqual((first.state, second.state), ("queued", "queued"))
        self.assertEqual((final.state, final.blocked_reason), ("blocked", "original"))
        self.assertEqual(final.awaited_move_ids, first.move_id | second.move_id)
        self.assertFalse(final.xml)
        self.advance(first, "accepted")
        self.advance(second, "accepted")
        self.advance(final, "accepted")
        kinds = [row["invoiceType"] for row in self.simulator.get_book()]
        self.assertEqual(kinds, ["ZAL", "ZAL", "ROZ"])
        named = reader.read(final._get_xml()).body.advance_invoices
        self.assertEqual(
            [each.ksef_number for each in named],
            [first.ksef_number, second.ksef_number],
        )

    def test_last_advance_waits_for_those_before_it(self):
        order = self.make_order()
        first, last = self.post_advance(order, 60), self.post_advance(order, 40)
        self.assertEqual(last.blocked_reason, "original")
        order.order_line[0].product_uom_qty = 9
        self.advance(first, "accepted")
        self.advance(last, "accepted")
        body = reader.read(last._get_xml()).body
        self.assertEqual(body.advance_invoices[0].ksef_number, first.ksef_number)
        self.assertEqual(str(body.order.lines[0].quantity), "3")

    def test_advance_that_is_corrected_meanwhile_stops_the_final_invoice(self):
        order = self.make_order()
        advance = self.post_advance(order, 30)
        final = self.post_order(order)
        refund = advance.move_id._reverse_moves(
            [{"invoice_date": fields.Date.context_today(self.env.user)}]
        )
        refund.invoice_line_ids.price_unit = 100
        refund.action_post()
        self.advance(advance, "accepted")
        final.next_step_on = fields.Datetime.now()
        self.step()
        self.assertEqual((final.state, final.blocked_reason), ("blocked", "data"))
        keys = [problem["key"] for problem in final.problems]
        self.assertIn("advances_and_order", keys)

    def test_correction_of_a_final_invoice_goes_after_it(self):
        order = self.make_order()
        advance = self.post_advance(order, 30)
        final = self.post_order(order)
        refund = final.move_id._reverse_moves(
            [{"invoice_date": fields.Date.context_today(self.env.user)}]
        )
        refund.action_post()
        correction = refund.sudo().l10n_pl_ksef_document_id
        self.assertEqual(correction.blocked_reason, "original")
        for document in (advance, final, correction):
            self.advance(document, "accepted")
        kinds = [row["invoiceType"] for row in self.simulator.get_book()]
        self.assertEqual(kinds, ["ZAL", "ROZ", "KOR_ROZ"])
        body = reader.read(correction._get_xml()).body
        self.assertEqual(str(body.total_before), "2583.00")
        self.assertEqual(body.advance_invoices[0].ksef_number, advance.ksef_number)
