"""Rows of the correction of a final invoice, which are not what it settles."""

from dataclasses import replace
from types import SimpleNamespace

from ..fa3.codes import InvoiceKind
from .l10n_pl_ksef_fa3_correction_rows import (
    BEFORE_AFTER,
    RowMatcher,
    before_and_after,
    style_earlier,
)
from .l10n_pl_ksef_fa3_kind import is_advance_row
from .l10n_pl_ksef_fa3_lines import lines as lines_of


def shape_correction_of_final(facts):
    """Write the rows by difference, or before and after.

    Where advances are on the correction the header is not the sum of the rows: they
    show the sale before and after, alike if only the remaining amount changes.
    """
    facts.written = _sold(facts.rows)
    is_whole = len(facts.written) < len(facts.rows)
    correction = facts.correction
    is_asked = facts.move.l10n_pl_ksef_row_style == BEFORE_AFTER
    if not correction.root or not (is_whole or is_asked):
        return
    root = replace(correction.root_facts, rows=_sold(correction.root_facts.rows))
    sent = correction.sent
    lines = sent.body.lines if sent else lines_of(root)
    correction.lines = _before_and_after(facts, root, lines)


def needs_both(facts):
    """Tell whether rows by difference would not add up to the header."""
    return facts.kind == InvoiceKind.CORRECTION_OF_FINAL and any(
        is_advance_row(row) for row in facts.rows
    )


def _sold(rows):
    """Return the rows without advances, numbered from 1."""
    sold = [row for row in rows if not is_advance_row(row)]
    for number, row in enumerate(sold, 1):
        row.number = number
    return sold


def _before_and_after(facts, root, lines):
    matcher = RowMatcher(root)
    earlier = style_earlier(facts.correction.earlier, matcher, _sold)
    correction = replace(
        facts.correction,
        root_facts=root,
        sent=SimpleNamespace(body=SimpleNamespace(lines=lines)),
        matches=matcher.match(facts.written),
    )
    return before_and_after(
        replace(facts, rows=facts.written, correction=correction), earlier
    )
