"""What a sale tax means in FA(3): rate, procedure, legal basis of an exemption."""

from odoo import api, fields, models

# Keys are the codes of FA(3) (a test compares), then two that have no code there.
RATES = [
    ("23", "23%"),
    ("22", "22%"),
    ("8", "8%"),
    ("7", "7%"),
    ("5", "5%"),
    ("4", "4% (taxi)"),
    ("3", "3% (taxi)"),
    ("0 KR", "0% domestic"),
    ("0 WDT", "0% intra-Community supply of goods"),
    ("0 EX", "0% export of goods"),
    ("zw", "Exempt"),
    ("oo", "Domestic reverse charge"),
    ("np I", "Outside Poland"),
    ("np II", "Services taxed in another EU country"),
    ("oss", "One Stop Shop"),
    ("margin", "Margin scheme"),
]
PROCEDURES = [
    ("WSTO_EE", "WSTO_EE"),
    ("IED", "IED"),
    ("TT_D", "TT_D"),
    ("I_42", "I_42"),
    ("I_63", "I_63"),
]

# Tags of the Polish tax report on the base of a tax -> rate. The first one found
# counts: a triangular sale is also tagged as an intra-Community supply.
RATE_BY_TAG = {
    "Triangular Sale": "np I",
    "K_21": "0 WDT",
    "K_22": "0 EX",
    "K_31": "oo",
    "K_12": "np II",
    "K_11": "np I",
    "K_10": "zw",
    "K_13": "0 KR",
    "K_14": "0 KR",
}
TAXED_TAGS = {"K_15", "K_17", "K_19"}
RATE_BY_PERCENT = {percent: f"{percent:g}" for percent in (23.0, 22.0, 8.0, 7.0, 5.0)}
TAXI_RATE_BY_PERCENT = {4.0: "4", 3.0: "3"}
PROCEDURE_BY_TAG = {"Triangular Sale": "TT_D", "I_42": "I_42", "I_63": "I_63"}
EXEMPTION_KINDS = [
    ("act", "Polish act or regulation"),
    ("directive", "Directive 2006/112/EC"),
    ("other", "Other legal basis"),
]
# Keys are those of `l10n_pl_ksef_fa3_statements.MARGIN_ATTRIBUTES`.
MARGIN_KINDS = [
    ("travel", "Travel agencies"),
    ("used_goods", "Used goods"),
    ("art", "Works of art"),
    ("antiques", "Collectors' items and antiques"),
]
# Refund of the tax to travellers, which a cash register documents.
TRAVEL_TAG = "K_14"
OSS_TAG = "l10n_eu_oss.tag_oss"
GOLD_TAG = "l10n_pl.gold_tag"
# Source: Polish VAT act of 11 March 2004, article 122(1) (investment gold).
GOLD_BASIS = "art. 122 ust. 1 ustawy o VAT"
# What a person may choose although it is worked out of the tax.
CHOSEN = (
    *("l10n_pl_ksef_rate", "l10n_pl_ksef_procedure"),
    *("l10n_pl_ksef_exemption_basis", "l10n_pl_ksef_is_travel"),
)
# What rate and procedure are made of.
MEANING_DEPENDS = (
    *("type_tax_use", "amount_type", "amount", "country_id"),
    "repartition_line_ids.repartition_type",
    "repartition_line_ids.tag_ids",
)


