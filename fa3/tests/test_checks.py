import dataclasses
import re
import threading
import unittest
from decimal import Decimal

from .. import checks, reader, writer
from ..checks import Reason, XmlProblem, XmlRule
from ..lines import Line
from . import recipes
from .common import official_schema


def with_body(**values):
    """Return the bytes of the plain recipe with changed fields of its body."""
    invoice = recipes.plain()
    return writer.write(
        dataclasses.replace(invoice, body=dataclasses.replace(invoice.body, **values))
    )


class TestXmlRules(unittest.TestCase):
    """What KSeF refuses in the bytes is found before sending, by element and value."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema = official_schema()
        cls.good = writer.write(recipes.plain())

    def rules(self, data):
        return [problem.kind for problem in checks.check_xml(data, self.schema)]

    def test_written_file_has_no_problem(self):
        self.assertEqual(checks.check_xml(self.good, self.schema), [])
        self.assertTrue(
            self.good.startswith(b'<?xml version="1.0" encoding="UTF-8"?><')
        )
        self.assertNotIn(b"\n", self.good)

    def test_byte_order_mark_and_other_encodings_are_refused(self):
        self.assertIn(XmlRule.ENCODING, self.rules(b"\xef\xbb\xbf" + self.good))
        other = self.good.decode().replace("UTF-8", "ISO-8859-2").encode("iso-8859-2")
        self.assertIn(XmlRule.ENCODING, self.rules(other))
        self.assertIn(XmlRule.ENCODING, self.rules(self.good.replace(b"T", b"\xff")))

    def test_doctype_and_instructions_are_refused(self):
        declaration, rest = self.good.split(b"?>", 1)
        for inserted in (b"<!DOCTYPE Faktura>", b"<?style here?>"):
            with self.subTest(inserted):
                data = declaration + b"?>" + inserted + rest
                self.assertEqual(self.rules(data), [XmlRule.STRUCTURE])

    def test_entity_of_a_file_is_never_read(self):
        declaration, rest = self.good.split(b"?>", 1)
        doctype = b'<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        data = declaration + b"?>" + doctype + rest.replace(b"FV/1", b"&x;")
        self.assertEqual(self.rules(data), [XmlRule.STRUCTURE])
        with self.assertRaises(reader.UnreadableError):
            reader.read(data)

    def test_cut_file_is_refused(self):
        self.assertEqual(self.rules(self.good[:-4]), [XmlRule.STRUCTURE])
        self.assertEqual(self.rules(b""), [XmlRule.STRUCTURE])

    def test_forbidden_character_is_shown_where_it_stands(self):
        data = self.good.replace("Usługa".encode(), "Usłu\x80ga".encode())
        expected = XmlProblem(XmlRule.FORBIDDEN_CHARACTER, "P_7", "Usłu\ufffdga")
        self.assertEqual(checks.check_xml(data, self.schema), [expected])

    def test_too_large_file_and_too_many_lines_are_refused(self):
        lines = [Line(number=n, name="x" * 512) for n in range(1, 2001)]
        self.assertEqual(self.rules(with_body(lines=lines)), [XmlRule.SIZE])
        lines = [Line(number=n) for n in range(1, checks.MAX_LINES + 2)]
        self.assertEqual(self.rules(with_body(lines=lines)), [XmlRule.LINES])

    def test_schema_findings_name_element_value_and_reason(self):
        row = recipes.ONE_LINE[0]
        cases = (
            ({"number": "n" * 257}, "P_2", "n" * 257, Reason.TOO_LONG),
            ({"currency": "PLZ"}, "KodWaluty", "PLZ", Reason.NOT_LISTED),
            ({"number": ""}, "P_13_1", "200.00", Reason.UNEXPECTED),
            (
                {"total": Decimal(10) ** 17},
                "P_15",
                "100000000000000000.00",
                Reason.PATTERN,
            ),
            (
                {"lines": (dataclasses.replace(row, number=0),)},
                "NrWierszaFa",
                "0",
                Reason.RANGE,
            ),
        )
        for change, element, value, reason in cases:
            with self.subTest(element):
                problems = checks.check_xml(with_body(**change), self.schema)
                expected = XmlProblem(XmlRule.SCHEMA, element, value, reason)
                self.assertEqual(problems[0], expected)

    def test_all_findings_are_reported_at_once(self):
        data = with_body(currency="PLZ", number="n" * 257)
        found = {problem.element for problem in checks.check_xml(data, self.schema)}
        self.assertEqual(found, {"KodWaluty", "P_2"})

    def test_names_with_a_prefix_are_checked_too(self):
        data = re.sub(rb"<(/?)(?=[A-Z])", rb"<\1f:", with_body(currency="PLZ"))
        data = data.replace(b"xmlns=", b"xmlns:f=")
        [problem] = checks.check_xml(data, self.schema)
        self.assertEqual((problem.element, problem.value), ("KodWaluty", "PLZ"))
        good = re.sub(rb"<(/?)(?=[A-Z])", rb"<\1f:", self.good)
        good = good.replace(b"xmlns=", b"xmlns:f=")
        self.assertEqual(reader.read(good), reader.read(self.good))

    def test_larger_file_is_allowed_with_an_attachment_alone(self):
        blanks = b" " * checks.MAX_BYTES
        data = self.good.replace(b"</Faktura>", blanks + b"</Faktura>")
        self.assertEqual(self.rules(data), [XmlRule.SIZE])
        attached = data.replace(b"</Faktura>", b"<Zalacznik></Zalacznik></Faktura>")
        self.assertNotIn(XmlRule.SIZE, self.rules(attached))

    def test_without_a_schema_the_rules_of_xml_still_hold(self):
        self.assertEqual(checks.check_xml(with_body(currency="PLZ")), [])
        self.assertTrue(checks.check_xml(b"\xef\xbb\xbf" + self.good))

    def test_threads_do_not_mix_their_findings(self):
        bad, results = with_body(currency="PLZ"), []

        def work(data, expected):
            results.extend(
                len(checks.check_xml(data, self.schema)) == expected
                for _turn in range(50)
            )

        threads = [
            threading.Thread(target=work, args=pair)
            for pair in ((self.good, 0), (bad, 1)) * 2
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(results), all(results)), (200, True))
