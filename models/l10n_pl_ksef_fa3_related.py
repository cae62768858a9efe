"""Other invoices that an invoice names: what it corrects, the advances it settles."""

from datetime import date
from typing import Any, NamedTuple

from ..fa3 import codes
from .l10n_pl_ksef_fa3_kind import kind_of

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
        facts.originals = find_originals(move)


def is_correction(move):
    """Tell whether an invoice changes another one, or an earlier correction."""
    return move.move_type == "out_refund" or bool(find_corrected(move))


def find_corrected(move):
    """Return what an invoice corrects: credit note, debit note, or their reversal."""
    debited = "debit_origin_id" in move._fields and move.debit_origin_id
    return debited or move.reversed_entry_id


def find_root(move):
    """Return the invoice that a chain of corrections began with, if there is one.

    It may itself be a credit note: one whose invoice is not in Odoo.
    """
    for _step in range(LONGEST_CHAIN):
        before = find_corrected(move)
        if not before:
            return move
        move = before
    return move


def find_originals(move):
    """Return the :class:`Related` invoices that a correction names.

    The one its chain of corrections began with, and those that a person listed on it
    or, where the chain began outside Odoo, on its first correction. What a person
    lists under the number of an invoice in Odoo is where that one went without Odoo.
    """
    if not is_correction(move):
        return ()
    root, listed = find_root(move), find_listed(move)
    has_root = not is_correction(root)
    moves = [root] if has_root else []
    moves += [move for move in listed.invoice_id if move != root]
    typed = [_relate_listed(row) for row in listed if not row.invoice_id]
    by_number = {each.number: each for each in typed}
    found = [_unless_known(relate(each), by_number.get(each.name)) for each in moves]
    numbers = {each.number for each in found}
    return (*found, *(each for each in typed if each.number not in numbers))


def find_listed(move):
    """Return what a person listed on a correction, or on the first of its chain."""
    root = find_root(move)
    listed = move.l10n_pl_ksef_corrected_ids
    if root != move and is_correction(root):
        listed |= root.l10n_pl_ksef_corrected_ids
    return listed


def relate(move):
    """Return the :class:`Related` of an invoice in Odoo.

    The number counts whichever module got it; one is awaited from an invoice that is
    meant for KSeF, sent or not. A number of a trial says nothing to the real KSeF.
    """
    document = move.sudo().l10n_pl_ksef_document_id
    is_trial = bool(document) and document._is_trial()
    number = "" if is_trial else move._l10n_pl_ksef_known_number() or ""
    return Related(
        move=move,
        number=move.name,
        issued_on=move.invoice_date,
        ksef_number=number,
        is_awaited=not number and _is_awaited(move),
    )


def find_kind(move):
    """Return the ``fa3.codes.InvoiceKind`` of an invoice of Odoo."""
    if not is_correction(move):
        return kind_of(move)
    root = find_root(move)
    if is_correction(root):
        root = root.l10n_pl_ksef_corrected_ids.invoice_id[:1]
    kind = _kind_as_sent(root) if root else None
    return CORRECTIONS.get(kind, codes.InvoiceKind.CORRECTION)


def _kind_as_sent(move):
    """Return the kind that KSeF knows an invoice by, else what it would be."""
    document = move.sudo().l10n_pl_ksef_document_id
    if document.state == "accepted" and document.kind:
        return codes.InvoiceKind(document.kind)
    return kind_of(move)


def _is_awaited(move):
    is_sent_elsewhere = move._l10n_pl_ksef_other_module_state() == "sent"
    outbox = move.env["l10n_pl_ksef.outbox"]
    return is_sent_elsewhere or outbox._is_number_awaited(move)


def _unless_known(related, typed):
    """Return what a person typed of an invoice that Odoo has no number of."""
    if related.ksef_number or not typed:
        return related
    return related._replace(ksef_number=typed.ksef_number, is_awaited=False)


def _relate_listed(row):
    return Related(
        move=row.invoice_id,
        number=row.number or "",
        issued_on=row.issued_on,
        ksef_number=row.ksef_number or "",
        is_awaited=False,
    )