class AccountTax(models.Model):
    _inherit = "account.tax"

    l10n_pl_ksef_rate = fields.Selection(
        RATES,
        string="VAT rate in KSeF",
        compute="_compute_l10n_pl_ksef_rate",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="What this tax is called on the invoice that goes to KSeF.",
    )
    l10n_pl_ksef_procedure = fields.Selection(
        PROCEDURES,
        string="Procedure in KSeF",
        compute="_compute_l10n_pl_ksef_procedure",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    l10n_pl_ksef_exemption_kind = fields.Selection(
        EXEMPTION_KINDS,
        string="Exempt under",
        default="act",
        tracking=True,
    )
    l10n_pl_ksef_exemption_basis = fields.Char(
        "Legal basis of the exemption",
        size=256,
        compute="_compute_l10n_pl_ksef_exemption_basis",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="For example: art. 43 ust. 1 pkt 37 ustawy o VAT",
    )

    l10n_pl_ksef_margin_kind = fields.Selection(
        MARGIN_KINDS,
        string="Kind of margin scheme",
        tracking=True,
        help="The price is gross, and no VAT is shown on the invoice.",
    )
    l10n_pl_ksef_buyer_accounts = fields.Selection(
        [
            ("auto", "If the buyer has a tax number"),
            ("yes", "Always"),
            ("no", "Never"),
        ],
        string="Buyer accounts for the tax",
        default="auto",
        required=True,
        tracking=True,
        help="Whether an invoice with this tax says “reverse charge” (P_18).",
    )
    l10n_pl_ksef_is_travel = fields.Boolean(
        "Refund to travellers",
        compute="_compute_l10n_pl_ksef_is_travel",
        store=True,
        readonly=False,
        precompute=True,
        help="Such a sale is documented by a cash register; an invoice is pointed out.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS account: the repartition lines come last, and must not undo a choice.
        taxes = super().create(vals_list)
        for side in ("invoice", "refund"):
            taxes.mapped(f"{side}_repartition_line_ids")
        taxes.flush_recordset(CHOSEN)
        for tax, values in zip(taxes, vals_list, strict=True):
            if given := {name: values[name] for name in CHOSEN if name in values}:
                tax.write(given)
        return taxes

    @api.depends(*MEANING_DEPENDS)
    def _compute_l10n_pl_ksef_rate(self):
        for tax in self:
            tags = tax._l10n_pl_ksef_base_tags()
            if not tax._l10n_pl_ksef_is_sale():
                tax.l10n_pl_ksef_rate = False
            elif tags & tax._l10n_pl_ksef_tag(OSS_TAG):
                tax.l10n_pl_ksef_rate = "oss"
            else:
                names = set(tags.mapped("name"))
                tax.l10n_pl_ksef_rate = tax._l10n_pl_ksef_domestic_rate(names)

    # Apart from the rate: a choice of the user in one must not undo the other.
    @api.depends(*MEANING_DEPENDS)
    def _compute_l10n_pl_ksef_procedure(self):
        for tax in self:
            tags = tax._l10n_pl_ksef_base_tags()
            if not tax._l10n_pl_ksef_is_sale():
                tax.l10n_pl_ksef_procedure = False
            elif tags & tax._l10n_pl_ksef_tag(OSS_TAG):
                tax.l10n_pl_ksef_procedure = "WSTO_EE"
            else:
                names = set(tags.mapped("name"))
                chosen = not names and tax.l10n_pl_ksef_procedure
                tax.l10n_pl_ksef_procedure = _first(PROCEDURE_BY_TAG, names) or chosen

    @api.depends(*MEANING_DEPENDS)
    def _compute_l10n_pl_ksef_is_travel(self):
        for tax in self:
            names = tax._l10n_pl_ksef_base_tags().mapped("name")
            is_travel = tax._l10n_pl_ksef_is_sale() and TRAVEL_TAG in names
            tax.l10n_pl_ksef_is_travel = is_travel

    @api.depends("l10n_pl_ksef_rate", "repartition_line_ids.tag_ids")
    def _compute_l10n_pl_ksef_exemption_basis(self):
        for tax in self:
            basis = tax.l10n_pl_ksef_exemption_basis
            tags = tax._l10n_pl_ksef_base_tags()
            is_gold = tags & tax._l10n_pl_ksef_tag(GOLD_TAG)
            if not basis and is_gold and tax.l10n_pl_ksef_rate == "zw":
                basis = GOLD_BASIS
            tax.l10n_pl_ksef_exemption_basis = basis

    def _l10n_pl_ksef_is_sale(self):
        return self.type_tax_use == "sale" and self.country_id.code == "PL"

    def _l10n_pl_ksef_tag(self, xml_id):
        """Return a tag by its external id, or none if its module is not installed."""
        tags = self.env["account.account.tag"]
        return self.env.ref(xml_id, raise_if_not_found=False) or tags

    def _l10n_pl_ksef_base_tags(self):
        """Return the report tags on the base of the tax, named as delivered."""
        lines = self.repartition_line_ids.filtered(
            lambda line: line.repartition_type == "base"
        )
        return lines.tag_ids._origin.with_context(lang="en_US")

    def _l10n_pl_ksef_domestic_rate(self, tag_names):
        """Return the rate that tags and percentage mean, or False.

        Without tags a choice that no percentage can tell, like margin, is kept.
        """
        rate = _first(RATE_BY_TAG, tag_names)
        if rate or self.amount_type != "percent":
            return rate
        if tag_names & TAXED_TAGS:
            return RATE_BY_PERCENT.get(self.amount, False)
        chosen = self.l10n_pl_ksef_rate
        if tag_names or (chosen and not chosen.isdigit()):
            return not tag_names and chosen
        return (RATE_BY_PERCENT | TAXI_RATE_BY_PERCENT).get(self.amount, False)


def _first(meanings, tag_names):
    return next((meanings[name] for name in meanings if name in tag_names), False)
