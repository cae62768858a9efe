"""Amounts that are no part of the VAT sale but are paid with it, e.g. deposits."""

from odoo import api, fields, models

HELP = (
    "Not a part of the sale, only settled with it: a deposit, a fee paid for the buyer."
)


class AccountTax(models.Model):
    _inherit = "account.tax"

    l10n_pl_ksef_is_settled = fields.Boolean("Outside VAT, settled beside", help=HELP)


class ProductTemplate(models.Model):
    _inherit = "product.template"

    l10n_pl_ksef_is_settled = fields.Boolean("Outside VAT, settled beside", help=HELP)

    @api.onchange("l10n_pl_ksef_is_settled")
    def _onchange_l10n_pl_ksef_is_settled(self):
        if self.l10n_pl_ksef_is_settled:
            self.taxes_id = False
