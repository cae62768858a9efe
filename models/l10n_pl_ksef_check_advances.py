"""Checks of advance, final and simplified invoices."""

from decimal import Decimal

from odoo.tools import formatLang

from ..fa3.codes import OSS, InvoiceKind, VatRate
from .l10n_pl_ksef_fa3_advances import CENT, CORRECTED_KINDS, booked_gross
from .l10n_pl_ksef_fa3_correction_final import needs_both
from .l10n_pl_ksef_fa3_settled import OF_ADVANCES

# Gross. Source: Polish VAT act of 11 March 2004, article 106e(5)(3).
SIMPLIFIED_LIMIT = Decimal(450)
SIMPLIFIED_LIMIT_EUR = Decimal(100)
# Sales that no simplified invoice may show. Source: FA(3) brochure, kind UPR.
NOT_SIMPLIFIED = {
    VatRate.ZERO_EU_GOODS.value,
    VatRate.OUTSIDE_POLAND.value,
    VatRate.EU_SERVICES.value,
    OSS,
}


def order_missing(env, facts):
    if facts.kind in OF_ADVANCES and not facts.advance.order.rows:
        yield (
            env._("Advance invoice without its order."),
            facts.move,
            env._("Sales order"),
        )


def order_rate(env, facts):
    if facts.kind not in OF_ADVANCES or facts.advance.order.is_rated:
        return
    for row in facts.advance.order.rows:
        if row.line.rate is None and row.line.oss_percent is None:
            message = env._(
                "Order %(order)s, line %(n)s: choose exactly one VAT rate known to"
                " KSeF.",
                order=facts.advance.order.names,
                n=row.line.number,
            )
            yield message, *_order_record(env, facts)


def order_currency(env, facts):
    if facts.kind not in OF_ADVANCES:
        return
    order, name = facts.advance.order, facts.move.currency_id.name
    if order.currency not in ("", name):
        message = env._(
            "The advance must be in %(currency)s, as order %(order)s.",
            currency=order.currency,
            order=order.names,
        )
        yield message, facts.move, env._("Currency")


def advance_without_number(env, facts):
    for each in facts.advances:
        if each.is_awaited:
            message = env._(
                "Waits for the KSeF number of advance %(n)s, then goes by itself.",
                n=each.number,
            )
            yield message, each.move, env._("KSeF number")


def advances_and_order(env, facts):
    """What the advances are, and what this invoice takes off, must be the same.

    Of an invoice that takes off nothing only an advance that Odoo forgot is told.
    """
    if facts.kind == InvoiceKind.ADVANCE or facts.correction or not facts.advance:
        return
    settled = facts.advance.settled
    if not settled.own and not settled.part_paid_back:
        return
    rest = booked_gross(facts)
    paid = rest + settled.open_amount
    sold = rest - settled.own_amount
    documents = 1 + len(settled.others)
    if abs(paid - sold) <= CENT * documents:
        return
    if settled.part_paid_back:
        message = env._(
            "Part of advance %(n)s was paid back, which Odoo does not take off"
            " correctly. Credit the rest of it, invoice the remaining advance anew,"
            " and leave out the line of the old one.",
            n=", ".join(move.name for move in settled.part_paid_back),
        )
    else:
        message = env._(
            "Advances and remainder (%(a)s) do not add up to the order (%(b)s).",
            a=_amount(env, facts, paid),
            b=_amount(env, facts, sold),
        )
    yield message, *_order_record(env, facts)


def advance_not_settled(env, facts):
    if facts.kind != InvoiceKind.INVOICE or not facts.advance:
        return
    settled = facts.advance.settled
    is_open = settled.open_amount > CENT and not settled.part_paid_back
    if settled.own or not is_open:
        return
    message = env._(
        "Advance %(n)s of the same order is not taken off this invoice.",
        n=", ".join(move.name for move in settled.advances),
    )
    yield message, *_order_record(env, facts)


def nothing_left(env, facts):
    is_settling = facts.kind == InvoiceKind.FINAL and facts.advances
    if is_settling and not booked_gross(facts):
        message = env._(
            "The advances cover the whole order: no final invoice is needed."
        )
        yield message, *_order_record(env, facts)


