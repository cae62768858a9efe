"""A session at KSeF; interactive ones are opened, used again and closed here."""

import time
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models

from ..ksef import crypto, errors
from ..ksef.statuses import SESSION_NOT_FOUND

# KSeF closes a session after 12 h (API 7.2); we stop using it an hour earlier.
SESSION_USE = timedelta(hours=11)
# So long after opening KSeF may answer that it does not know it (API 8.4).
SESSION_YOUNG = timedelta(minutes=1)
# Pauses between tries to close it, in seconds; the last one repeats.
CLOSING_PAUSES_SECONDS = (2, 5, 15, 60, 300, 900)
# A session without work is closed after this time, to release it at KSeF.
SESSION_IDLE = timedelta(hours=1)
# KSeF's limit of invoices in one session (API 7.2).
SESSION_MAX_INVOICES = 10_000
# Lists of a session's invoices may be asked for 200 times an hour (API 14).
LIST_PAUSE_SECONDS = 18
# Waiting for another worker that is just opening a session.
OPEN_WAIT_SECONDS = 40
OPEN_LOOK_SECONDS = 0.2

# Interactive: open, closing, closed or failed. A package: opening (no reference
# yet), uploading, closing, processing, receipts, closed; `abandoned` when it can
# neither be completed nor be ended, until KSeF ends it; or failed.
SESSION_STATES = [
    ("opening", "Being opened"),
    ("open", "Open"),
    ("uploading", "Being uploaded"),
    ("closing", "Being closed"),
    ("abandoned", "Interrupted"),
    ("processing", "Processed by KSeF"),
    ("receipts", "Receipts being fetched"),
    ("closed", "Closed"),
    ("failed", "Failed"),
]
ENDED_STATES = ("closed", "failed")
# A package in these has a next step.
PACKAGE_STATES = (
    *("opening", "uploading", "closing"),
    *("abandoned", "processing", "receipts"),
)
# Only in these may an invoice still be put into an interactive session.
KEY_STATES = ("open", "closing")


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
    kind = fields.Selection(
        [("online", "Interactive"), ("batch", "Package")],
        required=True,
        default="online",
    )
    reference = fields.Char(index=True, help="Empty until KSeF has opened it.")
    state = fields.Selection(SESSION_STATES, required=True, default="open")
    next_step_on = fields.Datetime(
        index="btree_not_null", help="Of a package: when its next step is due."
    )
    step_count = fields.Integer(help="Questions asked since the state began.")
    refusal_count = fields.Integer(help="Questions refused since the last answer.")
    status_code = fields.Char(help="KSeF's status of the session.")
    status_details = fields.Text()
    opened_on = fields.Datetime(required=True)
    valid_until = fields.Datetime()
    used_on = fields.Datetime(help="Last time an invoice was put into it.")
    listed_on = fields.Datetime(help="Last time its invoices were listed.")
    sent_count = fields.Integer()
    sealed_key = fields.Char(copy=False)

    document_ids = fields.One2many("l10n_pl_ksef.document", "session_id")

    _one_open_uniq = models.UniqueIndex(
        "(connection_id) WHERE state = 'open'",
        "A connection has one open session at a time.",
    )
    _close_idx = models.Index(
        "(connection_id) WHERE state IN ('open', 'closing') AND kind = 'online'"
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
                [("connection_id", "=", connection_id), ("state", "=", "open")],
                limit=1,
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
        session._keep_key(session_key)
        return session

    @api.private
    def _keep_key(self, session_key):
        """Seal the key that encrypts this session's files."""
        self.sealed_key = self.env["l10n_pl_ksef.vault"]._seal(
            self._binding(), session_key.dump()
        )

    @api.private
    def _binding(self):
        return self.connection_id._binding(f"session:{self.reference}")

    @api.private
    def _is_usable(self):
        """Tell whether one more invoice may go into this session."""
        ends_on = self.valid_until
        return (
            self.state == "open"
            and bool(self.sealed_key)
            and self.opened_on + SESSION_USE > fields.Datetime.now()
            and (not ends_on or ends_on > self.connection_id._get_ksef_now())
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
    def _set_state(self, state, **values):
        """Change the state; a session that takes nothing more loses its key.

        :param values: further fields to write with it
        """
        if state not in KEY_STATES:
            values["sealed_key"] = False
        if state in ENDED_STATES:
            values["next_step_on"] = False
        self.write({"state": state, "step_count": 0, "refusal_count": 0, **values})
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

    @api.private
    def _plan(self, seconds, is_refused=False):
        """Set when the next step is due, and count it.

        :param is_refused: KSeF would not answer the question
        """
        self.write(
            {
                "next_step_on": fields.Datetime.now() + timedelta(seconds=seconds),
                "step_count": self.step_count + 1,
                "refusal_count": self.refusal_count + 1 if is_refused else 0,
            }
        )

    @api.model
    @api.private
    def _find_to_close(self, connections):
        """Return interactive sessions that should be closed at KSeF now."""
        now = fields.Datetime.now()
        return self.search(
            [
                ("connection_id", "in", connections.ids),
                ("kind", "=", "online"),
                "|",
                ("next_step_on", "=", False),
                ("next_step_on", "<=", now),
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
    def _is_young(self):
        """Tell whether KSeF may not know this session yet although it opened it."""
        return self.opened_on + SESSION_YOUNG > fields.Datetime.now()

    @api.private
    def _close_one(self):
        """Close this session at KSeF; one that is closed already counts.

        :raises KsefError: nobody knows whether it is closed
        """
        self.ensure_one()
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection, reference = self.connection_id, self.reference
        try:
            gateway._close_session(connection, reference)
        except (errors.KsefRefused, errors.KsefForbidden) as error:
            self._note_refused_closing(error)
            return
        self._set_state("closed")

    @api.private
    def _note_refused_closing(self, error):
        """Closed, empty, unknown or not ours; if not known yet, it is tried again."""
        if error.code == SESSION_NOT_FOUND and self._is_young():
            self._put_off_closing()
            return
        self._set_state("failed")

    @api.private
    def _put_off_closing(self):
        """Let some time pass before it is closed again."""
        if self.state == "open":
            self._set_state("closing")
        pauses = CLOSING_PAUSES_SECONDS
        self._plan(pauses[min(self.step_count, len(pauses) - 1)])
