"""Buttons on the invoice that hand out the files of its newest submission."""

from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def action_l10n_pl_ksef_download_upo(self):
        """Download the UPO exactly as KSeF gave it."""
        return self._l10n_pl_ksef_download("upo")

    def action_l10n_pl_ksef_download_xml(self):
        """Download the XML exactly as it was sent."""
        return self._l10n_pl_ksef_download("xml")

    def _l10n_pl_ksef_download(self, name):
        self.ensure_one()
        document = self.l10n_pl_ksef_document_id
        path = f"/web/content/{document._name}/{document.id}/{name}"
        return {
            "type": "ir.actions.act_url",
            "url": f"{path}?download=true&filename_field={name}_filename",
            "target": "download",
        }
