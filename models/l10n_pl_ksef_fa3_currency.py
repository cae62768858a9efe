"""The exchange rate of an invoice: what Odoo used, and what the law asks for.

The law asks for the average rate of the last Polish working day before the tax is
due, or before the day of issue if that comes first. Source: Polish VAT act of
11 March 2004, article 31a. Where the law knows two such days, either rate is right.
Odoo knows the day a rate is entered under, not who published it.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from odoo import fields
from odoo.fields import Domain
from odoo.tools import formatLang

from ..fa3.codes import OSS, VatRate
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
# Tax on goods sold to the Union is due with the invoice, at the latest on this day of
# the next month. Source: Polish VAT act of 11 March 2004, article 20(1).
LAST_DAY_FOR_UNION = 15


class Rate(NamedTuple):
    """Exchange rates of one invoice, in PLN for one unit.

    :ivar used: as booked
    :ivar found_on: day under which Odoo has a rate of that value, or None
    :ivar counts_from: the day before which the law looks; None: it asks for no rate
    :ivar legal_on: last working day before it
    :ivar legal: rate of that day, None if Odoo has none
    :ivar legal_entered_on: day under which Odoo has it
    :ivar choice: ``Rate`` of the other day that the law knows, if there is one
    :ivar others: (``Rate``, numbers of rows) of rows sold on days with other rates
    """

    used: Decimal
    found_on: date | None
    counts_from: date | None
    legal_on: date | None
    legal: Decimal | None
    legal_entered_on: date | None
    choice: Any = None
    others: tuple = ()

    @property
    def is_right(self):
        """Tell whether the rate is one of those that the law knows."""
        return self.used == self.legal or bool(self.choice and self.choice.is_right)

    @property
    def by_service(self):
        """``choice`` if the kind of service decides, None if the seller does."""
        is_later = self.choice and self.choice.counts_from > self.counts_from
        return self.choice if is_later else None


def read(found):
    """Add the :class:`Rate` to {move: ``Facts``} of invoices in another currency."""
    foreign = {move: facts for move, facts in found.items() if facts.is_foreign}
    if not foreign:
        return
    days = {move: _find_days(facts) for move, facts in foreign.items()}
    asked = {day for own in days.values() for each in own for day in each if day}
    book = _RateBook(joined(foreign), asked)
    for move, facts in foreign.items():
        facts.rate = _read_all(facts, days[move], book)


def last_working_day_before(day):
    """Return the last Polish working day before a date."""
    day -= DAY
    while not is_working_day(day):
        day -= DAY
    return day


def is_discount(facts):
    """Tell whether a correction is of several invoices, or of a period.

    It may have the rate before its own day. Source: Polish VAT act of 11 March 2004,
    article 31b.
    """
    is_for_period = bool(facts.correction and facts.move.l10n_pl_ksef_corrected_period)
    return len(facts.originals) > 1 or is_for_period


def rate_text(env, rate):
    """Return a rate with the digits it has, as the user's language writes numbers."""
    plain = format(rate.normalize(), "f")
    return formatLang(env, float(rate), digits=len(plain.partition(".")[2]))


def amount_text(env, amount, currency):
    """Return an amount as the user's language writes it."""
    return formatLang(env, float(amount), currency_obj=currency)


def _find_days(facts):
    """Return {days before one of which the law looks: numbers of the rows}.

    One Stop Shop has rates of its own, for the end of its quarter; a correction has
    the rate of its invoice. Source: Polish VAT act of 11 March 2004, article 31b.
    """
    is_corrected = bool(facts.correction) and not is_discount(facts)
    if facts.rates == {OSS} or is_corrected:
        return {(None,): []}
    issued_on = facts.move.invoice_date or fields.Date.context_today(facts.move)
    if facts.correction:
        return {(issued_on,): []}
    supply = find_supply(facts)
    whole, days = supply.day or supply.last_day or issued_on, {}
    for row, day in zip(facts.lines, row_days(facts), strict=True):
        if row.rate != OSS:
            is_period = bool(supply.last_day and not day)
            each = _due_days(row, day or whole, issued_on, is_period)
            days.setdefault(each, []).append(row.number)
    return days or {(min(whole, issued_on),): []}


def _due_days(row, sold_on, issued_on, is_period):
    """Return the days on which tax of a row may be due, that of the VAT act first.

    Of goods sold to the Union a seller may take that of income tax, and what lasts
    for a period is due at its end, or with the invoice: rent, media, leasing,
    telecoms. Source: Polish VAT act of 11 March 2004, articles 19a(3), 19a(5)(4),
    20(1), 31a(2a).
    """
    first = min(sold_on, issued_on)
    if row.rate == VatRate.ZERO_EU_GOODS.value:
        next_month = sold_on.replace(day=1) + timedelta(days=32)
        due = min(issued_on, next_month.replace(day=LAST_DAY_FOR_UNION))
        days = (due, first)
    else:
        days = (first, issued_on) if is_period else (first,)
    by_table = {}
    for day in days:
        by_table.setdefault(last_working_day_before(day), day)
    return tuple(by_table.values())


def _read_all(facts, days, book):
    """Return the rate of the rows it is right for, else of the first; and others."""
    used = pln_rate(facts)
    found = [
        (_read_days(facts.move, each, used, book), numbers)
        for each, numbers in sorted(days.items())
    ]
    rate, _numbers = min(found, key=lambda each: not each[0].is_right)
    others = (
        each
        for each in found
        if not each[0].is_right and each[0].legal not in (None, rate.legal)
    )
    return rate._replace(others=tuple(others))


def _read_days(move, days, used, book):
    """Return the rate of the first day, with that of another one as choice."""
    rate, *others = (_read_one(move, day, used, book) for day in days)
    for choice in others:
        found_on = rate.found_on or choice.found_on
        rate = rate._replace(choice=choice, found_on=found_on)
    return rate


def _read_one(move, day, used, book):
    legal = legal_on = None
    if day:
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
