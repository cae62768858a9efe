"""The rows of the page "Connection status": one method each.

A row returns a finding of `l10n_pl_ksef_health_words.py` and the facts that its
words name, or None when there is nothing to show.
"""

from datetime import timedelta

from odoo import api, models
from odoo.tools import format_date

from .l10n_pl_ksef_announcement import (
    CATEGORIES,
    TRUSTED_ENVIRONMENT,
    get_polish_date,
)
from .l10n_pl_ksef_document import OPEN_STATES
from .l10n_pl_ksef_explain_connection import OFFER_DAYS
from .l10n_pl_ksef_health_words import (
    FINDINGS,
    GROUPS,
    KEY_SOURCES,
    OBSTACLE_ACTIONS,
    Finding,
)
from .l10n_pl_ksef_job import STOPPED_AFTER
from .l10n_pl_ksef_vault import VaultError, _key_id

# From then on an outage that nobody announced is looked for nearer home.
LONG_OUTAGE = timedelta(hours=1)
# Days before the end of a certificate from which it is worth knowing.
CERTIFICATE_DAYS = 60
CARRIERS = ("invoice_send", "batch_session")
# A limit is short when less than this share of it is left.
SHORT_SHARE = 0.25
# The server's clock may differ by this much; KSeF's own tokens live for minutes.
CLOCK_SECONDS = 60


