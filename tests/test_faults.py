"""Faults between sending and the answer; the outcome is always one number."""

import base64
import hashlib

from .common import KsefCase


class TestFaults(KsefCase):
    """Whatever happens on the way, KSeF gets the invoice exactly once."""

    def setUp(self):
        super().setUp()
        self.connect()

    def check_one_number(self, document):
        [entry] = self.simulator.get_book()
        self.assertEqual(document.ksef_number, entry["ksefNumber"])
        self.assertEqual(document.sha256, entry["invoiceHash"])

    def check_send_fault(self, action, first_state, **values):
        self.simulator.inject("send_invoice", action, **values)
        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(document.state, first_state)
        self.advance(document, "accepted")
        self.check_one_number(document)
        return document

    def test_dropped_before_processing_is_asked_then_sent_again(self):
        self.check_send_fault("drop_before", "unknown")

    def test_dropped_after_processing_takes_the_reference_over(self):
        self.check_send_fault("drop_after", "unknown")
        self.assertEqual(self.simulator.count("send_invoice"), 1)

    def test_gateway_error_is_unknown(self):
        self.check_send_fault("status", "unknown", status=502)

    def test_page_of_a_firewall_is_unknown(self):
        self.check_send_fault("html", "unknown")

    def test_rate_limit_waits_without_counting_an_attempt(self):
        document = self.check_send_fault("status", "queued", status=429, retry_after=7)
        self.assertEqual(document.attempt_count, 1)

    def test_expired_access_token_is_renewed_on_the_way(self):
        self.simulator.control("expire", {"what": "access"})
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        self.check_one_number(document)
        self.assertEqual(self.simulator.count("refresh"), 1)

    def test_refused_refresh_logs_in_again(self):
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        self.check_one_number(document)

    def test_closed_session_is_replaced(self):
        _invoice, first = self.post_invoice()
        self.advance(first, "accepted")
        self.simulator.control("expire", {"what": "sessions"})
        _invoice, second = self.post_invoice()
        self.advance(second, "accepted")
        self.assertEqual(len(self.simulator.get_book()), 2)

    def test_broken_off_invoice_goes_again(self):
        self.simulator.inject("send_invoice", "invoice_status", code=550)
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        self.check_one_number(document)
        self.assertEqual(document.attempt_count, 2)

    def test_revoked_token_holds_the_queue_until_a_new_one_comes(self):
        reference = self.connect().split("|")[0]
        _invoice, document = self.post_invoice()
        self.simulator.control(f"tokens/{reference}", {"status": "Revoked"})
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})
        self.step()
        self.assertEqual(document.state, "blocked")
        self.assertEqual(document.blocked_reason, "token")
        logins = self.simulator.count("login_token")
        self.step()
        self.assertEqual(
            self.simulator.count("login_token"), logins, "no storm of logins"
        )
        self.connect()
        self.advance(document, "accepted")
        self.check_one_number(document)

    def test_own_duplicate_takes_the_number_over(self):
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        number, session = document.ksef_number, document.session_id
        # As if the answer, the reference and the number had been lost.
        document.write(
            {
                "state": "queued",
                "ksef_number": False,
                "reference": False,
                "upo_state": "none",
            }
        )
        session._set_state("closing")
        self.advance(document, "accepted")
        self.assertEqual(document.ksef_number, number)
        self.check_one_number(document)
        self.step()
        self.assertEqual(document.upo_state, "stored")

    def test_foreign_duplicate_waits_for_a_person(self):
        self.simulator.control("settings", {"storage_seconds": 0})
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        number = document.ksef_number
        other = document._get_xml().replace(b"Nabywca", b"Odbiorca")
        document.write(
            {
                "state": "queued",
                "xml": base64.b64encode(other),
                "sha256": base64.b64encode(hashlib.sha256(other).digest()).decode(),
                "ksef_number": False,
            }
        )
        self.advance(document, "conflict")
        self.assertEqual(document.original_ksef_number, number)
        self.assertFalse(document.ksef_number, "nothing is adopted")
        self.assertEqual(len(self.simulator.get_book()), 1)
        return document

    def test_person_settles_a_conflict_either_way(self):
        document = self.test_foreign_duplicate_waits_for_a_person()
        invoice = document.move_id.with_env(self.env)
        self.env.user.group_ids += self.env.ref("account.group_account_user")
        with self.env.cr.savepoint() as savepoint:
            invoice.action_l10n_pl_ksef_adopt()
            self.assertEqual(document.state, "accepted")
            self.assertEqual(document.ksef_number, document.original_ksef_number)
            savepoint.rollback()
        self.env.invalidate_all()
        invoice.action_l10n_pl_ksef_dismiss()
        self.assertEqual(document.state, "withdrawn")
        invoice.button_draft()
        invoice.name = f"{invoice.name}-2"
        invoice.action_post()
        again = invoice.sudo().l10n_pl_ksef_document_id
        self.advance(again, "accepted")
        self.assertEqual(len(self.simulator.get_book()), 2)
