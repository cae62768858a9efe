"""Odoo's own KSeF module, where it is installed; nowhere else are its fields read."""

import logging

from odoo import api, models

_logger = logging.getLogger(__name__)

CERTIFICATE = "l10n_pl_edi_certificate"
NUMBER, STATUS = "l10n_pl_edi_number", "l10n_pl_edi_status"
# Its states of an invoice that KSeF has, or may have.
TAKEN_STATES = ("sent", "accepted")


class OtherModule(models.AbstractModel):
    _name = "l10n_pl_ksef.other_module"
    _description = "Odoo's own KSeF module"

    @api.private
    def _has_certificate(self, company):
        """Tell whether it has what it needs to send for a company."""
        return bool(self._read(company, CERTIFICATE))

    @api.private
    def _get_number(self, move):
        """Return the KSeF number that it got for an invoice, or False."""
        return self._read(move, NUMBER) or False

    @api.private
    def _get_state(self, move):
        """Tell how far it has an invoice: ``accepted``, ``sent`` or False."""
        if self._get_number(move):
            return "accepted"
        return self._read(move, STATUS) in TAKEN_STATES and "sent"

    @api.private
    def _count_open(self, company):
        """Return how many invoices it sent whose fate it does not know yet."""
        moves = self.env["account.move"].sudo()
        if STATUS not in moves._fields:
            return 0
        domain = [("company_id", "=", company.id), (STATUS, "=", "sent")]
        return moves.search_count(domain)

    @api.private
    def _take_over(self, company):
        """Take its certificate from a company, so that this module alone sends.

        The certificate itself stays in Odoo, and so does the login with which
        it asks about the invoices it sent before.

        :raises AccessError: not a KSeF administrator of this company
        """
        self.env["l10n_pl_ksef.setup"]._check_admin(company)
        company = company.sudo()
        if not self._has_certificate(company):
            return
        certificate = company[CERTIFICATE]
        company[CERTIFICATE] = False
        _logger.info(
            "KSeF: user %s took company %s over from Odoo's own module",
            self.env.uid,
            company.id,
        )
        company.partner_id._message_log(
            body=self.env._(
                "KSeF: %(user)s took sending over from Odoo's own KSeF module;"
                " certificate %(certificate)s is no longer used for %(company)s.",
                user=self.env.user.name,
                certificate=certificate.display_name,
                company=company.display_name,
            )
        )
        connections = self.env["l10n_pl_ksef.connection"].sudo()
        own = connections.search([("company_id", "=", company.id)])
        self.env["l10n_pl_ksef.job"]._trigger(own)

    @api.private
    def _read(self, record, name):
        return record.sudo()[name] if name in record._fields else False


class ResCompany(models.Model):
    _inherit = "res.company"

    def _l10n_pl_ksef_other_module_is_set(self):
        """Tell whether Odoo's own KSeF module has a certificate to send with."""
        self.ensure_one()
        return self.env["l10n_pl_ksef.other_module"]._has_certificate(self)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _l10n_pl_ksef_other_module_state(self):
        """Return how far Odoo's own KSeF module has this invoice, or False."""
        self.ensure_one()
        return self.env["l10n_pl_ksef.other_module"]._get_state(self)

    def _l10n_pl_ksef_known_number(self):
        """Return the KSeF number by which a correction names this invoice.

        Whichever module sent it; False when it has none.
        """
        self.ensure_one()
        other = self.env["l10n_pl_ksef.other_module"]
        return self.sudo().l10n_pl_ksef_number or other._get_number(self)
