"""The background job: finds what is due, takes one step at a time, waits a little."""

import logging
import time
from datetime import timedelta

from psycopg2 import DatabaseError
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import config

from ..ksef import errors
from .l10n_pl_ksef_agenda import (
    ASKED_STATES,
    DUE_STATES,
    LANES,
    OTHER_STATES,
    RELEASED_REASONS,
    SHORT_WAIT_SECONDS,
)
from .l10n_pl_ksef_connection import ConnectionObstacle

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
DATE_REASONS = ("date", "clock")
CLOSE_GROUP = "online_session_close"
LOOK_SECONDS = 0.3
# After a fault of our own the document rests, and the others go on.
FAULT_PAUSE = timedelta(minutes=5)
# Without a run for this long the job counts as stopped (screens 3, row 54).
STOPPED_AFTER = timedelta(minutes=15)
# Documents that were held go on in groups of this size, a commit each.
RELEASE_SIZE = 1000
# While the job stands still a person's request does the work of so many.
STEPS_BY_HAND = 5
# So many documents that cannot be written end a run: the database is in trouble.
STUCK_MAX = 20


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

    @api.private
    def _has_time_for(self, seconds):
        """Tell whether Odoo lets this run go on for so long."""
        deadline = self.env.context.get("l10n_pl_ksef_deadline")
        return deadline is None or time.monotonic() + seconds < deadline

    @api.model
    @api.private
    def _cron_run(self, lane):
        """Send, ask and fetch until nothing is due or the time is over.

        :param int lane: which share of the connections, 0 to ``LANES`` - 1
        """
        self = self.sudo().with_context(l10n_pl_ksef_deadline=_get_deadline())
        connections = self.env["l10n_pl_ksef.agenda"]._find_busy(lane)
        if connections:
            self._work(connections)
            pause = self.env["l10n_pl_ksef.agenda"]._get_pause(connections)
            self._wake_again(lane, pause)
            self._end_step()
        self._warn()

    @api.private
    def _work(self, connections):
        """Take the steps of these connections while there is time."""
        agenda = self.env["l10n_pl_ksef.agenda"]
        self._release_blocked(connections)
        self._read_limits(agenda._find_sending(connections))
        seconds_left = self._end_step()
        stuck = set()
        while seconds_left > 0 and len(stuck) < STUCK_MAX:
            if self._run_next(connections, stuck):
                seconds_left = self._end_step(processed=1)
                continue
            pause = agenda._get_pause(connections)
            self.env.cr.rollback()
            if pause is None or pause > SHORT_WAIT_SECONDS:
                break
            time.sleep(max(0.0, min(pause, LOOK_SECONDS)))
            seconds_left = self._end_step()
        self._close_sessions(connections)

    @api.private
    def _warn(self):
        """Tell people what needs them; what goes wrong here stops no sending."""
        try:
            self.env["l10n_pl_ksef.warning"]._refresh()
            self._end_step()
        except Exception:
            _logger.exception("KSeF: the warnings could not be brought up to date")
            self.env.cr.rollback()

    @api.private
    def _read_limits(self, connections):
        """Learn KSeF's limits, about once a day, before anything is sent."""
        self._end_step()
        for connection in connections:
            self.env["l10n_pl_ksef.limit"]._refresh_if_old(connection)
            self._end_step()

    @api.private
    def _run_next(self, connections, stuck=None):
        """Take the one step that is most urgent; False when nothing is due.

        Questions go before sending: somebody is looking at an open form.

        :param set stuck: ids of documents that this run cannot write; grows
        """
        agenda = self.env["l10n_pl_ksef.agenda"]
        stuck = set() if stuck is None else stuck
        paused = agenda._get_paused(connections)
        asked = agenda._find_due(connections, paused, stuck, ASKED_STATES)
        if asked:
            stuck |= self._run_step(agenda._widen(asked))
            return True
        if package := agenda._find_due_package(connections):
            self._run_package_step(package)
            return True
        due = agenda._find_due(connections, paused, stuck, OTHER_STATES)
        if due:
            stuck |= self._run_step(
                agenda._widen(due) if due.state == "unknown" else due
            )
        return bool(due)

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
            session.next_step_on = fields.Datetime.now() + FAULT_PAUSE
            self._end_step()

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
        """Take one step for a few documents, and for the packages of the others."""
        packed = documents.filtered(lambda document: document._is_in_package())
        for session in packed.session_id:
            self._run_package_step(session)
        alone = (documents - packed).filtered_domain(DUE_STATES)
        for document in alone[:STEPS_BY_HAND]:
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
    def _release_blocked(self, connections):
        """Let documents go on whose obstacle is gone."""
        held = self.env["l10n_pl_ksef.document"].search(
            [
                ("connection_id", "in", connections.ids),
                ("state", "=", "blocked"),
                ("blocked_reason", "in", RELEASED_REASONS),
            ]
        )
        for connection, group in held.grouped("connection_id").items():
            self._release(self._find_free(connection, group))

    @api.private
    def _find_free(self, connection, held):
        """Return those of the held documents that nothing keeps any more."""
        sender = self.env["l10n_pl_ksef.sender"]
        dated = held.filtered(lambda one: one.blocked_reason in DATE_REASONS)
        if "clock" in dated.mapped("blocked_reason"):
            self._hear_clock(connection)
        today = sender._get_polish_date(connection)
        free = dated.filtered(lambda document: document.issue_date <= today)
        others = held - dated
        if others and not connection._find_obstacle(is_sending=True):
            free |= others
        return free

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
    def _release(self, documents):
        """Let documents go on; in groups, so that no transaction grows long."""
        ids = documents.ids
        for start in range(0, len(ids), RELEASE_SIZE):
            group = documents.browse(ids[start : start + RELEASE_SIZE])
            group.try_lock_for_update(allow_referencing=True)._release()
            self._end_step()

    @api.private
    def _recheck_one(self, document):
        """Look again at a document that is held for its data."""
        outbox = self.env["l10n_pl_ksef.outbox"]
        document = self.env["l10n_pl_ksef.sender"]._lock(document, "blocked")
        if document and outbox._rebuild(document):
            document._release()
        elif document:
            document._plan(outbox._get_recheck_seconds())
        self._end_step()

    @api.private
    def _close_sessions(self, connections):
        """Close at KSeF the sessions that are old, idle or given up."""
        for session in self.env["l10n_pl_ksef.session"]._find_to_close(connections):
            if not session.connection_id._get_seconds_to_retry(CLOSE_GROUP):
                self._close_session(session)
                self._end_step()

    @api.private
    def _close_session(self, session):
        try:
            session._close_one()
        except ConnectionObstacle as obstacle:
            _logger.info("KSeF: session %s not closed: %s", session.id, obstacle)
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


def _get_deadline():
    """Return the time (monotonic) at which Odoo kills a scheduled action, or None."""
    limit = config["limit_time_real_cron"]
    if limit is None or limit < 0:
        limit = config["limit_time_real"]
    return time.monotonic() + limit if limit else None
