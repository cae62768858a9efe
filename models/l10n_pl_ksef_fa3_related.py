"""Other invoices that an invoice names: what it corrects, the advances it settles."""

from datetime import date
from typing import Any, NamedTuple

from ..fa3 import codes

CORRECTIONS = {
    codes.InvoiceKind.ADVANCE: codes.InvoiceKind.CORRECTION_OF_ADVANCE,
    codes.InvoiceKind.FINAL: codes.InvoiceKind.CORRECTION_OF_FINAL,
}
# Corrections of corrections are followed back to their invoice so far.
LONGEST_CHAIN = 50


class Related(NamedTuple):
    """An invoice named on another one.

    :ivar move: the invoice in Odoo, empty when it is only known by its number
    :ivar ksef_number: empty while it has none, and outside KSeF
    :ivar is_awaited: KSeF will give it a number
    """

    move: Any
    number: str
    issued_on: date
    ksef_number: str
    is_awaited: bool


def read(found):
    """Add kind and corrected invoices to {move: ``Facts``}."""
    for move, facts in found.items():
        facts.kind = find_kind(move)
        root = find_root(move)
        if root != move:
            facts.originals = (relate(root),)


def is_correction(move):
    """Tell whether an invoice changes another one, or an earlier correction."""
    return move.move_type == "out_refund" or bool(_corrected(move))


def find_root(move):
    """Return the invoice that a chain of corrections began with, if there is one.

    It may itself be a credit note: one whose invoice is not in Odoo.
    """
    for _step in range(LONGEST_CHAIN):
        before = _corrected(move)
        if not before:
            return move
        move = before
    return move


def relate(move):
    """Return the :class:`Related` of an invoice in Odoo.

    The number counts whichever module got it; one is awaited from an invoice that is
    meant for KSeF, sent or not.
    """
    number = move._l10n_pl_ksef_known_number()
    outbox = move.env["l10n_pl_ksef.outbox"]
    return Related(
        move=move,
        number=move.name,
        issued_on=move.invoice_date,
        ksef_number=number or "",
        is_awaited=not number and outbox._is_number_awaited(move),
    )


def find_kind(move):
    """Return the ``fa3.codes.InvoiceKind`` of an invoice of Odoo."""
    if is_correction(move):
        root = find_root(move)
        kind = None if root == move else _kind_of_root(root)
        return CORRECTIONS.get(kind, codes.InvoiceKind.CORRECTION)
    return _kind_of_root(move)


def _corrected(move):
    """Return what an invoice corrects: credit note, debit note, or their reversal."""
    debited = "debit_origin_id" in move._fields and move.debit_origin_id
    return debited or move.reversed_entry_id


def _kind_of_root(move):
    return codes.InvoiceKind.INVOICE
