"""Checks of texts beside the lines: what FA(3) or KSeF does not take of them."""

from typing import Any, NamedTuple

from ..fa3.text import clean
from .l10n_pl_ksef_check_lines import find_forbidden
from .l10n_pl_ksef_fa3_parties import NAME_LENGTH
from .l10n_pl_ksef_fa3_settlement import REASON_LENGTH
from .l10n_pl_ksef_fa3_terms import FOOTER_LENGTH, TEXT_LENGTH, terms_length, terms_text
from .l10n_pl_ksef_party import OTHER_ROLE


class Typed(NamedTuple):
    """A text as typed, which field it is (key of labels), how much of it is sent."""

    field: str
    text: Any
    limit: int


def _label(env, field):
    labels = {
        "location": env._("Incoterm Location"),
        "heading": env._("Number or heading"),
        "text": env._("Text"),
        "row": env._("Label"),
        "role": env._("Role in words"),
        "name": env._("Name"),
        "terms": env._("Terms and Conditions"),
    }
    return labels[field]


def _typed(facts):
    """Yield the short texts of an invoice; what follows a note's end is not lost."""
    move = facts.move
    yield Typed("location", move.incoterm_location, TEXT_LENGTH)
    for detail in move.l10n_pl_ksef_detail_ids:
        yield Typed("heading", detail.name, TEXT_LENGTH)
    for row in facts.settled:
        yield Typed("row", row.line.name, REASON_LENGTH)
    for party in facts.parties:
        if party.role == OTHER_ROLE:
            yield Typed("role", party.role_text, TEXT_LENGTH)


def _find_long(facts):
    """Yield (field, length, limit, record) of what is cut."""
    move = facts.move
    for field, text, limit in _typed(facts):
        if text and len(text) > limit:
            yield field, len(clean(text)), limit, move
    third = (party.partner_id for party in facts.parties)
    for partner in dict.fromkeys((facts.seller, facts.buyer, *third)):
        if len(partner.name or "") > NAME_LENGTH:
            yield "name", len(clean(partner.name)), NAME_LENGTH, partner
    if len(move.narration or "") > FOOTER_LENGTH:
        yield "terms", len(terms_text(facts)), terms_length(facts), move


def long_text(env, facts):
    for field, length, limit, record in _find_long(facts):
        if length > limit:
            label = _label(env, field)
            message = env._(
                "%(field)s: %(len)s characters, the first %(count)s are sent.",
                field=label,
                len=length,
                count=limit,
            )
            yield message, record, label


def forbidden_in_text(env, facts):
    """Names of parties have a check of their own."""
    move = facts.move
    texts = [("terms", move.narration)]
    texts += [(field, text) for field, text, _limit in _typed(facts)]
    texts += [("text", detail.text) for detail in move.l10n_pl_ksef_detail_ids]
    for field, text in texts:
        around = find_forbidden(text) if text else None
        if around is not None:
            label = _label(env, field)
            message = env._(
                '%(field)s: characters that KSeF forbids are left out at "%(around)s".',
                field=label,
                around=around,
            )
            yield message, move, label


CHECKS = {
    "long_text": ("warn", long_text),
    "forbidden_in_text": ("warn", forbidden_in_text),
}
