"""Checks of the number and of each line."""

from collections import Counter
from decimal import Decimal

from ..fa3.text import FORBIDDEN, SURELY_ALLOWED, clean
from .l10n_pl_ksef_fa3_lines import TEXT_LENGTH, prices
from .l10n_pl_ksef_fa3_products import CODE_LENGTH

NUMBER_LENGTH = 256
# So many characters beside a forbidden one are shown.
AROUND = 10
# A price has 8 decimals, so quantity x price may be off by this for each piece.
PRICE_STEP = Decimal("0.00000001")
CENT = Decimal("0.01")
# Where a whole rate is rounded at once, one line bears what its lines were rounded.
HALF_CENT = Decimal("0.005")


def number(env, facts):
    move = facts.move
    text = move.name or ""
    is_final = text not in ("", "/") and len(text) <= NUMBER_LENGTH
    if move.state == "posted" and not is_final:
        message = env._(
            "The invoice has no final number, or it is longer than 256 characters."
        )
        yield message, move, env._("Number")


def no_lines(env, facts):
    if not facts.rows and not facts.move.l10n_pl_ksef_is_data_correction:
        yield env._("The invoice has no lines."), facts.move, env._("Invoice Lines")


def one_rate(env, facts):
    for row in facts.rows:
        if row.tax:
            continue
        fees = _fees(row)
        if fees:
            message = env._(
                "Line %(n)s: %(tax)s stands beside VAT, and KSeF has no place for it."
                " Charge it on a line of its own.",
                n=row.number,
                tax=", ".join(fees.mapped("name")),
            )
        else:
            message = env._(
                "Line %(n)s: choose exactly one VAT rate known to KSeF.", n=row.number
            )
        yield message, facts.move, env._("Taxes")


def _fees(row):
    """Return what is charged beside the VAT of a row, like environment fees."""
    taxes = row.line.tax_ids.flatten_taxes_hierarchy()
    rated = taxes.filtered("l10n_pl_ksef_rate")
    return taxes - rated if rated else rated


def description(env, facts):
    for row in facts.rows:
        if not row.text:
            message = env._("Line %(n)s: description is missing.", n=row.number)
            yield message, facts.move, env._("Label")


def long_description(env, facts):
    for row in facts.rows:
        if len(row.text) > TEXT_LENGTH:
            message = env._(
                "Line %(n)s: description has %(len)s characters; past 512 it goes to"
                " the additional notes.",
                n=row.number,
                len=len(row.text),
            )
            yield message, facts.move, env._("Label")


def forbidden_characters(env, facts):
    for row in facts.rows:
        text = row.line.name or ""
        found = not SURELY_ALLOWED.fullmatch(text) and FORBIDDEN.search(text)
        if found:
            message = env._(
                "Line %(n)s: characters that KSeF forbids are left out at"
                ' "%(around)s".',
                n=row.number,
                around=clean(
                    text[max(0, found.start() - AROUND) : found.end() + AROUND]
                ),
            )
            yield message, facts.move, env._("Label")


def long_codes(env, facts):
    coded = {row.product: row for row in reversed(facts.rows) if row.product.code}
    for row in coded.values():
        code = clean(row.line.product_id.default_code)
        if len(code) > CODE_LENGTH:
            message = env._(
                "Line %(n)s: product code has %(len)s characters; 50 are sent.",
                n=row.number,
                len=len(code),
            )
            yield message, row.line.product_id, env._("Internal Reference")


def nothing_to_pay(env, facts):
    total = sum(abs(row.gross) for row in facts.rows)
    if facts.rows and not total:
        message = env._("All lines are 0.00. Check that KSeF should get this invoice.")
        yield message, facts.move, env._("Invoice Lines")


def line_value(env, facts):
    method = facts.move.company_id.tax_calculation_rounding_method
    shared = Counter(row.rate for row in facts.lines)
    for row in facts.lines:
        if not row.tax:
            continue
        price, discount = prices(row)
        computed = row.quantity * (price - (discount or 0))
        booked = row.gross if row.is_gross else row.net
        tolerance = CENT + abs(row.quantity) * PRICE_STEP
        if method == "round_globally":
            tolerance += HALF_CENT * shared[row.rate]
        if abs(computed - booked) > tolerance:
            message = env._(
                "Line %(n)s: quantity × price gives %(a)s, not %(b)s.",
                n=row.number,
                a=computed.quantize(CENT),
                b=booked,
            )
            yield message, facts.move, env._("Invoice Lines")


CHECKS = {
    "number": ("stop", number),
    "no_lines": ("stop", no_lines),
    "one_rate": ("stop", one_rate),
    "description": ("stop", description),
    "long_description": ("warn", long_description),
    "forbidden_characters": ("warn", forbidden_characters),
    "long_codes": ("warn", long_codes),
    "nothing_to_pay": ("warn", nothing_to_pay),
    "line_value": ("warn", line_value),
}
