"""The kind of an invoice that corrects nothing (RodzajFaktury)."""

from ..fa3.codes import InvoiceKind


def find_advance_lines(move):
    """Return the lines of advances of an invoice: paid on account, or settled.

    There are none where Odoo's sale module is missing.
    """
    if "is_downpayment" not in move.line_ids._fields:
        return move.line_ids.browse()
    return move.line_ids.filtered("is_downpayment")


def is_advance_row(row):
    """Tell whether a row stands for an advance."""
    return "is_downpayment" in row.line._fields and row.line.is_downpayment


def kind_of(move):
    """Return the ``InvoiceKind``: what its lines are, else what a person chose."""
    advances = find_advance_lines(move).filtered("quantity")
    if advances:
        lines = move.line_ids.filtered(
            lambda line: line.display_type == "product" and line.quantity
        )
        is_settled = all(line.quantity < 0 for line in advances)
        is_final = is_settled and len(advances) < len(lines)
        return InvoiceKind.FINAL if is_final else InvoiceKind.ADVANCE
    if move.l10n_pl_ksef_settles_payments:
        return InvoiceKind.FINAL
    if move.l10n_pl_ksef_is_simplified:
        return InvoiceKind.SIMPLIFIED
    return InvoiceKind.INVOICE
