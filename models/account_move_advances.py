"""Invoices: advances, final and simplified invoices; the order is kept as sold."""

from odoo import api, fields, models

from ..fa3.codes import InvoiceKind
from . import l10n_pl_ksef_fa3_related as fa3_related
from .account_move import READERS
from .account_move_statements import REASON_DEPENDS
from .l10n_pl_ksef_fa3_advances import read_order_facts
from .l10n_pl_ksef_fa3_kind import find_advance_lines
from .l10n_pl_ksef_fa3_order import dump
from .l10n_pl_ksef_fa3_settled import OF_ADVANCES
from .l10n_pl_ksef_outbox import SENT_MOVE_TYPES

KINDS = [
    (InvoiceKind.INVOICE.value, "Invoice (VAT)"),
    (InvoiceKind.ADVANCE.value, "Advance invoice (ZAL)"),
    (InvoiceKind.FINAL.value, "Final invoice (ROZ)"),
    (InvoiceKind.SIMPLIFIED.value, "Simplified invoice (UPR)"),
    (InvoiceKind.CORRECTION.value, "Correction (KOR)"),
    (
        InvoiceKind.CORRECTION_OF_ADVANCE.value,
        "Correction of an advance invoice (KOR_ZAL)",
    ),
    (InvoiceKind.CORRECTION_OF_FINAL.value, "Correction of a final invoice (KOR_ROZ)"),
]
CHOICES = frozenset(
    {
        "l10n_pl_ksef_is_simplified",
        "l10n_pl_ksef_settles_payments",
        "l10n_pl_ksef_received_ids",
    }
)
SHOWN = (
    *("l10n_pl_ksef_kind", "l10n_pl_ksef_order_names", "l10n_pl_ksef_order_value"),
    *("l10n_pl_ksef_advance_ids", "l10n_pl_ksef_takes_payments"),
)


class AccountMove(models.Model):
    _inherit = "account.move"

    l10n_pl_ksef_is_simplified = fields.Boolean(
        "Simplified invoice",
        copy=False,
        tracking=True,
        help="Up to 450 PLN (100 EUR) to a buyer with a NIP, without its name and"
        " address (UPR).",
    )
    l10n_pl_ksef_settles_payments = fields.Boolean(
        "Settles payments without advance invoice",
        copy=False,
        tracking=True,
        help="Paid on account in the month of the sale, so that no advance invoice was"
        " issued: this is the final invoice and lists the payments (ROZ).",
    )
    l10n_pl_ksef_received_ids = fields.One2many(
        "l10n_pl_ksef.received",
        "move_id",
        "Received on account",
        copy=False,
        groups=READERS,
        help="Payments before the invoice. If empty, those booked in Odoo are taken.",
    )
    # Rows of the sales orders as they were when the invoice was posted.
    l10n_pl_ksef_order = fields.Json("Order of the advance", copy=False)

    l10n_pl_ksef_kind = fields.Selection(
        KINDS,
        "Kind for KSeF",
        compute="_compute_l10n_pl_ksef_advances",
        groups=READERS,
    )
    l10n_pl_ksef_order_names = fields.Char(
        "Order", compute="_compute_l10n_pl_ksef_advances", groups=READERS
    )
    l10n_pl_ksef_order_value = fields.Monetary(
        "Value of the order",
        compute="_compute_l10n_pl_ksef_advances",
        currency_field="currency_id",
        groups=READERS,
    )
    l10n_pl_ksef_advance_ids = fields.Many2many(
        "account.move",
        string="Advance invoices",
        compute="_compute_l10n_pl_ksef_advances",
        groups=READERS,
    )
    l10n_pl_ksef_takes_payments = fields.Boolean(
        "Lists payments on account",
        compute="_compute_l10n_pl_ksef_advances",
        groups=READERS,
    )

    def _l10n_pl_ksef_file_fields(self):
        # EXTENDS l10n_pl_ksef
        return super()._l10n_pl_ksef_file_fields() | CHOICES | {"l10n_pl_ksef_order"}

    @api.depends(*REASON_DEPENDS, *CHOICES, "l10n_pl_ksef_order")
    def _compute_l10n_pl_ksef_advances(self):
        shown = self.filtered(
            lambda move: (
                move.move_type in SENT_MOVE_TYPES
                and (move.l10n_pl_ksef_is_due or move.l10n_pl_ksef_state)
            )
        )
        for name in SHOWN:
            self[name] = False
        if not shown:
            return
        # What is computed here is not what the file is frozen from.
        export = self.env["l10n_pl_ksef.fa3.export"].sudo()
        found = export.with_context(bin_size=False)._gather(shown)
        for move in shown:
            facts = found[move]
            order, kind = facts.advance.order, facts.kind
            settles = move.l10n_pl_ksef_settles_payments
            move.l10n_pl_ksef_kind = kind.value
            move.l10n_pl_ksef_order_names = order.names
            move.l10n_pl_ksef_order_value = float(order.gross)
            move.l10n_pl_ksef_advance_ids = move.browse(
                each.move.id for each in facts.advances
            )
            move.l10n_pl_ksef_takes_payments = kind == InvoiceKind.ADVANCE or (
                kind == InvoiceKind.FINAL and settles
            )

    def _post(self, soft=True):
        # EXTENDS l10n_pl_ksef: the file is made there, of the order as it is now.
        self.sudo()._l10n_pl_ksef_fix_orders()
        return super()._post(soft)

    def _l10n_pl_ksef_fix_orders(self):
        """Keep what advance invoices that are being posted say of their orders.

        An order with a tax that FA(3) does not know is read again until it is put
        right.
        """
        advances = self.filtered(
            lambda move: (
                move.move_type in SENT_MOVE_TYPES
                and move.country_code == "PL"
                and find_advance_lines(move)
                and fa3_related.find_kind(move) in OF_ADVANCES
            )
        )
        if not advances:
            return
        found = read_order_facts(advances, advances)
        for move in advances:
            order = found.get(move)
            is_whole = order and order.rows and order.is_rated
            move.l10n_pl_ksef_order = dump(order) if is_whole else False
