"""Rows of an invoice as FA(3) lines, and the notes that belong to them."""

import re
from decimal import Decimal

from ..fa3.codes import OSS, TOTALS
from ..fa3.lines import Line, Note
from ..fa3.text import clean, pieces
from .l10n_pl_ksef_fa3_facts import exact

# Lengths in characters. Source: FA(3) schema, types of the elements.
TEXT_LENGTH = 512
NOTE_LENGTH = 256
CODE_LENGTH = 50
RATE_PLACES = Decimal("0.000001")
HUNDRED = Decimal(100)
_GTIN = re.compile(r"\d{8}|\d{12,14}", re.ASCII)
# Keys of notes, in the language of the document.
LONG_TEXT_KEY = "Nazwa, ciąg dalszy"
COMMENT_KEY = "Uwagi"
# Flags of l10n_pl on the invoice -> procedure of every line.
VOUCHER_PROCEDURES = {
    "l10n_pl_vat_b_spv": "B_SPV",
    "l10n_pl_vat_b_spv_dostawa": "B_SPV_DOSTAWA",
    "l10n_pl_vat_b_mpv_prowizja": "B_MPV_PROWIZJA",
}


def body(facts):
    """Return lines and notes as attributes of ``Body``."""
    return {"lines": lines(facts), "notes": notes(facts)}


def lines(facts):
    """Return the FA(3) lines of an invoice."""
    voucher = next(
        (code for name, code in VOUCHER_PROCEDURES.items() if facts.move[name]), None
    )
    shows_tax = (
        facts.move.company_id.tax_calculation_rounding_method == "round_per_line"
    )
    rate = pln_rate(facts) if facts.is_foreign else None
    return tuple(_line(row, voucher, shows_tax, rate) for row in facts.lines)


def pln_rate(facts):
    """Return PLN for one unit of the invoice's currency; 0 if there is no rate."""
    rate = facts.move.invoice_currency_rate
    return (1 / exact(rate)).quantize(RATE_PLACES) if rate else Decimal(0)


def prices(row):
    """Return unit price, discount for one unit or None: gross or net as the row is."""
    price = row.price
    discount = price * row.discount / HUNDRED if row.discount else None
    if row.tax.is_gross and not row.is_gross:
        factor = 1 + row.tax.percent / HUNDRED
        price /= factor
        discount = discount and discount / factor
    return price, discount


def notes(facts):
    """Return the notes: rest of long texts, comments between the rows."""
    found = [(None, COMMENT_KEY, text) for text in facts.comments]
    for row in facts.lines:
        rest = " ".join(pieces(row.text, TEXT_LENGTH)[1:])
        found.append((row.number, LONG_TEXT_KEY, rest))
        found += [(row.number, COMMENT_KEY, text) for text in row.comments]
    return tuple(
        Note(line_number=number, key=key, value=piece)
        for number, key, text in found
        for piece in pieces(text, NOTE_LENGTH)
    )


def _line(row, voucher, shows_tax, pln_rate):
    tax, product = row.tax, row.line.product_id
    price, discount = prices(row)
    has_tax = bool(TOTALS[tax.rate].tax)
    is_oss = tax.rate == OSS
    return Line(
        number=row.number,
        name=row.text[:TEXT_LENGTH].rstrip(),
        product_code=_code(product.default_code),
        gtin=_gtin(product.barcode),
        unit=row.unit,
        quantity=row.quantity,
        net_price=None if row.is_gross else price,
        gross_price=price if row.is_gross else None,
        unit_discount=discount,
        net=None if row.is_gross else row.net,
        gross=row.gross if row.is_gross else None,
        tax=row.gross - row.net if shows_tax and has_tax else None,
        rate=None if is_oss else tax.rate,
        oss_percent=tax.percent if is_oss else None,
        gtu=product.product_tmpl_id.l10n_pl_vat_gtu or None,
        procedure=tax.tax.l10n_pl_ksef_procedure or voucher,
        currency_rate=pln_rate if has_tax and not is_oss else None,
        is_before=row.is_before,
    )


def _code(text):
    return clean(text)[:CODE_LENGTH].rstrip() if text else None


def _gtin(barcode):
    return barcode if barcode and _GTIN.fullmatch(barcode) else None
