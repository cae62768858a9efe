"""Statements that every invoice makes (Adnotacje)."""

from .kinds import FLAG, TEXT, YES_NO
from .structure import node, optional, required


@node
class Exemption:
    """Legal basis of an exemption, or that there is none (Zwolnienie)."""

    is_exempt: bool | None = optional("P_19", FLAG)
    polish_act: str | None = optional("P_19A", TEXT)
    eu_directive: str | None = optional("P_19B", TEXT)
    other_basis: str | None = optional("P_19C", TEXT)
    is_not_exempt: bool | None = optional("P_19N", FLAG)


@node
class NewTransport:
    """Supply of new means of transport: only that there is none."""

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
