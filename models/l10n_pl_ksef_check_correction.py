"""Checks of corrections against the invoices that they correct."""

from odoo.tools import format_date

from ..fa3.codes import CorrectionEffect
from ..fa3.text import clean
from .l10n_pl_ksef_fa3_correction import TEXT_LENGTH, is_other_number, net_by_rate
from .l10n_pl_ksef_fa3_correction_rows import BEFORE_AFTER
from .l10n_pl_ksef_fa3_currency import is_discount, rate_text
from .l10n_pl_ksef_fa3_facts import CENT
from .l10n_pl_ksef_fa3_lines import move_rate, pln_rate
from .l10n_pl_ksef_fa3_related import find_listed

EFFECTS = {
    CorrectionEffect.ORIGINAL_DATE.value: True,
    CorrectionEffect.CORRECTION_DATE.value: False,
}


def corrected_invoice(env, facts):
    if not facts.correction:
        return
    listed = find_listed(facts.move)
    if not facts.originals or not all(row._is_complete() for row in listed):
        message = env._(
            "Say which invoice is corrected (number, date, KSeF number or"
            ' "outside KSeF").'
        )
        yield message, facts.move, env._("Corrected invoices")


def original_not_posted(env, facts):
    for each in facts.originals:
        if each.move and each.move.state != "posted":
            message = env._(
                "%(original)s is not posted: there is nothing to correct.",
                original=each.move.display_name,
            )
            yield message, each.move, ""


def original_without_number(env, facts):
    for each in facts.originals:
        if each.is_awaited:
            message = env._(
                "Waits for the KSeF number of %(original)s, then goes by itself.",
                original=each.number,
            )
            yield message, each.move, env._("KSeF number")


def buyer_number(env, facts):
    correction = facts.correction
    if not correction or correction.is_buyer_as_sent:
        return
    for each in facts.originals:
        is_root = bool(each.move) and each.move == correction.root
        if is_other_number(facts) if is_root else _is_of_another(each.move, facts):
            message = env._(
                "Buyer's NIP differs from %(original)s. Correct that one to zero and"
                " issue a new invoice.",
                original=each.number,
            )
            yield message, each.move, env._("Customer")


def currency(env, facts):
    for each in facts.originals:
        currency = each.move.currency_id
        if currency and currency != facts.move.currency_id:
            message = env._(
                "The correction must be in %(currency)s, as %(original)s.",
                currency=currency.name,
                original=each.number,
            )
            yield message, facts.move, env._("Currency")


def too_much(env, facts):
    root = _root(facts)
    if not root or facts.correction.root_facts.move.currency_id != (
        facts.move.currency_id
    ):
        return
    for rate, (net, left) in net_by_rate(facts.correction, facts).items():
        if rate and net * left < 0:
            message = env._(
                "Corrections of %(original)s exceed it at rate %(rate)s.",
                original=root.name,
                rate=rate,
            )
            yield message, root, env._("Invoice Lines")


def line_returned(env, facts):
    for left in facts.correction.left if facts.correction else ():
        root = left.row.line.move_id
        if root.currency_id != facts.move.currency_id:
            continue
        named = {"n": left.row.number, "original": root.name}
        is_over = left.net * left.row.net < 0
        if left.quantity * left.row.quantity < 0:
            message = env._(
                "Line %(n)s of %(original)s: more is returned than was sold.", **named
            )
        elif is_over and abs(left.net) > CENT * left.documents:
            message = env._(
                "Line %(n)s of %(original)s: corrections exceed its amount.", **named
            )
        else:
            continue
        yield message, root, env._("Invoice Lines")


def exchange_rate(env, facts):
    """One invoice: its rate. Several, or a period: theirs, or of the day before."""
    known = _known_rates(facts)
    if not facts.is_foreign or not facts.originals or known == {pln_rate(facts)}:
        return
    if is_discount(facts):
        message = _rate_of_discount(env, facts.rate)
    else:
        message = _rate_of_one(env, facts, known)
    if message:
        yield message, facts.move, env._("Currency Rate")


def _rate_of_one(env, facts, known):
    original = facts.originals[0]
    if known:
        return env._(
            "Use the exchange rate of %(original)s: %(rate)s.",
            original=original.number,
            rate=rate_text(env, *known),
        )
    # What a person typed is not among the rates in Odoo.
    if not original.move and facts.rate.found_on:
        return env._(
            "Use the exchange rate of %(number)s; %(rate)s is used.",
            number=original.number,
            rate=rate_text(env, facts.rate.used),
        )
    return None


