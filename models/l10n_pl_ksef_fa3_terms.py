"""Orders, contracts, delivery notes, terms of delivery, and what stands below."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo.tools import html2plaintext

from ..fa3.document import Footer, FooterText, Register
from ..fa3.terms import BuyerOrder, Contract, SaleTerms
from ..fa3.text import clean, clean_lines, pieces
from .l10n_pl_ksef_detail import BATCH, CONTRACT, DELIVERY_NOTE, NOTE, ORDER
from .l10n_pl_ksef_fa3_parties import joined
from .l10n_pl_ksef_fa3_payment import instalments
from .res_company_parties import compact

TEXT_LENGTH = 256
# Source: FA(3) schema, StopkaFaktury and how often Informacje may stand.
FOOTER_LENGTH = 3500
FOOTER_COUNT = 3
POLISH_TIME = ZoneInfo("Europe/Warsaw")
# Field of the company -> attribute of fa3 ``Register``.
REGISTERS = {
    "l10n_pl_ksef_krs": "krs",
    "l10n_pl_ksef_regon": "regon",
    "l10n_pl_ksef_bdo": "bdo",
}


class Detail(NamedTuple):
    """One piece of additional data; ``text`` only of a note."""

    kind: str
    name: str
    date: object = None
    text: str = ""


def read(found):
    """Add additional data to {move: ``Facts``}: typed, else that of the sales order."""
    sold = _read_sales(found)
    for move, facts in found.items():
        typed = [
            Detail(row.kind, _cut(row.name), row.date or None, clean(row.text or ""))
            for row in move.l10n_pl_ksef_detail_ids
        ]
        kinds = {detail.kind for detail in typed}
        found_elsewhere = [
            detail for detail in sold.get(move, ()) if detail.kind not in kinds
        ]
        facts.details = tuple(
            detail for detail in typed + found_elsewhere if detail.name
        )


def body(facts):
    """Return terms, delivery notes and the mark FP as attributes of ``Body``."""
    moves = facts.move.union(*(related.move for related in facts.originals))
    return {
        "delivery_notes": _names(facts, DELIVERY_NOTE),
        "is_for_receipt": any(moves.mapped("l10n_pl_ksef_is_for_receipt")) or None,
        "is_excise_refund": any(moves.mapped("l10n_pl_ksef_is_excise_refund")) or None,
        "terms": _terms(facts),
    }


def notes(facts):
    """Return [(key, text)]: notes that a person added, amounts of instalments."""
    typed = [
        (detail.name, detail.text) for detail in facts.details if detail.kind == NOTE
    ]
    return typed + instalments(facts)


def terms_text(facts):
    """Return the terms and conditions of an invoice as plain text."""
    html = facts.move.narration
    return clean_lines(html2plaintext(html)) if html else ""


def terms_length(facts):
    """Return how much of the terms there is room for; the company's text is whole."""
    return FOOTER_LENGTH * (FOOTER_COUNT - bool(_company_text(facts)))


def _company_text(facts):
    company = facts.move.company_id
    return clean_lines(company._l10n_pl_ksef_get_own("l10n_pl_ksef_footer") or "")


def footer(facts):
    """Return what stands below the invoice; what is too long is cut."""
    company = facts.move.company_id
    text = terms_text(facts)[: terms_length(facts)]
    texts = [*pieces(text, FOOTER_LENGTH), _company_text(facts)[:FOOTER_LENGTH]]
    register = {
        attribute: compact(company._l10n_pl_ksef_get_own(name)) or None
        for name, attribute in REGISTERS.items()
    }
    return Footer(
        texts=tuple(FooterText(text=part) for part in texts if part),
        registers=(Register(**register),) if any(register.values()) else (),
    )


def _terms(facts):
    return SaleTerms(
        contracts=tuple(
            Contract(signed_on=row.date, number=row.name)
            for row in facts.details
            if row.kind == CONTRACT
        ),
        orders=tuple(
            BuyerOrder(ordered_on=row.date, number=row.name)
            for row in facts.details
            if row.kind == ORDER
        ),
        batch_numbers=_names(facts, BATCH),
        delivery=_delivery(facts.move),
    )


def _delivery(move):
    code = move.invoice_incoterm_id.code
    return _cut(f"{code} {move.incoterm_location or ''}") if code else None


def _names(facts, kind):
    return tuple(detail.name for detail in facts.details if detail.kind == kind)


def _cut(text):
    return clean(text or "")[:TEXT_LENGTH].rstrip()


def _read_sales(found):
    """Return {move: details} of sales orders, where the module is installed."""
    lines = joined(found).line_ids
    if "sale_line_ids" not in lines._fields:
        return {}
    sold = {move: move.line_ids.sale_line_ids for move in found}
    sale_lines = lines.sale_line_ids
    if not sale_lines:
        return {}
    sale_lines.order_id.fetch(["client_order_ref", "date_order"])
    shipped = _read_shipped(sale_lines)
    billed = _read_billed(sale_lines) if shipped else {}
    return {
        move: [
            *_order_details(rows.order_id),
            *_shipped_details(move.reversed_entry_id or move, rows, shipped, billed),
        ]
        for move, rows in sold.items()
    }


def _order_details(orders):
    for order in orders.sorted("id"):
        if order.client_order_ref:
            day = order.date_order.replace(tzinfo=ZoneInfo("UTC"))
            day = day.astimezone(POLISH_TIME).date()
            yield Detail(ORDER, _cut(order.client_order_ref), day)


def _shipped_details(invoice, rows, shipped, billed):
    """Yield the deliveries that this invoice of several is for."""
    pickings = {
        picking
        for row in rows
        for picking in shipped.get(row.id, ())
        if _find_invoice(picking, [*(billed[row.id] - invoice._origin), invoice])
        == invoice
    }
    for picking in sorted(pickings, key=lambda each: (each.date_done, each.id)):
        yield Detail(DELIVERY_NOTE, _cut(picking.name))


def _find_invoice(picking, invoices):
    """Return the first invoice made after a delivery, else the last one before it."""
    made = sorted((_made_on(each), each._origin.id, each) for each in invoices)
    after = (each for day, _id, each in made if day >= picking.date_done)
    return next(after, made[-1][-1])


def _made_on(invoice):
    return invoice.create_date or datetime.max


def _read_billed(sale_lines):
    """Return {id of a sale line: its posted invoices that were not taken back}."""
    lines = sale_lines.invoice_lines
    lines.fetch(["move_id"])
    lines.move_id.fetch(["state", "move_type", "payment_state", "create_date"])
    return {
        row.id: row.invoice_lines.move_id.filtered(
            lambda move: (
                move.state == "posted"
                and move.move_type == "out_invoice"
                and move.payment_state != "reversed"
            )
        )
        for row in sale_lines
    }


def _read_shipped(sale_lines):
    """Return {id of a sale line: set of its pickings that have left}."""
    shipped = {}
    if "move_ids" not in sale_lines._fields:
        return shipped
    moves = sale_lines.env["stock.move"].search_fetch(
        [
            ("sale_line_id", "in", sale_lines.ids),
            ("state", "=", "done"),
            ("picking_id.picking_type_id.code", "=", "outgoing"),
        ],
        ["sale_line_id", "picking_id"],
    )
    moves.picking_id.fetch(["name", "date_done"])
    for move in moves:
        # Goods may be booked out while their delivery is still open.
        if move.picking_id.date_done:
            shipped.setdefault(move.sale_line_id.id, set()).add(move.picking_id)
    return shipped
