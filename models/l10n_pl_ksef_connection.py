"""One company's connection to one KSeF environment; nobody has access rights."""

import random
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError

from ..ksef import errors
from .l10n_pl_ksef_vault import VaultError
from .res_company import ENVIRONMENTS

# Problems that stop sending until a person acts; words are in `explain`.
PROBLEMS = [
    ("no_token", "No token"),
    ("token", "Token not accepted"),
    ("certificate", "Certificate not accepted"),
    ("right", "Permission missing"),
    ("nip", "NIP differs"),
    ("clock", "Clock is wrong"),
    ("copy", "Copy of a database"),
    ("key", "Key of the secrets is missing"),
    ("module", "Odoo's own module is in charge"),
    ("address", "Server set to another address"),
]
# What KSeF itself said; it counts until a new token or a trial login.
LASTING_PROBLEMS = ("token", "certificate", "right")
MINUTE = timedelta(minutes=1)
# Only something of another login is closed to ours, nothing else.
NOT_OURS = "insufficient-resource-access"
# Nothing was taken, and the next call would fare no better.
OUT_OF_ORDER = (
    errors.KsefUnavailable,
    errors.KsefAuthError,
    errors.KsefLoginPending,
)
# Pauses after KSeF could not be reached, then the last one again and again.
OUTAGE_PAUSES_SECONDS = (5, 15, 30, 60, 120, 300, 900)
# Each is longer by up to this factor, so that not all come back at once.
OUTAGE_JITTER = 1.3
# Below this our clock is taken to be right; a change of less is not written down.
CLOCK_TOLERANCE_SECONDS = 60


