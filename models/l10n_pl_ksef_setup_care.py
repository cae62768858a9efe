"""What is done with a login that is stored: tried again, removed."""

from odoo import api, models
from odoo.tools.translate import LazyTranslate

from ..ksef.token import parse
from .l10n_pl_ksef_connection_secrets import SEALED
from .l10n_pl_ksef_setup import Trial
from .l10n_pl_ksef_vault import VaultError

_lt = LazyTranslate(__name__)


class Setup(models.AbstractModel):
    _inherit = "l10n_pl_ksef.setup"

    @api.private
    def _test(self, company):
        """Log in with the stored token and read its facts anew.

        :returns: as :meth:`_connect`
        :raises AccessError: not a KSeF administrator of this company
        """
        connection = self.env["l10n_pl_ksef.connection"]._get_for(company)
        company = connection.company_id or company
        self._check_admin(company)
        trial = Trial(company, connection.environment, [])
        try:
            has_login = connection._has_login() and bool(
                connection._open_sealed(connection.login_method)
            )
        except VaultError:
            text = _lt(
                "The stored secret cannot be opened on this server. Enter it again."
            )
            self._add(trial, "seal", "error", text)
            has_login = False
        if has_login:
            retest = {
                "token": self._retest_token,
                "certificate": self._retest_certificate,
            }
            retest[connection.login_method](trial, connection)
        return {"connected": has_login and not trial.failed, "checks": trial.checks}

    @api.private
    def _retest_token(self, trial, connection):
        parts = parse(connection._read_secret("token"))
        found = self._check_at_ksef(trial, parts)
        if not found:
            return
        login, facts = found
        connection.write(self._prepare_facts(parts, facts))
        self._resume(trial, connection, login)

    @api.private
    def _resume(self, trial, connection, login):
        """Keep a fresh login, unless something is wrong with what it shows."""
        if not trial.failed:
            connection._store_credentials(login)
            connection._set_working()
            self.env["l10n_pl_ksef.job"]._trigger(connection)

    @api.private
    def _disconnect(self, company):
        """Remove token or certificate from Odoo; nothing is sent, the queue waits."""
        connection = self.env["l10n_pl_ksef.connection"]._get_for(company)
        self._check_admin(connection.company_id or company)
        connection.write(dict.fromkeys(SEALED, False))
        connection._set_problem("no_token")
