"""What is paid with an invoice but is no part of its VAT total."""

from ..fa3.payment import Extra, Settlement
from .l10n_pl_ksef_fa3_facts import money
from .l10n_pl_ksef_fa3_totals import ZERO, total, totals

# Reasons in the language of the document.
ROUNDING_REASON = "Zaokrąglenie"
NO_REASON = "Rozliczenie"
# Source: FA(3) schema, element Powod.
REASON_LENGTH = 256


def body(facts):
    """Return the settlement as attribute of ``Body``."""
    return {"settlement": settlement(facts)}


def amount_to_pay(facts):
    """Return what is to be paid: total of the invoice, settled rows, rounding."""
    return total(totals(facts)) + sum(amount for _reason, amount in _extras(facts))


def settlement(facts):
    """Return how the total becomes what is to be paid; None if they are the same."""
    extras = _extras(facts)
    if not extras:
        return None
    charges = [Extra(amount=sum_, reason=why) for why, sum_ in extras if sum_ > 0]
    deductions = [Extra(amount=-sum_, reason=why) for why, sum_ in extras if sum_ < 0]
    to_pay = amount_to_pay(facts)
    return Settlement(
        charges=tuple(charges),
        charges_total=_sum(charges),
        deductions=tuple(deductions),
        deductions_total=_sum(deductions),
        to_pay=to_pay if to_pay >= 0 else None,
        overpaid=-to_pay if to_pay < 0 else None,
    )


def rounding(facts):
    """Return what cash rounding adds to the total (negative: takes off)."""
    return sum((money(-line.amount_currency) for line in facts.roundings), ZERO)


def _extras(facts):
    """Return [(reason, amount)], one for each reason, rounding last; nothing of 0."""
    sums = {}
    for row in facts.settled:
        reason = row.text[:REASON_LENGTH].rstrip() or NO_REASON
        sums[reason] = sums.get(reason, ZERO) + row.net
    extras = [*sums.items(), (ROUNDING_REASON, rounding(facts))]
    return [(reason, amount) for reason, amount in extras if amount]


def _sum(extras):
    return sum(extra.amount for extra in extras) if extras else None
