"""What sentences name: times, numbers, reasons; one `_fact_name` for each name."""

from datetime import timedelta

import babel.dates
import pytz

from odoo import api, fields, models
from odoo.tools import format_date, format_datetime, get_lang

from .l10n_pl_ksef_words import REFUSAL_UNKNOWN, REFUSALS, UPO_FACTS

POLISH_ZONE = "Europe/Warsaw"
# Last day of logging in with tokens; a parameter, since the law may change.
# Source: regulation of the Minister of Finance on the use of KSeF.
TOKEN_END_PARAMETER = "l10n_pl_ksef.token_login_end"
TOKEN_END = "2026-12-31"


class Facts(models.AbstractModel):
    _inherit = "l10n_pl_ksef.explain"

    def _fact_since(self, document):
        return self._format_time(document.state_since)

    def _fact_sent(self, document):
        return self._format_time(document.sent_on or document.state_since)

    def _fact_given(self, document):
        return self._format_time(document.acquired_on or document.state_since)

    def _fact_next(self, document):
        connection = document.connection_id
        pause = connection._get_seconds_to_retry("invoice_send")
        spared = fields.Datetime.now() + timedelta(seconds=pause)
        moment = max(document.next_step_on or spared, spared)
        return self._format_time(moment)

    def _fact_outage(self, document):
        return self._format_time(document.connection_id.outage_since)

    def _fact_duration(self, document):
        duration = fields.Datetime.now() - document.state_since
        locale = get_lang(self.env).code
        return babel.dates.format_timedelta(duration, locale=locale, threshold=1.5)

    def _fact_number(self, document):
        return document.ksef_number or document.original_ksef_number or "–"

    def _fact_doc(self, document):
        return document.invoice_number

    def _fact_date(self, document):
        return format_date(self.env, document.issue_date)

    def _fact_nip(self, document):
        return self._format_nip(document.nip)

    def _fact_own_nip(self, document):
        company = document.connection_id.company_id
        return self._format_nip(company._l10n_pl_ksef_nip())

    def _fact_company(self, document):
        return document.company_id.display_name

    def _fact_answer(self, document):
        details = (document.status_details or "").splitlines()
        answer = details[0] if details else document.status_description
        return (answer or self.env._("no reason given")).rstrip(" .")

    def _fact_differences(self, document):
        names = document.upo_differences or []
        return ", ".join(
            self.env._(UPO_FACTS[name]) for name in names if name in UPO_FACTS
        )

    def _fact_waiting(self, document):
        return self.env["l10n_pl_ksef.connection"]._status(document.company_id)[
            "waiting"
        ]

    def _fact_token_date(self, document):
        return format_date(self.env, document.connection_id.set_on)

    def _fact_token_nip(self, document):
        return self._format_nip(document.connection_id.nip)

    def _fact_refusal(self, document):
        code = document.connection_id.problem_code
        return self.env._(REFUSALS.get(code, REFUSAL_UNKNOWN))

    @api.private
    def _format_time(self, moment):
        """Write a time in Poland, and say so to people elsewhere."""
        if not moment:
            return "–"
        text = format_datetime(self.env, moment, tz=POLISH_ZONE, dt_format=False)
        zone = pytz.timezone(self.env.context.get("tz") or self.env.user.tz or "UTC")
        aware = pytz.utc.localize(moment)
        polish = aware.astimezone(pytz.timezone(POLISH_ZONE))
        if aware.astimezone(zone).utcoffset() == polish.utcoffset():
            return text
        return self.env._("%(time)s (Polish time)", time=text)

    @api.private
    def _format_token_end(self):
        """Write the last day on which tokens work at all, by the law in force."""
        parameters = self.env["ir.config_parameter"].sudo()
        date = parameters.get_param(TOKEN_END_PARAMETER, TOKEN_END)
        return format_date(self.env, date)

    @api.private
    def _format_nip(self, nip):
        if not nip or len(nip) != len("1234567890"):
            return nip or "–"
        return f"{nip[:3]}-{nip[3:6]}-{nip[6:8]}-{nip[8:]}"
