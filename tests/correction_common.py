"""Invoices that KSeF has, and what corrects them; nothing is sent."""

import base64
from datetime import date

from ..fa3 import checks
from .fa3_common import Fa3Case

SENT_NUMBER = "5795955811-20261110-{:012X}-AA"
CORRECTED_ON = date(2026, 11, 18)


class CorrectionCase(Fa3Case):
    """Base of the tests that look at the files of corrections."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = (
            cls.env["l10n_pl_ksef.connection"]
            .sudo()
            .create({"company_id": cls.company.id, "environment": "test"})
        )

    def sent(self, *lines, **values):
        """Return a posted invoice that KSeF has under a number."""
        return self.accept(self.post_invoice(*lines, **values))

    def accept(self, invoice, number=None):
        """Give a posted invoice the row of one that KSeF took."""
        prepared = self.prepare(invoice)
        self.assertTrue(prepared.xml, prepared.problems)
        self.env["l10n_pl_ksef.document"].sudo().create(
            {
                "company_id": self.company.id,
                "move_id": invoice.id,
                "generation": 1,
                "connection_id": self.connection.id,
                "environment": "test",
                "nip": prepared.seller_nip,
                "invoice_number": prepared.number,
                "kind": prepared.kind,
                "issue_date": prepared.issue_date,
                "xml": base64.b64encode(prepared.xml),
                "sha256": base64.b64encode(b"0" * 32).decode(),
                "state": "accepted",
                "ksef_number": number or SENT_NUMBER.format(invoice.id),
            }
        )
        return invoice

    def reverse(self, invoice, *changes, **values):
        """Return a draft credit note; ``changes`` are values of its lines, in order.

        A line without values is taken out.
        """
        refund = invoice._reverse_moves(
            [{"invoice_date": CORRECTED_ON, "date": CORRECTED_ON, **values}]
        )
        if changes:
            lines = refund.invoice_line_ids.sorted("sequence")
            for line, change in zip(lines, changes, strict=True):
                if change is None:
                    line.unlink()
                else:
                    line.write(change)
        return refund

    def correction_file(self, move):
        """Return the valid file of a correction, posted if need be, as text."""
        if move.state == "draft":
            move._post(soft=False)
        prepared = self.prepare(move)
        self.assertTrue(prepared.xml, prepared.problems)
        schema = self.env["l10n_pl_ksef.schema"]._get_schema()
        self.assertEqual(checks.check_xml(prepared.xml, schema), [])
        return prepared.xml.decode()
