"""Terms of payment and the account to pay to."""

import re

from stdnum.iso7064 import mod_97_10

from ..fa3.codes import PaymentForm
from ..fa3.payment import BankAccount, EarlyDiscount, Payment, Term
from ..fa3.text import clean
from .l10n_pl_ksef_fa3_facts import exact

TEXT_LENGTH = 256
# Length of account numbers. Source: FA(3) schema, type TNrRB.
ACCOUNT_MIN_LENGTH = 10
ACCOUNT_MAX_LENGTH = 34
_POLISH_IBAN = re.compile(r"PL\d{26}", re.ASCII)
_DOMESTIC = re.compile(r"\d{26}", re.ASCII)
# Source: FA(3) schema, type SWIFT_Type.
_SWIFT = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)


def body(facts):
    """Return the payment as attribute of ``Body``."""
    return {"payment": payment(facts)}


def payment(facts):
    """Return how the invoice is to be paid, or None if nothing is known."""
    account = bank_account(facts)
    discount = _early_discount(facts.move.invoice_payment_term_id)
    if not (facts.terms or account or discount):
        return None
    return Payment(
        terms=tuple(Term(due_on=day) for day in facts.terms),
        form=PaymentForm.TRANSFER if account else None,
        accounts=(account,) if account else (),
        early_discount=discount,
    )


def bank_account(facts):
    """Return the account on the invoice, or None if there is none FA(3) takes."""
    bank = facts.move.partner_bank_id
    number = bank.sanitized_acc_number or ""
    if not ACCOUNT_MIN_LENGTH <= len(number) <= ACCOUNT_MAX_LENGTH:
        return None
    full = full_iban(number)
    is_domestic = bool(_POLISH_IBAN.fullmatch(full)) and not facts.is_foreign
    swift = (bank.bank_id.bic or "").upper()
    has_swift = _SWIFT.fullmatch(swift) and not is_domestic
    currency = bank.currency_id or facts.move.company_id.currency_id
    return BankAccount(
        number=full[2:] if is_domestic else full,
        swift=swift if has_swift else None,
        bank_name=clean(bank.bank_id.name or "")[:TEXT_LENGTH],
        description=currency.name,
    )


def full_iban(number):
    """Return an account number with ``PL`` if it is a Polish one without."""
    return f"PL{number}" if _DOMESTIC.fullmatch(number) else number


def has_right_digits(number):
    """Return False for an IBAN or a Polish number whose check digits are wrong."""
    full = full_iban(number)
    is_iban = full[:2].isalpha() and full[2:4].isdigit() and full.isalnum()
    return not is_iban or mod_97_10.is_valid(full[4:] + full[:4])


def _early_discount(term):
    if not term.early_discount:
        return None
    percent = format(exact(term.discount_percentage).normalize(), "f")
    days = term.discount_days
    return EarlyDiscount(
        conditions=f"zapłata w ciągu {days} dni od daty wystawienia faktury",
        size=f"{percent}%",
    )
