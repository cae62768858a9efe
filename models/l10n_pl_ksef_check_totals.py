"""Checks of totals and dates."""

from datetime import timedelta
from decimal import Decimal

from odoo.tools import format_date

from .l10n_pl_ksef_fa3_currency import amount_text
from .l10n_pl_ksef_fa3_facts import money
from .l10n_pl_ksef_fa3_lines import HUNDRED
from .l10n_pl_ksef_fa3_supply import find_supply, row_days
from .l10n_pl_ksef_fa3_totals import ZERO

CENT = Decimal("0.01")
# What rounding may add to a tax beside a cent for each line.
TAX_TOLERANCE = Decimal("0.02")
# An invoice is due by the 15th of the next month, and at most 60 days ahead.
# Source: Polish VAT act of 11 March 2004, article 106i(1), (7), (8).
LAST_DAY_OF_ISSUE = 15
EARLIEST_ISSUE = timedelta(days=60)


def lines_and_totals(env, facts):
    for rate, rows in _by_rate(facts).items():
        net, tax = _booked(facts, rate)
        is_gross = all(row.is_gross for row in rows)
        booked = net + tax if is_gross else net
        summed = sum((row.gross if is_gross else row.net for row in rows), ZERO)
        if abs(summed - booked) > CENT * len(rows):
            message = env._(
                "Rate %(rate)s: lines sum to %(a)s, the total says %(b)s.",
                rate=rate,
                a=amount_text(env, summed, facts.move.currency_id),
                b=amount_text(env, booked, facts.move.currency_id),
            )
            yield message, facts.move, env._("Invoice Lines")


def tax_of_rate(env, facts):
    for rate, rows in _by_rate(facts).items():
        net, tax = _booked(facts, rate)
        # Sales of the One Stop Shop have the rates of several countries.
        percents = {row.tax.percent for row in rows}
        if len(percents) == 1:
            computed = net * percents.pop() / HUNDRED
        else:
            computed = sum(row.net * row.tax.percent for row in rows) / HUNDRED
        difference = tax - computed
        if abs(difference) > CENT * len(rows) + TAX_TOLERANCE:
            message = env._(
                "Rate %(rate)s: VAT %(a)s differs from net × rate by %(b)s.",
                rate=rate,
                a=amount_text(env, tax, facts.move.currency_id),
                b=amount_text(env, difference, facts.move.currency_id),
            )
            yield message, facts.move, env._("Invoice Lines")


def supply_date(env, facts):
    """Look at the days that stand in the file; a correction repeats old ones.

    What lasts for a period may be invoiced as early as one likes.
    """
    issued = facts.move.invoice_date
    if not issued or facts.correction:
        return
    whole = find_supply(facts)
    days = {whole.day, *row_days(facts)} - {None}
    odd = [day for day in days if _is_late(issued, day) or _is_early(issued, day)]
    if whole.last_day and _is_late(issued, whole.last_day):
        odd.append(whole.last_day)
    if odd:
        message = env._(
            "Sale date %(date)s is unusual for invoice date %(p1)s.",
            date=format_date(env, min(odd)),
            p1=format_date(env, issued),
        )
        yield message, facts.move, env._("Invoice Date")


def _is_late(issued, supplied):
    next_month = supplied.replace(day=1) + timedelta(days=32)
    return issued > next_month.replace(day=LAST_DAY_OF_ISSUE)


def _is_early(issued, supplied):
    return supplied - issued > EARLIEST_ISSUE


def _by_rate(facts):
    """Return {rate: its rows}, nothing while the rate of a row is not known."""
    rows = {}
    if all(row.tax for row in facts.rows):
        for row in facts.rows:
            rows.setdefault(row.rate, []).append(row)
    return rows


def _booked(facts, rate):
    """Return booked net and tax of one rate."""
    net = sum((row.net for row in facts.rows if row.rate == rate), ZERO)
    tax = (
        money(-line.amount_currency)
        for fact, line in facts.tax_lines
        if fact.rate == rate
    )
    return net, sum(tax, ZERO)


CHECKS = {
    "lines_and_totals": ("stop", lines_and_totals),
    "tax_of_rate": ("warn", tax_of_rate),
    "supply_date": ("warn", supply_date),
}
