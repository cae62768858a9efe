"""Rows of an invoice and the notes attached to them."""

from datetime import date
from decimal import Decimal

from . import codes
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
from .structure import node, optional, required


@node
class Line:
    """One row (FaWiersz): money in the currency of the invoice."""

    number: int = required("NrWierszaFa", INTEGER)
    key: str | None = optional("UU_ID", Text(50))
    supplied_on: date | None = optional("P_6A", DAY)
    name: str | None = optional("P_7", Text(512))
    product_code: str | None = optional("Indeks", Text(50))
    gtin: str | None = optional("GTIN", Text(20))
    pkwiu: str | None = optional("PKWiU", Text(50))
    cn: str | None = optional("CN", Text(50))
    pkob: str | None = optional("PKOB", Text(50))
    unit: str | None = optional("P_8A", TEXT)
    quantity: Decimal | None = optional("P_8B", QUANTITY)
    net_price: Decimal | None = optional("P_9A", PRICE)
    gross_price: Decimal | None = optional("P_9B", PRICE)
    unit_discount: Decimal | None = optional("P_10", PRICE)
    net: Decimal | None = optional("P_11", AMOUNT)
    gross: Decimal | None = optional("P_11A", AMOUNT)
    tax: Decimal | None = optional("P_11Vat", AMOUNT)
    rate: codes.VatRate | None = optional("P_12", Code(codes.VatRate))
    oss_percent: Decimal | None = optional("P_12_XII", PERCENT)
    is_annex_15: bool | None = optional("P_12_Zal_15", FLAG)
    excise: Decimal | None = optional("KwotaAkcyzy", AMOUNT)
    gtu: codes.Gtu | None = optional("GTU", Code(codes.Gtu))
    procedure: codes.Procedure | None = optional("Procedura", Code(codes.Procedure))
    currency_rate: Decimal | None = optional("KursWaluty", QUANTITY)
    is_before: bool | None = optional("StanPrzed", FLAG)


@node
class Note:
    """Free pair of key and value, of one row or of the whole invoice."""

    line_number: int | None = optional("NrWiersza", INTEGER)
    key: str = required("Klucz", TEXT)
    value: str = required("Wartosc", TEXT)
