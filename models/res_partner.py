"""Facts about a buyer that FA(3) asks for: which tax number is it?"""

import re
from typing import NamedTuple

from stdnum.pl import nip as pl_nip

from odoo import models

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
_TEN_DIGITS = re.compile(r"\d{10}", re.ASCII)
_SEPARATORS = re.compile(r"[\s\-./]")
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
    :param is_company: a private person's number that is not a NIP is not used
    Source: FA(3) brochure, fields NIP, KodUE, NrVatUE, NrID, BrakID.
    """
    number = _SEPARATORS.sub("", vat or "").upper()
    if not number:
        return NO_TAX_ID
    if number.startswith("PL"):
        return TaxId("nip", number=number.removeprefix("PL"))
    if country_code == "PL":
        is_nip = is_company or _TEN_DIGITS.fullmatch(number)
        return TaxId("nip", number=number) if is_nip else NO_TAX_ID
    return _read_foreign(number, country_code or "")


def _read_foreign(number, country_code):
    prefix = "EL" if number.startswith("GR") else number[:2]
    own_prefix = "EL" if country_code == "GR" else country_code
    if prefix in EU_PREFIXES:
        rest = number[2:]
    elif own_prefix in EU_PREFIXES:
        prefix, rest = own_prefix, number
    else:
        is_british = prefix == country_code == "GB"
        return TaxId("other", country_code, number[2:] if is_british else number)
    if rest.startswith(_EXCISE_MARK):
        return TaxId("other", country_code, rest)
    return TaxId("eu", prefix, rest)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _l10n_pl_ksef_tax_id(self):
        """Return the :class:`TaxId` of the partner; of none there is none."""
        return read_tax_id(self.vat, self.country_id.code, self.is_company)
