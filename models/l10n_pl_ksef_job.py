"""The background job: finds what is due, takes one step at a time, waits a little."""

import logging
import time
from datetime import timedelta

from psycopg2 import DatabaseError
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

from ..ksef import errors
from .l10n_pl_ksef_agenda import DUE_STATES, LANES, SHORT_WAIT_SECONDS
from .l10n_pl_ksef_connection import PROBLEMS, ConnectionObstacle
from .l10n_pl_ksef_groups import write_safely
from .l10n_pl_ksef_run import Run, get_step

_logger = logging.getLogger(__name__)

CRON = "l10n_pl_ksef.ir_cron_run_%s"
# State of a document -> the step that takes it further.
STEPS = {
    "queued": "_step_send",
    "sending": "_step_expire",
    "unknown": "_step_resolve",
    "processing": "_step_poll",
    "accepted": "_step_fetch_receipt",
    "blocked": "_recheck_one",
}
# States in which one list answers for all documents of a session.
LISTED_STATES = ("processing", "unknown")
DATE_REASONS = ("date", "clock")
# Why documents are held until the job finds that it is over.
OBSTACLE_REASONS = tuple(key for key, _label in PROBLEMS if key not in DATE_REASONS)
CLOSE_GROUP = "online_session_close"
LOOK_SECONDS = 0.3
# After a fault of our own the document rests, and the others go on.
FAULT_PAUSE = timedelta(minutes=5)
# Without a run for this long the job counts as stopped (screens 3, row 54).
STOPPED_AFTER = timedelta(minutes=15)
# Documents that were held go on in groups of this size, a commit each.
RELEASE_SIZE = 1000
RELEASE_PAGES = 5
# While the job stands still a person's request does the work of so many.
STEPS_BY_HAND = 5
# What another worker holds is looked at again after this time.
PASSED_PAUSE_SECONDS = 30


