import tempfile
import unicodedata
import unittest
from pathlib import Path

from .. import checks, reader, source, text, writer
from ..reader import ReadProblem, UnreadableError
from . import recipes
from .common import official_schema
from .hostile import SECRET, make_prologs
from .trial import Watch

GOOD = writer.write(recipes.plain())
REST = GOOD.partition(b"?>")[2]


def inside(content):
    """Return the plain file with something put before its first row."""
    return GOOD.replace(b"<FaWiersz>", content + b"<FaWiersz>", 1)


class TestHostileFiles(unittest.TestCase):
    """A file made to harm is refused by name: nothing is expanded or fetched."""

    def problem(self, data):
        with self.assertRaises(UnreadableError) as caught:
            reader.read(data)
        return caught.exception.problem

    def test_document_types_are_refused_and_nothing_is_fetched(self):
        watch = Watch()
        with tempfile.TemporaryDirectory() as folder:
            secret = Path(folder) / "secret"
            secret.write_bytes(SECRET)
            prologs = make_prologs(secret.as_uri())
            with_doctype = [prolog for prolog in prologs if b"<!DOCTYPE" in prolog]
            self.assertEqual(len(with_doctype), 8)
            for prolog in with_doctype:
                data = prolog + REST.replace(b"FV/1", b"&x;&l11;")
                with self.subTest(prolog), watch:
                    self.assertIs(self.problem(data), ReadProblem.DOCTYPE)
                    found = [each.kind for each in checks.check_xml(data)]
                    self.assertIn(checks.XmlRule.STRUCTURE, found)
        self.assertEqual(watch.seen, [])

    def test_word_doctype_in_a_text_is_a_text(self):
        data = GOOD.replace(b"FV/1", b"<![CDATA[<!DOCTYPE a>]]>")
        self.assertEqual(reader.read(data).body.number, "<!DOCTYPE a>")

    def test_other_encodings_are_refused(self):
        words = GOOD.decode()
        for encoding in ("utf-16", "utf-16-le", "utf-32", "iso-8859-2", "utf-7"):
            data = words.replace("UTF-8", encoding).encode(encoding, "replace")
            with self.subTest(encoding):
                self.assertIs(self.problem(data), ReadProblem.ENCODING)

    def test_odd_bytes_are_replaced_and_the_invoice_is_marked(self):
        invoice = reader.read(GOOD.replace(b"FV/1", b"FV/\xff1"))
        self.assertEqual(invoice.body.number, "FV/\ufffd1")
        self.assertTrue(invoice.is_damaged)
        self.assertFalse(reader.read(b"\xef\xbb\xbf" + GOOD).is_damaged)

    def test_broken_files_are_refused(self):
        for data in (b"", b"\0" * 100, GOOD[:-4], GOOD + b"<a/>", inside(b"\0")):
            with self.subTest(data[-20:]):
                self.assertIn(
                    self.problem(data), (ReadProblem.NOT_XML, ReadProblem.ENCODING)
                )

    def test_entities_instructions_and_comments_say_nothing(self):
        self.assertIs(self.problem(inside(b"&x;")), ReadProblem.NOT_XML)
        data = inside(b"<?a b?><!-- c -->").replace(b"FV/1", b"FV<!-- x -->/1")
        self.assertEqual(reader.read(data), recipes.plain())

    def test_deep_file_is_refused(self):
        for depth in (3000, 100_000):
            data = inside(b"<x>" * depth + b"</x>" * depth)
            self.assertIs(self.problem(data), ReadProblem.NOT_XML)
        nested = inside(b"<x>" * 200 + b"a" + b"</x>" * 200)
        [unknown] = reader.read(nested).unknown
        self.assertEqual(unknown, ("Fa/x", "x: a"))

    def test_too_large_file_is_refused(self):
        data = inside(b" " * source.MAX_BYTES)
        self.assertIs(self.problem(data), ReadProblem.TOO_LARGE)

    def test_file_of_ever_new_names_is_refused_before_it_is_parsed(self):
        numbers = range(source.MAX_NAMES + 1)
        cases = (
            b"".join(b"<a%d/>" % number for number in numbers),
            b"<a %s/>" % b" ".join(b'a%d=""' % number for number in numbers),
            b"".join(b'<a xmlns="u%d"/>' % number for number in numbers),
            b"<%s/>" % (b"a" * (source.MAX_NAMES_BYTES + 1)),
        )
        for content in cases:
            with self.subTest(content[:30]):
                data = inside(content)
                self.assertIs(self.problem(data), ReadProblem.TOO_MANY_NAMES)

    def test_endless_marks_on_a_letter_are_cut(self):
        marks = "\u0301\u0323" * 100_000
        cleaned = text.clean(f"za{marks} e\u0301")
        self.assertLess(len(cleaned), 40)
        self.assertTrue(unicodedata.is_normalized("NFC", cleaned))
        self.assertTrue(cleaned.endswith(" \u00e9"))

    def test_broken_rule_in_every_line_is_told_a_hundred_times(self):
        bad = "<P_7>\x80</P_7>".encode() * 5000
        found = checks.check_xml(inside(bad), official_schema())
        self.assertEqual(len(found), checks.MAX_PROBLEMS)
        row = b"<FaWiersz><NrWierszaFa>0</NrWierszaFa></FaWiersz>"
        found = checks.check_xml(inside(row * 3000), official_schema())
        self.assertLessEqual(len(found), checks.MAX_PROBLEMS)
        self.assertEqual(found[0].element, "NrWierszaFa")
