"""The background job: finds what is due, takes one step at a time, waits a little."""

import logging
import time
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.fields import Domain

from ..ksef import errors
from .l10n_pl_ksef_connection import PROBLEMS, ConnectionObstacle
from .l10n_pl_ksef_document import OPEN_STATES

_logger = logging.getLogger(__name__)

CRON = "l10n_pl_ksef.ir_cron_run"
# Documents of one session that are asked about in one call, at the most.
GROUP_SIZE = 1000
# State of a document -> the step that takes it further.
STEPS = {
    "queued": "_step_send",
    "sending": "_step_expire",
    "unknown": "_step_resolve",
    "processing": "_step_poll",
    "accepted": "_step_fetch_receipt",
    "blocked": "_recheck_one",
}
# Rate groups of the calls that a step of a state makes (API 14).
RATE_GROUPS = (
    ("queued", "invoice_send"),
    ("queued", "online_session"),
    ("unknown", "session_invoice_list"),
    ("unknown", "session_misc"),
    ("processing", "invoice_status"),
    ("processing", "session_invoice_list"),
    ("accepted", "session_misc"),
)
CLOSE_GROUP = "online_session_close"
# A document in another state has no step, whatever date is on it.
DUE_STATES = Domain("state", "in", OPEN_STATES) | (
    Domain("state", "=", "accepted") & Domain("upo_state", "=", "wanted")
)
# A question due within this time is waited for inside the run, since a trigger
# set for later fires up to a minute late.
SHORT_WAIT_SECONDS = 60
LOOK_SECONDS = 0.3
# After a fault of our own the document rests, and the others go on.
FAULT_PAUSE = timedelta(minutes=5)
# Without a run for this long the job counts as stopped (screens 3, row 54).
STOPPED_AFTER = timedelta(minutes=15)


