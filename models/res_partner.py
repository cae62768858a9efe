"""Facts about a party that FA(3) asks for: which tax number is it?"""

import re
from typing import NamedTuple

from stdnum.eu import vat as eu_vat
from stdnum.pl import nip as pl_nip

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Prefixes of EU VAT numbers as FA(3) lists them (EL is Greece, XI Northern Ireland),
# without PL: a Polish number is a NIP.
EU_PREFIXES = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR"),
        *("HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PT", "RO", "SE"),
        *("SI", "SK", "XI"),
    }
)
# Source: FA(3) schema, type TNrNIP; the check digit is tested apart.
_NIP = re.compile(r"[1-9]((\d[1-9])|([1-9]\d))\d{7}", re.ASCII)
_EU_NUMBER = re.compile(r"[0-9A-Z+*]{1,12}", re.ASCII)
# Number of a private person (PESEL), which is not sent.
_PERSON = re.compile(r"\d{11}", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_BRITISH = re.compile(r"GB(\d{9}|\d{12})", re.ASCII)
# Countries where a number that begins with a prefix is one of the EU.
_NEAR = EU_PREFIXES | {"GB", ""}
_SEPARATORS = re.compile(r"[\s\-./]")
# Source: FA(3) schema, type TNIPIdWew.
_INTERNAL_ID = re.compile(r"([1-9]((\d[1-9])|([1-9]\d))\d{7})-(\d{4})(\d)", re.ASCII)
# Marks an EU number that is not a VAT number. Source: FA(3) brochure, NrVatUE.
_EXCISE_MARK = "EX"


class TaxId(NamedTuple):
    """Number by which FA(3) knows a party.

    ``kind``: nip, eu (``prefix`` and ``number``), other (``prefix`` is the country
    or empty), none.
    """

    kind: str
    prefix: str = ""
    number: str = ""

    @property
    def is_valid(self):
        """False for a NIP with a wrong check digit, a malformed EU number."""
        if self.kind == "nip":
            return bool(_NIP.fullmatch(self.number)) and pl_nip.is_valid(self.number)
        if self.kind == "eu":
            return bool(_EU_NUMBER.fullmatch(self.number))
        return True


NO_TAX_ID = TaxId("none")


def compact_nip(vat):
    """Return the digits of a NIP as typed, without blanks, dashes and ``PL``."""
    return _SEPARATORS.sub("", vat or "").upper().removeprefix("PL")


def read_tax_id(vat, country_code, is_company=True):
    """Tell which of the four kinds of number ``vat`` is.

    :param country_code: ISO code of the party's country, may be empty
    :param is_company: a Polish person's number that is no NIP is not used
    Source: FA(3) brochure, fields NIP, KodUE, NrVatUE, NrID, BrakID.
    """
    number = _SEPARATORS.sub("", vat or "").upper()
    if not number:
        return NO_TAX_ID
    if number.startswith("PL"):
        return TaxId("nip", number=number.removeprefix("PL"))
    if country_code == "PL" and not _is_of_eu(number, "PL"):
        return _read_polish(number, is_company)
    return _read_foreign(number, country_code or "")


def _read_polish(number, is_company):
    """A number of digits is a NIP, if need be a wrong one, and not left out."""
    is_personal = _PERSON.fullmatch(number) or not _DIGITS.fullmatch(number)
    if is_personal and not is_company:
        return NO_TAX_ID
    return TaxId("nip", number=number)


def _eu_prefix(code):
    """Return the prefix of EU VAT numbers for a country or prefix as typed."""
    return "EL" if code == "GR" else code


def _read_foreign(number, country_code):
    prefix, own_prefix = _eu_prefix(number[:2]), _eu_prefix(country_code)
    if _BRITISH.fullmatch(number):
        return TaxId("other", "GB", number[2:])
    if _is_of_eu(number, own_prefix):
        rest = number[2:]
    elif own_prefix in EU_PREFIXES:
        prefix, rest = own_prefix, number
    else:
        is_british = prefix == country_code == "GB"
        return TaxId("other", country_code, number[2:] if is_british else number)
    if rest.startswith(_EXCISE_MARK):
        return TaxId("other", country_code, rest)
    return TaxId("eu", prefix, rest)


def _is_of_eu(number, own_prefix):
    """Tell a number of the EU from one that begins with the same two letters.

    A Mexican number may begin with SE, a Polish identity card with DE: there it is a
    number of the EU only if its check digits fit.
    """
    prefix = _eu_prefix(number[:2])
    if prefix not in EU_PREFIXES:
        return False
    return own_prefix in _NEAR or eu_vat.is_valid(prefix + number[2:])


def compact_internal_id(text):
    """Return an internal ID without blanks, ``PL`` and other signs: NIP-12345."""
    digits = _SEPARATORS.sub("", text or "").upper().removeprefix("PL")
    return f"{digits[:10]}-{digits[10:]}" if len(digits) > 10 else digits


def is_internal_id(text):
    """Tell whether a compact internal ID has its form and the NIP its check digit."""
    found = _INTERNAL_ID.fullmatch(text)
    return bool(found) and pl_nip.is_valid(found[1])


def has_internal_check_digit(text):
    """Tell whether the last digit of a compact internal ID fits the others.

    The digits before it count once and three times in turn; the sum's last digit.
    Source: generator of identifiers in the Ministry's client library for Java.
    """
    found = _INTERNAL_ID.fullmatch(text)
    if not found:
        return False
    digits = [int(digit) for digit in found[1] + found[5]]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == int(found[6])


class ResPartner(models.Model):
    _inherit = "res.partner"

    l10n_pl_ksef_is_local_government = fields.Boolean(
        "Unit of local government (JST)",
        help="Invoices to it are for a subordinate unit, which stands on them as third "
        "party (role 8).",
    )
    l10n_pl_ksef_is_vat_group = fields.Boolean(
        "VAT group (GV)",
        help="Invoices to it are for a member of the group, which stands on them as "
        "third party (role 10).",
    )
    l10n_pl_ksef_eori = fields.Char(
        "EORI number", help="Number for customs, for exports and imports."
    )
    l10n_pl_ksef_internal_id = fields.Char(
        "Internal ID (IDWew)",
        help="Ten digits of the NIP, a hyphen and five digits. By it a unit without a "
        "NIP of its own finds its invoices in KSeF.",
    )
    l10n_pl_ksef_party_ids = fields.One2many(
        "l10n_pl_ksef.party",
        "owner_id",
        "Third parties of invoices",
        groups="account.group_account_invoice,account.group_account_readonly",
        help="They are set on new invoices to this customer.",
    )

    @api.constrains("l10n_pl_ksef_internal_id")
    def _check_l10n_pl_ksef_internal_id(self):
        for partner in self:
            typed = partner.l10n_pl_ksef_internal_id
            if typed and not is_internal_id(compact_internal_id(typed)):
                raise ValidationError(
                    self.env._(
                        "%(name)s: internal ID %(id)s has to be a NIP, a hyphen and"
                        " five digits.",
                        name=partner.name,
                        id=typed,
                    )
                )

    def _l10n_pl_ksef_tax_id(self):
        """Return the :class:`TaxId` of the partner; of none there is none."""
        return read_tax_id(self.vat, self.country_id.code, self.is_company)

    def _l10n_pl_ksef_own_tax_id(self):
        """Like :meth:`_l10n_pl_ksef_tax_id`, but a contact has not its company's."""
        is_own = self.commercial_partner_id == self
        return self._l10n_pl_ksef_tax_id() if is_own else NO_TAX_ID

    def _l10n_pl_ksef_is_reachable(self):
        """Tell whether the partner finds an invoice in KSeF that names it."""
        is_known = self._l10n_pl_ksef_own_tax_id().kind == "nip"
        return is_known or bool(self.l10n_pl_ksef_internal_id)

    def _l10n_pl_ksef_get_parents(self):
        """Return what the partner is a part of, however far up."""
        parents, partner = self.browse(), self.parent_id
        while partner:
            parents |= partner
            partner = partner.parent_id
        return parents
