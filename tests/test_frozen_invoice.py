"""What KSeF has, or may have, is not changed on the server."""

from odoo.exceptions import UserError

from ..models.l10n_pl_ksef_document import FROZEN_STATES, STATES
from .common import KsefCase


class TestFrozenInvoice(KsefCase):
    """Draft, cancel, renumber and delete are refused while KSeF may hold it."""

    def setUp(self):
        super().setUp()
        self.connect()

    def get_cases(self):
        """Yield (state, return state, is frozen) of every document state."""
        for state, _label in STATES:
            if state != "blocked":
                yield state, False, state in FROZEN_STATES
        for state in ("queued", "unknown", "processing"):
            yield "blocked", state, state in FROZEN_STATES

    def check_each_state(self, change, waiting_too=False):
        """Try a change in each state; with a file that waits it may be refused too."""
        for state, back, is_frozen in self.get_cases():
            is_refused = is_frozen or (waiting_too and state in ("queued", "blocked"))
            with self.subTest(state=state, back=back):
                invoice, document = self.post_invoice()
                document.write({"state": state, "return_state": back})
                invoice.invalidate_recordset()
                self.assertEqual(invoice.l10n_pl_ksef_is_frozen, is_frozen)
                if is_refused:
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        change(invoice)
                else:
                    change(invoice)

    def test_reset_to_draft(self):
        self.check_each_state(lambda invoice: invoice.button_draft())

    def test_cancel(self):
        self.check_each_state(lambda invoice: invoice.button_cancel())

    def test_renumber(self):
        self.check_each_state(
            lambda invoice: invoice.write({"name": f"{invoice.name}-changed"}),
            waiting_too=True,
        )

    def test_same_values_may_be_written_again(self):
        invoice, document = self.post_invoice()
        document.write({"state": "processing"})
        invoice.write({"name": invoice.name})

    def test_resequence_wizard(self):
        invoice, document = self.post_invoice()
        document.write({"state": "processing"})
        wizard = (
            self.env["account.resequence.wizard"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"first_name": "FV/2026/99001"})
        )
        with self.assertRaises(UserError), self.env.cr.savepoint():
            wizard.resequence()

    def test_delete(self):
        for state in FROZEN_STATES:
            with self.subTest(state=state):
                invoice, document = self.post_invoice()
                document.write({"state": state})
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    invoice.with_context(force_delete=True).unlink()

    def test_rejected_invoice_is_kept_with_its_evidence(self):
        invoice, document = self.post_invoice()
        document.write({"state": "rejected", "attempt_count": 1})
        invoice.button_draft()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            invoice.unlink()
        document.attempt_count = 0
        invoice.unlink()
        self.assertFalse(document.exists())

    def test_trial_binds_nobody_in_production(self):
        invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            invoice.button_draft()
        self.company.l10n_pl_ksef_environment = "production"
        self.assertFalse(document._is_identity_frozen())
        self.assertTrue(invoice.l10n_pl_ksef_can_send)
        invoice.action_l10n_pl_ksef_send()
        again = invoice.sudo().l10n_pl_ksef_document_id
        self.assertEqual((again.environment, again.generation), ("production", 2))
        self.assertEqual(document.state, "accepted")

    def test_sent_submission_is_evidence(self):
        _invoice, document = self.post_invoice()
        document.attempt_count = 1
        with self.assertRaises(UserError):
            document.unlink()

    def test_draft_takes_an_unsent_row_back(self):
        invoice, document = self.post_invoice()
        invoice.button_draft()
        self.assertFalse(document.exists())
        self.step()
        self.assertFalse(self.simulator.get_book())

    def test_draft_withdraws_what_was_tried_before(self):
        invoice, document = self.post_invoice()
        document.attempt_count = 1
        invoice.button_draft()
        self.assertEqual(document.state, "withdrawn")
        invoice.action_post()
        self.assertEqual(invoice.l10n_pl_ksef_document_id.generation, 2)
