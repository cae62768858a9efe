"""KSeF's limits as sliding windows: how long a call has to wait.

Source: KSeF API 2.0, section on limits: the last second, minute and hour, all
three at once, counted per rate group.
"""

from bisect import bisect_right
from dataclasses import dataclass

SECOND = 1
MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
NO_LIMIT = -1


@dataclass(frozen=True)
class Rate:
    """Calls allowed in each window; ``NO_LIMIT`` (any negative) for no limit."""

    per_second: int = NO_LIMIT
    per_minute: int = NO_LIMIT
    per_hour: int = NO_LIMIT

    @property
    def windows(self):
        """Pairs (length in seconds, calls allowed) of the windows that limit."""
        pairs = (
            (SECOND, self.per_second),
            (MINUTE_SECONDS, self.per_minute),
            (HOUR_SECONDS, self.per_hour),
        )
        return tuple(pair for pair in pairs if pair[1] >= 0)


def seconds_to_wait(calls, rate, now):
    """Return the seconds until one more call fits all windows, 0 for at once.

    :param calls: times of the earlier calls in seconds, ascending; one that lies
        in the future (another machine's clock) counts too
    :param rate: :class:`Rate`
    :param now: time in the same seconds
    """
    return max((_wait(calls, *window, now) for window in rate.windows), default=0.0)


def _wait(calls, length, allowed, now):
    recent = calls[bisect_right(calls, now - length) :]
    if len(recent) < allowed:
        return 0.0
    if not allowed:
        return float(length)
    return recent[-allowed] + length - now


def trim(calls, now):
    """Return the calls that some window still counts, ascending.

    :param calls: times in seconds, in any order
    """
    return sorted(call for call in calls if call > now - HOUR_SECONDS)
