"""Settings: what a company decides about KSeF, and how its connection does."""

from odoo import api, fields, models
from odoo.tools import format_date

from .l10n_pl_ksef_announcement import get_polish_date
from .l10n_pl_ksef_health_rows import CERTIFICATE_DAYS
from .l10n_pl_ksef_setup_words import CERTIFICATE_KINDS, NO_END
from .res_company import ENVIRONMENTS

# Kind of identifier that a token made by a company itself carries at KSeF.
AUTHOR_COMPANY = "Nip"


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    l10n_pl_ksef_status = fields.Json(
        "KSeF connection", compute="_compute_l10n_pl_ksef_status"
    )
    l10n_pl_ksef_login_method = fields.Char(
        "KSeF log-in with",
        compute="_compute_l10n_pl_ksef_status",
        help="token or certificate; empty when neither is here.",
    )
    l10n_pl_ksef_token_offer = fields.Char(
        "End of KSeF tokens", compute="_compute_l10n_pl_ksef_status"
    )
    l10n_pl_ksef_has_token_ended = fields.Boolean(
        "KSeF tokens have ended", compute="_compute_l10n_pl_ksef_status"
    )
    l10n_pl_ksef_is_connected = fields.Boolean(
        "Connected to KSeF", compute="_compute_l10n_pl_ksef_status"
    )
    l10n_pl_ksef_has_schema = fields.Boolean(
        "Official schema is here", compute="_compute_l10n_pl_ksef_status"
    )
    l10n_pl_ksef_has_other = fields.Boolean(
        "Odoo's own KSeF module has a certificate",
        compute="_compute_l10n_pl_ksef_status",
    )
    l10n_pl_ksef_accountant_id = fields.Many2one(
        related="company_id.l10n_pl_ksef_accountant_id",
        readonly=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    l10n_pl_ksef_send_mode = fields.Selection(
        related="company_id.l10n_pl_ksef_send_mode", readonly=False
    )
    l10n_pl_ksef_since = fields.Date(
        related="company_id.l10n_pl_ksef_since", readonly=False
    )
    l10n_pl_ksef_to_polish = fields.Boolean(
        related="company_id.l10n_pl_ksef_to_polish", readonly=False
    )
    l10n_pl_ksef_to_foreign = fields.Boolean(
        related="company_id.l10n_pl_ksef_to_foreign", readonly=False
    )
    l10n_pl_ksef_to_private = fields.Boolean(
        related="company_id.l10n_pl_ksef_to_private", readonly=False
    )
    l10n_pl_ksef_on_problem = fields.Selection(
        related="company_id.l10n_pl_ksef_on_problem", readonly=False
    )

    @api.depends_context("uid", "lang")
    @api.depends("company_id")
    def _compute_l10n_pl_ksef_status(self):
        explain = self.env["l10n_pl_ksef.explain"]
        for settings in self:
            status = self.env["l10n_pl_ksef.connection"]._status(settings.company_id)
            has_login = status["obstacle"] != "no_token"
            is_token = status["login_method"] != "certificate" or not has_login
            settings.l10n_pl_ksef_status = explain._get_connection_text(
                settings.company_id, status
            ) | {"facts": self._l10n_pl_ksef_facts(status) if has_login else []}
            settings.l10n_pl_ksef_login_method = has_login and status["login_method"]
            settings.l10n_pl_ksef_token_offer = is_token and explain._get_token_offer()
            settings.l10n_pl_ksef_has_token_ended = explain._has_token_ended()
            settings.l10n_pl_ksef_is_connected = not status["obstacle"]
            schema = self.env["l10n_pl_ksef.schema"]._get_schema()
            settings.l10n_pl_ksef_has_schema = schema is not None
            other = self.env["l10n_pl_ksef.other_module"]
            settings.l10n_pl_ksef_has_other = other._has_certificate(
                settings.company_id
            )

    def _l10n_pl_ksef_facts(self, status):
        """Return what is known of token or certificate, as label and value."""
        explain = self.env["l10n_pl_ksef.explain"]
        own = {
            "token": self._l10n_pl_ksef_token_facts,
            "certificate": self._l10n_pl_ksef_certificate_facts,
        }[status["login_method"]]
        facts = (
            (self.env._("NIP"), explain._format_nip(status["nip"])),
            (self.env._("Checked"), explain._format_time(status["last_checked_on"])),
            *own(status),
            (self.env._("Set by"), status["set_by"]),
            (self.env._("Set on"), explain._format_time(status["set_on"])),
        )
        return [{"label": label, "value": value} for label, value in facts if value]

    def _l10n_pl_ksef_certificate_facts(self, status):
        explain = self.env["l10n_pl_ksef.explain"]
        kind = CERTIFICATE_KINDS.get(status["certificate_kind"])
        serial = explain._format_serial(status["certificate_serial"])
        return (
            (self.env._("Holder"), status["certificate_holder"]),
            (self.env._("Kind of certificate"), kind and self.env._(kind)),
            (self.env._("Serial number"), serial),
            (self.env._("Valid until"), self._l10n_pl_ksef_certificate_end(status)),
        )

    def _l10n_pl_ksef_certificate_end(self, status):
        """Write when the certificate ends, and from some weeks before how soon."""
        now, last = fields.Datetime.now(), status["certificate_valid_until"]
        if not last:
            return ""
        facts = {"date": format_date(self.env, last)}
        if last < now:
            return self.env._("%(date)s; it has ended", **facts)
        days = (get_polish_date(last) - get_polish_date(now)).days
        if days > CERTIFICATE_DAYS:
            return facts["date"]
        return self.env._("%(date)s, days left: %(days)s", days=days, **facts)

    def _l10n_pl_ksef_token_facts(self, status):
        setup = self.env["l10n_pl_ksef.setup"]
        names = setup._get_permission_names(status["token_permissions"] or ())
        return (
            (self.env._("Token"), status["token_reference"]),
            (self.env._("Description"), status["token_description"]),
            (self.env._("May"), names),
            (self.env._("Made by"), self._l10n_pl_ksef_author(status)),
            (self.env._("Made on"), format_date(self.env, status["token_created_on"])),
            (self.env._("Valid until"), self._l10n_pl_ksef_token_end(status)),
        )

    def _l10n_pl_ksef_token_end(self, status):
        if status["token_valid_until"]:
            return format_date(self.env, status["token_valid_until"])
        date = self.env["l10n_pl_ksef.explain"]._format_token_end()
        words = self.env._(NO_END)
        return words % {"date": date}

    def _l10n_pl_ksef_author(self, status):
        """Name who made the token; a person's number is nobody's business."""
        if not status["token_author"]:
            return ""
        if status["token_author_type"] != AUTHOR_COMPANY:
            return self.env._("a person")
        nip = self.env["l10n_pl_ksef.explain"]._format_nip(status["token_author"])
        return self.env._("company with NIP %(nip)s", nip=nip)

    @api.model
    def l10n_pl_ksef_get_connect_facts(self, company_id=False):
        """Return what the dialogues show before token or certificate is given.

        :param company_id: id of a company, by default the current one
        :raises AccessError: not a KSeF administrator of this company
        """
        company = self.env["res.company"].browse(company_id) or self.env.company
        self.env["l10n_pl_ksef.setup"]._check_admin(company)
        environments = [
            self._l10n_pl_ksef_environment_facts(key) for key, _name in ENVIRONMENTS
        ]
        is_open = [entry["key"] for entry in environments if entry["is_open"]]
        current = company.l10n_pl_ksef_environment
        present = self._l10n_pl_ksef_get_present(company)
        usual = "production" if "production" in is_open else "test"
        return {
            "company_id": company.id,
            "company": company.display_name,
            "nip": company._l10n_pl_ksef_nip(),
            "environments": environments,
            "environment": current if current in is_open else usual,
            "connected_to": present.environment,
            "login_method": present.login_method,
            "is_own_address": len(is_open) < len(environments),
            "is_manual": company.l10n_pl_ksef_send_mode == "manual",
        }

    def _l10n_pl_ksef_get_present(self, company):
        """Return the company's own connection whose log-in a new one replaces.

        Empty where the company would begin to send: it has no log-in, uses its
        parent's as a branch, or the database is a copy.
        """
        connection = self.env["l10n_pl_ksef.connection"]._get_for(company)
        is_own = connection.company_id == company
        if not is_own or connection._find_obstacle() in ("no_token", "copy"):
            return connection.browse()
        return connection

    def _l10n_pl_ksef_environment_facts(self, key):
        explain = self.env["l10n_pl_ksef.explain"]
        try:
            portal_url = self.env["l10n_pl_ksef.gateway"]._get_endpoint(key).portal_url
        except ValueError:  # the server is set to another address
            portal_url = False
        return {
            "key": key,
            "label": explain._get_environment_name(key),
            "portal_url": portal_url,
            "is_open": bool(portal_url),
        }

    def action_l10n_pl_ksef_connect(self):
        """Open the dialogue that takes a token."""
        return {
            "type": "ir.actions.client",
            "tag": "l10n_pl_ksef_connect",
            "params": {"company_id": self.company_id.id},
        }

    def action_l10n_pl_ksef_certificate(self):
        """Open the dialogue that takes a certificate with its private key."""
        return {
            "type": "ir.actions.client",
            "tag": "l10n_pl_ksef_certificate",
            "params": {"company_id": self.company_id.id},
        }

    def action_l10n_pl_ksef_test(self):
        """Log in with what is stored and show what KSeF says of it."""
        result = self.env["l10n_pl_ksef.setup"]._test(self.company_id)
        return {
            "type": "ir.actions.client",
            "tag": "l10n_pl_ksef_checks",
            "params": {"title": self.env._("Test connection"), "result": result},
        }

    def action_l10n_pl_ksef_download_schema(self):
        """Fetch the Ministry's schema files from their official address."""
        self.env["l10n_pl_ksef.setup"]._check_admin(self.company_id)
        self.env["l10n_pl_ksef.schema"]._download()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_l10n_pl_ksef_take_over(self):
        """Let this addon send instead of Odoo's own KSeF module."""
        self.env["l10n_pl_ksef.other_module"]._take_over(self.company_id)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_l10n_pl_ksef_disconnect(self):
        """Remove token or certificate from Odoo; at KSeF it stays valid."""
        self.env["l10n_pl_ksef.setup"]._disconnect(self.company_id)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
