"""Rows of an invoice that its file for KSeF repeats."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class MovePart(models.AbstractModel):
    """A row that can only be changed before the file of its invoice is made."""

    _name = "l10n_pl_ksef.move.part"
    _description = "Row of an invoice in its KSeF file"

    move_id = fields.Many2one(
        "account.move", "Invoice", ondelete="cascade", index=True, copy=False
    )

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._check_place()
        return parts

    def write(self, vals):
        self._check_place()
        result = super().write(vals)
        self._check_place()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_written(self):
        self._check_place()

    def _check_place(self):
        """Look at where the rows stand now; Odoo looks at where they stood before.

        :raises AccessError: the user may not change rows, or the invoice, there
        :raises UserError: the invoice stands in a file already
        """
        self.check_access("write")
        self.move_id.check_access("write")
        self._check_not_written()

    def _check_not_written(self):
        """:raises UserError: the invoice stands in a file already"""
        for document in self.sudo().move_id.l10n_pl_ksef_document_id:
            if document._is_identity_written():
                raise UserError(self.env["l10n_pl_ksef.explain"]._get_refusal(document))
