"""What the Ministry announces about KSeF, as far as it was heard."""

from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models

from .l10n_pl_ksef_facts import POLISH_ZONE
from .l10n_pl_ksef_working_days import Outage, get_deadline
from .res_company import ENVIRONMENTS

# The service asks for rare questions (API 1.1: at most once in a few minutes).
JOB_PAUSE = timedelta(minutes=5)
PERSON_PAUSE = timedelta(minutes=15)
CATEGORIES = ("maintenance", "failure", "total_failure")
# Announcements that are kept: their ends move deadlines for weeks.
KEPT_EVENTS = 50
# Only what is said of production has legal effect, and is ever true: the service
# of the test environment announced a total failure for months (API 1.1).
TRUSTED_ENVIRONMENT = "production"


class Announcement(models.Model):
    """The public availability service's last answer, one row an environment.

    It explains and moves deadlines; whether KSeF works is seen by asking KSeF.
    """

    _name = "l10n_pl_ksef.announcement"
    _description = "KSeF announcements"
    _rec_name = "environment"

    environment = fields.Selection(ENVIRONMENTS, required=True)
    state = fields.Selection(
        [
            ("unknown", "Unknown"),
            ("available", "None"),
            ("maintenance", "Planned break"),
            ("failure", "Failure"),
            ("total_failure", "Total failure"),
        ],
        required=True,
        default="unknown",
    )
    asked_on = fields.Datetime()
    title = fields.Char(help="Of the newest announcement, word for word.")
    events = fields.Json(help="Category, first and last moment (UTC), oldest first.")

    _environment_uniq = models.Constraint(
        "UNIQUE(environment)", "An environment has one availability service."
    )

    @api.model
    @api.private
    def _get_for(self, environment):
        """Return the row of an environment; demo has no such service."""
        return self.sudo().search([("environment", "=", environment)])

    @api.private
    def _ask(self, pause):
        """Ask the service unless that was done within ``pause``; keep its answer.

        No answer means that nothing is known, never that KSeF is out of order.
        """
        now = fields.Datetime.now()
        gateway = self.env["l10n_pl_ksef.gateway"]
        due = self.filtered(
            lambda row: (
                gateway._has_address(row.environment)
                and (not row.asked_on or row.asked_on < now - pause)
            )
        )
        for row in due.try_lock_for_update(allow_referencing=True):
            row._store(gateway._read_lighthouse(row.environment))

    @api.private
    def _store(self, availability):
        """Keep an answer (``ksef.lighthouse.Availability``)."""
        now = fields.Datetime.now()
        newest = availability.messages[:1]
        events = _merge(self.events or [], availability.messages)
        if availability.state.value == "available":
            events = [_close(event, fields.Datetime.to_string(now)) for event in events]
        self.write(
            {
                "state": availability.state.value,
                "asked_on": now,
                "title": newest[0].title if newest else self.title,
                "events": events[-KEPT_EVENTS:],
            }
        )

    @api.private
    def _get_deadline(self, issue_date):
        """Return the `Deadline` of an invoice, moved by what was announced."""
        outages = [
            Outage(
                event["category"], _read_date(event["first"]), _read_date(event["last"])
            )
            for row in self
            if row.environment == TRUSTED_ENVIRONMENT
            for event in row.events or []
        ]
        return get_deadline(issue_date, outages)


def _merge(events, notices):
    """Return the events known now, oldest first; start and end come one by one.

    :param events: dicts ``category, first, last`` (UTC, text; ``last`` may be None)
    :param notices: ``ksef.lighthouse.Notice``, newest first
    """
    merged = [dict(event) for event in events]
    for notice in reversed(notices):
        category = notice.category.lower()
        first, last = _write_time(notice.starts_on), _write_time(notice.ends_on)
        if category not in CATEGORIES or not (first or last):
            continue
        for event in merged:
            if event["category"] == category and _is_same(event, first, last):
                event["last"] = last or event["last"]
                break
        else:
            found = {"category": category, "first": first or last, "last": last}
            merged.append(found)
    return sorted(merged, key=lambda event: event["first"])


def _is_same(event, first, last):
    """Tell whether a notice is about an event: the same start, or its end."""
    is_end = last and not event["last"] and event["first"] <= last
    return event["first"] == first or bool(is_end)


def _close(event, now):
    """End what lasts, since the service says that KSeF is available."""
    is_open = event["last"] is None and event["first"] <= now
    return event | {"last": now} if is_open else event


def _write_time(moment):
    if not moment:
        return None
    return fields.Datetime.to_string(moment.astimezone(pytz.utc).replace(tzinfo=None))


def _read_date(text):
    """Return the date in Poland of a stored moment."""
    return get_polish_date(fields.Datetime.to_datetime(text)) if text else None


def get_polish_midnight(date):
    """Return the moment (naive, UTC) at which a day begins in Poland."""
    begins = datetime.combine(date, time.min)
    aware = pytz.timezone(POLISH_ZONE).localize(begins)
    return aware.astimezone(pytz.utc).replace(tzinfo=None)


def get_polish_date(moment):
    """Return the date in Poland at a moment (naive, UTC)."""
    aware = pytz.utc.localize(moment)
    return aware.astimezone(pytz.timezone(POLISH_ZONE)).date()
