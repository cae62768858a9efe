"""Asks KSeF what became of documents, and fetches their receipts."""

import base64
import hashlib
import logging

from odoo import api, fields, models
from odoo.tools.misc import format_datetime

from ..ksef import errors
from ..ksef.statuses import Verdict, invoice_verdict, is_session_final
from .l10n_pl_ksef_connection import ConnectionObstacle

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
# After so many questions without a trace the session is closed, to be certain.
UNKNOWN_QUESTIONS_BEFORE_CLOSE = 4
RECEIPT_PAUSES_SECONDS = (1, 2, 5, 15, 60, 300, 900, 3600)
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
        """Ask about documents in processing of one session.

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
        for document in documents:
            status = by_reference.get(document.reference)
            document = self._lock(document, "processing")
            if document and status:
                self._take_status(document, status)
            elif document:
                document._plan(_pause(QUESTION_PAUSES_SECONDS, document.step_count))
            self._commit()

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
            if not pauses:
                continue
            if document.state != "accepted" and problem:
                document._block(problem)
            elif document.state != "accepted" and self._is_hopeless(document, is_final):
                document._block("program", status_code=str(failure.code))
            else:
                document._plan(max(pause, _pause(pauses, document.step_count + 1)))

    @api.private
    def _is_hopeless(self, document, is_final):
        """Tell whether asking was refused often enough to show it to a person."""
        return is_final and document.step_count >= REFUSALS_BEFORE_PERSON

    @api.private
    def _take_status(self, document, status):
        """Turn KSeF's status of an invoice into the document's state."""
        document.connection_id._note_success()
        verdict = invoice_verdict(status.code)
        values = {
            "status_code": str(status.code),
            "status_description": status.description,
            "status_details": "\n".join(status.details),
        }
        take = {
            Verdict.ACCEPTED: self._take_accepted,
            Verdict.REJECTED: self._take_rejected,
            Verdict.RESEND: self._take_broken_off,
            Verdict.REBUILD: self._take_broken_off,
            Verdict.DUPLICATE: self._take_duplicate,
        }.get(verdict, self._take_pending)
        take(document, status, values)

    @api.private
    def _take_pending(self, document, status, values):
        if values["status_code"] != document.status_code:
            document.write(values)
        document._plan(_pause(QUESTION_PAUSES_SECONDS, document.step_count))

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
            upo_state="wanted",
            next_step_on=fields.Datetime.now(),
        )
        self._note_in_chatter(document)

    @api.private
    def _note_in_chatter(self, document):
        """Leave the number in the invoice's history, in the poster's language."""
        language = document.create_uid.lang
        installed = dict(self.env["res.lang"].get_installed())
        move = document.move_id
        if language in installed:
            move = move.with_context(lang=language)
        given_on = format_datetime(
            move.env, document.acquired_on, tz=POLISH_TIME_ZONE, lang_code=move.env.lang
        )
        move._message_log(
            body=move.env._(
                "KSeF number %(number)s, given on %(date)s.",
                number=document.ksef_number,
                date=given_on,
            )
        )

    @api.private
    def _take_rejected(self, document, status, values):
        document._set_state("rejected", **values)

    @api.private
    def _take_broken_off(self, document, status, values):
        """KSeF did not keep it: the same bytes go again in another session."""
        verdict = invoice_verdict(status.code)
        pauses = RESEND_PAUSES_SECONDS[verdict]
        tries = document.attempt_count
        document.session_id._retire()
        if tries > len(pauses):
            document._block("program", return_state="queued", **values)
            return
        document._set_state("queued", **values, reference=False)
        document._plan(pauses[tries - 1])

    @api.private
    def _take_duplicate(self, document, status, values):
        """Adopt the number if the invoice that KSeF holds is this very file."""
        values["original_ksef_number"] = status.original_ksef_number
        document.write(values)
        self._commit()
        original = self._ask(document, lambda: self._find_original(document, status))
        if original is None:
            return
        document = self._lock(document, "processing")
        if not document:
            return
        if not original:
            document._set_state("conflict")
            return
        document.write(
            {
                "reference": original.reference,
                "session_reference": status.original_session_reference,
            }
        )
        self._take_accepted(document, original, {})

    @api.private
    def _find_original(self, document, status):
        """Return KSeF's status of the original if it is our file, else False."""
        if not status.original_session_reference:
            return False
        try:
            listed = self.env["l10n_pl_ksef.gateway"]._get_session_invoices(
                document.connection_id, status.original_session_reference
            )
        except (errors.KsefForbidden, *FINAL_REFUSALS):
            # Not a session of ours: another program sent the other invoice.
            return False
        same = (
            entry
            for entry in listed
            if entry.ksef_number and entry.hash_b64 == document.sha256
        )
        return next(same, False)

    @api.private
    def _resolve_one(self, document):
        """Ask whether KSeF has a document whose POST got no answer."""
        found = self._ask(document, lambda: self._find_trace(document))
        if found is None:
            return
        trace, is_final = found
        document = self._lock(document, "unknown")
        if not document:
            self._commit()
            return
        if trace:
            document._set_state("processing", reference=trace.reference)
        elif is_final:
            document._set_state("queued", reference=False)
        else:
            if document.step_count >= UNKNOWN_QUESTIONS_BEFORE_CLOSE:
                document.session_id._retire()
            document._plan(_pause(UNKNOWN_PAUSES_SECONDS, document.step_count))
        self._commit()

    @api.private
    def _find_trace(self, document):
        """Return ``(InvoiceStatus or None, is the session final)``.

        The session is asked first: a list read after it was final is complete.
        """
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection = document.connection_id
        reference, sha256 = document.session_reference, document.sha256
        status = gateway._get_session_status(connection, reference)
        listed = gateway._get_session_invoices(connection, reference)
        trace = next((entry for entry in listed if entry.hash_b64 == sha256), None)
        return trace, is_session_final(status.code)

    @api.private
    def _fetch_receipt_one(self, document):
        """Fetch the UPO of an accepted document and keep it byte for byte."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection = document.connection_id
        session, reference = document.session_reference, document.reference
        data = self._ask(
            document, lambda: gateway._get_upo(connection, session, reference)
        )
        if data is None:
            return
        document = self._lock(document, "accepted")
        if document and document.upo_state == "wanted":
            self._store_receipt(document, data)
        self._commit()

    @api.private
    def _store_receipt(self, document, data):
        differences = self._compare_receipt(document, data)
        digest = hashlib.sha256(data).digest()
        document.write(
            {
                "upo": base64.b64encode(data),
                "upo_sha256": base64.b64encode(digest).decode(),
                "upo_stored_on": fields.Datetime.now(),
                "upo_state": "doubtful" if differences else "stored",
                "upo_differences": differences or False,
                "next_step_on": False,
            }
        )
        document._notify()

    @api.private
    def _compare_receipt(self, document, data):
        """Return names of the facts in which the receipt is not ours."""
        facts = self.env["l10n_pl_ksef.gateway"]._read_upo(data)
        if facts is None:
            return ["file"]
        pairs = {
            "ksef_number": (facts.ksef_number, document.ksef_number),
            "sha256": (facts.invoice_hash_b64, document.sha256),
            "nip": (facts.seller_nip, document.nip),
            "invoice_number": (facts.invoice_number, document.invoice_number),
        }
        return [name for name, (theirs, ours) in pairs.items() if theirs != ours]

    @api.private
    def _lock(self, document, state):
        return self.env["l10n_pl_ksef.sender"]._lock(document, state)

    @api.private
    def _commit(self):
        self.env["l10n_pl_ksef.sender"]._commit()


def _pause(pauses, count):
    return pauses[min(max(count, 0), len(pauses) - 1)]


def _naive(moment):
    return moment.replace(tzinfo=None, microsecond=0) if moment else False
