"""Warnings that find the right person, once, and go away by themselves."""

import logging
import time
from datetime import timedelta

from psycopg2.errors import SerializationFailure, UniqueViolation

from odoo import SUPERUSER_ID, api, fields, models

from .l10n_pl_ksef_agenda import LANES
from .l10n_pl_ksef_announcement import (
    JOB_PAUSE,
    get_polish_date,
    get_polish_midnight,
)
from .l10n_pl_ksef_document import OPEN_STATES
from .l10n_pl_ksef_explain import LATE_RECEIPT, LONG_PROCESSING
from .l10n_pl_ksef_job import STOPPED_AFTER
from .l10n_pl_ksef_setup import ADMIN_GROUP
from .l10n_pl_ksef_setup_certificate import TOKENS_NOT_ALLOWED
from .l10n_pl_ksef_warning_words import QUIET_REASONS, SUBJECTS
from .l10n_pl_ksef_working_days import get_latest_late

_logger = logging.getLogger(__name__)

ACTIVITY_TYPE = "l10n_pl_ksef.activity_warning"
BOOKKEEPING = ("account.group_account_user", "account.group_account_manager")
# Beginnings of the subjects that end with another token or certificate.
LOGIN_SUBJECTS = ("token", "certificate", "right", "no_token", "key")
LONG_REJECTED = timedelta(days=1)
LONG_OUTAGE = timedelta(hours=1)
# A server that was off for a night needs a while until each lane has run again.
SETTLING_SECONDS = STOPPED_AFTER.total_seconds()
_started = time.monotonic()

# One statement finds what is new and what is over; nothing in an ordinary run.
# `watched` reads the partial index of submissions that anybody must care for.
CHANGES = """
WITH used AS (
    SELECT c.id, c.company_id, c.environment, c.state, c.problem, c.outage_since,
           c.login_method,
           CASE WHEN c.login_method = 'token'
                     AND (c.problem_code = %(tokens_not_allowed)s
                          OR c.problem = 'token' AND %(tokens_end)s <= %(now)s)
                THEN 'token_ended' ELSE c.problem
                END AS subject,
           CASE WHEN c.sealed_certificate IS NOT NULL THEN c.certificate_valid_until
                WHEN c.sealed_token IS NOT NULL
                THEN least(c.token_valid_until, %(tokens_end)s)
                END - %(now)s AS time_left
      FROM l10n_pl_ksef_connection c
      JOIN res_company o
        ON o.id = c.company_id AND o.l10n_pl_ksef_environment = c.environment
), watched AS (
    SELECT u.company_id, d.id, d.move_id, d.state, d.blocked_reason, d.upo_state,
           d.state_since, d.issue_date, u.problem, u.subject
      FROM used u
      JOIN l10n_pl_ksef_document d ON d.connection_id = u.id
     WHERE d.state NOT IN ('accepted', 'withdrawn')
        OR d.upo_state IN ('wanted', 'doubtful')
), cause (company_id, subject) AS (
    SELECT company_id, subject FROM used
     WHERE state = 'broken' AND problem IN ('token', 'certificate', 'right', 'key')
    UNION
    SELECT company_id,
           CASE WHEN time_left <= interval '0' THEN 'certificate'
                WHEN time_left <= interval '7 days' THEN login_method || '_7'
                WHEN time_left <= interval '30 days' THEN login_method || '_30'
                ELSE login_method || '_60'
                END
      FROM used
     WHERE time_left <= interval '60 days'
       -- Whether a token works after its last day is for KSeF to say.
       AND (time_left > interval '0' OR login_method = 'certificate')
    UNION
    SELECT company_id, 'outage' FROM used WHERE outage_since < %(long_outage)s
    UNION
    SELECT company_id,
           CASE WHEN blocked_reason = problem THEN subject ELSE blocked_reason END
      FROM watched
     WHERE state = 'blocked' AND blocked_reason NOT IN %(quiet_reasons)s
    UNION
    SELECT company_id, 'late' FROM watched
     WHERE state IN %(open_states)s AND issue_date <= %(latest_late)s
    UNION
    SELECT company_id, 'slow' FROM watched
     WHERE state IN ('processing', 'unknown') AND state_since < %(long_processing)s
    UNION
    SELECT company_id, 'receipt' FROM watched
     WHERE state = 'accepted'
       AND (upo_state = 'doubtful' OR state_since < %(late_receipt)s)
    UNION
    SELECT w.company_id, 'rejected' FROM watched w
      JOIN account_move m
        ON m.id = w.move_id AND m.l10n_pl_ksef_document_id = w.id
     WHERE m.state = 'posted'
       AND (w.state = 'conflict'
            OR w.state = 'rejected' AND w.state_since < %(long_rejected)s)
    UNION
    SELECT NULL, 'job'
     WHERE %(is_settled)s AND EXISTS (SELECT FROM used)
       AND %(lanes)s > (
        SELECT count(*)
          FROM ir_cron j
          JOIN ir_model_data x ON x.res_id = j.id AND x.model = 'ir.cron'
         WHERE x.module = 'l10n_pl_ksef' AND left(x.name, 12) = 'ir_cron_run_'
           AND j.active AND j.nextcall > %(stopped)s)
), known AS (
    SELECT id, company_id, subject FROM l10n_pl_ksef_warning WHERE closed_on IS NULL
)
SELECT known.id, cause.company_id, cause.subject
  FROM cause
  FULL JOIN known
    ON coalesce(known.company_id, 0) = coalesce(cause.company_id, 0)
   AND known.subject = cause.subject
 WHERE known.id IS NULL OR cause.subject IS NULL
UNION ALL
SELECT a.id, NULL, 'announcement'
  FROM l10n_pl_ksef_announcement a
 WHERE (a.asked_on IS NULL OR a.asked_on < %(asked)s)
   AND EXISTS (
    SELECT FROM used
     WHERE used.environment = a.environment
       AND (used.outage_since IS NOT NULL
            OR a.state IN ('maintenance', 'failure', 'total_failure')))
"""


