"""Asks what FA(3) says of a debit note, and lets Odoo's own dialogue make it.

Module account_debit_note may be missing: nothing here is reached without it.
"""

from odoo import api, fields, models

from ..fa3.codes import CorrectionEffect
from ..models.account_move import INVOICING
from ..models.account_move_correction import EFFECTS
from ..models.l10n_pl_ksef_fa3_correction import DEFAULT_EFFECT
from ..models.l10n_pl_ksef_fa3_correction_rows import BEFORE_AFTER

MISTAKE = "mistake"
CAUSES = [
    ("later", "Higher price or more goods, agreed later"),
    (MISTAKE, "Mistake on the invoice"),
]


class DebitNote(models.TransientModel):
    _name = "l10n_pl_ksef.debit.note"
    _description = "Debit note for KSeF"

    move_id = fields.Many2one("account.move", "Invoice", required=True, readonly=True)
    move_type = fields.Selection(related="move_id.move_type", related_sudo=False)
    reason = fields.Char("Reason of correction")
    cause = fields.Selection(CAUSES, "What happened", required=True, default="later")
    effect = fields.Selection(
        EFFECTS,
        "Counts in VAT",
        compute="_compute_effect",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        help="A mistake counts on the date of the corrected invoice, what was agreed"
        " later on the date of the correction.",
    )
    shows_both = fields.Boolean(
        "Show lines before and after",
        help="Otherwise the e-invoice shows the difference.",
    )
    copies_lines = fields.Boolean(
        "Copy Lines", help="Then change each line to what is added to the invoice."
    )
    date = fields.Date(
        "Debit Note Date", required=True, default=fields.Date.context_today
    )

    @api.depends("cause")
    def _compute_effect(self):
        for wizard in self:
            is_mistake = wizard.cause == MISTAKE
            back = CorrectionEffect.ORIGINAL_DATE.value
            wizard.effect = back if is_mistake else DEFAULT_EFFECT

    def action_create(self):
        """Make the debit note and open it."""
        self.ensure_one()
        self.move_id._l10n_pl_ksef_check_group(INVOICING)
        self.move_id.check_access("write")
        usual = self.env["account.debit.note"].with_context(
            active_model="account.move", active_ids=self.move_id.ids
        )
        action = usual.create(
            {
                "date": self.date,
                "reason": self.reason,
                "copy_lines": self.copies_lines,
            }
        ).create_debit()
        self.env["account.move"].browse(action["res_id"]).write(
            {
                "l10n_pl_ksef_correction_effect": self.effect,
                "l10n_pl_ksef_row_style": BEFORE_AFTER if self.shows_both else False,
            }
        )
        return action
