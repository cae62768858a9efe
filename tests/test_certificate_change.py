"""From token to certificate and back: nothing that waits is touched, sent or lost."""

import json
from datetime import timedelta
from functools import partial
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields

from ..ksef import auth
from ..models import l10n_pl_ksef_gateway_login
from ..models.l10n_pl_ksef_connection_secrets import SEALED
from ..models.l10n_pl_ksef_facts import TOKEN_END_PARAMETER
from .certificate_common import OTHER, QUEUE, ChangeCase
from .common import BUYER_NIP, SELLER_NIP
from .matrix_common import FOR_EVER_SECONDS
from .volume_common import VolumeCase

# How the receipt of a session names what its login was proved with.
PROOFS = {
    "token": "NumerReferencyjnyTokenaKSeF",
    "certificate": "SkrotDokumentuUwierzytelniajacego",
}
GATEWAY, SENDER, BATCH = (
    f"l10n_pl_ksef.{name}" for name in ("gateway", "sender", "batch")
)
# The last moment of tokens by the law in force, and the first day without them.
LAW_ENDS = "2026-12-31T23:00:00Z"
NEW_YEAR = "2027-01-01 08:00:00"
PESEL = "90010112349"


def do_nothing(*_arguments):
    """What is left of a step whose worker died."""


class TestQueueKeeps(ChangeCase):
    """Whatever state an invoice is in when the log-in changes, it gets one number."""

    def test_queued(self):
        self.change_both_ways(self.queue, self.finish_same)

    def test_sending_by_a_worker_that_died_before_the_post(self):
        def prepare():
            with (
                self.killed(GATEWAY, _send_invoice=do_nothing),
                self.killed(SENDER, _write_answer=do_nothing),
            ):
                return self.post_in("sending")

        self.change_both_ways(prepare, self.finish_same)

    def test_sending_by_a_worker_that_died_after_the_post(self):
        def prepare():
            with self.killed(SENDER, _write_answer=do_nothing):
                return self.post_in("sending")

        self.change_both_ways(prepare, self.finish_same)

    def test_unknown_for_want_of_an_answer(self):
        for action, posts in (("drop_before", 2), ("drop_after", 1)):

            def prepare(action=action):
                self.simulator.inject("send_invoice", action)
                return self.post_in("unknown")

            def finish(document, posts=posts):
                self.finish_same(document, posts)

            self.change_both_ways(prepare, finish)

    def test_processing_in_an_open_session(self):
        def prepare():
            self.open_session()
            document = self.post_in("processing")
            self.assertEqual(document.session_id.state, "open")
            return document

        self.change_both_ways(prepare, self.finish_same)

    def test_blocked_for_a_dead_secret(self):
        def prepare():
            self.kill_secret()
            document = self.post_in("blocked")
            self.assertEqual(document.blocked_reason, self.connection.login_method)
            return document

        self.change_both_ways(prepare, self.finish_same)

    def test_blocked_while_it_was_processed(self):
        def prepare():
            document = self.post_in("processing")
            self.kill_secret()
            self.work(document, steps=1)
            self.assertEqual(document.state, "blocked")
            self.assertEqual(document.return_state, "processing")
            return document

        self.change_both_ways(prepare, self.finish_same)

    def test_accepted_without_its_receipt(self):
        def prepare():
            for operation in ("upo_link", "invoice_upo"):
                self.simulator.inject(operation, "status", status=500, times=None)
            document = self.queue()
            self.advance(document, "accepted")
            self.assertEqual(document.upo_state, "wanted")
            self.mend()
            return document

        self.change_both_ways(prepare, self.finish_same)

    def test_all_at_once_by_the_job_alone(self):
        self.open_session()
        processing = self.post_in("processing")
        self.kill_secret()
        queued = self.queue()
        self.run_job()
        documents = processing + queued
        self.assertEqual(set(documents.mapped("state")), {"blocked"})
        self.change()
        self.run_job()
        for document in documents:
            self.check_same_result(document)