class Document(models.Model):
    _inherit = "l10n_pl_ksef.document"

    # What somebody must care for; finished submissions are not in it.
    _watched_idx = models.Index(
        "(connection_id) WHERE state NOT IN ('accepted', 'withdrawn')"
        " OR upo_state IN ('wanted', 'doubtful')"
    )


class ResCompany(models.Model):
    _inherit = "res.company"

    l10n_pl_ksef_accountant_id = fields.Many2one(
        "res.users",
        string="Accountant told about KSeF",
        help="Gets the warnings about late and rejected invoices.",
    )


class KsefWarning(models.Model):
    """One thing that is wrong for one company, from its beginning to its end.

    A person who marks the activity done is not told again while it lasts.
    """

    _name = "l10n_pl_ksef.warning"
    _description = "KSeF warning"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"

    company_id = fields.Many2one("res.company", index=True, readonly=True)
    subject = fields.Char(required=True, readonly=True)
    since = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    closed_on = fields.Datetime("Over since", readonly=True)
    title = fields.Char("Warning", compute="_compute_words")
    sentence = fields.Text(compute="_compute_words")
    is_about_login = fields.Boolean(compute="_compute_is_about_login")

    _open_uniq = models.UniqueIndex(
        "(coalesce(company_id, 0), subject) WHERE closed_on IS NULL",
        "This warning is there already.",
    )

    @api.depends_context("lang")
    @api.depends("subject")
    def _compute_words(self):
        for warning in self:
            words = SUBJECTS[warning.subject]
            warning.title = self.env._(words.title)
            warning.sentence = self.env._(words.sentence)

    @api.depends("subject")
    def _compute_is_about_login(self):
        for warning in self:
            warning.is_about_login = warning.subject.startswith(LOGIN_SUBJECTS)

    @api.depends("title", "company_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for warning in self:
            names = (warning.company_id.display_name, warning.title)
            warning.display_name = ": ".join(filter(None, names))

    @api.model
    @api.private
    def _refresh(self):
        """Raise what is new, close what is over; one statement when nothing is.

        Asks the availability service while KSeF does not answer. Belongs into a
        transaction of its own.
        """
        # In nobody's name: whoever opens the page must not seem to have written it.
        self = self.with_user(SUPERUSER_ID).with_context(mail_create_nolog=True)
        for res_id, company_id, subject in self._find_changes():
            if subject == "announcement":
                row = self.env["l10n_pl_ksef.announcement"].browse(res_id)
                row._ask(JOB_PAUSE)
            elif res_id:
                self.browse(res_id)._close()
            else:
                self._raise(self.env["res.company"].browse(company_id), subject)

    @api.private
    def _find_changes(self):
        self.env.flush_all()
        now = fields.Datetime.now()
        last_day = self.env["l10n_pl_ksef.explain"]._get_token_end()
        self.env.cr.execute(
            CHANGES,
            {
                "quiet_reasons": QUIET_REASONS,
                "open_states": tuple(OPEN_STATES),
                "latest_late": get_latest_late(get_polish_date(now)),
                "now": now,
                "tokens_end": get_polish_midnight(last_day + timedelta(days=1)),
                "tokens_not_allowed": TOKENS_NOT_ALLOWED,
                "long_outage": now - LONG_OUTAGE,
                "long_processing": now - LONG_PROCESSING,
                "late_receipt": now - LATE_RECEIPT,
                "long_rejected": now - LONG_REJECTED,
                "is_settled": time.monotonic() - _started > SETTLING_SECONDS,
                "lanes": LANES,
                "stopped": now - STOPPED_AFTER,
                "asked": now - JOB_PAUSE,
            },
        )
        return self.env.cr.fetchall()

    @api.private
    def _raise(self, company, subject):
        """Tell the right person; a worker that was faster has told it already."""
        if subject == "late" and not self._is_late(company):
            return
        values = {"company_id": company.id, "subject": subject}
        try:
            with self.env.cr.savepoint():
                warning = self.create(values)
        except (SerializationFailure, UniqueViolation):
            return
        warning._tell(self._find_person(company, SUBJECTS[subject].who))

    @api.private
    def _tell(self, user):
        words = self.with_context(lang=user.lang)
        self.activity_schedule(
            ACTIVITY_TYPE,
            summary=words.title,
            note=words.sentence,
            user_id=user.id,
        )

    @api.private
    def _close(self):
        for activity in self.activity_ids:
            lang = activity.user_id.lang
            env = self.with_context(lang=lang).env
            time_text = env["l10n_pl_ksef.explain"]._format_time(fields.Datetime.now())
            activity.action_feedback(
                feedback=env._("Over since %(time)s; closed by itself.", time=time_text)
            )
        self.closed_on = fields.Datetime.now()

    @api.private
    def _is_late(self, company):
        """Tell whether no announced failure moves the deadline of the oldest one."""
        connection = self.env["l10n_pl_ksef.connection"]._get_for(company)
        oldest = self.env["l10n_pl_ksef.document"].search(
            [("connection_id", "=", connection.id), ("state", "in", OPEN_STATES)],
            order="issue_date",
            limit=1,
        )
        announced = self.env["l10n_pl_ksef.announcement"]._get_for(
            connection.environment
        )
        deadline = announced._get_deadline(oldest.issue_date)
        today = get_polish_date(fields.Datetime.now())
        return bool(deadline.day) and deadline.day < today

    @api.private
    def _find_person(self, company, who):
        """Return one user who may act and may enter the company."""
        if who == "admin":
            groups, first = (ADMIN_GROUP,), self._get_token_setter(company)
        else:
            groups, first = BOOKKEEPING, company.l10n_pl_ksef_accountant_id
        users = self.env["res.users"]
        for group in groups:
            users |= self.env.ref(group).all_user_ids
        users = users.filtered(
            lambda user: (
                user.active
                and user._is_internal()
                and (not company or company in user.company_ids)
            )
        )
        # Who keeps books and nothing else is rather meant than who may do all.
        order = users.sorted(lambda user: (user.has_group(ADMIN_GROUP), user.id))
        usual = users.sorted("id") if who == "admin" else order
        return (first & users or usual)[:1] or self.env.ref("base.user_admin")

    @api.private
    def _get_token_setter(self, company):
        """Return who set the token of a company, or of any when none is meant."""
        connections = self.env["l10n_pl_ksef.connection"]
        if company:
            return connections._get_for(company).set_by_id
        return connections.search([("set_by_id", "!=", False)], order="id").set_by_id

    def action_open_settings(self):
        """Open the settings, where token and certificate are replaced."""
        xml_id = "account.action_account_config"
        return self.env["ir.actions.actions"]._for_xml_id(xml_id)

    def action_open_status(self):
        """Open the page that shows the whole state and what to do."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "l10n_pl_ksef.action_connection_status"
        )
        company = self.company_id or self.env.company
        return action | {"params": {"company_id": company.id}}
