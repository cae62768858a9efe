import unittest

from ..secret import Secret
from ..token import MAX_LENGTH, TokenFormatError, TokenProblem, parse
from .support import HEX_SECRET, NIP, REFERENCE, TOKEN


class GoodTokenTest(unittest.TestCase):
    """A KSeF 2.0 token is read in any state a person pastes it in."""

    def test_whole_token_gives_its_parts(self):
        parts = parse(TOKEN)
        self.assertEqual(parts.reference, REFERENCE)
        self.assertEqual(parts.context_type, "Nip")
        self.assertEqual(parts.context_value, NIP)
        self.assertEqual(parts.secret_text.reveal(), TOKEN)
        self.assertNotIn(HEX_SECRET, repr(parts))

    def test_blanks_and_line_breaks_anywhere_are_dropped(self):
        middle = len(TOKEN) // 2
        for text in (
            f"  {TOKEN}\t",
            f"\r\n{TOKEN}\r\n",
            f"{TOKEN[:middle]}\n{TOKEN[middle:]}",
            TOKEN.replace("|", " | "),
            f"\u00a0{TOKEN}\u200b",
            f"\ufeff{TOKEN[:20]}\u00ad{TOKEN[20:]}",
        ):
            with self.subTest(text=ascii(text[:8])):
                self.assertEqual(parse(text).secret_text.reveal(), TOKEN)

    def test_a_wrapped_token_is_taken_too(self):
        self.assertEqual(parse(Secret(TOKEN)).reference, REFERENCE)

    def test_a_secret_of_another_alphabet_is_not_judged(self):
        for secret in ("Zm9vYmFy+/==", "x", "A" * 70):
            text = f"{REFERENCE}|nip-{NIP}|{secret}"
            self.assertEqual(parse(text).secret_text.reveal(), text)


class BadTokenTest(unittest.TestCase):
    """Each wrong text has its own problem, and a cut one names its missing part."""

    def assert_problem(self, text, kind, missing_part=None):
        with self.assertRaises(TokenFormatError) as caught:
            parse(text)
        self.assertEqual(
            (caught.exception.kind, caught.exception.missing_part),
            (kind, missing_part),
            ascii(text),
        )

    def test_nothing_is_empty(self):
        for text in ("", "   ", "\n\t\u00a0", "\u200b", None):
            self.assert_problem(text, TokenProblem.EMPTY)

    def test_bare_hexadecimal_is_a_token_of_the_old_system(self):
        for text in (HEX_SECRET, HEX_SECRET.upper(), f" {HEX_SECRET}\n"):
            self.assert_problem(text, TokenProblem.KSEF_1)

    def test_a_cut_token_names_the_first_part_that_is_not_whole(self):
        for text, missing_part in (
            (REFERENCE, 2),
            (REFERENCE[:20], 1),
            (f"{REFERENCE}|", 2),
            (f"{REFERENCE}|n", 2),
            (f"{REFERENCE}|nip-52658", 2),
            (f"{REFERENCE}|nip-{NIP}", 3),
            (f"{REFERENCE}|nip-{NIP}|", 3),
            (f"{REFERENCE}|nip-{NIP}|{HEX_SECRET[:-1]}", 3),
            (f"{REFERENCE}||{HEX_SECRET}", 2),
            (f"{REFERENCE}|nip-526|{HEX_SECRET}", 2),
            (f"nip-{NIP}|{HEX_SECRET}", 1),
            (f"{NIP}|{HEX_SECRET}", 1),
            (f"|nip-{NIP}|{HEX_SECRET}", 1),
            (TOKEN[4:], 1),
            (TOKEN[12:], 1),
        ):
            self.assert_problem(text, TokenProblem.CUT, missing_part)

    def test_cut_at_any_place_is_never_taken(self):
        for length in range(len(TOKEN)):
            with self.subTest(length=length), self.assertRaises(TokenFormatError):
                parse(TOKEN[:length])
        for start in range(1, len(TOKEN)):
            with self.subTest(start=start), self.assertRaises(TokenFormatError):
                parse(TOKEN[start:])

    def test_another_context_is_not_a_nip(self):
        for context in (f"internalId-{NIP}-12345", f"nipVatUe-{NIP}-DE123456789"):
            text = f"{REFERENCE}|{context}|{HEX_SECRET}"
            self.assert_problem(text, TokenProblem.NOT_A_NIP)

    def test_garbage_is_not_a_token(self):
        for text in (
            "hello",
            "a|b|c",
            f"{TOKEN}|{TOKEN}"[: MAX_LENGTH - 1],
            f"{REFERENCE}|pesel-12345678901|{HEX_SECRET}",
            "x" * (MAX_LENGTH + 1),
            f"{REFERENCE}|nip-{NIP}|{'z' * MAX_LENGTH}",
            "łąka|żółw|" + HEX_SECRET,
            "٠" * 64,
        ):
            self.assert_problem(text, TokenProblem.NOT_A_TOKEN)

    def test_the_error_does_not_hold_the_text(self):
        with self.assertRaises(TokenFormatError) as caught:
            parse(f"{REFERENCE}|nip-{NIP}|{HEX_SECRET[:40]}")
        shown = f"{caught.exception} {caught.exception!r} {caught.exception.args}"
        self.assertNotIn(HEX_SECRET[:40], shown)
        self.assertNotIn(NIP, shown)
