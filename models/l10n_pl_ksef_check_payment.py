"""Checks of the amount to pay, due date, bank accounts and rounding."""

from odoo.tools import format_date

from .l10n_pl_ksef_fa3_currency import amount_text
from .l10n_pl_ksef_fa3_facts import money
from .l10n_pl_ksef_fa3_payment import (
    bank_accounts,
    has_right_digits,
    has_right_size,
    is_sellers,
)
from .l10n_pl_ksef_fa3_settlement import amount_to_pay
from .l10n_pl_ksef_fa3_third_parties import factor_accounts, party_name
from .l10n_pl_ksef_party import FACTOR


def total_to_pay(env, facts):
    if not all(row.tax for row in facts.rows):
        return
    to_pay = amount_to_pay(facts)
    booked = money(facts.move.amount_total_in_currency_signed)
    if to_pay != booked:
        message = env._(
            "Amount to pay %(a)s differs from the invoice total %(b)s.",
            a=amount_text(env, to_pay, facts.move.currency_id),
            b=amount_text(env, booked, facts.move.currency_id),
        )
        yield message, facts.move, env._("Invoice Lines")


def early_discount(env, facts):
    if facts.has_early_discount_lines:
        term = facts.move.invoice_payment_term_id
        message = env._(
            "Payment term %(term)s lowers VAT before the discount is taken. Use"
            " another kind of early payment discount.",
            term=term.name,
        )
        yield message, term or facts.move, env._("Early Discount")


def rounding_as_tax(env, facts):
    for line in facts.roundings:
        if line.tax_line_id:
            amount = money(-line.amount_currency)
            message = env._(
                "Rounding of %(amount)s is booked as VAT. Use a rounding line instead.",
                amount=amount_text(env, amount, facts.move.currency_id),
            )
            yield message, facts.move, env._("Cash Rounding Method")


def due_date(env, facts):
    issued = facts.move.invoice_date
    if issued and facts.terms and facts.terms[0] < issued:
        message = env._(
            "Due date %(a)s is before invoice date %(b)s.",
            a=format_date(env, facts.terms[0]),
            b=format_date(env, issued),
        )
        yield message, facts.move, env._("Due Date")


def account_owner(env, facts):
    """On a credit note Odoo has the account of the buyer, and the file none."""
    move, (_own, factors) = facts.move, bank_accounts(facts)
    bank = move.partner_bank_id
    if not bank or factors or move.move_type == "out_refund":
        return
    if not is_sellers(bank, facts):
        message = env._(
            "Bank account %(acc)s belongs to %(name)s, not to %(company)s: it is left"
            " out.",
            acc=bank.acc_number,
            name=party_name(bank.partner_id),
            company=party_name(facts.seller),
        )
        yield message, move, env._("Recipient Bank")


def account_number(env, facts):
    move, (_own, factors) = facts.move, bank_accounts(facts)
    if move.move_type == "out_refund":
        return
    banks, bank = factor_accounts(facts), move.partner_bank_id
    banks += [bank] if bank and not factors and is_sellers(bank, facts) else []
    for bank in banks:
        if not has_right_size(bank.sanitized_acc_number):
            message = env._(
                "Bank account %(acc)s is left out: KSeF takes 10 to 34 characters.",
                acc=bank.acc_number,
            )
        elif not has_right_digits(bank.sanitized_acc_number):
            message = env._(
                "Bank account %(acc)s: check digits are wrong.", acc=bank.acc_number
            )
        else:
            continue
        yield message, bank, env._("Account Number")


def factor_account(env, facts):
    for party in facts.parties:
        if party.role == FACTOR and not party.bank_account_id:
            message = env._(
                "Factor %(name)s: the account to pay to is missing.",
                name=party_name(party.partner_id),
            )
            yield message, facts.move, env._("KSeF")


CHECKS = {
    "amount_to_pay": ("stop", total_to_pay),
    "early_discount": ("stop", early_discount),
    "rounding_as_tax": ("warn", rounding_as_tax),
    "due_date": ("warn", due_date),
    "bank_account_owner": ("warn", account_owner),
    "bank_account": ("warn", account_number),
    "factor_account": ("warn", factor_account),
}