class TestPackageKeeps(ChangeCase, VolumeCase):
    """A package half way ends as it would have: each invoice gets one number."""

    def setUp(self):
        super().setUp()
        self.posted = self.env["l10n_pl_ksef.document"]

    def check_package(self, state, drive, cure=do_nothing):
        def prepare():
            documents = self.post_many(3)
            self.posted += documents
            drive(documents)
            self.assertEqual(self.get_package(documents).state, state)
            return documents

        def finish(documents):
            cure()
            self.settle(documents)
            self.check_book(documents, numbers=len(self.posted))
            self.check_sent_once(documents)

        self.change_both_ways(prepare, finish)

    def test_before_it_was_opened(self):
        def drive(documents):
            with self.as_worker() as env:
                self.pack(env, documents.ids)

        self.check_package("opening", drive)

    def test_uploaded_but_not_closed(self):
        def drive(_documents):
            with self.killed(BATCH, _close=do_nothing):
                self.step()

        self.check_package("uploading", drive)

    def test_closed_without_an_answer(self):
        for action in ("drop_before", "drop_after"):

            def drive(_documents, action=action):
                self.simulator.inject("close_batch", action)
                self.step()

            self.check_package("closing", drive)

    def test_processed_by_ksef(self):
        self.check_package("processing", lambda _documents: self.step())

    def test_waiting_for_its_receipt(self):
        self.check_package("receipts", lambda one: self.pass_until(one, "receipts"))

    def test_incomplete_until_ksef_ends_it(self):
        def drive(_documents):
            self.simulator.inject("upload_part", "status", status=500, times=None)
            self.step()
            self.mend()

        def cure():
            self.simulator.control("expire", {"what": "sessions"})

        self.check_package("abandoned", drive, cure)


class TestTrial(ChangeCase):
    """Nothing changes before KSeF let the new secret in."""

    def refuse(self, method):
        """Try a revoked secret of a kind; return what the dialogue shows."""
        if method == "certificate":
            made = self.make_certificate()
            path = f"certificates/{made['serial']}"
            self.simulator.control(path, {"status": "Revoked"})
            return self.try_certificate(made)
        token = self.simulator.make_token(SELLER_NIP, status="Revoked")
        setup = self.env["l10n_pl_ksef.setup"]
        return setup._connect(self.company, "test", token, "127.0.0.1")

    def check_refused(self):
        before = self.read_rows()
        result = self.refuse(OTHER[self.connection.login_method])
        self.assertFalse(result["connected"])
        self.check_unchanged(before)

    def test_failed_trial_leaves_everything_as_it_was(self):
        for method in ("token", "certificate"):
            with self.subTest(of=method):
                self.connect(method)
                self.open_session()
                processing, queued = self.post_in("processing"), self.queue()
                logins = self.count(method)
                self.check_refused()
                self.finish_same(processing)
                self.finish_same(queued)
                session = queued.session_id
                self.assertEqual(session, processing.session_id)
                self.assertEqual(self.count(method), logins)

    def test_failed_trial_releases_nothing_that_waits_for_a_person(self):
        for method in ("token", "certificate"):
            with self.subTest(of=method):
                self.connect(method)
                self.kill_secret()
                document = self.post_in("blocked")
                self.check_refused()
                self.step()
                self.assertEqual(document.state, "blocked")
                self.connect(method)
                self.finish_same(document)

    def test_trial_that_ksef_does_not_answer_leaves_everything_as_it_was(self):
        made = self.make_certificate()
        for operation in ("challenge", "login_certificate", "login_status", "redeem"):
            with self.subTest(operation):
                self.queue()
                before = self.read_rows()
                self.simulator.inject(operation, "status", status=503, times=None)
                self.assertFalse(self.try_certificate(made)["connected"])
                self.check_unchanged(before)
                self.mend()


class TestOldLogin(ChangeCase):
    """Of the old way nothing is used, kept or shown after the change."""

    def test_open_session_takes_nothing_new(self):
        for method in ("certificate", "token"):
            with self.subTest(to=method):
                self.open_session()
                processing = self.post_in("processing")
                session = processing.session_id
                sent, reference = session.sent_count, session.reference
                self.change()
                self.assertEqual(session.state, "closing")
                document = self.queue()
                self.finish_same(document)
                self.finish_same(processing)
                self.assertNotEqual(document.session_id, session)
                self.assertEqual(session.sent_count, sent)
                self.assertEqual(session.state, "closed")
                self.assertEqual(self.get_session_code(reference), 200)
                self.assertIn(PROOFS[method], document._get_upo().decode())
                self.assertIn(PROOFS[OTHER[method]], processing._get_upo().decode())

    def test_undecided_login_is_not_gone_on_with(self):
        self.end_login()
        self.simulator.control("settings", {"login_seconds": FOR_EVER_SECONDS})
        quick = partial(auth.login_with_token, max_wait_seconds=0.2)
        logins = l10n_pl_ksef_gateway_login.auth
        with patch.object(logins, "login_with_token", quick):
            document = self.post_in("queued")
        self.assertTrue(self.connection.sealed_login)
        self.simulator.control("settings", {"login_seconds": 0})
        self.change()
        self.assertFalse(self.connection.sealed_login)
        self.end_login()
        self.finish_same(document)
        self.assertEqual(self.count("certificate"), 2, "the trial and this")
        self.assertIn(PROOFS["certificate"], document._get_upo().decode())

    def test_old_secret_is_forgotten_and_not_shown(self):
        for method in ("certificate", "token"):
            with self.subTest(to=method):
                old = self.get_facts()
                self.change()
                told, new = self.get_told(), self.get_facts()
                for fact in old:
                    self.assertNotIn(fact, told)
                for fact in new:
                    self.assertIn(fact, told)

    def get_facts(self):
        """Return the stored secret, and what a person is shown of it."""
        connection = self.connection
        if connection.login_method == "token":
            return connection.sealed_token, connection.token_reference
        explain = self.env["l10n_pl_ksef.explain"]
        serial = explain._format_serial(connection.certificate_serial)
        return connection.sealed_certificate, serial

    def get_told(self):
        """Return all that settings and status page tell, and all that is sealed."""
        settings = self.env["res.config.settings"].with_company(self.company)
        settings = settings.create({"company_id": self.company.id})
        health = self.env["l10n_pl_ksef.health"].with_company(self.company)
        sealed = self.connection.read(SEALED)
        told = [settings.l10n_pl_ksef_status, health.get_status(self.company.id)]
        return json.dumps([*told, sealed], default=str, ensure_ascii=False)


