import re
import unittest
from datetime import datetime, timezone
from decimal import Decimal

from lxml import etree

from .. import checks, kinds, reader, text, writer
from ..codes import ColumnType, TransportKind
from ..reader import ReadProblem
from .common import SHARED, needs_shared, official_schema

SAMPLES = SHARED / "samples" / "fa3"
PASSING = {
    "21-wrong-tax-calculation.xml",
    "23-missing-bank-account-validation.xml",
    "25-negative-quantities.xml",
}
# Broken file -> why it cannot be read, and where; the others can, with a rest.
UNREADABLE = {
    "13-malformed-xml.xml": (ReadProblem.NOT_XML, None),
    "18-missing-namespace.xml": (ReadProblem.OTHER_DOCUMENT, "Faktura"),
}
UNKNOWN = {
    "03-typo-in-element-name.xml": ["Podmiot1/DaneIdentyfikacyjne/Nazw"],
    "08-gtu-wrong-format.xml": ["Fa/FaWiersz[1]/GTU_12"],
    "10-selection-logic-violation.xml": [
        "Fa/Adnotacje/Zwolnienie/Art100",
        "Fa/Adnotacje/PMarzy/PMarzy_2",
    ],
    "11-currency-inconsistency.xml": ["Fa/WalutaUmowna"],
}
# Empty there means something: the place in the row of a table.
CELLS = ("NKom", "WKom", "SKom")
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\S+")


def leaves(element, path=""):
    """Return [(path, value)] of what counts in a file, empty parts left out."""
    name = etree.QName(element).localname
    path = f"{path}/{name}"
    said = [
        (f"{path}/@{key}", value)
        for key, value in element.attrib.items()
        if not key.endswith("chemaLocation")
    ]
    if len(element):
        return said + [pair for child in element for pair in leaves(child, path)]
    value = text.clean(element.text or "")
    return said + ([(path, meaning(value))] if value or name in CELLS else [])


def meaning(value):
    """Numbers and times in different notation are the same."""
    if MOMENT.fullmatch(value):
        return kinds.MOMENT.from_text(value)
    return Decimal(value) if NUMBER.fullmatch(value) else value


@needs_shared
class TestSamples(unittest.TestCase):
    """Files of the Ministry and of others are read, and written without loss."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema = official_schema()
        files = {path.name: path.read_bytes() for path in SAMPLES.glob("*.xml")}
        cls.valid = {
            name: data
            for name, data in sorted(files.items())
            if cls.schema.validate(reader.parse(data))
        }

    def test_valid_samples_are_written_again_as_they_were(self):
        self.assertEqual(len(self.valid), 39)
        for name, data in self.valid.items():
            with self.subTest(name):
                invoice = reader.read(data)
                self.assertEqual((invoice.unknown, invoice.is_damaged), ((), False))
                written = writer.write(invoice)
                self.assertEqual(checks.check_xml(written, self.schema), [])
                before, after = reader.parse(data), reader.parse(written)
                self.assertEqual(leaves(after), leaves(before))

    def test_written_sample_is_stable(self):
        for name, data in self.valid.items():
            with self.subTest(name):
                written = writer.write(reader.read(data))
                self.assertEqual(writer.write(reader.read(written)), written)

    def test_values_of_a_sample_are_read_as_what_they_are(self):
        body = reader.read(self.valid["mf-przyklad-04.xml"]).body
        self.assertEqual(body.total, Decimal("64279.92"))
        self.assertEqual(body.lines[1].unit_discount, Decimal(100))
        self.assertEqual(body.kind.name, "INVOICE")
        self.assertIs(body.annotations.is_split_payment, False)
        header = reader.read(self.valid["mf-przyklad-01.xml"]).header
        expected = datetime(2026, 2, 1, tzinfo=timezone.utc)
        self.assertEqual(header.created_on, expected)

    def test_attachment_of_a_sample_is_read_with_its_tables(self):
        [block] = reader.read(self.valid["mf-przyklad-24.xml"]).attachment.blocks
        self.assertEqual(block.facts[1].key, "Kod PPE")
        table = block.tables[0]
        self.assertEqual(table.description, "Odczyty")
        self.assertEqual(table.head.columns[1].kind, ColumnType.DATE)
        self.assertEqual(table.head.columns[1].name, "Data")
        widths = [len(row.cells) for row in table.rows]
        self.assertEqual(max(widths), len(table.head.columns))

    def test_transport_of_a_sample_is_read(self):
        terms = reader.read(self.valid["ksef2-05-wdt.xml"]).body.terms
        [transport] = terms.transports
        self.assertIsInstance(transport.kind, TransportKind)
        self.assertIsNotNone(transport.sent_from)

    def test_broken_samples_are_refused_or_read_with_their_rest(self):
        broken = {path.name: path for path in (SAMPLES / "broken").glob("*.xml")}
        self.assertEqual(len(broken), 15)
        for name, path in broken.items():
            data = path.read_bytes()
            with self.subTest(name):
                problems = checks.check_xml(data, self.schema)
                self.assertEqual(bool(problems), name not in PASSING)
                if name in UNREADABLE:
                    with self.assertRaises(reader.UnreadableError) as caught:
                        reader.read(data)
                    found = (caught.exception.problem, caught.exception.element)
                    self.assertEqual(found, UNREADABLE[name])
                else:
                    unknown = reader.read(data).unknown
                    places = [place for place, _text in unknown]
                    self.assertEqual(places, UNKNOWN.get(name, []))
