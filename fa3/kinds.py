"""How a Python value becomes the text of an element, and back.

``to_text`` gives "" for a value that is not written at all. ``from_text`` raises
``ValueError`` for a text that is not of the kind; it is not asked about blanks alone,
which mean that there is no value, unless the kind ``keeps_empty``.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Context, Decimal

from .text import clean, clean_lines

_CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)
# Zeros at both ends are allowed, so digits are many; but not without bound.
_NUMBER = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,400}", re.ASCII)
# Codes that are numbers in the schema: "01" and "+1" are 1.
_CODE_NUMBER = re.compile(r"[+]?0*([1-9]\d*)", re.ASCII)
_LARGEST_EXPONENT = 40  # so that every number read can be written in _CONTEXT
_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_DAY = re.compile(rf"(\d{{4}}-\d\d-\d\d){_ZONE}", re.ASCII)
_MOMENT = re.compile(
    rf"(\d{{4}}-\d\d-\d\dT)(\d\d)(:\d\d:\d\d)(?:\.\d+)?{_ZONE}", re.ASCII
)


class Kind:
    """Base of all kinds."""

    keeps_empty = False


@dataclass(frozen=True)
class Text(Kind):
    """Text in one line; ``limit`` in characters after cleaning."""

    limit: int

    def to_text(self, value):
        return clean(value)

    def from_text(self, text):
        return " ".join(text.split())


@dataclass(frozen=True)
class Cell(Text):
    """Text that is written even where it is empty: its place has a meaning."""

    keeps_empty = True


@dataclass(frozen=True)
class Lines(Kind):
    """Text whose line breaks count; ``limit`` in characters."""

    limit: int

    def to_text(self, value):
        return clean_lines(value)

    def from_text(self, text):
        return text.replace("\r\n", "\n").strip()


class Number(Kind):
    """Decimal number with at most ``places`` decimals, rounded half up.

    ``fixed``: always that many decimals (money), else trailing zeros go.
    """

    def __init__(self, places, fixed=False):
        self.places = places
        self.fixed = fixed
        self._unit = Decimal(1).scaleb(-places)

    def to_text(self, value):
        value = value.quantize(self._unit, context=_CONTEXT)
        if not value:
            return format(abs(value), "f") if self.fixed else "0"
        if not self.fixed:
            value = value.normalize(_CONTEXT)
        return format(value, "f")

    def from_text(self, text):
        value = Decimal(_matched(_NUMBER, text)[0])
        if value.adjusted() > _LARGEST_EXPONENT:
            raise ValueError(text)
        return value or abs(value)


class Integer(Kind):
    """Whole number."""

    def to_text(self, value):
        return str(int(value))

    def from_text(self, text):
        return int(_matched(_INTEGER, text)[0])


class Flag(Kind):
    """``True`` is written as 1; anything else is not written."""

    def to_text(self, value):
        return "1" if value else ""

    def from_text(self, text):
        if _plain(text) != "1":
            raise ValueError(text)
        return True


class YesNo(Kind):
    """``True`` is written as 1, ``False`` as 2."""

    def to_text(self, value):
        return "1" if value else "2"

    def from_text(self, text):
        text = _plain(text)
        if text not in ("1", "2"):
            raise ValueError(text)
        return text == "1"


class Day(Kind):
    """Date without a time; a zone is read over, the day is what counts."""

    def to_text(self, value):
        return value.isoformat()

    def from_text(self, text):
        return date.fromisoformat(_matched(_DAY, text)[1])


class Moment(Kind):
    """Aware date and time, written in UTC in whole seconds.

    A time without a zone is read as UTC.
    """

    def to_text(self, value):
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        value = value.astimezone(timezone.utc)
        return value.replace(microsecond=0, tzinfo=None).isoformat() + "Z"

    def from_text(self, text):
        value = self._read(text)
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)

    def _read(self, text):
        """Return the time, in UTC if it has a zone; 24:00 is the next midnight."""
        day, hour, rest, zone = _matched(_MOMENT, text).groups()
        is_midnight = f"{hour}{rest}" == "24:00:00"
        hour = "00" if is_midnight else hour
        zone = "+00:00" if zone == "Z" else zone or ""
        try:
            value = datetime.fromisoformat(f"{day}{hour}{rest}{zone}")
            value += timedelta(days=int(is_midnight))
            return value.astimezone(timezone.utc) if zone else value
        except OverflowError as error:
            raise ValueError(text) from error


class LocalMoment(Moment):
    """Like :class:`Moment`, but a time without a zone stays without one."""

    def to_text(self, value):
        if value.tzinfo is None:
            return value.replace(microsecond=0).isoformat()
        return super().to_text(value)

    def from_text(self, text):
        return self._read(text)


@dataclass(frozen=True)
class Code(Kind):
    """One value of a closed list; an unknown one is read as it stands."""

    values: type

    def to_text(self, value):
        return self.values(value).value

    def from_text(self, text):
        text = _plain(text)
        try:
            return self.values(text)
        except ValueError:
            return text


# Names of the schema's types. Source: FA(3) schema, simple types.
TEXT = Text(256)
AMOUNT = Number(2, fixed=True)  # TKwotowy
PRICE = Number(8)  # TKwotowy2
QUANTITY = Number(6)  # TIlosci, also every exchange rate
PERCENT = Number(6)  # TProcentowy
INTEGER = Integer()
FLAG = Flag()
YES_NO = YesNo()
DAY = Day()
MOMENT = Moment()
LOCAL_MOMENT = LocalMoment()


def _plain(text):
    """Return a code without blanks around it and, if a number, zeros before it."""
    text = " ".join(text.split())
    found = _CODE_NUMBER.fullmatch(text)
    return found[1] if found else text


def _matched(pattern, text):
    found = pattern.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    return found
