"""From posted invoices to the bytes that go to KSeF."""

from datetime import timezone
from typing import Any, NamedTuple

from odoo import api, models

from ..fa3 import checks, writer
from ..fa3.document import Body, Header, Invoice
from ..fa3.text import clean
from . import l10n_pl_ksef_fa3_advances as fa3_advances
from . import l10n_pl_ksef_fa3_correction as fa3_correction
from . import l10n_pl_ksef_fa3_currency as fa3_currency
from . import l10n_pl_ksef_fa3_lines as fa3_lines
from . import l10n_pl_ksef_fa3_paid as fa3_paid
from . import l10n_pl_ksef_fa3_parties as fa3_parties
from . import l10n_pl_ksef_fa3_payment as fa3_payment
from . import l10n_pl_ksef_fa3_related as fa3_related
from . import l10n_pl_ksef_fa3_sending as fa3_sending
from . import l10n_pl_ksef_fa3_settlement as fa3_settlement
from . import l10n_pl_ksef_fa3_statements as fa3_statements
from . import l10n_pl_ksef_fa3_supply as fa3_supply
from . import l10n_pl_ksef_fa3_terms as fa3_terms
from . import l10n_pl_ksef_fa3_third_parties as fa3_third_parties
from . import l10n_pl_ksef_fa3_totals as fa3_totals
from .l10n_pl_ksef_checks import STOP
from .l10n_pl_ksef_fa3_facts import gather

SYSTEM_NAME = "Odoo 19.0, l10n_pl_ksef"
PLACE_LENGTH = 256
# What is read beside the invoice itself: functions of {move: Facts} that add to the
# facts. In this order.
READERS = (
    fa3_related.read,
    fa3_third_parties.read,
    fa3_paid.read,
    fa3_terms.read,
    fa3_correction.read,
    fa3_statements.read,
    fa3_advances.read,
    fa3_currency.read,
    fa3_sending.read,
)


class Prepared(NamedTuple):
    """File of one invoice, or what keeps it from being made.

    :ivar xml: bytes, or None
    :ivar awaited: invoices whose KSeF number has to come first
    :ivar number: of the invoice, as it stands in the file and comes back from KSeF
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
        today = fa3_sending.polish_day(created_on)
        return {
            move: self._prepare_file(facts, created_on, schema)
            for move, facts in self._gather(moves, today).items()
        }

    @api.model
    @api.private
    def _gather(self, moves, today=None):
        """Return {move: ``Facts``}, all that FA(3) asks for."""
        found = gather(moves)
        for facts in found.values():
            facts.today = today
        for read in READERS:
            read(found)
        return found

    @api.model
    @api.private
    def _check(self, moves, today=None):
        """Return {move: list of Problem}; for drafts too, writes nothing.

        :param today: date in Poland with which dates are compared, None: they are not
        """
        check = self.env["l10n_pl_ksef.check"]
        return {
            move: check._check_facts(facts)
            for move, facts in self._gather(moves, today).items()
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
            number=clean(move.name or ""),
            issue_date=move.invoice_date,
            seller_nip=fa3_parties.seller_nip(move.company_id),
        )

    @api.model
    @api.private
    def _prepare_invoice(self, facts, created_on):
        """Return the ``fa3.document.Invoice`` of the facts; extend here."""
        invoice = Invoice(
            header=Header(created_on=created_on, system=SYSTEM_NAME),
            seller=fa3_parties.seller(facts),
            buyer=fa3_parties.buyer(facts),
            third_parties=fa3_third_parties.third_parties(facts),
            body=self._prepare_body(facts),
            footer=fa3_terms.footer(facts),
        )
        return fa3_advances.finish(facts, fa3_correction.finish(facts, invoice))

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
        "kind": facts.kind,
        "is_related_party": facts.buyer.l10n_pl_links_with_customer,
    }


# What the body of a file is made of: functions of the facts that return attributes of
# ``fa3.document.Body``; no two give the same one.
BODY_PARTS = (
    _heading,
    fa3_supply.body,
    fa3_totals.body,
    fa3_statements.body,
    fa3_lines.body,
    fa3_settlement.body,
    fa3_payment.body,
    fa3_terms.body,
    fa3_correction.body,
    fa3_advances.body,
)
