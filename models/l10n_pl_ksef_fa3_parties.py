"""Seller and buyer of an invoice as FA(3) parties."""

import re

from ..fa3.parties import (
    Address,
    Buyer,
    BuyerIdentity,
    Contact,
    PolishIdentity,
    Seller,
)
from ..fa3.text import clean
from .res_partner import compact_nip

# Lengths in characters. Source: FA(3) schema, types of the elements.
NAME_LENGTH = 512
NUMBER_LENGTH = 50
REF_LENGTH = 256
PHONE_LENGTH = 16
EMAIL_LENGTH = 255
GLN_LENGTH = 13
# Rates whose seller writes PL before the NIP. Source: VAT act, article 97(10).
EU_RATES = {"0 WDT", "np II"}
TRIANGULAR = "TT_D"

_EMAIL = re.compile(r"[^@\s;,]+@[^@\s;,]+")
_ADDRESS_PARTS = re.compile(r"[;,\s]+")
# The first number of a text: what follows a letter or a comma is another one.
_PHONE = re.compile(r"\+?\d[\d\s().\-]*", re.ASCII)
_NOT_PHONE = re.compile(r"(?!^\+)\D")


def joined(found):
    """Return the invoices of {move: ``Facts``} as one recordset."""
    moves = list(found)
    return moves[0].union(*moves)


def needs_eu_number(row):
    """Tell whether a row may only go to a buyer with an EU VAT number."""
    return bool(row.tax) and (
        row.rate in EU_RATES or row.tax.tax.l10n_pl_ksef_procedure == TRIANGULAR
    )


def is_triangular(facts):
    """Tell whether a person calls it, or the invoice it corrects, triangular."""
    chosen = facts.move.l10n_pl_ksef_triangular
    sent = any(each.is_simplified_triangular for each in facts.sent_statements)
    return chosen == "yes" or (sent and chosen != "no")


def seller(facts):
    """Return the FA(3) seller of an invoice."""
    partner, company = facts.seller, facts.move.company_id
    is_eu_sale = is_triangular(facts) or any(map(needs_eu_number, facts.rows))
    own_address = address(partner)
    letters = company._l10n_pl_ksef_get_own("l10n_pl_ksef_mail_partner_id")
    mail_address = address(letters) if letters else None
    return Seller(
        eu_prefix="PL" if is_eu_sale else None,
        eori=eori(partner),
        identity=PolishIdentity(nip=seller_nip(company), name=name(partner)),
        address=own_address,
        mail_address=mail_address if mail_address != own_address else None,
        contacts=contacts(partner),
        status=company._l10n_pl_ksef_get_own("l10n_pl_ksef_taxpayer_state") or None,
    )


def seller_nip(company):
    """Return the NIP that a company issues under: its own, else its parent's."""
    while company and not company.vat:
        company = company.parent_id
    return compact_nip(company.vat)


def buyer(facts):
    """Return the FA(3) buyer of an invoice."""
    partner, move = facts.buyer, facts.move
    return Buyer(
        eori=eori(partner),
        identity=BuyerIdentity(name=name(partner), **number(facts.tax_id)),
        address=address(partner),
        mail_address=_mail_address(facts),
        contacts=contacts(partner),
        customer_number=clean(partner.ref or "")[:REF_LENGTH],
        is_local_government=is_flagged(
            move.l10n_pl_ksef_local_government, partner.l10n_pl_ksef_is_local_government
        ),
        is_vat_group=is_flagged(
            move.l10n_pl_ksef_vat_group, partner.l10n_pl_ksef_is_vat_group
        ),
    )


def is_flagged(override, usual):
    """Return a mark of the buyer: what the invoice says, else what the customer is."""
    return override == "yes" if override else usual


def number(tax_id):
    """Return the attributes of an identity that a :class:`TaxId` stands for."""
    forms = {
        "nip": {"nip": tax_id.number},
        "eu": {"eu_prefix": tax_id.prefix, "eu_number": tax_id.number},
        "other": {
            "country": tax_id.prefix or None,
            "other_number": tax_id.number[:NUMBER_LENGTH],
        },
        "none": {"has_no_number": True},
    }
    return forms[tax_id.kind]


def name(partner):
    """Return the name of a party, cut to what FA(3) takes."""
    return clean(partner.name or "")[:NAME_LENGTH].rstrip()


def address(partner):
    """Return the address of a party, or None without country or any line."""
    country = partner.country_id.code
    first = clean(f"{partner.street or ''} {partner.street2 or ''}")
    second = clean(f"{partner.zip or ''} {partner.city or ''}")
    if country != "PL" and partner.state_id and second:
        second = clean(f"{second}, {partner.state_id.name}")
    if not country or not (first or second):
        return None
    return Address(
        country=country,
        line_1=(first or second)[:NAME_LENGTH].rstrip(),
        line_2=second[:NAME_LENGTH].rstrip() if first else None,
        gln=_gln(partner),
    )


def has_place(partner):
    """Tell whether street or city is known, a postal code alone is no address."""
    return bool(clean(f"{partner.street or ''}{partner.city or ''}"))


def contacts(partner):
    """Return the contacts of a party; what does not fit is left out."""
    contact = Contact(email=email(partner), phone=phone(partner))
    return (contact,) if contact.email or contact.phone else ()


def eori(partner):
    """Return the number for customs, or None."""
    return clean(partner.l10n_pl_ksef_eori or "")[:REF_LENGTH] or None


def email(partner):
    """Return the first e-mail address, or None."""
    parts = _ADDRESS_PARTS.split(clean(partner.email or ""))
    fits = _EMAIL.fullmatch(parts[0]) and len(parts[0]) <= EMAIL_LENGTH
    return parts[0] if fits else None


def phone(partner):
    """Return the first telephone as digits with at most one leading plus, or None."""
    found = _PHONE.search(clean(partner.phone or ""))
    number = _NOT_PHONE.sub("", found[0]) if found else ""
    return number if 0 < len(number) <= PHONE_LENGTH else None


def _mail_address(facts):
    contact = facts.move.partner_id
    if contact == facts.buyer or contact.type != "invoice":
        return None
    other = address(contact)
    return other if other != address(facts.buyer) else None


def _gln(partner):
    if "global_location_number" not in partner._fields:
        return None
    return clean(partner.global_location_number or "")[:GLN_LENGTH]
