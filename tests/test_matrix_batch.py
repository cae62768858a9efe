"""Fault matrix, packages: many invoices at once, each with exactly one number."""

import tempfile
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields

from ..models.l10n_pl_ksef_batch import COMPRESSION_PARAMETER
from .batch_common import BatchCase

# KSeF could not use the package as a whole.
DAY_SECONDS = 86_400
USELESS_PACKAGE = (405, 415, 430, 435)


class TestPackage(BatchCase):
    """More than a few waiting invoices go together; a few do not."""

    def test_many_waiting_go_as_one_package(self):
        documents = self.post_many(5)
        self.finish_all(documents)
        self.assertEqual(len(self.get_package(documents)), 1)
        self.assertEqual(self.simulator.count("open_batch"), 1)
        self.assertEqual(self.simulator.count("send_invoice"), 0)
        self.assertEqual(self.get_package(documents).state, "closed")

    def test_few_waiting_go_one_by_one(self):
        documents = self.post_many(2)
        self.settle(documents)
        self.assertEqual(self.simulator.count("open_batch"), 0)
        self.assertEqual(self.simulator.count("send_invoice"), 2)

    def test_receipt_of_the_session_is_kept_once_and_unchanged(self):
        documents = self.post_many(4)
        self.settle(documents)
        receipt = documents.receipt_id
        self.assertEqual(len(receipt), 1)
        self.assertEqual(receipt.entry_count, 4)
        self.assertFalse(any(documents.mapped("upo_single")))
        with self.at_ksef() as (client, access):
            status = client.session_status(access, documents.session_id.reference)
            [page] = status.upo_pages
            self.assertEqual(documents[0]._get_upo(), client.download(page.link))

    def test_zip_by_choice(self):
        self.env["ir.config_parameter"].set_param(COMPRESSION_PARAMETER, "zip")
        documents = self.post_many()
        self.finish_all(documents)
        [package] = self.simulator.control("book")["packages"]
        self.assertEqual(package["compressionType"], "Zip")

    def test_second_package_while_the_first_is_processed(self):
        self.simulator.control("settings", {"processing_seconds": 30})
        first = self.post_many(3)
        self.step()
        self.assertEqual(set(first.mapped("state")), {"processing"})
        self.simulator.control("settings", {"processing_seconds": 0})
        second = self.post_many(3)
        self.settle(second)
        self.assertEqual(set(first.mapped("state")), {"processing"})


