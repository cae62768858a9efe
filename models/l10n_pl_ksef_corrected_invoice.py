"""Invoices that a correction names beside, or instead of, the one it was made from."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..ksef import number as ksef_number

DATA = {
    "compute": "_compute_data",
    "compute_sudo": False,
    "store": True,
    "readonly": False,
    "precompute": True,
}


class CorrectedInvoice(models.Model):
    _name = "l10n_pl_ksef.corrected.invoice"
    _inherit = "l10n_pl_ksef.move.part"
    _description = "Invoice corrected by another"
    _order = "move_id, issued_on, id"
    _check_company_auto = True

    move_id = fields.Many2one(
        "account.move",
        "Correction",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    company_id = fields.Many2one(related="move_id.company_id", store=True)
    invoice_id = fields.Many2one(
        "account.move",
        "Invoice in Odoo",
        ondelete="restrict",
        check_company=True,
        domain="[('move_type', '=', 'out_invoice'), ('state', '=', 'posted')]",
    )
    # Made with the user's own rights: they may name any invoice in a call.
    number = fields.Char(**DATA)
    issued_on = fields.Date("Invoice Date", **DATA)
    ksef_number = fields.Char("KSeF number")
    is_outside_ksef = fields.Boolean(
        "Outside KSeF", help="The invoice was issued without KSeF."
    )

    @api.depends("invoice_id")
    def _compute_data(self):
        for row in self:
            invoice = row.invoice_id
            row.number = invoice.name if invoice else row.number
            row.issued_on = invoice.invoice_date if invoice else row.issued_on

    @api.constrains("ksef_number")
    def _check_ksef_number(self):
        for row in self:
            if row.ksef_number and not ksef_number.is_valid(row.ksef_number):
                raise ValidationError(
                    self.env._(
                        "%(number)s is not a KSeF number: its form or its check digits"
                        " are wrong.",
                        number=row.ksef_number,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([_compact(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(_compact(vals))

    def _is_complete(self):
        """Tell whether all is said that FA(3) asks for."""
        self.ensure_one()
        is_placed = self.invoice_id or self.ksef_number or self.is_outside_ksef
        return bool(self.number and self.issued_on and is_placed)


def _compact(vals):
    """Write a KSeF number without the blanks it was copied with."""
    number = vals.get("ksef_number")
    return vals | {"ksef_number": "".join(number.split()).upper()} if number else vals
