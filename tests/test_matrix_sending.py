"""Fault matrix, sending: whatever happens on the way, one invoice, one number."""

import os
import socket
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields

from ..ksef.errors import KsefUnavailable
from .matrix_common import FOR_EVER_SECONDS, MatrixCase

# Statuses after which nobody knows whether KSeF acted.
UNKNOWN_STATUSES = (500, 502, 504)


class TestLostAnswers(MatrixCase):
    """A POST without a definite answer is asked for, never sent blindly again."""

    def send_into(self, action, **values):
        """Post an invoice whose first POST meets a fault; return its document."""
        self.simulator.inject("send_invoice", action, **values)
        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(document.state, "unknown")
        return document

    def test_line_dropped_before_processing(self):
        document = self.send_into("drop_before")
        self.finish_same(document, posts=2)

    def test_line_dropped_after_processing(self):
        document = self.send_into("drop_after")
        self.finish_same(document, posts=1)

    def test_silence_without_processing(self):
        self.use_short_timeouts()
        document = self.send_into("delay", seconds=FOR_EVER_SECONDS)
        self.finish_same(document, posts=2)

    def test_silence_after_processing(self):
        self.use_short_timeouts()
        document = self.send_into("delay_after", seconds=FOR_EVER_SECONDS)
        self.finish_same(document, posts=1)

    def test_taken_long_after_the_silence(self):
        self.use_short_timeouts()
        document = self.send_into("delay", seconds=1.5)
        self.make_due(document)
        self.step()
        self.assertEqual(document.state, "unknown", "not in the list yet")
        book = self.simulator.control
        self.wait_until(lambda: book("book")["sent"], "KSeF takes the invoice")
        self.finish_same(document, posts=1)

    def test_server_errors_without_processing(self):
        for status in UNKNOWN_STATUSES:
            with self.subTest(status=status):
                document = self.send_into("status", status=status)
                self.finish_same(document, posts=2)

    def test_server_errors_after_processing(self):
        for status in UNKNOWN_STATUSES:
            with self.subTest(status=status):
                document = self.send_into("status_after", status=status)
                self.finish_same(document, posts=1)

    def test_third_of_five_is_lost(self):
        self.simulator.inject("send_invoice", "drop_after", skip=2)
        documents = self.env["l10n_pl_ksef.document"].sudo()
        for _count in range(5):
            documents += self.post_invoice()[1]
        self.work(documents, steps=15)
        outcomes = [self.get_attempts(document) for document in documents]
        self.assertEqual(outcomes.count(["dropped"]), 1)
        for document in documents:
            self.finish_same(document, posts=1)
        self.assertEqual(len(self.simulator.get_book()), 5)

    def test_firewall_page_with_success_status(self):
        document = self.send_into("html")
        self.finish_same(document, posts=2)

    def test_firewall_page_hides_a_success(self):
        document = self.send_into("html_after")
        self.finish_same(document, posts=1)

    def test_cut_answer(self):
        document = self.send_into("garbage")
        self.finish_same(document, posts=1)

    def test_firewall_refuses_before_processing(self):
        for body, kind in (("", None), ("<html>Rejected</html>", "text/html")):
            with self.subTest(kind=kind):
                document = self.send_into(
                    "page", status=403, body=body, content_type=kind
                )
                self.finish_same(document, posts=2)

    def test_odd_answers_hide_a_success(self):
        cases = ((403, "", None), (200, "", None), (200, "[]", "application/json"))
        for status, body, kind in cases:
            with self.subTest(status=status, kind=kind):
                document = self.send_into(
                    "page_after", status=status, body=body, content_type=kind
                )
                self.finish_same(document, posts=1)


