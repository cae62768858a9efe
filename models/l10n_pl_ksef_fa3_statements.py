"""The statements of an invoice (Adnotacje): what each says, and who decided it.

A choice on the invoice comes first, then the rule: taxes, products, company, amounts,
buyer. A correction keeps what the invoice it corrects said.
"""

import base64
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from ..fa3 import reader
from ..fa3.annotations import Annotations, Exemption, Margin
from ..fa3.codes import MARGIN, TOTALS, VatRate
from ..fa3.text import clean
from . import l10n_pl_ksef_fa3_related as fa3_related
from .l10n_pl_ksef_fa3_facts import gather, money
from .l10n_pl_ksef_fa3_lines import pln_rate
from .l10n_pl_ksef_fa3_parties import TRIANGULAR
from .l10n_pl_ksef_fa3_totals import ZERO, total, totals

BASIS_LENGTH = 256
# In PLN. Source: Polish VAT act of 11 March 2004, articles 106e(1)(18a), 108a(1a).
SPLIT_PAYMENT_LIMIT = Decimal(15000)
# Kind of legal basis on tax or invoice -> attribute of fa3 ``Exemption``.
BASIS_ATTRIBUTES = {
    "act": "polish_act",
    "directive": "eu_directive",
    "other": "other_basis",
}
# Kind of margin scheme on tax or invoice -> attribute of fa3 ``Margin``.
MARGIN_ATTRIBUTES = {
    "travel": "is_travel",
    "used_goods": "is_used_goods",
    "art": "is_art",
    "antiques": "is_collectors_items",
}
# The buyer accounts for the tax. Source: FA(3) brochure, field P_18.
REVERSE_CHARGE_RATES = {VatRate.REVERSE_CHARGE.value, VatRate.EU_SERVICES.value}


class Rule(NamedTuple):
    """How a question is answered, and which attribute of ``Annotations`` it is."""

    decide: Any
    attribute: str


class Decision(NamedTuple):
    """What a statement says.

    :ivar value: True, False, or what is written (None: nothing)
    :ivar reason: key of `l10n_pl_ksef_statement_words.REASONS`
    :ivar named: what the words name
    """

    value: Any
    reason: str
    named: Mapping = MappingProxyType({})


def body(facts):
    """Return the statements as attribute of ``Body``."""
    return {"annotations": annotations(facts)}


def annotations(facts):
    """Return the FA(3) statements of an invoice."""
    made = decisions(facts)
    return Annotations(
        is_cash_accounting=made["cash_accounting"].value,
        is_reverse_charge=made["reverse_charge"].value,
        is_split_payment=made["split_payment"].value,
        exemption=made["exemption"].value or Exemption(is_not_exempt=True),
        is_simplified_triangular=made["triangular"].value,
        margin=made["margin"].value or Margin(is_absent=True),
    )


def decisions(facts):
    """Return {name of a statement: :class:`Decision`}, made once."""
    if facts.statements is None:
        rows = uses(facts)
        made = {name: _decide(name, facts, rows) for name in RULES}
        made["exemption"] = _exemption(facts, rows)
        made["margin"] = _margin(facts, rows)
        facts.statements = made
    return facts.statements


def decide(moves):
    """Return {move: its decisions}, of drafts too."""
    found = gather(moves)
    fa3_related.read(found)
    read(found)
    return {move: decisions(facts) for move, facts in found.items()}


def read(found):
    """Add what the corrected invoices said to {move: ``Facts``}."""
    origins = {
        move: [each.move for each in facts.originals if each.move]
        for move, facts in found.items()
        if facts.originals and not facts.sent_statements
    }
    moves = {origin for each in origins.values() for origin in each}
    if not moves:
        return
    sent = _read_sent(next(iter(moves)).union(*moves))
    for move, each in origins.items():
        found[move].sent_statements = tuple(sent[origin] for origin in each)


def read_file(xml):
    """Return the statements in a stored file."""
    return reader.read(base64.b64decode(xml)).body.annotations


def _read_sent(moves):
    """Return {move: its statements as sent, else as they would be written}."""
    whole = moves.sudo().with_context(bin_size=False)
    files = {move: move.l10n_pl_ksef_document_id.xml for move in whole}
    unsent = moves.browse([move.id for move in moves if not files[move]])
    built = gather(unsent) if unsent else {}
    return {
        move: read_file(xml) if xml else annotations(built[move])
        for move, xml in files.items()
    }


def uses(facts):
    """Return the first row of each tax of the invoice; few, however long it is."""
    first = {}
    for row in facts.rows:
        if row.tax:
            first.setdefault(id(row.tax), row)
    return list(first.values())


def _decide(name, facts, rows):
    chosen = facts.move[f"l10n_pl_ksef_{name}"]
    if chosen in ("yes", "no"):
        return Decision(chosen == "yes", f"chosen_{chosen}")
    rule = RULES[name]
    made = rule.decide(facts, rows)
    sent = [getattr(each, rule.attribute) for each in facts.sent_statements]
    return Decision(True, "original") if True in sent and not made.value else made


def _cash_accounting(facts, rows):
    for row in rows:
        if row.tax.tax.tax_exigibility == "on_payment":
            return Decision(True, "cash_tax", {"tax": row.tax.tax})
    if not facts.move.company_id.l10n_pl_ksef_cash_accounting:
        return Decision(False, "cash_none")
    if not _has_polish_vat(rows):
        return Decision(False, "no_polish_vat")
    return Decision(True, "cash_company")


