"""Checks of totals, currency, dates and payment."""

from datetime import timedelta
from decimal import Decimal

from ..fa3.codes import CURRENCIES, TOTALS
from .l10n_pl_ksef_fa3_facts import money
from .l10n_pl_ksef_fa3_lines import HUNDRED, pln_rate
from .l10n_pl_ksef_fa3_payment import bank_account, has_right_digits
from .l10n_pl_ksef_fa3_totals import ZERO, rounding, total, totals

CENT = Decimal("0.01")
# What rounding may add to a tax beside a cent for each line.
TAX_TOLERANCE = Decimal("0.02")
# Rates outside are likely typed the wrong way round; per one unit of these currencies.
MAIN_CURRENCIES = {"EUR", "USD", "GBP", "CHF"}
LOWEST_RATE, HIGHEST_RATE = Decimal("0.001"), Decimal(100)
# An invoice is due by the 15th of the next month, and at most 60 days ahead.
# Source: Polish VAT act of 11 March 2004, article 106i.
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
                a=summed,
                b=booked,
            )
            yield message, facts.move, env._("Invoice Lines")


def tax_of_rate(env, facts):
    for rate, rows in _by_rate(facts).items():
        net, tax = _booked(facts, rate)
        percent = rows[0].tax.percent
        difference = tax - net * percent / HUNDRED
        if abs(difference) > CENT * len(rows) + TAX_TOLERANCE:
            message = env._(
                "Rate %(rate)s: VAT %(a)s differs from net × rate by %(b)s.",
                rate=rate,
                a=tax,
                b=difference.quantize(CENT),
            )
            yield message, facts.move, env._("Invoice Lines")


def amount_to_pay(env, facts):
    if not all(row.tax for row in facts.rows):
        return
    to_pay = total(totals(facts)) + rounding(facts)
    booked = money(facts.move.amount_total_in_currency_signed)
    if to_pay != booked:
        message = env._(
            "Amount to pay %(a)s differs from the invoice total %(b)s.",
            a=to_pay,
            b=booked,
        )
        yield message, facts.move, env._("Invoice Lines")


def currency(env, facts):
    move = facts.move
    if move.currency_id.name not in CURRENCIES:
        message = env._(
            "KSeF does not know currency %(currency)s.", currency=move.currency_id.name
        )
        yield message, move, env._("Currency")


def currency_rate(env, facts):
    if not facts.is_foreign:
        return
    name, rate = facts.move.currency_id.name, pln_rate(facts)
    is_usual = name not in MAIN_CURRENCIES or LOWEST_RATE < rate < HIGHEST_RATE
    if rate in (0, 1) or not is_usual:
        message = env._(
            "%(currency)s rate %(rate)s of %(date)s looks wrong.",
            currency=name,
            rate=rate,
            date=facts.move.invoice_date,
        )
        yield message, facts.move, env._("Currency Rate")


def tax_in_pln(env, facts):
    if not facts.is_foreign:
        return
    for fact, line in facts.tax_lines:
        has_pln = fact.rate and TOTALS[fact.rate].tax_pln
        if has_pln and line.amount_currency and not line.balance:
            yield env._("VAT in PLN is missing."), facts.move, ""


def early_discount(env, facts):
    if facts.has_early_discount_lines:
        term = facts.move.invoice_payment_term_id
        message = env._(
            "Payment term %(term)s lowers VAT before the discount is taken. Use"
            " another kind of early payment discount.",
            term=term.name,
        )
        yield message, term or facts.move, env._("Early Discount")


def rounding_as_tax(env, facts):
    for line in facts.roundings:
        if line.tax_line_id:
            message = env._(
                "Rounding of %(amount)s is booked as VAT. Use a rounding line instead.",
                amount=money(-line.amount_currency),
            )
            yield message, facts.move, env._("Cash Rounding Method")


def supply_date(env, facts):
    move = facts.move
    supplied = move.taxable_supply_date or move.delivery_date
    if not supplied or not move.invoice_date:
        return
    next_month = (supplied.replace(day=1) + timedelta(days=32)).replace(
        day=LAST_DAY_OF_ISSUE
    )
    if move.invoice_date > next_month or supplied - move.invoice_date > EARLIEST_ISSUE:
        message = env._(
            "Sale date %(date)s is unusual for invoice date %(p1)s.",
            date=supplied,
            p1=move.invoice_date,
        )
        yield message, move, env._("Invoice Date")


def due_date(env, facts):
    issued = facts.move.invoice_date
    if issued and facts.terms and facts.terms[0] < issued:
        message = env._(
            "Due date %(a)s is before invoice date %(b)s.", a=facts.terms[0], b=issued
        )
        yield message, facts.move, env._("Due Date")


def account_number(env, facts):
    bank = facts.move.partner_bank_id
    if bank_account(facts) and not has_right_digits(bank.sanitized_acc_number):
        message = env._(
            "Bank account %(acc)s: check digits are wrong.", acc=bank.acc_number
        )
        yield message, bank, env._("Account Number")


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
    "amount_to_pay": ("stop", amount_to_pay),
    "currency": ("stop", currency),
    "currency_rate": ("stop", currency_rate),
    "tax_in_pln": ("stop", tax_in_pln),
    "early_discount": ("stop", early_discount),
    "rounding_as_tax": ("warn", rounding_as_tax),
    "supply_date": ("warn", supply_date),
    "due_date": ("warn", due_date),
    "bank_account": ("warn", account_number),
}
