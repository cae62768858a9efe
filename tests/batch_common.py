"""What the tests of packages share: many invoices, a low threshold, fast steps."""

from odoo import fields

from ..models.l10n_pl_ksef_batch import INTERACTIVE_MAX_PARAMETER
from .matrix_common import MatrixCase

OPEN = ("queued", "sending", "unknown", "processing", "blocked")


class BatchCase(MatrixCase):
    """Base: more than two waiting invoices go as one package."""

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param(INTERACTIVE_MAX_PARAMETER, "2")

    def post_many(self, count=4):
        """Post invoices; return their documents, queued."""
        moves = self.env["account.move"].union(
            *(self.make_invoice() for _number in range(count))
        )
        moves._post()
        return moves.sudo().l10n_pl_ksef_document_id

    def get_package(self, documents):
        """Return the one package that the documents are in."""
        package = documents.session_id
        self.assertEqual(package.mapped("kind"), ["batch"])
        return package

    def let_time_pass(self, documents):
        """Let every pause of these documents and their packages be over."""
        now = fields.Datetime.now()
        packages = documents.session_id.filtered("next_step_on")
        packages.write({"next_step_on": now})
        documents.filtered("next_step_on").write({"next_step_on": now})
        documents.connection_id.retry_on = False
        # What KSeF itself asked us to wait for stays.
        self.env["l10n_pl_ksef.limit"].sudo().search([]).write({"free_on": False})

    def settle(self, documents, steps=60):
        """Let the job work until every document is accepted and has its receipt."""
        for _step in range(steps):
            if set(documents.mapped("upo_state")) == {"stored"}:
                return
            self.let_time_pass(documents)
            self.step()
        self.fail(
            f"not settled: {documents.mapped('state')} {documents.mapped('upo_state')}"
            f" {documents.mapped('status_code')} {documents.session_id.mapped('state')}"
        )

    def check_book(self, documents, numbers=None):
        """Check: each invoice once at KSeF, same bytes, same number, a receipt."""
        book = self.simulator.get_book()
        self.assertEqual(len(book), len(documents) if numbers is None else numbers)
        by_number = {entry["invoiceNumber"]: entry for entry in book}
        for document in documents:
            entry = by_number[document.invoice_number]
            self.assertEqual(document.state, "accepted")
            self.assertEqual(document.ksef_number, entry["ksefNumber"])
            self.assertEqual(document._get_xml().decode(), entry["xml"])
            self.assertEqual(document.upo_state, "stored")
            self.assertIn(entry["ksefNumber"], document._get_upo().decode())
            self.assertFalse(document.blocked_reason)
            self.assertFalse(document.next_step_on)

    def finish_all(self, documents):
        self.settle(documents)
        self.check_book(documents)
