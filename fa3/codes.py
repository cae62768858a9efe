"""Closed lists of FA(3): English name, value as it stands in the file.

Source: FA(3) schema 1-0E, enumerations; meanings from the information brochure
on FA(3), edition of 4 March 2026.
"""

from enum import Enum
from typing import NamedTuple


class VatRate(str, Enum):
    """Rate of a line (TStawkaPodatku)."""

    STANDARD_23 = "23"
    STANDARD_22 = "22"
    REDUCED_8 = "8"
    REDUCED_7 = "7"
    REDUCED_5 = "5"
    TAXI_4 = "4"
    TAXI_3 = "3"
    ZERO_DOMESTIC = "0 KR"
    ZERO_EU_GOODS = "0 WDT"
    ZERO_EXPORT = "0 EX"
    EXEMPT = "zw"
    REVERSE_CHARGE = "oo"
    OUTSIDE_POLAND = "np I"
    EU_SERVICES = "np II"


# Two treatments of a line that carry no rate of the list above.
OSS = "oss"
MARGIN = "margin"


class Totals(NamedTuple):
    """Attributes of ``document.Body`` that sum up one group of rates."""

    net: str
    tax: str | None = None
    tax_pln: str | None = None


_STANDARD = Totals("net_standard", "tax_standard", "tax_standard_pln")
_REDUCED = Totals("net_reduced", "tax_reduced", "tax_reduced_pln")
_LOWEST = Totals("net_lowest", "tax_lowest", "tax_lowest_pln")
_TAXI = Totals("net_taxi", "tax_taxi", "tax_taxi_pln")

# Rate or treatment of a line -> the totals it feeds.
# Source: information brochure on FA(3), fields P_12, P_13_1 to P_13_11.
TOTALS = {
    VatRate.STANDARD_23.value: _STANDARD,
    VatRate.STANDARD_22.value: _STANDARD,
    VatRate.REDUCED_8.value: _REDUCED,
    VatRate.REDUCED_7.value: _REDUCED,
    VatRate.REDUCED_5.value: _LOWEST,
    VatRate.TAXI_4.value: _TAXI,
    VatRate.TAXI_3.value: _TAXI,
    OSS: Totals("net_oss", "tax_oss"),
    VatRate.ZERO_DOMESTIC.value: Totals("net_zero_domestic"),
    VatRate.ZERO_EU_GOODS.value: Totals("net_zero_eu_goods"),
    VatRate.ZERO_EXPORT.value: Totals("net_zero_export"),
    VatRate.EXEMPT.value: Totals("net_exempt"),
    VatRate.OUTSIDE_POLAND.value: Totals("net_outside_poland"),
    VatRate.EU_SERVICES.value: Totals("net_eu_services"),
    VatRate.REVERSE_CHARGE.value: Totals("net_reverse_charge"),
    MARGIN: Totals("gross_margin"),
}


class InvoiceKind(str, Enum):
    """Kind of the document (TRodzajFaktury)."""

    INVOICE = "VAT"
    CORRECTION = "KOR"
    ADVANCE = "ZAL"
    FINAL = "ROZ"
    SIMPLIFIED = "UPR"
    CORRECTION_OF_ADVANCE = "KOR_ZAL"
    CORRECTION_OF_FINAL = "KOR_ROZ"


class CorrectionEffect(str, Enum):
    """Where a correction counts in the VAT register (TTypKorekty)."""

    ORIGINAL_DATE = "1"
    CORRECTION_DATE = "2"
    OTHER_DATE = "3"


class Procedure(str, Enum):
    """Special treatment of a line (TOznaczenieProcedury)."""

    OSS_SALE = "WSTO_EE"
    PLATFORM_SALE = "IED"
    TRIANGULAR = "TT_D"
    IMPORT_THEN_EU_42 = "I_42"
    IMPORT_THEN_EU_63 = "I_63"
    VOUCHER_TRANSFER = "B_SPV"
    VOUCHER_SUPPLY = "B_SPV_DOSTAWA"
    VOUCHER_COMMISSION = "B_MPV_PROWIZJA"


