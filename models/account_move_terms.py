"""Invoices: additional data, and whether there was a receipt before."""

from odoo import fields, models

from .account_move import READERS

TERM_FIELDS = frozenset({"l10n_pl_ksef_detail_ids", "l10n_pl_ksef_is_for_receipt"})


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

    def _l10n_pl_ksef_file_fields(self):
        # EXTENDS l10n_pl_ksef
        return super()._l10n_pl_ksef_file_fields() | TERM_FIELDS
