"""What a correction says: what it corrects, why, and what its invoice said before."""

from dataclasses import dataclass, field, replace
from typing import Any

from ..fa3.codes import CorrectionEffect, InvoiceKind
from ..fa3.corrections import BuyerBefore, CorrectedInvoice
from ..fa3.lines import Line
from ..fa3.parties import Address
from ..fa3.text import clean
from .l10n_pl_ksef_fa3_correction_rows import (
    BEFORE_AFTER,
    RowMatcher,
    before_and_after,
    keep_method,
    set_style,
    style_earlier,
    what_is_left,
)
from .l10n_pl_ksef_fa3_facts import gather
from .l10n_pl_ksef_fa3_family import find_families
from .l10n_pl_ksef_fa3_related import find_root, is_correction
from .l10n_pl_ksef_fa3_statements import annotations
from .l10n_pl_ksef_fa3_supply import Supply, find_supply, row_days

# Where nobody said in which month a correction counts.
DEFAULT_EFFECT = CorrectionEffect.CORRECTION_DATE.value
# Lengths in characters. Source: FA(3) schema, types of the elements.
TEXT_LENGTH = 256
NAME_LENGTH = 512
# Links the data of a buyer before and after. Source: FA(3) brochure, IDNabywcy.
BUYER_KEY = "0001"


@dataclass
class Correction:
    """What is known of the invoice that another one corrects."""

    root: Any  # the corrected invoice; empty if it is not in Odoo
    root_facts: Any = None  # its ``Facts``
    sent: Any = None  # ``fa3.document.Invoice`` as KSeF has it
    earlier: list = field(default_factory=list)  # ``Facts`` of posted corrections
    lines: tuple | None = None  # lines in the file, where they are not the rows
    matches: dict = field(default_factory=dict)  # number of a row -> row of the root
    left: list = field(default_factory=list)  # ``Left`` of the rows that it changes
    is_buyer_as_sent: bool = False


def read(found):
    """Add what they correct to those of {move: ``Facts``} that are corrections."""
    corrections = {move: facts for move, facts in found.items() if is_correction(move)}
    if not corrections:
        return
    env = next(iter(corrections)).env
    roots = {move: _root(move) for move in corrections}
    families = find_families(env["account.move"].union(*roots.values()))
    members = env["account.move"].union(*families.values(), *families)
    known = gather(members)
    sent = _read_sent(env["account.move"].union(*families))
    for move, facts in corrections.items():
        root = roots[move]
        facts.correction = Correction(
            root=root,
            root_facts=known.get(root),
            sent=sent.get(root),
            earlier=[
                known[each]
                for each in sorted(families.get(root, ()), key=_order)
                if each != move._origin and _order(each) < _order(move)
            ],
        )
        _shape(facts)


def body(facts):
    """Return what only a correction says, as attributes of ``Body``."""
    move, correction = facts.move, facts.correction
    if not correction:
        return {}
    effect = move.l10n_pl_ksef_correction_effect or DEFAULT_EFFECT
    reason = clean(move.l10n_pl_ksef_correction_reason or "")
    period = clean(move.l10n_pl_ksef_corrected_period or "")
    number = clean(move.l10n_pl_ksef_right_number or "")
    return {
        "correction_reason": reason[:TEXT_LENGTH].rstrip(),
        "correction_effect": CorrectionEffect(effect),
        "corrected_invoices": tuple(_corrected(each) for each in facts.originals),
        "corrected_period": period[:TEXT_LENGTH].rstrip(),
        "corrected_number": number[:TEXT_LENGTH].rstrip(),
    }


def finish(facts, invoice):
    """Return an ``fa3.document.Invoice`` with what it takes over from the original.

    What describes the sale stands as the original had it; amounts are differences.
    """
    correction = facts.correction
    if not correction:
        return invoice
    made = invoice.body
    changes = {"payment": _payment(made.payment)}
    if correction.lines is not None:
        changes["lines"] = correction.lines
    if correction.sent:
        said = correction.sent.body
        changes["is_for_receipt"] = said.is_for_receipt
        changes["is_excise_refund"] = said.is_excise_refund
        changes["is_related_party"] = said.is_related_party
    if correction.is_buyer_as_sent:
        invoice = replace(invoice, buyer=correction.sent.buyer)
    before = facts.move.l10n_pl_ksef_buyer_before
    if before:
        changes["buyers_before"] = (_buyer_before(before, invoice.buyer),)
        invoice = replace(invoice, buyer=replace(invoice.buyer, buyer_key=BUYER_KEY))
    if correction.sent and correction.sent.seller.eu_prefix:
        prefix = correction.sent.seller.eu_prefix
        invoice = replace(invoice, seller=replace(invoice.seller, eu_prefix=prefix))
    return replace(invoice, body=replace(made, **changes))


def net_by_rate(correction, facts):
    """Return {rate: (net of the original, net after this correction)}."""
    amounts = {}
    all_facts = [correction.root_facts, *correction.earlier, facts]
    for each in all_facts:
        for row in each.rows:
            first, last = amounts.get(row.rate, (0, 0))
            first += row.net if each is correction.root_facts else 0
            amounts[row.rate] = (first, last + row.net)
    return amounts


