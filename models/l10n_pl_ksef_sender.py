"""Sends one document; intent is committed before the call, the answer after."""

import logging
import time

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models

from ..ksef import errors
from ..ksef.statuses import (
    SESSION_NOT_FOUND,
    SESSION_STATE_WRONG,
    Verdict,
    error_verdict,
)
from .l10n_pl_ksef_connection import ConnectionObstacle
from .l10n_pl_ksef_vault import VaultError

_logger = logging.getLogger(__name__)

# A worker that died leaves `sending` behind. A call ends after 55 s at most
# (`ksef.transport`) and is made twice at most, so after this nobody is at it;
# and if somebody were, the document would only be asked for.
SENDING_LIMIT_SECONDS = 120
# Answers are written again after these pauses when somebody else is at the row.
WRITE_PAUSES_SECONDS = (0, 0.05, 0.1, 0.2, 0.5, 1)
# First question after the POST, in seconds: most invoices are through by then.
FIRST_QUESTION_SECONDS = 1
UNKNOWN_FIRST_QUESTION_SECONDS = 3
LEAST_PAUSE_SECONDS = 5
# Pauses before a refused document goes again, so often; then a person looks.
# A session that takes nothing more is replaced at once, bytes that did not
# arrive whole are encrypted anew once.
REFUSAL_PAUSES_SECONDS = {
    Verdict.NEW_SESSION: (0, 15, 60, 300, 900, 3600),
    Verdict.REBUILD: (5,),
    Verdict.PENDING: (60, 300, 900),
    Verdict.RESEND: (60, 300, 900),
}
POLISH_TIME_ZONE = "Europe/Warsaw"
# A session just opened may be unknown to KSeF for moments.
YOUNG_PAUSES_SECONDS = (1, 2, 4)
# A session that KSeF refuses to open for a passing reason is tried so often.
OPENING_TRIES = 3
NO_ANSWER = (errors.KsefNoAnswer, errors.KsefProtocolError)
NOTHING_TAKEN = (
    errors.KsefUnavailable,
    errors.KsefRateLimited,
    errors.KsefAuthError,
    errors.KsefLoginPending,
    errors.KsefLoginRefused,
    errors.KsefForbidden,
)


