"""What a person adds to an invoice: notes, orders, contracts, delivery notes."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

NOTE, ORDER, CONTRACT = "note", "order", "contract"
DELIVERY_NOTE, BATCH = "delivery_note", "batch"
# Cannot be written yet, as a check says.
ATTACHMENT = "attachment"
KINDS = [
    (NOTE, "Additional description"),
    (ORDER, "Buyer's order"),
    (CONTRACT, "Contract"),
    (DELIVERY_NOTE, "Delivery note (WZ)"),
    (BATCH, "Batch of goods"),
    (ATTACHMENT, "Attachment to the e-invoice"),
]


class Detail(models.Model):
    _name = "l10n_pl_ksef.detail"
    _inherit = "l10n_pl_ksef.move.part"
    _description = "Additional data of an invoice"
    _order = "sequence, id"

    move_id = fields.Many2one(required=True)
    company_id = fields.Many2one(related="move_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(KINDS, required=True, default=NOTE)
    name = fields.Char("Number or heading", required=True)
    date = fields.Date()
    text = fields.Char()

    @api.constrains("kind", "text")
    def _check_text(self):
        for detail in self:
            if detail.kind == NOTE and not (detail.text or "").strip():
                raise ValidationError(
                    self.env._("%(heading)s: text is missing.", heading=detail.name)
                )