class Job(models.AbstractModel):
    _name = "l10n_pl_ksef.job"
    _description = "KSeF job"

    @api.private
    def _trigger(self, connections):
        """Wake the lanes of these connections once this transaction is committed."""
        agenda = self.env["l10n_pl_ksef.agenda"]
        for cron in self._get_crons(
            {agenda._get_lane(connection) for connection in connections}
        ):
            cron._trigger()

    @api.private
    def _get_crons(self, lanes=range(LANES)):
        """Return the scheduled actions of lanes; one that was deleted is left out."""
        # By the cached id: `env.ref` would ask the database each time.
        find = self.env["ir.model.data"]._xmlid_to_res_id
        ids = [find(CRON % lane, raise_if_not_found=False) for lane in lanes]
        return self.env["ir.cron"].sudo().browse(filter(None, ids))

    @api.private
    def _is_running(self, connection):
        """Tell whether the lane of a connection runs at all on this database."""
        cron = self._get_crons([self.env["l10n_pl_ksef.agenda"]._get_lane(connection)])
        # Odoo plans a run anew that fails, or whose user is archived.
        has_user = cron.user_id.active or cron.user_id.id == SUPERUSER_ID
        if not cron.active or not has_user or cron.failure_count:
            return False
        late = fields.Datetime.now() - STOPPED_AFTER
        return cron.nextcall > late

    @api.model
    @api.private
    def _cron_run(self, lane):
        """Send, ask and fetch until nothing is due or the time is over.

        :param int lane: which share of the connections, 0 to ``LANES`` - 1
        """
        self = self.sudo()
        agenda = self.env["l10n_pl_ksef.agenda"]
        connections = agenda._find_busy(lane)
        if connections:
            run = Run()
            self._work(connections, run)
            everybody = agenda._get_lane_connections(lane)
            pause = agenda._get_pause(agenda._look(everybody, run))
            self._wake_again(lane, 0 if run.has_more else pause)
            if run.passed or run.stuck:
                self._wake_again(lane, PASSED_PAUSE_SECONDS)
            self._end_step()
        self._guard(self.env["l10n_pl_ksef.warning"]._refresh)

    @api.private
    def _work(self, connections, run):
        """Take the steps of these connections while there is time."""
        agenda = self.env["l10n_pl_ksef.agenda"]
        for connection in connections:
            self._guard(self._release_held, connection, run)
        seconds_left = self._end_step()
        while seconds_left > 0 and run.may_go_on():
            if self._run_next(connections, run):
                seconds_left = self._end_step(processed=1)
                continue
            pause = agenda._get_pause(agenda._look(connections, run))
            self.env.cr.rollback()
            if pause is None or pause > SHORT_WAIT_SECONDS:
                break
            time.sleep(max(0.0, min(pause, LOOK_SECONDS)))
            seconds_left = self._end_step()
        for session in self.env["l10n_pl_ksef.session"]._find_to_close(connections):
            self._guard(self._close_session, session)

    @api.private
    def _guard(self, work, *arguments):
        """Do some work and commit it; a fault of it stops nothing else."""
        try:
            work(*arguments)
            self._end_step()
        except SerializationFailure:
            # Somebody else wrote the row meanwhile: it is looked at again.
            self.env.cr.rollback()
        except Exception:
            _logger.exception("KSeF: %s failed", work.__name__)
            self.env.cr.rollback()

    @api.private
    def _run_next(self, connections, run=None):
        """Take the one step whose turn it is; False when nothing is due."""
        run = run or Run()
        agenda = self.env["l10n_pl_ksef.agenda"]
        entry = agenda._choose(agenda._look(connections, run), run.served)
        if entry is None:
            return False
        run.served[entry.connection] += 1
        if entry.state == "package":
            record = self.env["l10n_pl_ksef.session"].browse(entry.record_id)
            before = get_step(record)
            self._run_package_step(record)
        else:
            record = self.env["l10n_pl_ksef.document"].browse(entry.record_id)
            before = get_step(record)
            if entry.state == "queued":
                self._guard(self._read_limits, entry.connection, run)
                is_taken = record.exists().state != "queued"
                if is_taken or entry.connection._get_seconds_to_retry():
                    return True
            is_wide = entry.state in LISTED_STATES
            run.stuck |= self._run_step(agenda._widen(record) if is_wide else record)
        self._end_step()
        if get_step(record) == before:
            # Somebody else holds it: another run looks again.
            run.passed.add((record._name, record.id))
        return True

    @api.private
    def _read_limits(self, connection, run):
        """Learn KSeF's limits, about once a day, before anything is sent."""
        if connection not in run.informed:
            run.informed.add(connection)
            self._end_step()
            self.env["l10n_pl_ksef.limit"]._refresh_if_old(connection)

    @api.private
    def _run_step(self, documents):
        """Do what the documents' one state asks for; a fault stops no others.

        :returns: ids of documents that could not even be put off
        """
        state = documents[0].state
        try:
            getattr(self, STEPS[state])(documents)
        except SerializationFailure:
            # Somebody else wrote the row meanwhile: it is looked at again.
            self.env.cr.rollback()
        except Exception:
            _logger.exception("KSeF: a step failed for documents %s", documents.ids)
            self.env.cr.rollback()
            return self._put_off(documents, state)
        return set()

    @api.private
    def _put_off(self, documents, state):
        """Let documents rest after a fault; return ids of those that cannot."""
        later = fields.Datetime.now() + FAULT_PAUSE
        try:
            still = documents.exists().filtered(lambda one: one.state == state)
            still.filtered("next_step_on").write({"next_step_on": later})
            self._end_step()
        except DatabaseError:
            _logger.warning("KSeF: documents %s cannot be written", documents.ids)
            self.env.cr.rollback()
            return set(documents.ids)
        return set()

    @api.private
    def _run_package_step(self, session):
        """Take a package further; a fault of ours lets it rest a while."""
        try:
            self.env["l10n_pl_ksef.batch.poller"]._take_step(session)
        except SerializationFailure:
            self.env.cr.rollback()
        except Exception:
            _logger.exception("KSeF: a step failed for session %s", session.id)
            self.env.cr.rollback()
            self._guard(self._put_package_off, session)

    @api.private
    def _put_package_off(self, session):
        if session.next_step_on:
            session.next_step_on = fields.Datetime.now() + FAULT_PAUSE

    @api.private
    def _step_send(self, document):
        batch = self.env["l10n_pl_ksef.batch"]
        if batch._is_worth_it(document.connection_id):
            batch._send_package(document.connection_id)
        else:
            self.env["l10n_pl_ksef.sender"]._send_one(document)

    @api.private
    def _step_expire(self, document):
        self.env["l10n_pl_ksef.sender"]._expire_one(document)

    @api.private
    def _step_poll(self, documents):
        self.env["l10n_pl_ksef.poller"]._poll(documents)

    @api.private
    def _step_resolve(self, documents):
        self.env["l10n_pl_ksef.reconciler"]._resolve(documents)

    @api.private
    def _step_fetch_receipt(self, document):
        self.env["l10n_pl_ksef.receipt"]._fetch_one(document)

    @api.private
    def _step_after_commit(self, documents):
        """Take one step for these documents when the caller's work is saved.

        For the button while the job stands still: in a cursor of its own, never
        in the transaction of the request.
        """
        ids = documents.ids

        def take_step():
            with self.env.registry.cursor() as cr:
                job = self.with_env(self.env(cr=cr, su=True))
                found = job.env["l10n_pl_ksef.document"].browse(ids).exists()
                job._step_by_hand(found)

        self.env.cr.postcommit.add(take_step)

    @api.private
    def _step_by_hand(self, documents):
        """Take one step for a few documents, and for the packages of the others.

        The job may wake up meanwhile: each is looked at again before its step, and
        what another worker holds is left alone.
        """
        packages = documents.session_id.filtered("next_step_on")
        for session in packages:
            if session.next_step_on and session.next_step_on <= fields.Datetime.now():
                self._run_package_step(session)
        for document in documents[:STEPS_BY_HAND]:
            due = Domain("next_step_on", "<=", fields.Datetime.now())
            if document.filtered_domain(DUE_STATES & due):
                self._run_step(document)

    @api.private
    def _wake_again(self, lane, pause):
        """Trigger the next run, at once if work is waiting."""
        if pause is None:
            return
        for cron in self._get_crons([lane]):
            if pause <= SHORT_WAIT_SECONDS:
                cron._trigger()
            else:
                cron._trigger(fields.Datetime.now() + timedelta(seconds=pause))

    @api.private
    def _release_held(self, connection, run):
        """Let documents go on whose obstacle is gone, a page a commit."""
        for _page in range(RELEASE_PAGES):
            found = self._find_free(connection)
            locked = found.try_lock_for_update(allow_referencing=True)
            write_safely(locked, lambda some: some._release())
            self._end_step()
            if len(locked) < RELEASE_SIZE:
                return
        run.has_more = True

    @api.private
    def _find_free(self, connection):
        """Return held documents that nothing keeps any more, one page of them."""
        documents = self.env["l10n_pl_ksef.document"]
        held = Domain("connection_id", "=", connection.id)
        held &= Domain("state", "=", "blocked")
        if documents.search_count(held & Domain("blocked_reason", "=", "clock"), 1):
            self._hear_clock(connection)
        today = self.env["l10n_pl_ksef.sender"]._get_polish_date(connection)
        free = Domain("blocked_reason", "in", DATE_REASONS)
        free &= Domain("issue_date", "<=", today)
        lasting = Domain("blocked_reason", "in", OBSTACLE_REASONS)
        if documents.search_count(held & lasting, limit=1):
            # Asked only now: to open a secret is not for nothing.
            is_over = not connection._find_obstacle(is_sending=True)
            free |= lasting if is_over else Domain.FALSE
        return documents.search(held & free, limit=RELEASE_SIZE)

    @api.private
    def _hear_clock(self, connection):
        """Learn KSeF's time: the server's clock may have been put right."""
        self._end_step()
        try:
            self.env["l10n_pl_ksef.gateway"]._hear_clock(connection)
        except errors.KsefError as error:
            _logger.info("KSeF: its time is not known: %s", error)
        self._end_step()

    @api.private
    def _recheck_one(self, document):
        """Look again at a document that is held for its data."""
        outbox = self.env["l10n_pl_ksef.outbox"]
        document = self.env["l10n_pl_ksef.sender"]._lock(document, "blocked")
        if document and outbox._rebuild(document):
            document._release()
        elif document:
            document._plan(outbox._get_recheck_seconds(document))
        self._end_step()

    @api.private
    def _close_session(self, session):
        """Close at KSeF a session that is old, idle or given up."""
        if session.connection_id._get_seconds_to_retry(CLOSE_GROUP):
            return
        try:
            session._close_one()
        except ConnectionObstacle as obstacle:
            _logger.info("KSeF: session %s not closed: %s", session.id, obstacle)
        except SerializationFailure:
            # Somebody else wrote the row meanwhile: the next run looks at it again.
            self.env.cr.rollback()
        except errors.KsefError as error:
            # It is tried again by the next run, and ends by itself after 12 h.
            _logger.info("KSeF: session %s not closed yet: %s", session.id, error)
            self._end_step()
            session.connection_id._note_failure(error)
            session._put_off_closing()

    @api.private
    def _end_step(self, processed=0):
        """Commit; return the seconds that are left of this run."""
        return self.env["ir.cron"]._commit_progress(processed)
