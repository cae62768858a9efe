"""Takes a package from its closing to the receipts of its invoices."""

import logging

from odoo import api, fields, models

from ..ksef import errors
from ..ksef.statuses import (
    SESSION_OPEN,
    Verdict,
    error_verdict,
    invoice_verdict,
    is_session_final,
    session_verdict,
)
from .l10n_pl_ksef_batch import CALL_LIMIT_SECONDS
from .l10n_pl_ksef_batch_size import LOST
from .l10n_pl_ksef_connection import ConnectionObstacle
from .l10n_pl_ksef_groups import TIED_STATES, find_tied, in_groups, soon, write_safely
from .l10n_pl_ksef_poller import by_hash, pause_of

_logger = logging.getLogger(__name__)

# State of a package -> what is done when its next step is due. `opening` and
# `uploading` are due only when the worker that had them is gone.
STEPS = {
    "opening": "_give_up_opening",
    "uploading": "_complete",
    "closing": "_finish_closing",
    "abandoned": "_ask_result",
    "processing": "_ask_result",
    "receipts": "_fetch_receipts",
}
# Pauses between questions about a package, in seconds; the last one repeats.
QUESTION_PAUSES_SECONDS = (2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
# A package that was not completed ends after 12 h (API 8.4).
ABANDONED_PAUSES_SECONDS = (60, 300, 900, 1800, 3600)
CLOSING_PAUSES_SECONDS = (2, 5, 15, 60, 300, 900)
RECEIPT_PAUSES_SECONDS = (2, 5, 15, 60, 300, 900)
# While nothing can be asked, a package is looked at again after this time.
OBSTACLE_PAUSE_SECONDS = 300
REFUSALS_BEFORE_PERSON = 6
# KSeF took nothing of a package that ended so.
UNUSED = (Verdict.NEW_SESSION, Verdict.NOT_TAKEN)
PACKAGE_FAILED = (*UNUSED, Verdict.SPLIT, Verdict.REBUILD)
REBUILD_PAUSE_SECONDS = 5
# The list of a final package is read again after this time for what it lacks.
LEFT_PAUSE_SECONDS = 60


class BatchPoller(models.AbstractModel):
    _name = "l10n_pl_ksef.batch.poller"
    _description = "KSeF package poller"

    @api.private
    def _take_step(self, session):
        """Do what the state of a package asks for; ended meanwhile, nothing."""
        if session.state in STEPS:
            getattr(self, STEPS[session.state])(session)

    @api.private
    def _give_up_opening(self, session):
        """The worker died before it knew the session: nothing was uploaded."""
        self.env["l10n_pl_ksef.batch"]._give_back(
            session, 0, is_counted=True, status_code=LOST
        )

    @api.private
    def _complete(self, session):
        """The worker died while uploading: KSeF knows if all parts are there."""
        self.env["l10n_pl_ksef.batch"]._close(session)

    @api.private
    def _close_package(self, session):
        """Close a package at KSeF, which starts its processing."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection, reference = session.connection_id, session.reference
        try:
            gateway._close_batch(connection, reference)
        except errors.KsefRefused as error:
            self._commit()
            self._note_refused_closing(session, error)
        except (errors.KsefError, ConnectionObstacle) as failure:
            self._commit()
            self._note_failure(session, "closing", failure, CLOSING_PAUSES_SECONDS)
        else:
            self._commit()
            self._note_closed(session)
        self._commit()

    @api.private
    def _note_refused_closing(self, session, error):
        """KSeF does not close it: not known yet, closed already, or incomplete."""
        session = self._lock(session, "closing")
        if not session:
            return
        if error_verdict(error.code) is not Verdict.REBUILD:
            # Closed already, not known yet, or a hiccup: its status tells.
            session._plan(pause_of(CLOSING_PAUSES_SECONDS, session.step_count))
            return
        _logger.warning("KSeF: package %s stays incomplete: %s", session.id, error)
        for group in in_groups(find_tied(session, ["sending"])):
            group._set_state("unknown", next_step_on=False)
        session._set_state(
            "abandoned",
            status_code=str(error.code),
            next_step_on=soon(ABANDONED_PAUSES_SECONDS[0]),
        )

    @api.private
    def _note_closed(self, session):
        """KSeF processes it from now on."""
        session = self._lock(session, "closing")
        if session:
            for group in in_groups(find_tied(session, ["sending"])):
                group._set_state("processing", next_step_on=False)
            session._set_state(
                "processing", next_step_on=soon(QUESTION_PAUSES_SECONDS[0])
            )
            session.connection_id._note_success()

    @api.private
    def _finish_closing(self, session):
        """Nobody knows if it is closed: ask, and close it again if it is open."""
        status = self._ask(session, "closing", CLOSING_PAUSES_SECONDS)
        if status is None:
            return
        if status.code == SESSION_OPEN:
            locked = self._lock(session, "closing")
            locked.write({"next_step_on": soon(CALL_LIMIT_SECONDS)})
            self._commit()
            if locked:
                self._close_package(locked)
            return
        self._note_closed(session)
        self._commit()

    @api.private
    def _ask_result(self, session):
        """Ask whether KSeF is done with a package; take the results if so."""
        state = session.state
        pauses = QUESTION_PAUSES_SECONDS
        if state == "abandoned":
            pauses = ABANDONED_PAUSES_SECONDS
        status = self._ask(session, state, pauses)
        if status is None:
            return
        if is_session_final(status.code):
            self._take_results(session, state, status, pauses)
            return
        locked = self._lock(session, state)
        if locked:
            locked.write(_words(status))
            locked._plan(pause_of(pauses, locked.step_count + 1))
        self._commit()

    @api.private
    def _ask(self, session, state, pauses):
        """Return the status of a session; None if KSeF could not be asked."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection, reference = session.connection_id, session.reference
        try:
            status = gateway._get_session_status(connection, reference)
        except (errors.KsefError, ConnectionObstacle) as failure:
            self._commit()
            self._note_failure(session, state, failure, pauses)
            status = None
        self._commit()
        return status

    @api.private
    def _note_failure(self, session, state, failure, pauses):
        """Plan the next question; show it to a person if it is hopeless.

        :param state: of the session when the question was asked
        """
        _logger.info("KSeF: no answer about package %s: %s", session.id, failure)
        if isinstance(failure, ConnectionObstacle):
            pause = OBSTACLE_PAUSE_SECONDS
        else:
            pause = session.connection_id._note_failure(failure)
        session = self._lock(session, state)
        if not session:
            return
        poller = self.env["l10n_pl_ksef.poller"]
        if poller._is_of_another_login(session, failure):
            self.env["l10n_pl_ksef.reconciler"]._leave_to_search(session)
            return
        is_refused = isinstance(failure, errors.KsefRefused | errors.KsefGone)
        if is_refused and session.refusal_count >= REFUSALS_BEFORE_PERSON:
            self._give_up(session, failure.code)
            return
        pause = max(pause, pause_of(pauses, session.step_count + 1))
        session._plan(pause, is_refused=is_refused)

    @api.private
    def _give_up(self, session, code):
        """KSeF refuses to speak of a package: people decide on its documents."""
        words = {"status_code": code and str(code)}
        for group in in_groups(find_tied(session)):
            group._block("program", return_state="unknown", **words)
        # Each asks for a receipt of its own.
        self._find_waiting(session).write({"next_step_on": soon(0)})
        session._set_state("failed")

    @api.private
    def _take_results(self, session, state, status, pauses):
        """Take each invoice's own status; then settle what has none."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection, reference = session.connection_id, session.reference
        try:
            for page in gateway._get_session_pages(connection, reference):
                self._commit()
                self._take_page(session, by_hash(page))
        except (errors.KsefError, ConnectionObstacle) as failure:
            self._commit()
            self._note_failure(session, state, failure, pauses)
            self._commit()
            return
        self._commit()
        self._settle(session, state, status)

    @api.private
    def _take_page(self, session, entries):
        """Write what one page says; a page read again changes nothing more."""
        documents = self.env["l10n_pl_ksef.document"].search(
            [
                ("session_id", "=", session.id),
                ("state", "in", TIED_STATES),
                ("sha256", "in", list(entries)),
            ],
            order="id",
        )
        for group in in_groups(documents):
            locked = group.try_lock_for_update(allow_referencing=True)
            write_safely(locked, lambda some: self._take_entries(some, entries))
            self._commit()

    @api.private
    def _take_entries(self, documents, entries):
        """Write what KSeF says of some documents."""
        poller = self.env["l10n_pl_ksef.poller"]
        found = documents.filtered(lambda document: document.state in TIED_STATES)
        found.filtered(lambda document: document.state != "processing")._set_state(
            "processing", next_step_on=False
        )
        for document in found:
            entry = entries[document.sha256]
            document.write({"reference": entry.reference})
            if invoice_verdict(entry.code) is Verdict.DUPLICATE:
                # Needs calls of its own: asked for by itself like any other.
                document._plan(0)
            else:
                poller._take_status(document, entry)
        poller._note_numbers(found)

    @api.private
    def _settle(self, session, state, status):
        """End a package: queue or question what it has no answer for."""
        session = self._lock(session, state)
        if not session:
            self._commit()
            return
        verdict = session_verdict(status.code)
        if verdict is Verdict.NEW_SESSION:
            self.env["l10n_pl_ksef.gateway"]._forget_keys(session.connection_id)
        # Known before the pause is judged by those that failed.
        session.write(_words(status))
        pause = self._get_pause_after(session, verdict)
        for group in in_groups(find_tied(session)):
            left = group.filtered(lambda one: not one.next_step_on)
            write_safely(left, lambda some: self._settle_left(some, verdict, pause))
        wanted = self._find_waiting(session)
        session._set_state(
            "receipts" if wanted else "closed",
            **_words(status),
            next_step_on=soon(0),
        )
        self._commit()

    @api.private
    def _get_pause_after(self, session, verdict):
        """Return the seconds before documents of a failed package go again."""
        if verdict in UNUSED:
            return self.env["l10n_pl_ksef.batch"]._get_failed_pause(
                session.connection_id
            )
        return REBUILD_PAUSE_SECONDS if verdict is Verdict.REBUILD else 0

    @api.private
    def _settle_left(self, documents, verdict, pause):
        """Queue or question documents that KSeF's list says nothing of."""
        if verdict not in PACKAGE_FAILED:
            # Neither taken nor refused: only a further question may tell.
            fresh = documents.filtered(lambda one: one.state != "unknown")
            fresh._set_state("unknown")
            documents.write({"next_step_on": soon(LEFT_PAUSE_SECONDS)})
            return
        for attempts, group in documents.grouped("attempt_count").items():
            # Only what may be the fault of the files counts as an attempt.
            is_counted = verdict is Verdict.REBUILD
            group._set_state(
                "queued",
                reference=False,
                attempt_count=attempts if is_counted else attempts - 1,
                next_step_on=soon(pause),
            )

    @api.private
    def _find_waiting(self, session):
        """Return the documents of a session that wait for its receipt."""
        return self.env["l10n_pl_ksef.document"].search(
            [
                ("session_id", "=", session.id),
                ("state", "=", "accepted"),
                ("upo_state", "=", "wanted"),
            ],
            order="id",
        )

    @api.private
    def _fetch_receipts(self, session):
        """Fetch the receipts of the session and share them out."""
        status = self._ask(session, "receipts", RECEIPT_PAUSES_SECONDS)
        if status is None:
            return
        is_patient = session.step_count < len(RECEIPT_PAUSES_SECONDS)
        failure = None if status.upo_pages else errors.KsefNoAnswer()
        for page in status.upo_pages:
            failure = self._fetch_page(session, page) or failure
        if failure and is_patient:
            self._note_failure(session, "receipts", failure, RECEIPT_PAUSES_SECONDS)
            self._commit()
            return
        session = self._lock(session, "receipts")
        if session:
            # What no page confirmed has a receipt of its own, asked for singly.
            left = self._find_waiting(session)
            left.write({"next_step_on": fields.Datetime.now()})
            session._set_state("closed")
        self._commit()

    @api.private
    def _fetch_page(self, session, page):
        """Fetch one page and note it on its documents; return what failed."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        try:
            data = gateway._download_page(
                session.connection_id, session.reference, page
            )
        except (errors.KsefError, ConnectionObstacle) as failure:
            self._commit()
            return failure
        self._commit()
        entries = gateway._read_upo_page(data)
        if entries is None:
            return errors.KsefNoAnswer()
        by_number = {entry.ksef_number: entry for entry in entries}
        receipt_id = self.env["l10n_pl_ksef.receipt"]._keep(
            session, page.reference, data, len(by_number)
        )
        for group in in_groups(self._find_waiting(session)):
            locked = group.try_lock_for_update(allow_referencing=True)
            write_safely(
                locked, lambda some: self._share_out(some, receipt_id, by_number)
            )
            self._commit()
        return None

    @api.private
    def _share_out(self, documents, receipt_id, by_number):
        """Note a page on the documents that it confirms."""
        for document in documents.filtered(_is_waiting_for_receipt):
            entry = by_number.get(document.ksef_number)
            if entry:
                self.env["l10n_pl_ksef.receipt"]._note(
                    document, entry, receipt_id=receipt_id
                )

    @api.private
    def _lock(self, session, state):
        return self.env["l10n_pl_ksef.batch"]._lock(session, state)

    @api.private
    def _commit(self):
        self.env["l10n_pl_ksef.sender"]._commit()


def _is_waiting_for_receipt(document):
    return document.state == "accepted" and document.upo_state == "wanted"


def _words(status):
    """Return KSeF's status of a session as fields."""
    return {
        "status_code": str(status.code),
        "status_details": "\n".join((status.description or "", *status.details)),
    }
