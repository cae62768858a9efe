"""Beside Odoo's own KSeF module, where it is installed."""

from odoo import fields

from .common import KsefCase


class TestOtherModule(KsefCase):
    """One sender a company: what theirs sent is never sent by ours."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.has_other = "l10n_pl_edi_status" in self.env["account.move"]._fields

    def test_invoice_that_theirs_sent_is_not_ours(self):
        for values in ({"l10n_pl_edi_status": "sent"}, {"l10n_pl_edi_number": "1"}):
            invoice = self.make_invoice()
            if self.has_other:
                invoice.write(values)
            invoice.action_post()
            with self.subTest(values=values):
                self.assertEqual(
                    bool(invoice.l10n_pl_ksef_document_ids), not self.has_other
                )
                self.assertEqual(invoice.l10n_pl_ksef_can_send, not self.has_other)

    def test_their_sending_is_dropped_for_a_company_of_ours(self):
        invoice, _row = self.post_invoice()
        data = {invoice: {"extra_edis": {"pl_ksef"}, "sending_methods": set()}}
        send = self.env["account.move.send"]
        for move in data:
            data[move] |= send._get_default_sending_settings(move)
            data[move]["extra_edis"] = {"pl_ksef"}
        with self.allow_pdf_render():
            send._generate_invoice_documents(data)
        self.assertFalse(data[invoice]["extra_edis"])

    def test_their_certificate_keeps_ours_from_going_live(self):
        if not self.has_other:
            self.assertFalse(self.company._l10n_pl_ksef_other_module_is_set())
            return
        self.company.l10n_pl_edi_certificate = self.make_certificate()
        token = self.simulator.make_token("5795955811")
        result = self.env["l10n_pl_ksef.setup"]._connect(
            self.company, "test", token, "127.0.0.1"
        )
        self.assertFalse(result["connected"])
        self.assertIn("module", [check["key"] for check in result["checks"]])
        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(document.blocked_reason, "module")

    def make_certificate(self):
        return self.env["certificate.certificate"].create(
            {
                "name": "KSeF",
                "company_id": self.company.id,
                "date_start": fields.Datetime.now(),
            }
        )
