"""Rows of a correction: by difference, or as they stood before and stand after."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from .l10n_pl_ksef_fa3_lines import HUNDRED

ZERO = Decimal(0)
# How the rows of a correction stand in the file; none of them: as the lines show.
RETURN, PRICE, BEFORE_AFTER = "return", "price", "before_after"


class Left(NamedTuple):
    """A row of an invoice, and what its corrections have left of it.

    :ivar documents: how many have rounded the net amount
    """

    row: Any
    quantity: Decimal
    net: Decimal
    documents: int


class RowMatcher:
    """Finds the row of an invoice that a row of its correction changes.

    :ivar prices: {number of a row: prices of one unit that it has had, in order}
    """

    def __init__(self, root_facts):
        rows = root_facts.rows if root_facts else []
        self.prices = {row.number: [unit_price(row)] for row in rows}
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


def style_earlier(earlier, matcher, choose=list):
    """Return [(``Facts`` of each earlier correction, its matches)], in order.

    Copies: all corrections of one invoice share what came before them.

    :param choose: function of all rows of a correction that returns those that count
    """
    found = []
    for each in earlier:
        copied = replace(each, rows=choose([replace(row) for row in each.rows]))
        matches = matcher.match(copied.rows)
        set_style(copied, matches, matcher.prices)
        found.append((copied, matches))
    return found


def set_style(facts, matches, prices):
    """Turn the rows of a credit note into differences of quantity or price.

    ``matches`` as :meth:`RowMatcher.match` gives them, ``prices`` of the same; a price
    that is changed here is added to them. The rows of a debit note and of a reversed
    credit note are differences as they stand.
    """
    is_refund = facts.move.move_type == "out_refund"
    asked = facts.move.l10n_pl_ksef_row_style
    for row in facts.rows:
        match = matches.get(row.number)
        known = prices[match.number] if match else [unit_price(row)]
        default = RETURN if unit_price(row) in known else PRICE
        style = default if asked in (False, BEFORE_AFTER) else asked
        row.is_price_change = style == PRICE
        if is_refund and style == RETURN:
            row.quantity = -row.quantity
        elif is_refund:
            row.price, row.discount = -unit_price(row), ZERO
        if style == PRICE:
            known.append(known[-1] + unit_price(row))


def keep_method(rows, matches):
    """Price rows net whose invoice has them net; of one rate all, as there."""
    rates = {
        row.rate
        for row in rows
        if row.number in matches and not matches[row.number].is_gross
    }
    for row in rows:
        row.is_gross = row.is_gross and row.rate not in rates


def what_is_left(corrections):
    """Return [:class:`Left`] of the rows of an invoice that the last one changes.

    :param corrections: list of (``Facts`` of a correction, its matches), styled
    """
    found = {}
    for facts, matches in corrections:
        for row in facts.rows:
            match = matches.get(row.number)
            if not match:
                continue
            left = found.get(match.number) or Left(match, match.quantity, match.net, 1)
            quantity = ZERO if row.is_price_change else row.quantity
            found[match.number] = Left(
                match, left.quantity + quantity, left.net + row.net, left.documents + 1
            )
    _facts, last = corrections[-1]
    changed = {match.number for match in last.values()}
    return [left for number, left in found.items() if number in changed]


def before_and_after(facts, earlier):
    """Return each changed line of the invoice as it was, and as it is now.

    :param earlier: list of (facts of an earlier correction, its matches), in order
    :return: None if a row cannot be brought together with what KSeF has
    """
    correction = facts.correction
    before = _state_before(correction, earlier)
    now = before and dict(before)
    if not now or not _apply(now, facts.rows, correction.matches):
        return None
    for row in facts.rows:
        row.number = correction.matches[row.number].number
    keys = {row.number: f"aml-{row.line.id}" for row in correction.root_facts.rows}
    # Without rows only what remains to be paid changes: all lines stand as they are.
    changed = {row.number for row in facts.rows} or before
    return tuple(
        replace(line, key=line.key or keys[number], is_before=is_before)
        for number in sorted(changed)
        for line, is_before in ((before[number], True), (now[number], None))
    )


def _state_before(correction, earlier):
    """Return {number: line} after the earlier corrections, None if unknown."""
    sent = {line.number: line for line in correction.sent.body.lines}
    rows = correction.root_facts.rows
    if len(sent) != len(rows) or not all(_is_same(row, sent) for row in rows):
        return None
    for each, matches in earlier:
        if not _apply(sent, each.rows, matches):
            return None
    return sent


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
        line = _change(lines[match.number], row, match) if match else None
        if line is None:
            return False
        lines[match.number] = line
    return True


def _change(line, row, match):
    """Return a line after a row of a correction, None if it does not fit.

    :param match: row of the invoice; no more can come back than it has
    """
    name = "gross_price" if row.is_gross else "net_price"
    price = getattr(line, name)
    if price is None or (row.tax and row.tax.is_gross != row.is_gross):
        return None
    change, quantity = unit_price(row), line.quantity + row.quantity
    if row.is_price_change:
        values, is_fit = {name: price + change}, row.quantity == line.quantity
    else:
        is_same_price = change == price - (line.unit_discount or ZERO)
        is_fit = is_same_price and quantity * match.quantity >= 0
        values = {"quantity": quantity}
    if row.rate != match.rate or not is_fit:
        return None
    if line.tax is not None:
        values["tax"] = line.tax + row.gross - row.net
    amount = "gross" if row.is_gross else "net"
    values[amount] = getattr(line, amount) + getattr(row, amount)
    return replace(line, **values)
