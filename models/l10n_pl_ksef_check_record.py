"""Checks of a partner or a product alone, before it stands on an invoice."""

from ..fa3 import codes
from ..fa3.text import FORBIDDEN, clean
from .l10n_pl_ksef_check_general import forbidden_characters
from .l10n_pl_ksef_check_parties import CHECKS as PARTIES
from .l10n_pl_ksef_check_third_parties import CHECKS as THIRD_PARTIES
from .l10n_pl_ksef_fa3_facts import Facts, exact, is_fitting
from .l10n_pl_ksef_fa3_lines import TEXT_LENGTH
from .l10n_pl_ksef_fa3_products import CODE_LENGTH, read_products

# Checks of an invoice that are about its buyer alone.
BUYER_CHECKS = {
    name: PARTIES[name]
    for name in (
        *("buyer_name", "buyer_address", "buyer_without_nip", "buyer_nip"),
        *("buyer_eu_number", "same_nip", "contacts"),
    )
} | {
    name: THIRD_PARTIES[name]
    for name in (
        *("unit", "shares", "third_party_number", "internal_id"),
        *("internal_id_digit", "third_party_unreachable"),
    )
}
BUYER_CHECKS["forbidden_in_party"] = ("warn", forbidden_characters)
# Goods and services of the GTU groups. Source: regulation on JPK_VAT of 15 October
# 2019, paragraph 10(3).
GTU_OF_SERVICES = {"GTU_11", "GTU_12", "GTU_13"}
SERVICE = "service"


def partner_facts(partner, company):
    """Return the ``Facts`` of an invoice that has a buyer and nothing else yet."""
    move = partner.env["account.move"].new({"company_id": company.id})
    return Facts(
        move=move,
        seller=company.partner_id,
        buyer=partner,
        tax_id=partner._l10n_pl_ksef_tax_id(),
        rows=[],
        tax_lines=[],
        terms=[],
        roundings=[],
        has_early_discount_lines=False,
        comments=[],
        note_lines=[],
        is_foreign=False,
        parties=tuple(partner.l10n_pl_ksef_party_ids),
    )


def product_text(env, template):
    text = template.name or ""
    if not clean(text):
        yield env._("The product has no name."), template, env._("Name")
    elif len(clean(text)) > TEXT_LENGTH:
        message = env._(
            "%(name)s: the name has %(len)s characters; past 512 it goes to the"
            " additional notes.",
            name=f"{clean(text)[:40]}…",
            len=len(clean(text)),
        )
        yield message, template, env._("Name")
    if FORBIDDEN.search(text):
        message = env._(
            "%(name)s: characters that KSeF forbids are left out of the name.",
            name=clean(text),
        )
        yield message, template, env._("Name")


def _get_taxes(env, template):
    """Return the taxes with which this company sells the product."""
    return template.taxes_id.filtered_domain(
        env["account.tax"]._check_company_domain(env.company)
    ).flatten_taxes_hierarchy()


def product_taxes(env, template):
    taxes = _get_taxes(env, template)
    rated = taxes.filtered("l10n_pl_ksef_rate")
    if len(taxes) != 1 or not rated:
        message = env._(
            "%(name)s: choose exactly one VAT rate known to KSeF.", name=template.name
        )
        unknown = (taxes - rated)[:1] if len(taxes) == 1 else template
        yield message, unknown, env._("Sales Taxes")


def product_percent(env, template):
    for tax in _get_taxes(env, template):
        rate = tax.l10n_pl_ksef_rate
        if rate and rate != codes.MARGIN and not is_fitting(rate, exact(tax.amount)):
            message = env._(
                "%(name)s: %(tax)s is a tax of %(percent)s%%, which cannot be %(rate)s"
                " in KSeF.",
                name=template.name,
                tax=tax.name,
                percent=f"{tax.amount:g}",
                rate=rate,
            )
            yield message, tax, env._("VAT rate in KSeF")


def product_exemption(env, template):
    for tax in _get_taxes(env, template):
        is_exempt = tax.l10n_pl_ksef_rate == codes.VatRate.EXEMPT.value
        if is_exempt and not tax.l10n_pl_ksef_exemption_basis:
            message = env._(
                "%(name)s, tax %(tax)s: give the legal basis of the exemption.",
                name=template.name,
                tax=tax.name,
            )
            yield message, tax, env._("Legal basis")


def product_margin(env, template):
    for tax in _get_taxes(env, template):
        is_margin = tax.l10n_pl_ksef_rate == codes.MARGIN
        if is_margin and not tax.l10n_pl_ksef_margin_kind:
            message = env._(
                "Margin scheme: choose its kind (travel, used goods, art, antiques)."
            )
            yield message, tax, env._("Kind of margin scheme")


def product_unit(env, template):
    unit = template.uom_id
    if unit and not clean(unit.l10n_pl_ksef_abbreviation or ""):
        message = env._(
            "Unit %(unit)s has no abbreviation for KSeF; its name is sent.",
            unit=unit.name,
        )
        yield message, unit, env._("Unit in KSeF")


def product_gtu(env, template):
    gtu = template.l10n_pl_vat_gtu
    if not gtu:
        return
    is_service = template.type == SERVICE
    if is_service != (gtu in GTU_OF_SERVICES):
        message = (
            env._("%(name)s is a service, %(gtu)s is for goods.")
            if is_service
            else env._("%(name)s is goods, %(gtu)s is for services.")
        )
        message %= {"name": template.name, "gtu": gtu}
        yield message, template, env._("GTU Codes")


def product_codes(env, template):
    for product in template.product_variant_ids:
        code = clean(product.default_code or "")
        if len(code) > CODE_LENGTH:
            message = env._(
                "%(name)s: the product code has %(len)s characters; 50 are sent.",
                name=product.display_name,
                len=len(code),
            )
            yield message, product, env._("Internal Reference")
        if product.barcode and not read_products(product)[product.id].gtin:
            message = env._(
                "%(name)s: barcode %(barcode)s is no GTIN and is left out.",
                name=product.display_name,
                barcode=product.barcode,
            )
            yield message, product, env._("Barcode")


PRODUCT_CHECKS = {
    "product_text": ("warn", product_text),
    "product_taxes": ("warn", product_taxes),
    "product_percent": ("stop", product_percent),
    "product_exemption": ("stop", product_exemption),
    "product_margin": ("stop", product_margin),
    "product_unit": ("note", product_unit),
    "product_gtu": ("warn", product_gtu),
    "product_codes": ("note", product_codes),
}