Gtu = Enum("Gtu", {f"GTU_{n:02}": f"GTU_{n:02}" for n in range(1, 14)}, type=str)


class PartyRole(str, Enum):
    """Role of a third party (TRolaPodmiotu3)."""

    FACTOR = "1"
    RECIPIENT = "2"
    ORIGINAL_ENTITY = "3"
    ADDITIONAL_BUYER = "4"
    ISSUER = "5"
    PAYER = "6"
    LOCAL_GOVERNMENT_ISSUER = "7"
    LOCAL_GOVERNMENT_RECIPIENT = "8"
    VAT_GROUP_ISSUER = "9"
    VAT_GROUP_RECIPIENT = "10"
    EMPLOYEE = "11"


class AuthorizedRole(str, Enum):
    """Role of an authorised party (TRolaPodmiotuUpowaznionego)."""

    ENFORCEMENT_AUTHORITY = "1"
    BAILIFF = "2"
    TAX_REPRESENTATIVE = "3"


class TaxpayerStatus(str, Enum):
    """State of the seller's enterprise (TStatusInfoPodatnika)."""

    LIQUIDATION = "1"
    RESTRUCTURING = "2"
    BANKRUPTCY = "3"
    INHERITED = "4"


class PaymentForm(str, Enum):
    """How money is paid (TFormaPlatnosci)."""

    CASH = "1"
    CARD = "2"
    VOUCHER = "3"
    CHEQUE = "4"
    CREDIT = "5"
    TRANSFER = "6"
    MOBILE = "7"


class PartPayment(str, Enum):
    """State of an invoice paid in parts (field ZnacznikZaplatyCzesciowej)."""

    PAID_PARTLY = "1"
    PAID_IN_PARTS = "2"


class BankOwnAccount(str, Enum):
    """What a bank's own account is for (TRachunekWlasnyBanku)."""

    BOUGHT_RECEIVABLES = "1"
    COLLECTION = "2"
    OWN_BUSINESS = "3"


_EU_PREFIXES = (
    "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI "
    "SK XI"
)
_CURRENCIES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB "
    "BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC "
    "CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GGP GHS GIP GMD "
    "GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR IQD IRR ISK JEP JMD JOD JPY "
    "KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB "
    "PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLL "
    "SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD "
    "USN UYI UYU UYW UZS VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR "
    "XOF XPD XPF XPT XSU XUA XXX YER ZAR ZMW ZWL"
)

# Prefixes of EU VAT numbers (TKodyKrajowUE).
EU_PREFIXES = frozenset(_EU_PREFIXES.split())

# Currencies of an invoice (TKodWaluty).
CURRENCIES = frozenset(_CURRENCIES.split())


class TransportKind(str, Enum):
    """How goods travelled (TRodzajTransportu); 6 does not exist."""

    SEA = "1"
    RAIL = "2"
    ROAD = "3"
    AIR = "4"
    POST = "5"
    PIPELINE_OR_GRID = "7"
    INLAND_WATER = "8"


class CargoKind(str, Enum):
    """What goods were packed in (TLadunek)."""

    CAN = "1"
    DRUM = "2"
    CYLINDER = "3"
    CARTON = "4"
    CANISTER = "5"
    CAGE = "6"
    CONTAINER = "7"
    BASKET = "8"
    PUNNET = "9"
    COLLECTIVE_PACK = "10"
    PARCEL = "11"
    BUNDLE = "12"
    PALLET = "13"
    BIN = "14"
    BULK_BIN = "15"
    BULK_TANK = "16"
    BOX = "17"
    TIN = "18"
    CRATE = "19"
    SACK = "20"


class ColumnType(str, Enum):
    """What stands in a column of an attached table (Kol, attribute Typ)."""

    DATE = "date"
    DATETIME = "datetime"
    DECIMAL = "dec"
    INTEGER = "int"
    TIME = "time"
    TEXT = "txt"
