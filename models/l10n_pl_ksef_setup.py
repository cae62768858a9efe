"""A token comes in: every check, each with its sentence, before anything is kept."""

import logging
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import format_date
from odoo.tools.translate import LazyTranslate

from ..ksef import errors
from ..ksef.token import TokenFormatError, parse
from .l10n_pl_ksef_call_words import CODE_WORDS, FAMILIES, UNLISTED
from .l10n_pl_ksef_connection_secrets import SEALED
from .l10n_pl_ksef_setup_words import (
    FORM_PROBLEMS,
    LOGIN_PROBLEMS,
    NO_ANSWER,
    NO_CONNECTION,
    NO_END,
    PERMISSIONS,
    TITLES,
)
from .l10n_pl_ksef_vault import VaultError
from .l10n_pl_ksef_words import OTHER_MODULE
from .res_company import ENVIRONMENTS

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

ADMIN_GROUP = "l10n_pl_ksef.group_admin"
# What sending needs, and what our token should have at most (API 5.2).
NEEDED_PERMISSION = "InvoiceWrite"
WANTED_PERMISSIONS = frozenset({"InvoiceWrite", "InvoiceRead"})
NOT_SEALED = _lt(
    "The secret cannot be kept safe: the key of this server is missing or wrong. Ask"
    " who runs the server."
)
TOKEN_ACTIVE = "Active"
AUTHOR_PERSON = "Pesel"


@dataclass
class Trial:
    """What one attempt to connect found out so far.

    :ivar checks: list of dicts ``key, level, title, text`` for the dialogue
    """

    company: object
    environment: str
    checks: list

    @property
    def failed(self):
        return any(check["level"] == "error" for check in self.checks)


