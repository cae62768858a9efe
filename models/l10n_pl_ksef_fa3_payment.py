"""Terms of payment, the account to pay to, and what is paid already."""

import re

from stdnum.iso7064 import mod_97_10

from ..fa3.codes import PartPayment, PaymentForm
from ..fa3.payment import BankAccount, EarlyDiscount, PaidPart, Payment, Term
from ..fa3.text import clean
from .account_payment_method_line import OTHER_FORM
from .l10n_pl_ksef_fa3_facts import exact, money
from .l10n_pl_ksef_fa3_settlement import amount_to_pay
from .l10n_pl_ksef_fa3_third_parties import factor_accounts
from .l10n_pl_ksef_fa3_totals import ZERO

TEXT_LENGTH = 256
# Length of account numbers. Source: FA(3) schema, type TNrRB.
ACCOUNT_MIN_LENGTH = 10
ACCOUNT_MAX_LENGTH = 34
# Longest number of digits alone outside Poland (Argentina's CBU has 22).
LONGEST_WITHOUT_CHECK = 22
_POLISH_IBAN = re.compile(r"PL\d{26}", re.ASCII)
_DOMESTIC = re.compile(r"\d{26}", re.ASCII)
# Source: FA(3) schema, type SWIFT_Type.
_SWIFT = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)


def body(facts):
    """Return the payment as attribute of ``Body``."""
    return {"payment": payment(facts)}


def payment(facts):
    """Return how the invoice is paid, or None if nothing is known.

    Nothing is said of what is paid back on a credit note.
    """
    if facts.move.move_type == "out_refund":
        return None
    accounts, factors = bank_accounts(facts)
    discount = _early_discount(facts.move.invoice_payment_term_id)
    if not (facts.terms or facts.paid or accounts or factors or discount):
        return None
    is_settled = bool(facts.paid) and _paid_amount(facts) >= amount_to_pay(facts)
    days = () if is_settled else facts.terms
    return Payment(
        **_paid(facts, is_settled),
        terms=tuple(Term(due_on=day) for day in days),
        **_form(facts, bool(accounts or factors), is_settled),
        accounts=accounts,
        factor_accounts=factors,
        early_discount=discount,
    )


def bank_accounts(facts):
    """Return (accounts of the seller, accounts of factors) that FA(3) takes.

    Where a factor is to be paid the seller's own account is left out.
    """
    factors = [_account(bank, facts) for bank in factor_accounts(facts)]
    bank = facts.move.partner_bank_id
    own = _account(bank, facts) if is_sellers(bank, facts) else None
    factors = tuple(account for account in factors if account)
    return ((own,) if own and not factors else ()), factors


def is_sellers(bank, facts):
    """Tell whether an account is the seller's, a branch may have its company's."""
    owners = facts.move.company_id.parent_ids.partner_id.commercial_partner_id
    return bank.partner_id.commercial_partner_id in owners


def full_iban(number):
    """Return an account number with ``PL`` if it is a Polish one without."""
    return f"PL{number}" if _DOMESTIC.fullmatch(number) else number


def has_right_digits(number):
    """Return False for an IBAN or a Polish number whose check digits are wrong.

    So many digits that no other country has them are a Polish number cut or doubled.
    """
    full = full_iban(number)
    if full.isdigit():
        return len(full) <= LONGEST_WITHOUT_CHECK
    is_iban = full[:2].isalpha() and full[2:4].isdigit() and full.isalnum()
    return not is_iban or mod_97_10.is_valid(full[4:] + full[:4])


def has_right_size(number):
    """Tell whether FA(3) takes an account number of this length."""
    return ACCOUNT_MIN_LENGTH <= len(number) <= ACCOUNT_MAX_LENGTH


def instalments(facts):
    """Return [(key, text)] of what is due when, as notes, if there are several days.

    FA(3) has no amount beside a term. Source: the Ministry's sample 14.
    """
    made = payment(facts) if len(facts.terms) > 1 else None
    if not made or not made.terms:
        return []
    sums = dict.fromkeys((term.due_on for term in made.terms), ZERO)
    for line in facts.move.line_ids:
        if line.display_type == "payment_term" and line.date_maturity:
            sums[line.date_maturity] += money(line.amount_currency)
    currency = facts.move.currency_id.name
    return [
        (f"W terminie {day}", f"{amount} {currency}".replace(".", ","))
        for day, amount in sums.items()
    ]


def _account(bank, facts):
    """Return an account as FA(3) takes it, or None if it does not."""
    number = bank.sanitized_acc_number or ""
    if not has_right_size(number):
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


def _paid_amount(facts):
    return sum(paid.amount for paid in facts.paid)


def _paid(facts, is_settled):
    """Return what is paid: at once, in parts, or in part."""
    if not facts.paid:
        return {}
    if is_settled and len(facts.paid) == 1:
        return {"is_paid": True, "paid_on": facts.paid[0].paid_on}
    marker = PartPayment.PAID_IN_PARTS if is_settled else PartPayment.PAID_PARTLY
    parts = tuple(
        PaidPart(amount=paid.amount, paid_on=paid.paid_on, **_form_values(*paid.form))
        for paid in facts.paid
    )
    return {"part_payment": marker, "paid_parts": parts}


def _form(facts, has_account, is_settled):
    """Return the form of the payment made, else of the one to come."""
    if is_settled:
        return _form_values(*facts.paid[0].form) if len(facts.paid) == 1 else {}
    method = facts.move.preferred_payment_method_line_id
    form = method._l10n_pl_ksef_get_form() if method else None
    if not form and has_account:
        form = PaymentForm.TRANSFER.value
    return _form_values(form, method.name)


def _form_values(form, name):
    """Return attributes for a form of payment: a code, or the name of another one."""
    if form == OTHER_FORM:
        text = clean(name or "")[:TEXT_LENGTH]
        return {"has_other_form": True, "other_form": text} if text else {}
    return {"form": form} if form else {}


def _early_discount(term):
    if not term.early_discount:
        return None
    percent = format(exact(term.discount_percentage).normalize(), "f")
    days = term.discount_days
    length = f"{days} {'dnia' if days == 1 else 'dni'}"
    return EarlyDiscount(
        conditions=f"zapłata w ciągu {length} od daty wystawienia faktury",
        size=f"{percent}%",
    )
