"""Rows that are paid with an invoice but are no part of its sale, e.g. deposits."""


def take_out(facts):
    """Move the rows outside VAT from ``rows`` of the ``Facts`` to ``settled``.

    Only rows without a VAT rate are looked at, so that it costs nothing where there
    are none.
    """
    rows = [row for row in facts.rows if row.tax is None and is_settled(row.line)]
    if not rows:
        return
    outside = {id(row) for row in rows}
    facts.settled = rows
    facts.rows = [row for row in facts.rows if id(row) not in outside]
    for row in rows:
        facts.comments += row.comments
    for number, row in enumerate(facts.rows, 1):
        row.number = number


def is_settled(line):
    """Tell whether a line, of an invoice or of an order, is outside VAT."""
    if line.tax_ids:
        return all(tax.l10n_pl_ksef_is_settled for tax in line.tax_ids)
    return line.product_id.product_tmpl_id.l10n_pl_ksef_is_settled