def _read_sent(roots):
    """Return {corrected invoice: ``fa3.document.Invoice`` as KSeF has it, or None}."""
    documents = roots.sudo().l10n_pl_ksef_document_id
    # Files are not read ahead, and the web client asks for their size alone.
    documents.with_context(bin_size=False).fetch(["state", "xml"])
    return {root: root._l10n_pl_ksef_sent_file() for root in roots}


def _root(move):
    """Return the one corrected invoice, empty if there are several or none in Odoo."""
    root = find_root(move)
    return (_find_listed_one(root) if is_correction(root) else root)._origin


def _find_listed_one(move):
    """Return the invoice that a person listed on a correction, if it is alone."""
    listed = move.l10n_pl_ksef_corrected_ids
    return listed.invoice_id if len(listed) == 1 else move.browse()


def _order(move):
    """Return what corrections of one invoice are put in order by; a draft is last."""
    day = move.invoice_date
    return (not move._origin or not day, str(day or ""), move._origin.id or 0)


def _take_over(facts):
    """Take over statements and days of sale of the one invoice that is corrected."""
    correction = facts.correction
    if not correction.root or len(facts.originals) != 1:
        return
    if correction.sent:
        said = correction.sent.body
        period = said.period
        first, last = (period.first_day, period.last_day) if period else (None, None)
        facts.supply = Supply(said.supplied_on, first, last)
        facts.sent_statements = (said.annotations,)
        days = {line.number: line.supplied_on for line in said.lines}
    else:
        root = correction.root_facts
        facts.supply = find_supply(root)
        facts.sent_statements = (annotations(root),)
        numbers = (row.number for row in root.rows)
        days = dict(zip(numbers, row_days(root), strict=True))
    for row in facts.rows:
        match = correction.matches.get(row.number)
        row.supplied_on = days.get(match.number) if match else row.supplied_on


def _shape(facts):
    """Give the rows of a correction the form they are written in."""
    move, correction = facts.move, facts.correction
    if move.l10n_pl_ksef_is_data_correction:
        facts.rows = []
        _take_over(facts)
        return
    matcher = RowMatcher(correction.root_facts)
    correction.matches = matcher.match(facts.rows)
    keep_method(facts.rows, correction.matches)
    _take_over(facts)
    if correction.root:
        correction.is_buyer_as_sent = _is_buyer_as_sent(facts)
    earlier = style_earlier(correction.earlier, matcher)
    set_style(facts, correction.matches, matcher.prices)
    correction.left = what_is_left([*earlier, (facts, correction.matches)])
    if move.l10n_pl_ksef_row_style == BEFORE_AFTER and _can_show_both(facts):
        correction.lines = before_and_after(facts, earlier)
    if move.l10n_pl_ksef_corrected_period:
        correction.lines = _period_lines(facts)


def _can_show_both(facts):
    """Before and after need one plain invoice, as KSeF has it."""
    correction = facts.correction
    is_plain = facts.kind == InvoiceKind.CORRECTION and len(facts.originals) == 1
    return is_plain and bool(correction.root and correction.sent)


def _is_buyer_as_sent(facts):
    """A wrong number of the buyer is corrected by a credit to zero, sent to it."""
    correction = facts.correction
    is_same = correction.root.commercial_partner_id == facts.buyer
    if not is_same or not correction.sent or not is_other_number(facts):
        return False
    nets = net_by_rate(correction, facts)
    return not any(after for _before, after in nets.values())


def is_other_number(facts):
    """Tell whether the buyer's number is not the one on the corrected invoice."""
    correction, now = facts.correction, facts.tax_id
    if not correction.sent:
        then = correction.root_facts.tax_id
        return (then.kind, then.number) != (now.kind, now.number)
    identity = correction.sent.buyer.identity
    then = identity.nip or identity.eu_number or identity.other_number or ""
    return then != (now.number or "")


def _period_lines(facts):
    """A discount for a period has no lines, or names what it is for."""
    if facts.move.l10n_pl_ksef_covers_all:
        return ()
    return tuple(
        Line(number=row.number, name=row.text[:NAME_LENGTH].rstrip())
        for row in facts.rows
    )


def _corrected(related):
    is_in_ksef = bool(related.ksef_number)
    return CorrectedInvoice(
        issued_on=related.issued_on,
        number=clean(related.number)[:TEXT_LENGTH].rstrip(),
        is_in_ksef=is_in_ksef or None,
        ksef_number=related.ksef_number or None,
        is_outside_ksef=None if is_in_ksef else True,
    )


def _buyer_before(before, buyer):
    """Return the old data of a buyer; its number has not changed."""
    address = None
    if before.get("line_1"):
        address = Address(
            country=before["country"],
            line_1=before["line_1"],
            line_2=before.get("line_2"),
        )
    return BuyerBefore(
        identity=replace(buyer.identity, name=before["name"]),
        address=address,
        buyer_key=BUYER_KEY,
    )


def _payment(payment):
    """Return how a correction is paid: where to, until when, never that it is."""
    unpaid = {"is_paid": None, "paid_on": None, "part_payment": None}
    return payment and replace(payment, **unpaid, paid_parts=())
