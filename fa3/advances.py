"""Advance payments: received parts, earlier advance invoices, the order."""

from datetime import date
from decimal import Decimal

from . import codes
from .corrections import KSEF_NUMBER
from .kinds import (
    AMOUNT,
    DAY,
    FLAG,
    INTEGER,
    PERCENT,
    PRICE,
    QUANTITY,
    TEXT,
    Code,
    Text,
)
from .structure import node, optional, repeated, required


@node
class ReceivedPart:
    """One of several payments on account (ZaliczkaCzesciowa)."""

    received_on: date = required("P_6Z", DAY)
    amount: Decimal = required("P_15Z", AMOUNT)
    currency_rate: Decimal | None = optional("KursWalutyZW", QUANTITY)


@node
class AdvanceInvoice:
    """An earlier advance invoice, in KSeF or outside it (FakturaZaliczkowa)."""

    is_outside_ksef: bool | None = optional("NrKSeFZN", FLAG)
    number: str | None = optional("NrFaZaliczkowej", TEXT)
    ksef_number: str | None = optional("NrKSeFFaZaliczkowej", KSEF_NUMBER)


@node
class OrderLine:
    """One row of the order (ZamowienieWiersz); price net, after discount."""

    number: int = required("NrWierszaZam", INTEGER)
    key: str | None = optional("UU_IDZ", Text(50))
    name: str | None = optional("P_7Z", Text(512))
    product_code: str | None = optional("IndeksZ", Text(50))
    gtin: str | None = optional("GTINZ", Text(20))
    pkwiu: str | None = optional("PKWiUZ", Text(50))
    cn: str | None = optional("CNZ", Text(50))
    pkob: str | None = optional("PKOBZ", Text(50))
    unit: str | None = optional("P_8AZ", TEXT)
    quantity: Decimal | None = optional("P_8BZ", QUANTITY)
    net_price: Decimal | None = optional("P_9AZ", PRICE)
    net: Decimal | None = optional("P_11NettoZ", AMOUNT)
    tax: Decimal | None = optional("P_11VatZ", AMOUNT)
    rate: codes.VatRate | None = optional("P_12Z", Code(codes.VatRate))
    oss_percent: Decimal | None = optional("P_12Z_XII", PERCENT)
    is_annex_15: bool | None = optional("P_12Z_Zal_15", FLAG)
    gtu: codes.Gtu | None = optional("GTUZ", Code(codes.Gtu))
    procedure: codes.Procedure | None = optional("ProceduraZ", Code(codes.Procedure))
    excise: Decimal | None = optional("KwotaAkcyzyZ", AMOUNT)
    is_before: bool | None = optional("StanPrzedZ", FLAG)


@node
class Order:
    """The order that an advance invoice belongs to (Zamowienie)."""

    gross: Decimal = required("WartoscZamowienia", AMOUNT)
    lines: tuple[OrderLine, ...] = repeated("ZamowienieWiersz", OrderLine)
