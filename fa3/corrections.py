"""What a correction says about the invoice it corrects."""

from datetime import date

from .kinds import DAY, FLAG, TEXT, Text
from .parties import Address, BuyerIdentity, PolishIdentity
from .structure import node, optional, required

KSEF_NUMBER = Text(36)


@node
class CorrectedInvoice:
    """A corrected invoice, in KSeF or outside it (DaneFaKorygowanej)."""

    issued_on: date = required("DataWystFaKorygowanej", DAY)
    number: str = required("NrFaKorygowanej", TEXT)
    is_in_ksef: bool | None = optional("NrKSeF", FLAG)
    ksef_number: str | None = optional("NrKSeFFaKorygowanej", KSEF_NUMBER)
    is_outside_ksef: bool | None = optional("NrKSeFN", FLAG)


@node
class SellerBefore:
    """Data of the seller as they stood before the correction (Podmiot1K)."""

    eu_prefix: str | None = optional("PrefiksPodatnika", Text(2))
    identity: PolishIdentity = required("DaneIdentyfikacyjne", PolishIdentity)
    address: Address = required("Adres", Address)


@node
class BuyerBefore:
    """Data of a buyer as they stood before the correction (Podmiot2K)."""

    identity: BuyerIdentity = required("DaneIdentyfikacyjne", BuyerIdentity)
    address: Address | None = optional("Adres", Address)
    buyer_key: str | None = optional("IDNabywcy", Text(32))