class ConnectionObstacle(Exception):
    """KSeF must not be called now; ``key`` is one of ``PROBLEMS``."""

    def __init__(self, key):
        super().__init__(key)
        self.key = key


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
        [("token", "KSeF token"), ("certificate", "KSeF certificate")],
        required=True,
        default="token",
    )
    database_identity = fields.Char(copy=False)

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
    certificate_serial = fields.Char()
    certificate_holder = fields.Char()
    certificate_kind = fields.Char()
    certificate_valid_from = fields.Datetime()
    certificate_valid_until = fields.Datetime()

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
    retry_on = fields.Datetime(help="No call to KSeF before, it is out of order.")
    clock_offset_seconds = fields.Integer(help="KSeF's clock minus this server's.")

    _company_environment_uniq = models.Constraint(
        "UNIQUE(company_id, environment)",
        "A company has one KSeF connection for each environment.",
    )

    @api.private
    def _get_ksef_now(self):
        """Return the time by KSeF's clock as last heard of, naive UTC.

        A small difference says nothing, since KSeF gives whole seconds.
        """
        offset = self.clock_offset_seconds
        is_ours_wrong = abs(offset) > CLOCK_TOLERANCE_SECONDS
        return fields.Datetime.now() + timedelta(seconds=offset if is_ours_wrong else 0)

    @api.private
    def _note_clock(self):
        """Keep how far KSeF's clock was off in the last answer."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        offset = gateway._get_clock_offset(self.environment)
        if offset is None:
            return
        if abs(offset - self.clock_offset_seconds) > CLOCK_TOLERANCE_SECONDS / 2:
            self.clock_offset_seconds = round(offset)

    @api.private
    def _find_obstacle(self, is_sending=False):
        """Say why KSeF may not be called for this company now, or None.

        Costs no network. The answer is a key of ``PROBLEMS``.

        :param bool is_sending: also what forbids sending, but not asking
        """
        self.ensure_one()
        vault = self.env["l10n_pl_ksef.vault"]
        if not self._has_login():
            return self.problem if self.problem == "key" else "no_token"
        if self.database_identity != vault._get_database_identity():
            return "copy"
        if self.company_id._l10n_pl_ksef_nip() != self.nip:
            return "nip"
        if not self.env["l10n_pl_ksef.gateway"]._has_address(self.environment):
            return "address"
        if is_sending and self.company_id._l10n_pl_ksef_other_module_is_set():
            return "module"
        try:
            self._open_sealed(self.login_method)
        except VaultError:
            return "key"
        return self.problem if self.problem in LASTING_PROBLEMS else None

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
        self._note_clock()
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
        """Record that KSeF answered; written at most once a minute.

        A problem stays: only a login shows that it is over.
        """
        self._note_clock()
        now = fields.Datetime.now()
        is_recent = self.last_success_on and self.last_success_on + MINUTE > now
        if self.outage_since or not is_recent:
            self.write(
                {
                    "last_success_on": now,
                    "outage_since": False,
                    "outage_count": 0,
                    "retry_on": False,
                    "problem_code": self.problem and self.problem_code,
                }
            )

    @api.private
    def _note_failure(self, error):
        """Record what a failed call says of the connection; return a pause in s."""
        if isinstance(error, errors.KsefRateLimited):
            return self._note_limit(error)
        if isinstance(error, errors.KsefForbidden) and error.reason_code != NOT_OURS:
            self._set_problem("right", error.reason_code)
        elif isinstance(error, OUT_OF_ORDER):
            self._set_outage(error.retry_after_seconds)
        return self._get_seconds_to_retry()

    @api.private
    def _set_outage(self, retry_after_seconds=None):
        """Record that KSeF gave no service, and leave it alone for a while."""
        now = fields.Datetime.now()
        step = min(self.outage_count, len(OUTAGE_PAUSES_SECONDS) - 1)
        pause = OUTAGE_PAUSES_SECONDS[step] * random.uniform(1, OUTAGE_JITTER)
        pause = retry_after_seconds or round(pause)
        self.write(
            {
                "outage_since": self.outage_since or now,
                "outage_count": self.outage_count + 1,
                "retry_on": now + timedelta(seconds=pause),
            }
        )

    @api.private
    def _note_outage(self):
        """Record that KSeF gave no usable answer; return the pause in seconds."""
        self._set_outage()
        return self._get_seconds_to_retry()

    @api.private
    def _note_limit(self, error):
        """Keep all workers from what KSeF refused; return the pause in s."""
        if error.http_status is None:
            # Our own gate held it back: it knows how long already.
            return error.retry_after_seconds
        limits = self.env["l10n_pl_ksef.limit"]
        return limits._block(self, error.group, error.retry_after_seconds)

    @api.private
    def _get_seconds_to_retry(self, group=None):
        """Seconds for which KSeF must be left alone, 0 when it may be asked.

        :param group: rate group of the call that is meant, or None
        """
        wait = 0
        if self.retry_on:
            wait = (self.retry_on - fields.Datetime.now()).total_seconds()
        if group:
            limits = self.env["l10n_pl_ksef.limit"]
            wait = max(wait, limits._get_seconds_to_wait(self, group))
        return max(0, wait)

    @api.model
    @api.private
    def _get_for(self, company, environment=None):
        """Return the connection that serves a company, or an empty set."""
        owner = company._l10n_pl_ksef_owner()
        environment = environment or owner.l10n_pl_ksef_environment
        return self.sudo().search_fetch(
            [("company_id", "=", owner.id), ("environment", "=", environment)],
            ["environment"],
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
        return self._create_for(
            owner, owner.l10n_pl_ksef_environment, problem="no_token"
        )

    @api.model
    @api.private
    def _create_for(self, company, environment, **values):
        """Create a connection; if somebody did so just now, begin the request anew.

        :raises ConcurrencyError: Odoo runs the request again, which finds it then
        """
        values |= {"company_id": company.id, "environment": environment}
        try:
            with self.env.cr.savepoint():
                return self.sudo().create(values)
        except UniqueViolation as error:
            raise ConcurrencyError(str(error)) from None

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
            *("certificate_serial", "certificate_holder", "certificate_kind"),
            *("certificate_valid_from", "certificate_valid_until"),
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
                    ("connection_id", "=", connection.id),
                    ("state", "in", ("queued", "blocked")),
                ]
            ),
        }
