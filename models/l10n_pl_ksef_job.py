"""The background job: finds what is due, takes one step at a time, waits a little."""

import logging
import time
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models

from ..ksef import errors
from .l10n_pl_ksef_connection import PROBLEMS

_logger = logging.getLogger(__name__)

CRON = "l10n_pl_ksef.ir_cron_run"
# Documents taken at once before the book is looked at again.
ROUND_SIZE = 50
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
        self._get_cron()._trigger()

    @api.private
    def _get_cron(self):
        # By the cached id: `env.ref` would ask the database each time.
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(CRON)
        return self.env["ir.cron"].sudo().browse(cron_id)

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
            if self._run_round():
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
    def _run_round(self):
        """Take one step with everything that is due; False when nothing is."""
        due = self._find_due()
        if not due:
            return False
        processing = due.filtered(lambda document: document.state == "processing")
        if processing:
            self._guard(self.env["l10n_pl_ksef.poller"]._poll, processing)
        for document in due - processing:
            self._run_step(document)
        return True

    @api.private
    def _run_step(self, document):
        """Do what this document's state asks for; one document at a time."""
        self.env.cr.rollback()
        document = document.exists()
        if not document:
            return
        step = {
            "queued": self.env["l10n_pl_ksef.sender"]._send_one,
            "sending": self.env["l10n_pl_ksef.sender"]._expire_one,
            "unknown": self.env["l10n_pl_ksef.poller"]._resolve_one,
            "processing": self.env["l10n_pl_ksef.poller"]._poll,
            "accepted": self.env["l10n_pl_ksef.poller"]._fetch_receipt_one,
            "blocked": self._recheck_one,
        }[document.state]
        self._guard(step, document)

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
                for document in job.env["l10n_pl_ksef.document"].browse(ids):
                    job._run_step(document)

        self.env.cr.postcommit.add(take_step)

    @api.private
    def _guard(self, step, documents):
        """Run a step; a fault in it never stops the other documents."""
        try:
            step(documents)
        except SerializationFailure:
            # Somebody else wrote the row meanwhile: it is looked at again.
            self.env.cr.rollback()
        except Exception:
            _logger.exception("KSeF: a step failed for documents %s", documents.ids)
            self.env.cr.rollback()
            later = fields.Datetime.now() + FAULT_PAUSE
            documents.exists().write({"next_step_on": later})
            self._end_step()

    @api.private
    def _find_due(self):
        """Return documents whose next step is due and whose KSeF may be asked."""
        now = fields.Datetime.now()
        return self.env["l10n_pl_ksef.document"].search(
            [
                ("next_step_on", "<=", now),
                "|",
                ("connection_id.retry_on", "=", False),
                ("connection_id.retry_on", "<=", now),
            ],
            order="next_step_on, id",
            limit=ROUND_SIZE,
        )

    @api.private
    def _get_pause(self):
        """Return seconds until the next step is due, None when there is none."""
        documents = self.env["l10n_pl_ksef.document"]
        document = documents.search(
            [("next_step_on", "!=", False)], order="next_step_on, id", limit=1
        )
        if not document:
            return None
        wait = (document.next_step_on - fields.Datetime.now()).total_seconds()
        return max(wait, document.connection_id._get_seconds_to_retry())

    @api.private
    def _wake_again(self, pause):
        """Trigger the next run, at once if work is waiting."""
        if pause is None:
            return
        cron = self._get_cron()
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
            if not connection._find_obstacle():
                group._release()
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
            if session.connection_id._find_obstacle():
                continue
            self._guard_session(session)
            self._end_step()

    @api.private
    def _guard_session(self, session):
        try:
            session._close_one()
        except errors.KsefError as error:
            # It is tried again by the next run, and ends by itself after 12 h.
            _logger.info("KSeF: session %s not closed yet: %s", session.id, error)

    @api.private
    def _end_step(self, processed=0):
        """Commit; return the seconds that are left of this run."""
        return self.env["ir.cron"]._commit_progress(processed)
