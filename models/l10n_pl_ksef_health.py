"""The page "Connection status": how a company's KSeF does, and what to do."""

from dataclasses import dataclass, field

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .l10n_pl_ksef_announcement import PERSON_PAUSE
from .l10n_pl_ksef_explain import ADMIN, SHOWN_ENVIRONMENTS
from .l10n_pl_ksef_health_words import (
    ACTIONS,
    LISTS,
    NOTHING,
    NOTHING_TOLD,
    NOTHING_URGENT,
    READERS,
    REFUSED,
    TITLES,
)
from .l10n_pl_ksef_words import WHO

# Icon of a row by its level (screens 2).
ICONS = {
    "success": "fa-check-circle",
    "warning": "fa-exclamation-triangle",
    "danger": "fa-times-circle",
    "muted": "fa-minus-circle",
}
# Invoices that a count on the page stands for.
INVOICES = "account.action_move_out_invoice"


@dataclass
class Page:
    """What the rows of one page look at.

    :ivar company: the company whose connection it is
    :ivar status: `l10n_pl_ksef.connection._status`
    :ivar counts: number of invoices by key of ``LISTS``
    :ivar todo: what a person should do, most urgent first
    """

    company: object
    connection: object
    status: dict
    now: object
    announced: object
    counts: dict = field(default_factory=dict)
    todo: list = field(default_factory=list)


