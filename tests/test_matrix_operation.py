"""Fault matrix, operation: the job, the button, copies and keys."""

import base64
import os
from datetime import timedelta
from unittest.mock import patch

from odoo import fields

from .matrix_common import JOB_LOGGER, SQL_LOGGER, MatrixCase

NEVER_FITTING = "of another database"


class TestHeld(MatrixCase):
    """What is not fit for KSeF is held with a reason, and never sent."""

    def test_missing_data_is_held_and_never_sent(self):
        self.company.l10n_pl_ksef_on_problem = "hold"
        invoice = self.make_invoice()
        invoice.invoice_line_ids.tax_ids = False
        invoice.action_post()
        document = invoice.sudo().l10n_pl_ksef_document_id
        document.next_step_on = fields.Datetime.now()
        self.work(document)
        self.assertEqual(document.blocked_reason, "data")
        self.assertTrue(invoice.l10n_pl_ksef_line["details"], "the fields are named")
        self.check_nothing_sent()

    def test_file_that_is_not_valid_is_held_and_never_sent(self):
        self.company.l10n_pl_ksef_on_problem = "hold"
        invoice = self.make_invoice()
        # The schema allows 512 characters (P_7).
        invoice.invoice_line_ids.name = "a\x01" * 300
        invoice.action_post()
        document = invoice.sudo().l10n_pl_ksef_document_id
        self.work(document)
        if document.state == "blocked":
            self.check_nothing_sent()
        else:
            self.finish_same(document, posts=1)


class TestCopiesAndKeys(MatrixCase):
    """Without the own identity or the key nothing goes out, and nothing is lost."""

    def check_silent(self, reason, *documents):
        calls = self.simulator.control("requests")
        for document in documents:
            self.work(document, steps=3)
            self.assertEqual(document.blocked_reason, reason)
        self.assertEqual(self.simulator.control("requests"), calls)

    def test_copy_is_silent_whatever_was_under_way(self):
        _invoice, processing = self.post_invoice()
        self.step()
        _invoice, queued = self.post_invoice()
        own = self.connection.database_identity
        self.connection.database_identity = NEVER_FITTING
        self.check_silent("copy", processing, queued)
        self.connection.database_identity = own
        self.finish_same(processing, posts=1)
        self.finish_same(queued, posts=1)

    def test_wrong_key_holds_the_queue_until_the_token_is_pasted_again(self):
        _invoice, document = self.post_invoice()
        wrong = base64.b64encode(b"w" * 32).decode()
        with patch.dict(os.environ, {"L10N_PL_KSEF_KEY": wrong}):
            self.check_silent("key", document)
            sentence = document.move_id.l10n_pl_ksef_line["sentence"]
            self.assertIn("Enter it again", sentence)
            self.connect()
            self.finish_same(document, posts=1)

    def test_lost_key_of_a_session_costs_the_session_alone(self):
        self.open_session()
        sessions = self.env["l10n_pl_ksef.session"].sudo()
        session = sessions.search([("state", "=", "open")])
        session.sealed_key = "v1.00000000.AAAA"
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=1)
        self.assertNotEqual(document.session_id, session)


class TestJob(MatrixCase):
    """One document's or company's fault never stops the job, nor the button."""

    def test_fault_of_one_document_does_not_fail_the_job(self):
        """Nothing at all can be written of one document, not even its pause."""
        _invoice, broken = self.post_invoice()
        _invoice, document = self.post_invoice()
        self.break_writes("22012", f"NEW.id = {broken.id}")
        with self.assertLogs(JOB_LOGGER, "ERROR"), self.assertLogs(SQL_LOGGER, "ERROR"):
            self.run_job()
        self.mend_writes()
        self.assertEqual(document.state, "accepted")
        crons = self.get_crons()
        self.assertFalse(any(crons.mapped("failure_count")))
        self.assertTrue(all(crons.mapped("active")))
        self.finish_same(broken, posts=1)

    def test_job_that_stands_still_is_said_and_the_button_works(self):
        self.get_crons().write(
            {
                "active": True,
                "nextcall": fields.Datetime.now() - timedelta(hours=2),
            }
        )
        self.check_button()

    def test_job_that_is_off_is_said_and_the_button_works(self):
        self.get_crons().write({"active": False})
        self.check_button()

    def check_button(self):
        """Press "Send now" until there is a number, without any job."""
        invoice, document = self.post_invoice()
        line = invoice.l10n_pl_ksef_line
        self.assertIn(line["level"], ("warning", "danger"))
        self.assertIn("since", line["sentence"] + line["title"])
        for _press in range(8):
            if document.upo_state == "stored":
                break
            if document.state == "queued":
                invoice.action_l10n_pl_ksef_send()
            else:
                invoice.action_l10n_pl_ksef_check()
            self.run_after_commit()
        self.check_same_result(document, posts=1)

    def run_after_commit(self):
        """Do what waits for the commit of a person's request."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.cr.postcommit.run()
        self.env.invalidate_all()

    def test_button_during_the_job_sends_nothing_twice(self):
        invoice, document = self.post_invoice()
        self.step()
        invoice.action_l10n_pl_ksef_send()
        invoice.action_l10n_pl_ksef_check()
        self.run_after_commit()
        self.finish_same(document, posts=1)

    def test_job_whose_user_is_archived_is_said(self):
        user = self.env["res.users"].create({"name": "Gone", "login": "gone"})
        user.active = False
        self.get_crons().write({"user_id": user.id})
        self.check_button()
