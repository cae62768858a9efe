"""Checks of the currency, its exchange rate, and VAT in PLN."""

from decimal import Decimal

from odoo.tools import format_date

from ..fa3.codes import CURRENCIES, TOTALS
from .l10n_pl_ksef_fa3_currency import rate_text
from .l10n_pl_ksef_fa3_facts import money
from .l10n_pl_ksef_fa3_lines import pln_rate

CENT = Decimal("0.01")
# Rates outside are likely typed the wrong way round; per one unit of these currencies.
MAIN_CURRENCIES = {"EUR", "USD", "GBP", "CHF"}
LOWEST_RATE, HIGHEST_RATE = Decimal("0.001"), Decimal(100)


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
    if _looks_wrong(facts):
        message = env._(
            "%(currency)s rate %(rate)s of %(date)s looks wrong.",
            currency=facts.move.currency_id.name,
            rate=rate_text(env, pln_rate(facts)),
            date=format_date(
                env, (facts.rate and facts.rate.found_on) or facts.move.invoice_date
            ),
        )
        yield message, facts.move, env._("Currency Rate")


def legal_rate(env, facts):
    """Compare with the rate of the law; a correction has the rate of its invoice."""
    rate = facts.rate
    if not rate or facts.correction or _looks_wrong(facts) or rate.used == rate.legal:
        return
    named = {
        "d2": format_date(env, rate.legal_on),
        "used": rate_text(env, rate.used),
        "rate": rate_text(env, rate.legal) if rate.legal else "",
    }
    if rate.found_on and rate.legal:
        message = env._(
            "Rate of %(d1)s (%(used)s) is used; the law asks for %(d2)s (%(rate)s).",
            d1=format_date(env, rate.found_on),
            **named,
        )
    elif rate.found_on:
        message = env._(
            "Rate of %(d1)s (%(used)s) is used; the law asks for %(d2)s, which is not"
            " in Odoo.",
            d1=format_date(env, rate.found_on),
            **named,
        )
    elif rate.legal:
        message = env._(
            "Rate %(used)s is used; the law asks for %(d2)s (%(rate)s).", **named
        )
    else:
        return
    yield message, facts.move, env._("Currency Rate")


def legal_rates(env, facts):
    """Odoo books an invoice at one rate; rows sold on other days may ask for others."""
    if not facts.rate or facts.correction or _looks_wrong(facts):
        return
    for rate, numbers in facts.rate.others:
        message = env._(
            "Lines %(n)s: the law asks for the rate of %(d2)s (%(rate)s), the invoice"
            " has %(used)s for all. Invoice them separately.",
            n=", ".join(map(str, numbers)),
            d2=format_date(env, rate.legal_on),
            rate=rate_text(env, rate.legal),
            used=rate_text(env, rate.used),
        )
        yield message, facts.move, env._("Currency Rate")


def typed_rate(env, facts):
    rate = facts.rate
    if not rate or facts.correction or _looks_wrong(facts):
        return
    if not rate.found_on and not rate.legal:
        message = env._(
            "Rate %(used)s is not among the rates in Odoo. Compare it with the rate of"
            " %(d2)s, which the law asks for.",
            used=rate_text(env, rate.used),
            d2=format_date(env, rate.legal_on),
        )
        yield message, facts.move, env._("Currency Rate")


def tax_in_pln(env, facts):
    if not facts.is_foreign:
        return
    for line in _polish_tax_lines(facts):
        if line.amount_currency and not line.balance:
            yield env._("VAT in PLN is missing."), facts.move, ""


def tax_in_pln_off(env, facts):
    """Books may round line by line; what is booked is sent."""
    if not facts.is_foreign:
        return
    rate = pln_rate(facts)
    for line in _polish_tax_lines(facts):
        booked = money(-line.balance)
        computed = money(money(-line.amount_currency) * rate)
        tolerance = CENT * max(1, len(facts.rows))
        if booked and abs(booked - computed) > tolerance:
            message = env._(
                "%(tax)s: VAT in PLN is booked as %(booked)s, at the rate it would be"
                " %(computed)s.",
                tax=line.tax_line_id.name,
                booked=booked,
                computed=computed,
            )
            yield message, facts.move, env._("Journal Items")


def _looks_wrong(facts):
    name, rate = facts.move.currency_id.name, pln_rate(facts)
    is_usual = name not in MAIN_CURRENCIES or LOWEST_RATE < rate < HIGHEST_RATE
    return rate in (0, 1) or not is_usual


def _polish_tax_lines(facts):
    for fact, line in facts.tax_lines:
        if fact.rate and TOTALS[fact.rate].tax_pln:
            yield line


CHECKS = {
    "currency": ("stop", currency),
    "currency_rate": ("stop", currency_rate),
    "legal_rate": ("warn", legal_rate),
    "legal_rates": ("warn", legal_rates),
    "typed_rate": ("note", typed_rate),
    "tax_in_pln": ("stop", tax_in_pln),
    "tax_in_pln_off": ("warn", tax_in_pln_off),
}
