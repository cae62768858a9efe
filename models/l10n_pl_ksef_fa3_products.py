"""What products and units of measure say on an invoice, read for many at once."""

import re
from typing import NamedTuple

from ..fa3.text import clean

POLISH = "pl_PL"
NO_UNIT = "szt."
# Length in characters. Source: FA(3) schema, type TZnakowy50.
CODE_LENGTH = 50
TEMPLATE_FIELDS = (
    *("l10n_pl_vat_gtu", "l10n_pl_ksef_pkwiu", "l10n_pl_ksef_cn", "l10n_pl_ksef_pkob"),
    *("l10n_pl_ksef_is_annex_15", "l10n_pl_ksef_is_new_transport"),
)
# Customs codes of other modules; one of eight digits is a CN code.
CUSTOMS_FIELD = "hs_code"
_GTIN = re.compile(r"\d{8}|\d{12,14}", re.ASCII)
_CN = re.compile(r"\d{8}", re.ASCII)


class ProductFact(NamedTuple):
    """What a product says of itself on a line; None where it says nothing."""

    code: str | None = None
    gtin: str | None = None
    pkwiu: str | None = None
    cn: str | None = None
    pkob: str | None = None
    gtu: str | None = None
    is_annex_15: bool = False
    is_new_transport: bool = False


NO_PRODUCT = ProductFact()


def read_products(products):
    """Return {id: :class:`ProductFact`}."""
    products.fetch(["default_code", "barcode", "product_tmpl_id"])
    templates = products.product_tmpl_id
    extra = [CUSTOMS_FIELD] if CUSTOMS_FIELD in templates._fields else []
    templates.fetch([*TEMPLATE_FIELDS, *extra])
    return {product.id: _read_product(product) for product in products}


def _read_product(product):
    template, barcode = product.product_tmpl_id, product.barcode
    return ProductFact(
        code=_code(product.default_code),
        gtin=barcode if barcode and _GTIN.fullmatch(barcode) else None,
        pkwiu=_code(template.l10n_pl_ksef_pkwiu),
        cn=_code(template.l10n_pl_ksef_cn) or _customs_code(template),
        pkob=_code(template.l10n_pl_ksef_pkob),
        gtu=template.l10n_pl_vat_gtu or None,
        is_annex_15=template.l10n_pl_ksef_is_annex_15,
        is_new_transport=template.l10n_pl_ksef_is_new_transport,
    )


def read_units(uoms):
    """Return {id of a unit: its abbreviation, else its Polish name}."""
    own = {uom.id: clean(uom.l10n_pl_ksef_abbreviation or "") for uom in uoms}
    others = in_polish(uoms.filtered(lambda uom: not own[uom.id]))
    return own | {uom.id: clean(uom.name) for uom in others}


def read_names(lines):
    """Return {id of a product: Polish name} for lines that have no text."""
    nameless = lines.filtered(lambda line: line.product_id and not line.name)
    products = in_polish(nameless.product_id)
    return {product.id: product.name for product in products}


def in_polish(records):
    """Return the records in Polish, if the database has that language."""
    if not records or not records.env["res.lang"]._get_data(code=POLISH):
        return records
    return records.with_context(lang=POLISH)


def _code(text):
    return clean(text)[:CODE_LENGTH].rstrip() if text else None


def _customs_code(template):
    code = CUSTOMS_FIELD in template._fields and template[CUSTOMS_FIELD]
    digits = re.sub(r"[\s.]", "", code or "")
    return digits if _CN.fullmatch(digits) else None
