"""Takes a package from its closing to the receipts of its invoices."""

import logging

from odoo import api, fields, models

from ..ksef import errors
from ..ksef.statuses import (
    SESSION_NOT_FOUND,
    SESSION_OPEN,
    SESSION_STATE_WRONG,
    Verdict,
    invoice_verdict,
    is_session_final,
    session_verdict,
)
from .l10n_pl_ksef_batch import (
    CALL_LIMIT_SECONDS,
    TIED_STATES,
    _in,
    find_tied,
    in_groups,
)
from .l10n_pl_ksef_connection import ConnectionObstacle
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
# KSeF took nothing of a package that ended so: it goes again, so much later.
PACKAGE_FAILED = {
    Verdict.REBUILD: 5,
    Verdict.NEW_SESSION: 0,
    Verdict.SPLIT: 0,
    Verdict.NOT_TAKEN: 0,
}


class BatchPoller(models.AbstractModel):
    _name = "l10n_pl_ksef.batch.poller"
    _description = "KSeF package poller"

    @api.private
    def _take_step(self, session):
        """Do what the state of a package asks for."""
        getattr(self, STEPS[session.state])(session)

    @api.private
    def _give_up_opening(self, session):
        """The worker died before it knew the session: nothing was uploaded."""
        self.env["l10n_pl_ksef.batch"]._give_back(session, 0)

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
            self._note_failure(session, failure, CLOSING_PAUSES_SECONDS)
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
        is_fresh = session.step_count < len(CLOSING_PAUSES_SECONDS)
        if error.code == SESSION_STATE_WRONG or (
            error.code == SESSION_NOT_FOUND and is_fresh
        ):
            session._plan(pause_of(CLOSING_PAUSES_SECONDS, session.step_count))
            return
        _logger.warning("KSeF: package %s stays incomplete: %s", session.id, error)
        for group in in_groups(find_tied(session, ["sending"])):
            group._set_state("unknown", next_step_on=False)
        session._set_state(
            "abandoned",
            status_code=str(error.code),
            next_step_on=_in(ABANDONED_PAUSES_SECONDS[0]),
        )

    @api.private
    def _note_closed(self, session):
        """KSeF processes it from now on."""
        session = self._lock(session, "closing")
        if session:
            for group in in_groups(find_tied(session, ["sending"])):
                group._set_state("processing", next_step_on=False)
            session._set_state(
                "processing", next_step_on=_in(QUESTION_PAUSES_SECONDS[0])
            )
            session.connection_id._note_success()

    @api.private
    def _finish_closing(self, session):
        """Nobody knows if it is closed: ask, and close it again if it is open."""
        status = self._ask(session, CLOSING_PAUSES_SECONDS)
        if status is None:
            return
        if status.code == SESSION_OPEN:
            locked = self._lock(session, "closing")
            locked.next_step_on = _in(CALL_LIMIT_SECONDS)
            self._commit()
            if locked:
                self._close_package(locked)
            return
        self._note_closed(session)
        self._commit()

    @api.private
    def _ask_result(self, session):
        """Ask whether KSeF is done with a package; take the results if so."""
        pauses = QUESTION_PAUSES_SECONDS
        if session.state == "abandoned":
            pauses = ABANDONED_PAUSES_SECONDS
        status = self._ask(session, pauses)
        if status is None:
            return
        if is_session_final(status.code):
            self._take_results(session, status, pauses)
            return
        locked = self._lock(session, session.state)
        if locked:
            locked.write(_words(status))
            locked._plan(pause_of(pauses, locked.step_count + 1))
        self._commit()

    @api.private
    def _ask(self, session, pauses):
        """Return the status of a session; None if KSeF could not be asked."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection, reference = session.connection_id, session.reference
        try:
            status = gateway._get_session_status(connection, reference)
        except (errors.KsefError, ConnectionObstacle) as failure:
            self._commit()
            self._note_failure(session, failure, pauses)
            status = None
        self._commit()
        return status

    @api.private
    def _note_failure(self, session, failure, pauses):
        """Plan the next question; show it to a person if it is hopeless."""
        _logger.info("KSeF: no answer about package %s: %s", session.id, failure)
        if isinstance(failure, ConnectionObstacle):
            pause = OBSTACLE_PAUSE_SECONDS
        else:
            pause = session.connection_id._note_failure(failure)
        session = self._lock(session, session.state)
        if not session:
            return
        is_final = isinstance(failure, errors.KsefRefused | errors.KsefGone)
        if is_final and session.step_count >= REFUSALS_BEFORE_PERSON:
            code = str(failure.code)
            for group in in_groups(find_tied(session)):
                group._block("program", return_state="unknown", status_code=code)
            session._set_state("failed")
            return
        session._plan(max(pause, pause_of(pauses, session.step_count + 1)))

    @api.private
    def _take_results(self, session, status, pauses):
        """Take each invoice's own status; then settle what has none."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection, reference = session.connection_id, session.reference
        try:
            for page in gateway._get_session_pages(connection, reference):
                self._commit()
                self._take_page(session, by_hash(page))
        except (errors.KsefError, ConnectionObstacle) as failure:
            self._commit()
            self._note_failure(session, failure, pauses)
            self._commit()
            return
        self._commit()
        self._settle(session, status)

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
            self._take_entries(group, entries)

    @api.private
    def _take_entries(self, documents, entries):
        """Write what KSeF says of some documents, in one transaction."""
        poller = self.env["l10n_pl_ksef.poller"]
        documents = documents.try_lock_for_update(allow_referencing=True)
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
        self._commit()

    @api.private
    def _settle(self, session, status):
        """End a package: queue or question what it has no answer for."""
        session = self._lock(session, session.state)
        if not session:
            self._commit()
            return
        verdict = session_verdict(status.code)
        for group in in_groups(find_tied(session)):
            left = group.filtered(lambda one: not one.next_step_on)
            self._settle_left(left, verdict)
        if verdict is Verdict.NEW_SESSION:
            self.env["l10n_pl_ksef.gateway"]._forget_keys(session.connection_id)
        wanted = self._find_waiting(session)
        session._set_state(
            "receipts" if wanted else "closed",
            **_words(status),
            next_step_on=_in(0),
        )
        self._commit()

    @api.private
    def _settle_left(self, documents, verdict):
        """Queue or question documents that KSeF's list says nothing of."""
        if verdict in PACKAGE_FAILED:
            later = _in(PACKAGE_FAILED[verdict])
            documents._set_state("queued", reference=False, next_step_on=later)
            return
        # Neither taken nor refused: only a further question may tell.
        documents.filtered(lambda one: one.state != "unknown")._set_state("unknown")
        documents.write({"next_step_on": _in(QUESTION_PAUSES_SECONDS[-1] // 60)})

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
        status = self._ask(session, RECEIPT_PAUSES_SECONDS)
        if status is None:
            return
        is_patient = session.step_count < len(RECEIPT_PAUSES_SECONDS)
        failure = None if status.upo_pages else errors.KsefNoAnswer()
        for page in status.upo_pages:
            failure = self._fetch_page(session, page) or failure
        if failure and is_patient:
            self._note_failure(session, failure, RECEIPT_PAUSES_SECONDS)
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
        receipt = self.env["l10n_pl_ksef.receipt"]._store(
            session, page.reference, data, len(by_number)
        )
        receipt_id = receipt.id
        self._commit()
        for group in in_groups(self._find_waiting(session)):
            self._share_out(group, receipt_id, by_number)
            self._commit()
        return None

    @api.private
    def _share_out(self, documents, receipt_id, by_number):
        """Note a page on the documents that it confirms."""
        documents = documents.try_lock_for_update(allow_referencing=True)
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
