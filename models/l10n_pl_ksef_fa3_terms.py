"""Orders, contracts, delivery notes, terms of delivery, and what stands below."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo.tools import html2plaintext

from ..fa3.document import Footer, FooterText, Register
from ..fa3.terms import BuyerOrder, Contract, SaleTerms
from ..fa3.text import clean, clean_lines, pieces
from .l10n_pl_ksef_detail import BATCH, CONTRACT, DELIVERY_NOTE, NOTE, ORDER
from .l10n_pl_ksef_fa3_parties import joined
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
        "terms": _terms(facts),
    }


def notes(facts):
    """Return [(key, text)] of the notes that a person added."""
    return [
        (detail.name, detail.text) for detail in facts.details if detail.kind == NOTE
    ]


def footer(facts):
    """Return what stands below the invoice; what is too long is cut."""
    move = facts.move
    company = move.company_id
    own = clean_lines(company._l10n_pl_ksef_get_own("l10n_pl_ksef_footer") or "")
    text = clean_lines(html2plaintext(move.narration)) if move.narration else ""
    # The company's part is never cut off.
    count = FOOTER_COUNT - bool(own)
    texts = [*pieces(text, FOOTER_LENGTH)[:count], own[:FOOTER_LENGTH]]
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
    return {
        move: [
            *_order_details(rows.order_id),
            *_shipped_details(rows, shipped),
        ]
        for move, rows in sold.items()
    }


def _order_details(orders):
    for order in orders.sorted("id"):
        if order.client_order_ref:
            day = order.date_order.replace(tzinfo=ZoneInfo("UTC"))
            day = day.astimezone(POLISH_TIME).date()
            yield Detail(ORDER, _cut(order.client_order_ref), day)


def _shipped_details(rows, shipped):
    pickings = {picking for row in rows for picking in shipped.get(row.id, ())}
    for picking in sorted(pickings, key=lambda each: (each.date_done, each.id)):
        yield Detail(DELIVERY_NOTE, _cut(picking.name))


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
        shipped.setdefault(move.sale_line_id.id, set()).add(move.picking_id)
    return shipped
