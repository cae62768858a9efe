"""Third parties of an invoice, and the accounts of factors among them."""

from ..fa3.parties import ThirdParty, ThirdPartyIdentity
from ..fa3.text import clean
from .l10n_pl_ksef_fa3_facts import PARTNER_FIELDS, exact
from .l10n_pl_ksef_fa3_parties import (
    REF_LENGTH,
    address,
    contacts,
    eori,
    joined,
    name,
    number,
)
from .l10n_pl_ksef_party import ADDITIONAL_BUYER, EMPLOYEE, FACTOR, OTHER_ROLE
from .res_partner import NO_TAX_ID, compact_internal_id


def read(found):
    """Add the third parties to {move: ``Facts``}."""
    for move, facts in found.items():
        facts.parties = tuple(move.l10n_pl_ksef_party_ids)
    parties = joined(found).l10n_pl_ksef_party_ids
    known = parties.partner_id._fields
    parties.partner_id.fetch([name for name in PARTNER_FIELDS if name in known])


def third_parties(facts):
    """Return the FA(3) third parties of an invoice, in the order of the screen."""
    return tuple(_third_party(party) for party in facts.parties)


def factor_accounts(facts):
    """Return the bank accounts of the factors on the invoice."""
    return [
        party.bank_account_id
        for party in facts.parties
        if party.role == FACTOR and party.bank_account_id
    ]


def internal_id(party):
    """Return the internal ID of a party in its official form, or None."""
    typed = clean(party.internal_id or "")
    return compact_internal_id(typed) if typed else None


def tax_id(party):
    """Return the :class:`TaxId` of a party; an employee goes without a number."""
    if party.role == EMPLOYEE:
        return NO_TAX_ID
    return party.partner_id._l10n_pl_ksef_own_tax_id()


def party_name(partner):
    """Return the name of a party; an address without one has that of its company."""
    return name(partner) or name(partner.commercial_partner_id)


def _third_party(party):
    partner, is_other = party.partner_id, party.role == OTHER_ROLE
    has_share = party.role == ADDITIONAL_BUYER and party.share
    return ThirdParty(
        eori=eori(partner),
        identity=_identity(party),
        address=address(partner),
        contacts=contacts(partner),
        role=None if is_other else party.role,
        has_other_role=is_other or None,
        other_role=clean(party.role_text)[:REF_LENGTH] if is_other else None,
        share=exact(party.share) if has_share else None,
        customer_number=clean(party.customer_number or "")[:REF_LENGTH] or None,
    )


def _identity(party):
    own_id = internal_id(party)
    numbers = {"internal_id": own_id} if own_id else number(tax_id(party))
    return ThirdPartyIdentity(name=party_name(party.partner_id), **numbers)
