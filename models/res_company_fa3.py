"""What a company decides about the content of its invoices."""

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    l10n_pl_ksef_cash_accounting = fields.Boolean(
        "Cash accounting",
        help="VAT is due when the buyer pays (article 21 of the Polish VAT act):"
        " invoices with Polish VAT say “metoda kasowa”.",
    )
    l10n_pl_ksef_line_keys = fields.Boolean(
        "Identify lines",
        help="Gives each line of an invoice for KSeF an identifier (UU_ID), which its"
        " corrections repeat.",
    )
