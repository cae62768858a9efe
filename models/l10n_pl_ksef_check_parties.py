"""Checks of seller and buyer, and of what cannot be written yet."""

from ..fa3.codes import InvoiceKind
from .l10n_pl_ksef_detail import ATTACHMENT
from .l10n_pl_ksef_fa3_kind import is_advance_row
from .l10n_pl_ksef_fa3_parties import (
    address,
    email,
    has_place,
    is_triangular,
    name,
    needs_eu_number,
    phone,
    seller_nip,
)
from .l10n_pl_ksef_fa3_statements import decisions
from .l10n_pl_ksef_party import AUTHORIZED_ROLES
from .res_partner import TaxId

# Rates that a buyer with a Polish NIP does not get as a rule.
FOREIGN_RATES = {"0 WDT", "0 EX", "np II"}


def unsupported(env, facts):
    """Yield what kind of invoice the addon cannot write yet."""
    move = facts.move
    if facts.kind == InvoiceKind.ADVANCE and not all(map(is_advance_row, facts.rows)):
        what = env._("advance and sale on one invoice")
    elif move.l10n_pl_ksef_self_billing:
        what = env._("self-billing")
    elif decisions(facts)["new_transport"].value:
        what = env._("new means of transport")
    elif any(party.role in dict(AUTHORIZED_ROLES) for party in facts.parties):
        what = env._("authorised party")
    elif any(detail.kind == ATTACHMENT for detail in facts.details):
        what = env._("attachment")
    elif move.company_id.currency_id.name != "PLN":
        what = env._("company without PLN as its currency")
    elif move.currency_id.decimal_places > 2:
        what = env._("currency with three decimals")
    else:
        return
    message = env._(
        "This invoice cannot be sent from Odoo yet (%(what)s). Issue it in Aplikacja"
        " Podatnika KSeF 2.0.",
        what=what,
    )
    yield message, move, ""


def seller_number(env, facts):
    company = facts.move.company_id
    if not TaxId("nip", number=seller_nip(company)).is_valid:
        message = env._(
            "%(company)s: NIP is missing or its check digit is wrong.",
            company=company.name,
        )
        yield message, company, env._("Tax ID")


def seller_address(env, facts):
    partner = facts.seller
    country = partner.country_id.code
    if not (name(partner) and has_place(partner) and country == "PL"):
        message = env._(
            "%(company)s: street or city and country are needed.",
            company=facts.move.company_id.name,
        )
        yield message, facts.move.company_id, env._("Address")


def buyer_name(env, facts):
    if not name(facts.buyer) and facts.kind != InvoiceKind.SIMPLIFIED:
        message = env._("Buyer has no name.")
        yield message, facts.buyer or facts.move, env._("Name")


def buyer_address(env, facts):
    buyer = facts.buyer
    is_company = buyer.is_company or facts.tax_id.kind != "none"
    is_needed = is_company and facts.kind != InvoiceKind.SIMPLIFIED
    if is_needed and not (address(buyer) and has_place(buyer)):
        message = env._(
            "Buyer %(name)s: country or address is missing.", name=buyer.name
        )
        yield message, buyer, env._("Address")


def buyer_without_number(env, facts):
    buyer = facts.buyer
    is_polish = buyer.is_company and buyer.country_id.code == "PL"
    if is_polish and facts.tax_id.kind == "none":
        message = env._(
            "Buyer %(name)s is a Polish company without NIP: the invoice will not"
            " reach it through KSeF.",
            name=buyer.name,
        )
        yield message, buyer, env._("Tax ID")


def buyer_number(env, facts):
    if facts.tax_id.kind == "nip" and not facts.tax_id.is_valid:
        message = env._(
            "Buyer %(name)s: NIP %(nip)s has a wrong check digit. It cannot be"
            " corrected later.",
            name=facts.buyer.name,
            nip=facts.tax_id.number,
        )
        yield message, facts.buyer, env._("Tax ID")


def buyer_eu_number(env, facts):
    if facts.tax_id.kind == "eu" and not facts.tax_id.is_valid:
        message = env._(
            "Buyer %(name)s: EU VAT number %(vat)s does not fit country %(country)s.",
            name=facts.buyer.name,
            vat=facts.buyer.vat,
            country=facts.tax_id.prefix,
        )
        yield message, facts.buyer, env._("Tax ID")


def eu_number_needed(env, facts):
    if facts.tax_id.kind == "eu":
        return
    for row in facts.rows:
        if needs_eu_number(row) or is_triangular(facts):
            message = env._(
                "Line %(n)s: %(tax)s needs the buyer's EU VAT number.",
                n=row.number,
                tax=row.tax.tax.name,
            )
            yield message, facts.buyer, env._("Tax ID")


def foreign_rate(env, facts):
    if facts.tax_id.kind != "nip":
        return
    for row in facts.rows:
        if row.rate in FOREIGN_RATES:
            message = env._(
                "Line %(n)s: %(tax)s for a buyer with a Polish NIP.",
                n=row.number,
                tax=row.tax.tax.name,
            )
            yield message, facts.move, env._("Taxes")


def same_number(env, facts):
    own = seller_nip(facts.move.company_id)
    if facts.tax_id.kind == "nip" and facts.tax_id.number == own:
        message = env._("Buyer and seller have the same NIP.")
        yield message, facts.buyer, env._("Tax ID")


def contacts(env, facts):
    third = (party.partner_id for party in facts.parties)
    for partner in dict.fromkeys((facts.seller, facts.buyer, *third)):
        has_phone = phone(partner) or not partner.phone
        if has_phone and (email(partner) or not partner.email):
            continue
        message = env._(
            "Telephone or e-mail of %(who)s does not fit and is left out.",
            who=partner.name,
        )
        yield message, partner, env._("Email") if has_phone else env._("Phone")


CHECKS = {
    "not_supported": ("stop", unsupported),
    "seller_nip": ("stop", seller_number),
    "seller_address": ("stop", seller_address),
    "buyer_name": ("stop", buyer_name),
    "buyer_address": ("stop", buyer_address),
    "buyer_without_nip": ("warn", buyer_without_number),
    "buyer_nip": ("stop", buyer_number),
    "buyer_eu_number": ("stop", buyer_eu_number),
    "eu_number_needed": ("stop", eu_number_needed),
    "foreign_rate_for_polish_buyer": ("warn", foreign_rate),
    "same_nip": ("warn", same_number),
    "contacts": ("note", contacts),
}
