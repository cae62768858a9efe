"""Third parties: on an invoice, or set down for all invoices of a buyer or seller."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

OTHER_ROLE = "other"
# Authorised parties are no third parties of FA(3): a check says that they cannot be
# written yet.
AUTHORIZED_ROLES = [
    ("authority", "Enforcement authority"),
    ("bailiff", "Court bailiff"),
    ("tax_representative", "Tax representative"),
]
# Other keys are the codes of FA(3), element Rola.
ROLES = [
    ("1", "Factor"),
    ("2", "Recipient"),
    ("3", "Original entity"),
    ("4", "Additional buyer"),
    ("5", "Issuer of the invoice"),
    ("6", "Payer"),
    ("7", "Local government unit: issuer"),
    ("8", "Local government unit: recipient"),
    ("9", "VAT group member: issuer"),
    ("10", "VAT group member: recipient"),
    ("11", "Employee"),
    (OTHER_ROLE, "Other role"),
    *AUTHORIZED_ROLES,
]
FACTOR, RECIPIENT, ADDITIONAL_BUYER, EMPLOYEE = "1", "2", "4", "11"
GOVERNMENT_RECIPIENT, GROUP_RECIPIENT = "8", "10"


class Party(models.Model):
    _name = "l10n_pl_ksef.party"
    _inherit = "l10n_pl_ksef.move.part"
    _description = "Third party of an invoice"
    _order = "sequence, id"
    _rec_name = "partner_id"
    _check_company_auto = True

    sequence = fields.Integer(default=10)
    owner_id = fields.Many2one(
        "res.partner",
        "On all invoices to",
        ondelete="cascade",
        index="btree_not_null",
        copy=False,
    )
    seller_company_id = fields.Many2one(
        "res.company",
        "On all invoices of",
        ondelete="cascade",
        index="btree_not_null",
        copy=False,
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Party",
        required=True,
        ondelete="restrict",
        index=True,
        check_company=True,
    )
    role = fields.Selection(ROLES, required=True, default=RECIPIENT)
    role_text = fields.Char("Role in words")
    share = fields.Float(
        "Share (%)",
        digits=(9, 6),
        help="Share of an additional buyer. The rest is the buyer's; without any "
        "figure the shares are equal.",
    )
    # As the user: a form shows what is computed before anything is saved.
    internal_id = fields.Char(
        "Internal ID",
        compute="_compute_from_partner",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="IDWew: by it a unit without a NIP of its own finds the invoice in KSeF.",
    )
    customer_number = fields.Char(
        compute="_compute_from_partner",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="Number under which you know this party.",
    )
    bank_account_id = fields.Many2one(
        "res.partner.bank",
        "Factor's account",
        domain="[('partner_id', '=', partner_id)]",
        ondelete="restrict",
    )

    _one_place = models.Constraint(
        "CHECK (num_nonnulls(move_id, owner_id, seller_company_id) = 1)",
        "A third party belongs to one invoice, one buyer or one company.",
    )

    @api.depends("move_id.company_id", "owner_id.company_id", "seller_company_id")
    def _compute_company_id(self):
        for party in self:
            party.company_id = (
                party.move_id.company_id
                or party.seller_company_id
                or party.owner_id.company_id
            )

    @api.depends("partner_id")
    def _compute_from_partner(self):
        for party in self:
            party.internal_id = party.partner_id.l10n_pl_ksef_internal_id
            party.customer_number = party.partner_id.ref

    @api.constrains("bank_account_id", "partner_id")
    def _check_bank_account(self):
        for party in self:
            bank = party.bank_account_id
            if bank and bank.partner_id != party.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(party)s: this account belongs to somebody else.",
                        party=party.partner_id.name,
                    )
                )

    @api.constrains("role", "role_text")
    def _check_role_text(self):
        for party in self:
            if party.role == OTHER_ROLE and not (party.role_text or "").strip():
                raise ValidationError(
                    self.env._(
                        "%(party)s: describe the role.", party=party.partner_id.name
                    )
                )
