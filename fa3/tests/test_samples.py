import re
import unittest
from datetime import datetime, timezone
from decimal import Decimal

from lxml import etree

from .. import checks, kinds, reader, writer
from .common import SHARED, needs_shared, official_schema
from .test_structure import NOT_COVERED

SAMPLES = SHARED / "samples" / "fa3"
FA2_NAMESPACE = b"http://crd.gov.pl/wzor/2023/06/29/12648/"
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\S+")


def leaves(element, path=""):
    """Return [(path, value)] of what counts in a file, empty parts left out."""
    name = etree.QName(element).localname
    if name in NOT_COVERED:
        return []
    path = f"{path}/{name}"
    if len(element):
        return [pair for child in element for pair in leaves(child, path)]
    value = " ".join((element.text or "").split())
    return [(path, meaning(value))] if value else []


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
                written = writer.write(reader.read(data))
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

    def test_older_form_is_read_too(self):
        data = self.valid["mf-przyklad-01.xml"]
        namespace = writer.NAMESPACE.encode()
        self.assertIn(namespace, data)
        older = reader.read(data.replace(namespace, FA2_NAMESPACE))
        self.assertEqual(older, reader.read(data))

    def test_broken_samples_are_refused(self):
        passes = {
            "21-wrong-tax-calculation.xml",
            "23-missing-bank-account-validation.xml",
            "25-negative-quantities.xml",
        }
        broken = {path.name: path for path in (SAMPLES / "broken").glob("*.xml")}
        self.assertEqual(len(broken), 15)
        accepted = {
            name
            for name, path in broken.items()
            if not checks.check_xml(path.read_bytes(), self.schema)
        }
        self.assertEqual(accepted, passes)
