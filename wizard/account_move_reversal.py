"""The reversal dialogue asks what FA(3) says of a correction."""

from odoo import api, fields, models

from ..fa3.codes import CorrectionEffect
from ..models.account_move_correction import EFFECTS
from ..models.l10n_pl_ksef_fa3_correction import DEFAULT_EFFECT
from ..models.l10n_pl_ksef_fa3_correction_rows import BEFORE_AFTER, PRICE

MISTAKE = "mistake"
CAUSES = [
    ("return", "Return or cancellation"),
    (PRICE, "Discount or lower price"),
    (MISTAKE, "Mistake on the invoice"),
]


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    l10n_pl_ksef_is_asked = fields.Boolean(
        "Is asked for KSeF", compute="_compute_l10n_pl_ksef_is_asked"
    )
    l10n_pl_ksef_cause = fields.Selection(CAUSES, "What happened", default="return")
    l10n_pl_ksef_effect = fields.Selection(
        EFFECTS,
        "Counts in VAT",
        compute="_compute_l10n_pl_ksef_effect",
        store=True,
        readonly=False,
        help="A mistake counts on the date of the corrected invoice, a return or a"
        " discount on the date of the correction.",
    )
    l10n_pl_ksef_shows_both = fields.Boolean(
        "Show lines before and after",
        help="Otherwise the e-invoice shows the difference.",
    )

    @api.depends("move_ids")
    def _compute_l10n_pl_ksef_is_asked(self):
        for wizard in self:
            wizard.l10n_pl_ksef_is_asked = any(
                move.is_sale_document() and move.company_id._l10n_pl_ksef_owner()
                for move in wizard.move_ids
            )

    @api.depends("l10n_pl_ksef_cause")
    def _compute_l10n_pl_ksef_effect(self):
        for wizard in self:
            is_mistake = wizard.l10n_pl_ksef_cause == MISTAKE
            back = CorrectionEffect.ORIGINAL_DATE.value
            wizard.l10n_pl_ksef_effect = back if is_mistake else DEFAULT_EFFECT

    def _prepare_default_reversal(self, move):
        # EXTENDS account
        values = super()._prepare_default_reversal(move)
        if not move.is_sale_document():
            return values
        style = PRICE if self.l10n_pl_ksef_cause == PRICE else False
        return values | {
            "l10n_pl_ksef_correction_reason": self.reason,
            "l10n_pl_ksef_correction_effect": self.l10n_pl_ksef_effect,
            "l10n_pl_ksef_row_style": (
                BEFORE_AFTER if self.l10n_pl_ksef_shows_both else style
            ),
        }