def _rate_of_discount(env, rate):
    if rate.is_right or not rate.legal_on:
        return None
    named = {"date": format_date(env, rate.legal_on), "used": rate_text(env, rate.used)}
    if not rate.legal:
        return env._(
            "Several invoices or a period are corrected: use the exchange rate of"
            " %(date)s; %(used)s is used.",
            **named,
        )
    return env._(
        "Several invoices or a period are corrected: use the exchange rate of %(date)s"
        " (%(rate)s); %(used)s is used.",
        rate=rate_text(env, rate.legal),
        **named,
    )


def _known_rates(facts):
    """Return the rates of the corrected invoices; none if one is not known."""
    moves = [each.move for each in facts.originals]
    currency = facts.move.currency_id
    if all(move and move.currency_id == currency for move in moves):
        return {move_rate(move) for move in moves}
    return set()


def reason(env, facts):
    length = len(clean(facts.move.l10n_pl_ksef_correction_reason or ""))
    if facts.correction and length > TEXT_LENGTH:
        message = env._(
            "Reason of correction has %(len)s characters; 256 are sent.", len=length
        )
        yield message, facts.move, env._("Reason of correction")


def effect(env, facts):
    """The accounting date should fall into the month in which the correction counts."""
    move, root = facts.move, _root(facts)
    is_then = EFFECTS.get(move.l10n_pl_ksef_correction_effect)
    if not root or is_then is None or not move.invoice_date or not move.date:
        return
    counts_on = root.date if is_then else move.invoice_date
    if (counts_on.year, counts_on.month) != (move.date.year, move.date.month):
        message = env._(
            "The correction counts in VAT on %(date)s, its accounting date is"
            " %(booked)s.",
            date=format_date(env, counts_on),
            booked=format_date(env, move.date),
        )
        yield message, move, env._("Counts in VAT")


def period_missing(env, facts):
    move = facts.move
    if move.l10n_pl_ksef_covers_all and not move.l10n_pl_ksef_corrected_period:
        message = env._(
            '"For all sales of the period" needs the period: without it the lines are'
            " sent."
        )
        yield message, move, env._("Discount for the period")


def before_and_after(env, facts):
    move, correction = facts.move, facts.correction
    is_asked = move.l10n_pl_ksef_row_style == BEFORE_AFTER
    is_known = correction and not any(each.is_awaited for each in facts.originals)
    if is_asked and is_known and correction.lines is None:
        message = env._(
            "The lines cannot be matched with what KSeF has: they show the difference"
            " instead of before and after."
        )
        yield message, move, env._("Lines show")


def nothing_corrected(env, facts):
    move = facts.move
    if not move.l10n_pl_ksef_is_data_correction:
        return
    if not move.l10n_pl_ksef_buyer_before and not move.l10n_pl_ksef_right_number:
        message = env._(
            "The buyer's data are as on %(original)s: nothing is corrected.",
            original=move.reversed_entry_id.name,
        )
        yield message, move, ""


def _is_of_another(move, facts):
    """Tell whether a listed invoice has another buyer; False for one outside Odoo."""
    buyer = move.commercial_partner_id
    if not buyer or buyer == facts.buyer:
        return False
    then, now = buyer._l10n_pl_ksef_tax_id(), facts.tax_id
    return (then.kind, then.number) != (now.kind, now.number)


def _root(facts):
    """Return the one invoice of Odoo that is corrected, or None."""
    return facts.correction.root if facts.correction else None


CHECKS = {
    "corrected_invoice": ("stop", corrected_invoice),
    "original_not_posted": ("stop", original_not_posted),
    "original_awaited": ("note", original_without_number),
    "corrected_buyer": ("stop", buyer_number),
    "corrected_currency": ("stop", currency),
    "corrected_too_much": ("warn", too_much),
    "line_returned": ("warn", line_returned),
    "corrected_rate": ("warn", exchange_rate),
    "correction_reason": ("warn", reason),
    "correction_effect": ("warn", effect),
    "period_missing": ("warn", period_missing),
    "before_and_after": ("note", before_and_after),
    "nothing_corrected": ("stop", nothing_corrected),
}
