"""A submission's file to look at, and how submissions are found by their number."""

from odoo import models


class Document(models.Model):
    _inherit = "l10n_pl_ksef.document"

    # Every check looks for invoices that were sent with the same number.
    _number_idx = models.Index("(invoice_number)")

    def action_preview(self):
        """Open what was made for KSeF as KSeF shows it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/l10n_pl_ksef/preview/submission/{self.id}",
            "target": "new",
        }