class TestPackageLost(BatchCase):
    """Whatever happens while a package is sent, it is sent once."""

    def test_opening_without_an_answer(self):
        for action in ("drop_before", "drop_after", "status_after", "html"):
            with self.subTest(action=action):
                self.simulator.control("reset", {})
                self.simulator.control("settings", {"rate_limits": None})
                self.connect()
                self.simulator.inject("open_batch", action, status=500)
                documents = self.post_many(3)
                self.step()
                self.assertEqual(set(documents.mapped("state")), {"queued"})
                self.assertEqual(set(documents.mapped("attempt_count")), {0})
                self.finish_all(documents)

    def test_closing_without_an_answer(self):
        for action in ("drop_before", "drop_after", "status", "status_after", "html"):
            with self.subTest(action=action):
                self.simulator.control("reset", {})
                self.simulator.control("settings", {"rate_limits": None})
                self.connect()
                self.simulator.inject("close_batch", action, status=502)
                documents = self.post_many(3)
                self.step()
                self.assertEqual(self.get_package(documents).state, "closing")
                self.finish_all(documents)
                self.assertEqual(self.simulator.count("open_batch"), 1)

    def test_session_not_known_at_closing_is_closed_later(self):
        self.simulator.inject("close_batch", "error_code", code=21173, times=2)
        documents = self.post_many(3)
        self.finish_all(documents)
        self.assertEqual(self.simulator.count("open_batch"), 1)

    def test_part_is_uploaded_again(self):
        self.simulator.inject("upload_part", "drop_after")
        documents = self.post_many(3)
        self.finish_all(documents)
        self.assertEqual(self.simulator.count("open_batch"), 1)

    def test_part_that_fails_ties_the_documents_until_the_session_is_final(self):
        self.simulator.inject("upload_part", "status", status=500, times=None)
        documents = self.post_many(3)
        self.step()
        package = self.get_package(documents)
        self.assertEqual(package.state, "abandoned")
        self.simulator.control("faults", method="DELETE")
        for _step in range(3):
            self.let_time_pass(documents)
            self.step()
        self.assertEqual(set(documents.mapped("state")), {"unknown"})
        self.assertEqual(self.simulator.count("open_batch"), 1)
        self.simulator.control("expire", {"what": "sessions"})
        self.finish_all(documents)
        self.assertEqual(self.simulator.count("open_batch"), 2)

    def test_worker_lost_before_the_session_was_known(self):
        documents = self.post_many(3)
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            batch = self.env(cr=cr, user=1, su=True)["l10n_pl_ksef.batch"]
            connection = batch.env["l10n_pl_ksef.connection"].browse(self.connection.id)
            batch._write_intent(connection, batch._pick(connection))
        self.env.invalidate_all()
        package = self.get_package(documents)
        self.assertEqual(package.state, "opening")
        self.step()
        self.assertEqual(set(documents.mapped("state")), {"sending"}, "perhaps alive")
        self.finish_all(documents)
        self.assertEqual(package.state, "failed")

    def test_worker_lost_after_all_parts_were_up(self):
        self.simulator.inject("close_batch", "drop_before")
        documents = self.post_many(3)
        self.step()
        self.get_package(documents).state = "uploading"
        self.finish_all(documents)
        self.assertEqual(self.simulator.count("open_batch"), 1)

    def test_late_worker_does_not_upload_for_a_package_given_up(self):
        documents = self.post_many(3)
        self.step()
        package = self.get_package(documents)
        package.state = "failed"
        batch = self.env["l10n_pl_ksef.batch"].sudo()
        self.assertFalse(batch._lock(package, "uploading"))


