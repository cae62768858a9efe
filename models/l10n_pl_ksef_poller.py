"""Asks KSeF what became of documents, and fetches their receipts."""

import logging
import time

from odoo import api, fields, models
from odoo.tools.misc import format_datetime

from ..ksef import errors
from ..ksef.statuses import SESSION_NOT_FOUND, Verdict, invoice_verdict
from .l10n_pl_ksef_connection import NOT_OURS, ConnectionObstacle

_logger = logging.getLogger(__name__)

POLISH_TIME_ZONE = "Europe/Warsaw"

# Pauses between questions about one document, in seconds; the last one repeats.
# KSeF answers most within seconds; 1200 single questions an hour are allowed
# (API 14), which is more than six for each of the 180 invoices an hour.
QUESTION_PAUSES_SECONDS = (
    *(1, 1, 2, 2, 2, 3, 5, 10, 15, 15, 30, 60),
    *(300, 300, 600, 600, 1800, 3600),
)
# Pauses between questions about a document that KSeF may not have got.
UNKNOWN_PAUSES_SECONDS = (5, 15, 30, 60, 60, 300, 600, 1800, 3600)
RECEIPT_PAUSES_SECONDS = (1, 2, 5, 15, 60, 300, 900, 3600)
# Receipts by link are fetched for so long in one step; the others are asked for.
LINKS_SECONDS = 20
# So many documents of a session are asked for one by one.
SINGLE_QUESTIONS_MAX = 3
PAUSES_SECONDS = {
    "processing": QUESTION_PAUSES_SECONDS,
    "unknown": UNKNOWN_PAUSES_SECONDS,
    "accepted": RECEIPT_PAUSES_SECONDS,
}
# The same bytes go again after KSeF broke off, so often and with these pauses;
# bytes that KSeF could not read are encrypted anew once.
RESEND_PAUSES_SECONDS = {
    Verdict.RESEND: (60, 300, 900, 3600),
    Verdict.REBUILD: (5,),
}
# While nothing can be asked, an accepted document waits for its receipt so long.
OBSTACLE_PAUSE_SECONDS = 3600
# KSeF does not know what is asked for, or keeps it no longer.
FINAL_REFUSALS = (errors.KsefRefused, errors.KsefGone)
REFUSALS_BEFORE_PERSON = 5


