"""Rows of an invoice as FA(3) lines, and the notes that belong to them."""

from decimal import Decimal

from ..fa3.codes import MARGIN, OSS, TOTALS
from ..fa3.lines import Line, Note
from ..fa3.text import pieces
from .l10n_pl_ksef_fa3_facts import HUNDRED, exact
from .l10n_pl_ksef_fa3_supply import row_days
from .l10n_pl_ksef_fa3_terms import notes as typed_notes

# Lengths in characters. Source: FA(3) schema, types of the elements.
TEXT_LENGTH = 512
NOTE_LENGTH = 256
# Of the database's identifier, so much that two databases differ.
KEY_PREFIX_LENGTH = 8
RATE_PLACES = Decimal("0.000001")
# Treatments that have no rate on the line.
UNRATED = {OSS, MARGIN}
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
    identify(facts)
    return tuple(
        _line(row, day, voucher, shows_tax, rate)
        for row, day in zip(facts.lines, row_days(facts), strict=True)
    )


def identify(facts):
    """Give each row the identifier of the line that was sold, if the company wants."""
    if not facts.move.company_id.l10n_pl_ksef_line_keys:
        return
    parameters = facts.move.env["ir.config_parameter"]
    prefix = (parameters.get_param("database.uuid") or "")[:KEY_PREFIX_LENGTH]
    for row in facts.lines:
        row.key = row.key or f"{prefix}-aml-{_sold_line(row.line).id}"


def _sold_line(line):
    """Return the line that the line of a correction corrects, else itself."""
    while line.l10n_pl_ksef_corrected_line_id:
        line = line.l10n_pl_ksef_corrected_line_id
    return line


def pln_rate(facts):
    """Return PLN for one unit of the currency of ``Facts``; 0 if there is no rate."""
    return move_rate(facts.move)


def move_rate(move):
    """Return PLN for one unit of the currency of an invoice; 0 without a rate."""
    rate = move.invoice_currency_rate
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
    found += [(None, key, text) for key, text in typed_notes(facts)]
    found += [(number, LONG_TEXT_KEY, rest) for number, rest in facts.long_texts]
    for row in facts.lines:
        rest = row.text[TEXT_LENGTH:].lstrip()
        found.append((row.number, LONG_TEXT_KEY, rest))
        found += [(row.number, COMMENT_KEY, text) for text in row.comments]
    return tuple(
        Note(line_number=number, key=key, value=piece)
        for number, key, text in found
        for piece in pieces(text, NOTE_LENGTH)
    )


def _line(row, day, voucher, shows_tax, pln_rate):
    tax, product = row.tax, row.product
    price, discount = prices(row)
    has_tax = bool(TOTALS[tax.rate].tax)
    is_oss = tax.rate == OSS
    return Line(
        number=row.number,
        key=row.key,
        supplied_on=day,
        name=row.text[:TEXT_LENGTH].rstrip(),
        product_code=product.code,
        gtin=product.gtin,
        pkwiu=product.pkwiu,
        cn=product.cn,
        pkob=product.pkob,
        unit=row.unit,
        quantity=row.quantity,
        net_price=None if row.is_gross else price,
        gross_price=price if row.is_gross else None,
        unit_discount=discount,
        net=None if row.is_gross else row.net,
        gross=row.gross if row.is_gross else None,
        tax=row.gross - row.net if shows_tax and has_tax else None,
        rate=None if tax.rate in UNRATED else tax.rate,
        oss_percent=tax.percent if is_oss else None,
        is_annex_15=row.is_annex_15,
        excise=row.excise,
        gtu=product.gtu,
        procedure=tax.tax.l10n_pl_ksef_procedure or voucher,
        currency_rate=pln_rate if has_tax and not is_oss else None,
        is_before=row.is_before,
    )
