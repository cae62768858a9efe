"""Keeps Odoo's own KSeF module from sending for a company that ours serves."""

from odoo import api, models

# Key under which Odoo's own module registers its sending.
OTHER_MODULE_EDI = "pl_ksef"


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _generate_invoice_documents(self, invoices_data, allow_fallback_pdf=False):
        # EXTENDS account
        for move, data in invoices_data.items():
            if move.company_id._l10n_pl_ksef_owner():
                data["extra_edis"] = set(data.get("extra_edis") or ()) - {
                    OTHER_MODULE_EDI
                }
        return super()._generate_invoice_documents(
            invoices_data, allow_fallback_pdf=allow_fallback_pdf
        )

    @api.model
    def _get_default_extra_edis(self, move):
        # EXTENDS account: nor is it offered in the Send dialogue.
        edis = super()._get_default_extra_edis(move)
        if move.company_id._l10n_pl_ksef_owner():
            return set(edis) - {OTHER_MODULE_EDI}
        return edis
