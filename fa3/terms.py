"""Contracts, orders and delivery terms of the sale (WarunkiTransakcji)."""

from datetime import date
from decimal import Decimal

from .kinds import DAY, FLAG, QUANTITY, TEXT, Text
from .structure import node, optional, repeated
from .transport import Transport


@node
class Contract:
    """A contract the sale rests on (Umowy)."""

    signed_on: date | None = optional("DataUmowy", DAY)
    number: str | None = optional("NrUmowy", TEXT)


@node
class BuyerOrder:
    """An order of the buyer (Zamowienia)."""

    ordered_on: date | None = optional("DataZamowienia", DAY)
    number: str | None = optional("NrZamowienia", TEXT)


@node
class SaleTerms:
    """Terms of the sale."""

    contracts: tuple[Contract, ...] = repeated("Umowy", Contract)
    orders: tuple[BuyerOrder, ...] = repeated("Zamowienia", BuyerOrder)
    batch_numbers: tuple[str, ...] = repeated("NrPartiiTowaru", TEXT)
    delivery: str | None = optional("WarunkiDostawy", TEXT)
    agreed_rate: Decimal | None = optional("KursUmowny", QUANTITY)
    agreed_currency: str | None = optional("WalutaUmowna", Text(3))
    transports: tuple[Transport, ...] = repeated("Transport", Transport)
    is_intermediary: bool | None = optional("PodmiotPosredniczacy", FLAG)
