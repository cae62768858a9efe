"""The comparison of both books after a randomised run."""

import base64
import hashlib
import unittest

from ..chaos_books import FIELDS, Books

XML = b"<Faktura/>"
HASH = base64.b64encode(hashlib.sha256(XML).digest()).decode()
UPO = """<Potwierdzenie xmlns="urn:test"><Dokument>
<NumerKSeFDokumentu>{number}</NumerKSeFDokumentu>
<SkrotDokumentu>{digest}</SkrotDokumentu>
</Dokument></Potwierdzenie>"""


def _encode(data):
    return base64.b64encode(data)


class FakeStage:
    """The same invoice in both books, until a test spoils one of them."""

    def __init__(self):
        upo = UPO.format(number="N1", digest=HASH).encode()
        values = {
            "id": 1, "name": "INV/1", "move_id": 10, "nip": "123", "generation": 1,
            "state": "accepted", "upo_state": "stored", "ksef_number": "N1",
            "sha256": HASH, "xml": _encode(XML), "upo_single": _encode(upo),
            "kind": "online",
        }  # fmt: skip
        self.row = dict.fromkeys(FIELDS) | values
        entry = {
            "ksefNumber": "N1",
            "invoiceHash": HASH,
            "nip": "123",
            "invoiceNumber": "INV/1",
            "sessionReference": "S1",
        }
        self.invoices = [entry]
        self.sent = [{**entry, "code": 200}]

    def query_ours(self, statement):
        return [tuple(self.row.values())]

    def query(self, statement):
        return []

    def read_book(self):
        return {"invoices": self.invoices, "sent": self.sent}


class TestChaosBooks(unittest.TestCase):
    """Every difference between the books is found under its name."""

    def setUp(self):
        self.stage = FakeStage()

    def find(self, posted=1):
        checks = Books(self.stage).compare(posted)
        return {what for what, wrong in checks if wrong}

    def check_found(self, what, posted=1):
        self.assertIn(what, self.find(posted))

    def test_same_books_differ_in_nothing(self):
        self.assertEqual(self.find(), set())

    def test_lost_invoice(self):
        self.check_found("every posted invoice is there", posted=2)

    def test_invoice_without_a_row(self):
        self.stage.row |= {"id": None, "ksef_number": None}
        self.check_found("every posted invoice is there")

    def test_invoice_without_a_number(self):
        self.stage.row["ksef_number"] = None
        self.check_found("each has exactly one KSeF number")
        self.check_found("KSeF has nothing that Odoo does not know")

    def test_other_number_or_invoice_at_ksef(self):
        self.stage.invoices[0]["invoiceNumber"] = "INV/2"
        self.check_found("KSeF has it under the same number")

    def test_invoice_accepted_twice(self):
        self.stage.invoices.append({**self.stage.invoices[0], "ksefNumber": "N2"})
        self.check_found("no invoice was accepted twice")

    def test_invoice_sent_again(self):
        self.stage.sent.append({**self.stage.sent[0], "code": 440})
        self.check_found("nothing was sent that KSeF had taken")

    def test_other_bytes(self):
        self.stage.row["xml"] = _encode(b"<Other/>")
        self.check_found("the stored XML has the accepted hash")

    def test_receipt_missing_or_of_another_invoice(self):
        self.stage.row["upo_state"] = "doubtful"
        self.check_found("the receipt is stored and names it")
        other = UPO.format(number="N1", digest="other").encode()
        self.stage.row |= {"upo_state": "stored", "upo_single": _encode(other)}
        self.check_found("the receipt is stored and names it")

    def test_receipt_wanted_without_a_next_step(self):
        self.stage.row["upo_state"] = "wanted"
        self.check_found("nothing is open without a next step")

    def test_finished_with_a_next_step(self):
        self.stage.row["next_step_on"] = "soon"
        self.check_found("nothing finished has a next step")

    def test_open_without_a_next_step(self):
        self.stage.row |= {"state": "blocked", "ksef_number": None}
        self.check_found("nothing is open without a next step")

    def test_open_in_a_package_that_has_a_next_step(self):
        values = {"state": "unknown", "kind": "batch", "session_step": "soon"}
        self.stage.row |= values
        self.assertNotIn("nothing is open without a next step", self.find())
        self.stage.row["session_step"] = None
        self.check_found("nothing is open without a next step")
