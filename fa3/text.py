"""Texts as FA(3) takes them: no forbidden character, one blank between words."""

import re
import unicodedata

# Letters, digits and marks that need no change: ASCII, Latin-1, Latin Extended-A.
_PLAIN = re.compile(r"[!-~\u00a1-\u017f]+(?: [!-~\u00a1-\u017f]+)*")

# Not allowed in XML 1.0, or on the list that KSeF forbids on top of it.
# Source: XML 1.0, section 2.2; KSeF check list, edition of 9 April 2026.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        chr(plane * 0x10000 + low) for plane in range(17) for low in (0xFFFE, 0xFFFF)
    )
    + "]"
)
# A text of these characters alone has none of them; much faster to find out.
SURELY_ALLOWED = re.compile("[\t\n\r -~\x85\u00a0-\ud7ff]*")
# Zero-width and direction marks: allowed, but two equal-looking texts would differ.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")

# Composing takes the square of the marks in a row: a long text might never end.
# Source: Unicode Standard Annex #15, section 13 (stream-safe text format).
_MAX_MARKS = 30
_SURELY_SHORT = 1000


def clean(value):
    """Return ``value`` in one line, NFC, without characters that KSeF refuses."""
    if _PLAIN.fullmatch(value):
        return value
    value = " ".join(value.split())
    value = _INVISIBLE.sub("", FORBIDDEN.sub("", value))
    if len(value) > _SURELY_SHORT:
        value = "".join(_without_most_marks(value))
    return " ".join(unicodedata.normalize("NFC", value).split())


def _without_most_marks(value):
    """Yield the characters, of combining marks in a row the first ones alone."""
    marks = 0
    for character in value:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_MARKS:
            yield character


def clean_lines(value):
    """Like :func:`clean`, but line breaks stay; empty lines at the ends go."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(clean(line) for line in lines).strip("\n")


def pieces(value, size):
    """Cut a clean text into pieces of at most ``size`` characters, none empty.

    A piece neither begins nor ends with a blank: blanks there do not count.
    """
    result = []
    while value:
        result.append(value[:size].rstrip())
        value = value[size:].lstrip()
    return result
