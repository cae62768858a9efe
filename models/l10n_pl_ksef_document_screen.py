"""What the screens of a submission need: looks, problems, files at a click."""

from odoo import api, fields, models

from .l10n_pl_ksef_document import STATES

# What is on hold only for a time, or by nobody's fault, is not shown in red.
STATE_BY_REASON = {
    "date": "queued",
    "original": "waiting",
    "clock": "held",
    "copy": "held",
    "module": "held",
    "address": "held",
}
DISPLAY_STATES = [*STATES, ("waiting", "Waiting"), ("held", "On hold")]
DISPLAY_UPO = [
    ("none", "None"),
    ("wanted", "Being fetched"),
    ("late", "no UPO"),
    ("stored", "Stored"),
    ("doubtful", "To be checked"),
]


class Document(models.Model):
    _inherit = "l10n_pl_ksef.document"

    display_state = fields.Selection(
        DISPLAY_STATES, "State shown", compute="_compute_display_state"
    )
    display_upo = fields.Selection(
        DISPLAY_UPO, "UPO shown", compute="_compute_display_upo"
    )
    problem_text = fields.Text("To fix", compute="_compute_problem_text")

    @api.depends("state", "blocked_reason")
    def _compute_display_state(self):
        for document in self:
            is_blocked = document.state == "blocked"
            shown = is_blocked and STATE_BY_REASON.get(document.blocked_reason)
            document.display_state = shown or document.state

    @api.depends("state", "state_since", "upo_state")
    def _compute_display_upo(self):
        explain = self.env["l10n_pl_ksef.explain"]
        for document in self:
            is_accepted = document.state == "accepted"
            key = is_accepted and explain._get_accepted_key(document)
            is_late = key == "accepted_late"
            document.display_upo = "late" if is_late else document.upo_state

    @api.depends("problems")
    def _compute_problem_text(self):
        for document in self:
            messages = [problem["message"] for problem in document.problems or []]
            document.problem_text = "\n".join(messages)

    def action_download_upo(self):
        """Download the UPO exactly as KSeF gave it."""
        return self._download("upo")

    def action_download_xml(self):
        """Download the XML exactly as it was sent."""
        return self._download("xml")

    @api.private
    def _download(self, name):
        self.ensure_one()
        path = f"/web/content/{self._name}/{self.id}/{name}"
        return {
            "type": "ir.actions.act_url",
            "url": f"{path}?download=true&filename_field={name}_filename",
            "target": "download",
        }
