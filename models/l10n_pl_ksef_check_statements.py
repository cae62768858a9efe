"""Checks of the statements of an invoice, and of taxes that need a second look."""

from odoo.tools import format_date, formatLang

from .l10n_pl_ksef_fa3_parties import TRIANGULAR
from .l10n_pl_ksef_fa3_payment import bank_accounts
from .l10n_pl_ksef_fa3_statements import (
    BASIS_LENGTH,
    MARGIN,
    RULES,
    SPLIT_PAYMENT_LIMIT,
    basis_text,
    decisions,
    own_basis,
    total_in_pln,
    uses,
)


def exemption_basis(env, facts):
    if decisions(facts)["exemption"].reason != "exempt_missing":
        return
    for row in facts.rows:
        if row.rate == "zw" and not own_basis(row.tax.tax):
            message = env._(
                "Line %(n)s, rate zw: give the legal basis of the exemption.",
                n=row.number,
            )
            yield message, row.tax.tax, env._("Legal basis")


def basis_without_exemption(env, facts):
    if facts.move.l10n_pl_ksef_exemption_basis and "zw" not in facts.rates:
        message = env._("A legal basis of exemption is given, but no line is exempt.")
        yield message, facts.move, env._("KSeF")


def exemption_kinds(env, facts):
    """FA(3) has one field for a basis in the Polish act, another for the directive."""
    move = facts.move
    if own_basis(move) and move.l10n_pl_ksef_exemption_kind:
        return
    taxes = [row.tax.tax for row in uses(facts) if row.rate == "zw"]
    by_kind = {tax.l10n_pl_ksef_exemption_kind or "act": tax for tax in taxes}
    if len(by_kind) > 1:
        message = env._(
            "%(taxes)s: exempt under different laws, KSeF takes one of them. Invoice"
            " them separately, or give the legal basis and its kind on the invoice.",
            taxes=", ".join(tax.name for tax in by_kind.values()),
        )
        yield message, move, env._("KSeF")


def long_basis(env, facts):
    basis = basis_text(facts)
    if len(basis) > BASIS_LENGTH:
        message = env._(
            "Legal basis of the exemption has %(len)s characters; 256 are sent.",
            len=len(basis),
        )
        yield message, facts.move, env._("KSeF")


def split_payment(env, facts):
    if decisions(facts)["split_payment"].reason != "chosen_no":
        return
    if RULES["split_payment"].decide(facts, uses(facts)).value:
        message = env._("Over 15,000 PLN with annex-15 items: mark split payment.")
        yield message, facts.move, env._("KSeF")


def split_payment_after(env, facts):
    """A correction that adds to its invoice may bring both over the limit."""
    correction = facts.correction
    if not correction or not correction.root_facts:
        return
    if decisions(facts)["split_payment"].value or total_in_pln(facts) <= 0:
        return
    sale = [correction.root_facts, *correction.earlier, facts]
    total = sum(total_in_pln(each) for each in sale)
    is_on_annex = any(row.is_annex_15 for each in sale for row in each.rows)
    if is_on_annex and total > SPLIT_PAYMENT_LIMIT:
        message = env._(
            "With this correction %(original)s comes to %(total)s with annex-15 items:"
            " check split payment.",
            original=correction.root.name,
            total=formatLang(
                env, float(total), currency_obj=facts.move.company_id.currency_id
            ),
        )
        yield message, facts.move, env._("KSeF")


def split_payment_account(env, facts):
    if facts.move.move_type == "out_refund":
        return
    if decisions(facts)["split_payment"].value and not any(bank_accounts(facts)):
        message = env._("Split payment without a bank account.")
        yield message, facts.move, env._("Recipient Bank")


def margin_kind(env, facts):
    made = decisions(facts)["margin"]
    if made.reason == "margin_missing":
        message = env._(
            "Margin scheme: choose its kind (travel, used goods, art, antiques)."
        )
        yield message, made.named["tax"], env._("Kind of margin scheme")


def margin_price(env, facts):
    for row in facts.rows:
        taxes = row.line.tax_ids if not row.tax else ()
        for tax in taxes:
            if tax.l10n_pl_ksef_rate == MARGIN and tax.amount:
                message = env._(
                    "Line %(n)s: %(tax)s must be 0%%, the price in the margin scheme is"
                    " gross.",
                    n=row.number,
                    tax=tax.name,
                )
                yield message, tax, env._("Amount")


def travellers(env, facts):
    for row in uses(facts):
        if row.tax.tax.l10n_pl_ksef_is_travel:
            message = env._(
                "Line %(n)s: %(tax)s is for travellers. A cash register documents such"
                " a sale, as a rule without an invoice.",
                n=row.number,
                tax=row.tax.tax.name,
            )
            yield message, facts.move, env._("Taxes")


def triangular(env, facts):
    for row in uses(facts):
        if row.tax.tax.l10n_pl_ksef_procedure == TRIANGULAR:
            message = env._(
                "Line %(n)s: %(tax)s is booked as a supply to the EU. Ask an accountant"
                " about the VAT declaration.",
                n=row.number,
                tax=row.tax.tax.name,
            )
            yield message, row.tax.tax, env._("Taxes")


def period(env, facts):
    move = facts.move
    first, last = move.l10n_pl_ksef_period_start, move.l10n_pl_ksef_period_end
    if bool(first) != bool(last):
        message = env._("Period of sale: give both its first and its last day.")
        yield message, move, env._("Sold from")
    elif first and last < first:
        message = env._(
            "Period of sale: %(last)s is before %(first)s.",
            last=format_date(env, last),
            first=format_date(env, first),
        )
        yield message, move, env._("Sold from")


CHECKS = {
    "exemption_basis": ("stop", exemption_basis),
    "basis_without_exemption": ("warn", basis_without_exemption),
    "exemption_kinds": ("warn", exemption_kinds),
    "long_basis": ("warn", long_basis),
    "split_payment": ("stop", split_payment),
    "split_payment_after": ("warn", split_payment_after),
    "split_payment_account": ("warn", split_payment_account),
    "margin_kind": ("stop", margin_kind),
    "margin_price": ("stop", margin_price),
    "travellers": ("warn", travellers),
    "triangular": ("warn", triangular),
    "period": ("stop", period),
}
