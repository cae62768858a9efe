"""Settles what is not certain: no answer to a POST, and numbers KSeF has already."""

from datetime import timedelta

from odoo import api, fields, models

from ..ksef import errors
from ..ksef.statuses import invoice_verdict, is_session_final
from .l10n_pl_ksef_groups import find_tied, in_groups, soon
from .l10n_pl_ksef_poller import (
    FINAL_REFUSALS,
    RESEND_PAUSES_SECONDS,
    UNKNOWN_PAUSES_SECONDS,
    by_hash,
    pause_of,
    status_words,
)

# After so many questions without a trace the session is closed, to be certain.
UNKNOWN_QUESTIONS_BEFORE_CLOSE = 4
# Pauses before what never arrived goes again, by number of attempts.
LOST_PAUSES_SECONDS = (0, 5, 60, 300, 900, 3600)
# Pauses between searches for an invoice KSeF says it has, in seconds; the last one
# repeats. 20 searches an hour are allowed (API 14). After about a day a person looks.
SEARCH_PAUSES_SECONDS = (15, 60, 300, 900, 3600)
SEARCHES_MAX = 28
# An invoice is in a session that was opened at most so long before (API 7.2), and
# so many sessions are looked into.
SESSION_LIFE = timedelta(hours=13)
SESSIONS_MAX = 5


