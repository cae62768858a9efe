"""Sends one document; intent is committed before the call, the answer after."""

import logging

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models

from ..ksef import errors
from ..ksef.statuses import Verdict, error_verdict
from .l10n_pl_ksef_vault import VaultError

_logger = logging.getLogger(__name__)

# A worker that died leaves `sending` behind. A call ends after 55 s at most
# (`ksef.transport`) and is made twice at most, so after this nobody is at it;
# and if somebody were, the document would only be asked for.
SENDING_LIMIT_SECONDS = 120
# Answers are written again this often when another transaction got in between.
WRITE_TRIES = 5
# First question after the POST, in seconds: most invoices are through by then.
FIRST_QUESTION_SECONDS = 1
# A session may be missing right after opening (API 8.4); asked again meanwhile.
UNKNOWN_FIRST_QUESTION_SECONDS = 3


class Sender(models.AbstractModel):
    _name = "l10n_pl_ksef.sender"
    _description = "KSeF sender"

    @api.private
    def _send_one(self, document):
        """Take a queued document to KSeF; several commits, one POST."""
        connection = document.connection_id
        obstacle = connection._find_obstacle()
        if obstacle:
            self._block(document, obstacle)
            return
        if document.issue_date > self._get_polish_date():
            self._block(document, "date")
            return
        try:
            session_id = self.env["l10n_pl_ksef.session"]._ensure_open(connection)
        except errors.KsefError as error:
            self._note_failed_call(document, connection, error)
            return
        self._commit()
        self._send_in_session(document, session_id)

    @api.private
    def _send_in_session(self, document, session_id):
        """Write the intent, POST, write the answer: one transaction each."""
        document = self._lock(document, "queued")
        if not document:
            return
        session = self.env["l10n_pl_ksef.session"].browse(session_id)
        try:
            encrypted = session._encrypt(document._get_xml())
        except VaultError:
            session._set_state("failed")
            self._commit()
            return
        attempt = document.attempt_count + 1
        document._set_state(
            "sending",
            session_id=session.id,
            session_reference=session.reference,
            attempt_count=attempt,
            sent_on=fields.Datetime.now(),
            next_step_on=fields.Datetime.add(
                fields.Datetime.now(), seconds=SENDING_LIMIT_SECONDS
            ),
        )
        connection, session_reference = session.connection_id, session.reference
        self._commit()
        try:
            reference = self.env["l10n_pl_ksef.gateway"]._send_invoice(
                connection, session_reference, encrypted
            )
        except errors.KsefError as error:
            self._write_answer(document, attempt, self._judge_error, error)
        else:
            self._write_answer(document, attempt, self._take_reference, reference)

    @api.private
    def _write_answer(self, document, attempt, write, answer):
        """Commit KSeF's answer; it is held in memory until that has worked."""
        self._commit()
        for _unused in range(WRITE_TRIES):
            try:
                locked = self._lock(document, "sending")
                if locked and locked.attempt_count == attempt:
                    write(locked, answer)
                self._commit()
            except SerializationFailure:
                self._rollback()
            else:
                return
        _logger.warning("KSeF: the answer for document %s is asked again", document.id)

    @api.private
    def _take_reference(self, document, reference):
        document._set_state(
            "processing",
            reference=reference,
            next_step_on=fields.Datetime.add(
                fields.Datetime.now(), seconds=FIRST_QUESTION_SECONDS
            ),
            problems=False,
        )
        document.session_id._note_use()
        document.connection_id._note_success()

    @api.private
    def _judge_error(self, document, error):
        """Turn a failed POST into a state; no answer means unknown."""
        _logger.info("KSeF: document %s not taken: %s", document.id, error)
        connection = document.connection_id
        for kind, judge in (
            (errors.KsefNoAnswer, self._judge_no_answer),
            (errors.KsefProtocolError, self._judge_no_answer),
            (errors.KsefUnavailable, self._judge_outage),
            (errors.KsefRateLimited, self._judge_outage),
            (errors.KsefAuthError, self._judge_login),
            (errors.KsefLoginPending, self._judge_login),
            (errors.KsefLoginRefused, self._judge_login),
            (errors.KsefForbidden, self._judge_forbidden),
            (errors.KsefRefused, self._judge_refusal),
        ):
            if isinstance(error, kind):
                judge(document, connection, error)
                return
        self._judge_no_answer(document, connection, error)

    @api.private
    def _judge_no_answer(self, document, connection, error):
        document._set_state("unknown")
        document._plan(UNKNOWN_FIRST_QUESTION_SECONDS)

    @api.private
    def _judge_outage(self, document, connection, error):
        pause = connection._set_outage(getattr(error, "retry_after_seconds", None))
        document._set_state("queued", attempt_count=document.attempt_count - 1)
        document._plan(pause)

    @api.private
    def _judge_login(self, document, connection, error):
        # The call itself was refused for its token: KSeF did not act on it.
        if connection.problem:
            document._block(connection.problem, return_state="queued")
            return
        document._set_state("queued")
        document._plan(connection._get_seconds_to_retry())

    @api.private
    def _judge_forbidden(self, document, connection, error):
        connection._set_problem("right", error.reason_code)
        document._block("right", return_state="queued")

    @api.private
    def _judge_refusal(self, document, connection, error):
        """Judge a 400: the session, the package of bytes, or our request."""
        problem = error.problems[0] if error.problems else None
        code = problem.code if problem else None
        values = {
            "status_code": str(code or error.http_status),
            "status_description": problem.description if problem else False,
            "status_details": "\n".join(problem.details) if problem else False,
        }
        if error_verdict(code) is Verdict.NEW_SESSION:
            document.session_id._set_state("failed")
            document._set_state("queued", **values)
            return
        document._block("program", return_state="queued", **values)

    @api.private
    def _expire_one(self, document):
        """Declare a `sending` nobody is at any more unknown."""
        document = self._lock(document, "sending")
        if document:
            document._set_state("unknown")
        self._commit()

    @api.private
    def _note_failed_call(self, document, connection, error):
        """Nothing was sent: plan the next try, or hold what needs a person."""
        self._commit()
        _logger.info("KSeF: no session for document %s: %s", document.id, error)
        if isinstance(error, errors.KsefForbidden):
            connection._set_problem("right", error.reason_code)
        elif not connection.problem:
            connection._set_outage(getattr(error, "retry_after_seconds", None))
        if connection.problem:
            self._block(document, connection.problem)
            return
        document._plan(connection._get_seconds_to_retry())
        self._commit()

    @api.private
    def _block(self, document, reason):
        self._commit()
        document = self._lock(document, "queued")
        if document:
            document._block(reason)
        self._commit()

    @api.private
    def _lock(self, document, state):
        """Lock the row as the first statement; nothing if somebody has it.

        The lock ends with the next commit. What guards the row from then on is
        the state that was committed.
        """
        document = document.try_lock_for_update(allow_referencing=True)
        return document.filtered(lambda document: document.state == state)

    @api.private
    def _get_polish_date(self):
        """Return today in Poland, which is what KSeF compares with."""
        return fields.Date.context_today(self.with_context(tz="Europe/Warsaw"))

    @api.private
    def _commit(self):
        """End the transaction; the job's and the button's steps use this one."""
        self.env["ir.cron"]._commit_progress()

    @api.private
    def _rollback(self):
        self.env.cr.rollback()
