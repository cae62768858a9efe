"""Checks of the number and of each line."""

from decimal import Decimal

from .l10n_pl_ksef_fa3_lines import TEXT_LENGTH, prices

NUMBER_LENGTH = 256
# A price has 8 decimals, so quantity x price may be off by this for each piece.
PRICE_STEP = Decimal("0.00000001")
CENT = Decimal("0.01")


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
    if not facts.rows:
        yield env._("The invoice has no lines."), facts.move, env._("Invoice Lines")


def one_rate(env, facts):
    for row in facts.rows:
        if not row.tax:
            message = env._(
                "Line %(n)s: choose exactly one VAT rate known to KSeF.", n=row.number
            )
            yield message, facts.move, env._("Taxes")


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


def exemption_basis(env, facts):
    for row in facts.rows:
        if row.rate == "zw" and not row.tax.tax.l10n_pl_ksef_exemption_basis:
            message = env._(
                "Line %(n)s, rate zw: give the legal basis of the exemption (tax,"
                " Advanced Options).",
                n=row.number,
            )
            yield message, row.tax.tax, env._("Legal basis")


def line_value(env, facts):
    for row in facts.lines:
        if not row.tax:
            continue
        price, discount = prices(row)
        computed = row.quantity * (price - (discount or 0))
        booked = row.gross if row.is_gross else row.net
        if abs(computed - booked) > CENT + abs(row.quantity) * PRICE_STEP:
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
    "exemption_basis": ("stop", exemption_basis),
    "line_value": ("warn", line_value),
}