class Sender(models.AbstractModel):
    _name = "l10n_pl_ksef.sender"
    _description = "KSeF sender"

    @api.private
    def _send_one(self, document):
        """Take a queued document to KSeF; several commits, one POST."""
        connection = document.connection_id
        obstacle = connection._find_obstacle(is_sending=True)
        obstacle = obstacle or self._find_own_obstacle(document)
        if obstacle:
            self._block(document, obstacle)
            return
        try:
            session_id = self.env["l10n_pl_ksef.session"]._ensure_open(connection)
        except ConnectionObstacle as found:
            self._block(document, found.key)
            return
        except errors.KsefError as error:
            self._note_failed_opening(document, error)
            return
        self._commit()
        # The login may have told that the server's clock is wrong.
        if obstacle := self._find_own_obstacle(document):
            self._block(document, obstacle)
            return
        self._send_in_session(document, session_id)

    @api.private
    def _find_own_obstacle(self, document):
        """Say why this document may not go now, whatever the connection."""
        if document.nip != document.connection_id.nip:
            return "nip"
        if document.issue_date <= self._get_polish_date(document.connection_id):
            return None
        # KSeF refuses what is dated later than its own day.
        is_ours_wrong = document.issue_date <= _get_local_polish_date(self)
        return "clock" if is_ours_wrong else "date"

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
            session._retire()
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
        gateway = self.env["l10n_pl_ksef.gateway"]
        try:
            answer = gateway._send_invoice(connection, session_reference, encrypted)
            write = self._take_reference
        except (errors.KsefError, ConnectionObstacle) as failure:
            answer, write = failure, self._judge_failure
        self._write_answer(document, attempt, write, answer)

    @api.private
    def _write_answer(self, document, attempt, write, answer):
        """Commit KSeF's answer; it is held in memory until that has worked."""
        self._commit()
        for pause in WRITE_PAUSES_SECONDS:
            try:
                if self._write_if_free(document, attempt, write, answer):
                    return
            except SerializationFailure:
                self._rollback()
            time.sleep(pause)
        _logger.warning("KSeF: the answer for document %s is asked again", document.id)

    @api.private
    def _write_if_free(self, document, attempt, write, answer):
        """Commit KSeF's answer; False while somebody else has the row locked."""
        locked = document.try_lock_for_update(allow_referencing=True)
        if locked.state == "sending" and locked.attempt_count == attempt:
            write(locked, answer)
        self._commit()
        return bool(locked)

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
    def _judge_failure(self, document, failure):
        """Turn a failed POST into a state; no answer means unknown."""
        _logger.info("KSeF: document %s not taken: %s", document.id, failure)
        for kinds, judge in (
            (ConnectionObstacle, self._judge_obstacle),
            (NO_ANSWER, self._judge_no_answer),
            (NOTHING_TAKEN, self._judge_nothing_taken),
            (errors.KsefRefused, self._judge_refusal),
        ):
            if isinstance(failure, kinds):
                judge(document, failure)
                return
        self._judge_no_answer(document, failure)

    @api.private
    def _judge_obstacle(self, document, obstacle):
        document._block(obstacle.key, return_state="queued")

    @api.private
    def _judge_no_answer(self, document, error):
        document._set_state("unknown")
        document._plan(UNKNOWN_FIRST_QUESTION_SECONDS)

    @api.private
    def _judge_nothing_taken(self, document, error):
        """KSeF certainly did not act: wait, or hold what needs a person."""
        connection = document.connection_id
        pause = connection._note_failure(error)
        if connection.problem:
            document._block(connection.problem, return_state="queued")
            return
        document._set_state("queued", attempt_count=document.attempt_count - 1)
        document._plan(pause)

    @api.private
    def _judge_refusal(self, document, error):
        """Judge a 400: the session, the package of bytes, or our request."""
        verdict = error_verdict(error.code)
        tries = document.attempt_count
        pauses = REFUSAL_PAUSES_SECONDS.get(verdict, ())
        if error.code == SESSION_NOT_FOUND and document.session_id._is_young():
            # Known a moment later: the same session is tried again.
            pauses = YOUNG_PAUSES_SECONDS + pauses
        elif verdict is Verdict.NEW_SESSION:
            # It is closed, so that what it holds becomes final.
            document.session_id._retire()
        if error.code == SESSION_STATE_WRONG:
            # Perhaps KSeF could not open its key.
            self.env["l10n_pl_ksef.gateway"]._forget_keys(document.connection_id)
        if tries > len(pauses):
            document._block("program", return_state="queued", **_words(error))
            return
        document._set_state("queued", **_words(error))
        document._plan(pauses[tries - 1])

    @api.private
    def _expire_one(self, document):
        """Declare a `sending` nobody is at any more unknown."""
        document = self._lock(document, "sending")
        moment = document.next_step_on
        # Without one a package has it; later, its worker may still be at it.
        if moment and moment <= fields.Datetime.now():
            document._set_state("unknown")
        self._commit()

    @api.private
    def _note_failed_opening(self, document, error):
        """No session, so nothing was sent: plan the next try, or hold it."""
        self._commit()
        _logger.info("KSeF: no session for document %s: %s", document.id, error)
        connection = document.connection_id
        pause = connection._note_failure(error)
        if isinstance(error, NO_ANSWER):
            pause = connection._note_outage()
        if problem := connection.problem:
            self._block(document, problem)
            return
        if isinstance(error, errors.KsefRefused) and not _is_worth_another(
            error, document.step_count
        ):
            self._block(document, "program", **_words(error))
            return
        document = self._lock(document, "queued")
        if document:
            document._plan(pause or LEAST_PAUSE_SECONDS)
        self._commit()

    @api.private
    def _block(self, document, reason, **values):
        self._commit()
        document = self._lock(document, "queued")
        if document:
            document._block(reason, **values)
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
    def _get_polish_date(self, connection):
        """Return today in Poland by KSeF's clock, which is what KSeF compares with."""
        return fields.Date.context_today(
            self.with_context(tz=POLISH_TIME_ZONE), connection._get_ksef_now()
        )

    @api.private
    def _commit(self):
        """End the transaction; the job's and the button's steps use this one."""
        self.env["ir.cron"]._commit_progress()

    @api.private
    def _rollback(self):
        self.env.cr.rollback()


def _words(error):
    """Return KSeF's code and words of a refusal, as fields of a document."""
    problem = error.problems[0] if error.problems else None
    return {
        "status_code": str(error.code or error.http_status),
        "status_description": problem.description if problem else False,
        "status_details": "\n".join(problem.details) if problem else False,
    }


def _get_local_polish_date(model):
    return fields.Date.context_today(model.with_context(tz=POLISH_TIME_ZONE))


def _is_worth_another(error, tries):
    """Tell whether a session that KSeF would not open may open after all."""
    return error_verdict(error.code) is Verdict.NEW_SESSION and tries < OPENING_TRIES
