"""One submission of one invoice: the outbox row, later the evidence."""

import base64
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .res_company import ENVIRONMENTS

STATES = [
    ("queued", "Queued"),
    ("sending", "Sending"),
    ("unknown", "Checking"),
    ("processing", "Processing"),
    ("accepted", "Accepted"),
    ("rejected", "Rejected"),
    ("conflict", "To clear up"),
    ("blocked", "On hold"),
    ("withdrawn", "Withdrawn"),
]
# From a state to those it may become. `blocked` goes back to `return_state`.
TRANSITIONS = {
    "queued": {"sending", "blocked", "withdrawn"},
    "sending": {"processing", "unknown", "queued", "rejected", "blocked"},
    "unknown": {"processing", "queued", "accepted", "conflict", "blocked"},
    "processing": {"accepted", "rejected", "queued", "conflict", "unknown", "blocked"},
    "accepted": set(),
    "rejected": set(),
    "conflict": {"accepted", "withdrawn"},
    "blocked": {"queued", "sending", "unknown", "processing", "withdrawn", "blocked"},
    "withdrawn": set(),
}
# While KSeF may hold the invoice its identity is frozen (reliability, P2).
FROZEN_STATES = ("sending", "unknown", "processing", "accepted", "conflict")
OPEN_STATES = ("queued", "sending", "unknown", "processing", "blocked")
BLOCKED_REASONS = [
    ("data", "Missing or wrong data"),
    ("date", "Later invoice date"),
    ("original", "Waits for another invoice's number"),
    ("no_token", "No token"),
    ("token", "Token not accepted"),
    ("certificate", "Certificate not accepted"),
    ("right", "Permission missing"),
    ("nip", "NIP differs"),
    ("clock", "The server's clock is wrong"),
    ("copy", "Copy of a database"),
    ("key", "Key of the secrets is missing"),
    ("module", "Odoo's own module is in charge"),
    ("address", "Server set to another address"),
    ("program", "KSeF did not understand the request"),
]
# Where a transaction gathers the invoices it changed, and how many of them one
# message names at the most.
CHANGED = "l10n_pl_ksef.changed"
NOTICE_SIZE = 1000


