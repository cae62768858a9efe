"""What earlier submissions and the day of sending mean for an invoice."""

from datetime import datetime
from typing import Any, NamedTuple

from ..fa3.text import clean
from ..fa3.view import POLISH_TIME
from .l10n_pl_ksef_document import FROZEN_STATES
from .l10n_pl_ksef_fa3_parties import seller_nip

# What binds nobody once the company works with the real KSeF.
ENVIRONMENT_OF_LAW = "production"


class Sending(NamedTuple):
    """What is known of an invoice beside the invoice itself.

    :ivar accepted: its own submission that KSeF accepted, or None
    :ivar same_number: another invoice's submission with its number, or None
    :ivar deadline: ``Deadline``, if the invoice date is over
    """

    accepted: Any = None
    same_number: Any = None
    deadline: Any = None


def polish_day(moment=None):
    """Return the date in Poland: now, or at an aware moment."""
    moment = moment.astimezone(POLISH_TIME) if moment else datetime.now(POLISH_TIME)
    return moment.date()


def read(found):
    """Add what is known of earlier submissions to {move: ``Facts``}."""
    own = {move: _read_accepted(move) for move in found}
    others = _read_numbers(found)
    announced = _read_announced(found)
    for move, facts in found.items():
        issued, day = move.invoice_date, facts.today
        is_late = bool(issued and day and issued < day)
        facts.sending = Sending(
            accepted=own[move],
            same_number=others.get(_key(facts)),
            deadline=announced._get_deadline(issued) if is_late else None,
        )


def _read_accepted(move):
    document = move.l10n_pl_ksef_document_id
    if not document or document.state != "accepted" or document._is_trial():
        return None
    return document


def _read_numbers(found):
    """Return {key of an invoice: submission of another one with its number}."""
    keys = {_key(facts): move for move, facts in found.items() if move.name}
    keys.pop(None, None)
    if not keys:
        return {}
    documents = next(iter(found)).env["l10n_pl_ksef.document"].sudo()
    sent = documents.search_fetch(
        [
            ("invoice_number", "in", [key[0] for key in keys]),
            ("state", "in", FROZEN_STATES),
        ],
        ["invoice_number", "nip", "kind", "environment", "issue_date", "move_id"],
    )
    return {
        key: document
        for document in reversed(sent)
        for key in [_key_of_document(document)]
        if key in keys and keys[key]._origin != document.move_id
    }


def _read_announced(found):
    """Return what may move deadlines; not asked for without a date that is over."""
    announced = next(iter(found)).env["l10n_pl_ksef.announcement"]
    is_late = any(
        facts.today and move.invoice_date and move.invoice_date < facts.today
        for move, facts in found.items()
    )
    return announced._get_for(ENVIRONMENT_OF_LAW) if is_late else announced


def _key(facts):
    """Return what KSeF tells invoices apart by, None for one without a number."""
    move = facts.move
    owner = move.company_id._l10n_pl_ksef_owner()
    if not owner or move.name in (False, "", "/"):
        return None
    nip = seller_nip(move.company_id)
    return clean(move.name), nip, facts.kind.value, owner.l10n_pl_ksef_environment


def _key_of_document(document):
    return (
        document.invoice_number,
        document.nip,
        document.kind,
        document.environment,
    )