class TestUnreachable(MatrixCase):
    """What certainly did not reach KSeF waits, and counts no attempt."""

    def check_not_reached(self, url):
        """Send while KSeF is not there, then let it come back."""
        self.open_session()
        _invoice, document = self.post_invoice()
        with self.set_address(url):
            self.drop_kept_client()
            self.work(document, steps=3)
            self.assertEqual(document.state, "queued")
            self.assertEqual(document.attempt_count, 0)
            self.assertTrue(self.connection.outage_since)
        self.drop_kept_client()
        self.finish_same(document, posts=1)
        self.assertFalse(self.connection.outage_since)

    def set_address(self, url):
        return patch.dict(os.environ, {"L10N_PL_KSEF_URL": url})

    def test_refused_connection(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        self.check_not_reached(f"http://127.0.0.1:{port}/v2")

    def test_failed_handshake(self):
        self.check_not_reached(self.simulator.url.replace("http://", "https://"))

    def test_service_unavailable(self):
        self.open_session()
        self.simulator.inject("send_invoice", "status", status=503)
        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual((document.state, document.attempt_count), ("queued", 0))
        self.finish_same(document, posts=2)

    def test_pauses_grow_and_are_not_in_step_with_others(self):
        pauses = self.collect_pauses()
        self.assertGreater(pauses[-1], 8 * pauses[0])
        self.assertGreater(len(set(self.collect_pauses()) - set(pauses)), 2, "jitter")

    def collect_pauses(self, count=9):
        """Return the pauses in seconds after so many failures in a row."""
        self.connection._note_success()
        self.connection.write({"outage_since": False, "outage_count": 0})
        pauses = []
        for _failure in range(count):
            before = fields.Datetime.now()
            pauses.append(self.connection._note_failure(KsefUnavailable()))
            self.assertGreaterEqual(self.connection.retry_on, before)
        return pauses


class TestRateLimit(MatrixCase):
    """Too many requests: nothing of that group until then, and nothing fails."""

    def check_limit(self, pause, too_early, late_enough, **values):
        self.open_session()
        self.simulator.inject("send_invoice", "status", status=429, **values)
        _invoice, document = self.post_invoice()
        self.step()
        sent = self.simulator.count("send_invoice")
        self.assertEqual((document.state, document.attempt_count), ("queued", 0))
        now = fields.Datetime.now()
        with freeze_time(now + timedelta(seconds=too_early)):
            self.work(document, steps=3)
        self.assertEqual(self.simulator.count("send_invoice"), sent, pause)
        with freeze_time(now + timedelta(seconds=late_enough)):
            self.work(document, steps=3)
        self.assertEqual(self.simulator.count("send_invoice"), sent + 1, pause)
        self.finish_same(document, posts=2)
        self.assertEqual(document.attempt_count, 1)

    def test_short_pause(self):
        self.check_limit("short", 3, 9, retry_after=7)

    def test_long_pause(self):
        self.check_limit("long", 2400, 2500, retry_after=2492)

    def test_pause_that_is_not_named(self):
        self.check_limit("none named", 10, 3700, retry_after=None)


class TestSessions(MatrixCase):
    """A session that is of no more use is replaced; what it holds is asked for."""

    def test_closed_session_with_work_under_way(self):
        self.simulator.control("settings", {"processing_seconds": FOR_EVER_SECONDS})
        _invoice, processing = self.post_invoice()
        self.step()
        # A question that is due meanwhile would come before sending.
        processing.next_step_on += timedelta(hours=1)
        self.simulator.inject("send_invoice", "drop_after")
        _invoice, unknown = self.post_invoice()
        self.step()
        self.assertEqual(processing.state, "processing")
        self.assertEqual(unknown.state, "unknown")
        self.simulator.control("expire", {"what": "sessions"})
        self.simulator.control("settings", {"processing_seconds": 0})
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=2)
        self.assertEqual(self.get_attempts(document), ["400", "202"])
        self.assertNotEqual(document.session_id, processing.session_id)
        self.simulator.control("clock", {"seconds": FOR_EVER_SECONDS})
        self.finish_same(processing, posts=1)
        self.finish_same(unknown, posts=1)

    def test_session_not_known_yet_is_tried_again(self):
        self.simulator.inject("send_invoice", "error_code", code=21173, times=2)
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=3)
        self.assertEqual(self.simulator.count("open_online"), 1)

    def test_session_never_known_is_replaced(self):
        self.open_session()
        self.simulator.inject("send_invoice", "error_code", code=21173, times=None)
        _invoice, document = self.post_invoice()
        self.work(document, steps=3)
        session = document.session_id
        session.opened_on -= timedelta(minutes=5)
        self.work(document, steps=3)
        self.assertNotEqual(document.session_id, session)
        self.simulator.control("faults", method="DELETE")
        self.finish(document)
        self.assertEqual(len(self.simulator.get_book()), 2)
        self.assertGreater(self.simulator.count("open_online"), 1)

    def test_session_out_of_service_or_full(self):
        for code in (21184, 21155):
            with self.subTest(code=code):
                self.open_session()
                opened = self.simulator.count("open_online")
                self.simulator.inject("send_invoice", "error_code", code=code)
                _invoice, document = self.post_invoice()
                self.finish_same(document, posts=2)
                self.assertEqual(self.simulator.count("open_online"), opened + 1)

    def test_withdrawn_key_is_replaced(self):
        self.simulator.inject("open_online", "error_code", code=21470)
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=1)

    def test_rotated_key_is_fetched(self):
        for keep_old in (False, True):
            with self.subTest(keep_old=keep_old):
                self.simulator.control("expire", {"what": "sessions"})
                self.simulator.control("rotate-keys", {"keep_old": keep_old})
                _invoice, document = self.post_invoice()
                self.finish(document)
                self.assertEqual(self.get_attempts(document)[-1], "202")

    def test_session_with_a_bad_key_gives_its_documents_back(self):
        self.simulator.inject("open_online", "session_status", code=415)
        documents = self.env["l10n_pl_ksef.document"].sudo()
        for _count in range(3):
            documents += self.post_invoice()[1]
        for document in documents:
            self.finish(document)
            self.check_same_result(document, len(self.get_attempts(document)))
        self.assertEqual(len(self.simulator.get_book()), 3)
        self.assertEqual(self.simulator.count("open_online"), 2)


