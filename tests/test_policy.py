"""What a company sends by itself."""

from datetime import timedelta

from odoo import fields

from .common import BUYER_NIP, KsefCase


class TestPolicy(KsefCase):
    """Only what the company's policy names goes to KSeF by itself."""

    def setUp(self):
        super().setUp()
        self.connect()

    def check_queued(self, invoice, is_queued):
        self.assertEqual(bool(invoice.l10n_pl_ksef_document_ids), is_queued)

    def test_dated_before_the_start_is_never_sent_by_itself(self):
        today = fields.Date.context_today(self.env.user)
        self.company.l10n_pl_ksef_since = today
        old, _row = self.post_invoice(invoice_date=today - timedelta(days=1))
        self.check_queued(old, False)
        self.assertFalse(old.l10n_pl_ksef_is_due)
        self.step()
        self.assertFalse(self.simulator.get_book())

    def test_by_button_only_waits_for_the_button(self):
        self.company.l10n_pl_ksef_send_mode = "manual"
        invoice, _row = self.post_invoice()
        self.check_queued(invoice, False)
        self.assertTrue(invoice.l10n_pl_ksef_can_send)
        invoice.action_l10n_pl_ksef_send()
        self.check_queued(invoice, True)

    def test_private_person_only_if_the_company_says_so(self):
        person = self.env["res.partner"].create({"name": "Jan Nowak"})
        invoice, _row = self.post_invoice(partner_id=person.id)
        self.check_queued(invoice, False)
        self.company.l10n_pl_ksef_to_private = True
        invoice, _row = self.post_invoice(partner_id=person.id)
        self.check_queued(invoice, True)

    def test_foreign_company_only_if_the_company_says_so(self):
        self.company.l10n_pl_ksef_to_foreign = False
        self.buyer.write({"vat": False, "country_id": self.env.ref("base.us").id})
        invoice, _row = self.post_invoice()
        self.check_queued(invoice, False)

    def test_foreign_address_with_polish_nip_is_a_polish_buyer(self):
        self.company.l10n_pl_ksef_to_foreign = False
        self.buyer.write(
            {"vat": f"PL{BUYER_NIP}", "country_id": self.env.ref("base.de").id}
        )
        invoice, _row = self.post_invoice()
        self.check_queued(invoice, True)

    def test_bills_and_receipts_are_not_meant_for_ksef(self):
        for move_type in ("in_invoice", "out_receipt"):
            with self.subTest(move_type=move_type):
                move = self.make_invoice(move_type=move_type)
                self.assertFalse(move.l10n_pl_ksef_is_due)
                self.assertFalse(move.l10n_pl_ksef_can_send)

    def test_future_date_waits_for_its_day(self):
        tomorrow = fields.Date.context_today(self.env.user) + timedelta(days=3)
        self.company.l10n_pl_ksef_on_problem = "hold"
        _invoice, document = self.post_invoice(invoice_date=tomorrow)
        self.step()
        self.assertEqual(document.state, "blocked")
        self.assertFalse(self.simulator.get_book())

    def test_branch_sends_under_its_parents_connection(self):
        branch = self.env["res.company"].create(
            {
                "name": "Oddział",
                "parent_id": self.company.id,
                "country_id": self.env.ref("base.pl").id,
            }
        )
        self.assertEqual(branch._l10n_pl_ksef_owner(), self.company)
        branch.vat = f"PL{BUYER_NIP}"
        self.assertFalse(branch._l10n_pl_ksef_owner(), "another NIP, another one")

    def test_company_without_ksef_gets_no_row(self):
        self.company.l10n_pl_ksef_environment = False
        invoice, _row = self.post_invoice()
        self.check_queued(invoice, False)
        self.assertFalse(invoice.l10n_pl_ksef_can_send)
