"""Rows of a correction: by difference, or as they stood before and stand after."""

from dataclasses import replace
from decimal import Decimal

from .l10n_pl_ksef_fa3_lines import HUNDRED

ZERO = Decimal(0)
# How the rows of a correction stand in the file; none of them: as the lines show.
RETURN, PRICE, BEFORE_AFTER = "return", "price", "before_after"


class RowMatcher:
    """Finds the row of an invoice that a row of its correction changes."""

    def __init__(self, root_facts):
        rows = root_facts.rows if root_facts else []
        self._by_line = {row.line.id: row for row in rows}
        self._by_content = {}
        for row in rows:
            self._by_content.setdefault(_content(row), []).append(row)

    def match(self, rows):
        """Return {number of a row: row of the invoice}; rows without one are out."""
        found = {row.number: self._find(row) for row in rows}
        return {number: row for number, row in found.items() if row}

    def _find(self, row):
        line = row.line.l10n_pl_ksef_corrected_line_id
        seen = set()
        while line and line.id not in self._by_line and line.id not in seen:
            seen.add(line.id)
            line = line.l10n_pl_ksef_corrected_line_id
        if line.id in self._by_line:
            return self._by_line[line.id]
        alike = self._by_content.get(_content(row), ())
        same_price = [each for each in alike if unit_price(each) == unit_price(row)]
        return (same_price or list(alike) or [None])[0]


def unit_price(row):
    """Return the price of one unit after the discount."""
    return row.price * (1 - row.discount / HUNDRED)


def set_style(facts, matches):
    """Turn the rows of a credit note into differences of quantity or price.

    ``matches`` as :meth:`RowMatcher.match` gives them. The rows of a debit note and of
    a reversed credit note are differences as they stand.
    """
    asked = facts.move.l10n_pl_ksef_row_style
    if facts.move.move_type != "out_refund":
        return
    for row in facts.rows:
        match = matches.get(row.number)
        is_other = match is not None and unit_price(match) != unit_price(row)
        default = PRICE if is_other else RETURN
        style = default if asked in (False, BEFORE_AFTER) else asked
        if style == PRICE:
            row.price, row.discount = -unit_price(row), ZERO
        else:
            row.quantity = -row.quantity


def before_and_after(facts, earlier):
    """Return each changed line of the invoice as it was, and as it is now.

    :param earlier: list of (facts of an earlier correction, its matches), in order
    :return: None if a row cannot be brought together with what KSeF has
    """
    correction = facts.correction
    sent = {line.number: line for line in correction.sent.body.lines}
    rows = correction.root_facts.rows
    if len(sent) != len(rows) or not all(_is_same(row, sent) for row in rows):
        return None
    now = dict(sent)
    for each, matches in earlier:
        if not _apply(now, each.rows, matches):
            return None
    before = dict(now)
    if not _apply(now, facts.rows, correction.matches):
        return None
    for row in facts.rows:
        row.number = correction.matches[row.number].number
    keys = {row.number: f"aml-{row.line.id}" for row in rows}
    return tuple(
        replace(line, key=line.key or keys[number], is_before=is_before)
        for number in sorted({row.number for row in facts.rows})
        for line, is_before in ((before[number], True), (now[number], None))
    )


def _content(row):
    line = row.line
    return (line.product_id.id or row.text, row.rate)


def _is_same(row, sent):
    """Tell whether a row of the books is what KSeF has under its number."""
    line = sent.get(row.number)
    if line is None or line.quantity is None:
        return False
    return row.gross == line.gross if row.is_gross else row.net == line.net


def _apply(lines, rows, matches):
    """Change {number: line} by the rows of a correction; False if it cannot be."""
    for row in rows:
        match = matches.get(row.number)
        line = _change(lines[match.number], row) if match else None
        if line is None:
            return False
        lines[match.number] = line
    return True


def _change(line, row):
    """Return a line after a row of a correction, None if it does not fit."""
    name = "gross_price" if row.is_gross else "net_price"
    price = getattr(line, name)
    if price is None or (row.tax and row.tax.is_gross != row.is_gross):
        return None
    change = unit_price(row)
    if change == price - (line.unit_discount or ZERO):
        values = {"quantity": line.quantity + row.quantity}
    elif abs(row.quantity) == line.quantity:
        values = {name: price + change}
    else:
        return None
    if line.tax is not None:
        values["tax"] = line.tax + row.gross - row.net
    amount = "gross" if row.is_gross else "net"
    values[amount] = getattr(line, amount) + getattr(row, amount)
    return replace(line, **values)