class TestOtherHolder(ChangeCase):
    """What another holder's log-in sent is closed to the new one, and only that."""

    def connect_person(self):
        """Change to a certificate of a person, who made nothing so far."""
        rights = ["InvoiceRead", "InvoiceWrite"]
        self.connect("certificate", pesel=PESEL, permissions=rights)

    def test_open_session_of_the_token_stops_nothing(self):
        session = self.open_session().session_id
        self.connect_person()
        self.step()
        self.assertEqual(self.connection.state, "connected")
        self.assertEqual(session.state, "failed", "KSeF ends it by itself")
        self.finish_same(self.queue())

    def test_invoices_of_the_token_are_found_and_not_sent_again(self):
        self.simulator.control("settings", {"storage_seconds": 0})
        self.simulator.inject("send_invoice", "drop_after")
        under_way = self.post_in("unknown") + self.post_in("processing")
        self.connect_person()
        for document in under_way:
            self.advance(document, "accepted")
        self.finish_same(self.queue())
        self.assertEqual(self.connection.state, "connected")
        book = {one["invoiceNumber"]: one for one in self.simulator.get_book()}
        for document in under_way:
            number = book[document.invoice_number]["ksefNumber"]
            self.assertEqual(document.ksef_number, number)
            self.assertEqual(len(self.get_attempts(document)), 1)


class TestOneLogin(ChangeCase):
    """There is one login as long as its refresh token lives."""

    def test_trial_is_the_only_login_while_its_refresh_token_lives(self):
        self.change()
        for _turn in range(3):
            document = self.queue()
            self.finish_same(document)
            self.simulator.control("expire", {"what": "access"})
        self.run_job()
        self.assertEqual(self.count("certificate"), 1, "the trial")
        self.assertEqual(self.count("token"), 1, "the set-up")
        self.assertEqual(self.simulator.count("refresh"), 2)

    def test_refused_refresh_costs_one_login(self):
        self.change()
        self.end_login()
        documents = [self.queue() for _number in range(3)]
        for document in documents:
            self.finish_same(document)
        self.assertEqual(self.count("certificate"), 2, "the trial and this")
        self.assertEqual(self.count("token"), 1, "the set-up")

    def test_two_companies_log_in_once_each(self):
        self.change()
        other = self.make_other_company()
        self.connect_other(other)
        documents = self.env["l10n_pl_ksef.document"].sudo()
        for _turn in range(3):
            for invoice in (self.make_invoice(), self.make_invoice_of(other)):
                invoice.action_post()
                documents += invoice.sudo().l10n_pl_ksef_document_id
            self.simulator.control("expire", {"what": "access"})
            for document in documents:
                self.advance(document, "accepted")
        self.assertEqual(len(documents.connection_id), 2)
        self.assertEqual(len(self.simulator.get_book()), len(documents))
        self.assertEqual(self.count("certificate"), 2, "two trials")

    def connect_other(self, company):
        made = self.make_certificate(nip=BUYER_NIP)
        result = self.try_certificate(made, company=company)
        self.assertTrue(result["connected"], result)

    def make_other_company(self):
        company = self.setup_other_company(name="Druga Sp. z o.o.")["company"]
        company.write(
            {
                "vat": f"PL{BUYER_NIP}",
                "street": "ul. Inna 2",
                "city": "Gdynia",
                "country_id": self.env.ref("base.pl").id,
            }
        )
        return company

    def make_invoice_of(self, company):
        tax = self.env["account.tax"].search(
            [
                ("company_id", "=", company.id),
                ("type_tax_use", "=", "sale"),
                ("l10n_pl_ksef_rate", "=", "23"),
            ],
            limit=1,
        )
        seller = self.buyer.copy({"name": "Klient S.A.", "vat": f"PL{SELLER_NIP}"})
        invoice = self.make_invoice(
            company_id=company.id, partner_id=seller.id, invoice_line_ids=[]
        )
        line = {"name": "Usługa", "price_unit": 50, "tax_ids": [(6, 0, tax.ids)]}
        invoice.write({"invoice_line_ids": [(0, 0, line)]})
        return invoice


