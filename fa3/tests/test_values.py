import dataclasses
import unittest
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from .. import kinds, text, writer
from ..codes import VatRate
from ..lines import Line
from ..parties import Contact
from . import recipes

WARSAW_SUMMER = timezone(timedelta(hours=2))


class TestNumbers(unittest.TestCase):
    """Numbers are written as FA(3) reads them: dot, no exponent, half up."""

    CASES = (
        (kinds.AMOUNT, "200", "200.00"),
        (kinds.AMOUNT, "0", "0.00"),
        (kinds.AMOUNT, "-0.001", "0.00"),
        (kinds.AMOUNT, "-1234.5", "-1234.50"),
        (kinds.AMOUNT, "0.125", "0.13"),
        (kinds.AMOUNT, "-0.125", "-0.13"),
        (kinds.AMOUNT, "9999999999999999.99", "9999999999999999.99"),
        (kinds.AMOUNT, "1E+3", "1000.00"),
        (kinds.PRICE, "100", "100"),
        (kinds.PRICE, "100.00", "100"),
        (kinds.PRICE, "1E+3", "1000"),
        (kinds.PRICE, "4.166875", "4.166875"),
        (kinds.PRICE, "709.2198581560284", "709.21985816"),
        (kinds.PRICE, "0.000000005", "0.00000001"),
        (kinds.PRICE, "0.000000004", "0"),
        (kinds.PRICE, "-0", "0"),
        (kinds.QUANTITY, "0.3333333", "0.333333"),
        (kinds.QUANTITY, "4.30", "4.3"),
        (kinds.QUANTITY, "1E-5", "0.00001"),
        (kinds.PERCENT, "25.5", "25.5"),
    )

    def test_each_number_has_its_own_form(self):
        for kind, value, expected in self.CASES:
            with self.subTest(value=value, places=kind.places):
                self.assertEqual(kind.to_text(Decimal(value)), expected)

    def test_numbers_of_others_are_read_with_blanks_and_zeros(self):
        self.assertEqual(kinds.AMOUNT.from_text(" 0.00\n"), 0)
        self.assertEqual(kinds.AMOUNT.from_text("-12.50"), Decimal("-12.5"))
        with self.assertRaises(ValueError):
            kinds.AMOUNT.from_text("12,50")


class TestDatesAndFlags(unittest.TestCase):
    """Times are UTC in whole seconds; flags are 1, or 1 and 2, or absent."""

    def test_time_is_written_in_utc_without_fractions(self):
        moment = datetime(2026, 7, 1, 12, 0, 5, 999999, WARSAW_SUMMER)
        self.assertEqual(kinds.MOMENT.to_text(moment), "2026-07-01T10:00:05Z")

    def test_time_without_a_zone_is_refused(self):
        with self.assertRaises(ValueError):
            kinds.MOMENT.to_text(datetime(2026, 7, 1))

    def test_times_of_others_are_read_in_every_form(self):
        expected = datetime(2026, 7, 1, 10, 0, 5, tzinfo=timezone.utc)
        for form in (
            "2026-07-01T10:00:05Z",
            "2026-07-01T10:00:05",
            "2026-07-01T10:00:05.1234567Z",
            " 2026-07-01T12:00:05+02:00 ",
        ):
            with self.subTest(form):
                self.assertEqual(kinds.MOMENT.from_text(form), expected)

    def test_day_is_written_and_read(self):
        self.assertEqual(kinds.DAY.to_text(date(2026, 1, 9)), "2026-01-09")
        self.assertEqual(kinds.DAY.from_text(" 2026-01-09"), date(2026, 1, 9))

    def test_flags(self):
        flags = [kinds.FLAG.to_text(True), kinds.FLAG.to_text(False)]
        answers = [kinds.YES_NO.to_text(True), kinds.YES_NO.to_text(False)]
        self.assertEqual(flags + answers, ["1", "", "1", "2"])

    def test_unknown_code_is_refused_when_written_and_kept_when_read(self):
        kind = kinds.Code(VatRate)
        self.assertEqual(kind.to_text("0 KR"), "0 KR")
        with self.assertRaises(ValueError):
            kind.to_text("24")
        self.assertEqual(kind.from_text(" np  I "), VatRate.OUTSIDE_POLAND)
        self.assertEqual(kind.from_text("24"), "24")


class TestTexts(unittest.TestCase):
    """Texts reach KSeF in one line, composed, without characters it refuses."""

    CASES = (
        ("plain text", "plain text"),
        ("  two \t\n words\r\n", "two words"),
        ("zażółć gęślą jaźń", "zażółć gęślą jaźń"),
        ("z\u0307o\u0301l\u0301", "ż\u00f3\u013a"),
        ("no\u00a0break\u2009thin", "no break thin"),
        ("next\u0085line", "next line"),
        ("a\x00b\x08c\x1fd", "abc d"),
        ("a\x7fb\x80c\x9fd", "abcd"),
        ("a\ufdd0b\ufffec\U0001fffed\U0010ffffe", "abcde"),
        ("half \ud83d surrogate", "half surrogate"),
        ("zero\u200bwidth\ufeff \u202eright", "zerowidth right"),
        ("word\u2060joiner \u2066isolate", "wordjoiner isolate"),
        ("form\x0cfeed", "form feed"),
        ("smile \U0001f600", "smile \U0001f600"),
        ("\u200b", ""),
        ("   ", ""),
    )

    def test_cleaning(self):
        for dirty, expected in self.CASES:
            with self.subTest(repr(dirty)):
                self.assertEqual(text.clean(dirty), expected)
                self.assertEqual(text.clean(expected), expected)

    def test_no_forbidden_character_survives(self):
        every = "".join(map(chr, range(0x3000))) + "\ufdd5\uffff\U000afffe"
        self.assertIsNone(text.FORBIDDEN.search(text.clean(every)))

    def test_lines_of_a_footer_stay(self):
        dirty = "\r\n first\x07  line \r\nsecond\rthird\n\n"
        self.assertEqual(text.clean_lines(dirty), "first line\nsecond\nthird")

    def test_long_text_is_cut_by_characters_without_loss(self):
        words = " ".join(["ż\U0001f600łw"] * 400)
        cut = text.pieces(words, 256)
        self.assertLessEqual(max(map(len, cut)), 256)
        self.assertEqual("".join(cut).replace(" ", ""), words.replace(" ", ""))
        self.assertFalse([piece for piece in cut if piece != piece.strip()])
        self.assertEqual(text.pieces("", 256), [])


class TestEmptyParts(unittest.TestCase):
    """Nothing empty is written, because FA(3) refuses it."""

    def test_part_without_content_is_left_out(self):
        invoice = recipes.plain()
        before = writer.write(invoice)
        seller = dataclasses.replace(
            invoice.seller, contacts=(Contact(email=" \u200b"),)
        )
        self.assertEqual(
            writer.write(dataclasses.replace(invoice, seller=seller)), before
        )

    def test_markup_in_a_text_is_escaped(self):
        invoice = recipes.plain()
        row = Line(number=1, name='<b> & "x" ]]>')
        body = dataclasses.replace(invoice.body, lines=(row,))
        data = writer.write(dataclasses.replace(invoice, body=body))
        self.assertIn(b'<P_7>&lt;b&gt; &amp; "x" ]]&gt;</P_7>', data)