class TestPackageResult(BatchCase):
    """Each invoice of a package by its own status."""

    def test_bad_ones_leave_the_good_ones_alone(self):
        self.simulator.inject("batch_invoice", "invoice_status", code=450, skip=1)
        documents = self.post_many(4)
        for _step in range(12):
            self.let_time_pass(documents)
            self.step()
        bad = documents.filtered(lambda document: document.state == "rejected")
        self.assertEqual(len(bad), 1)
        self.assertEqual(bad.status_code, "450")
        self.check_book(documents - bad)

    def test_all_bad(self):
        self.simulator.inject("close_batch", "session_status", code=445)
        documents = self.post_many(3)
        for _step in range(6):
            self.let_time_pass(documents)
            self.step()
        self.assertEqual(set(documents.mapped("state")), {"rejected"})

    def test_useless_package_goes_again(self):
        for code in USELESS_PACKAGE:
            with self.subTest(code=code):
                self.simulator.control("reset", {})
                self.simulator.control("settings", {"rate_limits": None})
                self.connect()
                self.simulator.inject("close_batch", "session_status", code=code)
                documents = self.post_many(3)
                self.finish_all(documents)
                self.assertEqual(self.simulator.count("open_batch"), 2)

    def test_package_useless_again_and_again_goes_one_by_one(self):
        self.simulator.inject("close_batch", "session_status", code=430, times=None)
        documents = self.post_many(3)
        self.finish_all(documents)
        packages = self.env["l10n_pl_ksef.session"].sudo()
        packages = packages.search([("kind", "=", "batch")], order="id")
        self.assertEqual(packages.mapped("sent_count"), [3, 3, 3])
        self.assertEqual(self.simulator.count("send_invoice"), 3)

    def test_too_many_for_one_package_are_split(self):
        self.simulator.control("settings", {"max_invoices": 3})
        self.env["ir.config_parameter"].set_param("l10n_pl_ksef.interactive_max", "1")
        documents = self.post_many(6)
        self.settle(documents)
        self.assertEqual(self.simulator.count("open_batch"), 3)
        self.check_book(documents)

    def test_session_broken_off_is_read_by_its_list(self):
        self.simulator.inject("close_batch", "session_status", code=500)
        documents = self.post_many(3)
        self.finish_all(documents)

    def test_invoices_broken_off_go_again(self):
        for code in (405, 500, 550):
            self.simulator.inject("batch_invoice", "invoice_status", code=code)
        documents = self.post_many(5)
        self.finish_all(documents)

    def test_one_missing_in_the_list_is_asked_for_not_lost(self):
        self.simulator.inject("session_invoices", "list_omits", ordinal=1, times=1)
        documents = self.post_many(3)
        seen = set()
        for _step in range(30):
            self.let_time_pass(documents)
            self.step()
            seen |= set(documents.mapped("state"))
        self.assertIn("unknown", seen)
        self.check_book(documents)
        self.assertEqual(self.simulator.count("open_batch"), 1)

    def test_one_in_processing_for_long_keeps_being_asked_for(self):
        self.simulator.inject("session_invoices", "invoice_status", code=150, times=1)
        documents = self.post_many(3)
        self.finish_all(documents)

    def test_number_that_an_earlier_package_got_is_adopted(self):
        documents = self.post_many(4)
        self.settle(documents)
        numbers = documents.mapped("ksef_number")
        # A backup restored: the documents are back in the queue.
        self.env.cr.execute(
            "UPDATE l10n_pl_ksef_document SET state = 'queued', ksef_number = NULL,"
            " upo_state = 'none', receipt_id = NULL, session_id = NULL,"
            " session_reference = NULL, reference = NULL, attempt_count = 0,"
            " next_step_on = now() at time zone 'utc' WHERE id IN %s",
            [tuple(documents.ids)],
        )
        self.env.invalidate_all()
        self.finish_all(documents)
        self.assertEqual(documents.mapped("ksef_number"), numbers)

    def test_unknown_code_of_the_session_stays_open(self):
        self.simulator.inject("session_status", "session_status", code=199, times=2)
        documents = self.post_many(3)
        self.finish_all(documents)

    def test_limit_of_calls_lets_the_package_wait(self):
        for operation in ("open_batch", "close_batch", "session_status"):
            self.simulator.inject(operation, "status", status=429, retry_after=7)
        documents = self.post_many(3)
        self.step()
        self.assertEqual(set(documents.mapped("state")), {"queued"})
        limits = self.env["l10n_pl_ksef.limit"].sudo()
        for _step in range(8):
            limits.search([]).unlink()
            self.let_time_pass(documents)
            self.step()
        self.settle(documents)
        self.check_book(documents)

    def test_nothing_is_packed_while_an_obstacle_stands(self):
        documents = self.post_many(4)
        self.connection.sealed_token = False
        self.step()
        self.assertEqual(set(documents.mapped("state")), {"blocked"})
        self.assertEqual(self.simulator.count("open_batch"), 0)

    def test_later_date_stays_behind(self):
        documents = self.post_many(4)
        tomorrow = fields.Date.add(fields.Date.today(), days=2)
        documents[0].issue_date = tomorrow
        self.step()
        self.assertEqual(documents[0].blocked_reason, "date")
        self.settle(documents[1:])
        self.simulator.control("clock", {"seconds": 2 * DAY_SECONDS})
        with freeze_time(fields.Datetime.add(fields.Datetime.now(), days=2)):
            self.step()
        self.assertNotEqual(documents[0].state, "blocked")


