"""A certificate with its key comes in: checked by a log-in before anything is kept."""

import re

from odoo import api, fields, models
from odoo.tools import format_date
from odoo.tools.translate import LazyTranslate

from ..ksef import errors
from ..ksef.certificate import CertificateKind, CredentialError
from ..ksef.secret import Secret
from .l10n_pl_ksef_announcement import get_polish_date
from .l10n_pl_ksef_setup import NEEDED_PERMISSION
from .l10n_pl_ksef_setup_words import (
    CERTIFICATE_KINDS,
    FILE_COUNT,
    FILE_PROBLEM_TITLES,
    FILE_PROBLEMS,
    TOKEN_LAW,
)

_lt = LazyTranslate(__name__)

OWNER = "Owner"
FILES_MAX = 2
# Each lets open sessions (API 7.2, 8.2).
SENDING_PERMISSIONS = {NEEDED_PERMISSION, "EnforcementOperations"}
OTHER_NIP = _lt("The certificate is for NIP %(theirs)s; %(company)s has NIP %(own)s.")
_NIP = re.compile(r"\d{10}", re.ASCII)
# KSeF's reason where it lets nobody log in with a token.
TOKENS_NOT_ALLOWED = "auth-method-not-allowed"
# A certificate of ours is good for nothing else.
LOGIN_KINDS = (CertificateKind.KSEF, CertificateKind.SEAL, CertificateKind.SIGNATURE)


class Setup(models.AbstractModel):
    _inherit = "l10n_pl_ksef.setup"

    @api.private
    def _connect_certificate(self, company, environment, files, passphrase, address):
        """Check an uploaded certificate against KSeF and keep it if all is well.

        :param files: list of bytes; certificate and private key, together or apart
        :param passphrase: text, empty if the key has none; never stored
        :param address: network address of the person
        :returns: ``{"connected": bool, "checks": [{key, level, title, text}]}``
        :raises AccessError: not a KSeF administrator of this company
        """
        trial = self._make_trial(company, environment)
        credential = self._check_files(trial, files, passphrase)
        login = None
        nip = company._l10n_pl_ksef_nip()
        if credential and not trial.failed:
            login = self._check_certificate_login(trial, credential, nip)
        if login and not trial.failed:
            values = self._prepare_certificate_facts(credential.facts) | {"nip": nip}
            secret = Secret(credential.dump())
            self._keep(trial, "certificate", secret, values, login, address)
        connected = bool(login) and not trial.failed
        return {"connected": connected, "checks": trial.checks}

    @api.private
    def _check_files(self, trial, files, passphrase):
        """Check what needs no call; return ``ksef.certificate.Credential`` or None."""
        if not 0 < len(files) <= FILES_MAX:
            self._add(trial, "form", "error", FILE_COUNT)
            return None
        passphrase = Secret(passphrase) if passphrase else None
        try:
            credential = self.env["l10n_pl_ksef.gateway"]._read_credential(
                trial.environment, files, passphrase
            )
        except CredentialError as error:
            text = FILE_PROBLEMS[error.kind]
            dates = {
                "valid_from": self._format_date(error.valid_from),
                "valid_to": self._format_date(error.valid_to),
            }
            key = FILE_PROBLEM_TITLES.get(error.kind, "form")
            self._add(trial, key, "error", text, **dates)
            return None
        facts = credential.facts
        self._add(trial, "form", "ok", _lt("certificate and private key fit together"))
        self._add_kind(trial, facts)
        self._check_holder(trial, facts)
        date = self._format_date(facts.valid_to)
        self._add(trial, "end", "ok", "%(date)s", date=date)
        self._check_other_module(trial)
        return credential

    @api.private
    def _check_holder(self, trial, facts):
        """Compare the holder with the company, as far as the certificate tells."""
        if facts.nip:
            self._check_nip(trial, facts.nip, OTHER_NIP)
        elif _NIP.fullmatch(trial.company._l10n_pl_ksef_nip()):
            text = _lt("of a person; KSeF decides what that person may do here")
            self._add(trial, "nip", "note", text)
        else:
            text = _lt("%(company)s has no NIP of ten digits. Enter it there first.")
            self._add(trial, "nip", "error", text, company=trial.company.name)

    @api.private
    def _add_kind(self, trial, facts):
        level = "ok" if facts.kind in LOGIN_KINDS else "note"
        self._add(trial, "kind", level, CERTIFICATE_KINDS[facts.kind])

    @api.private
    def _check_certificate_login(self, trial, credential, nip):
        """Log in once and see what it may do; return the login or None."""
        client = self._get_trial_client(trial)
        if client is None:
            return None
        gateway = self.env["l10n_pl_ksef.gateway"]
        try:
            login, permissions = gateway._try_certificate(client, credential, nip)
        except errors.KsefError as error:
            self._add_login_error(trial, error, "certificate")
            return None
        text = _lt("accepted by KSeF (%(environment)s)")
        self._add(trial, "login", "ok", text, **self._get_names(trial))
        self._check_certificate_rights(trial, permissions)
        return login

    @api.private
    def _add_token_end(self, trial, error):
        """Explain a refusal of a token that may come from the end of tokens itself."""
        explain = self.env["l10n_pl_ksef.explain"]
        is_by_law = getattr(error, "reason_code", None) == TOKENS_NOT_ALLOWED
        is_refused = isinstance(error, errors.KsefLoginRefused)
        if is_by_law or (is_refused and explain._has_token_ended()):
            date = explain._format_token_end()
            self._add(trial, "law", "warning", TOKEN_LAW, date=date)

    @api.private
    def _check_certificate_rights(self, trial, permissions):
        """Judge what KSeF says the certificate's holder may do for this NIP."""
        if not permissions:
            text = _lt("KSeF does not say; the first invoice will tell")
            self._add(trial, "rights", "note", text)
        elif OWNER in permissions:
            text = _lt(
                "everything: this is the owner. Guard the file like a signature."
            )
            self._add(trial, "rights", "ok", text)
        elif not SENDING_PERMISSIONS.isdisjoint(permissions):
            names = self._get_permission_names(sorted(permissions))
            self._add(trial, "rights", "ok", "%(names)s", names=names)
        else:
            text = _lt(
                "Missing permission: issue invoices. Grant it in Aplikacja Podatnika"
                " KSeF 2.0 to the holder of the certificate, then try again."
            )
            self._add(trial, "rights", "error", text)

    @api.private
    def _prepare_certificate_facts(self, facts):
        return {
            "certificate_serial": facts.serial,
            "certificate_holder": facts.holder,
            "certificate_kind": facts.kind.value,
            "certificate_valid_from": facts.valid_from.replace(tzinfo=None),
            "certificate_valid_until": facts.valid_to.replace(tzinfo=None),
            "last_checked_on": fields.Datetime.now(),
        }

    @api.private
    def _retest_certificate(self, trial, connection):
        """Log in with the stored certificate."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        credential = gateway._load_credential(connection)
        facts = credential.facts
        self._add_kind(trial, facts)
        date = self._format_date(facts.valid_to)
        self._add(trial, "end", "ok", "%(date)s", date=date)
        self._check_nip(trial, connection.nip, OTHER_NIP)
        login = None
        if not trial.failed:
            login = self._check_certificate_login(trial, credential, connection.nip)
        if login:
            connection.last_checked_on = fields.Datetime.now()
            self._resume(trial, connection, login)

    @api.private
    def _format_date(self, moment):
        """Write the Polish day of a moment (aware, or naive UTC)."""
        if not moment:
            return ""
        return format_date(self.env, get_polish_date(moment.replace(tzinfo=None)))
