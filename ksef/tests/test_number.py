import unittest

from .. import number

VECTORS = {
    "5265877635-20250826-0100001AF629": "AF",
    "5265877635-20250626-010080DD2B5E": "26",
    "5265877635-20250916-0200A0D6723E": "C2",
    "5265877635-20250916-010040741B3E": "46",
    "5555555555-20250828-010080615740": "E4",
}
GOOD = "5265877635-20250826-0100001AF629-AF"
LEGACY = "5265877635-20250826-010000-1AF629-AF"


class NumberTest(unittest.TestCase):
    """A KSeF number is known by its form and its checksum."""

    def test_checksum_of_known_numbers_is_right(self):
        for body, check in VECTORS.items():
            with self.subTest(body=body):
                self.assertEqual(number.checksum(body), check)
                self.assertTrue(number.is_valid(f"{body}-{check}"))

    def test_checksum_of_a_collective_identifier_is_the_same(self):
        self.assertEqual(number.checksum("1111111111-IZ202607-65ED02180000"), "E7")

    def test_the_longer_old_form_is_valid_too(self):
        self.assertTrue(number.is_valid(LEGACY))
        self.assertEqual(number.compact(LEGACY), GOOD)

    def test_any_changed_digit_is_noticed(self):
        for place, character in enumerate(GOOD):
            if character == "-":
                continue
            changed = GOOD[:place] + ("1" if character != "1" else "2")
            with self.subTest(place=place):
                self.assertFalse(number.is_valid(changed + GOOD[place + 1 :]))

    def test_other_forms_are_not_valid(self):
        for text in (
            "",
            GOOD.lower(),
            GOOD[:-1],
            GOOD + "0",
            GOOD + "\n",
            " " + GOOD,
            GOOD.replace("-", ""),
            "5265877635-20251326-0100001AF629-AF",
            "0265877635-20250826-0100001AF629-AF",
        ):
            with self.subTest(text=text):
                self.assertFalse(number.is_valid(text))

    def test_compact_forgives_blanks_and_lower_case(self):
        self.assertEqual(number.compact(f" {GOOD.lower()}\n"), GOOD)

    def test_compact_refuses_other_texts(self):
        for text in ("", "FV/2026/1", GOOD[:-1]):
            with self.subTest(text=text), self.assertRaises(ValueError):
                number.compact(text)
