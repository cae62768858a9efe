"""Statements that every invoice makes (Adnotacje)."""

from datetime import date

from .kinds import DAY, FLAG, INTEGER, TEXT, YES_NO
from .structure import node, optional, repeated, required


@node
class Exemption:
    """Legal basis of an exemption, or that there is none (Zwolnienie)."""

    is_exempt: bool | None = optional("P_19", FLAG)
    polish_act: str | None = optional("P_19A", TEXT)
    eu_directive: str | None = optional("P_19B", TEXT)
    other_basis: str | None = optional("P_19C", TEXT)
    is_not_exempt: bool | None = optional("P_19N", FLAG)


@node
class NewVehicle:
    """A new car, boat or aircraft sold to another EU country (NowySrodekTransportu)."""

    first_used_on: date = required("P_22A", DAY)
    line_number: int = required("P_NrWierszaNST", INTEGER)
    make: str | None = optional("P_22BMK", TEXT)
    model: str | None = optional("P_22BMD", TEXT)
    colour: str | None = optional("P_22BK", TEXT)
    registration_number: str | None = optional("P_22BNR", TEXT)
    production_year: str | None = optional("P_22BRP", TEXT)
    land_mileage: str | None = optional("P_22B", TEXT)
    land_vin: str | None = optional("P_22B1", TEXT)
    land_body_number: str | None = optional("P_22B2", TEXT)
    land_chassis_number: str | None = optional("P_22B3", TEXT)
    land_frame_number: str | None = optional("P_22B4", TEXT)
    land_type: str | None = optional("P_22BT", TEXT)
    boat_hours: str | None = optional("P_22C", TEXT)
    boat_hull_number: str | None = optional("P_22C1", TEXT)
    aircraft_hours: str | None = optional("P_22D", TEXT)
    aircraft_number: str | None = optional("P_22D1", TEXT)


@node
class NewTransport:
    """Supply of new means of transport, or that there is none."""

    is_supplied: bool | None = optional("P_22", FLAG)
    is_art_42_5: bool | None = optional("P_42_5", YES_NO)
    vehicles: tuple[NewVehicle, ...] = repeated("NowySrodekTransportu", NewVehicle)
    is_absent: bool | None = optional("P_22N", FLAG)


@node
class Margin:
    """Margin scheme and its kind, or that there is none (PMarzy)."""

    is_used: bool | None = optional("P_PMarzy", FLAG)
    is_travel: bool | None = optional("P_PMarzy_2", FLAG)
    is_used_goods: bool | None = optional("P_PMarzy_3_1", FLAG)
    is_art: bool | None = optional("P_PMarzy_3_2", FLAG)
    is_collectors_items: bool | None = optional("P_PMarzy_3_3", FLAG)
    is_absent: bool | None = optional("P_PMarzyN", FLAG)


@node
class Annotations:
    """All statements; the defaults are those of a plain invoice."""

    is_cash_accounting: bool = required("P_16", YES_NO, default=False)
    is_self_billing: bool = required("P_17", YES_NO, default=False)
    is_reverse_charge: bool = required("P_18", YES_NO, default=False)
    is_split_payment: bool = required("P_18A", YES_NO, default=False)
    exemption: Exemption = required(
        "Zwolnienie", Exemption, default=Exemption(is_not_exempt=True)
    )
    new_transport: NewTransport = required(
        "NoweSrodkiTransportu", NewTransport, default=NewTransport(is_absent=True)
    )
    is_simplified_triangular: bool = required("P_23", YES_NO, default=False)
    margin: Margin = required("PMarzy", Margin, default=Margin(is_absent=True))
