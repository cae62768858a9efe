"""Payments on account that a person lists: when they came, and how much."""

from odoo import fields, models


class Received(models.Model):
    _name = "l10n_pl_ksef.received"
    _inherit = "l10n_pl_ksef.move.part"
    _description = "Payment on account"
    _order = "received_on, id"

    move_id = fields.Many2one(required=True)
    company_id = fields.Many2one(related="move_id.company_id", store=True)
    currency_id = fields.Many2one(related="move_id.currency_id")
    received_on = fields.Date("Received on", required=True)
    amount = fields.Monetary(required=True)

    _positive_amount = models.Constraint(
        "CHECK (amount > 0)", "A payment on account is more than 0."
    )
