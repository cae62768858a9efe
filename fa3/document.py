"""The FA(3) invoice: header, parties, body, footer.

Every field stands in schema order with its element beside it. Money is a ``Decimal``
in the currency of the invoice unless its name ends in ``_pln``.
Source: FA(3) schema 1-0E.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from . import codes
from .advances import AdvanceInvoice, Order, ReceivedPart
from .annotations import Annotations
from .attachment import Attachment
from .corrections import BuyerBefore, CorrectedInvoice, SellerBefore
from .kinds import AMOUNT, DAY, FLAG, MOMENT, QUANTITY, TEXT, Code, Lines, Text
from .lines import Line, Note
from .parties import AuthorizedParty, Buyer, Seller, ThirdParty
from .payment import Payment, Settlement
from .structure import NAMESPACE, node, optional, repeated, required
from .terms import SaleTerms

FORM_CODE = "FA"
FORM_VARIANT = "3"
SYSTEM_CODE = "FA (3)"
SCHEMA_VERSION = "1-0E"


@node
class Header:
    """Form, time of making, name of the software (Naglowek)."""

    form: str = required(
        "KodFormularza",
        Text(2),
        default=FORM_CODE,
        attributes=(("kodSystemowy", SYSTEM_CODE), ("wersjaSchemy", SCHEMA_VERSION)),
    )
    variant: str = required("WariantFormularza", Text(1), default=FORM_VARIANT)
    created_on: datetime = required("DataWytworzeniaFa", MOMENT)
    system: str | None = optional("SystemInfo", TEXT)


@node
class Period:
    """First and last day of a supply that lasts (OkresFa)."""

    first_day: date = required("P_6_Od", DAY)
    last_day: date = required("P_6_Do", DAY)


@node
class Body:
    """The invoice itself (Fa)."""

    currency: str = required("KodWaluty", Text(3))
    issued_on: date = required("P_1", DAY)
    issued_at: str | None = optional("P_1M", TEXT)
    number: str = required("P_2", TEXT)
    delivery_notes: tuple[str, ...] = repeated("WZ", TEXT)
    supplied_on: date | None = optional("P_6", DAY)
    period: Period | None = optional("OkresFa", Period)
    net_standard: Decimal | None = optional("P_13_1", AMOUNT)
    tax_standard: Decimal | None = optional("P_14_1", AMOUNT)
    tax_standard_pln: Decimal | None = optional("P_14_1W", AMOUNT)
    net_reduced: Decimal | None = optional("P_13_2", AMOUNT)
    tax_reduced: Decimal | None = optional("P_14_2", AMOUNT)
    tax_reduced_pln: Decimal | None = optional("P_14_2W", AMOUNT)
    net_lowest: Decimal | None = optional("P_13_3", AMOUNT)
    tax_lowest: Decimal | None = optional("P_14_3", AMOUNT)
    tax_lowest_pln: Decimal | None = optional("P_14_3W", AMOUNT)
    net_taxi: Decimal | None = optional("P_13_4", AMOUNT)
    tax_taxi: Decimal | None = optional("P_14_4", AMOUNT)
    tax_taxi_pln: Decimal | None = optional("P_14_4W", AMOUNT)
    net_oss: Decimal | None = optional("P_13_5", AMOUNT)
    tax_oss: Decimal | None = optional("P_14_5", AMOUNT)
    net_zero_domestic: Decimal | None = optional("P_13_6_1", AMOUNT)
    net_zero_eu_goods: Decimal | None = optional("P_13_6_2", AMOUNT)
    net_zero_export: Decimal | None = optional("P_13_6_3", AMOUNT)
    net_exempt: Decimal | None = optional("P_13_7", AMOUNT)
    net_outside_poland: Decimal | None = optional("P_13_8", AMOUNT)
    net_eu_services: Decimal | None = optional("P_13_9", AMOUNT)
    net_reverse_charge: Decimal | None = optional("P_13_10", AMOUNT)
    gross_margin: Decimal | None = optional("P_13_11", AMOUNT)
    total: Decimal = required("P_15", AMOUNT)
    advance_rate: Decimal | None = optional("KursWalutyZ", QUANTITY)
    annotations: Annotations = required("Adnotacje", Annotations, default=Annotations())
    kind: codes.InvoiceKind = required("RodzajFaktury", Code(codes.InvoiceKind))
    correction_reason: str | None = optional("PrzyczynaKorekty", TEXT)
    correction_effect: codes.CorrectionEffect | None = optional(
        "TypKorekty", Code(codes.CorrectionEffect)
    )
    corrected_invoices: tuple[CorrectedInvoice, ...] = repeated(
        "DaneFaKorygowanej", CorrectedInvoice
    )
    corrected_period: str | None = optional("OkresFaKorygowanej", TEXT)
    corrected_number: str | None = optional("NrFaKorygowany", TEXT)
    seller_before: SellerBefore | None = optional("Podmiot1K", SellerBefore)
    buyers_before: tuple[BuyerBefore, ...] = repeated("Podmiot2K", BuyerBefore)
    total_before: Decimal | None = optional("P_15ZK", AMOUNT)
    rate_before: Decimal | None = optional("KursWalutyZK", QUANTITY)
    received_parts: tuple[ReceivedPart, ...] = repeated(
        "ZaliczkaCzesciowa", ReceivedPart
    )
    is_for_receipt: bool | None = optional("FP", FLAG)
    is_related_party: bool | None = optional("TP", FLAG)
    notes: tuple[Note, ...] = repeated("DodatkowyOpis", Note)
    advance_invoices: tuple[AdvanceInvoice, ...] = repeated(
        "FakturaZaliczkowa", AdvanceInvoice
    )
    is_excise_refund: bool | None = optional("ZwrotAkcyzy", FLAG)
    lines: tuple[Line, ...] = repeated("FaWiersz", Line)
    settlement: Settlement | None = optional("Rozliczenie", Settlement)
    payment: Payment | None = optional("Platnosc", Payment)
    terms: SaleTerms | None = optional("WarunkiTransakcji", SaleTerms)
    order: Order | None = optional("Zamowienie", Order)


@node
class FooterText:
    """Text under the invoice; line breaks stay (Informacje)."""

    text: str | None = optional("StopkaFaktury", Lines(3500))


@node
class Register:
    """Entry of the seller in a public register (Rejestry)."""

    full_name: str | None = optional("PelnaNazwa", TEXT)
    krs: str | None = optional("KRS", Text(10))
    regon: str | None = optional("REGON", Text(14))
    bdo: str | None = optional("BDO", Text(9))


@node
class Footer:
    """What stands below the invoice (Stopka)."""

    texts: tuple[FooterText, ...] = repeated("Informacje", FooterText)
    registers: tuple[Register, ...] = repeated("Rejestry", Register)


class Unknown(NamedTuple):
    """Something in a file that has no field: the way to it, and what it says."""

    place: str
    text: str


@node
class Invoice:
    """One FA(3) document (Faktura).

    The last three say how a file was read: what this model does not know, whether
    bytes that are not UTF-8 were replaced by U+FFFD, the namespace of the form.
    """

    header: Header = required("Naglowek", Header)
    seller: Seller = required("Podmiot1", Seller)
    buyer: Buyer = required("Podmiot2", Buyer)
    third_parties: tuple[ThirdParty, ...] = repeated("Podmiot3", ThirdParty)
    authorized_party: AuthorizedParty | None = optional(
        "PodmiotUpowazniony", AuthorizedParty
    )
    body: Body = required("Fa", Body)
    footer: Footer | None = optional("Stopka", Footer)
    attachment: Attachment | None = optional("Zalacznik", Attachment)
    unknown: tuple[Unknown, ...] = ()
    is_damaged: bool = False
    namespace: str = NAMESPACE
