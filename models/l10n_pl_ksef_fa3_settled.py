"""Which advances the orders of invoices have had, and what became of them."""

from decimal import Decimal
from typing import Any, NamedTuple

from odoo.tools import SQL

from ..fa3.codes import InvoiceKind
from .l10n_pl_ksef_fa3_facts import money
from .l10n_pl_ksef_fa3_related import find_kind

READ_FIELDS = {
    "account.move": ["state", "move_type", "reversed_entry_id", "invoice_date"],
    "account.move.line": ["move_id", "price_total", "sale_line_ids"],
    "sale.order.line": ["order_id", "is_downpayment", "display_type"],
}
ZERO = Decimal("0.00")
# An advance, and what corrects one.
OF_ADVANCES = (InvoiceKind.ADVANCE, InvoiceKind.CORRECTION_OF_ADVANCE)


class Entry(NamedTuple):
    """Part of an invoice that stands for an advance on a sales order.

    :ivar place: id of the line of the sales order that the advance has
    :ivar amount: gross; what is settled or paid back is negative
    """

    move: Any
    kind: InvoiceKind
    place: int
    amount: Decimal


class Settled(NamedTuple):
    """The :class:`Entry` s of the orders of one invoice, in order of their dates."""

    own: list
    others: list

    @property
    def advances(self):
        """Advance invoices of which something is left, each once."""
        left = {}
        for entry in self.others:
            if entry.kind in OF_ADVANCES:
                left[entry.place] = left.get(entry.place, ZERO) + entry.amount
        return list(
            dict.fromkeys(
                entry.move
                for entry in self.others
                if entry.kind == InvoiceKind.ADVANCE and left[entry.place]
            )
        )

    @property
    def named(self):
        """Advance invoices that this invoice settles."""
        places = {entry.place for entry in self.own}
        moves = {entry.move for entry in self.others if entry.place in places}
        return [move for move in self.advances if move in moves]

    @property
    def open_amount(self):
        """Gross amount of the advances that no other invoice has settled."""
        return _total(self.others)

    @property
    def own_amount(self):
        """Gross amount on this invoice: negative where it settles advances."""
        return _total(self.own)

    @property
    def part_paid_back(self):
        """Advance invoices that are open, and were credited in part.

        Odoo settles no such advance: its order line counts as not invoiced.
        """
        open_places = {}
        for entry in self.others:
            before = open_places.get(entry.place, ZERO)
            open_places[entry.place] = before + entry.amount
        places = {
            entry.place
            for entry in self.others
            if entry.kind == InvoiceKind.CORRECTION_OF_ADVANCE
            and open_places[entry.place]
        }
        return list(
            dict.fromkeys(
                entry.move
                for entry in self.others
                if entry.kind == InvoiceKind.ADVANCE and entry.place in places
            )
        )


NOTHING = Settled([], [])


def read_settled(moves, posting=()):
    """Return {move: :class:`Settled`} of invoices with sales orders: one statement.

    Invoices that are being posted count as posted.
    """
    ids = tuple(move._origin.id for move in moves if move._origin)
    if not ids or "sale.order.line" not in moves.env:
        return {}
    env = moves.env
    for model, names in READ_FIELDS.items():
        env[model].flush_model(names)
    rows = env.execute_query_dict(_query(ids, (0, *(move.id for move in posting))))
    # Read together: what one of them needs is read for all.
    entries = env["account.move"].sudo().browse({row["entry_id"] for row in rows})
    by_id = {entry.id: (entry, find_kind(entry)) for entry in entries}
    found = {}
    for row in rows:
        move, kind = by_id[row["entry_id"]]
        entry = Entry(move, kind, row["place"], money(row["amount"]))
        settled = found.setdefault(row["invoice_id"], Settled([], []))
        is_own = row["invoice_id"] == row["entry_id"]
        (settled.own if is_own else settled.others).append(entry)
    return {move: found[move._origin.id] for move in moves if move._origin.id in found}


def _total(entries):
    return sum((entry.amount for entry in entries), ZERO)


def _query(ids, posting):
    """Return the statement; corrections of the invoice itself are left out."""
    return SQL(
        """
        WITH ordered AS (
            SELECT DISTINCT line.move_id AS invoice_id, sold.order_id
              FROM account_move_line line
              JOIN sale_order_line_invoice_rel link
                ON link.invoice_line_id = line.id
              JOIN sale_order_line sold ON sold.id = link.order_line_id
             WHERE line.move_id IN %(ids)s)
        SELECT ordered.invoice_id, entry.id AS entry_id, place.id AS place,
               SUM(CASE entry.move_type WHEN 'out_refund' THEN -line.price_total
                   ELSE line.price_total END) AS amount
          FROM ordered
          JOIN sale_order_line place ON place.order_id = ordered.order_id
          JOIN sale_order_line_invoice_rel link ON link.order_line_id = place.id
          JOIN account_move_line line ON line.id = link.invoice_line_id
          JOIN account_move entry ON entry.id = line.move_id
         WHERE place.is_downpayment
           AND place.display_type IS NULL
           AND (entry.state = 'posted' OR entry.id = ordered.invoice_id
                OR entry.id IN %(posting)s)
           AND entry.reversed_entry_id IS DISTINCT FROM ordered.invoice_id
      GROUP BY ordered.invoice_id, entry.id, place.id
      ORDER BY entry.invoice_date, entry.id, place.id
        """,
        ids=ids,
        posting=posting,
    )
