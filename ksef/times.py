"""Dates of the API.

Source: KSeF API 2.0, section on dates (ISO 8601, UTC, up to seven fractional
digits in answers; an explicit offset in requests).
"""

import re
from datetime import datetime, timezone

# datetime keeps microseconds; KSeF's seventh digit is cut, never rounded.
FRACTION_DIGITS = 6

_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


def parse_time(text):
    """Return an aware UTC datetime; a text without offset is taken as UTC.

    :raises ValueError: not an ISO 8601 date and time
    """
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError("not an ISO 8601 date and time")
    whole, fraction, offset = match.groups()
    digits = (fraction or "")[:FRACTION_DIGITS].ljust(FRACTION_DIGITS, "0")
    zone = "+00:00" if offset in (None, "Z") else offset
    moment = datetime.fromisoformat(f"{whole}.{digits}{zone}")
    return moment.astimezone(timezone.utc)


def format_time(moment):
    """Return an aware datetime as the API wants it: UTC, with offset.

    :raises ValueError: the datetime is naive
    """
    if moment.tzinfo is None:
        raise ValueError("a time without zone cannot be sent")
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")
