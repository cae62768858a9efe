"""KSeF is spared while it asks for that, and one company never stops another."""

import base64
from datetime import timedelta
from unittest.mock import patch

from odoo import fields

from ..models.l10n_pl_ksef_session import SESSION_USE
from .common import BUYER_NIP, SELLER_NIP, KsefCase

JOB_LOGGER = "odoo.addons.l10n_pl_ksef.models.l10n_pl_ksef_job"


class TestPauses(KsefCase):
    """Each pause holds for those it was meant for, and for as long as it says."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.connection = self.env["l10n_pl_ksef.connection"]._get_for(self.company)

    def make_due(self, documents):
        documents.write({"next_step_on": fields.Datetime.now()})

    def test_limit_of_sending_is_kept_and_questions_go_on(self):
        _invoice, asked = self.post_invoice()
        self.step()
        self.assertEqual(asked.state, "processing")
        self.simulator.inject("send_invoice", "status", status=429, retry_after=900)
        others = self.env["l10n_pl_ksef.document"].sudo()
        for _count in range(3):
            others += self.post_invoice()[1]
        self.step()
        self.make_due(asked + others)
        for _count in range(6):
            self.step()
        self.assertEqual(self.simulator.count("send_invoice"), 2, "one was refused")
        self.assertEqual(set(others.mapped("state")), {"queued"})
        self.assertEqual(asked.upo_state, "stored")

    def test_person_cannot_shorten_what_ksef_asked_for(self):
        self.simulator.inject("send_invoice", "status", status=429, retry_after=900)
        invoice, _document = self.post_invoice()
        self.step()
        invoice.action_l10n_pl_ksef_send()
        self.step()
        self.assertEqual(self.simulator.count("send_invoice"), 1)

    def test_outage_stops_the_queue_after_one_call(self):
        self.simulator.inject("open_online", "status", status=503, times=50)
        documents = self.env["l10n_pl_ksef.document"].sudo()
        for _count in range(5):
            documents += self.post_invoice()[1]
        for _count in range(5):
            self.step()
        self.assertEqual(self.simulator.count("open_online"), 1)
        self.assertEqual(set(documents.mapped("state")), {"queued"})
        self.assertTrue(self.connection.retry_on)

    def test_refused_session_is_not_opened_without_end(self):
        self.simulator.inject("send_invoice", "error_code", code=21184, times=50)
        _invoice, document = self.post_invoice()
        for _count in range(8):
            self.step()
        self.assertLessEqual(self.simulator.count("send_invoice"), 2)
        self.assertGreater(document.next_step_on, fields.Datetime.now())
        self.advance(document, "blocked")
        self.assertEqual(document.blocked_reason, "program")

    def test_old_session_is_replaced(self):
        _invoice, first = self.post_invoice()
        self.advance(first, "accepted")
        self.step()
        session = first.session_id
        session.opened_on = fields.Datetime.now() - SESSION_USE - timedelta(minutes=1)
        _invoice, second = self.post_invoice()
        self.advance(second, "accepted")
        self.assertNotEqual(second.session_id, session)
        self.assertIn(session.state, ("closed", "closing"))
        self.assertEqual(len(self.simulator.get_book()), 2)

    def test_finished_document_with_a_date_stops_nobody(self):
        _invoice, finished = self.post_invoice()
        finished.write({"state": "rejected"})
        self.make_due(finished)
        _invoice, document = self.post_invoice()
        with self.assertNoLogs(JOB_LOGGER, "ERROR"):
            self.advance(document, "accepted")
        self.assertEqual(finished.state, "rejected")

    def test_fault_of_ours_lets_the_other_documents_go_on(self):
        _invoice, broken = self.post_invoice()
        _invoice, document = self.post_invoice()
        now = fields.Datetime.now()
        broken.next_step_on = fields.Datetime.subtract(now, minutes=1)
        sender = type(self.env["l10n_pl_ksef.sender"])
        send_one = sender._send_one

        def send_or_break(self, one):
            if one.id == broken.id:
                raise ZeroDivisionError
            send_one(self, one)

        with patch.object(sender, "_send_one", send_or_break):
            with self.assertLogs(JOB_LOGGER, "ERROR"):
                self.step()
            self.step()
        self.assertEqual(document.state, "processing")
        self.assertEqual(broken.state, "queued")
        self.assertGreater(broken.next_step_on, fields.Datetime.now())


class TestSeveralCompanies(KsefCase):
    """One company's trouble is not another's."""

    def test_company_without_token_does_not_starve_the_other(self):
        self.connect()
        _invoice, stuck = self.post_invoice()
        self.step()
        self.assertEqual(stuck.state, "processing")
        self.env["l10n_pl_ksef.setup"]._disconnect(self.company)

        other = self.make_other_company()
        invoice = self.make_invoice_of(other)
        invoice.action_post()
        document = invoice.sudo().l10n_pl_ksef_document_id
        stuck.next_step_on = fields.Datetime.now()
        self.advance(document, "accepted")
        self.assertEqual(stuck.state, "blocked")
        self.assertEqual(stuck.return_state, "processing")
        self.assertEqual(stuck.blocked_reason, "no_token")

        self.connect()
        self.advance(stuck, "accepted")
        self.assertEqual(len(self.simulator.get_book()), 2)

    def make_other_company(self):
        data = self.setup_other_company(name="Druga Sp. z o.o.")
        company = data["company"]
        company.write(
            {
                "vat": f"PL{BUYER_NIP}",
                "street": "ul. Inna 2",
                "city": "Gdynia",
                "country_id": self.env.ref("base.pl").id,
            }
        )
        token = self.simulator.make_token(BUYER_NIP)
        setup = self.env["l10n_pl_ksef.setup"]
        result = setup._connect(company, "test", token, "127.0.0.1")
        self.assertTrue(result["connected"], result)
        return company

    def make_invoice_of(self, company):
        self.buyer.vat = f"PL{SELLER_NIP}"
        tax = self.env["account.tax"].search(
            [
                ("company_id", "=", company.id),
                ("type_tax_use", "=", "sale"),
                ("l10n_pl_ksef_rate", "=", "23"),
            ],
            limit=1,
        )
        invoice = self.make_invoice(company_id=company.id, invoice_line_ids=[])
        line = {"name": "Usługa", "price_unit": 50, "tax_ids": [(6, 0, tax.ids)]}
        invoice.write({"invoice_line_ids": [(0, 0, line)]})
        return invoice


class TestAskingUnderObstacles(KsefCase):
    """What keeps a company from sending keeps it from asking too."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.connection = self.env["l10n_pl_ksef.connection"]._get_for(self.company)

    def make_asking_documents(self):
        """Return documents in processing, unknown and without their receipt."""
        documents = self.env["l10n_pl_ksef.document"].sudo()
        for _count in range(3):
            documents += self.post_invoice()[1]
        for document in documents:
            self.advance(document, "processing", "accepted")
        documents[0].write({"state": "processing"})
        documents[1].write({"state": "unknown"})
        documents[2].write({"state": "accepted", "upo_state": "wanted"})
        return documents

    def test_copy_asks_nothing(self):
        documents = self.make_asking_documents()
        own = self.connection.database_identity
        self.connection.database_identity = "of another database"
        documents.write({"next_step_on": fields.Datetime.now()})
        calls = self.simulator.control("requests")
        for _count in range(5):
            self.step()
        self.assertEqual(self.simulator.control("requests"), calls)
        self.assertEqual(documents[0].blocked_reason, "copy")
        self.assertEqual(documents[1].return_state, "unknown")
        self.assertEqual(documents[2].state, "accepted")
        self.connection.database_identity = own
        self.step()
        self.assertNotIn("blocked", documents.mapped("state"))

    def test_revoked_token_makes_no_storm_of_logins(self):
        documents = self.make_asking_documents()
        reference = self.connection.token_reference
        self.simulator.control(f"tokens/{reference}", {"status": "Revoked"})
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})
        before = self.simulator.count("login_token")
        for _count in range(6):
            documents.filtered("next_step_on").write(
                {"next_step_on": fields.Datetime.now()}
            )
            self.step()
        self.assertEqual(self.simulator.count("login_token"), before + 1)
        self.assertEqual(self.connection.problem, "token")

    def test_paste_of_a_token_is_possible_after_the_key_was_lost(self):
        lost = base64.b64encode(b"x" * 32).decode()
        with patch.dict("os.environ", {"L10N_PL_KSEF_KEY": lost}):
            _invoice, document = self.post_invoice()
            self.step()
            self.assertEqual(document.blocked_reason, "key")
            self.connect()
            self.advance(document, "accepted")


