"""The job among many invoices: beside the button, in little time, with faults."""

from unittest.mock import patch

from odoo import fields
from odoo.tools import config, mute_logger

from ..models import l10n_pl_ksef_job as job_module
from ..models.l10n_pl_ksef_run import Run
from .matrix_common import JOB_LOGGER, SQL_LOGGER
from .volume_common import BATCH, DOCUMENT, JOB, SESSION, VolumeCase

GROUPS_LOGGER = "odoo.addons.l10n_pl_ksef.models.l10n_pl_ksef_groups"
BROKEN = "22012"  # SQLSTATE that the database gives for one row
DAY_SECONDS = 86_400


class TestButtonBesideTheJob(VolumeCase):
    """What another worker holds is left alone, so that nothing is sent twice."""

    def test_package_made_during_the_button_is_left_alone(self):
        self.set_threshold(30)
        documents = self.post_many(4)
        first, second = documents[:2]
        packed_ids = (documents - first).ids
        sender = type(self.env["l10n_pl_ksef.sender"])
        send_one = sender._send_one
        package_ids = []

        def pack_and_send(this, document):
            """While the first is sent by the button, the job packs the others."""
            if not package_ids:
                package_ids.append(self.pack(document.env, packed_ids))
            send_one(this, document)

        with patch.object(sender, "_send_one", pack_and_send):
            self.press_button(first | second)
        for _step in range(3):
            self.step()
        self.assertEqual(second.state, "sending")
        with self.as_worker() as env:
            env[BATCH]._carry(env[SESSION].browse(package_ids))
        self.finish_all(documents)
        self.check_sent_once(documents)
        self.assertEqual(second.attempt_count, 1)

    def test_package_being_opened_is_not_given_up(self):
        documents = self.post_many(3)
        with self.as_worker() as env:
            package_id = self.pack(env, documents.ids)
        self.press_button(documents)
        self.assertEqual(self.get_package(documents).state, "opening")
        self.assertEqual(set(documents.mapped("state")), {"sending"})
        with self.as_worker() as env:
            env[BATCH]._carry(env[SESSION].browse(package_id))
        self.finish_all(documents)
        self.check_sent_once(documents)

    def test_document_being_sent_is_not_asked_for(self):
        document = self.post_many(1)
        later = fields.Datetime.add(fields.Datetime.now(), minutes=1)
        document._set_state("sending", next_step_on=later)
        self.press_button(document)
        with self.as_worker() as env:
            env["l10n_pl_ksef.sender"]._expire_one(env[DOCUMENT].browse(document.id))
        self.assertEqual(document.state, "sending")

    def test_package_that_lost_a_document_is_not_uploaded(self):
        documents = self.post_many(3)
        taken_out = documents[1]
        with self.as_worker() as env:
            package_id = self.pack(env, documents.ids)
        taken_out._set_state("unknown")
        taken_out._set_state("queued")
        with self.as_worker() as env:
            env[BATCH]._carry(env[SESSION].browse(package_id))
        self.assertEqual(self.simulator.count("upload_part"), 0)
        self.assertEqual(set(documents.mapped("state")), {"queued"})
        self.finish_all(documents)
        self.check_sent_once(documents)

    def test_button_for_several_that_go_as_one_package(self):
        documents = self.post_many(5)
        with self.assertNoLogs(JOB_LOGGER, "ERROR"):
            self.press_button(documents)
        self.finish_all(documents)
        self.check_sent_once(documents)
        self.assertEqual(self.simulator.count("open_batch"), 1)


class TestTimeOfRun(VolumeCase):
    """However little time Odoo gives a worker, each run gets something done."""

    def test_package_goes_though_workers_are_killed_early(self):
        for seconds in (20, 60):
            with (
                self.subTest(seconds=seconds),
                patch.dict(config.options, limit_time_real_cron=seconds),
            ):
                documents = self.post_many(3)
                self.run_job()
                self.assertLessEqual(
                    set(documents.mapped("state")), {"processing", "accepted"}
                )
                self.settle(documents)
                self.check_sent_once(documents)

    def test_run_that_has_no_time_left_takes_one_step(self):
        documents = self.post_many(2)
        with self.as_worker() as env:
            run = Run()
            run._started -= DAY_SECONDS
            env[JOB]._work(self.connection.with_env(env), run)
        self.assertEqual(run.served.total(), 1)
        self.assertEqual(sorted(documents.mapped("state")), ["processing", "queued"])


class TestHeldDocuments(VolumeCase):
    """Many held documents cost nothing while what holds them is there."""

    def hold(self, count):
        documents = self.post_many(count)
        documents._block("no_token")
        return documents

    def test_held_documents_are_not_read_while_nothing_changed(self):
        documents = self.hold(4)
        self.connection.sealed_token = False
        with self.as_worker() as env:
            found = env[JOB]._find_free(self.connection.with_env(env))
            self.assertFalse(found)
            read = env[DOCUMENT]._fields["state"]._get_cache(env)
            self.assertFalse(set(documents.ids).intersection(read))
        self.assertEqual(set(documents.mapped("state")), {"blocked"})

    def test_held_documents_go_on_a_few_at_a_time(self):
        documents = self.hold(5)
        self.startPatcher(patch.object(job_module, "RELEASE_SIZE", 2))
        self.startPatcher(patch.object(job_module, "RELEASE_PAGES", 1))
        seen = []
        for _run in range(3):
            with self.as_worker() as env:
                run = Run()
                env[JOB]._release_held(self.connection.with_env(env), run)
            seen.append((documents.mapped("state").count("queued"), run.has_more))
        self.assertEqual(seen, [(2, True), (4, True), (5, False)])

    def test_one_that_cannot_be_written_keeps_no_other(self):
        documents = self.hold(3)
        bad = documents[1]
        self.break_writes(BROKEN, f"NEW.id = {bad.id}")
        with mute_logger(SQL_LOGGER, GROUPS_LOGGER, JOB_LOGGER):
            self.run_job()
        self.mend_writes()
        self.assertEqual(bad.state, "blocked")
        self.assertNotIn("blocked", (documents - bad).mapped("state"))
        self.finish_all(documents)
        self.check_sent_once(documents)


