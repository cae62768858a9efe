"""Invoices that a correction names beside, or instead of, the one it was made from."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..ksef import number as ksef_number


class CorrectedInvoice(models.Model):
    _name = "l10n_pl_ksef.corrected.invoice"
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
    number = fields.Char(
        "Number", compute="_compute_data", store=True, readonly=False, precompute=True
    )
    issued_on = fields.Date(
        "Invoice Date",
        compute="_compute_data",
        store=True,
        readonly=False,
        precompute=True,
    )
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
        rows = super().create([_compact(vals) for vals in vals_list])
        rows._check_written()
        return rows

    def write(self, vals):
        self._check_written()
        return super().write(_compact(vals))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_written(self):
        self._check_written()

    def _is_complete(self):
        """Tell whether all is said that FA(3) asks for."""
        self.ensure_one()
        is_placed = self.invoice_id or self.ksef_number or self.is_outside_ksef
        return bool(self.number and self.issued_on and is_placed)

    def _check_written(self):
        """:raises UserError: the correction stands in a file for KSeF already"""
        for move in self.move_id:
            move._l10n_pl_ksef_check_change({"l10n_pl_ksef_corrected_ids": []}, False)


def _compact(vals):
    """Write a KSeF number without the blanks it was copied with."""
    number = vals.get("ksef_number")
    return vals | {"ksef_number": "".join(number.split()).upper()} if number else vals
