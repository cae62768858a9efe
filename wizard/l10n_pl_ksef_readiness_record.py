"""The check of a partner or a product alone."""

from odoo import api, models

from ..models.l10n_pl_ksef_check_record import (
    BUYER_CHECKS,
    PRODUCT_CHECKS,
    partner_facts,
)
from ..models.l10n_pl_ksef_checks import LEVELS


class Readiness(models.TransientModel):
    _inherit = "l10n_pl_ksef.readiness"

    @api.model
    @api.private
    def _check_partner(self, partner):
        """Return the page of what is wrong with a buyer."""
        partner = partner.commercial_partner_id
        facts = partner_facts(partner.sudo(), self.env.company.sudo())
        return self._show_problems(partner, BUYER_CHECKS, facts)

    @api.model
    @api.private
    def _check_product(self, template):
        """Return the page of what is wrong with a product."""
        return self._show_problems(template, PRODUCT_CHECKS, template.sudo())

    @api.private
    def _show_problems(self, record, checks, facts):
        """Run checks and open what they found.

        :param facts: what the functions of these checks take
        """
        found = []
        for key, (level, function) in checks.items():
            for message, about, label in function(self.env, facts):
                # What is said of the invoice that does not exist is of the record.
                about = about if about._origin else record
                found.append(_prepare(key, level, message, about, label))
        found.sort(key=lambda values: LEVELS.index(values["level"]))
        readiness = self.create(
            {"state": "done", "subject": record.display_name, "is_selection": True}
        )
        for values in found:
            values["readiness_id"] = readiness.id
        self.env["l10n_pl_ksef.readiness.record"].sudo().create(found)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Check for KSeF"),
            "res_model": self._name,
            "res_id": readiness.id,
            "view_mode": "form",
            "views": [(self.env.ref("l10n_pl_ksef.view_record_check_form").id, "form")],
            "target": "new",
        }


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_l10n_pl_ksef_check(self):
        """List what keeps invoices to this customer from KSeF."""
        self.ensure_one()
        self.check_access("read")
        return self.env["l10n_pl_ksef.readiness"]._check_partner(self)


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def action_l10n_pl_ksef_check(self):
        """List what keeps invoices of this product from KSeF."""
        self.ensure_one()
        self.check_access("read")
        return self.env["l10n_pl_ksef.readiness"]._check_product(self)


def _prepare(key, level, message, record, label):
    return {
        "key": key,
        "level": level,
        "message": message,
        "res_model": record._name,
        "res_id": record._origin.id,
        "record_name": record.display_name,
        "field_label": label,
    }
