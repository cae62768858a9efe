"""The invoice as KSeF will show it: before anything is sent, and after."""

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, NamedTuple

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools.translate import LazyTranslate

from ..fa3 import checks, reader, view_page, writer
from .account_move import READERS
from .l10n_pl_ksef_checks import STOP
from .l10n_pl_ksef_fa3_sending import polish_day
from .l10n_pl_ksef_outbox import SENT_MOVE_TYPES

_lt = LazyTranslate(__name__)

# On an official form in Polish, whoever reads it.
DRAFT_NUMBER = "WERSJA ROBOCZA"
DRAFT_MARK = "WERSJA ROBOCZA – NIE JEST FAKTURĄ"
UNSENT_MARK = "PODGLĄD – NIE WYSŁANO DO KSEF"
TEST_MARK = "TEST – NIE JEST FAKTURĄ"
REAL = "production"
# Why a file cannot be read; a bad value has a sentence of its own.
UNREADABLE = {
    reader.ReadProblem.TOO_LARGE: _lt("it is larger than 5 MB"),
    reader.ReadProblem.ENCODING: _lt("it is not written in UTF-8"),
    reader.ReadProblem.DOCTYPE: _lt("it has a document type, as no invoice has"),
    reader.ReadProblem.NOT_XML: _lt("it is not complete XML"),
    reader.ReadProblem.TOO_MANY_NAMES: _lt("it has names that no invoice has"),
    reader.ReadProblem.OTHER_DOCUMENT: _lt("it is another kind of document"),
    reader.ReadProblem.TOO_MUCH_UNKNOWN: _lt("too much in it is unknown to FA(3)"),
}


class File(NamedTuple):
    """A file to look at, or what keeps it from being made.

    :ivar xml: bytes, empty if something stops them
    :ivar document: submission whose bytes they are, None before there is one
    :ivar problems: list of ``Problem``
    """

    xml: bytes
    document: Any
    problems: list


