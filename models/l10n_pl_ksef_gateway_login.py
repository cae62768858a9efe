"""Who is logged in: one login while its refresh token lives, one worker at it."""

import logging
import time
from datetime import datetime, timedelta, timezone

from psycopg2.errors import SerializationFailure

from odoo import api, models

from ..ksef import auth, errors
from ..ksef.certificate import Credential, read_credential
from ..ksef.claims import read_permissions
from ..ksef.messages import LoginStarted
from ..ksef.statuses import LoginProblem
from .l10n_pl_ksef_connection import ConnectionObstacle

_logger = logging.getLogger(__name__)

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


def _log_in_with_token(client, connection):
    token = connection._read_secret("token")
    return auth.login_with_token(client, token, connection.nip)


def _log_in_with_certificate(client, connection):
    credential = Credential.load(connection._open_sealed("certificate"))
    return auth.login_with_certificate(client, credential, connection.nip)


LOGINS = {
    "token": _log_in_with_token,
    "certificate": _log_in_with_certificate,
}


class Gateway(models.AbstractModel):
    _inherit = "l10n_pl_ksef.gateway"

    @api.private
    def _try_login(self, client, token, nip):
        """Log in once with a token that is not stored yet.

        :returns: ``ksef.auth.Credentials``
        :raises KsefError: as ``ksef.auth.login_with_token`` does
        """
        return auth.login_with_token(client, token, nip)

    @api.private
    def _read_credential(self, environment, files, passphrase):
        """Read an uploaded certificate with its private key.

        Its dates are judged by KSeF's clock as far as that is known.

        :param files: list of bytes
        :param passphrase: ``Secret`` or None
        :returns: ``ksef.certificate.Credential``
        :raises CredentialError: with what is wrong
        """
        now = datetime.now(timezone.utc)
        if self._has_address(environment):
            offset = self._get_clock_offset(environment) or 0
            now += timedelta(seconds=offset)
        return read_credential(files, passphrase, now)

    @api.private
    def _load_credential(self, connection):
        """Open the stored certificate of a connection.

        :raises VaultError: it cannot be opened on this server
        """
        return Credential.load(connection._open_sealed("certificate"))

    @api.private
    def _try_certificate(self, client, credential, nip):
        """Log in once with a certificate that is not stored yet.

        :returns: (``ksef.auth.Credentials``, permissions or None if not told)
        :raises KsefError: as ``ksef.auth.login_with_certificate`` does
        """
        login = auth.login_with_certificate(client, credential, nip)
        return login, read_permissions(login.access)

    @api.private
    def _ensure_login(self, connection):
        """Log in if need be; no call while the access token lives.

        :raises KsefError: KSeF refused, or gave no usable answer
        :raises ConnectionObstacle: KSeF must not be called for this company
        """
        self._get_access(connection.id, self._get_client(connection.environment))

    @api.private
    def _hear_clock(self, connection):
        """Make a call that needs no login, for the time that comes with its answer.

        :raises KsefError: KSeF gave no usable answer
        """
        self._get_client(connection.environment).challenge()
        connection._note_clock()

    @api.private
    def _get_access(self, connection_id, client, rejected=None):
        """Return a valid access token, made by one worker at a time.

        Works in cursors of its own, closed before it returns: the lock on the
        connection ends with them, and the job's transaction stays untouched.
        From here on the client's calls count for this connection's NIP.

        :param rejected: access token that KSeF just refused
        """
        connection = self.env["l10n_pl_ksef.connection"].sudo().browse(connection_id)
        client.transport.gate = self.env["l10n_pl_ksef.limit"]._gate(connection)
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
            except errors.KsefLoginPending as error:
                refusal = error
                connection._keep_login(error.started)
        raise refusal

    @api.private
    def _renew_access(self, connection, client):
        """Refresh while the refresh token lives, else log in anew."""
        refresh = connection._read_own("refresh")
        if refresh is not None:
            try:
                access, valid_until = auth.refresh_access(client, refresh)
            except errors.KsefAuthError:
                _logger.info("KSeF ended the login of connection %s", connection.id)
            else:
                connection._store_access(access, valid_until)
                connection._note_clock()
                return access
        credentials = self._go_on(connection, client)
        credentials = credentials or LOGINS[connection.login_method](client, connection)
        connection._store_credentials(credentials)
        connection._set_working()
        return credentials.access

    @api.private
    def _go_on(self, connection, client):
        """Finish the login that KSeF had not decided; None if there is none."""
        kept = connection._read_login()
        if kept is None:
            return None
        started = LoginStarted(*kept, operation_valid_until=connection.login_until)
        try:
            return auth.finish_login(client, started)
        except errors.KsefAuthError:
            _logger.info("KSeF forgot the login of connection %s", connection.id)
            return None

    @api.private
    def _record_refusal(self, connection, error):
        """Keep a refused login; what passes by itself is only an outage."""
        connection._drop_login()
        problem = LOGIN_PROBLEMS.get(error.reason)
        if problem == "token":
            # What is refused is what we logged in with.
            problem = connection.login_method
        _logger.warning(
            "KSeF refused the login of connection %s: %s", connection.id, error
        )
        if problem:
            connection._set_problem(problem, error.reason.value)
        else:
            connection._set_outage()
            connection.problem_code = str(error.code or "")
