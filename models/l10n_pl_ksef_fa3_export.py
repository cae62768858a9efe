"""From posted invoices to the bytes that go to KSeF."""

from datetime import timezone
from typing import Any, NamedTuple

from odoo import api, models
from odoo.tools import html2plaintext, ormcache

from ..fa3 import checks, writer
from ..fa3.document import Body, Footer, FooterText, Header, Invoice
from ..fa3.text import clean, clean_lines, pieces
from . import l10n_pl_ksef_fa3_lines as fa3_lines
from . import l10n_pl_ksef_fa3_parties as fa3_parties
from . import l10n_pl_ksef_fa3_payment as fa3_payment
from . import l10n_pl_ksef_fa3_related as fa3_related
from . import l10n_pl_ksef_fa3_totals as fa3_totals
from .l10n_pl_ksef_checks import STOP
from .l10n_pl_ksef_fa3_facts import UNITS, gather

SYSTEM_NAME = "Odoo 19.0, l10n_pl_ksef"
PLACE_LENGTH = 256
# Source: FA(3) schema, StopkaFaktury and how often Informacje may stand.
FOOTER_LENGTH = 3500
FOOTER_COUNT = 3
# What is read beside the invoice itself: functions of {move: Facts} that add to the
# facts. In this order.
READERS = (fa3_related.read,)


class Prepared(NamedTuple):
    """File of one invoice, or what keeps it from being made.

    :ivar xml: bytes, or None
    :ivar awaited: invoices whose KSeF number has to come first
    """

    xml: Any
    kind: str
    problems: list
    awaited: list
    number: str
    issue_date: Any
    seller_nip: str


class Fa3Export(models.AbstractModel):
    _name = "l10n_pl_ksef.fa3.export"
    _description = "FA(3) export"

    @api.model
    @api.private
    def _prepare_files(self, moves, created_on):
        """Return {move: :class:`Prepared`} of posted invoices.

        The bytes depend on the invoices and on ``created_on`` alone. A few SQL
        statements for all of them, however many lines they have.

        :param created_on: naive UTC, as Odoo stores it
        """
        schema = self.env["l10n_pl_ksef.schema"]._get_schema()
        created_on = created_on.replace(tzinfo=timezone.utc)
        return {
            move: self._prepare_file(facts, created_on, schema)
            for move, facts in self._gather(moves).items()
        }

    @api.model
    @api.private
    def _gather(self, moves):
        """Return {move: ``Facts``}, all that FA(3) asks for."""
        found = gather(moves)
        for read in READERS:
            read(found)
        return found

    @api.model
    @api.private
    def _check(self, moves):
        """Return {move: list of Problem}; for drafts too, writes nothing."""
        check = self.env["l10n_pl_ksef.check"]
        return {
            move: check._check_facts(facts)
            for move, facts in self._gather(moves).items()
        }

    @api.model
    @api.private
    def _prepare_file(self, facts, created_on, schema):
        check, move = self.env["l10n_pl_ksef.check"], facts.move
        problems, data = check._check_facts(facts), None
        is_ready = not facts.awaited
        if is_ready and all(problem.level != STOP for problem in problems):
            data = writer.write(self._prepare_invoice(facts, created_on))
            found = checks.check_xml(data, schema)
            refused = [check._explain_xml(problem, move) for problem in found]
            problems = refused + problems
            data = None if found else data
        return Prepared(
            xml=data,
            kind=facts.kind.value,
            problems=problems,
            awaited=facts.awaited,
            number=move.name,
            issue_date=move.invoice_date,
            seller_nip=fa3_parties.seller_nip(move.company_id),
        )

    @api.model
    @api.private
    @ormcache()
    def _get_units(self):
        """Return {id of a unit of Odoo: its Polish abbreviation}."""
        names = self.env["ir.model.data"].sudo()
        known = names.search([("module", "=", "uom"), ("name", "in", [*UNITS])])
        return {row.res_id: UNITS[row.name] for row in known}

    @api.model
    @api.private
    def _prepare_invoice(self, facts, created_on):
        """Return the ``fa3.document.Invoice`` of the facts; extend here."""
        return Invoice(
            header=Header(created_on=created_on, system=SYSTEM_NAME),
            seller=fa3_parties.seller(facts),
            buyer=fa3_parties.buyer(facts),
            body=self._prepare_body(facts),
            footer=_footer(facts.move.narration),
        )

    @api.model
    @api.private
    def _prepare_body(self, facts):
        values = {}
        for part in BODY_PARTS:
            values |= part(facts)
        return Body(**values)


def _heading(facts):
    move = facts.move
    return {
        "currency": move.currency_id.name,
        "issued_on": move.invoice_date,
        "issued_at": clean(facts.seller.city or "")[:PLACE_LENGTH],
        "number": move.name,
        "supplied_on": _supplied_on(move),
        "kind": facts.kind,
        "is_related_party": facts.buyer.l10n_pl_links_with_customer,
    }


def _supplied_on(move):
    """Return the day of supply if it is not the day of issue."""
    day = move.taxable_supply_date or move.delivery_date
    return day if day and day != move.invoice_date else None


# What the body of a file is made of: functions of the facts that return attributes of
# ``fa3.document.Body``; no two give the same one.
BODY_PARTS = (
    _heading,
    fa3_totals.body,
    fa3_lines.body,
    fa3_payment.body,
)


def _footer(narration):
    """Return the text below the invoice; what is too long is cut."""
    text = clean_lines(html2plaintext(narration)) if narration else ""
    texts = pieces(text, FOOTER_LENGTH)[:FOOTER_COUNT]
    return Footer(texts=tuple(FooterText(text=part) for part in texts))