class Poller(models.AbstractModel):
    _name = "l10n_pl_ksef.poller"
    _description = "KSeF poller"

    @api.private
    def _poll(self, documents):
        """Ask about all documents in processing of one session.

        A few are asked for one by one, which is quickest; more with one list, and
        that not too often.
        """
        session = documents.session_id
        is_list = len(documents) > SINGLE_QUESTIONS_MAX
        if is_list and (wait := session._get_seconds_to_list()):
            locked = documents.try_lock_for_update(allow_referencing=True)
            locked._postpone(wait)
            self._commit()
            return
        statuses = self._ask(documents, lambda: self._get_statuses(session, documents))
        if statuses is None:
            return
        by_reference = {status.reference: status for status in statuses}
        receipts = self.env["l10n_pl_ksef.receipt"]
        deadline = time.monotonic() + LINKS_SECONDS
        duplicates = []
        for document in documents:
            status = by_reference.get(document.reference)
            duplicates += self._take_answer(document, status)
            if status and time.monotonic() < deadline:
                receipts._fetch_by_link(document, status)
        if duplicates:
            self.env["l10n_pl_ksef.reconciler"]._take_duplicates(duplicates)

    @api.private
    def _take_answer(self, document, status):
        """Write what KSeF says of a document; return it if it is a duplicate."""
        document = self._lock(document, "processing")
        if status and document.reference != status.reference:
            # Sent anew meanwhile: the answer is about the former attempt.
            document = document.browse()
        if document and status and _is_duplicate(status):
            self._commit()
            return [(document, status)]
        if document and status:
            self._take_status(document, status)
            self._note_numbers(document)
        elif document:
            document._plan(pause_of(QUESTION_PAUSES_SECONDS, document.step_count))
        self._commit()
        return []

    @api.private
    def _get_statuses(self, session, documents):
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection, reference = session.connection_id, session.reference
        if len(documents) > SINGLE_QUESTIONS_MAX:
            session._note_list()
            self._commit()
            return gateway._get_session_invoices(connection, reference)
        references = documents.mapped("reference")
        return [
            gateway._get_invoice_status(connection, reference, invoice)
            for invoice in references
        ]

    @api.private
    def _ask(self, documents, question):
        """Ask KSeF; on a failure plan the next question and return None.

        What is written afterwards starts from a transaction of its own, since
        a log-in may have changed the connection meanwhile.
        """
        try:
            answer = question()
        except (errors.KsefError, ConnectionObstacle) as failure:
            _logger.info("KSeF: no answer about %s: %s", documents, failure)
            self._commit()
            self._note_failed_question(documents, failure)
            answer = None
            if self._is_of_another_login(documents.session_id[:1], failure):
                self._commit()
                self.env["l10n_pl_ksef.reconciler"]._find_elsewhere(documents)
        self._commit()
        return answer

    @api.private
    def _note_failed_question(self, documents, failure):
        """Plan the next question, or hold what needs a person first."""
        connection = documents[:1].connection_id
        if isinstance(failure, ConnectionObstacle):
            pause, problem = OBSTACLE_PAUSE_SECONDS, failure.key
        else:
            pause = connection._note_failure(failure)
            problem = connection.problem
        is_final = isinstance(failure, FINAL_REFUSALS)
        for document in documents.try_lock_for_update(allow_referencing=True):
            pauses = PAUSES_SECONDS.get(document.state)
            # Somebody else may have fetched the receipt meanwhile.
            is_done = document.state == "accepted" and document.upo_state != "wanted"
            if not pauses or is_done:
                continue
            if document.state != "accepted" and problem:
                document._block(problem)
            elif document.state != "accepted" and self._is_hopeless(document, is_final):
                document._block(
                    "program", status_code=failure.code and str(failure.code)
                )
            else:
                wait = max(pause, pause_of(pauses, document.step_count + 1))
                document._plan(wait, is_refused=is_final)

    @api.private
    def _is_of_another_login(self, session, failure):
        """Tell whether a session is closed to us, since another login opened it.

        KSeF shows sessions to who made them (API 7.5); which of two answers the
        others get is not documented (API 18).
        """
        if isinstance(failure, errors.KsefForbidden):
            return failure.reason_code == NOT_OURS
        is_unknown = getattr(failure, "code", None) == SESSION_NOT_FOUND
        is_older = session.opened_on and session.connection_id.set_on
        return is_unknown and is_older and session.opened_on < is_older

    @api.private
    def _is_hopeless(self, document, is_final):
        """Tell whether asking was refused often enough to show it to a person."""
        return is_final and document.refusal_count >= REFUSALS_BEFORE_PERSON

    @api.private
    def _take_status(self, document, status):
        """Turn KSeF's status of an invoice into the document's state."""
        document.connection_id._note_success()
        values = status_words(status)
        take = {
            Verdict.ACCEPTED: self._take_accepted,
            Verdict.REJECTED: self._take_rejected,
            Verdict.RESEND: self._take_broken_off,
            Verdict.REBUILD: self._take_broken_off,
        }.get(invoice_verdict(status.code), self._take_pending)
        take(document, status, values)

    @api.private
    def _take_pending(self, document, status, values):
        if values["status_code"] != document.status_code:
            document.write(values)
        document._plan(pause_of(QUESTION_PAUSES_SECONDS, document.step_count))

    @api.private
    def _take_accepted(self, document, status, values):
        if not status.ksef_number:
            self._take_pending(document, status, values)
            return
        document._set_state(
            "accepted",
            **values,
            ksef_number=status.ksef_number,
            invoicing_on=_naive(status.invoicing_on),
            acquired_on=_naive(status.acquired_on),
            mode=(status.mode or "").lower() or False,
            upo_state="wanted" if document.session_reference else "none",
            next_step_on=self._get_receipt_time(document),
        )

    @api.private
    def _get_receipt_time(self, document):
        """Return when the receipt is fetched: with the package's, or at once."""
        is_alone = document.session_reference and not document._is_in_package()
        return fields.Datetime.now() if is_alone else False

    @api.private
    def _note_numbers(self, documents):
        """Leave new numbers in the invoices' history, in the posters' languages."""
        numbered = documents.filtered(lambda document: document.state == "accepted")
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        for language, group in numbered.grouped(_get_language).items():
            moves = group.move_id
            if language in installed:
                moves = moves.with_context(lang=language)
            moves._message_log_batch(
                bodies={
                    document.move_id.id: self._get_number_note(moves.env, document)
                    for document in group
                }
            )

    @api.private
    def _get_number_note(self, env, document):
        given_on = document.acquired_on and format_datetime(
            env, document.acquired_on, tz=POLISH_TIME_ZONE, lang_code=env.lang
        )
        return env._(
            "KSeF number %(number)s, given on %(date)s.",
            number=document.ksef_number,
            date=given_on or "?",
        )

    @api.private
    def _take_rejected(self, document, status, values):
        document._set_state("rejected", **values)

    @api.private
    def _take_broken_off(self, document, status, values):
        """KSeF did not keep it: it goes again once its session is final.

        Until then a list might still show that it was kept after all.
        """
        if document.session_id.kind == "batch":
            # The results of a package are read when it is final.
            self._send_again(document, status, values)
            return
        document.session_id._retire()
        document._set_state("unknown", **values)
        document._plan(UNKNOWN_PAUSES_SECONDS[0])

    @api.private
    def _send_again(self, document, status, values):
        """Queue the same bytes for another session, or show it to a person."""
        pauses = RESEND_PAUSES_SECONDS[invoice_verdict(status.code)]
        tries = document.attempt_count
        if tries > len(pauses):
            document._block("program", return_state="queued", **values)
            return
        document._set_state("queued", **values, reference=False)
        document._plan(pauses[tries - 1])

    @api.private
    def _lock(self, document, state):
        return self.env["l10n_pl_ksef.sender"]._lock(document, state)

    @api.private
    def _commit(self):
        self.env["l10n_pl_ksef.sender"]._commit()


def pause_of(pauses, count):
    return pauses[min(max(count, 0), len(pauses) - 1)]


def _naive(moment):
    return moment.replace(tzinfo=None, microsecond=0) if moment else False


def _is_duplicate(status):
    return invoice_verdict(status.code) is Verdict.DUPLICATE


def status_words(status):
    """Return KSeF's status of an invoice as fields of a document."""
    return {
        "status_code": str(status.code),
        "status_description": status.description,
        "status_details": "\n".join(status.details),
    }


def by_hash(entries):
    """Return {hash: status}; of two with the same file the accepted one."""
    found = {}
    for entry in entries:
        if entry.hash_b64 not in found or entry.ksef_number:
            found[entry.hash_b64] = entry
    return found


def _get_language(document):
    """Return the language of who posted the invoice."""
    return document.create_uid.lang
