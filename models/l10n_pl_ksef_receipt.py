"""Receipts (UPO): fetched, compared, and those of a whole session kept once."""

import base64
import hashlib
import logging

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..ksef import errors

_logger = logging.getLogger(__name__)


# A page is written in pieces of this size: a statement takes several times the
# memory of what it holds. Whole groups of Base64.
PIECE_BYTES = 3 * 2**17


class Receipt(models.Model):
    """One page of a session's UPO, byte for byte as KSeF signed it.

    Nobody has access rights: users read it through the submissions it covers.
    """

    _name = "l10n_pl_ksef.receipt"
    _description = "KSeF collective receipt"
    _rec_name = "reference"
    _order = "id desc"

    session_id = fields.Many2one(
        "l10n_pl_ksef.session", required=True, ondelete="restrict", index=True
    )
    reference = fields.Char(required=True, help="KSeF's reference of the page.")
    content = fields.Binary(attachment=False, required=True)
    sha256 = fields.Char(required=True, help="Of the content, Base64.")
    entry_count = fields.Integer(help="Invoices that the page confirms.")

    _reference_uniq = models.Constraint(
        "UNIQUE(session_id, reference)", "This receipt is stored already."
    )

    @api.private
    def _keep(self, session, reference, data, entry_count):
        """Commit a page and return its id; somebody else may be at it just now."""
        try:
            receipt_id = self._store(session, reference, data, entry_count).id
        except UniqueViolation:
            self.env.cr.rollback()
            receipt_id = self._store(session, reference, data, entry_count).id
        self.env["l10n_pl_ksef.sender"]._commit()
        return receipt_id

    @api.private
    def _store(self, session, reference, data, entry_count):
        """Keep a page; one that is kept already is returned."""
        kept = self.search(
            [("session_id", "=", session.id), ("reference", "=", reference)]
        )
        if kept:
            return kept
        digest = hashlib.sha256(data).digest()
        pieces = _encode(data)
        receipt = self.create(
            {
                "session_id": session.id,
                "reference": reference,
                "content": next(pieces),
                "sha256": base64.b64encode(digest).decode(),
                "entry_count": entry_count,
            }
        )
        for piece in pieces:
            self.env.execute_query(
                SQL(
                    "UPDATE l10n_pl_ksef_receipt SET content = content || %s"
                    " WHERE id = %s RETURNING id",
                    piece,
                    receipt.id,
                )
            )
        receipt.invalidate_recordset(["content"])
        return receipt

    @api.private
    def _fetch_by_link(self, document, status):
        """Fetch the UPO by the link that came with the number; it is never kept.

        Without success the job asks for the receipt by itself.
        """
        if not status.upo_link or document.upo_state != "wanted":
            return
        gateway = self.env["l10n_pl_ksef.gateway"]
        try:
            data = gateway._download(document.connection_id, status.upo_link)
        except errors.KsefError as error:
            _logger.info("KSeF: no receipt by link: %s", error)
            data = None
        self.env["l10n_pl_ksef.sender"]._commit()
        if data is not None:
            self._take(document, data)

    @api.private
    def _fetch_one(self, document):
        """Fetch the UPO of an accepted document and keep it byte for byte."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection = document.connection_id
        session, reference = document.session_reference, document.reference
        data = self.env["l10n_pl_ksef.poller"]._ask(
            document, lambda: gateway._get_upo(connection, session, reference)
        )
        if data is not None:
            self._take(document, data)

    @api.private
    def _take(self, document, data):
        """Keep the receipt of one invoice, whether or not it can be read."""
        document = self.env["l10n_pl_ksef.sender"]._lock(document, "accepted")
        if document and document.upo_state == "wanted":
            entry = self.env["l10n_pl_ksef.gateway"]._read_upo(data)
            digest = hashlib.sha256(data).digest()
            self._note(
                document,
                entry,
                upo_single=base64.b64encode(data),
                upo_sha256=base64.b64encode(digest).decode(),
            )
        self.env["l10n_pl_ksef.sender"]._commit()

    @api.private
    def _note(self, document, entry, **values):
        """Compare a receipt's entry with the document; write what was found.

        :param entry: ``ksef.upo.UpoFacts``, None if the file cannot be read
        :param values: where the receipt itself is kept
        """
        differences = _compare(document, entry)
        document.write(
            {
                **values,
                "upo_stored_on": fields.Datetime.now(),
                "upo_state": "doubtful" if differences else "stored",
                "upo_differences": differences or False,
                "next_step_on": False,
            }
        )
        document._notify()

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._("A receipt from KSeF is evidence and cannot be deleted.")
        )


def _encode(data):
    """Yield Base64 in pieces that can be put together; at least one."""
    for start in range(0, len(data) or 1, PIECE_BYTES):
        yield base64.b64encode(data[start : start + PIECE_BYTES])


def _compare(document, entry):
    """Return names of the facts in which a receipt is not the document's."""
    if entry is None:
        return ["file"]
    pairs = {
        "ksef_number": (entry.ksef_number, document.ksef_number),
        "sha256": (entry.invoice_hash_b64, document.sha256),
        "nip": (entry.seller_nip, document.nip),
        "invoice_number": (entry.invoice_number, document.invoice_number),
    }
    return [name for name, (theirs, ours) in pairs.items() if theirs != ours]
