"""One company's connection to one KSeF environment; nobody has access rights."""

from datetime import timedelta

from odoo import api, fields, models

from ..ksef.secret import Secret
from .l10n_pl_ksef_vault import VaultError
from .res_company import ENVIRONMENTS

# Problems that stop sending until a person acts; words are in `explain`.
PROBLEMS = [
    ("no_token", "No token"),
    ("token", "Token not accepted"),
    ("right", "Permission missing"),
    ("nip", "NIP differs"),
    ("clock", "Clock is wrong"),
    ("copy", "Copy of a database"),
    ("key", "Key of the secrets is missing"),
    ("module", "Odoo's own module is in charge"),
]
# Pause before a refused login is tried again (reliability: one try in 15 min).
LOGIN_PAUSE = timedelta(minutes=15)
# The access token is renewed this long before its end (API 4.3: about 2 min).
ACCESS_MARGIN = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
# Pauses after KSeF could not be reached, then the last one again and again.
OUTAGE_PAUSES_SECONDS = (5, 15, 30, 60, 120, 300, 900)


class Connection(models.Model):
    """How one company logs in to one environment, and how that goes."""

    _name = "l10n_pl_ksef.connection"
    _description = "KSeF connection"
    _rec_name = "environment"
    _log_access = True

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    environment = fields.Selection(ENVIRONMENTS, required=True)
    nip = fields.Char("NIP", help="The context that KSeF confirmed at login.")
    login_method = fields.Selection(
        [("token", "KSeF token")], required=True, default="token"
    )
    database_identity = fields.Char(copy=False)
    sealed_token = fields.Char(copy=False)
    sealed_access = fields.Char(copy=False)
    access_valid_until = fields.Datetime(copy=False)
    sealed_refresh = fields.Char(copy=False)
    refresh_valid_until = fields.Datetime(copy=False)

    set_by_id = fields.Many2one("res.users", "Set by")
    set_on = fields.Datetime()
    set_from = fields.Char(help="Network address from which the token was set.")
    token_reference = fields.Char()
    token_description = fields.Char()
    token_permissions = fields.Json()
    token_author_type = fields.Char()
    token_author = fields.Char()
    token_created_on = fields.Datetime()
    token_last_used_on = fields.Datetime()
    token_status = fields.Char()
    token_valid_until = fields.Datetime()

    state = fields.Selection(
        [("connected", "Connected"), ("broken", "Not working")],
        required=True,
        default="broken",
    )
    problem = fields.Selection(PROBLEMS)
    problem_code = fields.Char(help="KSeF's code or reason behind the problem.")
    problem_since = fields.Datetime()
    last_success_on = fields.Datetime()
    last_checked_on = fields.Datetime()
    outage_since = fields.Datetime(help="KSeF has not answered since.")
    outage_count = fields.Integer()
    retry_on = fields.Datetime(help="No call to KSeF before.")

    _company_environment_uniq = models.Constraint(
        "UNIQUE(company_id, environment)",
        "A company has one KSeF connection for each environment.",
    )

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
        sealed = self[f"sealed_{purpose}"]
        if not sealed:
            return None
        opened = self.env["l10n_pl_ksef.vault"]._open(self._binding(purpose), sealed)
        return Secret(opened.decode())

    @api.private
    def _prepare_sealed(self, purpose, secret):
        return self.env["l10n_pl_ksef.vault"]._seal(
            self._binding(purpose), secret.reveal().encode()
        )

    @api.private
    def _store_credentials(self, credentials):
        """Keep what a login gave (``ksef.auth.Credentials``), sealed."""
        self.write(
            {
                "sealed_access": self._prepare_sealed("access", credentials.access),
                "access_valid_until": _naive(credentials.access_valid_until),
                "sealed_refresh": self._prepare_sealed("refresh", credentials.refresh),
                "refresh_valid_until": _naive(credentials.refresh_valid_until),
            }
        )

    @api.private
    def _store_access(self, access, valid_until):
        self.write(
            {
                "sealed_access": self._prepare_sealed("access", access),
                "access_valid_until": _naive(valid_until),
            }
        )

    @api.private
    def _has_fresh_access(self):
        soon = fields.Datetime.now() + ACCESS_MARGIN
        return bool(self.sealed_access) and self.access_valid_until > soon

    @api.private
    def _has_live_refresh(self):
        now = fields.Datetime.now()
        return bool(self.sealed_refresh) and self.refresh_valid_until > now

    @api.private
    def _find_obstacle(self):
        """Say why this connection may not be used right now, or None.

        Costs no network. The answer is a key of ``PROBLEMS``. What KSeF said
        itself (token, right) counts until a new token or a trial login.
        """
        self.ensure_one()
        vault = self.env["l10n_pl_ksef.vault"]
        if not self.sealed_token:
            return self.problem or "no_token"
        if self.database_identity != vault._get_database_identity():
            return "copy"
        if self.company_id._l10n_pl_ksef_nip() != self.nip:
            return "nip"
        if self.company_id._l10n_pl_ksef_other_module_is_set():
            return "module"
        try:
            self._read_secret("token")
        except VaultError:
            return "key"
        return self.problem if self.problem in ("token", "right") else None

    @api.private
    def _set_problem(self, problem, code=None):
        """Record that a person has to act; nothing is written if known."""
        if (self.problem, self.problem_code) == (problem, code):
            return
        self.write(
            {
                "state": "broken",
                "problem": problem,
                "problem_code": code,
                "problem_since": fields.Datetime.now(),
            }
        )

    @api.private
    def _set_working(self):
        """Record that KSeF answered and took us."""
        self.write(
            {
                "state": "connected",
                "problem": False,
                "problem_code": False,
                "problem_since": False,
                "last_success_on": fields.Datetime.now(),
                "outage_since": False,
                "outage_count": 0,
                "retry_on": False,
            }
        )

    @api.private
    def _note_success(self):
        """Record that KSeF answered; written at most once a minute."""
        now = fields.Datetime.now()
        is_recent = self.last_success_on and self.last_success_on + MINUTE > now
        if self.outage_since or not is_recent:
            self._set_working()

    @api.private
    def _set_outage(self, retry_after_seconds=None):
        """Record that KSeF gave no service; return the pause in seconds."""
        now = fields.Datetime.now()
        step = min(self.outage_count, len(OUTAGE_PAUSES_SECONDS) - 1)
        pause = retry_after_seconds or OUTAGE_PAUSES_SECONDS[step]
        self.write(
            {
                "outage_since": self.outage_since or now,
                "outage_count": self.outage_count + 1,
                "retry_on": now + timedelta(seconds=pause),
            }
        )
        return pause

    @api.private
    def _get_seconds_to_retry(self):
        """Seconds for which KSeF must be left alone, 0 when it may be asked."""
        if not self.retry_on:
            return 0
        return max(0, (self.retry_on - fields.Datetime.now()).total_seconds())

    @api.model
    @api.private
    def _get_for(self, company, environment=None):
        """Return the connection that serves a company, or an empty set."""
        owner = company._l10n_pl_ksef_owner()
        environment = environment or owner.l10n_pl_ksef_environment
        return self.sudo().search(
            [("company_id", "=", owner.id), ("environment", "=", environment)],
            limit=1,
        )

    @api.model
    @api.private
    def _get_or_create(self, company):
        """Return the connection of a company that uses KSeF, empty if it is lost."""
        connection = self._get_for(company)
        if connection:
            return connection
        owner = company._l10n_pl_ksef_owner()
        return self.sudo().create(
            {
                "company_id": owner.id,
                "environment": owner.l10n_pl_ksef_environment,
                "problem": "no_token",
            }
        )

    @api.model
    @api.private
    def _status(self, company):
        """Tell what may be shown of a company's connection; holds no secret."""
        connection = self._get_for(company)
        names = [
            *("environment", "nip", "login_method", "state", "problem"),
            *("problem_code", "problem_since", "last_success_on", "last_checked_on"),
            *("outage_since", "retry_on", "set_on", "token_reference"),
            *("token_description", "token_permissions", "token_author_type"),
            *("token_author", "token_created_on", "token_last_used_on"),
            *("token_status", "token_valid_until"),
        ]
        status = {name: connection[name] for name in names}
        return status | {
            "connected": connection.state == "connected",
            "obstacle": connection._find_obstacle() if connection else "no_token",
            "set_by": connection.set_by_id.name,
            "waiting": self.env["l10n_pl_ksef.document"]
            .sudo()
            .search_count(
                [
                    ("company_id", "child_of", company.id),
                    ("state", "in", ("queued", "blocked")),
                ]
            ),
        }


def _naive(moment):
    """Turn an aware UTC time into what Odoo stores."""
    return moment.replace(tzinfo=None, microsecond=0)