class TestRefusedBytes(MatrixCase):
    """Bytes that did not arrive whole are encrypted anew once; then a person looks."""

    def check_rebuilt(self, action, code):
        self.simulator.inject("send_invoice", action, code=code)
        _invoice, document = self.post_invoice()
        frozen = document._get_xml()
        self.finish_same(document, posts=2)
        self.assertEqual(document._get_xml(), frozen)

    def check_given_up(self, action, code):
        self.simulator.inject("send_invoice", action, code=code, times=9)
        _invoice, document = self.post_invoice()
        self.advance(document, "blocked")
        self.assertEqual(document.blocked_reason, "program")
        self.assertEqual(len(self.get_attempts(document)), 2)
        self.simulator.control("faults", method="DELETE")

    def test_refused_at_the_door(self):
        for code in (21402, 21403):
            with self.subTest(code=code):
                self.check_rebuilt("error_code", code)
                self.check_given_up("error_code", code)

    def test_refused_while_processing(self):
        for code in (430, 435):
            with self.subTest(code=code):
                self.check_rebuilt("invoice_status", code)
                self.check_given_up("invoice_status", code)

    def test_rejected_content_is_told_and_may_be_corrected(self):
        for code in (410, 415, 450):
            with self.subTest(code=code):
                self.check_rejected(code)

    def check_rejected(self, code):
        words = "Pole P_13_1: <b>wartość</b> jest za długa."
        self.simulator.inject(
            "send_invoice", "invoice_status", code=code, details=[words]
        )
        invoice, document = self.post_invoice()
        number = invoice.name
        self.advance(document, "rejected")
        self.assertEqual(document.status_code, str(code))
        self.assertEqual(document.status_details, words)
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual(invoice.name, number)
        again = invoice.sudo().l10n_pl_ksef_document_id
        self.assertEqual(again.generation, 2)
        # Made within the same second the file has the same bytes.
        former = len(self.get_attempts(again))
        self.finish_same(again, posts=former + 1)
        self.assertEqual(document.state, "rejected")


