"""Beside Odoo's own KSeF module, where it is installed."""

import importlib
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .common import SELLER_NIP, KsefCase

# What their sending asks of KSeF, in the simulator's names.
THEIR_CALLS = ("public_keys", "open_online", "send_invoice")
SERVICE = "odoo.addons.l10n_pl_edi.tools.ksef_api_service"


class TestOtherModule(KsefCase):
    """One sender a company: what theirs sent is never sent by ours."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.other = self.env["l10n_pl_ksef.other_module"]
        self.has_other = "l10n_pl_edi_status" in self.env["account.move"]._fields

    def make_certificate(self):
        return self.env["certificate.certificate"].create(
            {
                "name": "KSeF",
                "company_id": self.company.id,
                "date_start": fields.Datetime.now(),
            }
        )

    def give_certificate(self):
        """Let theirs have what it needs to send for the company."""
        self.company.l10n_pl_edi_certificate = self.make_certificate()

    def send_by_theirs(self, invoice):
        """Send as the Send dialogue does with their box ticked; count their calls."""
        service = importlib.import_module(SERVICE).KsefApiService
        before = self.simulator.control("requests")
        data = {
            invoice: self.env["account.move.send"]._get_default_sending_settings(
                invoice
            )
            | {"extra_edis": {"pl_ksef"}, "sending_methods": set()}
        }
        with (
            patch.object(service, "_get_api_url", lambda one: self.simulator.url),
            self.allow_pdf_render(),
        ):
            self.env["account.move.send"]._generate_invoice_documents(data)
        after = self.simulator.control("requests")
        return sum(after.get(name, 0) - before.get(name, 0) for name in THEIR_CALLS)

    def test_invoice_that_theirs_sent_is_not_ours(self):
        for values in (
            {"l10n_pl_edi_status": "sent"},
            {"l10n_pl_edi_status": "accepted"},
            {"l10n_pl_edi_number": "1"},
        ):
            invoice = self.make_invoice()
            if self.has_other:
                invoice.write(values)
            invoice.action_post()
            with self.subTest(values=values):
                self.assertEqual(
                    bool(invoice.l10n_pl_ksef_document_ids), not self.has_other
                )
                self.assertEqual(invoice.l10n_pl_ksef_can_send, not self.has_other)

    def test_invoice_that_theirs_sent_is_not_sent_by_button_or_job(self):
        if not self.has_other:
            return
        invoice = self.make_invoice()
        invoice.l10n_pl_edi_number = "5795955811-20261120-0100001AF629-9D"
        invoice.action_post()
        invoice.action_l10n_pl_ksef_send()
        self.step()
        self.assertFalse(invoice.l10n_pl_ksef_document_ids)
        self.assertEqual(self.simulator.count("send_invoice"), 0)

    def test_number_that_theirs_got_serves_corrections(self):
        invoice, document = self.post_invoice()
        self.assertFalse(invoice._l10n_pl_ksef_known_number())
        if self.has_other:
            invoice.l10n_pl_edi_number = "theirs"
            self.assertEqual(invoice._l10n_pl_ksef_known_number(), "theirs")
        document.ksef_number = "ours"
        self.assertEqual(invoice._l10n_pl_ksef_known_number(), "ours")

    def test_rejected_by_theirs_may_be_sent_by_ours(self):
        invoice = self.make_invoice()
        if self.has_other:
            invoice.l10n_pl_edi_status = "rejected"
        invoice.action_post()
        self.assertTrue(invoice.l10n_pl_ksef_document_ids)

    def test_company_of_ours_never_reaches_their_post(self):
        if not self.has_other:
            return
        self.give_certificate()
        invoice, _document = self.post_invoice()
        self.assertEqual(self.send_by_theirs(invoice), 0)
        self.assertFalse(invoice.l10n_pl_edi_status)

    def test_company_that_ours_does_not_serve_reaches_their_post(self):
        if not self.has_other:
            return
        self.company.l10n_pl_ksef_environment = False
        self.give_certificate()
        invoice, _document = self.post_invoice()
        self.assertGreater(self.send_by_theirs(invoice), 0)

    def test_branch_under_our_connection_never_reaches_their_post(self):
        if not self.has_other:
            return
        branch = self.env["res.company"].create(
            {
                "name": "Oddział",
                "parent_id": self.company.id,
                "country_id": self.env.ref("base.pl").id,
            }
        )
        self.give_certificate()
        branch.l10n_pl_edi_certificate = self.company.l10n_pl_edi_certificate
        invoice, _document = self.post_invoice()
        send = self.env["account.move.send"]
        with patch.object(type(invoice), "company_id", branch):
            self.assertNotIn("pl_ksef", send._get_default_extra_edis(invoice))

    def test_send_dialogue_does_not_offer_theirs(self):
        if not self.has_other:
            return
        self.give_certificate()
        invoice, _document = self.post_invoice()
        send = self.env["account.move.send"]
        self.assertNotIn("pl_ksef", send._get_default_extra_edis(invoice))
        self.company.l10n_pl_ksef_environment = False
        self.assertIn("pl_ksef", send._get_default_extra_edis(invoice))

    def test_their_certificate_keeps_ours_from_going_live(self):
        if not self.has_other:
            self.assertFalse(self.company._l10n_pl_ksef_other_module_is_set())
            return
        self.give_certificate()
        token = self.simulator.make_token(SELLER_NIP)
        result = self.env["l10n_pl_ksef.setup"]._connect(
            self.company, "test", token, "127.0.0.1"
        )
        self.assertFalse(result["connected"])
        self.assertIn("module", [check["key"] for check in result["checks"]])
        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(document.blocked_reason, "module")

    def test_page_offers_to_take_over_and_sending_goes_on(self):
        if not self.has_other:
            return
        _invoice, document = self.post_invoice()
        self.give_certificate()
        certificate = self.company.l10n_pl_edi_certificate
        self.company.l10n_pl_edi_access_token = "theirs"
        self.step()
        self.assertEqual(document.blocked_reason, "module")
        health = self.env["l10n_pl_ksef.health"]
        (todo,) = health.get_status(self.company.id)["todo"]
        self.assertEqual(todo["actions"][0]["target"], "take_over")
        self.assertTrue(todo["actions"][0]["confirm"])
        health.take_over(self.company.id)
        self.assertFalse(self.company.l10n_pl_edi_certificate)
        self.assertTrue(certificate.exists())
        self.assertEqual(self.company.l10n_pl_edi_access_token, "theirs")
        note = self.company.partner_id.message_ids[0].body
        self.assertIn(self.env.user.name, note)
        self.advance(document, "accepted")

    def test_settings_offer_to_take_over(self):
        settings = self.env["res.config.settings"].create({})
        self.assertFalse(settings.l10n_pl_ksef_has_other)
        if not self.has_other:
            return
        self.give_certificate()
        settings = self.env["res.config.settings"].create({})
        self.assertTrue(settings.l10n_pl_ksef_has_other)
        settings.action_l10n_pl_ksef_take_over()
        self.assertFalse(self.company.l10n_pl_edi_certificate)

    def test_only_the_administrator_takes_over(self):
        user = new_test_user(
            self.env,
            login="ksef_books",
            groups="account.group_account_manager",
            company_id=self.company.id,
        )
        with self.assertRaises(AccessError):
            self.other.with_user(user)._take_over(self.company)

    def test_their_fields_are_read_in_one_place_that_tolerates_their_absence(self):
        invoice, _document = self.post_invoice()
        names = ("l10n_pl_edi_number", "l10n_pl_edi_status")
        kept = {
            name: field
            for name, field in type(invoice)._fields.items()
            if name not in names
        }
        with patch.object(type(invoice), "_fields", kept):
            self.assertFalse(self.other._get_state(invoice))
            self.assertFalse(self.other._get_number(invoice))
            self.assertEqual(self.other._count_open(self.company), 0)
