"""What the screens of the invoice need: looks, a search, files at a click."""

from odoo import fields, models
from odoo.fields import Domain

from .l10n_pl_ksef_outbox import SENT_MOVE_TYPES


class AccountMove(models.Model):
    _inherit = "account.move"

    l10n_pl_ksef_display_state = fields.Selection(
        related="l10n_pl_ksef_document_id.display_state", string="KSeF"
    )
    l10n_pl_ksef_display_upo = fields.Selection(
        related="l10n_pl_ksef_document_id.display_upo", string="UPO"
    )
    l10n_pl_ksef_blocked_reason = fields.Selection(
        related="l10n_pl_ksef_document_id.blocked_reason",
        string="Reason of the KSeF hold",
    )
    l10n_pl_ksef_is_due = fields.Boolean(search="_search_l10n_pl_ksef_is_due")

    def _search_l10n_pl_ksef_is_due(self, operator, value):
        """Find what `outbox._get_not_due_reason` has no reason for.

        What Odoo's own module sent is found too: this addon has no number of it.
        """
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            self._l10n_pl_ksef_due_domain(company) for company in self.env.companies
        )

    def _l10n_pl_ksef_due_domain(self, company):
        owner = company._l10n_pl_ksef_owner()
        if not owner:
            return Domain.FALSE
        domain = Domain("company_id", "=", company.id)
        domain &= Domain("move_type", "in", SENT_MOVE_TYPES)
        if since := owner.l10n_pl_ksef_since:
            domain &= Domain("invoice_date", ">=", since) | Domain(
                "invoice_date", "=", False
            )
        buyer = "commercial_partner_id"
        private = Domain(f"{buyer}.is_company", "=", False)
        private &= Domain(f"{buyer}.vat", "=", False)
        foreign = ~private & Domain(f"{buyer}.country_id.code", "not in", (False, "PL"))
        foreign &= Domain(f"{buyer}.vat", "not =ilike", "PL%")
        kinds = {
            "private": private,
            "foreign": foreign,
            "polish": ~private & ~foreign,
        }
        # What corrects a sent invoice goes there too, whoever the buyer is.
        sent = Domain("reversed_entry_id.l10n_pl_ksef_state", "!=", False)
        return domain & Domain.OR(
            [
                sent
                & Domain("reversed_entry_id.l10n_pl_ksef_state", "!=", "withdrawn"),
                *(
                    own
                    for kind, own in kinds.items()
                    if owner[f"l10n_pl_ksef_to_{kind}"]
                ),
            ]
        )

    def action_l10n_pl_ksef_download_upo(self):
        """Download the UPO exactly as KSeF gave it."""
        return self.l10n_pl_ksef_document_id.action_download_upo()
