"""What happened to a submission, who acts, whether again is safe, what is next."""

from odoo import api, models

from .l10n_pl_ksef_call_words import CALL, CODE_WORDS, FAMILIES, UNLISTED
from .l10n_pl_ksef_code_words import (
    ACTORS,
    AGAIN,
    EXPLAINED_BY_CODE,
    NEXT,
    REPORT_LABELS,
    SITUATIONS,
    TOLD_BY_CODE,
)

# While KSeF may hold the invoice no code makes sending again safe.
MAY_BE_HELD = ("sending", "unknown", "processing")
# Codes of KSeF's refusals (HTTP 400) are longer than those of its statuses.
STATUS_DIGITS = 3
PASSING_CODES = ("100", "150", "200")
# What a missing right is, unless KSeF said more.
NO_RIGHT = "missing-permissions"
# From this status on a session has failed; this one blames its invoices.
FIRST_FAILURE = 400
NO_VALID_INVOICE = "445"


class Report(models.AbstractModel):
    _inherit = "l10n_pl_ksef.explain"

    @api.private
    def _get_code(self, document):
        """Return ``(family, code)`` of what KSeF said last, None if nothing.

        Families are those of ``CODE_WORDS``.
        """
        connection = document.connection_id
        if document.blocked_reason in ("token", "certificate"):
            return self._get_connection_code(connection)
        if document.blocked_reason == "right":
            return self._get_connection_code(connection, NO_RIGHT)
        if document.state == "queued":
            on_the_way = self._get_login_code(connection)
            on_the_way = on_the_way or self._get_session_code(document)
            if on_the_way:
                return on_the_way
        code = document.status_code or ""
        # What was said on the way is over once the invoice is back in the queue.
        is_over = document.state in ("queued", "blocked") and code in PASSING_CODES
        if code.isdigit() and not is_over:
            return ("invoice" if len(code) == STATUS_DIGITS else "refused"), code
        if document.blocked_reason == "program":
            return "call", "KsefRefused"
        return None

    @api.private
    def _get_connection_code(self, connection, otherwise=None):
        """Return the family and code of what KSeF has against a connection.

        :param connection: record, or what its ``_status`` tells
        :param otherwise: code that is meant when none is known
        """
        code = connection["problem_code"] or otherwise
        if not code:
            return None
        login, forbidden = FAMILIES[connection["login_method"] or "token"]
        return (login if code in CODE_WORDS[login] else forbidden), code

    @api.private
    def _get_refused_right(self, connection):
        """Say in a sentence what KSeF does not allow; see `_get_connection_code`."""
        found = self._get_connection_code(connection, NO_RIGHT)
        what = self.env._(self._get_words(found).what)
        return what % {"code": found[1]}

    @api.private
    def _get_login_code(self, connection):
        """Return the status of a refused log-in that Odoo tries anew by itself."""
        is_passing = connection.outage_since and not connection.problem
        code = is_passing and connection.problem_code
        return (FAMILIES[connection.login_method][0], code) if code else None

    @api.private
    def _get_session_code(self, document):
        """Return what KSeF refused a session with as a whole, None if nothing."""
        session = document.session_id
        code = session.status_code or ""
        if not code.isdigit() or int(code) < FIRST_FAILURE or code == NO_VALID_INVOICE:
            return None
        is_status = len(code) == STATUS_DIGITS
        return (f"session_{session.kind}" if is_status else "refused"), code

    @api.private
    def _get_words(self, code):
        """Return the ``Words`` of a family and code, None without a code."""
        if not code:
            return None
        family, value = code
        return CODE_WORDS[family].get(value, UNLISTED[family])

    @api.private
    def _is_unlisted(self, code):
        return bool(code) and code[1] not in CODE_WORDS[code[0]]

    @api.private
    def _apply_code(self, line, key, code):
        """Let KSeF's code say who acts; one that is not known alarms."""
        words = self._get_words(code)
        if words and key in TOLD_BY_CODE:
            actions = line.actions if words.actions is None else words.actions
            line = line._replace(who=words.who, actions=actions)
        if self._is_unlisted(code) and key in EXPLAINED_BY_CODE:
            level = "danger" if line.level == "danger" else "warning"
            line = line._replace(who="administrator", level=level)
        return line

    @api.private
    def _get_report(self, document, key, shown, facts):
        """Return the four answers about a submission as rows of label and text.

        :param key: of its line in ``DOCUMENT_LINES``
        :param shown: the line as :meth:`_render` gave it
        :param facts: what sentences may name
        """
        words = self._get_words(self._get_code(document))
        again, then = SITUATIONS[key]
        is_explained = words and key in EXPLAINED_BY_CODE
        what = self.env._(words.what) if is_explained else None
        following = self.env._(NEXT[then or (words or CALL["KsefRefused"]).then])
        texts = {
            "what": what and what % facts,
            "who": self._get_actor(shown),
            "again": self.env._(AGAIN[self._get_again(document, again, words)]),
            "then": following % facts,
        }
        texts["what"] = texts["what"] or shown["sentence"]
        return [
            {"label": self.env._(label), "text": texts[name]}
            for name, label in REPORT_LABELS.items()
        ]

    @api.private
    def _get_actor(self, shown):
        actor = ACTORS[shown["who_key"]]
        text = self.env._(actor)
        if not shown["ask"]:
            return text
        return f"{text}. {shown['ask']}"

    @api.private
    def _get_again(self, document, again, words):
        """Say whether sending again is safe; what KSeF may hold goes first."""
        held = document.return_state or document.state
        if held in MAY_BE_HELD:
            return "checked" if again == "checked" else "maybe"
        again = again or (words.again if words else "after")
        is_stopped = document.blocked_reason == "program"
        return "safe" if is_stopped and again == "itself" else again
