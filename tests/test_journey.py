"""The main road: confirm, number, receipt."""

import base64
import hashlib

from .common import SELLER_NIP, KsefCase
from .login_methods import ByCertificate, ByToken


class TestJourney(ByToken, KsefCase):
    """A posted invoice gets one KSeF number and keeps its receipt."""

    def setUp(self):
        super().setUp()
        self.connect()

    def test_posted_invoice_gets_number_and_receipt(self):
        invoice, document = self.post_invoice()
        self.assertEqual(document.state, "queued", "posting only writes the row")
        self.assertEqual(self.simulator.count("send_invoice"), 0)
        self.run_job()
        self.assertEqual(document.state, "accepted")
        self.assertEqual(document.upo_state, "stored")
        [entry] = self.simulator.get_book()
        self.assertEqual(invoice.l10n_pl_ksef_number, entry["ksefNumber"])
        self.assertEqual(entry["invoiceNumber"], invoice.name)
        self.assertEqual(entry["nip"], SELLER_NIP)

    def test_stored_file_is_what_ksef_took(self):
        _invoice, document = self.post_invoice()
        self.run_job()
        [entry] = self.simulator.get_book()
        xml = base64.b64decode(document.xml)
        self.assertEqual(xml.decode(), entry["xml"])
        digest = base64.b64encode(hashlib.sha256(xml).digest()).decode()
        self.assertEqual(document.sha256, digest)
        self.assertEqual(entry["invoiceHash"], digest)

    def test_receipt_is_kept_byte_for_byte(self):
        _invoice, document = self.post_invoice()
        self.run_job()
        [entry] = self.simulator.get_book()
        self.assertEqual(base64.b64decode(document.upo).decode(), entry["upo"])

    def test_number_is_noted_in_the_posters_language(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        self.env.user.lang = "pl_PL"
        invoice, document = self.post_invoice()
        self.run_job()
        notes = " ".join(invoice.message_ids.mapped("body"))
        self.assertIn(f"Numer KSeF {document.ksef_number}", notes)

    def test_several_invoices_share_one_session(self):
        invoices = [self.post_invoice()[0] for _count in range(4)]
        self.run_job()
        numbers = {invoice.l10n_pl_ksef_number for invoice in invoices}
        self.assertEqual(len(numbers), 4)
        self.assertNotIn(False, numbers)
        self.assertEqual(self.simulator.count("open_online"), 1)
        self.assertEqual(self.count_logins_ever(), 1, "setup logged in")

    def test_rejected_invoice_shows_the_words_and_may_be_corrected(self):
        self.simulator.inject(
            "send_invoice",
            "invoice_status",
            code=450,
            details=["Nieprawidłowa data."],
        )
        invoice, document = self.post_invoice()
        self.run_job()
        self.assertEqual(document.state, "rejected")
        self.assertIn("Nieprawidłowa data.", document.status_details)
        invoice.button_draft()
        invoice.action_post()
        second = invoice.sudo().l10n_pl_ksef_document_id
        self.assertNotEqual(second, document)
        self.assertEqual(second.generation, 2)
        self.run_job()
        self.assertEqual(second.state, "accepted")
        self.assertEqual(document.state, "rejected", "evidence stays as it was")

    def test_unreachable_ksef_leaves_the_queue_waiting(self):
        self.simulator.inject("send_invoice", "status", status=503)
        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(document.state, "queued")
        self.assertEqual(document.attempt_count, 0, "certainly not delivered")
        self.assertTrue(document.connection_id.outage_since)
        self.advance(document, "accepted")
        self.assertFalse(document.connection_id.outage_since)
        self.assertEqual(len(self.simulator.get_book()), 1)


class TestJourneyByCertificate(ByCertificate, TestJourney):
    """The same road behind a log-in with a certificate."""

    def test_receipt_names_the_signed_login_and_no_token(self):
        _invoice, document = self.post_invoice()
        self.run_job()
        self.assertEqual(self.simulator.count("login_token"), 0)
        upo = base64.b64decode(document.upo).decode()
        self.assertIn("<SkrotDokumentuUwierzytelniajacego>", upo)
        self.assertNotIn("NumerReferencyjnyTokenaKSeF", upo)


class TestJourneyByRsaCertificate(ByCertificate, KsefCase):
    """The key of a certificate may be an RSA key as well."""

    key_kind = "rsa"

    def test_posted_invoice_gets_number_and_receipt(self):
        self.connect()
        _invoice, document = self.post_invoice()
        self.run_job()
        self.assertEqual((document.state, document.upo_state), ("accepted", "stored"))
        [entry] = self.simulator.get_book()
        self.assertEqual(document.ksef_number, entry["ksefNumber"])
        self.assertEqual(base64.b64decode(document.upo).decode(), entry["upo"])
        self.assertEqual(self.count_logins_ever(), 1)
