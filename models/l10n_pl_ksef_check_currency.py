"""Checks of the currency, its exchange rate, and VAT in PLN."""

from decimal import Decimal

from odoo.tools import format_date

from ..fa3.codes import CURRENCIES, TOTALS
from .l10n_pl_ksef_fa3_currency import amount_text, rate_text
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
    rate = _compared(facts)
    if not rate or rate.is_right or not (rate.found_on or _is_known(rate)):
        return
    named = {
        "d1": format_date(env, rate.found_on) if rate.found_on else "",
        "d2": format_date(env, rate.legal_on),
        "used": rate_text(env, rate.used),
        "rate": rate_text(env, rate.legal) if rate.legal else "",
    }
    if rate.by_service:
        message = _either(env, rate)
    elif rate.found_on and rate.legal:
        message = env._(
            "Rate of %(d1)s (%(used)s) is used; the law asks for %(d2)s (%(rate)s).",
            **named,
        )
    elif rate.found_on:
        message = env._(
            "Rate of %(d1)s (%(used)s) is used; the law asks for %(d2)s, which is not"
            " in Odoo.",
            **named,
        )
    else:
        message = env._(
            "Rate %(used)s is used; the law asks for %(d2)s (%(rate)s).", **named
        )
    yield message, facts.move, env._("Currency Rate")


def _either(env, rate):
    """Return the sentence for a period, whose kind of service Odoo does not know."""
    named = {
        "used": _dated(env, rate.found_on, rate.used),
        "d2": _dated(env, rate.legal_on, rate.legal),
        "d3": _dated(env, rate.by_service.legal_on, rate.by_service.legal),
    }
    if rate.found_on:
        return env._(
            "Rate of %(used)s is used; the law asks for %(d2)s, or for %(d3)s if the"
            " invoice makes VAT due, as for rent, media, leasing and telecoms.",
            **named,
        )
    return env._(
        "Rate %(used)s is used; the law asks for %(d2)s, or for %(d3)s if the invoice"
        " makes VAT due, as for rent, media, leasing and telecoms.",
        **named,
    )


def _dated(env, day, value):
    """Return day and rate, or what is known of them."""
    if not day:
        return rate_text(env, value)
    text = format_date(env, day)
    return f"{text} ({rate_text(env, value)})" if value else text


def legal_rates(env, facts):
    """Odoo books an invoice at one rate; rows sold on other days may ask for others."""
    rate = _compared(facts)
    for other, numbers in rate.others if rate else ():
        named = {
            "n": ", ".join(map(str, numbers)),
            "d2": format_date(env, other.legal_on),
            "rate": rate_text(env, other.legal),
            "used": rate_text(env, other.used),
        }
        if len(numbers) == 1:
            message = env._(
                "Line %(n)s: the law asks for the rate of %(d2)s (%(rate)s), the"
                " invoice has %(used)s for all. Invoice it separately.",
                **named,
            )
        else:
            message = env._(
                "Lines %(n)s: the law asks for the rate of %(d2)s (%(rate)s), the"
                " invoice has %(used)s for all. Invoice them separately.",
                **named,
            )
        yield message, facts.move, env._("Currency Rate")


def typed_rate(env, facts):
    rate = _compared(facts)
    if rate and not (rate.is_right or rate.found_on or _is_known(rate)):
        message = env._(
            "Rate %(used)s is not among the rates in Odoo. Compare it with the rate of"
            " %(d2)s, which the law asks for.",
            used=rate_text(env, rate.used),
            d2=format_date(env, rate.legal_on),
        )
        yield message, facts.move, env._("Currency Rate")


def _compared(facts):
    """Return the ``Rate`` if it is to be the law's; a correction has its invoice's."""
    rate = facts.rate
    if not rate or not rate.legal_on or facts.correction or _looks_wrong(facts):
        return None
    return rate


def _is_known(rate):
    """Tell whether Odoo has a rate that the message would name."""
    return bool(rate.legal or (rate.by_service and rate.by_service.legal))


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
    rate, pln = pln_rate(facts), facts.move.company_id.currency_id
    for line in _polish_tax_lines(facts):
        booked = money(-line.balance)
        computed = money(money(-line.amount_currency) * rate)
        tolerance = CENT * max(1, len(facts.rows))
        if booked and abs(booked - computed) > tolerance:
            message = env._(
                "%(tax)s: VAT in PLN is booked as %(booked)s, at the rate it would be"
                " %(computed)s.",
                tax=line.tax_line_id.name,
                booked=amount_text(env, booked, pln),
                computed=amount_text(env, computed, pln),
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
