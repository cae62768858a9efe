"""Fault matrix, receipts: a number stands without its receipt, which is fetched."""

from .matrix_common import JOB_LOGGER, SQL_LOGGER, MatrixCase

# The ways by which a receipt comes: temporary link, by the API.
RECEIPT_OPERATIONS = ("upo_link", "invoice_upo")


class TestReceipt(MatrixCase):
    """Accepted stays accepted; nothing is kept as a receipt that is not one."""

    def check_fault(self, action, operations=RECEIPT_OPERATIONS, **values):
        """Meet a fault when the receipt is fetched; then it comes."""
        for operation in operations:
            self.simulator.inject(operation, action, times=None, **values)
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        self.work(document, steps=4)
        self.assertEqual(document.state, "accepted")
        self.assertEqual(document.upo_state, "wanted")
        self.assertFalse(document.upo, "nothing unchecked is stored")
        self.assertTrue(document.next_step_on)
        self.simulator.control("faults", method="DELETE")
        self.finish_same(document, posts=1)

    def test_not_ready(self):
        self.check_fault("error_code", code=21178)

    def test_service_unavailable(self):
        self.check_fault("status", status=503)

    def test_server_error(self):
        self.check_fault("status", status=500)

    def test_link_that_expired(self):
        self.simulator.inject("upo_link", "status", status=403)
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=1)
        self.assertFalse(self.connection.problem, "nobody lacks a right")

    def test_page_of_a_firewall(self):
        self.check_fault("html")

    def test_bytes_that_do_not_fit_their_hash(self):
        self.check_fault("garbage")

    def test_line_dropped(self):
        self.check_fault("drop_after")

    def test_links_that_expired_at_ksef(self):
        _invoice, document = self.post_invoice()
        self.step()
        self.simulator.control("expire", {"what": "links"})
        self.finish_same(document, posts=1)

    def test_receipt_of_another_invoice_is_kept_apart(self):
        for operation in RECEIPT_OPERATIONS:
            self.simulator.inject(operation, "status", status=502, times=None)
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        # As if these were not the bytes that the receipt is about.
        document.sha256 = "A" * 43 + "="
        self.simulator.control("faults", method="DELETE")
        self.connection.retry_on = False
        self.work(document, steps=4)
        self.assertEqual(document.upo_state, "doubtful")
        self.assertEqual(document.state, "accepted")


class TestDatabaseFaults(MatrixCase):
    """What the database refuses is undone alone, and KSeF is asked, not told again."""

    def work_through(self, document, steps=8):
        """Let the job run into the broken database."""
        with self.assertLogs(JOB_LOGGER, "ERROR"), self.assertLogs(SQL_LOGGER, "ERROR"):
            for _step in range(steps):
                self.make_due(document)
                self.step()

    def test_disk_full_while_the_receipt_is_stored(self):
        self.break_writes("53100", "NEW.upo_state = 'stored'")
        _invoice, document = self.post_invoice()
        self.work_through(document)
        self.assertFalse(document.upo)
        self.mend_writes()
        self.finish_same(document, posts=1)

    def test_disk_full_while_the_number_is_stored(self):
        self.break_writes("53100", "NEW.state = 'accepted'")
        _invoice, document = self.post_invoice()
        self.work_through(document)
        self.assertEqual(document.state, "processing")
        self.mend_writes()
        self.finish_same(document, posts=1)

    def test_disk_full_while_the_reference_is_stored(self):
        self.break_writes("53100", "NEW.state = 'processing'", times=3)
        _invoice, document = self.post_invoice()
        self.work_through(document, steps=2)
        self.mend_writes()
        self.finish_same(document, posts=1)

    def test_disk_full_before_the_intent(self):
        self.break_writes("53100", "NEW.state = 'sending'")
        _invoice, document = self.post_invoice()
        self.work_through(document, steps=3)
        self.assertEqual(document.state, "queued")
        self.assertEqual(self.simulator.count("send_invoice"), 0)
        self.mend_writes()
        self.finish_same(document, posts=1)

    def test_answer_that_meets_another_transaction_is_written_again(self):
        self.break_writes("40001", "NEW.state = 'processing'", times=2)
        _invoice, document = self.post_invoice()
        with self.assertLogs(SQL_LOGGER, "ERROR"):
            self.step()
        self.assertEqual(document.state, "processing", "from memory")
        self.mend_writes()
        self.finish_same(document, posts=1)
        self.assertEqual(self.simulator.count("session_invoices"), 0, "not asked")

    def test_answer_that_cannot_be_written_is_asked_for(self):
        self.break_writes("40001", "NEW.state = 'processing'", times=9)
        _invoice, document = self.post_invoice()
        with self.assertLogs(SQL_LOGGER, "ERROR"):
            self.step()
        self.assertEqual(document.state, "sending")
        self.mend_writes()
        self.finish_same(document, posts=1)

    def test_number_that_meets_another_transaction_is_asked_again(self):
        self.break_writes("40001", "NEW.state = 'accepted'", times=3)
        _invoice, document = self.post_invoice()
        with self.assertLogs(SQL_LOGGER, "ERROR"):
            for _step in range(6):
                self.make_due(document)
                self.step()
        self.mend_writes()
        self.finish_same(document, posts=1)