class TestTokenEnd(ChangeCase):
    """From the day on which tokens end, a certificate is the way out, and it works."""

    def setUp(self):
        super().setUp()
        # As the law stands; other tests have to pass on any day.
        self.set_last_day(None)

    def set_last_day(self, date):
        parameters = self.env["ir.config_parameter"].sudo()
        value = date and fields.Date.to_string(date)
        parameters.set_param(TOKEN_END_PARAMETER, value)

    def end_tokens(self):
        """Let KSeF take no token any more, as the law says since yesterday."""
        now = fields.Datetime.now()
        settings = {
            "token_login_ends": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        }
        self.simulator.control("settings", settings)
        self.set_last_day(now.date() - timedelta(days=1))
        self.end_login()

    def forbid_tokens(self):
        """The same where KSeF says so by its own reason."""
        body = {"reasonCode": "auth-method-not-allowed", "status": 403}
        self.simulator.inject(
            "login_token",
            "page",
            status=403,
            times=None,
            content_type="application/problem+json",
            body=json.dumps(body),
        )
        self.end_login()

    def get_settings(self):
        settings = self.env["res.config.settings"].with_company(self.company)
        return settings.create({"company_id": self.company.id})

    def check_way_out(self, document):
        """Check: invoice, settings and trial name the certificate as the way out."""
        document.move_id.invalidate_recordset(["l10n_pl_ksef_line"])
        line = document.move_id.l10n_pl_ksef_line
        self.assertIn("certificate", line["sentence"])
        targets = [action["target"] for action in line["actions"]]
        self.assertIn("l10n_pl_ksef_certificate", targets)
        status = self.get_settings().l10n_pl_ksef_status
        self.assertIn("ertificate", status["sentence"])
        setup = self.env["l10n_pl_ksef.setup"]
        token = self.simulator.make_token(SELLER_NIP)
        for result in (
            setup._test(self.company),
            setup._connect(self.company, "test", token, "127.0.0.1"),
        ):
            self.assertFalse(result["connected"])
            texts = {check["key"]: check["text"] for check in result["checks"]}
            self.assertIn("Add certificate", texts["law"])

    def check_goes_on(self, reason):
        """Check: all waits without storming KSeF, then goes on by itself."""
        processing, queued = self.post_in("processing"), self.queue()
        documents = processing + queued
        self.stop()
        logins = self.count("token")
        for _turn in range(2):
            self.run_job()
        self.assertEqual(documents.mapped("blocked_reason"), [reason, reason])
        self.assertEqual(self.count("token") - logins, 1, "no storm")
        self.check_way_out(queued)
        before = self.read_rows(*QUEUE)
        self.connect("certificate")
        self.check_unchanged(before)
        self.run_job()
        for document in documents:
            self.check_same_result(document)

    def test_documents_wait_and_go_on_with_a_certificate(self):
        self.stop = self.end_tokens
        self.check_goes_on("token")

    def test_ban_of_tokens_holds_and_goes_on_with_a_certificate(self):
        self.stop = self.forbid_tokens
        self.check_goes_on("right")

    def test_first_day_without_tokens_costs_a_company_nothing(self):
        self.simulator.control("settings", {"token_login_ends": LAW_ENDS})
        processing = self.post_in("processing")
        new_year = fields.Datetime.to_datetime(NEW_YEAR)
        away = (new_year - fields.Datetime.now()).total_seconds()
        self.simulator.control("clock", {"seconds": away})
        with freeze_time(new_year):
            queued = self.queue()
            self.step()
            self.make_due(processing)
            self.step()
            for document in processing + queued:
                self.assertEqual(document.blocked_reason, "token")
            self.check_way_out(queued)
            self.change()
            for document in processing + queued:
                self.finish_same(document)

    def test_offer_moves_with_the_parameter(self):
        for last, day, is_offered in (
            (None, "2026-10-31", False),
            (None, "2026-11-01", True),
            ("2027-12-31", "2027-10-31", False),
            ("2027-12-31", "2027-11-01", True),
        ):
            if last:
                self.set_last_day(fields.Date.to_date(last))
            with self.subTest(last=last, day=day), freeze_time(f"{day} 12:00:00"):
                offer = self.get_settings().l10n_pl_ksef_token_offer
                self.assertEqual(bool(offer), is_offered, offer)