class TestFaultsBesideSteps(VolumeCase):
    """A fault of ours outside a step stops neither the job nor the others."""

    def check_job_is_well(self):
        crons = self.env[JOB]._get_crons()
        self.assertFalse(any(crons.mapped("failure_count")))
        for cron in crons:
            self.assertGreater(cron.nextcall, fields.Datetime.now())

    def test_fault_while_one_session_is_closed(self):
        first = self.open_session().session_id
        first._retire()
        second = self.open_session().session_id
        (first | second).write({"state": "closing"})
        _invoice, document = self.post_invoice()
        model = type(first)
        close_one = model._close_one

        def close_or_break(session):
            if session.id == first.id:
                raise ZeroDivisionError
            close_one(session)

        broken = patch.object(model, "_close_one", close_or_break)
        with broken, self.assertLogs(JOB_LOGGER, "ERROR"):
            self.run_job()
        self.assertEqual(first.state, "closing")
        self.assertEqual(second.state, "closed")
        self.assertEqual(document.state, "accepted")
        self.check_job_is_well()

    def test_fault_while_limits_are_read(self):
        self.forget_calls()
        documents = self.post_many(1)
        model = type(self.env["l10n_pl_ksef.limit"])
        broken = patch.object(model, "_refresh_if_old", side_effect=ZeroDivisionError)
        with broken, self.assertLogs(JOB_LOGGER, "ERROR"):
            self.run_job()
        self.assertEqual(documents.state, "accepted")
        self.check_job_is_well()


class TestSessionGivenUp(VolumeCase):
    """A session that takes nothing more is ended at KSeF, so that all is certain."""

    def test_doubt_about_one_ends_though_another_was_refused(self):
        self.open_session()
        self.simulator.inject("send_invoice", "drop_before")
        lost = self.post_many(1)
        self.step()
        self.assertEqual(lost.state, "unknown")
        session = lost.session_id
        self.simulator.inject("send_invoice", "error_code", code=21184)
        refused = self.post_many(1)
        lost.next_step_on = fields.Datetime.add(fields.Datetime.now(), hours=1)
        self.step()
        self.assertEqual(refused.session_id, session)
        both = lost | refused
        self.pass_rounds(both, 3)
        self.assertEqual(session.state, "closed")
        self.settle(both)
        self.check_sent_once(both)

    def test_key_that_was_withdrawn_is_not_used_again(self):
        self.simulator.inject("open_online", "session_status", code=415)
        documents = self.post_many(1)
        before = self.simulator.count("public_keys")
        self.settle(documents)
        self.assertEqual(self.simulator.count("public_keys"), before + 1)
        self.check_sent_once(documents)


class TestRefusals(VolumeCase):
    """A person is asked after several refusals in a row, and always then."""

    def ask(self, documents, times, code=None):
        """Let KSeF be asked so often, and refuse each time if there is a code."""
        if code:
            self.simulator.inject(self.operation, "error_code", code=code, times=times)
        self.pass_rounds(documents, times)

    def check_single(self):
        self.operation = "invoice_status"
        self.simulator.control("settings", {"processing_seconds": DAY_SECONDS})
        documents = self.post_many(1)
        self.step()
        self.ask(documents, 6)
        return documents

    def test_one_refusal_after_many_questions_is_asked_again(self):
        documents = self.check_single()
        self.ask(documents, 1, code=21405)
        self.assertEqual(documents.state, "processing")

    def test_refusals_with_an_answer_between_them_do_not_add_up(self):
        documents = self.check_single()
        for _time in range(3):
            self.ask(documents, 3, code=21405)
            self.ask(documents, 1)
        self.assertEqual(documents.state, "processing")

    def test_refusals_without_end_are_shown_to_a_person(self):
        documents = self.check_single()
        self.ask(documents, 8, code=21405)
        self.assertEqual(documents.blocked_reason, "program")
        self.assertEqual(documents.return_state, "processing")
        self.assertEqual(documents.status_code, "21405")

    def test_package_is_asked_for_again_after_one_refusal(self):
        self.operation = "session_status"
        self.simulator.control("settings", {"processing_seconds": DAY_SECONDS})
        documents = self.post_many(3)
        package = self.pass_until(documents, "processing")
        self.ask(documents, 8)
        self.ask(documents, 1, code=21405)
        self.assertEqual(package.state, "processing")
        self.ask(documents, 8, code=21405)
        self.assertEqual(package.state, "failed")
        self.assertEqual(set(documents.mapped("blocked_reason")), {"program"})
        self.assertEqual(set(documents.mapped("return_state")), {"unknown"})

    def test_file_that_never_gets_through_is_shown_to_a_person(self):
        self.simulator.inject("send_invoice", "html", times=None)
        document = self.post_many(1)
        for _round in range(60):
            if document.state == "blocked":
                break
            self.pass_rounds(document, 1)
            if document.state == "unknown":
                # Ended by KSeF: then it is certain that the file is not there.
                self.simulator.control("expire", {"what": "sessions"})
        self.assertEqual(document.blocked_reason, "program")
        self.assertEqual(document.return_state, "queued")
        self.assertLessEqual(self.simulator.count("send_invoice"), 8)
        self.check_nothing_kept(document)

    def check_nothing_kept(self, document):
        self.assertFalse(self.simulator.get_book())
        self.assertFalse(document.ksef_number)
