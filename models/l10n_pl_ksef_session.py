"""One interactive session at KSeF: opened, used again, closed."""

import time
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models

from ..ksef import crypto, errors

# KSeF closes a session after 12 h (API 7.2); we stop using it an hour earlier.
SESSION_USE = timedelta(hours=11)
# A session without work is closed after this time, to release it at KSeF.
SESSION_IDLE = timedelta(hours=1)
# KSeF's limit of invoices in one session (API 7.2).
SESSION_MAX_INVOICES = 10_000
# Lists of a session's invoices may be asked for 200 times an hour (API 14).
LIST_PAUSE_SECONDS = 18
# Waiting for another worker that is just opening a session.
OPEN_WAIT_SECONDS = 40
OPEN_LOOK_SECONDS = 0.2


class Session(models.Model):
    """A container of invoices at KSeF, with the key that encrypts them."""

    _name = "l10n_pl_ksef.session"
    _description = "KSeF session"
    _rec_name = "reference"
    _order = "id desc"

    connection_id = fields.Many2one(
        "l10n_pl_ksef.connection", required=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(related="connection_id.company_id", store=True)
    reference = fields.Char(required=True, index=True)
    state = fields.Selection(
        [
            ("open", "Open"),
            ("closing", "Being closed"),
            ("closed", "Closed"),
            ("failed", "Failed"),
        ],
        required=True,
        default="open",
    )
    opened_on = fields.Datetime(required=True)
    valid_until = fields.Datetime()
    used_on = fields.Datetime(help="Last time an invoice was put into it.")
    listed_on = fields.Datetime(help="Last time its invoices were listed.")
    sent_count = fields.Integer()
    sealed_key = fields.Char(copy=False)

    _one_open_uniq = models.UniqueIndex(
        "(connection_id) WHERE state = 'open'",
        "A connection has one open session at a time.",
    )

    @api.model
    @api.private
    def _ensure_open(self, connection):
        """Return the id of a usable session, opened now if there is none.

        Works in cursors of its own and holds the connection's row meanwhile, so
        that two workers do not open two.

        :raises KsefError: KSeF could not be asked, or refused
        """
        gateway = self.env["l10n_pl_ksef.gateway"]
        client = gateway._get_client(connection.environment)
        deadline = time.monotonic() + OPEN_WAIT_SECONDS
        rejected = None
        while time.monotonic() < deadline:
            # Before the lock: a login locks the same row in its own cursor.
            access = gateway._get_access(connection.id, client, rejected)
            try:
                session_id = self._ensure_open_once(connection.id, client, access)
            except SerializationFailure:
                session_id = None
            except errors.KsefAuthError:
                if rejected is not None:
                    raise
                session_id, rejected = None, access
            if session_id:
                return session_id
            time.sleep(OPEN_LOOK_SECONDS)
        raise errors.KsefLoginPending(operation="open_online")

    @api.private
    def _ensure_open_once(self, connection_id, client, access):
        """Return a session's id, or None while another worker opens one."""
        with self.env.registry.cursor() as cr:
            sessions = self.with_env(self.env(cr=cr, su=True))
            connection = sessions.env["l10n_pl_ksef.connection"].browse(connection_id)
            connection = connection.try_lock_for_update(allow_referencing=True)
            if not connection:
                return None
            session = sessions.search(
                [("connection_id", "=", connection_id), ("state", "=", "open")]
            )
            if session and not session._is_usable():
                session._set_state("closing")
                session = self.browse()
            if session:
                return session.id
            gateway = sessions.env["l10n_pl_ksef.gateway"]
            opened, session_key = gateway._open_session(client, access)
            return sessions._create_opened(connection, opened, session_key).id

    @api.private
    def _create_opened(self, connection, opened, session_key):
        now = fields.Datetime.now()
        session = self.create(
            {
                "connection_id": connection.id,
                "reference": opened.reference,
                "opened_on": now,
                "used_on": now,
                "valid_until": opened.valid_until.replace(tzinfo=None, microsecond=0),
            }
        )
        session.sealed_key = self.env["l10n_pl_ksef.vault"]._seal(
            session._binding(), session_key.dump()
        )
        return session

    @api.private
    def _binding(self):
        return self.connection_id._binding(f"session:{self.reference}")

    @api.private
    def _is_usable(self):
        """Tell whether one more invoice may go into this session."""
        now = fields.Datetime.now()
        return (
            self.state == "open"
            and bool(self.sealed_key)
            and self.opened_on + SESSION_USE > now
            and (not self.valid_until or self.valid_until > now)
            and self.sent_count < SESSION_MAX_INVOICES
        )

    @api.private
    def _encrypt(self, xml):
        """Encrypt the frozen bytes of an invoice for this session.

        :raises VaultError: the session's key cannot be opened here
        """
        self.ensure_one()
        sealed = self.env["l10n_pl_ksef.vault"]._open(self._binding(), self.sealed_key)
        return crypto.encrypt_invoice(xml, crypto.SessionKey.load(sealed))

    @api.private
    def _note_use(self):
        self.write(
            {"used_on": fields.Datetime.now(), "sent_count": self.sent_count + 1}
        )

    @api.private
    def _set_state(self, state):
        """Change the state; a session that takes nothing more loses its key."""
        values = {"state": state}
        if state in ("closed", "failed"):
            values["sealed_key"] = False
        self.write(values)
        # The one open session of a connection is unique in the database.
        self.flush_recordset()

    @api.private
    def _note_list(self):
        self.listed_on = fields.Datetime.now()

    @api.private
    def _get_seconds_to_list(self):
        """Seconds until its invoices may be listed again."""
        if not self.listed_on:
            return 0
        passed = (fields.Datetime.now() - self.listed_on).total_seconds()
        return max(0, LIST_PAUSE_SECONDS - passed)

    @api.private
    def _retire(self):
        """Put nothing more into it; the job closes it at KSeF."""
        self.filtered(lambda session: session.state == "open")._set_state("closing")

    @api.model
    @api.private
    def _find_to_close(self):
        """Return sessions that should be closed at KSeF now."""
        now = fields.Datetime.now()
        return self.search(
            [
                "|",
                ("state", "=", "closing"),
                "&",
                ("state", "=", "open"),
                "|",
                ("used_on", "<", now - SESSION_IDLE),
                ("opened_on", "<", now - SESSION_USE),
            ]
        )

    @api.private
    def _close_one(self):
        """Close this session at KSeF; one that is closed already counts."""
        self.ensure_one()
        gateway = self.env["l10n_pl_ksef.gateway"]
        try:
            gateway._close_session(self.connection_id, self.reference)
        except errors.KsefRefused:
            # Closed, empty or unknown there: nothing more can go into it.
            self._set_state("failed")
            return
        self._set_state("closed")
