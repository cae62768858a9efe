"""Is this month ready for KSeF? Problems by the record to fix, and by invoice."""

from collections import Counter, defaultdict
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from ..models.l10n_pl_ksef_checks import LEVELS
from ..models.l10n_pl_ksef_fa3_sending import polish_day
from ..models.l10n_pl_ksef_outbox import SENT_MOVE_TYPES

# Invoices that are checked at once: about a second of work.
BATCH = 200
MONTHS_BACK = 12
# What was posted and still has to be sent: nothing, or nothing that KSeF may hold.
UNSENT_STATES = (False, "blocked", "rejected", "withdrawn")
# A level also for those without a problem.
READY, NOT_DUE, SENT = "ready", "not_due", "sent"
PROBLEM_LEVELS = [("stop", "✗ To fix"), ("warn", "! To look at"), ("note", "i To know")]
INVOICE_LEVELS = [
    *PROBLEM_LEVELS,
    (READY, "✓ Ready"),
    (SENT, "✓ In KSeF"),
    (NOT_DUE, "– Not required"),
]


class Readiness(models.TransientModel):
    """One look at a month, a selection of invoices, a partner or a product.

    Its rows are written by Odoo alone: a row of a user's own would tell them the
    customer and the day of any invoice.
    """

    _name = "l10n_pl_ksef.readiness"
    _description = "Readiness for KSeF"

    month = fields.Selection("_get_months", default=lambda self: _key(polish_day()))
    is_selection = fields.Boolean("Selected invoices")
    subject = fields.Char()
    state = fields.Selection(
        [("new", "Not checked"), ("running", "Being checked"), ("done", "Checked")],
        default="new",
        required=True,
    )
    draft_count = fields.Integer("Drafts", compute="_compute_counts")
    unsent_count = fields.Integer("Posted, not sent", compute="_compute_counts")
    total = fields.Integer()
    checked = fields.Integer()
    invoice_ids = fields.One2many("l10n_pl_ksef.readiness.invoice", "readiness_id")
    record_ids = fields.One2many("l10n_pl_ksef.readiness.record", "readiness_id")
    problem_ids = fields.One2many("l10n_pl_ksef.readiness.problem", "readiness_id")
    stop_count = fields.Integer("To fix", compute="_compute_results")
    warn_count = fields.Integer("To look at", compute="_compute_results")
    ready_count = fields.Integer("Ready", compute="_compute_results")

    @api.model
    def _get_months(self):
        first = polish_day().replace(day=1)
        months = [first + relativedelta(months=-back) for back in range(MONTHS_BACK)]
        return [
            (_key(month), format_date(self.env, month, date_format="LLLL yyyy"))
            for month in [first + relativedelta(months=1), *months]
        ]

    @api.depends("subject")
    def _compute_display_name(self):
        for readiness in self:
            name = readiness.subject or self.env._("Readiness for KSeF")
            readiness.display_name = name

    @api.depends("month")
    def _compute_counts(self):
        for readiness in self:
            domain, moves = readiness._get_domain(), self.env["account.move"]
            drafts = domain & Domain("state", "=", "draft")
            readiness.draft_count = moves.search_count(drafts)
            posted = domain & Domain("state", "=", "posted")
            readiness.unsent_count = moves.search_count(posted)

    @api.depends("invoice_ids.level", "state")
    def _compute_results(self):
        counts = self.env["l10n_pl_ksef.readiness.invoice"]._read_group(
            [("readiness_id", "in", self.ids)], ["readiness_id", "level"], ["__count"]
        )
        found = {(readiness.id, level): count for readiness, level, count in counts}
        for readiness in self:
            by_level = Counter(
                {level: found.get((readiness.id, level), 0) for level in _KEYS}
            )
            readiness.stop_count = by_level["stop"]
            readiness.warn_count = by_level["warn"]
            readiness.ready_count = by_level[READY] + by_level["note"]

    def _get_domain(self):
        """Return what there is to check of a month: drafts, and posted but unsent."""
        self.ensure_one()
        moves = self.env["account.move"]
        due = Domain.OR(
            moves._l10n_pl_ksef_due_domain(company) for company in self.env.companies
        )
        year, month = map(int, (self.month or _key(polish_day())).split("-"))
        first = date(year, month, 1)
        last = first + relativedelta(months=1, days=-1)
        dated = Domain("invoice_date", ">=", first) & Domain("invoice_date", "<=", last)
        draft = Domain("state", "=", "draft")
        if first <= polish_day() <= last:
            # A draft without a date gets the one on which it is confirmed.
            dated |= draft & Domain("invoice_date", "=", False)
        unsent = Domain("state", "=", "posted")
        unsent &= Domain("l10n_pl_ksef_state", "in", UNSENT_STATES)
        return due & dated & (draft | unsent)

    @api.model
    @api.private
    def _open_selection(self, moves):
        """Check these invoices, and show how far it is."""
        sales = moves.filtered(lambda move: move.move_type in SENT_MOVE_TYPES)
        readiness = self.create({"is_selection": True})
        readiness._start(sales)
        return readiness._open()

    @api.private
    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(self.env.ref("l10n_pl_ksef.view_readiness_form").id, "form")],
        }

    def action_check(self):
        """Begin to check the month; the page goes on by itself."""
        self.ensure_one()
        if self.is_selection:
            moves = self.invoice_ids.move_id
        else:
            moves = self.env["account.move"].search(self._get_domain())
        self._start(moves)

    @api.private
    def _start(self, moves):
        rows = self.sudo()
        rows.invoice_ids.unlink()
        rows.record_ids.unlink()
        rows.problem_ids.unlink()
        values = [{"readiness_id": self.id, "move_id": move.id} for move in moves]
        rows.invoice_ids.create(values)
        state = "running" if moves else "done"
        self.write({"state": state, "total": len(moves), "checked": 0})

    def action_step(self):
        """Check the next invoices; called again and again by the page.

        :returns: how many were checked, of how many, and whether that was all
        """
        self.ensure_one()
        if self.state == "running":
            rows = self.env["l10n_pl_ksef.readiness.invoice"].search(
                [("readiness_id", "=", self.id), ("level", "=", False)],
                order="id",
                limit=BATCH,
            )
            rows._check()
            self.checked += len(rows)
            if len(rows) < BATCH or self.checked >= self.total:
                self._finish()
        return {
            "checked": self.checked,
            "total": self.total,
            "is_done": self.state == "done",
        }

    @api.private
    def _finish(self):
        """Put the problems of all invoices together by the record to fix."""
        groups = self.env["l10n_pl_ksef.readiness.problem"]._read_group(
            [("readiness_id", "=", self.id)],
            ["res_model", "res_id", "key", "level", "record_name"],
            ["message:min", "field_label:min", "move_id:count_distinct"],
        )
        names = (
            *("res_model", "res_id", "key", "level", "record_name"),
            *("message", "field_label", "invoice_count"),
        )
        found = [dict(zip(names, group, strict=True)) for group in groups]
        found.sort(key=lambda row: (LEVELS.index(row["level"]), -row["invoice_count"]))
        self.sudo().record_ids = [Command.create(row) for row in found]
        self.write({"state": "done", "checked": self.total})

    def action_export_list(self):
        """Open all problems as a list, which Odoo can group, search and export."""
        self.ensure_one()
        name = self.env._("Problems before sending to KSeF")
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "l10n_pl_ksef.readiness.problem",
            "view_mode": "list",
            "domain": [("readiness_id", "=", self.id)],
            "context": {"search_default_by_record": True},
        }

    def action_open_stop(self):
        """Open the invoices that cannot be sent as they are."""
        return self._open_invoices(("stop",))

    def action_open_warn(self):
        """Open the invoices that can be sent, but should be looked at."""
        return self._open_invoices(("warn",))

    def action_open_ready(self):
        """Open the invoices to which nothing has to be done."""
        return self._open_invoices((READY, "note"))

    @api.private
    def _open_invoices(self, levels):
        self.ensure_one()
        rows = self.invoice_ids.filtered(lambda row: row.level in levels)
        name = self.env._("Invoices")
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "account.move",
            "view_mode": "list,kanban,form",
            "domain": [("id", "in", rows.move_id.ids)],
            "context": {"default_move_type": "out_invoice"},
        }


