"""From a connection to answers of KSeF; the only user of the protocol client."""

import logging
import os
import threading
import time

from psycopg2.errors import SerializationFailure

from odoo import api, models, release
from odoo.tools import config

from ..ksef import auth, crypto, errors, links, messages, upo
from ..ksef.client import KsefClient
from ..ksef.environments import Environment, endpoint_for
from ..ksef.statuses import LoginProblem
from ..ksef.transport import Transport
from .l10n_pl_ksef_connection import ConnectionObstacle

_logger = logging.getLogger(__name__)

URL_VARIABLE = "L10N_PL_KSEF_URL"
URL_OPTION = "l10n_pl_ksef_url"
# How long one worker waits for another one's login, and how often it looks.
LOGIN_WAIT_SECONDS = 40
LOGIN_LOOK_SECONDS = 0.2
# KSeF's answer at login -> the connection's problem; others pass by themselves.
LOGIN_PROBLEMS = {
    LoginProblem.REVOKED: "token",
    LoginProblem.INACTIVE: "token",
    LoginProblem.UNKNOWN_TOKEN: "token",
    LoginProblem.WRONG_CONTEXT: "token",
    LoginProblem.NO_RIGHTS: "right",
    LoginProblem.CERTIFICATE: "token",
    LoginProblem.PERSON: "token",
    LoginProblem.BLOCKED: "token",
}


# A connection that was idle for longer may be closed at the other end.
CLIENT_IDLE_SECONDS = 20

_thread = threading.local()


class _KeptClient:
    """A client with its transport, and when it was used last."""

    def __init__(self, endpoint, transport):
        self.endpoint = endpoint
        self.transport = transport
        self.client = KsefClient(transport)
        self.used = time.monotonic()

    def is_fresh(self):
        return time.monotonic() - self.used < CLIENT_IDLE_SECONDS

    def use(self):
        self.used = time.monotonic()
        return self.client