class Setup(models.AbstractModel):
    _name = "l10n_pl_ksef.setup"
    _description = "KSeF setup"

    @api.private
    def _check_admin(self, company):
        """:raises AccessError: not a KSeF administrator of this company"""
        if not self.env.user.has_group(ADMIN_GROUP):
            raise AccessError(
                self.env._("Only a KSeF administrator may connect a company to KSeF.")
            )
        if company not in self.env.user.company_ids:
            raise AccessError(self.env._("You do not work for this company."))

    @api.private
    def _connect(self, company, environment, text, address):
        """Check a pasted token against KSeF and keep it if all is well.

        :param text: the pasted token; it is never stored in clear
        :param address: network address of the person
        :returns: ``{"connected": bool, "checks": [{key, level, title, text}]}``
        :raises AccessError: not a KSeF administrator of this company
        """
        trial = self._make_trial(company, environment)
        parts = self._check_form(trial, text)
        facts = parts and not trial.failed and self._check_at_ksef(trial, parts)
        if facts and not trial.failed:
            self._store(trial, parts, *facts, address)
        return {"connected": bool(facts) and not trial.failed, "checks": trial.checks}

    @api.private
    def _make_trial(self, company, environment):
        """Return the :class:`Trial` of an attempt that may begin.

        :raises AccessError: not a KSeF administrator of this company
        """
        self._check_admin(company)
        if environment not in dict(ENVIRONMENTS):
            raise AccessError(self.env._("There is no such KSeF environment."))
        return Trial(company, environment, [])

    @api.private
    def _add(self, trial, key, level, text, **params):
        trial.checks.append(
            {
                "key": key,
                "level": level,
                "title": self.env._(TITLES[key]),
                "text": (self.env._(text) if not isinstance(text, str) else text)
                % params,
            }
        )

    @api.private
    def _check_form(self, trial, text):
        """Check what needs no call; return ``ksef.token.TokenParts`` or None."""
        try:
            parts = parse(text)
        except TokenFormatError as error:
            part = error.missing_part
            self._add(trial, "form", "error", FORM_PROBLEMS[error.kind], part=part)
            return None
        self._add(trial, "form", "ok", _lt("KSeF 2.0 token"))
        text = _lt("The token is for NIP %(theirs)s; %(company)s has NIP %(own)s.")
        self._check_nip(trial, parts.context_value, text)
        self._check_other_module(trial)
        return parts

    @api.private
    def _check_nip(self, trial, nip, text):
        """Compare a NIP with the company's; ``text`` says that they differ."""
        own = trial.company._l10n_pl_ksef_nip()
        format_nip = self.env["l10n_pl_ksef.explain"]._format_nip
        names = {"company": trial.company.name, "theirs": format_nip(nip)}
        if own == nip:
            same = _lt("%(theirs)s, as in %(company)s")
            self._add(trial, "nip", "ok", same, **names)
        else:
            self._add(trial, "nip", "error", text, own=format_nip(own), **names)

    @api.private
    def _check_other_module(self, trial):
        if trial.company._l10n_pl_ksef_other_module_is_set():
            self._add(
                trial,
                "module",
                "error",
                OTHER_MODULE,
                company=trial.company.name,
            )

    @api.private
    def _get_trial_client(self, trial):
        """Return a client of the environment; None where it cannot be reached."""
        try:
            return self.env["l10n_pl_ksef.gateway"]._get_client(trial.environment)
        except ValueError:
            text = _lt(
                "This server is set to another KSeF address, so it cannot connect to"
                " %(environment)s. Choose Test or Demo."
            )
            self._add(trial, "login", "error", text, **self._get_names(trial))
            return None

    @api.private
    def _check_at_ksef(self, trial, parts):
        """Log in once and read what the token may do; ``(login, facts)`` or None."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        client = self._get_trial_client(trial)
        if client is None:
            return None
        try:
            login = gateway._try_login(client, parts.secret_text, parts.context_value)
            facts = client.token_metadata(login.access, parts.reference)
        except errors.KsefError as error:
            self._add_login_error(trial, error, "token")
            self._add_token_end(trial, error)
            return None
        text = _lt("accepted by KSeF (%(environment)s)")
        self._add(trial, "login", "ok", text, **self._get_names(trial))
        self._check_facts(trial, facts)
        return login, facts

    @api.private
    def _add_login_error(self, trial, error, method):
        _logger.info("KSeF: log-in not accepted: %s", error)
        code = error.code or error.http_status
        if isinstance(error, errors.KsefLoginRefused):
            text = LOGIN_PROBLEMS[method][error.reason]
        elif isinstance(error, errors.KsefForbidden):
            family, code = FAMILIES[method][1], error.reason_code
            text = CODE_WORDS[family].get(code, UNLISTED[family]).what
        elif isinstance(error, errors.KsefUnavailable):
            text = NO_CONNECTION
        else:
            text = NO_ANSWER
        self._add(trial, "login", "error", text, code=code, **self._get_names(trial))

    @api.private
    def _get_names(self, trial):
        selection = self.env["res.company"]._fields["l10n_pl_ksef_environment"]
        labels = dict(selection._description_selection(self.env))
        own = labels.pop(trial.environment)
        return {
            "environment": own,
            "others": ", ".join(labels.values()),
            "nip": self.env["l10n_pl_ksef.explain"]._format_nip(
                trial.company._l10n_pl_ksef_nip()
            ),
        }

    @api.private
    def _check_facts(self, trial, facts):
        """Judge state, rights, author and end of the token as KSeF tells them."""
        if facts.status != TOKEN_ACTIVE:
            text = _lt("The token is not active (%(status)s). Make a new one.")
            self._add(trial, "state", "error", text, status=facts.status)
        else:
            self._add(trial, "state", "ok", _lt("active"))
        self._check_rights(trial, facts)
        if facts.author_type == AUTHOR_PERSON:
            text = _lt("a person. If that person leaves, the token stops.")
            self._add(trial, "author", "warning", text)
        if facts.valid_until:
            date = format_date(self.env, facts.valid_until)
            self._add(trial, "end", "ok", "%(date)s", date=date)
        else:
            date = self.env["l10n_pl_ksef.explain"]._format_token_end()
            self._add(trial, "end", "note", NO_END, date=date)

    @api.private
    def _check_rights(self, trial, facts):
        if NEEDED_PERMISSION not in facts.permissions:
            text = _lt(
                "Missing permission: issue invoices. A token's rights cannot be"
                " changed; make a new one."
            )
            self._add(trial, "rights", "error", text)
            return
        names = self._get_permission_names(facts.permissions)
        self._add(trial, "rights", "ok", "%(names)s", names=names)
        if "InvoiceRead" not in facts.permissions:
            text = _lt(
                "Sending works. Missing permission: view invoices, so the month"
                " cannot be compared with KSeF."
            )
            self._add(trial, "rights", "warning", text)
        more = [name for name in facts.permissions if name not in WANTED_PERMISSIONS]
        if more:
            text = _lt("More than needed: %(names)s. Better make a narrower one.")
            names = self._get_permission_names(more)
            self._add(trial, "rights", "warning", text, names=names)

    @api.private
    def _get_permission_names(self, permissions):
        return ", ".join(
            self.env._(PERMISSIONS[name]) if name in PERMISSIONS else name
            for name in permissions
        )

    @api.private
    def _store(self, trial, parts, login, facts, address):
        """Keep a token that passed every check."""
        values = self._prepare_facts(parts, facts) | {"nip": parts.context_value}
        self._keep(trial, "token", parts.secret_text, values, login, address)

    @api.private
    def _keep(self, trial, method, secret, values, login, address):
        """Seal a secret and its login, and let what waited go on.

        :param method: ``token`` or ``certificate``; the other one is forgotten
        """
        company = trial.company.sudo()
        vault = self.env["l10n_pl_ksef.vault"]
        connection = self._get_or_create(company, trial.environment)
        connection.write(
            {
                **values,
                **dict.fromkeys(SEALED, False),
                "login_method": method,
                "database_identity": vault._get_database_identity(),
                "set_by_id": self.env.uid,
                "set_on": fields.Datetime.now(),
                "set_from": address,
                "retry_on": False,
            }
        )
        try:
            self._forget_unreadable()
            connection[f"sealed_{method}"] = connection._prepare_sealed(method, secret)
            connection._store_credentials(login)
        except VaultError as error:
            _logger.warning("KSeF: the %s could not be sealed: %s", method, error)
            self._add(trial, "seal", "error", NOT_SEALED)
            self.env.cr.rollback()
            return
        self._go_live(trial, connection)

    @api.private
    def _go_live(self, trial, connection):
        """Let the company send with what was just sealed."""
        company = trial.company.sudo()
        connection._set_working()
        self._retire_sessions(connection)
        company.l10n_pl_ksef_environment = trial.environment
        company.l10n_pl_ksef_since = (
            company.l10n_pl_ksef_since or fields.Date.context_today(self)
        )
        self._add(trial, "seal", "ok", _lt("encrypted; the key is not in the database"))
        self.env["l10n_pl_ksef.job"]._trigger(connection)

    @api.private
    def _forget_unreadable(self):
        """Without any key on this server no stored secret can be opened again.

        Only here, where a person pastes a token: the other companies are told to
        paste theirs, and a new key may be made.
        """
        if self.env["l10n_pl_ksef.vault"]._get_keys():
            return
        connections = self.env["l10n_pl_ksef.connection"].sudo()
        sealed = Domain.OR([Domain(name, "!=", False) for name in SEALED])
        for connection in connections.search(sealed):
            connection.write(dict.fromkeys(SEALED, False))
            connection._set_problem("key")

    @api.private
    def _get_or_create(self, company, environment):
        connections = self.env["l10n_pl_ksef.connection"].sudo()
        domain = [("company_id", "=", company.id), ("environment", "=", environment)]
        found = connections.search(domain, limit=1)
        return found or connections._create_for(company, environment)

    @api.private
    def _prepare_facts(self, parts, facts):
        return {
            "token_reference": parts.reference,
            "token_description": facts.description,
            "token_permissions": list(facts.permissions),
            "token_author_type": facts.author_type,
            "token_author": facts.author_value,
            "token_created_on": _naive(facts.created_on),
            "token_last_used_on": _naive(facts.last_used_on),
            "token_valid_until": _naive(facts.valid_until),
            "token_status": facts.status,
            "last_checked_on": fields.Datetime.now(),
        }

    @api.private
    def _retire_sessions(self, connection):
        """Put nothing more into sessions that another token opened."""
        domain = [("connection_id", "=", connection.id), ("state", "=", "open")]
        self.env["l10n_pl_ksef.session"].sudo().search(domain)._retire()


def _naive(moment):
    return moment.replace(tzinfo=None, microsecond=0) if moment else False
