"""Settings: what the company says about itself on every e-invoice."""

from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    l10n_pl_ksef_krs = fields.Char(
        related="company_id.l10n_pl_ksef_krs", readonly=False
    )
    l10n_pl_ksef_regon = fields.Char(
        related="company_id.l10n_pl_ksef_regon", readonly=False
    )
    l10n_pl_ksef_bdo = fields.Char(
        related="company_id.l10n_pl_ksef_bdo", readonly=False
    )
    l10n_pl_ksef_eori = fields.Char(
        related="company_id.l10n_pl_ksef_eori", readonly=False
    )
    l10n_pl_ksef_taxpayer_state = fields.Selection(
        related="company_id.l10n_pl_ksef_taxpayer_state", readonly=False
    )
    l10n_pl_ksef_mail_partner_id = fields.Many2one(
        related="company_id.l10n_pl_ksef_mail_partner_id", readonly=False
    )
    l10n_pl_ksef_footer = fields.Text(
        related="company_id.l10n_pl_ksef_footer", readonly=False
    )

    def action_l10n_pl_ksef_parties(self):
        """Open the third parties that stand on all invoices of the company."""
        company = self.company_id
        return {
            "type": "ir.actions.act_window",
            "res_model": "l10n_pl_ksef.party",
            "view_mode": "list",
            "views": [(self.env.ref("l10n_pl_ksef.view_party_list").id, "list")],
            "domain": [("seller_company_id", "=", company.id)],
            "context": {"default_seller_company_id": company.id},
            "name": self.env._("Third parties of e-invoices"),
            "help": self.env._(
                "Third parties listed here stand on every new invoice of the company,"
                " e.g. a unit that issues its invoices, or a factor."
            ),
        }
