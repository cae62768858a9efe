"""What a company says about the exchange rates it enters."""

from odoo import fields, models

from .l10n_pl_ksef_fa3_currency import NEXT_DAY, TABLE_DAY


class ResCompany(models.Model):
    _inherit = "res.company"

    l10n_pl_ksef_rate_day = fields.Selection(
        [
            (TABLE_DAY, "The day of the bank's table"),
            (NEXT_DAY, "The day after it, from which they apply"),
        ],
        "Currency rates stand under",
        default=TABLE_DAY,
        help="By this the exchange rate of an invoice is compared with the one that"
        " the law asks for (article 31a of the Polish VAT act).",
    )
