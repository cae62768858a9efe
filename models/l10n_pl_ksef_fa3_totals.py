"""Totals by rate out of the ledger, statements, amount to pay."""

from decimal import Decimal

from ..fa3.annotations import Annotations, Exemption
from ..fa3.codes import TOTALS
from ..fa3.payment import Extra, Settlement
from .l10n_pl_ksef_fa3_facts import money
from .l10n_pl_ksef_fa3_parties import TRIANGULAR

BASIS_LENGTH = 256
ROUNDING_REASON = "Zaokrąglenie"
ZERO = Decimal("0.00")
# Kind of legal basis on the tax -> attribute of fa3 ``Exemption``.
BASIS_ATTRIBUTES = {
    "act": "polish_act",
    "directive": "eu_directive",
    "other": "other_basis",
}
# The buyer accounts for the tax. Source: FA(3) brochure, field P_18.
REVERSE_CHARGE_RATES = {"oo", "np II"}


def body(facts):
    """Return totals, statements and settlement as attributes of ``Body``."""
    sums = totals(facts)
    amount = total(sums)
    return sums | {
        "total": amount,
        "annotations": annotations(facts),
        "settlement": settlement(facts, amount),
    }


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


def rounding(facts):
    """Return what cash rounding adds to the total (negative: takes off)."""
    return sum((money(-line.amount_currency) for line in facts.roundings), ZERO)


def settlement(facts, total_amount):
    """Return how cash rounding leads from the total to what is to be paid."""
    difference = rounding(facts)
    if not difference:
        return None
    extra = Extra(amount=abs(difference), reason=ROUNDING_REASON)
    kind = "charges" if difference > 0 else "deductions"
    to_pay = total_amount + difference
    result = "to_pay" if to_pay >= 0 else "overpaid"
    return Settlement(
        **{kind: (extra,), f"{kind}_total": extra.amount, result: abs(to_pay)}
    )


def annotations(facts):
    """Return the statements that rates and taxes of the rows demand."""
    taxes = [row.tax.tax for row in facts.rows]
    procedures = {tax.l10n_pl_ksef_procedure for tax in taxes}
    is_triangular = TRIANGULAR in procedures
    return Annotations(
        is_cash_accounting=any(tax.tax_exigibility == "on_payment" for tax in taxes),
        is_reverse_charge=is_triangular
        or not REVERSE_CHARGE_RATES.isdisjoint(facts.rates)
        or ("np I" in facts.rates and facts.tax_id.kind != "none"),
        exemption=_exemption(facts),
        is_simplified_triangular=is_triangular,
    )


def _exemption(facts):
    taxes = [row.tax.tax for row in facts.rows if row.rate == "zw"]
    if not taxes:
        return Exemption(is_not_exempt=True)
    bases = dict.fromkeys(tax.l10n_pl_ksef_exemption_basis for tax in taxes)
    attribute = BASIS_ATTRIBUTES[taxes[0].l10n_pl_ksef_exemption_kind or "act"]
    return Exemption(is_exempt=True, **{attribute: "; ".join(bases)[:BASIS_LENGTH]})
