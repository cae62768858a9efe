"""Preview of an invoice, its XML, and the readiness check of a selection."""

from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    def action_l10n_pl_ksef_preview(self):
        """Open the invoice as KSeF will show it, in a window of its own."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/l10n_pl_ksef/preview/{self.id}",
            "target": "new",
        }

    def action_l10n_pl_ksef_download_xml(self):
        """Download the file as it is, or as it would be made now.

        :raises UserError: with everything that keeps it from being made
        """
        self.ensure_one()
        preview = self.env["l10n_pl_ksef.preview"]
        preview._check_access(self)
        found = preview._get_file(self)
        if not found.xml:
            problems = "\n".join(f"• {each.message}" for each in found.problems)
            raise UserError(
                self.env._(
                    "To fix before there is a file:\n%(problems)s", problems=problems
                )
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/l10n_pl_ksef/preview/{self.id}/xml",
            "target": "download",
        }

    def action_l10n_pl_ksef_readiness(self):
        """Check a selection of invoices before they are sent."""
        return self.env["l10n_pl_ksef.readiness"]._open_selection(self)
