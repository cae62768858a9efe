"""Seller, buyer and the other parties of an invoice."""

from decimal import Decimal

from . import codes
from .kinds import FLAG, PERCENT, TEXT, YES_NO, Code, Text
from .structure import node, optional, repeated, required

_NAME = Text(512)
_EMAIL = Text(255)
_PHONE = Text(16)
_BUYER_KEY = Text(32)
_NIP = Text(10)
_COUNTRY = Text(2)
_EU_NUMBER = Text(12)
_OTHER_NUMBER = Text(50)


@node
class Address:
    """Postal address (TAdres)."""

    country: str = required("KodKraju", _COUNTRY)
    line_1: str = required("AdresL1", Text(512))
    line_2: str | None = optional("AdresL2", Text(512))
    gln: str | None = optional("GLN", Text(13))


@node
class Contact:
    """One way to reach a party."""

    email: str | None = optional("Email", _EMAIL)
    phone: str | None = optional("Telefon", _PHONE)


@node
class PolishIdentity:
    """NIP and name (TPodmiot1)."""

    nip: str = required("NIP", _NIP)
    name: str = required("Nazwa", _NAME)


@node
class BuyerIdentity:
    """One of four ways to identify a buyer, then the name (TPodmiot2)."""

    nip: str | None = optional("NIP", _NIP)
    eu_prefix: str | None = optional("KodUE", _COUNTRY)
    eu_number: str | None = optional("NrVatUE", _EU_NUMBER)
    country: str | None = optional("KodKraju", _COUNTRY)
    other_number: str | None = optional("NrID", _OTHER_NUMBER)
    has_no_number: bool | None = optional("BrakID", FLAG)
    name: str | None = optional("Nazwa", _NAME)


@node
class ThirdPartyIdentity:
    """One of five ways to identify a third party, then the name (TPodmiot3)."""

    nip: str | None = optional("NIP", _NIP)
    internal_id: str | None = optional("IDWew", Text(20))
    eu_prefix: str | None = optional("KodUE", _COUNTRY)
    eu_number: str | None = optional("NrVatUE", _EU_NUMBER)
    country: str | None = optional("KodKraju", _COUNTRY)
    other_number: str | None = optional("NrID", _OTHER_NUMBER)
    has_no_number: bool | None = optional("BrakID", FLAG)
    name: str | None = optional("Nazwa", _NAME)


@node
class Seller:
    """The seller (Podmiot1)."""

    eu_prefix: str | None = optional("PrefiksPodatnika", _COUNTRY)
    eori: str | None = optional("NrEORI", TEXT)
    identity: PolishIdentity = required("DaneIdentyfikacyjne", PolishIdentity)
    address: Address = required("Adres", Address)
    mail_address: Address | None = optional("AdresKoresp", Address)
    contacts: tuple[Contact, ...] = repeated("DaneKontaktowe", Contact)
    status: codes.TaxpayerStatus | None = optional(
        "StatusInfoPodatnika", Code(codes.TaxpayerStatus)
    )


@node
class Buyer:
    """The buyer (Podmiot2)."""

    eori: str | None = optional("NrEORI", TEXT)
    identity: BuyerIdentity = required("DaneIdentyfikacyjne", BuyerIdentity)
    address: Address | None = optional("Adres", Address)
    mail_address: Address | None = optional("AdresKoresp", Address)
    contacts: tuple[Contact, ...] = repeated("DaneKontaktowe", Contact)
    customer_number: str | None = optional("NrKlienta", TEXT)
    buyer_key: str | None = optional("IDNabywcy", _BUYER_KEY)
    is_local_government: bool = required("JST", YES_NO, default=False)
    is_vat_group: bool = required("GV", YES_NO, default=False)


@node
class ThirdParty:
    """Another party of the sale (Podmiot3)."""

    buyer_key: str | None = optional("IDNabywcy", _BUYER_KEY)
    eori: str | None = optional("NrEORI", TEXT)
    identity: ThirdPartyIdentity = required("DaneIdentyfikacyjne", ThirdPartyIdentity)
    address: Address | None = optional("Adres", Address)
    mail_address: Address | None = optional("AdresKoresp", Address)
    contacts: tuple[Contact, ...] = repeated("DaneKontaktowe", Contact)
    role: codes.PartyRole | None = optional("Rola", Code(codes.PartyRole))
    has_other_role: bool | None = optional("RolaInna", FLAG)
    other_role: str | None = optional("OpisRoli", TEXT)
    share: Decimal | None = optional("Udzial", PERCENT)
    customer_number: str | None = optional("NrKlienta", TEXT)


@node
class AuthorizedContact:
    """One way to reach an authorised party."""

    email: str | None = optional("EmailPU", _EMAIL)
    phone: str | None = optional("TelefonPU", _PHONE)


@node
class AuthorizedParty:
    """Bailiff, enforcement authority or tax representative (PodmiotUpowazniony)."""

    eori: str | None = optional("NrEORI", TEXT)
    identity: PolishIdentity = required("DaneIdentyfikacyjne", PolishIdentity)
    address: Address = required("Adres", Address)
    mail_address: Address | None = optional("AdresKoresp", Address)
    contacts: tuple[AuthorizedContact, ...] = repeated(
        "DaneKontaktowe", AuthorizedContact
    )
    role: codes.AuthorizedRole = required("RolaPU", Code(codes.AuthorizedRole))