class TestDuplicates(MatrixCase):
    """440: a number is taken over only for this very file, else a person decides."""

    def lose_outcome(self, document):
        """Forget all that came after queueing, as a restored database does."""
        document.session_id._retire()
        document.write(
            {
                "state": "queued",
                "next_step_on": fields.Datetime.now(),
                "attempt_count": 0,
                "session_id": False,
                "session_reference": False,
                "reference": False,
                "ksef_number": False,
                "upo_state": "none",
                "upo": False,
            }
        )

    def test_own_earlier_send_is_taken_over(self):
        document = self.open_session()
        self.lose_outcome(document)
        self.finish_same(document, posts=2)

    def test_own_earlier_send_is_found_though_the_answer_names_nothing(self):
        document = self.open_session()
        self.lose_outcome(document)
        # A status without the properties that name the original.
        self.simulator.inject("send_invoice", "invoice_status", code=440)
        self.finish_same(document, posts=2)

    def test_own_file_sent_under_another_token(self):
        _invoice, document = self.post_invoice()
        self.send_elsewhere(document._get_xml(), author="5261040828")
        self.advance(document, "accepted")
        [entry] = self.simulator.get_book()
        self.assertEqual(document.ksef_number, entry["ksefNumber"])
        self.assertEqual(document.upo_state, "none", "its session is not ours")
        self.assertFalse(document.next_step_on, "it is not asked for for ever")

    def test_foreign_document_with_our_number(self):
        for author in (None, "5261040828"):
            with self.subTest(author=author):
                self.check_foreign(author)

    def check_foreign(self, author):
        # KSeF's search finds it at once.
        self.simulator.control("settings", {"storage_seconds": 0})
        invoice, document = self.post_invoice()
        other = document._get_xml().replace("Usługa".encode(), "Inna usługa".encode())
        self.send_elsewhere(other, author)
        self.advance(document, "conflict")
        theirs = next(
            entry["ksefNumber"]
            for entry in self.simulator.get_book()
            if entry["invoiceNumber"] == invoice.name
        )
        self.assertFalse(document.ksef_number, "nothing is adopted")
        self.assertFalse(document.next_step_on)
        self.assertEqual(document.original_ksef_number, theirs)
        sentence = invoice.l10n_pl_ksef_line["sentence"]
        self.assertIn(theirs, sentence)
        self.work(document)
        self.assertEqual(document.state, "conflict")
        self.assertEqual(len(self.get_attempts(document)), 1)


