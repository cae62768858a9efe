"""What a person says about a correction: why, since when, of which invoices."""

from odoo import api, fields, models

from ..fa3 import reader
from ..fa3.codes import CorrectionEffect
from . import l10n_pl_ksef_fa3_related as fa3_related
from .account_move import READERS
from .l10n_pl_ksef_fa3_correction import DEFAULT_EFFECT
from .l10n_pl_ksef_fa3_correction_rows import BEFORE_AFTER, PRICE, RETURN

EFFECTS = [
    (CorrectionEffect.ORIGINAL_DATE.value, "On the date of the corrected invoice"),
    (CorrectionEffect.CORRECTION_DATE.value, "On the date of the correction"),
    (CorrectionEffect.OTHER_DATE.value, "On other dates"),
]
ROW_STYLES = [
    (RETURN, "Difference in quantity"),
    (PRICE, "Difference in price"),
    (BEFORE_AFTER, "Before and after"),
]
# Written on the copy that `_reverse_moves` and the debit note wizard make.
ORIGINS = ("reversed_entry_id", "debit_origin_id")
CONTEXT_KEY = "l10n_pl_ksef_corrects"


class AccountMove(models.Model):
    _inherit = "account.move"

    l10n_pl_ksef_is_correction = fields.Boolean(
        "Corrects an invoice", compute="_compute_l10n_pl_ksef_is_correction"
    )
    l10n_pl_ksef_correction_reason = fields.Char(
        "Reason of correction",
        copy=False,
        tracking=True,
        help="Printed in the e-invoice; its first 256 characters are sent.",
    )
    l10n_pl_ksef_correction_effect = fields.Selection(
        EFFECTS,
        "Counts in VAT",
        default=lambda self: self._default_l10n_pl_ksef_effect(),
        copy=False,
        tracking=True,
        help="On the date of the corrected invoice: it was wrong from the start."
        " On the date of the correction: something happened later, such as a return"
        " or a discount.",
    )
    l10n_pl_ksef_row_style = fields.Selection(
        ROW_STYLES,
        "Lines show",
        copy=False,
        tracking=True,
        help="If empty, a line with the price of the invoice is a return, a line with"
        " another price is a change of the price.",
    )
    l10n_pl_ksef_corrected_ids = fields.One2many(
        "l10n_pl_ksef.corrected.invoice",
        "move_id",
        "Corrected invoices",
        copy=False,
        groups=READERS,
        help="Invoices that are not in Odoo, or several at once; and the number of the"
        " corrected invoice, if it went to KSeF without Odoo.",
    )
    l10n_pl_ksef_corrected_number = fields.Char(
        related="reversed_entry_id.l10n_pl_ksef_number",
        string="KSeF number of the corrected invoice",
    )
    l10n_pl_ksef_corrected_period = fields.Char(
        "Discount for the period",
        copy=False,
        tracking=True,
        help="Period whose invoices get a discount, for example: October 2026.",
    )
    l10n_pl_ksef_covers_all = fields.Boolean(
        "For all sales of the period",
        copy=False,
        tracking=True,
        help="The e-invoice has no lines then. If only some sales get the discount,"
        " the lines name them.",
    )
    l10n_pl_ksef_right_number = fields.Char(
        "Right invoice number",
        copy=False,
        tracking=True,
        help="Only if the number on the corrected invoice was wrong.",
    )
    l10n_pl_ksef_is_data_correction = fields.Boolean(
        "Corrects data, no amounts", copy=False, readonly=True
    )
    # name, country, line_1, line_2 as they stood on the corrected invoice
    l10n_pl_ksef_buyer_before = fields.Json("Buyer before", copy=False)

    @api.depends("move_type", "reversed_entry_id")
    def _compute_l10n_pl_ksef_is_correction(self):
        for move in self:
            is_sale = move.is_sale_document()
            move.l10n_pl_ksef_is_correction = is_sale and fa3_related.is_correction(
                move
            )

    def _default_l10n_pl_ksef_effect(self):
        is_refund = self.env.context.get("default_move_type") == "out_refund"
        return DEFAULT_EFFECT if is_refund else False

    @api.depends("reversed_entry_id")
    def _compute_invoice_currency_rate(self):
        # EXTENDS account: a correction keeps the rate of its invoice.
        # Source: Polish VAT act of 11 March 2004, article 31b.
        computed = super()._compute_invoice_currency_rate()
        for move in self:
            origin = move._l10n_pl_ksef_origin()
            is_alike = origin and origin.currency_id == move.currency_id
            if is_alike and move.currency_id != move.company_currency_id:
                move.invoice_currency_rate = origin.invoice_currency_rate
        return computed

    def _l10n_pl_ksef_origin(self):
        """Return the invoice that a Polish customer document corrects directly."""
        self.ensure_one()
        if not self.is_sale_document() or self.country_code != "PL":
            return self.browse()
        return fa3_related.find_corrected(self)

    def copy_data(self, default=None):
        # EXTENDS account
        origin = default and next((name for name in ORIGINS if default.get(name)), None)
        if not origin:
            return super().copy_data(default)
        corrects = self.with_context(**{CONTEXT_KEY: True})
        values_list = super(AccountMove, corrects).copy_data(default)
        for move, values in zip(self, values_list, strict=True):
            if move.is_sale_document():
                values.setdefault("l10n_pl_ksef_correction_effect", DEFAULT_EFFECT)
                reason = move._l10n_pl_ksef_debit_reason(default, origin)
                values.setdefault("l10n_pl_ksef_correction_reason", reason)
            if move.move_type == "out_refund" and "partner_bank_id" not in default:
                # The buyer's, to pay back to; who pays now pays to the company's.
                values.pop("partner_bank_id", None)
        return values_list

    def _l10n_pl_ksef_debit_reason(self, default, origin):
        """Return the reason typed into the debit note wizard, which writes it so."""
        start = f"{self.name}, "
        reference = default.get("ref") or ""
        is_typed = origin == "debit_origin_id" and reference.startswith(start)
        return reference[len(start) :] if is_typed else False

    def _l10n_pl_ksef_file_fields(self):
        return super()._l10n_pl_ksef_file_fields() | {
            "l10n_pl_ksef_correction_reason",
            "l10n_pl_ksef_correction_effect",
            "l10n_pl_ksef_row_style",
            "l10n_pl_ksef_corrected_ids",
            "l10n_pl_ksef_corrected_period",
            "l10n_pl_ksef_covers_all",
            "l10n_pl_ksef_right_number",
            "l10n_pl_ksef_is_data_correction",
            "l10n_pl_ksef_buyer_before",
        }

    def _l10n_pl_ksef_sent_file(self):
        """Return the ``fa3.document.Invoice`` that KSeF took, or None."""
        self.ensure_one()
        document = self.sudo().l10n_pl_ksef_document_id
        data = document.state == "accepted" and document._get_xml()
        try:
            return reader.read(data) if data else None
        except reader.UnreadableError:
            return None

    def action_debit_note(self):
        # EXTENDS account_debit_note, whose button alone leads here.
        is_asked = self.is_sale_document() and self.company_id._l10n_pl_ksef_owner()
        if len(self) != 1 or not is_asked:
            return super().action_debit_note()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Create Debit Note"),
            "res_model": "l10n_pl_ksef.debit.note",
            "view_mode": "form",
            "target": "new",
            "context": {"default_move_id": self.id},
        }

    def action_reverse(self):
        # EXTENDS account: no Polish accountant calls it a credit note.
        action = super().action_reverse()
        if self.move_type == "out_invoice" and self.country_code == "PL":
            action["name"] = self.env._("Correction")
        return action

    def action_l10n_pl_ksef_correct_buyer(self):
        """Open the dialogue that corrects the buyer's data on a sent invoice."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct buyer data"),
            "res_model": "l10n_pl_ksef.buyer.correction",
            "view_mode": "form",
            "target": "new",
            "context": {"default_move_id": self.id},
        }


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    l10n_pl_ksef_corrected_line_id = fields.Many2one(
        "account.move.line",
        "Corrected line",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    def copy_data(self, default=None):
        # EXTENDS account: the copy remembers the line that it corrects.
        values_list = super().copy_data(default)
        if self.env.context.get(CONTEXT_KEY):
            for line, values in zip(self, values_list, strict=True):
                if line.display_type == "product" and line.move_id.is_sale_document():
                    values["l10n_pl_ksef_corrected_line_id"] = line.id
        return values_list
