"""When goods or services were sold: one day, a period, or a day for each row."""

from datetime import date
from typing import NamedTuple

from ..fa3.document import Period


class Supply(NamedTuple):
    """Day of sale of a whole invoice, or the period that it lasted."""

    day: date | None = None
    first_day: date | None = None
    last_day: date | None = None


def body(facts):
    """Return day or period of sale as attributes of ``Body``."""
    found = find_supply(facts)
    period = None
    if found.first_day and found.last_day:
        period = Period(first_day=found.first_day, last_day=found.last_day)
    return {"supplied_on": found.day, "period": period}


def find_supply(facts):
    """Return the :class:`Supply` of an invoice.

    A correction has that of the invoice it corrects. The day of issue is not
    repeated, and where rows have days of their own they stand on the rows.
    """
    if facts.supply is not None:
        return facts.supply
    move = facts.move
    first, last = move.l10n_pl_ksef_period_start, move.l10n_pl_ksef_period_end
    if first and last:
        return Supply(None, first, last)
    days = {row.supplied_on or _day(move) for row in facts.lines} or {_day(move)}
    return Supply(_unless_issued(move, days.pop()) if len(days) == 1 else None)


def row_days(facts):
    """Return the day of sale that stands on each row of the file, or None."""
    own = [row.supplied_on for row in facts.lines]
    if facts.supply is not None or not any(own):
        return own
    whole, move = find_supply(facts), facts.move
    if whole.day:
        return [None] * len(own)
    other = None if whole.first_day else _day(move)
    return [_unless_issued(move, day or other) for day in own]


def _day(move):
    return move.taxable_supply_date or move.delivery_date or None


def _unless_issued(move, day):
    return day if day and day != move.invoice_date else None
