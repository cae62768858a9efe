"""From a posted invoice to a row that waits to be sent; no network."""

import base64
import hashlib
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from .l10n_pl_ksef_checks import STOP
from .l10n_pl_ksef_document import OPEN_STATES
from .l10n_pl_ksef_fa3_related import find_root

# How often a document that waits is looked at by itself. A number wakes those who
# wait for it; the look is for one that comes while the row is being written.
RECHECKS = {"data": timedelta(hours=1), "original": timedelta(minutes=10)}
# Reasons for holding that a person may judge to be over.
RELEASED_BY_HAND = ("data", "original", "program")
# States in which a person may send, or send again with the same number.
SENDABLE_STATES = ("queued", "blocked", "rejected", "withdrawn")
# A package in these is waiting for KSeF, no worker is at it.
ASKED_STATES = ("abandoned", "processing", "receipts")
SENT_MOVE_TYPES = ("out_invoice", "out_refund")
# Submissions in these will have a number, or a person decides about them.
AWAITED_STATES = (*OPEN_STATES, "conflict")


class Outbox(models.AbstractModel):
    _name = "l10n_pl_ksef.outbox"
    _description = "KSeF outbox"

    @api.private
    def _enqueue(self, moves):
        """Write one outbox row for each posted invoice that KSeF must get.

        Runs in the transaction that posts: one `create` for all, and nothing
        for companies that do not use KSeF.
        """
        # As superuser: whoever may post an invoice may have it written in full.
        moves = moves.sudo().filtered(self._is_sent_when_posted)
        # Sellers and buyers in one query.
        (moves.company_id.partner_id | moves.commercial_partner_id).mapped("vat")
        due = moves.filtered(lambda move: not self._get_not_due_reason(move))
        return self._create_documents(due)

    @api.private
    def _is_sent_when_posted(self, move):
        if move.move_type not in SENT_MOVE_TYPES:
            return False
        return move.company_id._l10n_pl_ksef_owner().l10n_pl_ksef_send_mode == "auto"

    @api.private
    def _create_documents(self, moves):
        """Build, check and freeze the files of posted invoices; queue them."""
        documents = self.env["l10n_pl_ksef.document"].sudo()
        if not moves:
            return documents
        created_on = fields.Datetime.now()
        export = self.env["l10n_pl_ksef.fa3.export"].sudo()
        files = export._prepare_files(moves.sudo(), created_on)
        connections = {
            company: self.env["l10n_pl_ksef.connection"]._get_or_create(company)
            for company in moves.company_id
        }
        newest = moves._fields["l10n_pl_ksef_document_id"]
        # The newest submission is known here: nothing has to be looked up for it.
        with self.env.protecting([newest], moves):
            documents = documents.create(
                [
                    self._prepare_document(move, connections[move.company_id])
                    | self._prepare_content(files[move], created_on)
                    for move in moves
                ]
            )
            for document in documents:
                document.move_id.l10n_pl_ksef_document_id = document
        self.env["l10n_pl_ksef.job"]._trigger(documents.connection_id)
        return documents

    @api.private
    def _prepare_document(self, move, connection):
        former = move.sudo().l10n_pl_ksef_document_id
        return {
            "company_id": move.company_id.id,
            "move_id": move.id,
            "generation": former.generation + 1,
            "connection_id": connection.id,
            "environment": connection.environment,
        }

    @api.private
    def _prepare_content(self, prepared, created_on):
        """Return the frozen file, or the problems that keep it from being made."""
        values = {
            "nip": prepared.seller_nip,
            "invoice_number": prepared.number,
            "kind": prepared.kind,
            "issue_date": prepared.issue_date,
            "problems": [problem._asdict() for problem in prepared.problems],
        }
        awaited = [move.id for move in prepared.awaited]
        values["awaited_move_ids"] = [Command.set(awaited)]
        if prepared.xml is None:
            is_stopped = any(each.level == STOP for each in prepared.problems)
            reason = "data" if is_stopped else "original"
            return values | {
                "state": "blocked",
                "return_state": "queued",
                "blocked_reason": reason,
                "next_step_on": created_on + RECHECKS[reason],
            }
        return values | {
            "state": "queued",
            "next_step_on": created_on,
            "xml": base64.b64encode(prepared.xml),
            "sha256": _sha256_b64(prepared.xml),
            "content_created_on": created_on,
        }

    @api.private
    def _rebuild(self, document):
        """Make the file of a document that was held for want of it, if it can be.

        It may be held for its data, or for the KSeF number of another invoice. Bytes
        that KSeF may have seen are never made anew.
        """
        if document.attempt_count or document.xml:
            return bool(document.xml)
        created_on = fields.Datetime.now()
        move = document.move_id
        export = self.env["l10n_pl_ksef.fa3.export"].sudo()
        prepared = export._prepare_files(move, created_on)[move]
        values = self._prepare_content(prepared, created_on)
        former = document.blocked_reason
        reason = values.pop("blocked_reason", former)
        for name in ("state", "return_state"):
            values.pop(name, None)
        document.write(values | {"blocked_reason": reason})
        if reason != former:
            document._notify()
        return prepared.xml is not None

    @api.private
    def _is_number_awaited(self, move):
        """Tell whether KSeF has yet to give an invoice its number.

        What a person has sent by hand counts too, whoever the buyer is.
        """
        document = move.sudo().l10n_pl_ksef_document_id
        if move.state != "posted" or document.ksef_number:
            return False
        is_under_way = document.state in AWAITED_STATES
        return is_under_way or not self._get_not_due_reason(move)

    @api.private
    def _wake_waiting(self, moves):
        """Let documents look again that waited for the number of these invoices."""
        waiting = self.env["l10n_pl_ksef.document"].search(
            [
                ("state", "=", "blocked"),
                ("blocked_reason", "=", "original"),
                ("awaited_move_ids", "in", moves.ids),
            ]
        )
        # One that somebody else holds looks again by itself.
        waiting = waiting.try_lock_for_update(allow_referencing=True)
        if waiting:
            waiting.write({"next_step_on": fields.Datetime.now()})
            self.env["l10n_pl_ksef.job"]._trigger(waiting.connection_id)

    @api.private
    def _get_recheck_seconds(self, document):
        return RECHECKS[document.blocked_reason].total_seconds()

    @api.private
    def _get_not_due_reason(self, move):
        """Say why an invoice is not meant for KSeF, or None if it is.

        The answer is a key: type, off, dated_before, private, foreign, polish,
        other_module.
        """
        if move.move_type not in SENT_MOVE_TYPES:
            return "type"
        owner = move.company_id._l10n_pl_ksef_owner()
        if not owner:
            return "off"
        since = owner.l10n_pl_ksef_since
        if since and (move.invoice_date or fields.Date.today()) < since:
            return "dated_before"
        if move._l10n_pl_ksef_other_module_state():
            return "other_module"
        buyer = self._get_buyer_kind(move.commercial_partner_id)
        is_meant = owner[f"l10n_pl_ksef_to_{buyer}"] or self._corrects_sent(move)
        return None if is_meant else buyer

    @api.private
    def _corrects_sent(self, move):
        """Tell whether an invoice corrects one that was sent: it has to go too."""
        root = find_root(move)
        document = root.sudo().l10n_pl_ksef_document_id
        is_gone = document.state in (False, "withdrawn")
        return root != move and not is_gone and not document._is_trial()

    @api.private
    def _can_send(self, move):
        """Tell whether the button that sends has something to do for a move."""
        if move.state != "posted" or move.move_type not in SENT_MOVE_TYPES:
            return False
        if not move.company_id._l10n_pl_ksef_owner():
            return False
        if move._l10n_pl_ksef_other_module_state():
            return False
        document = move.sudo().l10n_pl_ksef_document_id
        return not document or document.state in SENDABLE_STATES or document._is_trial()

    @api.private
    def _send_now(self, moves):
        """Queue what a person wants sent, and make it due at once.

        :raises UserError: one invoice, with everything that keeps it from being sent
        """
        moves = moves.filtered(self._can_send)
        fresh = moves.filtered(self._needs_document)
        created = self._create_documents(fresh)
        waiting = (moves - fresh).sudo().l10n_pl_ksef_document_id
        for document in waiting:
            if document.blocked_reason in RELEASED_BY_HAND and self._rebuild(document):
                document._release()
        held = (created + waiting).filtered(
            lambda document: document.blocked_reason == "data"
        )
        if held and len(moves) == 1:
            explain = self.env["l10n_pl_ksef.explain"]
            raise UserError("\n".join(explain._get_problems(held)))
        self._hurry(waiting)

    @api.private
    def _needs_document(self, move):
        document = move.sudo().l10n_pl_ksef_document_id
        return document.state not in ("queued", "blocked") or document._is_trial()

    @api.private
    def _ask_now(self, moves):
        """Make the next question about these invoices due at once."""
        documents = moves.sudo().l10n_pl_ksef_document_id
        self._hurry(
            documents.filtered(
                lambda document: document.next_step_on or document._is_in_package()
            )
        )

    @api.private
    def _hurry(self, documents):
        """Wake the job for these documents; do its step here if it sleeps."""
        now = fields.Datetime.now()
        # Not `sending`: a worker may be waiting for the answer.
        documents = documents.filtered(
            lambda document: document.state not in ("blocked", "sending")
        )
        # An outage may be over; what KSeF asked us to wait for stays.
        paused = documents.connection_id.filtered("retry_on")
        paused.try_lock_for_update(allow_referencing=True).write({"retry_on": False})
        packed = documents.filtered(lambda document: document._is_in_package())
        packages = packed.session_id.filtered(lambda one: one.state in ASKED_STATES)
        packages.try_lock_for_update(allow_referencing=True).write(
            {"next_step_on": now}
        )
        alone = (documents - packed).try_lock_for_update(allow_referencing=True)
        alone.write({"next_step_on": now})
        job = self.env["l10n_pl_ksef.job"]
        job._trigger(documents.connection_id)
        stopped = (alone + packed).filtered(
            lambda document: not job._is_running(document.connection_id)
        )
        if stopped:
            job._step_after_commit(stopped)

    @api.private
    def _get_buyer_kind(self, partner):
        """Return ``polish``, ``foreign`` or ``private``."""
        if not partner.is_company and not partner.vat:
            return "private"
        country = partner.country_id.code
        is_foreign = country and country != "PL"
        return "foreign" if is_foreign and not _has_polish_nip(partner) else "polish"


def _has_polish_nip(partner):
    return (partner.vat or "").upper().startswith("PL")


def _sha256_b64(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
