"""The simulated clock, which can be shifted, and how KSeF writes times."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

WARSAW = ZoneInfo("Europe/Warsaw")
PYTHON_FRACTION_DIGITS = 6


class Clock:
    """UTC time of the simulated service, shifted by some seconds."""

    def __init__(self, offset_seconds=0.0):
        self._initial_offset = self._offset = timedelta(seconds=offset_seconds)

    def now(self):
        return datetime.now(timezone.utc) + self._offset

    def advance(self, seconds):
        self._offset += timedelta(seconds=seconds)

    def reset(self):
        """Take back every advance."""
        self._offset = self._initial_offset


def to_text(moment):
    """Write an aware time the way KSeF does: UTC, seven fractional digits or none.

    The seventh digit is made up, so that clients meet fractions that Python's own
    parser refuses before 3.11. Source: KSeF API 2.0, section on dates.
    """
    moment = moment.astimezone(timezone.utc)
    seconds = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if not moment.microsecond:
        return f"{seconds}+00:00"
    return f"{seconds}.{moment.microsecond:06d}{moment.microsecond % 9 + 1}+00:00"


def from_text(text):
    """Read a time of a request; without an offset it is Warsaw local time.

    Raises ``ValueError`` for anything that is no ISO 8601 date and time.
    """
    text = text.strip()
    if "T" not in text:
        raise ValueError("no time of day")
    whole, dot, rest = text.partition(".")
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        fraction = rest[:digits][:PYTHON_FRACTION_DIGITS]
        whole += f".{fraction:0<6}{rest[digits:]}"
    moment = datetime.fromisoformat(whole.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=WARSAW)
    return moment.astimezone(timezone.utc)


def warsaw_day(moment) -> date:
    """The calendar day in Poland, by which KSeF compares dates."""
    return moment.astimezone(WARSAW).date()
