"""Checks of the third parties on an invoice."""

from decimal import Decimal

from .l10n_pl_ksef_fa3_parties import is_flagged
from .l10n_pl_ksef_fa3_third_parties import internal_id, party_name, tax_id
from .l10n_pl_ksef_party import (
    ADDITIONAL_BUYER,
    GOVERNMENT_RECIPIENT,
    GROUP_RECIPIENT,
    RECIPIENT,
)
from .res_partner import has_internal_check_digit, is_internal_id

# Those who are named so that they find the invoice in KSeF.
RECIPIENTS = {RECIPIENT, GOVERNMENT_RECIPIENT, GROUP_RECIPIENT}
HUNDRED = Decimal(100)


def unit(env, facts):
    """A buyer with a mark needs the unit that the invoice is for."""
    move, buyer = facts.move, facts.buyer
    roles = {party.role for party in facts.parties}
    for override, usual, role in (
        (
            move.l10n_pl_ksef_local_government,
            buyer.l10n_pl_ksef_is_local_government,
            GOVERNMENT_RECIPIENT,
        ),
        (
            move.l10n_pl_ksef_vat_group,
            buyer.l10n_pl_ksef_is_vat_group,
            GROUP_RECIPIENT,
        ),
    ):
        if is_flagged(override, usual) and role not in roles:
            message = env._(
                "Buyer is marked JST (GV): add the unit (group member) as third party."
            )
            yield message, move if override else buyer, env._("KSeF")


def shares(env, facts):
    others = [party for party in facts.parties if party.role != ADDITIONAL_BUYER]
    buyers = [party for party in facts.parties if party.role == ADDITIONAL_BUYER]
    given = [Decimal(repr(party.share)) for party in buyers]
    is_wrong = any(party.share for party in others) or any(one < 0 for one in given)
    if is_wrong or sum(given) > HUNDRED:
        message = env._("Shares are for additional buyers and may not exceed 100%.")
        yield message, facts.move, env._("KSeF")


def party_number(env, facts):
    for party in facts.parties:
        number = tax_id(party)
        if internal_id(party) or number.is_valid:
            continue
        who = party_name(party.partner_id)
        if number.kind == "nip":
            message = env._(
                "Third party %(name)s: NIP %(nip)s has a wrong check digit.",
                name=who,
                nip=number.number,
            )
        else:
            message = env._(
                "Third party %(name)s: EU VAT number %(vat)s does not fit country"
                " %(country)s.",
                name=who,
                vat=party.partner_id.vat,
                country=number.prefix,
            )
        yield message, party.partner_id, env._("Tax ID")


def internal_id_form(env, facts):
    for party in facts.parties:
        own_id = internal_id(party)
        if own_id and not is_internal_id(own_id):
            message = env._(
                "Third party %(name)s: internal ID %(id)s has to be a NIP, a hyphen"
                " and five digits.",
                name=party_name(party.partner_id),
                id=own_id,
            )
            yield message, facts.move, env._("Internal ID")


def internal_id_digit(env, facts):
    for party in facts.parties:
        own_id = internal_id(party)
        is_formed = bool(own_id) and is_internal_id(own_id)
        if is_formed and not has_internal_check_digit(own_id):
            message = env._(
                "Third party %(name)s: the last digit of internal ID %(id)s looks"
                " wrong.",
                name=party_name(party.partner_id),
                id=own_id,
            )
            yield message, facts.move, env._("Internal ID")


def unreachable(env, facts):
    for party in facts.parties:
        is_known = internal_id(party) or tax_id(party).kind == "nip"
        if party.role in RECIPIENTS and not is_known:
            message = env._(
                "Third party %(name)s has neither a NIP nor an internal ID: it will"
                " not find the invoice in KSeF.",
                name=party_name(party.partner_id),
            )
            yield message, party.partner_id, env._("Internal ID (IDWew)")


CHECKS = {
    "unit": ("stop", unit),
    "shares": ("stop", shares),
    "third_party_number": ("stop", party_number),
    "internal_id": ("stop", internal_id_form),
    "internal_id_digit": ("warn", internal_id_digit),
    "third_party_unreachable": ("warn", unreachable),
}
