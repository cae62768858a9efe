"""What sentences name: times, numbers, reasons; one `_fact_name` for each name."""

from datetime import timedelta

import babel.dates
import pytz

from odoo import api, fields, models
from odoo.tools import format_date, format_datetime, get_lang

from .l10n_pl_ksef_call_words import CALL
from .l10n_pl_ksef_explain import FactsOf
from .l10n_pl_ksef_words import UPO_FACTS

POLISH_ZONE = "Europe/Warsaw"
# Last day of logging in with tokens; a parameter, since the law may change.
# Source: regulation of the Minister of Finance on the use of KSeF.
TOKEN_END_PARAMETER = "l10n_pl_ksef.token_login_end"
TOKEN_END = "2026-12-31"


# A package that was not completed is dropped by KSeF after this time (API 8.4).
PACKAGE_LIFE = timedelta(hours=12)
# Invoices that a sentence names at most.
SHOWN_MOVES = 3


def _name_some(moves):
    names = moves[:SHOWN_MOVES].mapped("name")
    return ", ".join(names) + (", ..." if len(moves) > SHOWN_MOVES else "") or "–"


class Facts(models.AbstractModel):
    _inherit = "l10n_pl_ksef.explain"

    def _fact_since(self, document):
        return self._format_time(document.state_since)

    def _fact_sent(self, document):
        return self._format_time(document.sent_on or document.state_since)

    def _fact_given(self, document):
        return self._format_time(document.acquired_on or document.state_since)

    def _fact_next(self, document):
        pause = self._get_wait(document)
        spared = fields.Datetime.now() + timedelta(seconds=pause)
        step = document.next_step_on or document.session_id.next_step_on
        return self._format_time(max(step or spared, spared))

    def _fact_release(self, document):
        session = document.session_id
        return self._format_time(
            session.valid_until or session.opened_on + PACKAGE_LIFE
        )

    def _fact_package(self, document):
        session = document.session_id
        documents = self.env["l10n_pl_ksef.document"].sudo()
        return documents.search_count([("session_id", "=", session.id)])

    def _fact_attempts(self, document):
        return document.attempt_count

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

    def _fact_awaited(self, document):
        return _name_some(document.awaited_move_ids)

    def _fact_stuck(self, document):
        return _name_some(self._get_stuck(document))

    def _fact_company(self, document):
        return document.company_id.display_name

    def _fact_answer(self, document):
        details = (document.status_details or "").splitlines()
        answer = details[0] if details else document.status_description
        return (answer or self.env._("no reason given")).rstrip(" .")

    def _fact_description(self, document):
        texts = (document.status_description, document.status_details)
        answer = next(filter(None, texts), self.env._("no reason given"))
        return answer.splitlines()[0].rstrip(" .")

    def _fact_code(self, document):
        code = self._get_code(document)
        return code[1] if code else "–"

    def _fact_happened(self, document):
        """Say what KSeF's code means; may itself name other facts."""
        words = self._get_words(self._get_code(document)) or CALL["KsefRefused"]
        what = self.env._(words.what)
        return what % FactsOf(self, document)

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
        return self._get_login_refusal(document.connection_id)

    def _fact_token_end(self, document):
        return self._format_token_end()

    @api.private
    def _get_wait(self, document):
        """Return seconds for which KSeF is spared before a document's next step."""
        connection = document.connection_id
        paused = self.env["l10n_pl_ksef.agenda"]._get_paused(connection)
        return paused.get((connection, document.state), 0)

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
    def _format_nip(self, nip):
        if not nip or len(nip) != len("1234567890"):
            return nip or "–"
        return f"{nip[:3]}-{nip[3:6]}-{nip[6:8]}-{nip[8:]}"
