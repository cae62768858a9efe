"""Checks of what was sent before, of the day of sending, of size and characters."""

from odoo.tools import format_date, formatLang

from ..fa3.checks import MAX_LINES
from ..fa3.text import FORBIDDEN, SURELY_ALLOWED, clean
from .l10n_pl_ksef_check_lines import AROUND
from .l10n_pl_ksef_fa3_facts import money
from .l10n_pl_ksef_fa3_totals import ZERO, total, totals

# What of a party stands in the file, as people type it.
PARTY_FIELDS = ("name", "street", "street2", "city")


def already_sent(env, facts):
    document = facts.sending and facts.sending.accepted
    if document:
        message = env._(
            "Already in KSeF as %(number)s. Issue a correction instead.",
            number=document.ksef_number,
        )
        yield message, facts.move, ""


def date_in_future(env, facts):
    issued = facts.move.invoice_date
    if issued and facts.today and issued > facts.today:
        message = env._(
            "Invoice date %(date)s is in the future; KSeF takes it on that day.",
            date=format_date(env, issued),
        )
        yield message, facts.move, env._("Invoice Date")


def date_is_over(env, facts):
    deadline = facts.sending and facts.sending.deadline
    if not deadline or facts.sending.accepted:
        return
    issued = format_date(env, facts.move.invoice_date)
    if deadline.day:
        message = env._(
            "Invoice date %(date)s is not today; KSeF will mark the invoice offline."
            " Deadline %(deadline)s.",
            date=issued,
            deadline=format_date(env, deadline.day),
        )
    else:
        message = env._(
            "Invoice date %(date)s is not today; KSeF will mark the invoice offline.",
            date=issued,
        )
    yield message, facts.move, env._("Invoice Date")


def number_was_sent(env, facts):
    document = facts.sending and facts.sending.same_number
    if document:
        message = env._(
            "Number %(doc)s was sent before (%(date)s). Numbers may not repeat for"
            " ten years.",
            doc=facts.move.name,
            date=format_date(env, document.issue_date),
        )
        yield message, document.move_id, env._("Number")


def total_is_sum(env, facts):
    """What is booked as VAT must be the VAT of the lines."""
    if not all(row.tax for row in facts.rows):
        return
    booked = sum((row.net for row in facts.rows), ZERO)
    booked += sum(
        (money(-line.amount_currency) for _tax, line in facts.tax_lines), ZERO
    )
    said = total(totals(facts))
    if said != booked:
        currency = facts.move.currency_id
        message = env._(
            "Total %(a)s is not net plus VAT (%(b)s).",
            a=formatLang(env, float(booked), currency_obj=currency),
            b=formatLang(env, float(said), currency_obj=currency),
        )
        yield message, facts.move, env._("Invoice Lines")


def too_many_lines(env, facts):
    """The size is known when the file is made; the lines are known before."""
    if len(facts.lines) > MAX_LINES:
        message = env._(
            "The invoice has %(count)s lines, KSeF takes 10,000. Split the invoice.",
            count=len(facts.lines),
        )
        yield message, facts.move, env._("Invoice Lines")


def forbidden_characters(env, facts):
    third = (party.partner_id for party in facts.parties)
    for partner in dict.fromkeys((facts.seller, facts.buyer, *third)):
        for name in PARTY_FIELDS:
            text = partner[name] or ""
            if SURELY_ALLOWED.fullmatch(text):
                continue
            found = FORBIDDEN.search(text)
            if not found:
                continue
            label = partner._fields[name].get_description(env, ["string"])["string"]
            start = max(0, found.start() - AROUND)
            message = env._(
                "%(record)s, %(field)s: characters that KSeF forbids are left out at"
                ' "%(around)s".',
                record=clean(partner.name or ""),
                field=label,
                around=clean(text[start : found.end() + AROUND]),
            )
            yield message, partner, label


CHECKS = {
    "already_sent": ("stop", already_sent),
    # The invoice waits for its day by itself.
    "date_in_future": ("note", date_in_future),
    "date_is_over": ("warn", date_is_over),
    "number_was_sent": ("stop", number_was_sent),
    "total_is_sum": ("stop", total_is_sum),
    "too_many_lines": ("stop", too_many_lines),
    "forbidden_in_party": ("warn", forbidden_characters),
}
