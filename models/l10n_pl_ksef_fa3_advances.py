"""Advance, final and simplified invoices: what they say beside any invoice.

An advance invoice shows the whole order, a final one the whole sale and the advance
invoices it settles; the totals of both are what is booked.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ..fa3.advances import AdvanceInvoice, Order, ReceivedPart
from ..fa3.codes import InvoiceKind
from ..fa3.lines import Line
from ..fa3.text import clean
from . import l10n_pl_ksef_fa3_related as fa3_related
from .l10n_pl_ksef_fa3_correction_final import shape_correction_of_final
from .l10n_pl_ksef_fa3_facts import gather, money
from .l10n_pl_ksef_fa3_kind import is_advance_row
from .l10n_pl_ksef_fa3_lines import TEXT_LENGTH, pln_rate
from .l10n_pl_ksef_fa3_order import (
    NO_ORDER,
    OrderRow,
    before_and_after,
    load,
    number_on,
    read_orders,
)
from .l10n_pl_ksef_fa3_outside import is_settled
from .l10n_pl_ksef_fa3_paid import Paid
from .l10n_pl_ksef_fa3_settled import NOTHING, OF_ADVANCES, read_settled
from .l10n_pl_ksef_fa3_supply import Supply
from .l10n_pl_ksef_fa3_totals import ZERO, total, totals

NUMBER_LENGTH = 256
# How often the elements may stand. Source: FA(3) schema.
MOST_PARTS = 31
# What rounding may leave between an order and its advances, for each document.
CENT = Decimal("0.01")
CORRECTED_KINDS = (
    InvoiceKind.CORRECTION_OF_ADVANCE,
    InvoiceKind.CORRECTION_OF_FINAL,
)
# Whose file may come to name or to settle advances.
SETTLING_KINDS = (InvoiceKind.INVOICE, InvoiceKind.FINAL, InvoiceKind.SIMPLIFIED)


@dataclass
class Advances:
    """What an invoice has to do with payments on account."""

    received: tuple = ()  # ``Paid`` before the sale
    order: Any = NO_ORDER  # ``OrderFacts``: of an advance invoice
    order_before: tuple = ()  # ``OrderRow`` before a correction
    settled: Any = NOTHING  # ``Settled``: advances of the same orders
    total_before: Decimal | None = None  # gross, of what a correction corrects
    rate_before: Decimal | None = None
    named: tuple = ()  # fa3 ``AdvanceInvoice`` that the corrected file names


def read(found):
    """Add :class:`Advances` to {move: ``Facts``}; shape rows that are no sale."""
    for facts in found.values():
        facts.advance = Advances()
    _read_received(found)
    _read_orders(found)
    _read_settled(found)
    _read_corrected(found)
    for facts in found.values():
        if facts.kind in SHAPES:
            SHAPES[facts.kind](facts)


def body(facts):
    """Return what has to do with advances as attributes of ``Body``."""
    advance = facts.advance
    has_rate = facts.is_foreign and facts.kind in OF_ADVANCES
    return {
        "advance_rate": pln_rate(facts) if has_rate else None,
        "total_before": advance.total_before,
        "rate_before": advance.rate_before if has_rate else None,
        "received_parts": _received_parts(facts),
        "advance_invoices": advance.named
        or tuple(_advance_invoice(each) for each in facts.advances),
        "order": _order(facts),
    }


def finish(facts, invoice):
    """Return an ``fa3.document.Invoice`` without what its kind leaves out."""
    if facts.kind == InvoiceKind.SIMPLIFIED:
        return _simplify(invoice)
    if facts.kind == InvoiceKind.FINAL and not invoice.body.total:
        return replace(invoice, body=replace(invoice.body, payment=None))
    return invoice


def read_order_facts(moves, posting=()):
    """Return {move: ``OrderFacts``} as the sales orders are now.

    The advance invoice that reaches the value of its orders names those before it.
    """
    if "sale_line_ids" not in moves.line_ids._fields:
        return {}
    orders = {move: move.line_ids.sale_line_ids.order_id._origin for move in moves}
    orders = {move: own for move, own in orders.items() if own}
    if not orders:
        return {}
    settled, found = read_settled(moves, posting), {}
    for move, facts in read_orders(orders).items():
        value = _value(orders[move], facts)
        earlier = _earlier(move, value, settled.get(move, NOTHING), posting)
        found[move] = facts._replace(earlier=earlier)
    return found


def booked_gross(facts):
    """Return the booked total of an invoice, whatever its taxes mean."""
    net = sum((row.net for row in facts.rows), ZERO)
    return net + sum(
        (money(-line.amount_currency) for _fact, line in facts.tax_lines), ZERO
    )


def _value(orders, facts):
    """Return the gross value of orders, without what is outside VAT."""
    value = money(sum(orders.mapped("amount_total")))
    if facts.has_settled:
        outside = orders.order_line.filtered(is_settled)
        value -= money(sum(outside.mapped("price_total")))
    return value


def _earlier(move, value, settled, posting):
    """Return ids of the advance invoices to name on the one that reaches 100%."""
    if not settled.own or settled.own[0].kind != InvoiceKind.ADVANCE:
        return ()
    key = _order_key(move)
    others = [
        entry
        for entry in settled.others
        if entry.kind in OF_ADVANCES
        and (_order_key(entry.move) < key or _is_posted_before(entry.move, posting))
    ]
    reached = settled.own_amount + sum(entry.amount for entry in others)
    tolerance = CENT * (1 + len(others))
    if reached < value - tolerance:
        return ()
    named = settled._replace(others=others).advances
    return tuple(each.id for each in named)


def _is_posted_before(move, posting):
    """Tell of others that are posted while invoices are being posted."""
    return bool(posting) and move not in posting


def _order_key(move):
    return (str(move.invoice_date or ""), move.id)


def _read_received(found):
    """Add the payments on account: those a person listed, else those booked."""
    for facts in found.values():
        is_settling = facts.move.l10n_pl_ksef_settles_payments
        is_chosen = facts.kind == InvoiceKind.FINAL and is_settling
        if facts.kind != InvoiceKind.ADVANCE and not is_chosen:
            continue
        listed = facts.move.l10n_pl_ksef_received_ids.sorted(
            lambda row: (str(row.received_on or ""), row._origin.id)
        )
        if listed:
            facts.paid = tuple(
                Paid(money(row.amount), row.received_on, (None, None)) for row in listed
            )
        facts.advance.received = facts.paid


def _read_orders(found):
    """Add the orders of advance invoices, as fixed when those were posted."""
    asking = {move: facts for move, facts in found.items() if facts.kind in OF_ADVANCES}
    if not asking:
        return
    roots = [facts.correction.root for facts in asking.values() if facts.correction]
    moves = next(iter(asking)).union(*asking, *roots)
    unfixed = moves.filtered(lambda move: not move.l10n_pl_ksef_order)
    live = read_order_facts(unfixed) if unfixed else {}

    def order_of(move):
        stored = move.l10n_pl_ksef_order
        return load(stored) if stored else live.get(move, NO_ORDER)

    for move, facts in asking.items():
        facts.advance.order = order_of(move)
        if facts.correction:
            _add_order_before(facts, order_of)
        else:
            earlier = move.browse(facts.advance.order.earlier)
            facts.advances = tuple(fa3_related.relate(each) for each in earlier)


def _add_order_before(facts, order_of):
    """Add the order as the invoice or its last correction said; else as it is."""
    correction, advance = facts.correction, facts.advance
    root = order_of(correction.root) if correction.root else NO_ORDER
    fixed = [each.move for each in correction.earlier if each.move.l10n_pl_ksef_order]
    before = order_of(fixed[-1]).rows if fixed else root.rows
    sent = correction.sent and correction.sent.body.order
    if sent and not fixed and not correction.root.l10n_pl_ksef_order:
        # Posted before this module was there: only the file says what it was.
        before = tuple(OrderRow(-line.number, "", line) for line in sent.lines)
        advance.order = advance.order._replace(rows=before)
    if not advance.order.rows:
        advance.order = root
    advance.order_before = before or advance.order.rows


def _read_settled(found):
    """Add the advances of the orders of final and of ordinary invoices."""
    asking = [facts.move for facts in found.values() if facts.kind in SETTLING_KINDS]
    roots = {}
    for facts in found.values():
        if facts.kind == InvoiceKind.CORRECTION_OF_FINAL:
            correction = facts.correction
            if correction.sent:
                facts.advance.named = correction.sent.body.advance_invoices
            else:
                roots[facts.move] = correction.root
    if not asking and not roots:
        return
    moves = next(iter(found)).union(*asking, *roots.values())
    settled = read_settled(moves.filtered(lambda move: move not in roots))
    for move in asking:
        if move in settled:
            found[move].advance.settled = settled[move]
            named = settled[move].named
            found[move].advances = tuple(fa3_related.relate(each) for each in named)
    for move, root in roots.items():
        if root in settled:
            named = settled[root].named
            found[move].advances = tuple(fa3_related.relate(each) for each in named)


def _read_corrected(found):
    """Add total and rate of what corrections of advance and final invoices correct."""
    asking = [facts for facts in found.values() if facts.kind in CORRECTED_KINDS]
    listed = {
        facts.move: [each.move for each in facts.originals if each.move]
        for facts in asking
        if not facts.correction.root
    }
    moves = {move for each in listed.values() for move in each}
    known = gather(next(iter(moves)).union(*moves)) if moves else {}
    for facts in asking:
        correction = facts.correction
        roots = [known[move] for move in listed.get(facts.move, ())]
        roots = roots or [correction.root_facts]
        first = correction.sent.body.total if correction.sent else None
        if first is None:
            first = sum((booked_gross(each) for each in roots), ZERO)
        earlier = sum((booked_gross(each) for each in correction.earlier), ZERO)
        facts.advance.total_before = first + earlier
        facts.advance.rate_before = pln_rate(roots[0])


def _shape_advance(facts):
    """An advance invoice has no rows but those of the order; its day is the payment's.

    Source: FA(3) brochure, kind ZAL, field P_6.
    """
    move, received = facts.move, facts.advance.received
    facts.written = []
    facts.long_texts = _long_texts(facts.advance.order.rows)
    days = {paid.paid_on for paid in received}
    is_paid = sum(paid.amount for paid in received) >= booked_gross(facts)
    day = days.pop() if len(days) == 1 and is_paid else None
    if day and move.invoice_date and day > move.invoice_date:
        day = None
    day = move.taxable_supply_date or day
    facts.supply = Supply(day if day != move.invoice_date else None)


def _shape_correction_of_advance(facts):
    facts.written = []
    before, now = facts.advance.order_before, facts.advance.order.rows
    shown = {row.id: row for row in (*before, *number_on(before, now))}
    facts.long_texts = _long_texts(shown.values())


def _long_texts(rows):
    """Return (number, rest of its text) of rows of an order that are too long."""
    return tuple(
        (row.line.number, row.text[TEXT_LENGTH:].strip())
        for row in rows
        if len(row.text) > TEXT_LENGTH
    )


def _shape_final(facts):
    """A final invoice shows the whole sale: no rows of what is settled."""
    facts.written = [row for row in facts.rows if not is_advance_row(row)]
    settled = [row for row in facts.rows if is_advance_row(row)]
    for number, row in enumerate((*facts.written, *settled), 1):
        row.number = number


SHAPES = {
    InvoiceKind.ADVANCE: _shape_advance,
    InvoiceKind.FINAL: _shape_final,
    InvoiceKind.CORRECTION_OF_ADVANCE: _shape_correction_of_advance,
    InvoiceKind.CORRECTION_OF_FINAL: shape_correction_of_final,
}


def _received_parts(facts):
    """Return the payments one by one: several on an advance, all on a sale."""
    received = facts.advance.received
    if facts.kind == InvoiceKind.ADVANCE:
        amount = sum(paid.amount for paid in received)
        if len(received) < 2 or amount != total(totals(facts)):
            return ()
    if facts.kind not in (InvoiceKind.ADVANCE, InvoiceKind.FINAL):
        return ()
    rate = pln_rate(facts) if facts.is_foreign else None
    return tuple(
        ReceivedPart(received_on=paid.paid_on, amount=paid.amount, currency_rate=rate)
        for paid in received[:MOST_PARTS]
    )


def _advance_invoice(related):
    if related.ksef_number:
        return AdvanceInvoice(ksef_number=related.ksef_number)
    number = clean(related.number)[:NUMBER_LENGTH].rstrip()
    return AdvanceInvoice(is_outside_ksef=True, number=number)


def _order(facts):
    """Return the fa3 ``Order``; of a correction its value is the one after."""
    advance = facts.advance
    if facts.kind not in OF_ADVANCES or not advance.order.rows:
        return None
    lines = tuple(row.line for row in advance.order.rows)
    if facts.kind == InvoiceKind.CORRECTION_OF_ADVANCE:
        lines = before_and_after(advance.order_before, advance.order.rows)
    return Order(gross=advance.order.gross, lines=lines)


def _simplify(invoice):
    """Return a simplified invoice: no name and address of the buyer, rows by name.

    Source: Polish VAT act of 11 March 2004, article 106e(5)(3).
    """
    buyer = replace(
        invoice.buyer,
        identity=replace(invoice.buyer.identity, name=None),
        address=None,
        mail_address=None,
        contacts=(),
    )
    lines = tuple(
        Line(number=line.number, key=line.key, name=line.name)
        for line in invoice.body.lines
    )
    return replace(invoice, buyer=buyer, body=replace(invoice.body, lines=lines))
