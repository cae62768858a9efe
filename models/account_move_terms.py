"""Invoices: additional data, and the marks FP and ZwrotAkcyzy."""

from odoo import api, fields, models

from .account_move import READERS

# Source: JPK_VAT, codes of goods and services; engine fuels.
FUEL_CODE = "GTU_02"
TERM_FIELDS = frozenset(
    {
        "l10n_pl_ksef_detail_ids",
        "l10n_pl_ksef_is_for_receipt",
        "l10n_pl_ksef_is_excise_refund",
    }
)


class AccountMove(models.Model):
    _inherit = "account.move"

    l10n_pl_ksef_detail_ids = fields.One2many(
        "l10n_pl_ksef.detail",
        "move_id",
        "Additional data",
        groups=READERS,
        help="Orders and delivery notes given here take the place of those of the "
        "sales order.",
    )
    l10n_pl_ksef_is_for_receipt = fields.Boolean(
        "Invoice to a sales receipt (FP)",
        copy=False,
        tracking=True,
        help="The sale was entered in a cash register before. A correction takes this "
        "from the invoice it corrects.",
    )
    l10n_pl_ksef_is_excise_refund = fields.Boolean(
        "Fuel for farming, excise refunded (ZwrotAkcyzy)",
        copy=False,
        tracking=True,
        help="Diesel that a farmer buys and claims the excise back for. A correction "
        "takes this from the invoice it corrects.",
    )
    l10n_pl_ksef_has_fuel = fields.Boolean(
        compute="_compute_l10n_pl_ksef_has_fuel", export_string_translation=False
    )

    @api.depends("invoice_line_ids.product_id")
    def _compute_l10n_pl_ksef_has_fuel(self):
        for move in self:
            codes = move.invoice_line_ids.product_id.mapped("l10n_pl_vat_gtu")
            move.l10n_pl_ksef_has_fuel = FUEL_CODE in codes

    def _l10n_pl_ksef_file_fields(self):
        # EXTENDS l10n_pl_ksef
        return super()._l10n_pl_ksef_file_fields() | TERM_FIELDS
