"""Payments of invoices that are known when their files are made."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from odoo.tools import SQL

from .account_payment_method_line import FORMS_OF_JOURNALS
from .l10n_pl_ksef_fa3_facts import money

# Invoices in these have no payment that could be named.
UNPAID_STATES = ("not_paid", "reversed")
READ_FIELDS = {
    "account.partial.reconcile": None,
    "account.move": ["move_type", "origin_payment_id", "journal_id", "date"],
    "account.move.line": ["move_id", "display_type"],
    "account.payment": ["state", "move_id", "amount", "date", "invoice_ids"],
    "account.payment.method.line": ["name", "l10n_pl_ksef_form"],
}


class Paid(NamedTuple):
    """One payment in the invoice's currency; ``form``: (key of FORMS, its name)."""

    amount: Decimal
    paid_on: date
    form: tuple


def read(found):
    """Add payments to {move: ``Facts``}: one statement, none if nothing is paid."""
    moves = [
        move
        for move in found
        if move.id
        and move.move_type == "out_invoice"
        and move.payment_state not in UNPAID_STATES
    ]
    if not moves:
        return
    by_id = {move.id: move for move in moves}
    env = moves[0].env
    for model, names in READ_FIELDS.items():
        env[model].flush_model(names)
    for row in env.execute_query_dict(_query(tuple(by_id))):
        facts = found[by_id[row["invoice_id"]]]
        facts.paid += (_read_one(row),)


def _read_one(row):
    form = row["form"] or FORMS_OF_JOURNALS.get(row["journal_type"])
    return Paid(money(row["amount"]), row["paid_on"], (form, row["method"]))


def _query(ids):
    """Return the statement: reconciled entries, and payments without an entry.

    A credit note and a difference of exchange rates pay nothing. One payment of
    several instalments is one. A payment without an entry counts if it is for one
    invoice alone: what part of it is for which nobody knows. Once the bank statement
    has made the entry of the same amount, that one stands for it.
    """
    return SQL(
        """
        WITH entered AS (
            SELECT line.move_id AS invoice_id,
                   SUM(part.debit_amount_currency) AS amount,
                   entry.date AS paid_on, entry.journal_id, entry.id AS entry_id,
                   entry.origin_payment_id AS payment_id
              FROM account_partial_reconcile part
              JOIN account_move_line line ON line.id = part.debit_move_id
              JOIN account_move_line other ON other.id = part.credit_move_id
              JOIN account_move entry ON entry.id = other.move_id
             WHERE line.move_id IN %(ids)s
               AND line.display_type = 'payment_term'
               AND entry.move_type != 'out_refund'
               AND NOT EXISTS (
                   SELECT FROM account_partial_reconcile difference
                    WHERE difference.exchange_move_id = entry.id)
          GROUP BY line.move_id, entry.id
        ), paid AS (
            SELECT * FROM entered
         UNION ALL
            SELECT link.invoice_id, payment.amount, payment.date,
                   payment.journal_id, NULL, payment.id
              FROM account_move__account_payment link
              JOIN account_payment payment ON payment.id = link.payment_id
              JOIN account_move invoice ON invoice.id = link.invoice_id
             WHERE link.invoice_id IN %(ids)s
               AND payment.move_id IS NULL
               AND payment.state IN ('in_process', 'paid')
               AND payment.currency_id = invoice.currency_id
               AND NOT EXISTS (
                   SELECT FROM entered
                    WHERE entered.invoice_id = link.invoice_id
                      AND entered.payment_id IS NULL
                      AND entered.amount = payment.amount)
               AND NOT EXISTS (
                   SELECT FROM account_move__account_payment another
                    WHERE another.payment_id = payment.id
                      AND another.invoice_id != link.invoice_id))
        SELECT paid.invoice_id, paid.amount, paid.paid_on, journal.type AS journal_type,
               method.l10n_pl_ksef_form AS form, method.name AS method
          FROM paid
          JOIN account_journal journal ON journal.id = paid.journal_id
     LEFT JOIN account_payment payment ON payment.id = paid.payment_id
     LEFT JOIN account_payment_method_line method
            ON method.id = payment.payment_method_line_id
      ORDER BY paid.paid_on, paid.entry_id, paid.payment_id
        """,
        ids=ids,
    )
