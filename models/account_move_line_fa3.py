"""What FA(3) asks for of one line, beside what Odoo knows."""

from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column

ANNEX_COLUMN = "l10n_pl_ksef_is_annex_15"


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    l10n_pl_ksef_is_annex_15 = fields.Boolean(
        "On annex 15",
        compute="_compute_l10n_pl_ksef_is_annex_15",
        store=True,
        readonly=False,
        precompute=True,
        help="Goods or services of annex 15 to the Polish VAT act; from the product, of"
        " an advance from the products of its order.",
    )
    l10n_pl_ksef_supplied_on = fields.Date(
        "Date of sale of the line",
        copy=False,
        help="Only where the lines of an invoice were sold on different days.",
    )
    l10n_pl_ksef_excise = fields.Monetary(
        "Excise duty", help="Amount in the price, shown if the buyer asks for it."
    )

    def _auto_init(self):
        # EXTENDS account: old lines are not on annex 15; no pass over all the books.
        if not column_exists(self.env.cr, self._table, ANNEX_COLUMN):
            create_column(self.env.cr, self._table, ANNEX_COLUMN, "bool")
        return super()._auto_init()

    @api.depends("product_id")
    def _compute_l10n_pl_ksef_is_annex_15(self):
        for line in self:
            products = line._l10n_pl_ksef_sold_products()
            line.l10n_pl_ksef_is_annex_15 = any(
                products.mapped("l10n_pl_ksef_is_annex_15")
            )

    def _l10n_pl_ksef_sold_products(self):
        """Return the product of the line; of an advance those of its sales order."""
        if "is_downpayment" in self._fields and self.is_downpayment:
            return self.sudo().sale_line_ids.order_id.order_line.product_id
        return self.product_id