class Health(models.AbstractModel):
    _name = "l10n_pl_ksef.health"
    _description = "KSeF connection status"

    @api.model
    def get_status(self, company_id=False):
        """Return everything that the page shows; calls nobody.

        :param company_id: id of a company, by default the current one
        :returns: dict ``company, companies, environment, environment_name, rows,
            counts, todo, nothing, files, may`` (what the user may press), ``support``
        :raises AccessError: not a reader of KSeF, or not of this company
        """
        company = self._get_company(company_id)
        self.env["l10n_pl_ksef.warning"]._refresh()
        page = self._make_page(company)
        rows = self._get_rows(page)
        if count := page.counts["refused"]:
            self._add_todo(page, REFUSED, {"count": count})
        explain = self.env["l10n_pl_ksef.explain"].with_company(company)
        environment = page.status["environment"]
        is_admin = self.env.user.has_group(ADMIN)
        return {
            "company": {"id": company.id, "name": company.display_name},
            "companies": self._get_companies(),
            "environment": environment if environment in SHOWN_ENVIRONMENTS else "",
            "environment_name": explain._get_environment_name(environment),
            "rows": rows,
            "counts": self._get_counts(page),
            "todo": sorted(page.todo, key=lambda item: item["level"] != "danger"),
            "nothing": self._get_nothing(company, rows),
            "files": is_admin
            and self.env["l10n_pl_ksef.farewell"]._get_progress(company),
            "may": {"test": is_admin and page.status["obstacle"] != "no_token"},
            "support": self._get_support(page, rows),
        }

    @api.model
    def ask_announcements(self, company_id):
        """Ask the Ministry's service again, at most every quarter of an hour."""
        connection = self._get_connection(self._get_company(company_id))
        announcements = self.env["l10n_pl_ksef.announcement"]
        announcements._get_for(connection.environment)._ask(PERSON_PAUSE)

    @api.model
    def open_list(self, company_id, key):
        """Return the action that opens the invoices behind a count."""
        company = self._get_company(company_id)
        connection = self._get_connection(company)
        action = self.env["ir.actions.actions"]._for_xml_id(INVOICES)
        newest = "l10n_pl_ksef_document_id"
        domain = LISTS[key].domain.map_conditions(
            lambda one: Domain(f"{newest}.{one.field_expr}", one.operator, one.value)
        )
        domain &= Domain("company_id", "child_of", company.id)
        domain &= Domain(f"{newest}.environment", "=", connection.environment)
        return action | {
            "name": self.env._(LISTS[key].label),
            "display_name": self.env._(LISTS[key].label),
            "domain": list(domain),
            "context": {"create": False},
        }

    @api.model
    def test_connection(self, company_id):
        """Log in with the stored token; return the action that shows the outcome."""
        company = self._get_company(company_id)
        result = self.env["l10n_pl_ksef.setup"]._test(company)
        return {
            "type": "ir.actions.client",
            "tag": "l10n_pl_ksef_checks",
            "params": {"title": self.env._("Test connection"), "result": result},
        }

    @api.model
    def start_job(self, company_id):
        """Switch the background job on again, and wake it."""
        self._check_admin(company_id)
        for cron in self.env["l10n_pl_ksef.job"]._get_crons():
            if not cron.active:
                cron.active = True
            cron._trigger()

    @api.model
    def download_schema(self, company_id):
        """Fetch the Ministry's schema files from their official address."""
        self._check_admin(company_id)
        self.env["l10n_pl_ksef.schema"]._download()

    @api.model
    def take_over(self, company_id):
        """Let this addon send instead of Odoo's own KSeF module."""
        company = self._check_admin(company_id)
        self.env["l10n_pl_ksef.other_module"]._take_over(company)

    @api.model
    def hand_over(self, company_id):
        """Attach one round of files to their invoices; return the progress."""
        company = self._check_admin(company_id)
        return self.env["l10n_pl_ksef.farewell"]._hand_over(company)

    @api.private
    def _get_company(self, company_id):
        """Return the company that owns the connection of one of the user's.

        :raises AccessError: not a reader of KSeF, or not of this company
        """
        user = self.env.user
        company = self.env["res.company"].browse(company_id) or self.env.company
        if not user.has_groups(f"{READERS},{ADMIN}") or company not in user.company_ids:
            raise AccessError(
                self.env._("You may not see how KSeF does for this company.")
            )
        owner = company._l10n_pl_ksef_owner()
        return owner if owner in user.company_ids else company

    @api.private
    def _check_admin(self, company_id):
        company = self._get_company(company_id)
        self.env["l10n_pl_ksef.setup"]._check_admin(company)
        return company

    @api.private
    def _get_connection(self, company):
        return self.env["l10n_pl_ksef.connection"]._get_for(company)

    @api.private
    def _get_companies(self):
        """Return the user's open companies that have a page of their own."""
        companies = self.env.companies.filtered(
            lambda company: (
                company.country_code == "PL"
                and company._l10n_pl_ksef_owner() in (company, company.browse())
            )
        )
        return [
            {"id": company.id, "name": company.display_name} for company in companies
        ]

    @api.private
    def _make_page(self, company):
        connection = self._get_connection(company)
        documents = self.env["l10n_pl_ksef.document"].sudo()
        own = Domain("connection_id", "=", connection.id)
        counts = {
            key: documents.search_count(own & entry.domain)
            for key, entry in LISTS.items()
            if key != "refused"
        }
        counts["refused"] = (
            self.env["account.move"]
            .sudo()
            .search_count(
                [
                    ("l10n_pl_ksef_document_id.connection_id", "=", connection.id),
                    ("l10n_pl_ksef_state", "in", ("rejected", "conflict")),
                ]
            )
        )
        return Page(
            company=company,
            connection=connection,
            status=self.env["l10n_pl_ksef.connection"]._status(company),
            now=fields.Datetime.now(),
            announced=self.env["l10n_pl_ksef.announcement"]._get_for(
                connection.environment
            ),
            counts=counts,
        )

    @api.private
    def _get_rows(self, page):
        """Return the rows that have something to say, in the order of ``TITLES``."""
        rows = []
        for key in TITLES:
            finding, facts = getattr(self, f"_row_{key}")(page) or (None, None)
            if finding:
                rows.append(self._render_row(page, key, finding, facts))
        return rows

    @api.private
    def _render_row(self, page, key, finding, facts):
        if finding.todo:
            self._add_todo(page, finding, facts)
        text = self.env._(finding.text)
        return {
            "key": key,
            "level": finding.level,
            "icon": ICONS[finding.level],
            "title": self.env._(TITLES[key]),
            "text": text % facts,
            # What is to be done has its button above.
            "actions": [] if finding.todo else self._get_actions(finding, facts),
        }

    @api.private
    def _add_todo(self, page, finding, facts):
        actions = self._get_actions(finding, facts)
        sentence = self.env._(finding.todo)
        asks = finding.who == "administrator" and not self.env.user.has_group(ADMIN)
        explain = self.env["l10n_pl_ksef.explain"].with_company(page.company)
        page.todo.append(
            {
                "level": finding.level,
                "icon": ICONS[finding.level],
                "sentence": sentence % facts,
                "who": self.env._(WHO[finding.who]),
                "ask": explain._get_ask() if asks else "",
                "actions": actions,
            }
        )

    @api.private
    def _get_actions(self, finding, facts):
        shown = []
        for action in map(ACTIONS.get, finding.actions):
            if self.env.user.has_groups(action.group):
                question = action.confirm and self.env._(action.confirm)
                shown.append(
                    {
                        "label": self.env._(action.label),
                        "type": action.type,
                        "target": action.target,
                        "confirm": question % facts if question else "",
                    }
                )
        return shown

    @api.private
    def _get_counts(self, page):
        return [
            {
                "key": key,
                "count": page.counts[key],
                "label": self.env._(entry.label),
                "level": entry.level if page.counts[key] else "muted",
                "icon": f"fa-{entry.icon}",
            }
            for key, entry in LISTS.items()
        ]

    @api.private
    def _get_nothing(self, company, rows):
        """Return what stands where there is nothing that must be done."""
        if any(row["level"] == "warning" for row in rows):
            return self.env._(NOTHING_URGENT)
        users = self.env["l10n_pl_ksef.warning"].sudo()._find_person(company, "admin")
        if users == self.env.user:
            return self.env._(NOTHING)
        sentence = self.env._(NOTHING_TOLD)
        return sentence % {"admins": users.name}

    @api.private
    def _get_support(self, page, rows):
        """Return the page as plain text; holds no secret and no buyer."""
        version = self.env["ir.module.module"].sudo()
        version = version.search([("name", "=", "l10n_pl_ksef")]).installed_version
        lines = [
            f"l10n_pl_ksef {version}, {page.status['environment'] or '-'},"
            f" {fields.Datetime.to_string(page.now)} UTC",
            *(f"{row['title']}: [{row['level']}] {row['text']}" for row in rows),
            *(
                f"{entry['label']}: {entry['count']}"
                for entry in self._get_counts(page)
            ),
        ]
        return "\n".join(lines)