class TestSlowAndBroken(MatrixCase):
    """KSeF may take hours, or give up: the first is waited for, the second repeated."""

    def test_processing_for_hours(self):
        self.simulator.control("settings", {"processing_seconds": FOR_EVER_SECONDS * 9})
        invoice, document = self.post_invoice()
        self.step()
        pauses = []
        moment = fields.Datetime.now()
        for _question in range(24):
            moment = max(moment, document.next_step_on)
            with freeze_time(moment):
                self.connection.write({"retry_on": False})
                self.step()
                self.env.invalidate_all()
                pauses.append((document.next_step_on - moment).total_seconds())
                self.assertEqual(document.state, "processing")
        with freeze_time(moment):
            line = invoice.with_env(self.env).l10n_pl_ksef_line
        self.assertEqual(line["level"], "warning", "it takes longer than an hour")
        self.assertGreater(moment, document.sent_on + timedelta(hours=1))
        self.assertLess(pauses[0], 5)
        self.assertGreater(pauses[-1], 1800)
        self.assertLessEqual(max(pauses), 3600)
        self.assertEqual(len(self.get_attempts(document)), 1)
        self.simulator.control("clock", {"seconds": FOR_EVER_SECONDS * 10})
        self.finish_same(document, posts=1)

    def test_broken_off_goes_again_when_the_session_is_final(self):
        for code in (405, 500, 550):
            with self.subTest(code=code):
                self.check_broken_off(code)

    def check_broken_off(self, code):
        self.simulator.control("expire", {"what": "sessions"})
        self.simulator.control("settings", {"processing_seconds": FOR_EVER_SECONDS})
        _invoice, slow = self.post_invoice()
        self.advance(slow, "processing")
        self.simulator.control("settings", {"processing_seconds": 0})
        self.simulator.inject("send_invoice", "invoice_status", code=code)
        _invoice, document = self.post_invoice()
        self.work(document, steps=10)
        self.assertEqual(len(self.get_attempts(document)), 1, "not final yet")
        self.simulator.control("clock", {"seconds": FOR_EVER_SECONDS})
        self.finish_same(document, posts=2)
        posts = len(self.get_attempts(slow))
        self.finish_same(slow, posts)

    def test_accepted_without_a_number_stays_open(self):
        self.simulator.control("settings", {"processing_seconds": FOR_EVER_SECONDS})
        _invoice, document = self.post_invoice()
        self.step()
        self.simulator.inject("invoice_status", "invoice_status", code=200, times=3)
        self.work(document, steps=3)
        self.assertEqual(document.state, "processing")
        self.assertFalse(document.ksef_number)
        self.assertTrue(document.next_step_on)
        self.simulator.control("clock", {"seconds": FOR_EVER_SECONDS})
        self.finish_same(document, posts=1)

    def test_code_of_the_future_stays_open_and_visible(self):
        self.simulator.control("settings", {"processing_seconds": FOR_EVER_SECONDS})
        _invoice, document = self.post_invoice()
        self.step()
        self.simulator.inject("invoice_status", "invoice_status", code=777, times=2)
        self.make_due(document)
        self.step()
        self.assertEqual(document.state, "processing")
        self.assertEqual(document.status_code, "777")
        self.simulator.control("clock", {"seconds": FOR_EVER_SECONDS})
        self.finish_same(document, posts=1)

    def test_properties_of_the_future_are_ignored(self):
        operations = ("open_online", "send_invoice", "invoice_status", "session_status")
        for operation in operations:
            self.simulator.inject(operation, "extra_field")
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=1)

    def test_pages_without_end_are_given_up_and_asked_again(self):
        self.simulator.inject("session_invoices", "loop_pages", times=40)
        self.simulator.inject("send_invoice", "drop_after")
        _invoice, document = self.post_invoice()
        self.step()
        before = self.simulator.count("session_invoices")
        self.make_due(document)
        self.step()
        self.assertEqual(document.state, "unknown")
        asked = self.simulator.count("session_invoices") - before
        self.assertLessEqual(asked, 12, "bounded")
        self.simulator.control("faults", method="DELETE")
        self.finish_same(document, posts=1)


class TestClosing(MatrixCase):
    """A session whose closing failed is asked about, and closed again if need be."""

    def check_closing(self, action, **values):
        """Lose an invoice, so that its session is closed; closing meets a fault."""
        self.simulator.inject("send_invoice", "drop_before")
        self.simulator.inject("close_online", action, **values)
        _invoice, document = self.post_invoice()
        self.step()
        reference = document.session_reference
        self.finish_same(document, posts=2)
        self.work(document)
        self.assertNotEqual(self.get_session_code(reference), 100)
        self.assertNotEqual(document.session_reference, reference)

    def test_server_errors_without_closing(self):
        for status in UNKNOWN_STATUSES:
            with self.subTest(status=status):
                self.check_closing("status", status=status)

    def test_server_errors_after_closing(self):
        for status in UNKNOWN_STATUSES:
            with self.subTest(status=status):
                self.check_closing("status_after", status=status)

    def test_line_dropped(self):
        for action in ("drop_before", "drop_after"):
            with self.subTest(action=action):
                self.check_closing(action)

    def test_silence(self):
        self.use_short_timeouts()
        for action in ("delay", "delay_after"):
            with self.subTest(action=action):
                self.check_closing(action, seconds=FOR_EVER_SECONDS)

    def test_session_not_known_yet(self):
        self.check_closing("error_code", code=21173)