class TestPackageReceipt(BatchCase):
    """The receipts of a package: fetched again until each invoice has one."""

    def test_page_not_ready(self):
        self.simulator.inject("upo_link", "status", status=500, times=2)
        self.simulator.inject("session_upo", "status", status=500, times=2)
        self.finish_all(self.post_many(3))

    def test_link_expired_falls_back_to_the_call(self):
        self.simulator.inject("upo_link", "status", status=403, times=1)
        documents = self.post_many(3)
        self.finish_all(documents)
        self.assertEqual(len(documents.receipt_id), 1)

    def test_page_that_never_comes_is_replaced_by_single_receipts(self):
        self.simulator.inject("upo_link", "html", times=None)
        self.simulator.inject("session_upo", "html", times=None)
        documents = self.post_many(3)
        self.finish_all(documents)
        self.assertFalse(documents.receipt_id)
        self.assertEqual(len(set(documents.mapped("upo_single"))), 3)

    def test_several_pages(self):
        self.simulator.control("settings", {"upo_page_size": 2})
        documents = self.post_many(5)
        self.finish_all(documents)
        self.assertEqual(len(documents.receipt_id), 3)

    def test_receipt_cannot_be_deleted(self):
        documents = self.post_many(3)
        self.settle(documents)
        with self.assertRaisesRegex(Exception, "evidence"):
            documents.receipt_id.unlink()


class TestPackageAmidFaults(BatchCase):
    """What the matrix says of single invoices holds for packages too."""

    def test_access_token_refused_on_the_way_is_renewed(self):
        for operation in ("open_batch", "close_batch", "session_status"):
            self.simulator.inject(operation, "status", status=401)
        documents = self.post_many(3)
        self.finish_all(documents)
        self.assertEqual(self.simulator.count("open_batch"), 2, "one was refused")

    def test_withdrawn_key_is_replaced(self):
        self.simulator.inject("open_batch", "error_code", code=21470)
        self.finish_all(self.post_many(3))

    def test_dead_token_holds_the_queue_and_a_new_one_lets_it_go(self):
        documents = self.post_many(3)
        reference = self.connection.token_reference
        self.simulator.control(f"tokens/{reference}", {"status": "Revoked"})
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})
        self.step()
        self.assertEqual(set(documents.mapped("blocked_reason")), {"token"})
        self.assertEqual(self.simulator.count("open_batch"), 0)
        self.connect()
        self.finish_all(documents)

    def test_firewall_pages_instead_of_results_change_nothing(self):
        self.simulator.inject("session_invoices", "html", times=2)
        self.simulator.inject("session_status", "garbage", times=2)
        self.finish_all(self.post_many(3))

    def test_full_disk_for_the_package_leaves_the_queue(self):
        documents = self.post_many(3)
        with patch.object(tempfile, "tempdir", "/nowhere/to/write"):
            self.step()
        self.assertEqual(set(documents.mapped("state")), {"queued"})
        self.assertEqual(set(documents.mapped("attempt_count")), {0})
        self.assertEqual(self.simulator.count("open_batch"), 0)
        self.finish_all(documents)

    def test_full_disk_for_the_numbers_undoes_that_step_alone(self):
        documents = self.post_many(3)
        self.break_writes("53100", "NEW.state = 'accepted'", times=3)
        with self.assertLogs(level="ERROR"):
            for _step in range(4):
                self.let_time_pass(documents)
                self.step()
        self.mend_writes()
        self.finish_all(documents)
        self.assertEqual(self.simulator.count("open_batch"), 1)

    def test_number_of_somebody_elses_invoice_is_not_adopted(self):
        documents = self.post_many(3)
        ours = documents[0]._get_xml()
        self.send_elsewhere(ours.replace("Usługa".encode(), "Inna usługa".encode()))
        for _step in range(15):
            self.let_time_pass(documents)
            self.step()
        self.assertEqual(documents[0].state, "conflict")
        self.assertTrue(documents[0].original_ksef_number)
        self.assertFalse(documents[0].ksef_number)
        self.check_book(documents[1:], numbers=3)