class Gateway(models.AbstractModel):
    _name = "l10n_pl_ksef.gateway"
    _description = "KSeF gateway"

    @api.private
    def _get_endpoint(self, environment):
        """Return the fixed address of an environment, or the configured one.

        :raises ValueError: an own address is configured and production asked for
        """
        url = os.environ.get(URL_VARIABLE) or config.get(URL_OPTION) or None
        return endpoint_for(Environment(environment), url)

    @api.private
    def _has_address(self, environment):
        """Tell whether this server may reach an environment at all."""
        try:
            self._get_endpoint(environment)
        except ValueError:
            return False
        return True

    @api.private
    def _get_client(self, environment):
        """Return this thread's client of an environment; it holds no secret.

        Kept for a short while, to spare each call a new TLS handshake.
        """
        endpoint = self._get_endpoint(environment)
        kept = vars(_thread).get("kept")
        if kept and kept.endpoint == endpoint and kept.is_fresh():
            return kept.use()
        if kept:
            kept.transport.close()
        agent = f"l10n_pl_ksef Odoo/{release.series}"
        _thread.kept = _KeptClient(endpoint, Transport(endpoint, user_agent=agent))
        return _thread.kept.use()

    @api.private
    def _try_login(self, client, token, nip):
        """Log in once with a token that is not stored yet.

        :returns: ``ksef.auth.Credentials``
        :raises KsefError: as ``ksef.auth.login_with_token`` does
        """
        return auth.login_with_token(client, token, nip)

    @api.private
    def _call(self, connection, operation):
        """Run ``operation(client, access)`` with a valid access token.

        A refused access token means that KSeF did not act, so it is renewed and
        the operation repeated once, whatever it is.

        :raises KsefError: KSeF refused, or gave no usable answer
        :raises ConnectionObstacle: KSeF must not be called for this company
        """
        client = self._get_client(connection.environment)
        access = self._get_access(connection.id, client)
        try:
            return operation(client, access)
        except errors.KsefAuthError:
            access = self._get_access(connection.id, client, rejected=access)
            return operation(client, access)

    @api.private
    def _open_session(self, client, access):
        """Open an interactive session; the caller holds the connection's row.

        :returns: ``(OpenSession, SessionKey)``
        :raises KsefError: KSeF refused, or gave no usable answer
        """
        session_key = crypto.new_session_key()
        keys = client.public_keys()
        public_key = crypto.choose_key(keys, messages.USAGE_SESSION, client.now())
        return client.open_online_session(access, session_key, public_key), session_key

    @api.private
    def _send_invoice(self, connection, session_reference, encrypted):
        """POST one invoice; the only place that does. Return its reference."""
        return self._call(
            connection,
            lambda client, access: client.send_invoice(
                access, session_reference, encrypted
            ),
        )

    @api.private
    def _get_session_status(self, connection, session_reference):
        return self._call(
            connection,
            lambda client, access: client.session_status(access, session_reference),
        )

    @api.private
    def _get_session_invoices(self, connection, session_reference):
        """Return ``ksef.messages.InvoiceStatus`` of every invoice of a session."""
        return self._call(
            connection,
            lambda client, access: client.session_invoices(access, session_reference),
        )

    @api.private
    def _get_invoice_status(self, connection, session_reference, reference):
        return self._call(
            connection,
            lambda client, access: client.invoice_status(
                access, session_reference, reference
            ),
        )

    @api.private
    def _get_upo(self, connection, session_reference, reference):
        """Return the bytes of one invoice's UPO, checked against their hash."""
        return self._call(
            connection,
            lambda client, access: client.invoice_upo(
                access, session_reference, reference
            ),
        )

    @api.private
    def _close_session(self, connection, session_reference):
        self._call(
            connection,
            lambda client, access: client.close_online_session(
                access, session_reference
            ),
        )

    @api.private
    def _read_upo(self, data):
        """Return ``ksef.upo.UpoFacts``, or None if it is no readable UPO."""
        try:
            return upo.read_upo(data)
        except errors.KsefProtocolError:
            return None

    @api.private
    def _get_link(self, environment, nip, issue_date, sha256):
        """Return the address under which anybody can verify an invoice."""
        qr_url = endpoint_for(Environment(environment)).qr_url
        return links.verification_link(qr_url, nip, issue_date, sha256)

    @api.private
    def _get_access(self, connection_id, client, rejected=None):
        """Return a valid access token, made by one worker at a time.

        Works in cursors of its own, closed before it returns: the lock on the
        connection ends with them, and the job's transaction stays untouched.

        :param rejected: access token that KSeF just refused
        """
        deadline = time.monotonic() + LOGIN_WAIT_SECONDS
        while True:
            try:
                access = self._get_access_once(connection_id, client, rejected)
            except SerializationFailure:
                access = None
            if access is not None:
                return access
            if time.monotonic() > deadline:
                raise errors.KsefLoginPending(operation="login")
            time.sleep(LOGIN_LOOK_SECONDS)

    @api.private
    def _get_access_once(self, connection_id, client, rejected):
        """Return an access token, or None while another worker logs in."""
        refusal = None
        with self.env.registry.cursor() as cr:
            connection = self.with_env(self.env(cr=cr, su=True)).env[
                "l10n_pl_ksef.connection"
            ]
            connection = connection.browse(connection_id)
            connection = connection.try_lock_for_update(allow_referencing=True)
            if not connection:
                return None
            if obstacle := connection._find_obstacle():
                raise ConnectionObstacle(obstacle)
            access = connection._read_fresh_access()
            if access is not None and access != rejected:
                return access
            try:
                return self._renew_access(connection, client)
            except errors.KsefLoginRefused as error:
                refusal = error
                self._record_refusal(connection, error)
        raise refusal

    @api.private
    def _renew_access(self, connection, client):
        """Refresh while the refresh token lives, else log in anew."""
        refresh = connection._read_live_refresh()
        if refresh is not None:
            try:
                access, valid_until = auth.refresh_access(client, refresh)
            except errors.KsefAuthError:
                _logger.info("KSeF ended the login of connection %s", connection.id)
            else:
                connection._store_access(access, valid_until)
                return access
        token = connection._read_secret("token")
        credentials = auth.login_with_token(client, token, connection.nip)
        connection._store_credentials(credentials)
        connection._set_working()
        return credentials.access

    @api.private
    def _record_refusal(self, connection, error):
        """Keep a refused login; what passes by itself is only an outage."""
        problem = LOGIN_PROBLEMS.get(error.reason)
        _logger.warning(
            "KSeF refused the login of connection %s: %s", connection.id, error
        )
        if problem:
            connection._set_problem(problem, error.reason.value)
        else:
            connection._set_outage()
