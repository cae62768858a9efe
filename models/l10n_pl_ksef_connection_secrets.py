"""The secrets of a connection: sealed when they are kept, opened when they are used."""

from contextlib import suppress
from datetime import timedelta

from odoo import api, fields, models

from ..ksef.secret import Secret
from .l10n_pl_ksef_vault import VaultError

# The access token is renewed this long before its end (API 4.3: about 2 min).
ACCESS_MARGIN = timedelta(minutes=2)
# So long a login is asked about before another one is begun: as long as its
# challenge lives (API 4.3).
LOGIN_PATIENCE = timedelta(minutes=10)
# All of it is replaced together.
SEALED = (
    *("sealed_token", "sealed_certificate"),
    *("sealed_login", "sealed_access", "sealed_refresh"),
)


class ConnectionSecrets(models.Model):
    _inherit = "l10n_pl_ksef.connection"

    sealed_token = fields.Char(copy=False)
    sealed_certificate = fields.Char(copy=False, help="With its private key.")
    sealed_login = fields.Char(copy=False, help="Of a login that is not decided yet.")
    login_reference = fields.Char(copy=False)
    login_until = fields.Datetime(copy=False, help="Until when it is asked about.")
    sealed_access = fields.Char(copy=False)
    access_valid_until = fields.Datetime(copy=False)
    sealed_refresh = fields.Char(copy=False)
    refresh_valid_until = fields.Datetime(copy=False)

    @api.private
    def _binding(self, purpose):
        """Return where a secret of this connection belongs (vault binding)."""
        self.ensure_one()
        return [
            self.database_identity or "",
            str(self.company_id.id),
            self.nip or "",
            self.environment,
            purpose,
        ]

    @api.private
    def _read_secret(self, purpose):
        """Open ``token``, ``access`` or ``refresh``; None when there is none.

        :raises VaultError: it cannot be opened on this server
        """
        opened = self._open_sealed(purpose)
        return None if opened is None else Secret(opened.decode())

    @api.private
    def _open_sealed(self, purpose):
        """Return the bytes of a sealed secret, or None.

        :raises VaultError: it cannot be opened on this server
        """
        sealed = self[f"sealed_{purpose}"]
        if not sealed:
            return None
        return self.env["l10n_pl_ksef.vault"]._open(self._binding(purpose), sealed)

    @api.private
    def _prepare_sealed(self, purpose, secret):
        opened = secret.reveal()
        opened = opened.encode() if isinstance(opened, str) else opened
        return self.env["l10n_pl_ksef.vault"]._seal(self._binding(purpose), opened)

    @api.private
    def _store_credentials(self, credentials):
        """Keep what a login gave (``ksef.auth.Credentials``), sealed."""
        self.write(
            {
                "sealed_access": self._prepare_sealed("access", credentials.access),
                "access_valid_until": _naive(credentials.access_valid_until),
                "sealed_refresh": self._prepare_sealed("refresh", credentials.refresh),
                "refresh_valid_until": _naive(credentials.refresh_valid_until),
                "sealed_login": False,
            }
        )

    @api.private
    def _keep_login(self, started):
        """Keep a login that KSeF has not decided yet, to go on with it later.

        :param started: ``ksef.messages.LoginStarted``
        """
        if not self.sealed_login:
            self.login_until = fields.Datetime.now() + LOGIN_PATIENCE
        self.sealed_login = self._prepare_sealed("login", started.operation)
        self.login_reference = started.reference

    @api.private
    def _drop_login(self):
        """Begin anew next time."""
        if self.sealed_login:
            self.sealed_login = False

    @api.private
    def _read_login(self):
        """Return reference and bearer of a login to go on with, or None."""
        if not self.sealed_login or self.login_until < fields.Datetime.now():
            return None
        bearer = self._read_own("login")
        return bearer and (self.login_reference, bearer)

    @api.private
    def _store_access(self, access, valid_until):
        self.write(
            {
                "sealed_access": self._prepare_sealed("access", access),
                "access_valid_until": _naive(valid_until),
            }
        )

    @api.private
    def _read_fresh_access(self):
        """Return the access token while it lives by KSeF's clock, else None."""
        soon = self._get_ksef_now() + ACCESS_MARGIN
        if not self.sealed_access or self.access_valid_until <= soon:
            return None
        return self._read_own("access")

    @api.private
    def _read_own(self, purpose):
        """Open what a login gave, ``access`` or ``refresh``.

        Unreadable is as good as none: log in anew.
        """
        with suppress(VaultError):
            return self._read_secret(purpose)
        return None

    @api.private
    def _has_login(self):
        """Tell whether there is a secret to log in with."""
        return bool(self) and bool(self[f"sealed_{self.login_method}"])


def _naive(moment):
    """Turn an aware UTC time into what Odoo stores."""
    return moment.replace(tzinfo=None, microsecond=0)
