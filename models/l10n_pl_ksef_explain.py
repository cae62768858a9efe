"""From states and reasons to the sentences that people read."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date

from .l10n_pl_ksef_code_words import EXPLAINED_BY_CODE
from .l10n_pl_ksef_fa3_sending import polish_day
from .l10n_pl_ksef_words import (
    ACTIONS,
    ADMIN,
    DOCUMENT_LINES,
    MOVE_LINES,
    NOT_DUE_REASONS,
    REFUSED_CHANGES,
    WHO,
)

# From then on a wait is worth a warning.
LONG_PROCESSING = timedelta(hours=1)
LATE_RECEIPT = timedelta(hours=24)
# KSeF's code for "may not issue in the name of this seller" (API 8.6).
NO_RIGHT_FOR_SELLER = "410"
# KSeF's code for "the content is refused" (API 8.6).
CONTENT_REFUSED = "450"
# A pause of sending from this on is worth a sentence.
LONG_LIMIT_SECONDS = 60
# Names of administrators that are shown at most.
SHOWN_ADMINS = 3
# Lines stand on the invoice that the reader has open.
OPEN_MODELS = ("account.move.line",)
# Who may have to act, other than by itself.
PEOPLE = ("invoicing", "accountant", "administrator")
SHOWN_ENVIRONMENTS = ("demo", "test")


class FactsOf:
    """What sentences may name; each is looked up only when one does."""

    def __init__(self, explain, document, known=()):
        self._explain = explain
        self._document = document
        self._known = dict(known)

    def __getitem__(self, name):
        if name in self._known:
            return self._known[name]
        return getattr(self._explain, f"_fact_{name}")(self._document)


class Explain(models.AbstractModel):
    _name = "l10n_pl_ksef.explain"
    _description = "KSeF in words"

    @api.private
    def _get_line(self, move):
        """Return the KSeF line of an invoice, False when there is nothing to say.

        :returns: dict ``level, icon, badge, title, sentence, who, who_key, ask, since,
            started`` (ISO, UTC), ``actions, details, details_label, report`` (rows
            of label and text), ``environment`` (key, not for production),
            ``environment_name, role, badge_level``
        """
        if not move.id or move.state == "cancel":
            return False
        document = move.sudo().l10n_pl_ksef_document_id
        if not document or move.state == "draft" or document.state == "withdrawn":
            return self._get_move_line(move)
        key = self._get_document_key(document)
        if key not in DOCUMENT_LINES:
            return False
        problems = self._check(move) if key == "blocked_data" else []
        if key == "blocked_data" and not self._get_stops(problems):
            key = "blocked_data_fixed"
        line = self._get_document_line(document, key, problems)
        if document.status_code == CONTENT_REFUSED:
            line["actions"] = self._get_buyer_actions(move) + line["actions"]
        if document.blocked_reason == "original":
            line["actions"] = self._get_awaited_actions(document) + line["actions"]
        return line

    @api.private
    def _get_document_line(self, document, key, problems):
        """Return the line of a submission with what KSeF said and the report."""
        code = self._get_code(document)
        words = self._apply_code(DOCUMENT_LINES[key], key, code)
        actions = self._fit_actions(words.actions, document.connection_id)
        words = words._replace(actions=actions)
        facts = FactsOf(self, document, self._get_problem_facts(problems))
        details = self._get_details(problems, document.move_id)
        line = self._render(words, facts, details)
        line["report"] = self._get_report(document, key, line, facts)
        if not problems:
            line["details"] = self._get_answer(document, key)
            line["details_label"] = self.env._("Details")
        if document.state == "accepted":
            # A receipt that is late or odd does not make the number less good.
            line["badge_level"] = "success"
        shown = document.environment in SHOWN_ENVIRONMENTS
        return line | {
            "since": self._fact_since(document),
            "started": document.state_since.isoformat() + "Z",
            "environment": document.environment if shown else "",
            "environment_name": self._get_environment_name(document.environment),
        }

    @api.private
    def _get_document_key(self, document):
        find = {
            "queued": self._get_queued_key,
            "sending": self._get_sending_key,
            "unknown": self._get_sending_key,
            "processing": self._get_processing_key,
            "accepted": self._get_accepted_key,
            "rejected": self._get_rejected_key,
            "blocked": self._get_blocked_key,
        }.get(document.state)
        return find(document) if find else document.state

    @api.private
    def _get_queued_key(self, document):
        connection = document.connection_id
        if not self.env["l10n_pl_ksef.job"]._is_running(connection):
            return "queued_stopped"
        if connection.outage_since:
            # A refused log-in says more than that there is no service.
            is_login = self._get_login_code(connection)
            return "queued_again" if is_login else "queued_outage"
        if self._get_wait(document) > LONG_LIMIT_SECONDS:
            return "queued_limit"
        return "queued_again" if self._get_code(document) else "queued"

    @api.private
    def _get_sending_key(self, document):
        session = document.session_id
        if session.kind == "batch" and session.state == "abandoned":
            return "interrupted"
        if session.kind == "batch" and document.state == "sending":
            return "sending_package"
        return document.state

    @api.private
    def _get_processing_key(self, document):
        session = document.session_id
        is_long = document.state_since < fields.Datetime.now() - LONG_PROCESSING
        is_package = session.kind == "batch" and session.next_step_on
        for key, is_fitting in (
            ("interrupted", is_package and session.state == "abandoned"),
            ("processing_unknown", self._is_unlisted(self._get_code(document))),
            ("processing_long", is_long),
            ("processing_package", is_package),
        ):
            if is_fitting:
                return key
        return "processing"

    @api.private
    def _get_accepted_key(self, document):
        is_late = document.state_since < fields.Datetime.now() - LATE_RECEIPT
        if document.upo_state == "wanted" and is_late:
            return "accepted_late"
        return f"accepted_{document.upo_state}"

    @api.private
    def _get_blocked_key(self, document):
        reason = document.blocked_reason
        if reason == "token" and self._has_token_ended():
            return "blocked_token_ended"
        if reason == "original" and self._get_stuck(document):
            return "blocked_original_stuck"
        return f"blocked_{reason}"

    @api.private
    def _get_stuck(self, document):
        """Return the awaited invoices that a person has to bring to KSeF."""
        return document.awaited_move_ids.filtered(
            lambda move: (
                not move._l10n_pl_ksef_other_module_state()
                and (self._get_line(move) or {}).get("who_key") in PEOPLE
            )
        )

    @api.private
    def _get_rejected_key(self, document):
        keys = {CONTENT_REFUSED: "rejected", NO_RIGHT_FOR_SELLER: "rejected_right"}
        return keys.get(document.status_code, "rejected_other")

    @api.private
    def _get_move_line(self, move):
        """Say of an invoice without a submission what will become of it."""
        outbox = self.env["l10n_pl_ksef.outbox"]
        reason = outbox._get_not_due_reason(move)
        if reason in ("type", "off"):
            return False
        if reason == "other_module":
            return self._get_other_module_line(move)
        owner = move.company_id._l10n_pl_ksef_owner()
        if reason:
            words = self.env._(NOT_DUE_REASONS[reason])
            date = format_date(self.env, owner.l10n_pl_ksef_since)
            # Private persons are left out by law, the others by the company.
            line = MOVE_LINES["not_due" if reason == "private" else "left_out"]
            if not outbox._can_send(move):
                line = line._replace(actions=())
            return self._render(line, {"reason": words % {"date": date}})
        if move.state == "posted":
            return self._render(MOVE_LINES["not_sent"], {})
        return self._get_draft_line(move, owner)

    @api.private
    def _get_other_module_line(self, move):
        state = move._l10n_pl_ksef_other_module_state()
        number = self.env["l10n_pl_ksef.other_module"]._get_number(move)
        return self._render(MOVE_LINES[f"other_{state}"], {"number": number})

    @api.private
    def _get_draft_line(self, move, owner):
        problems = self._check(move)
        stops = self._get_stops(problems)
        shown = stops or [problem for problem in problems if problem["level"] == "warn"]
        key = "ready" if owner.l10n_pl_ksef_send_mode == "auto" else "ready_manual"
        if shown:
            key = "to_fix" if stops else "ready_warned"
        facts = self._get_problem_facts(shown)
        return self._render(MOVE_LINES[key], facts, self._get_details(problems, move))

    @api.private
    def _render(self, line, facts, details=()):
        """Turn a row of words into what the widget shows."""
        is_admin = self.env.user.has_group(ADMIN)
        asks = line.who == "administrator" and not is_admin
        badge, sentence = self.env._(line.badge), self.env._(line.sentence)
        return {
            "level": line.level,
            "badge_level": line.level,
            "icon": f"fa-{line.icon}",
            "badge": badge,
            "title": badge,
            "sentence": sentence % facts,
            "who": self.env._(WHO[line.who]) if line.who else "",
            "who_key": line.who,
            "report": [],
            "ask": self._get_ask() if asks else "",
            "since": "",
            "started": "",
            "actions": self._get_record_actions(details) + self._get_actions(line),
            "details": details,
            "details_label": self.env._("Show list"),
            "environment": "",
            "environment_name": "",
            "role": "alert" if line.level == "danger" else "status",
        }

    @api.private
    def _get_actions(self, line):
        return [
            {
                "label": self.env._(action.label),
                "type": action.type,
                "target": action.target,
            }
            for action in map(ACTIONS.get, line.actions)
            if self.env.user.has_group(action.group)
        ]

    @api.private
    def _get_record_actions(self, details):
        """Return the link to the record that the first problem is about."""
        first = details[0]["record"] if details else False
        if not first:
            return []
        return [{"label": first["label"], "type": "record", "target": first}]

    @api.private
    def _get_buyer_actions(self, move):
        """Return the link to the buyer: the record that a refusal may be about."""
        buyer = move.commercial_partner_id
        link = self._get_record_link((buyer._name, buyer.id), move)
        return self._get_record_actions([{"record": link}])

    @api.private
    def _get_awaited_actions(self, document):
        """Return the link to the invoice whose number is waited for."""
        awaited = (self._get_stuck(document) or document.awaited_move_ids)[:1]
        record = (awaited._name, awaited.id)
        link = awaited and self._get_record_link(record, document.move_id)
        return self._get_record_actions([{"record": link}])

    @api.private
    def _get_details(self, problems, move):
        """Return problems for the list below a sentence, the worst ones first."""
        order = ("stop", "warn", "note")
        return [
            {
                "text": problem["message"],
                "level": problem["level"],
                "record": self._get_record_link(problem.get("record"), move),
            }
            for problem in sorted(problems, key=lambda item: order.index(item["level"]))
        ]

    @api.private
    def _get_record_link(self, record, move):
        """Return model, id and label of a record that the user may open.

        :param move: invoice that the reader has open already
        """
        if not record or record[0] in OPEN_MODELS or record == (move._name, move.id):
            return False
        model, res_id = record
        found = self.env[model].browse(res_id).exists()
        if not found or not found.has_access("read"):
            return False
        label = self.env._("Open: %(record)s", record=found.display_name)
        return {"model": model, "id": res_id, "label": label}

    @api.private
    def _check(self, move):
        """Return what is wrong with an invoice now, in the reader's language."""
        found = self.env["l10n_pl_ksef.fa3.export"]._check(move, polish_day())
        return [problem._asdict() for problem in found.get(move, ())]

    @api.private
    def _get_stops(self, problems):
        return [problem for problem in problems if problem["level"] == "stop"]

    @api.private
    def _get_problem_facts(self, problems):
        shown = self._get_stops(problems) or problems
        what = shown[0]["message"] if shown else ""
        return {"count": len(shown), "what": what}

    @api.private
    def _get_answer(self, document, key):
        """Return what KSeF said word for word, its code last."""
        code = self._get_code(document)
        if key not in EXPLAINED_BY_CODE or not code:
            return []
        own = (document.status_description, document.status_details)
        said = {
            "invoice": own,
            "refused": own,
            "call": own,
            "forbidden": (),
            "certificate_forbidden": (),
            "session_online": (document.session_id.status_details,),
            "session_batch": (document.session_id.status_details,),
        }
        texts = list(filter(None, said.get(code[0], ())))
        if code[0] in said and code[0] != "call":
            texts.append(self.env._("Code of KSeF: %(code)s", code=code[1]))
        lines = "\n".join(texts).splitlines()
        return [
            {"text": text, "level": "note", "record": False} for text in lines if text
        ]

    @api.private
    def _get_ask(self):
        users = (
            self.env.ref(ADMIN)
            .sudo()
            .all_user_ids.filtered(
                lambda user: user.active and self.env.company in user.company_ids
            )
        )
        names = ", ".join(users[:SHOWN_ADMINS].mapped("name"))
        return self.env._("Ask: %(admins)s", admins=names)

    @api.private
    def _get_environment_name(self, environment):
        field = self.env["res.company"]._fields["l10n_pl_ksef_environment"]
        return dict(field._description_selection(self.env)).get(environment, "")

    @api.private
    def _get_refusal(self, document):
        """Say why an invoice that KSeF has or may have cannot be changed."""
        state = document.return_state or document.state
        words = REFUSED_CHANGES.get(state, REFUSED_CHANGES["waiting"])
        sentence = self.env._(words)
        return sentence % FactsOf(self, document)

    @api.private
    def _get_problems(self, documents):
        """Return a line for each thing that keeps invoices from being sent."""
        return [
            self.env._(
                "%(invoice)s: %(problem)s",
                invoice=document.invoice_number,
                problem=problem["message"],
            )
            for document in documents
            for problem in document.problems or []
            if problem["level"] == "stop"
        ]
