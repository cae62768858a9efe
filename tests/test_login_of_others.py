"""The login is replaced by that of somebody else, who does not see the old sessions."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields

from .batch_common import BatchCase
from .matrix_common import FOR_EVER_SECONDS

SOMEBODY_ELSE = {"type": "Pesel", "value": "80010112345"}
NO_READING = ["InvoiceWrite"]
# KSeF has ended every session by then (API 7.2).
LATER = timedelta(hours=14)


class TestLoginOfSomebodyElse(BatchCase):
    """What the old login began is found by number; nothing is lost or sent twice."""

    def setUp(self):
        super().setUp()
        self.simulator.control("settings", {"storage_seconds": 0})

    def replace_login(self, **values):
        self.connect(author=SOMEBODY_ELSE, **values)

    def send_one(self):
        """Send an invoice that KSeF takes its time for; return its document."""
        self.simulator.control("settings", {"processing_seconds": FOR_EVER_SECONDS})
        [document] = self.post_many(1)
        self.step()
        self.assertEqual(document.state, "processing")
        return document

    def let_ksef_finish(self):
        self.simulator.control("clock", {"seconds": FOR_EVER_SECONDS})
        self.simulator.control("settings", {"processing_seconds": 0})

    def pass_time(self, documents, steps=6):
        for _step in range(steps):
            self.let_time_pass(documents)
            self.env["l10n_pl_ksef.limit"].sudo().search([]).unlink()
            self.step()

    def check_connection_works(self):
        self.assertEqual(self.connection.state, "connected")
        self.assertFalse(self.connection.problem)
        [another] = self.post_many(1)
        self.settle(another)

    def check_adopted(self, documents):
        """Check: the number of KSeF's one copy is here, and no POST was repeated."""
        book = {one["invoiceNumber"]: one for one in self.simulator.get_book()}
        for document in documents:
            self.assertEqual(document.state, "accepted")
            number = book[document.invoice_number]["ksefNumber"]
            self.assertEqual(document.ksef_number, number)
            self.assertEqual(document.upo_state, "none")

    def test_open_session_of_the_old_login_is_no_problem(self):
        session = self.open_session().session_id
        self.replace_login()
        self.pass_time(session.browse().env["l10n_pl_ksef.document"].sudo())
        self.assertEqual(session.state, "failed")
        self.check_connection_works()

    def test_document_in_processing_is_found_by_its_number(self):
        document = self.send_one()
        self.replace_login()
        self.pass_time(document, steps=2)
        self.assertEqual(document.state, "processing", "not found yet")
        self.let_ksef_finish()
        self.pass_time(document)
        self.check_adopted(document)
        self.assertEqual(len(self.get_attempts(document)), 1)
        self.check_connection_works()

    def test_document_without_an_answer_is_found_by_its_number(self):
        self.simulator.inject("send_invoice", "drop_after")
        [document] = self.post_many(1)
        self.step()
        self.assertEqual(document.state, "unknown")
        self.replace_login()
        self.pass_time(document)
        self.check_adopted(document)
        self.assertEqual(len(self.get_attempts(document)), 1)

    def test_what_never_arrived_goes_again_when_its_session_is_over(self):
        self.simulator.inject("send_invoice", "drop_before")
        [document] = self.post_many(1)
        self.step()
        self.replace_login()
        self.pass_time(document)
        self.assertEqual(document.state, "unknown", "perhaps on its way")
        self.assertFalse(self.simulator.get_book())
        self.simulator.control("clock", {"seconds": LATER.total_seconds()})
        with freeze_time(fields.Datetime.now() + LATER, tick=True):
            self.pass_time(document, steps=12)
        self.finish_same(document, posts=2)
        self.assertEqual(self.get_attempts(document), ["dropped", "202"])

    def test_without_the_right_to_search_it_waits(self):
        document = self.send_one()
        self.replace_login(permissions=NO_READING)
        self.let_ksef_finish()
        self.pass_time(document)
        self.assertEqual(document.state, "processing")
        self.check_connection_works()
        self.connect()
        self.pass_time(document)
        self.check_same_result(document)

    def test_package_in_processing_is_left_to_the_search(self):
        self.simulator.control("settings", {"processing_seconds": FOR_EVER_SECONDS})
        documents = self.post_many(3)
        self.step()
        package = self.get_package(documents)
        self.assertEqual(package.state, "processing")
        self.replace_login()
        self.let_ksef_finish()
        self.pass_time(documents, steps=10)
        self.assertEqual(package.state, "failed")
        self.check_adopted(documents)
        self.assertEqual(self.simulator.count("open_batch"), 1)