class TestManyAtOnce(KsefCase):
    """A pile of invoices is asked about in lists, and each is sent once."""

    def test_pile_is_sent_and_listed(self):
        self.simulator.control("settings", {"rate_limits": None})
        self.connect()
        documents = self.env["l10n_pl_ksef.document"].sudo()
        for _count in range(12):
            documents += self.post_invoice()[1]
        limits = self.env["l10n_pl_ksef.limit"].sudo()
        for _count in range(12):
            # As if time had passed; what is in question here are the questions.
            limits.search([]).unlink()
            self.step()
            waiting = documents.filtered(lambda one: one.state == "processing")
            waiting.write({"next_step_on": fields.Datetime.now() + timedelta(hours=1)})
        self.assertEqual(set(documents.mapped("state")), {"processing"})
        documents.write({"next_step_on": fields.Datetime.now()})
        self.step()
        self.assertEqual(set(documents.mapped("state")), {"accepted"})
        self.assertEqual(self.simulator.count("session_invoices"), 1)
        self.assertEqual(self.simulator.count("invoice_status"), 0)
        self.assertEqual(self.simulator.count("send_invoice"), 12)

    def test_list_is_not_asked_for_again_at_once(self):
        self.connect()
        self.simulator.control("settings", {"processing_seconds": 3600})
        documents = self.env["l10n_pl_ksef.document"].sudo()
        for _count in range(5):
            documents += self.post_invoice()[1]
        for _count in range(5):
            self.step()
            documents.write(
                {"next_step_on": fields.Datetime.now() + timedelta(hours=1)}
            )
            documents.filtered(lambda one: one.state == "queued").write(
                {"next_step_on": fields.Datetime.now()}
            )
        for _count in range(4):
            documents.write({"next_step_on": fields.Datetime.now()})
            self.step()
        self.assertEqual(self.simulator.count("session_invoices"), 1)
