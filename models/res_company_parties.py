"""What a company says about itself on every e-invoice."""

import re

from stdnum.pl import regon

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..fa3.text import pieces

_SEPARATORS = re.compile(r"[\s\-./]")
_KRS = re.compile(r"\d{10}", re.ASCII)
# Source: FA(3) schema, element BDO: up to nine characters; the register gives digits.
_BDO = re.compile(r"\d{1,9}", re.ASCII)
# Keys are the codes of FA(3), element StatusInfoPodatnika.
TAXPAYER_STATES = [
    ("1", "In liquidation"),
    ("2", "In restructuring"),
    ("3", "In bankruptcy"),
    ("4", "Inherited enterprise"),
]
FOOTER_LENGTH = 3500


def compact(number):
    """Return a register number as typed without blanks and dashes."""
    return _SEPARATORS.sub("", number or "")


class ResCompany(models.Model):
    _inherit = "res.company"

    l10n_pl_ksef_krs = fields.Char("KRS", copy=False)
    l10n_pl_ksef_regon = fields.Char("REGON", copy=False)
    l10n_pl_ksef_bdo = fields.Char(
        "BDO", copy=False, help="Number in the register of products and waste."
    )
    l10n_pl_ksef_eori = fields.Char(
        related="partner_id.l10n_pl_ksef_eori", readonly=False
    )
    l10n_pl_ksef_taxpayer_state = fields.Selection(
        TAXPAYER_STATES, "Taxpayer's situation"
    )
    l10n_pl_ksef_mail_partner_id = fields.Many2one(
        "res.partner",
        "Address for letters",
        help="Address that stands on e-invoices beside the company's own.",
    )
    l10n_pl_ksef_footer = fields.Text(
        "Text below e-invoices",
        help="Stands below the terms of the invoice, e.g. court and share capital.",
    )
    l10n_pl_ksef_party_ids = fields.One2many(
        "l10n_pl_ksef.party",
        "seller_company_id",
        "Third parties of e-invoices",
        groups="account.group_account_invoice,account.group_account_readonly",
    )

    @api.constrains("l10n_pl_ksef_krs", "l10n_pl_ksef_regon", "l10n_pl_ksef_bdo")
    def _check_l10n_pl_ksef_registers(self):
        rules = {
            "l10n_pl_ksef_krs": _KRS.fullmatch,
            "l10n_pl_ksef_regon": regon.is_valid,
            "l10n_pl_ksef_bdo": _BDO.fullmatch,
        }
        for company in self:
            for name, is_right in rules.items():
                number = company[name]
                if number and not is_right(compact(number)):
                    raise ValidationError(
                        self.env._(
                            "%(company)s: %(register)s %(number)s does not look right.",
                            company=company.name,
                            register=self._fields[name].string,
                            number=number,
                        )
                    )

    @api.constrains("l10n_pl_ksef_footer")
    def _check_l10n_pl_ksef_footer(self):
        for company in self:
            if len(pieces(company.l10n_pl_ksef_footer or "", FOOTER_LENGTH)) > 1:
                raise ValidationError(
                    self.env._(
                        "Text below e-invoices: at most %(count)s characters.",
                        count=FOOTER_LENGTH,
                    )
                )

    def _l10n_pl_ksef_get_own(self, name):
        """Return a value of the company, else of the nearest parent that has one."""
        company = self
        while company and not company[name]:
            company = company.parent_id
        return company[name]

    def _l10n_pl_ksef_get_parties(self):
        """Return third parties that stand on all invoices of the company."""
        return self._l10n_pl_ksef_get_own("l10n_pl_ksef_party_ids")
