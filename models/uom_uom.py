"""Units of measure as Polish invoices abbreviate them."""

from odoo import api, fields, models

# By the name of the external id. Source: common Polish abbreviations.
ABBREVIATIONS = {
    "product_uom_unit": "szt.",
    "product_uom_pack_6": "opak. 6 szt.",
    "product_uom_dozen": "tuz.",
    "product_uom_kgm": "kg",
    "product_uom_gram": "g",
    "product_uom_ton": "t",
    "product_uom_litre": "l",
    "product_uom_milliliter": "ml",
    "product_uom_millimeter": "mm",
    "product_uom_cm": "cm",
    "product_uom_meter": "m",
    "product_uom_km": "km",
    "product_uom_square_meter": "m2",
    "product_uom_cubic_meter": "m3",
    "product_uom_minute": "min",
    "product_uom_hour": "godz.",
    "product_uom_day": "dni",
    "product_uom_kwh": "kWh",
    "product_uom_oz": "uncja",
    "product_uom_lb": "funt",
    "product_uom_inch": "cal",
    "product_uom_foot": "stopa",
    "product_uom_yard": "jard",
    "product_uom_mile": "mila",
    "product_uom_square_foot": "stopa kw.",
    "product_uom_cubic_inch": "cal sześć.",
    "product_uom_cubic_foot": "stopa sześć.",
    "product_uom_floz": "uncja płynu",
    "product_uom_qt": "kwarta",
    "product_uom_gal": "galon",
}


class UomUom(models.Model):
    _inherit = "uom.uom"

    l10n_pl_ksef_abbreviation = fields.Char(
        "Unit in KSeF",
        size=256,
        compute="_compute_l10n_pl_ksef_abbreviation",
        store=True,
        readonly=False,
        help="What Polish invoices call this unit; empty: its Polish name.",
    )

    # Once, when the column is made: what an accountant writes later stays.
    @api.depends()
    def _compute_l10n_pl_ksef_abbreviation(self):
        names = self._get_external_ids()
        for unit in self:
            own = [name for name in names[unit.id] if name.startswith("uom.")]
            known = [ABBREVIATIONS.get(name.removeprefix("uom.")) for name in own]
            unit.l10n_pl_ksef_abbreviation = next(filter(None, known), False)
