"""Working days in Poland, and the legal deadline that is counted in them.

Sources: act on days off work of 18 January 1951 (with 24 December since 2025);
VAT act, art. 106nda, 106nf and 106nh.
"""

from datetime import date, timedelta
from typing import NamedTuple

from dateutil.easter import easter

SATURDAY = 5
DAY = timedelta(days=1)
# Month and day of the days off that do not move.
FIXED_HOLIDAYS = frozenset(
    {
        *((1, 1), (1, 6), (5, 1), (5, 3), (8, 15)),
        *((11, 1), (11, 11), (12, 25), (12, 26)),
    }
)
CHRISTMAS_EVE = (12, 24)
CHRISTMAS_EVE_SINCE = 2025
# Days after Easter Sunday: Easter Monday and Corpus Christi (Sundays never count).
MOVING_HOLIDAYS = (1, 60)
# Working days left after the end of a failure (art. 106nf).
DAYS_AFTER_FAILURE = 7


class Outage(NamedTuple):
    """A break that KSeF announced.

    :ivar category: ``maintenance``, ``failure`` or ``total_failure``
    :ivar first: date on which it began, in Poland
    :ivar last: date on which it ended, None while it lasts
    """

    category: str
    first: date
    last: date | None


class Deadline(NamedTuple):
    """Until when an invoice must be in KSeF.

    :ivar day: last day, None while it cannot be told
    :ivar reason: ``usual``; what moves it: ``maintenance`` or ``failure``; or
        ``total_failure``, which lifts the duty
    """

    day: date | None
    reason: str


def is_working_day(day):
    """Tell whether a date is neither Saturday, Sunday nor a day off in Poland."""
    if day.weekday() >= SATURDAY or (day.month, day.day) in FIXED_HOLIDAYS:
        return False
    if (day.month, day.day) == CHRISTMAS_EVE and day.year >= CHRISTMAS_EVE_SINCE:
        return False
    return (day - easter(day.year)).days not in MOVING_HOLIDAYS


def add_working_days(day, count):
    """Return the date ``count`` working days after ``day`` (which does not count)."""
    while count:
        day += DAY
        count -= is_working_day(day)
    return day


def get_deadline(issue_date, outages=()):
    """Return until when an invoice dated ``issue_date`` must be in KSeF.

    :param outages: :class:`Outage` announced, in any order
    """
    deadline = Deadline(add_working_days(issue_date, 1), "usual")
    for outage in sorted(outages, key=lambda outage: outage.first):
        if outage.first > deadline.day or (outage.last or issue_date) < issue_date:
            continue
        if outage.category == "total_failure":
            return Deadline(None, "total_failure")
        if outage.category == "maintenance" and outage.first > issue_date:
            # It was possible to send that day: only a failure moves the date then.
            continue
        if outage.last is None:
            return Deadline(None, outage.category)
        count = DAYS_AFTER_FAILURE if outage.category == "failure" else 1
        moved = add_working_days(outage.last, count)
        if moved > deadline.day:
            deadline = Deadline(moved, outage.category)
    return deadline


def get_latest_late(today):
    """Return the newest invoice date whose usual deadline is over on ``today``."""
    day = today - DAY
    while get_deadline(day).day >= today:
        day -= DAY
    return day
