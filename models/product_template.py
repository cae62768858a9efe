"""What FA(3) asks for of a product, beside its code, bar code and GTU."""

from odoo import fields, models

# Source: FA(3) schema, types of the elements PKWiU, CN and PKOB.
CODE_LENGTH = 50


class ProductTemplate(models.Model):
    _inherit = "product.template"

    l10n_pl_ksef_is_annex_15 = fields.Boolean(
        "On annex 15",
        tracking=True,
        help="Goods or services of annex 15 to the Polish VAT act: over 15,000 PLN the"
        " buyer pays by split payment.",
    )
    l10n_pl_ksef_pkwiu = fields.Char(
        "PKWiU", size=CODE_LENGTH, help="Polish classification of products."
    )
    l10n_pl_ksef_cn = fields.Char(
        "CN code", size=CODE_LENGTH, help="Combined Nomenclature of the EU, 8 digits."
    )
    l10n_pl_ksef_pkob = fields.Char(
        "PKOB", size=CODE_LENGTH, help="Polish classification of buildings."
    )
    l10n_pl_ksef_is_new_transport = fields.Boolean(
        "New means of transport",
        tracking=True,
        help="Sold to another EU country its data belong on the invoice; such an"
        " invoice is issued outside Odoo.",
    )
