"""Corrects name and address of the buyer: a credit note without amounts."""

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..fa3.codes import CorrectionEffect
from ..fa3.text import clean
from ..models.account_move import INVOICING
from ..models.l10n_pl_ksef_fa3_parties import address, name

POLAND = "PL"


def _before(label):
    return fields.Char(
        label,
        compute="_compute_before",
        compute_sudo=False,
        store=True,
        readonly=False,
    )


class BuyerCorrection(models.TransientModel):
    _name = "l10n_pl_ksef.buyer.correction"
    _description = "Correct buyer data in KSeF"

    move_id = fields.Many2one("account.move", "Invoice", required=True, readonly=True)
    # Made with the user's own rights: they may name any invoice in a call.
    partner_id = fields.Many2one(
        related="move_id.commercial_partner_id", related_sudo=False
    )
    is_known = fields.Boolean("Known from the file", compute="_compute_is_known")
    name_before = _before("Name on the invoice")
    country_before = _before("Country on the invoice")
    line_1_before = _before("Address on the invoice")
    line_2_before = _before("Postal code and city on the invoice")
    name_now = fields.Char("Name now", compute="_compute_now")
    address_now = fields.Char("Address now", compute="_compute_now")
    right_number = fields.Char(
        "Right invoice number", help="Only if the number on the invoice was wrong."
    )
    reason = fields.Char("Reason of correction", required=True)
    date = fields.Date(
        "Correction Date", required=True, default=fields.Date.context_today
    )

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards.move_id.check_access("read")
        return wizards

    def write(self, vals):
        result = super().write(vals)
        self.move_id.check_access("read")
        return result

    @api.depends("move_id")
    def _compute_is_known(self):
        for wizard in self:
            wizard.is_known = bool(wizard._get_sent_buyer())

    @api.depends("move_id")
    def _compute_before(self):
        for wizard in self:
            buyer = wizard._get_sent_buyer()
            said = buyer and buyer.address
            wizard.name_before = buyer.identity.name if buyer else False
            wizard.country_before = said.country if said else POLAND
            wizard.line_1_before = said.line_1 if said else False
            wizard.line_2_before = said.line_2 if said else False

    @api.depends("partner_id")
    def _compute_now(self):
        for wizard in self:
            wizard.name_now = name(wizard.partner_id)
            now = address(wizard.partner_id)
            parts = [now.line_1, now.line_2] if now else []
            wizard.address_now = ", ".join(filter(None, parts))

    def _get_sent_buyer(self):
        """Return the buyer as the last file says that KSeF has, or None.

        :raises AccessError: the user may not read the invoice
        """
        self.move_id.check_access("read")
        corrections = self.move_id.reversal_move_ids.filtered(
            "l10n_pl_ksef_is_data_correction"
        )
        moves = self.move_id | corrections
        for move in moves.sorted("id", reverse=True):
            if sent := move._l10n_pl_ksef_sent_file():
                return sent.buyer
        return None

    def action_create(self):
        """Make the credit note without amounts and open it."""
        self.ensure_one()
        self.move_id._l10n_pl_ksef_check_group(INVOICING)
        self.move_id.check_access("write")
        if self.move_id.move_type != "out_invoice" or self.move_id.state != "posted":
            raise UserError(self.env._("Only a posted invoice can be corrected."))
        correction = self.env["account.move"].create(self._prepare_correction())
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": correction.id,
            "view_mode": "form",
        }

    def _prepare_correction(self):
        invoice = self.move_id
        return {
            "move_type": "out_refund",
            "company_id": invoice.company_id.id,
            "journal_id": invoice.journal_id.id,
            "partner_id": invoice.partner_id.id,
            "currency_id": invoice.currency_id.id,
            "invoice_date": self.date,
            "invoice_payment_term_id": False,
            "reversed_entry_id": invoice.id,
            "ref": self.reason,
            # Chosen on the invoice; without them the usual ones would come.
            "l10n_pl_ksef_party_ids": [
                Command.create(values)
                for values in invoice.l10n_pl_ksef_party_ids.copy_data()
            ],
            "l10n_pl_ksef_local_government": invoice.l10n_pl_ksef_local_government,
            "l10n_pl_ksef_vat_group": invoice.l10n_pl_ksef_vat_group,
            "l10n_pl_ksef_is_data_correction": True,
            "l10n_pl_ksef_buyer_before": self._prepare_before(),
            "l10n_pl_ksef_right_number": self.right_number,
            "l10n_pl_ksef_correction_reason": self.reason,
            "l10n_pl_ksef_correction_effect": CorrectionEffect.ORIGINAL_DATE.value,
            "invoice_line_ids": [Command.create(self._prepare_line())],
        }

    def _prepare_line(self):
        """Return the line without an amount that Odoo needs to confirm."""
        lines = self.move_id.invoice_line_ids
        account = lines.filtered(lambda line: line.display_type == "product").account_id
        before = (self.name_before, self.line_1_before, self.line_2_before)
        language = self.partner_id.lang or self.env.lang
        return {
            "name": self.with_context(lang=language).env._(
                "Correction of the buyer's data on %(invoice)s. Before: %(before)s",
                invoice=self.move_id.name,
                before=", ".join(filter(None, before)),
            ),
            "quantity": 1,
            "price_unit": 0,
            "account_id": account[:1].id,
            "tax_ids": [Command.clear()],
        }

    def _prepare_before(self):
        """Return the old data, or False if they are the present ones."""
        before = {
            "name": clean(self.name_before or ""),
            "country": self.country_before or POLAND,
            "line_1": clean(self.line_1_before or ""),
            "line_2": clean(self.line_2_before or "") or None,
        }
        now = address(self.partner_id)
        parts = (now.country, now.line_1, now.line_2) if now else (POLAND, "", None)
        present = dict(zip(before, (name(self.partner_id), *parts), strict=True))
        return before if before != present else False