def eu_goods_advance(env, facts):
    if facts.kind != InvoiceKind.ADVANCE:
        return
    for row in facts.rows:
        if row.rate == VatRate.ZERO_EU_GOODS.value:
            message = env._(
                "An advance for an intra-EU supply of goods is not invoiced."
            )
            yield message, facts.move, env._("Taxes")
            return


def received(env, facts):
    """Payments on account are no more than the invoice; a settlement has some."""
    if facts.kind not in (InvoiceKind.ADVANCE, InvoiceKind.FINAL):
        return
    paid = sum(each.amount for each in facts.advance.received)
    rest = booked_gross(facts)
    is_asked = facts.kind == InvoiceKind.FINAL and not facts.advances
    if is_asked and not paid and facts.move.l10n_pl_ksef_settles_payments:
        message = env._("Say which payments were received on account: date and amount.")
        yield message, facts.move, env._("Received on account")
    elif paid and paid > rest:
        message = env._(
            "Received on account: %(a)s, more than the invoice total %(b)s.",
            a=_amount(env, facts, paid),
            b=_amount(env, facts, rest),
        )
        yield message, facts.move, env._("Received on account")


def simplified(env, facts):
    if facts.kind != InvoiceKind.SIMPLIFIED:
        return
    is_euro = facts.move.currency_id.name == "EUR"
    if is_euro:
        amount, limit = booked_gross(facts), SIMPLIFIED_LIMIT_EUR
    else:
        amount, limit = _gross_in_pln(facts), SIMPLIFIED_LIMIT
    if facts.tax_id.kind != "nip" or amount > limit:
        if is_euro:
            message = env._(
                "A simplified invoice needs the buyer's NIP and at most 100 EUR."
            )
        else:
            message = env._(
                "A simplified invoice needs the buyer's NIP and at most 450 PLN."
            )
        yield message, facts.move, env._("Simplified invoice")


def simplified_sale(env, facts):
    if facts.kind != InvoiceKind.SIMPLIFIED:
        return
    for row in facts.rows:
        if row.rate in NOT_SIMPLIFIED:
            message = env._(
                "Line %(n)s: a simplified invoice is not for sales at %(tax)s.",
                n=row.number,
                tax=row.tax.tax.name,
            )
            yield message, facts.move, env._("Simplified invoice")


def total_before(env, facts):
    if facts.kind in CORRECTED_KINDS and facts.advance.total_before is None:
        message = env._("The total of the corrected invoice is not known.")
        yield message, facts.move, env._("Corrected invoices")


def final_rows(env, facts):
    """Rows by difference would not be what the header says."""
    is_known = not any(each.is_awaited for each in facts.originals)
    if needs_both(facts) and is_known and facts.correction.lines is None:
        message = env._(
            "The lines cannot be matched with those of %(original)s: they show the"
            " difference, without the advances.",
            original=facts.correction.root.name,
        )
        yield message, facts.move, env._("Invoice Lines")


def _order_record(env, facts):
    """Return what to open, and the label of the field: the sales order if there is."""
    line = facts.move.line_ids
    if "sale_line_ids" not in line._fields:
        return facts.move, env._("Sales order")
    orders = line.sale_line_ids.order_id
    return orders[:1] or facts.move, env._("Sales order")


def _gross_in_pln(facts):
    return sum(-Decimal(repr(row.line.balance)) for row in facts.rows) + sum(
        -Decimal(repr(line.balance)) for _fact, line in facts.tax_lines
    )


def _amount(env, facts, amount):
    return formatLang(env, float(amount), currency_obj=facts.move.currency_id)


CHECKS = {
    "advance_without_order": ("stop", order_missing),
    "order_rate": ("stop", order_rate),
    "order_currency": ("stop", order_currency),
    "advance_awaited": ("note", advance_without_number),
    "advances_and_order": ("stop", advances_and_order),
    "advance_not_settled": ("warn", advance_not_settled),
    "nothing_left": ("note", nothing_left),
    "eu_goods_advance": ("warn", eu_goods_advance),
    "received": ("stop", received),
    "simplified": ("stop", simplified),
    "simplified_sale": ("stop", simplified_sale),
    "total_before": ("stop", total_before),
    "final_rows": ("warn", final_rows),
}
