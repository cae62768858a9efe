"""Amounts settled beside the invoice, and how it is paid."""

from datetime import date
from decimal import Decimal

from . import codes
from .kinds import AMOUNT, DAY, FLAG, INTEGER, TEXT, Code, Text
from .structure import node, optional, repeated, required

_FORM = Code(codes.PaymentForm)


@node
class Extra:
    """An amount added to or taken from what is to be paid, and why."""

    amount: Decimal = required("Kwota", AMOUNT)
    reason: str = required("Powod", TEXT)


@node
class Settlement:
    """From the total of the invoice to what is to be paid (Rozliczenie)."""

    charges: tuple[Extra, ...] = repeated("Obciazenia", Extra)
    charges_total: Decimal | None = optional("SumaObciazen", AMOUNT)
    deductions: tuple[Extra, ...] = repeated("Odliczenia", Extra)
    deductions_total: Decimal | None = optional("SumaOdliczen", AMOUNT)
    to_pay: Decimal | None = optional("DoZaplaty", AMOUNT)
    overpaid: Decimal | None = optional("DoRozliczenia", AMOUNT)


@node
class PaidPart:
    """One payment received before the invoice was issued (ZaplataCzesciowa)."""

    amount: Decimal = required("KwotaZaplatyCzesciowej", AMOUNT)
    paid_on: date = required("DataZaplatyCzesciowej", DAY)
    form: codes.PaymentForm | None = optional("FormaPlatnosci", _FORM)
    has_other_form: bool | None = optional("PlatnoscInna", FLAG)
    other_form: str | None = optional("OpisPlatnosci", TEXT)


@node
class TermInWords:
    """Term counted from an event (TerminOpis)."""

    count: int = required("Ilosc", INTEGER)
    unit: str = required("Jednostka", Text(50))
    event: str = required("ZdarzeniePoczatkowe", TEXT)


@node
class Term:
    """Day until which to pay (TerminPlatnosci)."""

    due_on: date | None = optional("Termin", DAY)
    in_words: TermInWords | None = optional("TerminOpis", TermInWords)


@node
class BankAccount:
    """Account to pay to (TRachunekBankowy)."""

    number: str = required("NrRB", Text(34))
    swift: str | None = optional("SWIFT", Text(11))
    own_account: codes.BankOwnAccount | None = optional(
        "RachunekWlasnyBanku", Code(codes.BankOwnAccount)
    )
    bank_name: str | None = optional("NazwaBanku", TEXT)
    description: str | None = optional("OpisRachunku", TEXT)


@node
class EarlyDiscount:
    """Discount for early payment (Skonto)."""

    conditions: str = required("WarunkiSkonta", TEXT)
    size: str = required("WysokoscSkonta", TEXT)


@node
class Payment:
    """How and when the invoice is paid (Platnosc)."""

    is_paid: bool | None = optional("Zaplacono", FLAG)
    paid_on: date | None = optional("DataZaplaty", DAY)
    part_payment: codes.PartPayment | None = optional(
        "ZnacznikZaplatyCzesciowej", Code(codes.PartPayment)
    )
    paid_parts: tuple[PaidPart, ...] = repeated("ZaplataCzesciowa", PaidPart)
    terms: tuple[Term, ...] = repeated("TerminPlatnosci", Term)
    form: codes.PaymentForm | None = optional("FormaPlatnosci", _FORM)
    has_other_form: bool | None = optional("PlatnoscInna", FLAG)
    other_form: str | None = optional("OpisPlatnosci", TEXT)
    accounts: tuple[BankAccount, ...] = repeated("RachunekBankowy", BankAccount)
    factor_accounts: tuple[BankAccount, ...] = repeated(
        "RachunekBankowyFaktora", BankAccount
    )
    early_discount: EarlyDiscount | None = optional("Skonto", EarlyDiscount)
    link: str | None = optional("LinkDoPlatnosci", Text(512))
    ksef_payment_id: str | None = optional("IPKSeF", Text(13))
