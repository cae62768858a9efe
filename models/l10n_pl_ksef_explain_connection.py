"""What is said of a company's connection: with what it logs in, and until when."""

from contextlib import suppress

from odoo import api, fields, models
from odoo.tools import format_date

from .l10n_pl_ksef_announcement import get_polish_date
from .l10n_pl_ksef_connection_words import (
    CERTIFICATE_ENDED,
    CONNECTION_LINES,
    REFUSAL_UNKNOWN,
    REFUSALS,
    TOKEN_ENDS,
    TOKEN_ENDS_TODAY,
    TOKENS_ENDED,
)
from .l10n_pl_ksef_explain import SHOWN_ENVIRONMENTS
from .l10n_pl_ksef_facts import TOKEN_END, TOKEN_END_PARAMETER
from .l10n_pl_ksef_words import CERTIFICATE_ACTIONS, TOKEN_ENDED_ACTIONS

# Days before the end of tokens from which a certificate is offered (screens 3, 57).
OFFER_DAYS = 60
# Of a longer serial number its ends are shown.
SERIAL_SHOWN = 4
SERIAL_LONG = 16


class ExplainConnection(models.AbstractModel):
    _inherit = "l10n_pl_ksef.explain"

    @api.private
    def _get_connection_text(self, company, status):
        """Put `l10n_pl_ksef.connection._status` of a company into words.

        :returns: as :meth:`_get_line`, without submissions
        """
        facts = {
            "outage": self._format_time(status["outage_since"]),
            "next": self._format_time(status["retry_on"]),
            "since": self._format_time(status["problem_since"]),
            "waiting": status["waiting"],
            "refusal": self._get_login_refusal(status),
            "happened": self._get_refused_right(status),
            "token_nip": self._format_nip(status["nip"]),
            "own_nip": self._format_nip(company._l10n_pl_ksef_nip()),
            "company": company.display_name,
            "token_end": self._format_token_end(),
        }
        key = self._get_connection_key(company, status)
        line = self._render(CONNECTION_LINES[key], facts)
        shown = status["environment"] in SHOWN_ENVIRONMENTS
        return line | {
            "environment": status["environment"] if shown else "",
            "environment_name": self._get_environment_name(status["environment"]),
        }

    @api.private
    def _get_connection_key(self, company, status):
        if not status["environment"]:
            return "never"
        if status["obstacle"] == "token" and self._has_token_ended():
            return "token_ended"
        if status["obstacle"] or status["outage_since"]:
            return status["obstacle"] or "outage"
        if status["environment"] != "production":
            return "connected_trial"
        owner = company._l10n_pl_ksef_owner()
        is_manual = owner.l10n_pl_ksef_send_mode == "manual"
        return "connected_manual" if is_manual else "connected"

    @api.private
    def _get_login_refusal(self, connection):
        """Say inside a sentence why KSeF refuses what we log in with.

        :param connection: record, or what its ``_status`` tells
        """
        method = connection["login_method"]
        end = connection["certificate_valid_until"]
        if method == "certificate" and end and end < fields.Datetime.now():
            ended = self.env._(CERTIFICATE_ENDED)
            return ended % {"date": format_date(self.env, end)}
        words = REFUSALS.get(method, {}).get(connection["problem_code"])
        return self.env._(words or REFUSAL_UNKNOWN)

    @api.private
    def _fit_actions(self, actions, connection):
        """Put the certificate where it is, or has to be, in place of a token.

        :param actions: keys of ``ACTIONS``
        :param connection: record, or what its ``_status`` tells
        """
        fitting = TOKEN_ENDED_ACTIONS if self._has_token_ended() else {}
        if connection["login_method"] == "certificate":
            fitting = CERTIFICATE_ACTIONS
        return [fitting.get(action, action) for action in actions]

    @api.private
    def _get_token_end(self):
        """Return the last day on which tokens work at all, by the law in force."""
        parameters = self.env["ir.config_parameter"].sudo()
        value = parameters.get_param(TOKEN_END_PARAMETER)
        last = None
        with suppress(ValueError):  # a person wrote it
            last = fields.Date.to_date(value)
        return last or fields.Date.to_date(TOKEN_END)

    @api.private
    def _format_token_end(self):
        return format_date(self.env, self._get_token_end())

    @api.private
    def _get_token_days(self):
        """Return how many days tokens still work, below 0 when that is over."""
        today = get_polish_date(fields.Datetime.now())
        return (self._get_token_end() - today).days

    @api.private
    def _has_token_ended(self):
        """Tell whether a refusal may come from the end of tokens itself."""
        return self._get_token_days() <= 0

    @api.private
    def _get_token_offer(self):
        """Say when log-in by token ends, False long before."""
        days = self._get_token_days()
        if days > OFFER_DAYS:
            return False
        words = TOKENS_ENDED if days < 0 else TOKEN_ENDS if days else TOKEN_ENDS_TODAY
        sentence = self.env._(words)
        return sentence % {"days": days, "date": self._format_token_end()}

    @api.private
    def _format_serial(self, serial):
        """Write the ends of a long serial number, enough to tell certificates apart."""
        if not serial or len(serial) < SERIAL_LONG:
            return serial or ""
        return f"{serial[:SERIAL_SHOWN]}…{serial[-SERIAL_SHOWN:]}"