class Job(models.AbstractModel):
    _name = "l10n_pl_ksef.job"
    _description = "KSeF job"

    @api.private
    def _trigger(self):
        """Wake the job once this transaction is committed."""
        if cron := self._get_cron():
            cron._trigger()

    @api.private
    def _get_cron(self):
        """Return the job's scheduled action; empty if somebody deleted it."""
        # By the cached id: `env.ref` would ask the database each time.
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(
            CRON, raise_if_not_found=False
        )
        return self.env["ir.cron"].sudo().browse(cron_id or [])

    @api.private
    def _is_running(self):
        """Tell whether the job runs at all on this database."""
        cron = self._get_cron()
        if not cron.active:
            return False
        late = fields.Datetime.now() - STOPPED_AFTER
        return cron.nextcall > late

    @api.model
    @api.private
    def _cron_run(self):
        """Send, ask and fetch until nothing is due or the time is over."""
        self = self.sudo()
        self._release_blocked()
        seconds_left = self._end_step()
        while seconds_left > 0:
            if self._run_next():
                seconds_left = self._end_step(processed=1)
                continue
            pause = self._get_pause()
            self.env.cr.rollback()
            if pause is None or pause > SHORT_WAIT_SECONDS:
                break
            time.sleep(max(0.0, min(pause, LOOK_SECONDS)))
            seconds_left = self._end_step()
        self._close_sessions()
        self._wake_again(self._get_pause())
        self._end_step()

    @api.private
    def _run_next(self):
        """Take the one step that is most urgent; False when nothing is due.

        Questions go before sending: somebody is looking at an open form.
        """
        asked = self._find_due([("state", "=", "processing")], limit=1)
        if asked:
            group = [("state", "=", "processing")]
            group.append(("session_id", "=", asked.session_id.id))
            due = self._find_due(group, limit=GROUP_SIZE)
        else:
            due = self._find_due([("state", "!=", "processing")], limit=1)
        if due:
            self._run_step(due)
        return bool(due)

    @api.private
    def _run_step(self, documents):
        """Do what the documents' one state asks for; a fault stops no others."""
        state = documents[0].state
        try:
            getattr(self, STEPS[state])(documents)
        except SerializationFailure:
            # Somebody else wrote the row meanwhile: it is looked at again.
            self.env.cr.rollback()
        except Exception:
            _logger.exception("KSeF: a step failed for documents %s", documents.ids)
            self.env.cr.rollback()
            later = fields.Datetime.now() + FAULT_PAUSE
            still = documents.exists().filtered(lambda one: one.state == state)
            still.filtered("next_step_on").write({"next_step_on": later})
            self._end_step()

    @api.private
    def _step_send(self, document):
        self.env["l10n_pl_ksef.sender"]._send_one(document)

    @api.private
    def _step_expire(self, document):
        self.env["l10n_pl_ksef.sender"]._expire_one(document)

    @api.private
    def _step_poll(self, documents):
        self.env["l10n_pl_ksef.poller"]._poll(documents)

    @api.private
    def _step_resolve(self, document):
        self.env["l10n_pl_ksef.poller"]._resolve_one(document)

    @api.private
    def _step_fetch_receipt(self, document):
        self.env["l10n_pl_ksef.poller"]._fetch_receipt_one(document)

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
                for document in job.env["l10n_pl_ksef.document"].browse(ids).exists():
                    if document.filtered_domain(DUE_STATES):
                        job._run_step(document)

        self.env.cr.postcommit.add(take_step)

    @api.private
    def _find_due(self, domain, limit):
        """Return documents whose step is due and whose KSeF may be asked."""
        domain = Domain(domain) & DUE_STATES
        domain &= Domain("next_step_on", "<=", fields.Datetime.now())
        for connection, state, _wait in self._get_paused():
            domain &= Domain("connection_id", "!=", connection.id) | Domain(
                "state", "!=", state
            )
        return self.env["l10n_pl_ksef.document"].search(
            domain, order="next_step_on, id", limit=limit
        )

    @api.private
    def _get_paused(self):
        """Return (connection, state, seconds) of steps KSeF must be spared now."""
        now = fields.Datetime.now()
        connections = self.env["l10n_pl_ksef.connection"].search(
            ["|", ("retry_on", ">", now), ("limits", "!=", False)]
        )
        paused = [
            (connection, state, connection._get_seconds_to_retry(group))
            for connection in connections
            for state, group in RATE_GROUPS
        ]
        return [entry for entry in paused if entry[2] > 0]

    @api.private
    def _get_pause(self):
        """Return seconds until some step is due, None when there is none."""
        waits = {
            (connection, state): seconds
            for connection, state, seconds in self._get_paused()
        }
        now = fields.Datetime.now()
        groups = self.env["l10n_pl_ksef.document"]._read_group(
            DUE_STATES & Domain("next_step_on", "!=", False),
            ["connection_id", "state"],
            ["next_step_on:min"],
        )
        return min(
            (
                max((moment - now).total_seconds(), waits.get((connection, state), 0))
                for connection, state, moment in groups
            ),
            default=None,
        )

    @api.private
    def _wake_again(self, pause):
        """Trigger the next run, at once if work is waiting."""
        if pause is None:
            return
        cron = self._get_cron()
        if not cron:
            return
        if pause <= SHORT_WAIT_SECONDS:
            cron._trigger()
        else:
            cron._trigger(fields.Datetime.now() + timedelta(seconds=pause))

    @api.private
    def _release_blocked(self):
        """Let documents go on whose obstacle is gone."""
        documents = self.env["l10n_pl_ksef.document"]
        reasons = [problem for problem, _label in PROBLEMS]
        held = documents.search(
            [("state", "=", "blocked"), ("blocked_reason", "in", reasons)]
        )
        for connection, group in held.grouped("connection_id").items():
            if not connection._find_obstacle(is_sending=True):
                group.try_lock_for_update(allow_referencing=True)._release()
        today = self.env["l10n_pl_ksef.sender"]._get_polish_date()
        documents.search(
            [
                ("state", "=", "blocked"),
                ("blocked_reason", "=", "date"),
                ("issue_date", "<=", today),
            ]
        )._release()

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
    def _close_sessions(self):
        """Close at KSeF the sessions that are old, idle or given up."""
        for session in self.env["l10n_pl_ksef.session"]._find_to_close():
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

    @api.private
    def _end_step(self, processed=0):
        """Commit; return the seconds that are left of this run."""
        return self.env["ir.cron"]._commit_progress(processed)
