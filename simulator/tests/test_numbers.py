"""Numbers with their checksum, and times."""

import re
import unittest
from datetime import datetime, timezone

from simulator import clock, numbers
from simulator.request_shapes import KSEF_NUMBER

REFERENCE = r"\d{8}-[A-Z]{2}-[0-9A-F]{10}-[0-9A-F]{10}-[0-9A-F]{2}"
LATE_EVENING = datetime(2026, 3, 5, 23, 30, tzinfo=timezone.utc)


class ChecksumTest(unittest.TestCase):
    """The last pair is the CRC of what stands before it."""

    def test_published_ksef_numbers_have_their_checksum(self):
        vectors = {
            "5265877635-20250826-0100001AF629": "AF",
            "5265877635-20250626-010080DD2B5E": "26",
            "5265877635-20250916-0200A0D6723E": "C2",
            "5555555555-20250828-010080615740": "E4",
        }
        for head, expected in vectors.items():
            with self.subTest(head):
                self.assertEqual(numbers.crc8(head), expected)

    def test_published_reference_has_its_checksum(self):
        self.assertEqual(numbers.crc8("20250514-CR-226FB7B000-3ACF9BE4C0"), "10")

    def test_new_reference_has_pattern_and_checksum(self):
        reference = numbers.reference_number(numbers.LOGIN, LATE_EVENING)
        self.assertRegex(reference, f"^{REFERENCE}$")
        self.assertEqual(numbers.crc8(reference[:33]), reference[-2:])

    def test_new_ksef_number_has_pattern_checksum_and_warsaw_day(self):
        number = numbers.ksef_number("5265877635", LATE_EVENING)
        self.assertTrue(re.fullmatch(KSEF_NUMBER, number))
        self.assertEqual(numbers.crc8(number[:32]), number[-2:])
        self.assertTrue(number.startswith("5265877635-20260306-"))


class TimeTest(unittest.TestCase):
    """Answers are UTC with seven digits; requests without offset are Warsaw time."""

    def test_fraction_has_seven_digits(self):
        moment = LATE_EVENING.replace(microsecond=15430)
        self.assertRegex(
            clock.to_text(moment), r"^2026-03-05T23:30:00\.015430\d\+00:00$"
        )

    def test_written_time_reads_back(self):
        moment = LATE_EVENING.replace(microsecond=987654)
        self.assertEqual(clock.from_text(clock.to_text(moment)), moment)

    def test_time_without_offset_is_warsaw_time(self):
        read = clock.from_text("2026-07-01T12:00:00")
        self.assertEqual(read, datetime(2026, 7, 1, 10, tzinfo=timezone.utc))

    def test_date_alone_is_no_time(self):
        with self.assertRaises(ValueError):
            clock.from_text("2026-07-01")


if __name__ == "__main__":
    unittest.main()