class Document(models.Model):
    r"""One submission of one invoice to KSeF.

    The row is written in the transaction that posts the invoice, and never
    overwritten by a later submission: each has its generation. ::

        queued --> sending --> processing --> accepted
          ^          |  ^          |
          |          v  +-asked-+  +--> rejected
          +------ unknown ------+-----> conflict
        any open state --> blocked --> back;  queued, blocked --> withdrawn

    Users read; only code under ``sudo`` writes, and only :meth:`_set_state`
    writes the state.
    """

    _name = "l10n_pl_ksef.document"
    _description = "KSeF submission"
    _rec_name = "invoice_number"
    _order = "id desc"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", required=True, index=True)
    move_id = fields.Many2one(
        "account.move", "Invoice", required=True, ondelete="restrict", index=True
    )
    generation = fields.Integer("Submission no.", required=True, default=1)
    connection_id = fields.Many2one(
        "l10n_pl_ksef.connection",
        required=True,
        ondelete="restrict",
        index=True,
        groups="base.group_no_one",
    )
    environment = fields.Selection(ENVIRONMENTS, required=True)
    nip = fields.Char("Seller's NIP", required=True)
    invoice_number = fields.Char("Invoice number", required=True)
    kind = fields.Char("Kind of invoice")
    issue_date = fields.Date("Invoice date", required=True)

    state = fields.Selection(STATES, required=True, default="queued", readonly=True)
    state_since = fields.Datetime(
        "In this state since", required=True, default=fields.Datetime.now
    )
    return_state = fields.Selection(STATES, help="State before it was put on hold.")
    blocked_reason = fields.Selection(BLOCKED_REASONS, "Reason of the hold")
    next_step_on = fields.Datetime("Next step on", index="btree_not_null")
    attempt_count = fields.Integer("Attempts")
    step_count = fields.Integer(help="Questions asked since the state began.")
    refusal_count = fields.Integer(help="Questions refused since the last answer.")
    sent_on = fields.Datetime("Last attempt on")

    session_id = fields.Many2one(
        "l10n_pl_ksef.session", groups="base.group_no_one", index="btree_not_null"
    )
    session_reference = fields.Char("Reference number of the session")
    reference = fields.Char("Reference number")
    xml = fields.Binary("XML", attachment=False, readonly=True)
    xml_filename = fields.Char(compute="_compute_filenames")
    sha256 = fields.Char("SHA-256", help="Of the XML, Base64.")
    content_created_on = fields.Datetime(
        "File made on", help="Creation time written in the XML."
    )
    problems = fields.Json(help="What keeps the invoice from being sent.")
    awaited_move_ids = fields.Many2many(
        "account.move",
        "l10n_pl_ksef_document_awaited_rel",
        string="Waits for the KSeF number of",
        groups="base.group_no_one",
    )

    ksef_number = fields.Char("KSeF number", index="btree_not_null")
    invoicing_on = fields.Datetime("Sent on")
    acquired_on = fields.Datetime("Number given on")
    mode = fields.Selection([("online", "Online"), ("offline", "Offline")])
    status_code = fields.Char("KSeF's code")
    status_description = fields.Char("KSeF's answer")
    status_details = fields.Text("KSeF's details")
    original_ksef_number = fields.Char(help="Number that KSeF says is taken.")

    upo_state = fields.Selection(
        [
            ("none", "None"),
            ("wanted", "Being fetched"),
            ("stored", "Stored"),
            ("doubtful", "To be checked"),
        ],
        "UPO",
        required=True,
        default="none",
    )
    upo = fields.Binary("UPO file", compute="_compute_upo", compute_sudo=True)
    upo_filename = fields.Char(compute="_compute_filenames")
    upo_single = fields.Binary(
        "UPO of this invoice alone", attachment=False, readonly=True
    )
    receipt_id = fields.Many2one(
        "l10n_pl_ksef.receipt",
        "Collective UPO",
        ondelete="restrict",
        groups="base.group_no_one",
        index="btree_not_null",
    )
    upo_sha256 = fields.Char("SHA-256 of the UPO")
    upo_stored_on = fields.Datetime("UPO stored on")
    upo_differences = fields.Json(help="Facts in which UPO and invoice differ.")
    verification_link = fields.Char(
        "Verification link", compute="_compute_verification_link"
    )

    _generation_uniq = models.Constraint(
        "UNIQUE(company_id, environment, move_id, generation)",
        "This submission of the invoice exists already.",
    )
    _ksef_number_uniq = models.UniqueIndex(
        "(company_id, environment, ksef_number) WHERE ksef_number IS NOT NULL",
        "This KSeF number is already on another invoice of the company.",
    )
    # What the job looks for: finished documents are in neither index.
    _work_idx = models.Index(
        "(connection_id, state, next_step_on, id) WHERE next_step_on IS NOT NULL"
    )
    _held_idx = models.Index(
        "(connection_id, blocked_reason, id) WHERE state = 'blocked'"
    )

    @api.depends("ksef_number", "invoice_number")
    def _compute_filenames(self):
        for document in self:
            name = document.ksef_number or document.invoice_number or "invoice"
            safe = "".join(char if char.isalnum() else "_" for char in name)
            document.xml_filename = f"{safe}.xml"
            document.upo_filename = f"UPO_{safe}.xml"

    @api.depends("upo_single", "receipt_id.content")
    def _compute_upo(self):
        for document in self:
            document.upo = document.upo_single or document.receipt_id.content

    @api.depends("environment", "nip", "issue_date", "sha256")
    def _compute_verification_link(self):
        gateway = self.env["l10n_pl_ksef.gateway"]
        for document in self:
            document.verification_link = document.sha256 and gateway._get_link(
                document.environment,
                document.nip,
                document.issue_date,
                document.sha256,
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        if self.filtered("attempt_count"):
            raise UserError(
                self.env._(
                    "A submission to KSeF is evidence and cannot be deleted once it"
                    " was sent."
                )
            )

    @api.private
    def _set_state(self, state, **values):
        """Move to a state; the only code that writes it.

        :param values: further fields to write with it
        :raises ValueError: the table of transitions does not know the step
        """
        for before in set(self.mapped("state")):
            if state not in TRANSITIONS[before]:
                raise ValueError(f"{before} cannot become {state}")
        now = fields.Datetime.now()
        self.write(
            {
                "state": state,
                "state_since": now,
                "step_count": 0,
                "refusal_count": 0,
                "next_step_on": now if state in OPEN_STATES else False,
                "blocked_reason": False,
                "return_state": False,
                **values,
            }
        )
        if state == "accepted":
            self.env["l10n_pl_ksef.outbox"]._wake_waiting(self.move_id)
        self._notify()

    @api.private
    def _block(self, reason, **values):
        """Put on hold and remember where to go on."""
        known = self.filtered(lambda document: document.blocked_reason == reason)
        known.write({"next_step_on": False, **values})
        for back, group in (self - known).grouped(_get_way_back).items():
            group._set_state(
                "blocked",
                **{"next_step_on": False, "return_state": back} | values,
                blocked_reason=reason,
            )

    @api.private
    def _release(self):
        """Go on where it was before it was put on hold."""
        held = self.filtered(lambda document: document.state == "blocked")
        for back, group in held.grouped("return_state").items():
            group._set_state(back or "queued")

    @api.private
    def _adopt_original(self):
        """A person compared: what KSeF holds under this number is this invoice.

        :raises UserError: there is nothing to decide, or KSeF named no number
        """
        self.ensure_one()
        if self.state != "conflict" or not self.original_ksef_number:
            raise UserError(
                self.env._("KSeF named no number that could be taken over.")
            )
        self._set_state("accepted", ksef_number=self.original_ksef_number)
        self.move_id._message_log(
            body=self.env._(
                "%(user)s took the KSeF number %(number)s over after comparing.",
                user=self.env.user.name,
                number=self.ksef_number,
            )
        )

    @api.private
    def _dismiss_original(self):
        """A person compared: KSeF holds another invoice under this number.

        :raises UserError: there is nothing to decide
        """
        self.ensure_one()
        if self.state != "conflict":
            raise UserError(self.env._("There is nothing to decide any more."))
        self._set_state("withdrawn")
        self.move_id._message_log(
            body=self.env._(
                "%(user)s decided that KSeF holds another invoice under this number."
                " Reset this one to draft and give it a new number.",
                user=self.env.user.name,
            )
        )

    @api.private
    def _plan(self, seconds, is_refused=False):
        """Set when the next question is asked, and count it.

        :param is_refused: KSeF would not answer the last one
        """
        self.ensure_one()
        self.write(
            {
                "next_step_on": fields.Datetime.now() + timedelta(seconds=seconds),
                "step_count": self.step_count + 1,
                "refusal_count": self.refusal_count + 1 if is_refused else 0,
            }
        )

    @api.private
    def _postpone(self, seconds):
        """Set when the next question is asked, without counting one."""
        moment = fields.Datetime.now() + timedelta(seconds=seconds)
        self.write({"next_step_on": moment})

    @api.private
    def _get_xml(self):
        """Return the frozen bytes; no bytes before the file was made."""
        self.ensure_one()
        return base64.b64decode(self.with_context(bin_size=False).xml or b"")

    @api.private
    def _get_upo(self):
        """Return the bytes of the receipt, alone or of the whole session."""
        self.ensure_one()
        return base64.b64decode(self.with_context(bin_size=False).sudo().upo or b"")

    @api.private
    def _is_in_package(self):
        """Tell whether a package that is under way decides its next step."""
        self.ensure_one()
        session = self.sudo().session_id
        return session.kind == "batch" and bool(session.next_step_on)

    @api.private
    def _is_identity_frozen(self):
        """Tell whether KSeF may hold the invoice, so that it must not change."""
        self.ensure_one()
        state = self.return_state if self.state == "blocked" else self.state
        return state in FROZEN_STATES and not self._is_trial()

    @api.private
    def _is_identity_written(self):
        """Tell whether number, buyer and date stand in a file that will be sent."""
        self.ensure_one()
        is_waiting = self.state in ("queued", "blocked") and bool(self.sha256)
        return is_waiting or self._is_identity_frozen()

    @api.private
    def _is_trial(self):
        """Tell whether this was a trial on the way to production.

        What the test environments accepted has no legal effect, so it binds
        nobody once the company works with the real KSeF.
        """
        self.ensure_one()
        owner = self.company_id._l10n_pl_ksef_owner()
        is_real = owner.l10n_pl_ksef_environment == "production"
        return is_real and self.environment != "production"

    @api.private
    def _notify(self):
        """Tell open forms, once the transaction is committed, to look again.

        One message for all that a transaction changes.
        """
        waiting = self.env.cr.precommit.data.setdefault(CHANGED, set())
        if not waiting:
            self.env.cr.precommit.add(self.browse()._send_notices)
        waiting.update(self.move_id.ids)

    @api.private
    def _send_notices(self):
        moves = sorted(self.env.cr.precommit.data.pop(CHANGED, ()))
        group = self.env.ref("account.group_account_invoice")
        for start in range(0, len(moves), NOTICE_SIZE):
            group._bus_send(
                "l10n_pl_ksef/changed",
                {"move_ids": moves[start : start + NOTICE_SIZE]},
            )


def _get_way_back(document):
    """Return the state that a document goes back to after being held."""
    return document.return_state or document.state
