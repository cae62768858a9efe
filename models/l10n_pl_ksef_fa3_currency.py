"""The exchange rate of an invoice: what Odoo used, and what the law asks for.

The law asks for the average rate of the last Polish working day before the tax is
due, or before the day of issue if that comes first. Source: Polish VAT act of
11 March 2004, article 31a. Odoo knows the day a rate is entered under, not who
published it.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from odoo import fields
from odoo.fields import Domain
from odoo.tools import formatLang

from .l10n_pl_ksef_fa3_facts import exact
from .l10n_pl_ksef_fa3_lines import RATE_PLACES, pln_rate
from .l10n_pl_ksef_fa3_parties import joined
from .l10n_pl_ksef_fa3_supply import find_supply, row_days
from .l10n_pl_ksef_working_days import is_working_day

DAY = timedelta(days=1)
# So long before an invoice its rate is looked for.
WINDOW = timedelta(days=100)
# A company's rates stand under the day of their table, or under the next day.
TABLE_DAY, NEXT_DAY = "table", "next"


class Rate(NamedTuple):
    """Exchange rates of one invoice, in PLN for one unit.

    :ivar used: as booked
    :ivar found_on: day under which Odoo has a rate of that value, or None
    :ivar counts_from: the day before which the law looks
    :ivar legal_on: last working day before it
    :ivar legal: rate of that day, None if Odoo has none
    :ivar legal_entered_on: day under which Odoo has it
    :ivar others: (``Rate``, numbers of rows) of rows sold on days with other rates
    """

    used: Decimal
    found_on: date | None
    counts_from: date
    legal_on: date
    legal: Decimal | None
    legal_entered_on: date | None
    others: tuple = ()


def read(found):
    """Add the :class:`Rate` to {move: ``Facts``} of invoices in another currency."""
    foreign = {move: facts for move, facts in found.items() if facts.is_foreign}
    if not foreign:
        return
    days = {move: _find_days(facts) for move, facts in foreign.items()}
    book = _RateBook(joined(foreign), {day for own in days.values() for day in own})
    for move, facts in foreign.items():
        facts.rate = _read_all(facts, days[move], book)


def last_working_day_before(day):
    """Return the last Polish working day before a date."""
    day -= DAY
    while not is_working_day(day):
        day -= DAY
    return day


def rate_text(env, rate):
    """Return a rate with the digits it has, as the user's language writes numbers."""
    plain = format(rate.normalize(), "f")
    return formatLang(env, float(rate), digits=len(plain.partition(".")[2]))


def _find_days(facts):
    """Return {day before which the law looks: numbers of the rows it is for}."""
    issued_on = facts.move.invoice_date or fields.Date.context_today(facts.move)
    supply = find_supply(facts)
    whole = min(supply.day or supply.last_day or issued_on, issued_on)
    days = {}
    for row, day in zip(facts.lines, row_days(facts), strict=True):
        first = min(day, issued_on) if day else whole
        days.setdefault(first, []).append(row.number)
    return days or {whole: []}


def _read_all(facts, days, book):
    """Return the rate of the rows it is right for, else of the first; and others."""
    used = pln_rate(facts)
    found = [
        (_read_one(facts.move, day, used, book), numbers)
        for day, numbers in sorted(days.items())
    ]
    rate, _numbers = min(found, key=lambda each: each[0].legal != used)
    others = (each for each in found if each[0].legal not in (None, used, rate.legal))
    return rate._replace(others=tuple(others))


def _read_one(move, day, used, book):
    legal_on = last_working_day_before(day)
    is_next_day = _dated(move.company_id) == NEXT_DAY
    first, last = (legal_on + DAY, day) if is_next_day else (legal_on, legal_on)
    legal = book.find(move, first, last)
    usual = book.find(move, date.min, move._get_invoice_currency_rate_date())
    known = [entry for entry in (legal, usual) if entry and entry[1] == used]
    return Rate(
        used=used,
        found_on=known[0][0] if known else None,
        counts_from=day,
        legal_on=legal_on,
        legal=legal[1] if legal else None,
        legal_entered_on=legal[0] if legal else None,
    )


def _dated(company):
    return company.l10n_pl_ksef_rate_day or TABLE_DAY


class _RateBook:
    """Rates of the currencies of invoices, read with one statement."""

    def __init__(self, moves, days):
        companies, currencies = moves.company_id, moves.currency_id
        used = [move._get_invoice_currency_rate_date() for move in moves]
        own = companies.currency_id
        domain = Domain("company_id", "in", [*companies.root_id.ids, False])
        domain &= Domain("currency_id", "in", own.ids) | (
            Domain("currency_id", "in", currencies.ids)
            & Domain("name", ">=", min((*days, *used)) - WINDOW)
            & Domain("name", "<=", max((*days, *used)))
        )
        self._rates = {}
        rates = moves.env["res.currency.rate"].search_fetch(
            domain, ["name", "rate", "currency_id", "company_id"], order="name, id"
        )
        for rate in rates:
            key = (rate.currency_id.id, rate.company_id.id)
            self._rates.setdefault(key, []).append((rate.name, exact(rate.rate)))

    def find(self, move, first, last):
        """Return (day, PLN for one unit) of the last rate between two days, or None.

        Rates of the company come before those for all companies, as in Odoo.
        """
        entry = self._find(move.currency_id, move.company_id, first, last)
        if not entry:
            return None
        own = self._find(move.company_id.currency_id, move.company_id, date.min, last)
        value = (own[1] if own else Decimal(1)) / entry[1]
        return entry[0], value.quantize(RATE_PLACES)

    def _find(self, currency, company, first, last):
        for owner in (company.root_id.id, False):
            entries = self._rates.get((currency.id, owner), ())
            inside = [entry for entry in entries if first <= entry[0] <= last]
            if inside:
                return inside[-1]
        return None
