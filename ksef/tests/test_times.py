import unittest
from datetime import datetime, timedelta, timezone

from ..times import format_time, parse_time


class ParseTimeTest(unittest.TestCase):
    """KSeF's dates become aware UTC, extra digits are cut and never rounded."""

    def test_forms_of_the_api_are_read(self):
        for text, expected in (
            ("2025-07-11T12:23:56.0154302+00:00", (2025, 7, 11, 12, 23, 56, 15430)),
            ("2025-07-11T12:23:56.9999999+00:00", (2025, 7, 11, 12, 23, 56, 999999)),
            ("2025-07-11T12:23:56.5Z", (2025, 7, 11, 12, 23, 56, 500000)),
            ("2025-07-11T12:23:56Z", (2025, 7, 11, 12, 23, 56, 0)),
            ("2025-07-11T12:23:56", (2025, 7, 11, 12, 23, 56, 0)),
            ("2025-07-11T01:23:56+02:00", (2025, 7, 10, 23, 23, 56, 0)),
        ):
            with self.subTest(text=text):
                moment = parse_time(text)
                self.assertEqual(moment, datetime(*expected, tzinfo=timezone.utc))
                self.assertIs(moment.tzinfo, timezone.utc)

    def test_other_texts_are_refused(self):
        for text in (
            "",
            "2025-07-11",
            "11.07.2025 12:23",
            "2025-13-11T12:23:56Z",
            "2025-07-11T12:23:56Z\n",
            "٢٠٢٥-07-11T12:23:56Z",
        ):
            with self.subTest(text=text), self.assertRaises(ValueError):
                parse_time(text)


class FormatTimeTest(unittest.TestCase):
    """What is sent always carries its offset."""

    def test_an_aware_time_is_written_in_utc(self):
        warsaw_winter = timezone(timedelta(hours=1))
        moment = datetime(2026, 11, 20, 9, 0, tzinfo=warsaw_winter)
        self.assertEqual(format_time(moment), "2026-11-20T08:00:00.000+00:00")

    def test_a_naive_time_is_refused(self):
        with self.assertRaises(ValueError):
            format_time(datetime(2026, 11, 20))