class Preview(models.AbstractModel):
    _name = "l10n_pl_ksef.preview"
    _description = "Preview of an invoice as in KSeF"

    @api.private
    def _check_access(self, record):
        """:raises AccessError: the user may not read this invoice or submission"""
        record.check_access("read")
        if not self.env.user.has_groups(READERS):
            raise AccessError(
                self.env._("You may not do this. Ask who keeps the books.")
            )

    @api.private
    def _get_file(self, move):
        """Return the :class:`File` of an invoice: the frozen one, else as it is now.

        Bills and entries have none.
        """
        if move.move_type not in SENT_MOVE_TYPES:
            return File(b"", None, [])
        document = move.sudo().l10n_pl_ksef_document_id
        if document.sha256 and document._is_identity_written():
            return File(document._get_xml(), document, [])
        return self._make_file(move)

    @api.private
    def _make_file(self, move):
        """Build the file of an invoice that may still change; nothing is kept.

        It is made only where nothing stops it: a file of wrong data would show
        what KSeF never gets to see.
        """
        export = self.env["l10n_pl_ksef.fa3.export"].sudo()
        move = move.sudo()
        facts = export._gather(move, polish_day())[move]
        check = self.env["l10n_pl_ksef.check"]
        problems = check._check_facts(facts)
        if any(problem.level == STOP for problem in problems):
            return File(b"", None, problems)
        now = datetime.now(timezone.utc)
        invoice = _as_draft(export._prepare_invoice(facts, now), facts)
        data = writer.write(invoice)
        if not facts.awaited:
            schema = self.env["l10n_pl_ksef.schema"]._get_schema()
            found = checks.check_xml(data, schema)
            refused = [check._explain_xml(problem, move) for problem in found]
            problems = refused + problems
        return File(data, None, problems)

    @api.private
    def _get_page(self, move, links=()):
        """Return the HTML page of an invoice, for a window of its own.

        :param links: pairs of words and address; left out where there is no file
        """
        found = self._get_file(move)
        name = self.env._("Preview as in KSeF")
        links = links if found.xml else ()
        return view_page.frame(name, self._get_content(move, found), links)

    @api.private
    def _get_document_page(self, document):
        """Return the HTML page of a submission: the very bytes that were made."""
        found = File(document.sudo()._get_xml(), document.sudo(), [])
        name = self.env._("Preview as in KSeF")
        return view_page.frame(name, self._get_content(document.move_id, found))

    @api.private
    def _get_content(self, move, found):
        """Return HTML that is safe: all of it is made by ``fa3.view_page``."""
        if not found.xml:
            sentences = [_link(problem) for problem in found.problems]
            sentences = sentences or [(self.env._("There is no file yet."), "")]
            name = self.env._("To fix before there is a preview")
            return view_page.problems(name, sentences)
        return self._show(
            found.xml,
            ksef_number=found.document and found.document.ksef_number,
            notices=self._get_notices(found, move),
            watermark=_get_watermark(found, move),
        )

    @api.private
    def _show(self, data, **what):
        """Return the HTML of any FA(3) file, also of one that was received."""
        try:
            invoice = reader.read(data)
        except reader.UnreadableError as error:
            name = self.env._("There is nothing to show")
            return view_page.problems(name, [(self._explain_unreadable(error), "")])
        return view_page.content(invoice, **what)

    @api.private
    def _explain_unreadable(self, error):
        """Return the sentence for a ``fa3.reader.UnreadableError``."""
        if error.problem is reader.ReadProblem.BAD_VALUE:
            return self.env._(
                'The file cannot be read: %(place)s (line %(line)s) is "%(value)s".',
                place=error.place,
                line=error.line,
                value=error.value,
            )
        why = self.env._(UNREADABLE[error.problem])
        return self.env._("The file cannot be read: %(why)s.", why=why)

    @api.private
    def _get_notices(self, found, move):
        notices = [problem.message for problem in found.problems]
        if not found.document:
            notices.insert(0, self._get_first_notice(move))
        elif found.document.state != "accepted":
            notices.append(self.env._("KSeF has not given this invoice a number yet."))
        return notices

    @api.private
    def _get_first_notice(self, move):
        if move.state == "posted":
            return self.env._(
                "Not sent: KSeF does not have this invoice. This is how it would show"
                " it."
            )
        return self.env._(
            "Draft: KSeF does not have this invoice. Number and date are set when it"
            " is confirmed."
        )


class PreviewReport(models.AbstractModel):
    _name = "report.l10n_pl_ksef.report_preview"
    _description = "Print of an invoice as in KSeF"

    @api.model
    def _get_report_values(self, docids, data=None):
        # The route of reports has a language of its own.
        lang = self.env.user.lang or self.env.lang
        preview = self.env["l10n_pl_ksef.preview"].with_context(lang=lang)
        moves = preview.env["account.move"].browse(docids)
        preview._check_access(moves)
        return {
            "docs": moves,
            "style": Markup(view_page.STYLE + view_page.PAPER_STYLE),
            "contents": {
                # Escaped text between tags of our own, see `fa3.view_page`.
                move.id: Markup(preview._get_content(move, preview._get_file(move)))
                for move in moves
            },
        }


def _link(problem):
    """Return the sentence of a problem and the address of the record to open."""
    model, res_id = problem.record
    return problem.message, f"/odoo/{model}/{res_id}" if res_id else ""


def _as_draft(invoice, facts):
    """Return the document with what it gets when it is confirmed, in words."""
    body, move = invoice.body, facts.move
    awaited = {each.number for each in facts.originals if each.is_awaited}
    changes = {
        "corrected_invoices": tuple(
            replace(each, is_in_ksef=True, is_outside_ksef=None)
            if each.number in awaited
            else each
            for each in body.corrected_invoices
        )
    }
    if move.state != "posted":
        changes["number"] = DRAFT_NUMBER
        changes["issued_on"] = body.issued_on or facts.today
    return replace(invoice, body=replace(body, **changes))


def _get_watermark(found, move):
    """Return what is printed across the page: what is no invoice says so."""
    if not found.document:
        return UNSENT_MARK if move.state == "posted" else DRAFT_MARK
    return None if found.document.environment == REAL else TEST_MARK
