"""Invoices: third parties, and what the buyer is marked as."""

from odoo import Command, api, fields, models

from .account_move import READERS
from .l10n_pl_ksef_fa3_parties import is_flagged
from .l10n_pl_ksef_party import GOVERNMENT_RECIPIENT, OTHER_ROLE, RECIPIENT

OVERRIDES = [("yes", "Yes"), ("no", "No")]
PARTY_FIELDS = frozenset(
    {
        "l10n_pl_ksef_party_ids",
        "l10n_pl_ksef_local_government",
        "l10n_pl_ksef_vat_group",
    }
)
# Role of another company that takes the goods, in the language of the document.
RECEIVER_OF_GOODS = "Odbiorca towaru"


class AccountMove(models.Model):
    _inherit = "account.move"

    l10n_pl_ksef_party_ids = fields.One2many(
        "l10n_pl_ksef.party",
        "move_id",
        "Third parties",
        compute="_compute_l10n_pl_ksef_party_ids",
        store=True,
        readonly=False,
        copy=True,
        groups=READERS,
    )
    l10n_pl_ksef_local_government = fields.Selection(
        OVERRIDES,
        "Unit of local government (JST)",
        tracking=True,
        help="The invoice is for a subordinate unit of the buyer. Empty: as on the "
        "customer.",
    )
    l10n_pl_ksef_vat_group = fields.Selection(
        OVERRIDES,
        "VAT group (GV)",
        tracking=True,
        help="The invoice is for a member of the buyer's VAT group. Empty: as on the "
        "customer.",
    )
    l10n_pl_ksef_offers_recipient = fields.Boolean(
        "Delivery address may be a third party",
        compute="_compute_l10n_pl_ksef_offers_recipient",
        groups=READERS,
    )

    def _l10n_pl_ksef_file_fields(self):
        # EXTENDS l10n_pl_ksef
        return super()._l10n_pl_ksef_file_fields() | PARTY_FIELDS

    @api.depends("commercial_partner_id", "company_id", "move_type")
    def _compute_l10n_pl_ksef_party_ids(self):
        for move in self:
            usual = move._l10n_pl_ksef_get_usual_parties()
            move.l10n_pl_ksef_party_ids = [
                Command.clear(),
                *(Command.create(vals) for vals in usual.copy_data()),
            ]

    def _l10n_pl_ksef_get_usual_parties(self):
        """Return what buyer and company set down; other entries ask nobody."""
        if not self.is_sale_document():
            return self.env["l10n_pl_ksef.party"]
        usual = self.commercial_partner_id.l10n_pl_ksef_party_ids
        return usual | self.company_id._l10n_pl_ksef_get_parties()

    @api.depends("partner_shipping_id", "l10n_pl_ksef_party_ids.partner_id")
    def _compute_l10n_pl_ksef_offers_recipient(self):
        for move in self:
            place, known = move.partner_shipping_id, move.l10n_pl_ksef_party_ids
            move.l10n_pl_ksef_offers_recipient = (
                move.move_type in ("out_invoice", "out_refund")
                and place != move.commercial_partner_id
                and place not in known.partner_id
                and place._l10n_pl_ksef_is_reachable()
            )

    def action_l10n_pl_ksef_add_recipient(self):
        """Add the delivery address as third party."""
        self.ensure_one()
        self.check_access("write")
        if self.l10n_pl_ksef_offers_recipient:
            values = self._l10n_pl_ksef_prepare_recipient()
            self.l10n_pl_ksef_party_ids = [Command.create(values)]

    def _l10n_pl_ksef_prepare_recipient(self):
        """Return the delivery address as party: the buyer's unit is its recipient."""
        place, buyer = self.partner_shipping_id, self.commercial_partner_id
        if buyer not in place._l10n_pl_ksef_get_parents():
            return {
                "partner_id": place.id,
                "role": OTHER_ROLE,
                "role_text": RECEIVER_OF_GOODS,
            }
        is_government = is_flagged(
            self.l10n_pl_ksef_local_government, buyer.l10n_pl_ksef_is_local_government
        )
        role = GOVERNMENT_RECIPIENT if is_government else RECIPIENT
        return {"partner_id": place.id, "role": role}
