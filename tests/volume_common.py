"""What the tests of many invoices and several workers at once share."""

import contextlib

from odoo import fields

from ..models.l10n_pl_ksef_batch import INTERACTIVE_MAX_PARAMETER
from .batch_common import BatchCase

BATCH = "l10n_pl_ksef.batch"
DOCUMENT = "l10n_pl_ksef.document"
JOB = "l10n_pl_ksef.job"
SESSION = "l10n_pl_ksef.session"


class VolumeCase(BatchCase):
    """Base: a second worker, time that passes, and what KSeF got in the end."""

    @contextlib.contextmanager
    def as_worker(self):
        """Give the environment of a worker, in a cursor of its own."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            yield self.env(cr=cr, user=1, su=True)
        self.env.invalidate_all()

    def pack(self, env, ids):
        """Begin a package as a worker does that is stopped then; return its id."""
        documents = env[DOCUMENT].browse(ids)
        return env[BATCH]._write_intent(documents.connection_id, documents).id

    def press_button(self, documents):
        """Do what the button does while the job stands still."""
        with self.as_worker() as env:
            env[JOB]._step_by_hand(env[DOCUMENT].browse(documents.ids))

    def set_threshold(self, count):
        """Let more than so many waiting documents go as a package."""
        self.env["ir.config_parameter"].set_param(INTERACTIVE_MAX_PARAMETER, count)

    def forget_calls(self):
        """Let the hour pass in which calls of KSeF are counted."""
        self.env["l10n_pl_ksef.limit"].sudo().search([]).unlink()

    def pass_rounds(self, documents, count):
        """Let the job take steps, each after all pauses are over."""
        for _round in range(count):
            self.forget_calls()
            self.let_time_pass(documents)
            self.step()

    def pass_until(self, documents, state, most=40):
        """The same until the package of these documents has a state; return it."""
        for _round in range(most):
            package = documents.session_id
            if package.mapped("state") == [state]:
                return package
            self.pass_rounds(documents, 1)
        return self.fail(f"no package is {state}: {package.mapped('state')}")

    def get_packages(self):
        return self.env[SESSION].sudo().search([("kind", "=", "batch")], order="id")

    def get_pause(self):
        """Return the seconds for which KSeF is left alone from now on."""
        self.assertTrue(self.connection.retry_on, "KSeF is not spared")
        return (self.connection.retry_on - fields.Datetime.now()).total_seconds()

    def check_sent_once(self, documents):
        """Check: each file reached KSeF once and was taken."""
        sent = self.simulator.control("book")["sent"]
        for document in documents:
            codes = [
                one["code"] for one in sent if one["invoiceHash"] == document.sha256
            ]
            self.assertEqual(codes, [200], document.invoice_number)
