"""How the goods travelled (Transport)."""

from datetime import datetime

from . import codes
from .kinds import FLAG, LOCAL_MOMENT, TEXT, Code, Text
from .parties import Address, BuyerIdentity
from .structure import node, optional, repeated, required


@node
class Carrier:
    """Who carried the goods (Przewoznik)."""

    identity: BuyerIdentity = required("DaneIdentyfikacyjne", BuyerIdentity)
    address: Address = required("AdresPrzewoznika", Address)


@node
class Transport:
    """One journey of the goods; a time without a zone is that of the place."""

    kind: codes.TransportKind | None = optional(
        "RodzajTransportu", Code(codes.TransportKind)
    )
    has_other_kind: bool | None = optional("TransportInny", FLAG)
    other_kind: str | None = optional("OpisInnegoTransportu", Text(50))
    carrier: Carrier | None = optional("Przewoznik", Carrier)
    order_number: str | None = optional("NrZleceniaTransportu", TEXT)
    cargo: codes.CargoKind | None = optional("OpisLadunku", Code(codes.CargoKind))
    has_other_cargo: bool | None = optional("LadunekInny", FLAG)
    other_cargo: str | None = optional("OpisInnegoLadunku", Text(50))
    packaging_unit: str | None = optional("JednostkaOpakowania", TEXT)
    started_on: datetime | None = optional("DataGodzRozpTransportu", LOCAL_MOMENT)
    ended_on: datetime | None = optional("DataGodzZakTransportu", LOCAL_MOMENT)
    sent_from: Address | None = optional("WysylkaZ", Address)
    sent_through: tuple[Address, ...] = repeated("WysylkaPrzez", Address)
    sent_to: Address | None = optional("WysylkaDo", Address)