class HealthRows(models.AbstractModel):
    _inherit = "l10n_pl_ksef.health"

    @api.private
    def _row_answers(self, page):
        status = page.status
        facts = {
            "success": self._time(status["last_success_on"]),
            "outage": self._time(status["outage_since"]),
            "next": self._time(status["retry_on"]),
            "host": self._get_host(page),
        }
        if not status["outage_since"]:
            key = "answers_ok" if status["last_success_on"] else "answers_never"
            return FINDINGS[key], facts
        is_long = status["outage_since"] < page.now - LONG_OUTAGE
        is_quiet = page.announced.state not in CATEGORIES
        key = "answers_network" if is_long and is_quiet else "answers_outage"
        return FINDINGS[key], facts

    @api.private
    def _get_host(self, page):
        try:
            environment = page.status["environment"] or TRUSTED_ENVIRONMENT
            endpoint = self.env["l10n_pl_ksef.gateway"]._get_endpoint(environment)
        except ValueError:  # the server is set to another address
            return "–"
        return endpoint.api_url.split("/")[2]

    @api.private
    def _row_login(self, page):
        status = page.status
        explain = self.env["l10n_pl_ksef.explain"]
        obstacle = "never" if not status["environment"] else status["obstacle"]
        if not obstacle:
            is_token = status["login_method"] == "token"
            return FINDINGS["login_ok" if is_token else "login_certificate"], {
                "token": status["token_reference"],
                "serial": explain._format_serial(status["certificate_serial"]),
                "checked": self._time(status["last_checked_on"]),
            }
        line = explain._get_connection_text(page.company, status)
        actions = explain._fit_actions(OBSTACLE_ACTIONS.get(obstacle, []), status)
        level = "warning" if line["level"] == "muted" else line["level"]
        sentence = "%(sentence)s"
        finding = Finding(level, "%(badge)s", sentence, "administrator", actions)
        return finding, {"badge": line["badge"], "sentence": line["sentence"]}

    @api.private
    def _row_queue(self, page):
        waiting = [page.counts[key] for key in ("waiting", "sent", "held")]
        if not sum(waiting):
            return FINDINGS["queue_empty"], {}
        oldest = (
            self.env["l10n_pl_ksef.document"]
            .sudo()
            .search(
                [
                    ("connection_id", "=", page.connection.id),
                    ("state", "in", OPEN_STATES),
                ],
                order="issue_date",
                limit=1,
            )
        )
        deadline = page.announced._get_deadline(oldest.issue_date)
        facts = {
            "count": sum(waiting),
            "date": format_date(self.env, oldest.issue_date),
            "deadline": format_date(self.env, deadline.day) if deadline.day else "",
        }
        return FINDINGS[self._get_queue_key(page, deadline)], facts

    @api.private
    def _get_queue_key(self, page, deadline):
        today = get_polish_date(page.now)
        if not deadline.day:
            return f"queue_{deadline.reason}"
        if deadline.day < today:
            return "queue_late"
        return "queue_today" if deadline.day == today else "queue_waiting"

    @api.private
    def _row_job(self, page):
        agenda = self.env["l10n_pl_ksef.agenda"]
        lane = agenda._get_lane(page.connection) if page.connection else 0
        cron = self.env["l10n_pl_ksef.job"]._get_crons([lane])
        facts = {"last": self._time(cron.lastcall), "next": self._time(cron.nextcall)}
        if not cron.active or cron.nextcall < page.now - STOPPED_AFTER:
            return FINDINGS["job_stopped"], facts
        return FINDINGS["job_ok" if cron.lastcall else "job_new"], facts

    @api.private
    def _row_announcement(self, page):
        row = page.announced
        facts = {"title": row.title or "", "asked": self._time(row.asked_on)}
        if not row:
            return FINDINGS["announcement_none"], facts
        if not row.asked_on:
            return FINDINGS["announcement_never"], facts
        is_decisive = row.environment == TRUSTED_ENVIRONMENT
        if row.state in CATEGORIES and not is_decisive:
            return FINDINGS["announcement_trial"], facts
        return FINDINGS[f"announcement_{row.state}"], facts

    @api.private
    def _row_limits(self, page):
        if "l10n_pl_ksef.limit" not in self.env or not page.connection:
            return FINDINGS["limits_unknown"], {}
        limits = self.env["l10n_pl_ksef.limit"].sudo()._get_left(page.connection)
        limits = [limit for limit in limits if limit["group"] in GROUPS]
        limits.sort(key=lambda limit: list(GROUPS).index(limit["group"]))
        blocked = [
            limit
            for limit in limits
            if limit["blocked_until"] and limit["blocked_until"] > page.now
        ]
        if blocked:
            return FINDINGS["limits_blocked"], {
                "until": self._time(blocked[0]["blocked_until"]),
                "group": self._get_group_name(blocked[0]),
            }
        counted = [limit for limit in limits if self._is_worth_telling(limit)]
        if not counted:
            return FINDINGS["limits_unknown"], {}
        return FINDINGS["limits_ok"], {"list": self._list_limits(counted)}

    @api.private
    def _is_worth_telling(self, limit):
        """Tell the two that carry invoices always, the others when they run short."""
        if limit["per_hour"] <= 0:
            return False
        is_short = limit["left_in_hour"] < limit["per_hour"] * SHORT_SHARE
        return limit["group"] in CARRIERS or is_short

    @api.private
    def _list_limits(self, limits):
        return "; ".join(
            self.env._(
                "%(group)s %(left)s of %(most)s",
                group=self._get_group_name(limit),
                left=limit["left_in_hour"],
                most=limit["per_hour"],
            )
            for limit in limits
        )

    @api.private
    def _get_group_name(self, limit):
        words = GROUPS[limit["group"]]
        return self.env._(words)

    @api.private
    def _row_law(self, page):
        if page.status["login_method"] != "token":
            return None
        last = self.env["l10n_pl_ksef.explain"]._get_token_end()
        own = page.status["token_valid_until"]
        last = min(last, get_polish_date(own)) if own else last
        days = (last - get_polish_date(page.now)).days
        key = "law_ok" if days > OFFER_DAYS else "law_near" if days >= 0 else "law_over"
        return FINDINGS[key], {"date": format_date(self.env, last), "days": days}

    @api.private
    def _row_certificate(self, page):
        last = page.status["certificate_valid_until"]
        if page.status["login_method"] != "certificate" or not last:
            return None
        days = (get_polish_date(last) - get_polish_date(page.now)).days
        key = "ok" if days > CERTIFICATE_DAYS else "near"
        key = "over" if last < page.now else key
        facts = {"date": format_date(self.env, last), "days": days}
        return FINDINGS[f"certificate_{key}"], facts

    @api.private
    def _row_clock(self, page):
        if not page.status["last_success_on"]:
            return FINDINGS["clock_unknown"], {}
        theirs = page.connection._get_ksef_now()
        seconds = round(abs((theirs - page.now).total_seconds()))
        key = "clock_ok" if seconds < CLOCK_SECONDS else "clock_wrong"
        return FINDINGS[key], {"seconds": seconds}

    @api.private
    def _row_key(self, page):
        try:
            source, keys = self.env["l10n_pl_ksef.vault"]._find_keys()
        except VaultError:
            return self._miss_key(page), {}
        if not keys:
            missing = page.connection._has_login()
            return (self._miss_key(page) if missing else FINDINGS["key_none"]), {}
        return FINDINGS["key_ok"], {
            "source": self.env._(KEY_SOURCES[source]),
            "id": _key_id(keys[0]),
        }

    @api.private
    def _miss_key(self, page):
        finding = FINDINGS["key_missing"]
        explain = self.env["l10n_pl_ksef.explain"]
        return finding._replace(
            actions=explain._fit_actions(finding.actions, page.status)
        )

    @api.private
    def _row_schema(self, page):
        has_schema = self.env["l10n_pl_ksef.schema"]._get_schema() is not None
        return FINDINGS["schema_ok" if has_schema else "schema_missing"], {}

    @api.private
    def _row_module(self, page):
        other = self.env["l10n_pl_ksef.other_module"]
        if not other._has_certificate(page.company):
            return None
        key = "module_both" if page.status["environment"] else "module_alone"
        return FINDINGS[key], {"under_way": other._count_open(page.company)}

    @api.private
    def _time(self, moment):
        return self.env["l10n_pl_ksef.explain"]._format_time(moment)
