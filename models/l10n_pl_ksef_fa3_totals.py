"""Totals by rate out of the ledger."""

from decimal import Decimal

from ..fa3.codes import TOTALS
from .l10n_pl_ksef_fa3_facts import money

ZERO = Decimal("0.00")


def body(facts):
    """Return the totals as attributes of ``Body``."""
    sums = totals(facts)
    return sums | {"total": total(sums)}


def totals(facts):
    """Return {attribute of ``fa3.document.Body``: amount} of the booked lines."""
    sums = {}
    for row in facts.rows:
        group = TOTALS[row.rate]
        sums[group.net] = sums.get(group.net, ZERO) + row.net
        if group.tax:
            sums.setdefault(group.tax, ZERO)
        if group.tax_pln and facts.is_foreign:
            sums.setdefault(group.tax_pln, ZERO)
    for fact, line in facts.tax_lines:
        group = TOTALS.get(fact.rate)
        if not group or group.tax not in sums:
            continue
        sums[group.tax] += money(-line.amount_currency)
        if group.tax_pln in sums:
            sums[group.tax_pln] += money(-line.balance)
    return sums


def total(sums):
    """Return the total of the invoice: net and tax, without the amounts in PLN."""
    return sum(
        (amount for name, amount in sums.items() if not name.endswith("_pln")), ZERO
    )
