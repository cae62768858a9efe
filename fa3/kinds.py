"""How a Python value becomes the text of an element, and back.

``to_text`` gives "" for a value that is not written at all. ``from_text`` raises
``ValueError`` for a text that is not of the kind.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from .text import clean, clean_lines

_CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


@dataclass(frozen=True)
class Text:
    """Text in one line; ``limit`` in characters after cleaning."""

    limit: int

    def to_text(self, value):
        return clean(value)

    def from_text(self, text):
        return " ".join(text.split())


@dataclass(frozen=True)
class Lines:
    """Text whose line breaks count; ``limit`` in characters."""

    limit: int

    def to_text(self, value):
        return clean_lines(value)

    def from_text(self, text):
        return text.replace("\r\n", "\n").strip()


class Number:
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
        try:
            return Decimal(text.strip())
        except InvalidOperation as error:
            raise ValueError(text) from error


class Integer:
    """Whole number."""

    def to_text(self, value):
        return str(int(value))

    def from_text(self, text):
        return int(text)


class Flag:
    """``True`` is written as 1; anything else is not written."""

    def to_text(self, value):
        return "1" if value else ""

    def from_text(self, text):
        return text.strip() == "1"


class YesNo:
    """``True`` is written as 1, ``False`` as 2."""

    def to_text(self, value):
        return "1" if value else "2"

    def from_text(self, text):
        return text.strip() == "1"


class Day:
    """Date without a time."""

    def to_text(self, value):
        return value.isoformat()

    def from_text(self, text):
        return date.fromisoformat(text.strip()[:10])


class Moment:
    """Aware date and time, written in UTC in whole seconds.

    A time without a zone is read as UTC.
    """

    def to_text(self, value):
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def from_text(self, text):
        found = _MOMENT.fullmatch(text.strip())
        if not found:
            raise ValueError(text)
        seconds, zone = found.groups()
        zone = "+00:00" if zone in (None, "Z") else zone
        return datetime.fromisoformat(seconds + zone).astimezone(timezone.utc)


@dataclass(frozen=True)
class Code:
    """One value of a closed list; an unknown one is read as it stands."""

    values: type

    def to_text(self, value):
        return self.values(value).value

    def from_text(self, text):
        text = " ".join(text.split())
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