def _reverse_charge(facts, rows):
    last = Decision(False, "reverse_none")
    for row in rows:
        named = {"tax": row.tax.tax, "n": row.number}
        is_triangular = row.tax.tax.l10n_pl_ksef_procedure == TRIANGULAR
        if row.rate in REVERSE_CHARGE_RATES or is_triangular:
            return Decision(True, "reverse_tax", named)
        if row.rate == VatRate.OUTSIDE_POLAND.value:
            last = _outside_poland(facts, row.tax.tax, named)
            if last.value:
                return last
    return last


def _outside_poland(facts, tax, named):
    choice = tax.l10n_pl_ksef_buyer_accounts
    if choice == "yes":
        return Decision(True, "reverse_tax", named)
    if choice == "no":
        return Decision(False, "reverse_never", named)
    has_number = facts.tax_id.kind != "none"
    reason = "reverse_number" if has_number else "reverse_no_number"
    return Decision(has_number, reason, named)


def _split_payment(facts, rows):
    row = next((row for row in facts.rows if row.is_annex_15), None)
    if not row:
        return Decision(False, "split_none")
    amount = total_in_pln(facts)
    named = {"n": row.number, "total": amount, "limit": SPLIT_PAYMENT_LIMIT}
    if amount <= SPLIT_PAYMENT_LIMIT:
        return Decision(False, "split_small", named)
    if not (facts.buyer.is_company or facts.tax_id.kind != "none"):
        return Decision(False, "split_private")
    if not _has_polish_vat(rows):
        return Decision(False, "no_polish_vat")
    return Decision(True, "split_rule", named)


def _triangular(_facts, rows):
    for row in rows:
        if row.tax.tax.l10n_pl_ksef_procedure == TRIANGULAR:
            return Decision(True, "triangular_tax", {"tax": row.tax.tax})
    return Decision(False, "triangular_none")


def _new_transport(facts, _rows):
    for row in facts.rows:
        if row.product.is_new_transport and row.rate == VatRate.ZERO_EU_GOODS.value:
            return Decision(True, "transport_product", {"n": row.number})
    return Decision(False, "transport_none")


# Statements that a person answers by yes or no. The field of the invoice is named
# l10n_pl_ksef_ and the statement.
RULES = {
    "cash_accounting": Rule(_cash_accounting, "is_cash_accounting"),
    "reverse_charge": Rule(_reverse_charge, "is_reverse_charge"),
    "split_payment": Rule(_split_payment, "is_split_payment"),
    "triangular": Rule(_triangular, "is_simplified_triangular"),
    "new_transport": Rule(_new_transport, "new_transport"),
}


def _exemption(facts, rows):
    """Decide the legal basis; without one there is nothing to write."""
    taxes = [row.tax.tax for row in rows if row.rate == VatRate.EXEMPT.value]
    if not taxes:
        return _as_sent(facts, "exemption", "is_exempt", "exempt_none")
    move = facts.move
    unfounded = [tax for tax in taxes if not own_basis(tax)]
    if unfounded and not own_basis(move):
        return Decision(None, "exempt_missing", {"tax": unfounded[0]})
    basis = basis_text(facts)
    kinds = [tax.l10n_pl_ksef_exemption_kind or "act" for tax in taxes]
    attribute = BASIS_ATTRIBUTES[move.l10n_pl_ksef_exemption_kind or kinds[0]]
    value = Exemption(is_exempt=True, **{attribute: basis[:BASIS_LENGTH].rstrip()})
    reason = "exempt_invoice" if own_basis(move) else "exempt_tax"
    return Decision(value, reason, {"tax": taxes[0], "basis": basis})


def own_basis(record):
    """Return the legal basis that a tax or an invoice gives, in one line."""
    return clean(record.l10n_pl_ksef_exemption_basis or "")


def basis_text(facts):
    """Return the legal basis in full: of the invoice, else of its exempt taxes."""
    chosen = own_basis(facts.move)
    if chosen:
        return chosen
    bases = [
        own_basis(row.tax.tax)
        for row in uses(facts)
        if row.rate == VatRate.EXEMPT.value
    ]
    return "; ".join(dict.fromkeys(basis for basis in bases if basis))


def _margin(facts, rows):
    """Decide the kind of margin scheme; one invoice has one."""
    taxes = [row.tax.tax for row in rows if row.rate == MARGIN]
    if not taxes:
        return _as_sent(facts, "margin", "is_used", "margin_none")
    chosen = facts.move.l10n_pl_ksef_margin_kind
    kinds = {chosen} if chosen else {tax.l10n_pl_ksef_margin_kind for tax in taxes}
    kind = kinds.pop()
    if kinds or not kind:
        return Decision(None, "margin_missing", {"tax": taxes[0]})
    value = Margin(is_used=True, **{MARGIN_ATTRIBUTES[kind]: True})
    reason = "margin_invoice" if chosen else "margin_tax"
    return Decision(value, reason, {"tax": taxes[0], "kind": kind})


def _as_sent(facts, name, flag, nothing):
    sent = (getattr(each, name) for each in facts.sent_statements)
    kept = next((each for each in sent if getattr(each, flag)), None)
    return Decision(kept, "original" if kept else nothing)


def total_in_pln(facts):
    """Return the total of an invoice in PLN; of a draft as far as it is known."""
    if all(row.tax for row in facts.rows):
        amount = total(totals(facts))
    else:
        amount = sum((row.gross for row in facts.rows), ZERO)
    return money(amount * pln_rate(facts)) if facts.is_foreign else amount


def _has_polish_vat(rows):
    return any(TOTALS[row.rate].tax_pln for row in rows)
