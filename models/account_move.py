"""Invoices: posting writes the outbox row; what KSeF holds is not changed."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.sql import column_exists, create_column

# What KSeF knows an invoice by, and what it says of it, once it may have it.
FROZEN_FIELDS = frozenset(
    {
        *("name", "invoice_date", "partner_id", "commercial_partner_id"),
        *("move_type", "company_id", "currency_id"),
    }
)
STATES_THAT_UNDO = ("draft", "cancel")
# Check whose problem no change of the invoice solves.
NOT_SUPPORTED = "not_supported"
DOCUMENT_COLUMN = "l10n_pl_ksef_document_id"


# Who reads submissions; customers in the portal see a number and a link alone.
READERS = "account.group_account_invoice,account.group_account_readonly"


INVOICING = "account.group_account_invoice"
# The second one stands for it where only Invoicing is installed.
BOOKKEEPING = "account.group_account_user,account.group_account_manager"


class AccountMove(models.Model):
    _inherit = "account.move"

    l10n_pl_ksef_document_ids = fields.One2many(
        "l10n_pl_ksef.document",
        "move_id",
        "KSeF submissions",
        copy=False,
        groups=READERS,
    )
    l10n_pl_ksef_document_id = fields.Many2one(
        "l10n_pl_ksef.document",
        "Latest KSeF submission",
        compute="_compute_l10n_pl_ksef_document_id",
        store=True,
        copy=False,
        index="btree_not_null",
        groups=READERS,
    )
    l10n_pl_ksef_state = fields.Selection(
        related="l10n_pl_ksef_document_id.state", string="KSeF state"
    )
    l10n_pl_ksef_upo_state = fields.Selection(
        related="l10n_pl_ksef_document_id.upo_state", string="UPO state"
    )
    l10n_pl_ksef_number = fields.Char(
        related="l10n_pl_ksef_document_id.ksef_number", string="KSeF number"
    )
    l10n_pl_ksef_environment = fields.Selection(
        related="l10n_pl_ksef_document_id.environment", string="KSeF environment"
    )
    l10n_pl_ksef_sent_on = fields.Datetime(
        related="l10n_pl_ksef_document_id.invoicing_on", string="Sent to KSeF on"
    )
    l10n_pl_ksef_acquired_on = fields.Datetime(
        related="l10n_pl_ksef_document_id.acquired_on", string="KSeF number given on"
    )
    l10n_pl_ksef_mode = fields.Selection(
        related="l10n_pl_ksef_document_id.mode", string="KSeF mode"
    )
    l10n_pl_ksef_link = fields.Char(
        related="l10n_pl_ksef_document_id.verification_link",
        string="KSeF verification link",
    )
    l10n_pl_ksef_is_due = fields.Boolean(
        "Meant for KSeF", compute="_compute_l10n_pl_ksef_is_due"
    )
    l10n_pl_ksef_can_send = fields.Boolean(
        "Can be sent to KSeF", compute="_compute_l10n_pl_ksef_is_due"
    )
    l10n_pl_ksef_is_frozen = fields.Boolean(
        "Frozen by KSeF", compute="_compute_l10n_pl_ksef_is_frozen"
    )
    l10n_pl_ksef_is_written = fields.Boolean(
        "In a file for KSeF",
        compute="_compute_l10n_pl_ksef_is_frozen",
        help="What the file says can only be changed before it is made.",
    )
    l10n_pl_ksef_line = fields.Json(
        "KSeF status", compute="_compute_l10n_pl_ksef_line", groups=READERS
    )

    def _auto_init(self):
        # EXTENDS account: an empty column needs no computing over all the books.
        if not column_exists(self.env.cr, self._table, DOCUMENT_COLUMN):
            create_column(self.env.cr, self._table, DOCUMENT_COLUMN, "int4")
        return super()._auto_init()

    @api.depends("l10n_pl_ksef_document_ids")
    def _compute_l10n_pl_ksef_document_id(self):
        for move in self:
            move.l10n_pl_ksef_document_id = move.l10n_pl_ksef_document_ids.sorted(
                "generation"
            )[-1:]

    @api.depends(
        *("state", "move_type", "company_id", "invoice_date", "partner_id"),
        *("reversed_entry_id", "l10n_pl_ksef_document_id.state"),
    )
    def _compute_l10n_pl_ksef_is_due(self):
        outbox = self.env["l10n_pl_ksef.outbox"]
        for move in self:
            move.l10n_pl_ksef_is_due = not outbox._get_not_due_reason(move)
            move.l10n_pl_ksef_can_send = outbox._can_send(move)

    @api.depends("l10n_pl_ksef_document_id.state")
    def _compute_l10n_pl_ksef_is_frozen(self):
        for move in self:
            document = move.sudo().l10n_pl_ksef_document_id
            is_frozen = bool(document) and document._is_identity_frozen()
            move.l10n_pl_ksef_is_frozen = is_frozen
            is_written = bool(document) and document._is_identity_written()
            move.l10n_pl_ksef_is_written = is_written

    @api.depends_context("lang", "tz", "uid")
    @api.depends(
        *("state", "l10n_pl_ksef_document_id.state"),
        "l10n_pl_ksef_document_id.upo_state",
    )
    def _compute_l10n_pl_ksef_line(self):
        explain = self.env["l10n_pl_ksef.explain"]
        for move in self:
            move.l10n_pl_ksef_line = explain._get_line(move)

    def _post(self, soft=True):
        # EXTENDS account
        posted = super()._post(soft)
        self.env["l10n_pl_ksef.outbox"]._enqueue(posted)
        return posted

    def action_post(self):
        # EXTENDS account
        result = super().action_post()
        if len(self) == 1 and self._l10n_pl_ksef_is_person():
            self._l10n_pl_ksef_check_posted()
        return result

    def _l10n_pl_ksef_is_person(self):
        """Tell a person's Confirm from a job's or another module's posting."""
        return not self.env.su and not self.env.context.get("cron_id")

    def _l10n_pl_ksef_check_posted(self):
        """Take the posting back if the company wants no invoice held for data.

        :raises UserError: with everything that is missing, one line each
        """
        document = self.sudo().l10n_pl_ksef_document_id
        owner = self.company_id._l10n_pl_ksef_owner()
        held = document.state == "blocked" and document.blocked_reason == "data"
        if not held or owner.l10n_pl_ksef_on_problem != "stop":
            return
        problems = [
            problem["message"]
            for problem in document.problems
            if problem["level"] == "stop"
        ]
        if any(problem["key"] == NOT_SUPPORTED for problem in document.problems):
            # Nobody could fix that here: the books must not wait for it.
            return
        raise UserError(
            self.env._(
                "To fix before KSeF can take the invoice: %(count)s\n%(problems)s",
                count=len(problems),
                problems="\n".join(f"• {problem}" for problem in problems),
            )
        )

    def write(self, vals):
        # EXTENDS account
        undoes = vals.get("state") in STATES_THAT_UNDO
        if undoes or not self._l10n_pl_ksef_file_fields().isdisjoint(vals):
            self._l10n_pl_ksef_check_change(vals, undoes)
        if undoes:
            self._l10n_pl_ksef_withdraw()
        return super().write(vals)

    def _l10n_pl_ksef_file_fields(self):
        """Return the names of fields that the file for KSeF says; extend here."""
        return FROZEN_FIELDS

    def _l10n_pl_ksef_check_change(self, vals, undoes):
        """Refuse to change what KSeF has or may have, or what its file says.

        :raises UserError: naming the invoice and what to do instead
        """
        explain = self.env["l10n_pl_ksef.explain"]
        for move in self:
            document = move.sudo().l10n_pl_ksef_document_id
            if not document:
                continue
            if undoes and document._is_identity_frozen():
                raise UserError(explain._get_refusal(document))
            is_written = not undoes and document._is_identity_written()
            if is_written and move._l10n_pl_ksef_differs(vals):
                raise UserError(explain._get_refusal(document))

    def _l10n_pl_ksef_differs(self, vals):
        """Tell whether writing `vals` would change a field that KSeF knows."""
        for name in self._l10n_pl_ksef_file_fields().intersection(vals):
            field = self._fields[name]
            if field.type in ("one2many", "many2many"):
                return True
            value = field.convert_to_cache(vals[name], self)
            if field.convert_to_record(value, self) != self[name]:
                return True
        return False

    def _l10n_pl_ksef_withdraw(self):
        """Take back submissions that KSeF certainly does not have.

        :raises UserError: the job is sending one of them this very moment
        """
        documents = self.sudo().l10n_pl_ksef_document_id.filtered(
            lambda document: document.state in ("queued", "blocked")
        )
        if not documents:
            return
        locked = documents.try_lock_for_update(allow_referencing=True)
        if locked != documents:
            raise UserError(
                self.env._(
                    "%(invoice)s is being sent to KSeF right now. Wait for the result.",
                    invoice=(documents - locked)[:1].invoice_number,
                )
            )
        unsent = documents.filtered(lambda document: not document.attempt_count)
        (documents - unsent)._set_state("withdrawn")
        unsent.unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_ksef(self):
        documents = self.sudo().l10n_pl_ksef_document_ids
        for document in documents:
            if document._is_identity_frozen():
                raise UserError(self.env["l10n_pl_ksef.explain"]._get_refusal(document))
        sent = documents.filtered("attempt_count")
        if sent:
            raise UserError(
                self.env._(
                    "%(invoice)s was sent to KSeF, and what was sent is kept as"
                    " evidence. Cancel the invoice instead of deleting it.",
                    invoice=sent[:1].invoice_number,
                )
            )
        documents.unlink()

    def action_l10n_pl_ksef_send(self):
        """Send now: queue what is not queued, and wake the job."""
        self._l10n_pl_ksef_check_group(INVOICING)
        self.check_access("write")
        self.env["l10n_pl_ksef.outbox"]._send_now(self)

    def action_l10n_pl_ksef_check(self):
        """Ask KSeF now what became of these invoices."""
        self._l10n_pl_ksef_check_group(INVOICING)
        self.check_access("read")
        self.env["l10n_pl_ksef.outbox"]._ask_now(self)

    def action_l10n_pl_ksef_adopt(self):
        """Decide that the invoice KSeF holds under this number is this one."""
        self._l10n_pl_ksef_check_group(BOOKKEEPING)
        self.check_access("write")
        self.sudo().l10n_pl_ksef_document_id._adopt_original()

    def action_l10n_pl_ksef_dismiss(self):
        """Decide that KSeF holds another invoice: this one gets a new number."""
        self._l10n_pl_ksef_check_group(BOOKKEEPING)
        self.check_access("write")
        self.sudo().l10n_pl_ksef_document_id._dismiss_original()

    def _l10n_pl_ksef_check_group(self, groups):
        """:raises AccessError: the user is in none of these groups"""
        if not self.env.user.has_groups(groups):
            raise AccessError(
                self.env._("You may not do this. Ask who keeps the books.")
            )

    def action_l10n_pl_ksef_open_documents(self):
        """Open the submissions of this invoice."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "l10n_pl_ksef.document",
            "view_mode": "list,form",
            "domain": [("move_id", "=", self.id)],
            "name": self.env._("Submissions to KSeF"),
        }
