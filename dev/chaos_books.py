"""Odoo's book beside KSeF's book: each check returns what is not as it must be."""

import base64
import hashlib
from collections import Counter, defaultdict, namedtuple

from lxml import etree

DUPLICATE = 440
COLUMNS = """
document.id, move.name, move.id AS move_id, document.nip, document.generation,
document.state, document.blocked_reason, document.status_code,
document.upo_state, document.ksef_number, document.sha256, document.xml,
document.upo_single, document.receipt_id, document.next_step_on,
session.kind, session.next_step_on AS session_step
"""
DOCUMENTS = f"""
SELECT {COLUMNS} FROM account_move AS move
  LEFT JOIN l10n_pl_ksef_document AS document ON document.move_id = move.id
  LEFT JOIN l10n_pl_ksef_session AS session ON session.id = document.session_id
 WHERE move.id > %s AND move.state = 'posted' AND move.move_type = 'out_invoice'
 ORDER BY move.id, document.generation
"""
FIELDS = [word.split(".")[-1].split()[-1] for word in COLUMNS.split(",")]
Row = namedtuple("Row", FIELDS)
RECEIPTS = "SELECT id, content FROM l10n_pl_ksef_receipt"
# Fields of an entry of a receipt that must be the invoice's.
NUMBER, HASH = "NumerKSeFDokumentu", "SkrotDokumentu"


class Books:
    """Both books as they stand at the end of a run."""

    def __init__(self, stage):
        self.rows = [Row(*values) for values in stage.query_ours(DOCUMENTS)]
        found = stage.read_book()
        self.invoices, self.sent = found["invoices"], found["sent"]
        self._receipts = {
            number: _read_entries(_decode(content))
            for number, content in stage.query(RECEIPTS)
        }
        self._by_number = {one["ksefNumber"]: one for one in self.invoices}

    def compare(self, posted):
        """Return [(what must hold, [what does not])] of everything."""
        return [
            ("every posted invoice is there", self._find_missing(posted)),
            ("each has exactly one KSeF number", self._find_numbers()),
            ("KSeF has it under the same number", self._find_strange()),
            ("KSeF has nothing that Odoo does not know", self._find_unknown()),
            ("no invoice was accepted twice", self._find_twice()),
            ("nothing was sent that KSeF had taken", self._find_resent()),
            ("the stored XML has the accepted hash", self._find_other_bytes()),
            ("the receipt is stored and names it", self._find_receipts()),
            ("nothing is open without a next step", self._find_dead_ends()),
            ("nothing finished has a next step", self._find_restless()),
        ]

    def _find_missing(self, posted):
        moves = {row.move_id for row in self.rows}
        wrong = [row.name for row in self.rows if row.id is None]
        if len(moves) != posted:
            wrong.append(f"{len(moves)} of {posted} invoices are in Odoo")
        return wrong

    def _find_numbers(self):
        numbers = defaultdict(list)
        for row in self.rows:
            numbers[row.move_id, row.name].append(row)
        return [
            ", ".join(map(_describe, rows))
            for rows in numbers.values()
            if sum(bool(row.ksef_number) for row in rows) != 1
        ]

    def _find_strange(self):
        return [
            _describe(row)
            for row in self.rows
            if row.ksef_number and not self._is_same(row)
        ]

    def _is_same(self, row):
        entry = self._by_number.get(row.ksef_number)
        facts = entry and (entry["nip"], entry["invoiceNumber"])
        return facts == (row.nip, row.name)

    def _find_unknown(self):
        known = {row.ksef_number for row in self.rows}
        return [
            f"{one['nip']} {one['invoiceNumber']} {one['ksefNumber']}"
            for one in self.invoices
            if one["ksefNumber"] not in known
        ]

    def _find_twice(self):
        counts = Counter((one["nip"], one["invoiceNumber"]) for one in self.invoices)
        return [f"{key}: {count}" for key, count in counts.items() if count > 1]

    def _find_resent(self):
        return [
            f"{one['invoiceNumber']} in {one['sessionReference']}"
            for one in self.sent
            if one["code"] == DUPLICATE
        ]

    def _find_other_bytes(self):
        return [
            _describe(row)
            for row in self.rows
            if row.ksef_number in self._by_number and not self._has_same_bytes(row)
        ]

    def _has_same_bytes(self, row):
        digest = base64.b64encode(hashlib.sha256(_decode(row.xml)).digest()).decode()
        accepted = self._by_number[row.ksef_number]["invoiceHash"]
        return row.sha256 == digest == accepted

    def _find_receipts(self):
        return [
            f"{_describe(row)}, receipt {row.upo_state}"
            for row in self.rows
            if row.ksef_number and not self._has_receipt(row)
        ]

    def _has_receipt(self, row):
        if row.upo_single:
            entries = _read_entries(_decode(row.upo_single))
        else:
            entries = self._receipts.get(row.receipt_id, {})
        is_named = entries.get(row.ksef_number) == row.sha256
        return row.upo_state == "stored" and is_named

    def _find_dead_ends(self):
        return [
            _describe(row)
            for row in self.rows
            if row.id and not _is_done(row) and not _has_step(row)
        ]

    def _find_restless(self):
        return [
            _describe(row) for row in self.rows if _is_done(row) and row.next_step_on
        ]


def _is_done(row):
    is_over = row.state in ("rejected", "withdrawn", "conflict")
    return is_over or (row.state == "accepted" and row.upo_state != "wanted")


def _has_step(row):
    return row.next_step_on or (row.kind == "batch" and row.session_step)


def _describe(row):
    words = [row.name, row.state, row.blocked_reason, row.status_code, row.kind]
    return " ".join(str(word) for word in words if word)


def _decode(content):
    return base64.b64decode(bytes(content or b""))


def _read_entries(content):
    """Return {KSeF number: hash} of the documents that a receipt confirms."""
    if not content:
        return {}
    entries = {}
    for document in etree.fromstring(content).iterfind("{*}Dokument"):
        facts = {etree.QName(one).localname: one.text for one in document}
        entries[facts[NUMBER]] = facts[HASH]
    return entries