class ReadinessInvoice(models.TransientModel):
    """One invoice that is checked."""

    _name = "l10n_pl_ksef.readiness.invoice"
    _description = "Invoice checked for KSeF"
    _order = "level_order, id"

    readiness_id = fields.Many2one(
        "l10n_pl_ksef.readiness", required=True, index=True, ondelete="cascade"
    )
    move_id = fields.Many2one(
        "account.move", "Invoice", required=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(related="move_id.partner_id")
    invoice_date = fields.Date(related="move_id.invoice_date")
    level = fields.Selection(INVOICE_LEVELS, "Result")
    level_order = fields.Integer()
    stop_count = fields.Integer("To fix")
    warn_count = fields.Integer("To look at")

    @api.private
    def _check(self):
        """Check the invoices of a batch and write what was found.

        :raises AccessError: an invoice is no longer one that the user may read
        """
        moves = self.move_id
        moves.check_access("read")
        due = moves.filtered(lambda move: self._get_other_level(move) is None)
        export = self.env["l10n_pl_ksef.fa3.export"].sudo()
        found = export._check(due, polish_day()) if due else {}
        problems = [
            self._prepare_problem(row, problem)
            for row in self
            for problem in found.get(row.move_id, ())
        ]
        self._add_names(problems)
        self.readiness_id.sudo().problem_ids.create(problems)
        groups = defaultdict(self.browse)
        for row in self:
            groups[self._get_result(row, found)] += row
        for (level, stops, warns), rows in groups.items():
            rows.sudo().write(
                {
                    "level": level,
                    "level_order": _KEYS.index(level),
                    "stop_count": stops,
                    "warn_count": warns,
                }
            )

    def _get_other_level(self, move):
        """Return the level of an invoice that is not to be sent, else None."""
        document = move.sudo().l10n_pl_ksef_document_id
        if document.state == "accepted" and not document._is_trial():
            return SENT
        is_left_out = self.env["l10n_pl_ksef.outbox"]._get_not_due_reason(move)
        return NOT_DUE if is_left_out else None

    def _get_result(self, row, found):
        other = self._get_other_level(row.move_id)
        if other:
            return other, 0, 0
        counts = Counter(problem.level for problem in found[row.move_id])
        level = next((level for level in LEVELS if counts[level]), READY)
        return level, counts["stop"], counts["warn"]

    def _prepare_problem(self, row, problem):
        model, res_id = problem.record
        return {
            "readiness_id": row.readiness_id.id,
            "move_id": row.move_id.id,
            "key": problem.key,
            "level": problem.level,
            "message": problem.message,
            "res_model": model,
            "res_id": res_id,
            "field_label": problem.field,
        }

    def _add_names(self, problems):
        """Add the names of the records to fix, those of a model at once."""
        records = defaultdict(set)
        for values in problems:
            records[values["res_model"]].add(values["res_id"])
        names = {
            (model, record.id): _get_name(record)
            for model, ids in records.items()
            for record in self.env[model].sudo().browse(ids)
        }
        for values in problems:
            record = values["res_model"], values["res_id"]
            values["record_name"] = names.get(record) or values["message"]

    def action_open(self):
        """Open the invoice."""
        return _open_record(self.move_id)


class ReadinessProblem(models.TransientModel):
    """One problem of one invoice: what Odoo's own export takes away."""

    _name = "l10n_pl_ksef.readiness.problem"
    _description = "Problem before sending to KSeF"
    _order = "level, record_name, id"

    readiness_id = fields.Many2one(
        "l10n_pl_ksef.readiness", required=True, index=True, ondelete="cascade"
    )
    move_id = fields.Many2one("account.move", "Invoice", ondelete="cascade")
    key = fields.Char("Name of the check")
    level = fields.Selection(PROBLEM_LEVELS, "Result")
    message = fields.Text("What to do")
    res_model = fields.Char()
    res_id = fields.Many2oneReference(model_field="res_model")
    record_name = fields.Char("Record to open")
    field_label = fields.Char("Field")

    def action_open(self):
        """Open the record that the problem is about."""
        return _open_record(self.env[self.res_model].browse(self.res_id))


class ReadinessRecord(models.TransientModel):
    """One problem of one record, with the number of invoices it stands in the way."""

    _name = "l10n_pl_ksef.readiness.record"
    _inherit = "l10n_pl_ksef.readiness.problem"
    _description = "Record to fix before sending to KSeF"
    _order = "id"

    invoice_count = fields.Integer("Invoices")


_KEYS = [key for key, _label in INVOICE_LEVELS]


def _key(day):
    """Return the key of a month."""
    return f"{day.year:04}-{day.month:02}"


def _get_name(record):
    """Return the name of a record; drafts are told apart by their customers."""
    is_draft = record._name == "account.move" and record.state == "draft"
    parts = (record.display_name, record.partner_id.name if is_draft else "")
    return ", ".join(filter(None, parts))


def _open_record(record):
    """Return the action that opens a record in its form."""
    record.ensure_one()
    return {
        "type": "ir.actions.act_window",
        "res_model": record._name,
        "res_id": record.id,
        "view_mode": "form",
        "views": [(False, "form")],
    }