class Reconciler(models.AbstractModel):
    _name = "l10n_pl_ksef.reconciler"
    _description = "KSeF reconciler"

    @api.private
    def _take_duplicates(self, duplicates):
        """Adopt numbers of invoices that KSeF has already, if they are our files.

        :param duplicates: list of (document, its status); originals that were in
            one session are looked up together
        """
        by_session = {}
        for document, status in duplicates:
            key = status.original_session_reference or ""
            by_session.setdefault(key, []).append((document, status))
        for reference, pairs in by_session.items():
            self._take_duplicates_of(reference, pairs)

    @api.private
    def _take_duplicates_of(self, reference, pairs):
        """Look up the originals that were in one session, then take each."""
        documents = self.env["l10n_pl_ksef.document"].union(
            *(document for document, _status in pairs)
        )
        connection = documents[:1].connection_id
        originals = self.env["l10n_pl_ksef.poller"]._ask(
            documents, lambda: self._list_originals(connection, reference)
        )
        if originals is not None:
            for document, status in pairs:
                self._take_duplicate(document, status, originals)

    @api.private
    def _list_originals(self, connection, session_reference):
        """Return {hash: status} of a session; empty if it is not ours to read."""
        if not session_reference:
            return {}
        try:
            listed = self.env["l10n_pl_ksef.gateway"]._get_session_invoices(
                connection, session_reference
            )
        except (errors.KsefForbidden, *FINAL_REFUSALS):
            return {}
        return by_hash(entry for entry in listed if entry.ksef_number)

    @api.private
    def _take_duplicate(self, document, status, originals):
        """Adopt the original if its hash is ours, else leave it to a person."""
        poller = self.env["l10n_pl_ksef.poller"]
        original = originals.get(document.sha256)
        number = status.original_ksef_number
        reference = status.original_session_reference if original else False
        found_number = number
        if not original:
            # KSeF may name the wrong session, or one that others opened.
            answer = poller._ask(document, lambda: self._search_original(document))
            if answer is None:
                return
            original, reference, found_number = answer
            number = number or found_number
        document = poller._lock(document, "processing")
        if document and original:
            document.write(
                {
                    "original_ksef_number": number,
                    "reference": reference and original.reference,
                    "session_reference": reference,
                }
            )
            poller._take_accepted(document, original, status_words(status))
            poller._note_numbers(document)
        elif document and not found_number and document.step_count < SEARCHES_MAX:
            # An invoice can be found some time after it got its number.
            document.write(status_words(status))
            document._plan(pause_of(SEARCH_PAUSES_SECONDS, document.step_count))
        elif document:
            document._set_state(
                "conflict", **status_words(status), original_ksef_number=number
            )
        poller._commit()

    @api.private
    def _search_original(self, document):
        """Search by number for what KSeF holds.

        :returns: (our file or None, its session's reference if we may read it,
            the number of what was found or None)
        """
        connection = document.connection_id
        try:
            found = self.env["l10n_pl_ksef.gateway"]._find_by_number(
                connection, document.invoice_number, document.nip
            )
        except (errors.KsefForbidden, *FINAL_REFUSALS):
            return None, False, None
        same = next((one for one in found if one.hash_b64 == document.sha256), None)
        if same is None:
            return None, False, found[0].ksef_number if found else None
        reference, status = self._find_in_sessions(connection, same)
        return status or same, reference, same.ksef_number

    @api.private
    def _find_elsewhere(self, documents):
        """Search by number for documents whose session another login opened.

        A person changed the login meanwhile. Once KSeF has ended the session, what
        is not found goes again; KSeF itself refuses a file that it has.
        """
        poller = self.env["l10n_pl_ksef.poller"]
        for document in documents:
            answer = poller._ask(document, lambda one=document: self._search_same(one))
            if answer is None:
                return
            locked = poller._lock(document, document.state)
            if locked:
                self._judge_search(locked, *answer)
            poller._commit()

    @api.private
    def _leave_to_search(self, session):
        """Another login made this package: each document is searched for by number."""
        for group in in_groups(find_tied(session)):
            fresh = group.filtered(lambda one: one.state != "unknown")
            fresh._set_state("unknown")
            group.write({"next_step_on": soon(SEARCH_PAUSES_SECONDS[0])})
        self.env["l10n_pl_ksef.batch.poller"]._find_waiting(session).write(
            {"next_step_on": soon(0)}
        )
        session._set_state("failed")

    @api.private
    def _search_same(self, document):
        """Return (may we search, what KSeF holds with our hash or None)."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        try:
            found = gateway._find_by_number(
                document.connection_id, document.invoice_number, document.nip
            )
        except (errors.KsefForbidden, *FINAL_REFUSALS):
            return False, None
        return True, by_hash(found).get(document.sha256)

    @api.private
    def _judge_search(self, document, is_allowed, found):
        poller = self.env["l10n_pl_ksef.poller"]
        opened_on = document.session_id.opened_on
        is_over = opened_on and opened_on + SESSION_LIFE < fields.Datetime.now()
        if found:
            document.write({"reference": False, "session_reference": False})
            poller._take_accepted(document, found, {})
            poller._note_numbers(document)
        elif is_allowed and is_over:
            self._send_what_was_lost(document)
        else:
            document._plan(pause_of(SEARCH_PAUSES_SECONDS, document.step_count))

    @api.private
    def _find_in_sessions(self, connection, found):
        """Return (reference, status) of a found invoice if its session is ours."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        until = found.invoicing_on + timedelta(minutes=1)
        since = found.invoicing_on - SESSION_LIFE
        try:
            for kind in ("online", "batch"):
                sessions = gateway._get_sessions(connection, kind, since, until)
                for session in sessions[:SESSIONS_MAX]:
                    listed = self._list_originals(connection, session.reference)
                    if found.hash_b64 in listed:
                        return session.reference, listed[found.hash_b64]
        except (errors.KsefForbidden, *FINAL_REFUSALS):
            return False, None
        return False, None

    @api.private
    def _resolve(self, documents):
        """Ask whether KSeF has documents of one session that got no answer.

        The session is asked first: a list read after it was final is complete.
        """
        poller = self.env["l10n_pl_ksef.poller"]
        connection = documents[:1].connection_id
        reference = documents[:1].session_reference
        if not reference:
            # No session ever knew it, so nothing was sent.
            locked = documents.try_lock_for_update(allow_referencing=True)
            locked.filtered(lambda one: not one._is_in_package())._set_state("queued")
            poller._commit()
            return
        answer = poller._ask(
            documents, lambda: self._find_traces(connection, reference)
        )
        if answer is None:
            return
        traces, is_final = answer
        for document in documents:
            document = poller._lock(document, "unknown")
            if document:
                self._judge_trace(document, traces.get(document.sha256), is_final)
            poller._commit()

    @api.private
    def _send_what_was_lost(self, document):
        """KSeF does not have it: queue it again, or show it to a person."""
        pauses = LOST_PAUSES_SECONDS
        tries = document.attempt_count
        if tries > len(pauses):
            document._block("program", return_state="queued")
            return
        document._set_state("queued", reference=False)
        document._postpone(pauses[max(tries, 1) - 1])

    @api.private
    def _find_traces(self, connection, reference):
        """Return ``({hash: InvoiceStatus}, is the session final)``."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        status = gateway._get_session_status(connection, reference)
        listed = gateway._get_session_invoices(connection, reference)
        return by_hash(listed), is_session_final(status.code)

    @api.private
    def _judge_trace(self, document, trace, is_final):
        """Decide on a document by its trace in its session, or by there being none."""
        poller = self.env["l10n_pl_ksef.poller"]
        broken_off = trace and invoice_verdict(trace.code) in RESEND_PAUSES_SECONDS
        if broken_off and is_final:
            poller._send_again(document, trace, status_words(trace))
        elif trace and not broken_off:
            document._set_state("processing", reference=trace.reference)
        elif is_final:
            self._send_what_was_lost(document)
        else:
            if document.step_count >= UNKNOWN_QUESTIONS_BEFORE_CLOSE:
                document.session_id._retire()
            document._plan(pause_of(UNKNOWN_PAUSES_SECONDS, document.step_count))
