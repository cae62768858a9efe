"""The gate that every call of KSeF passes: counted first, held back if need be."""

import json
import math
import random
import time
from collections import namedtuple
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from psycopg2.errors import SerializationFailure

from odoo.tools import SQL

from ..ksef import errors
from ..ksef.windows import Rate, seconds_to_wait, trim

# Calls by second, minute and hour until KSeF was asked. Source: KSeF API 2.0,
# section on limits.
DEFAULT_RATES = {
    "online_session": Rate(10, 30, 120),
    "online_session_close": Rate(20, 60, 240),
    "invoice_send": Rate(10, 30, 180),
    "batch_session": Rate(10, 20, 60),
    "batch_session_close": Rate(20, 40, 120),
    "invoice_status": Rate(30, 120, 1200),
    "session_list": Rate(5, 10, 60),
    "session_invoice_list": Rate(10, 20, 200),
    "session_misc": Rate(10, 120, 1200),
    "invoice_metadata": Rate(8, 16, 20),
    "other": Rate(10, 30, 120),
}
# A server before API 2.8 counts closing together with opening.
COUNTED_WITH = {
    "online_session_close": "online_session",
    "batch_session_close": "batch_session",
}
# The call by which the limits are read belongs to this group.
READING_GROUP = "other"
UNLIMITED = Rate()
# KSeF counts a call when it arrives, we when it leaves: every window is taken
# to be longer by this much.
MARGIN_SECONDS = 0.5
# So many calls of a group are remembered, and more an hour are never made.
CALLS_MAX = 1200
# A wait up to this long is slept through, a longer one ends the step.
LONGEST_SLEEP_SECONDS = 2
# All the sleeps before one call, while other workers keep coming first.
PATIENCE_SECONDS = 6
# Two workers may meet on one row; each goes again so often, after such a pause.
COLLISIONS_MAX = 50
COLLISION_PAUSE_SECONDS = (0.005, 0.05)
READ_EVERY = timedelta(days=1)
READ_AGAIN = timedelta(hours=1)  # after a failure
# KSeF may allow more at night (API 14), which does not hold by day.
POLISH_TIME = ZoneInfo("Europe/Warsaw")
DAY_HOURS = range(6, 20)

_Row = namedtuple("_Row", "id rate calls blocked_until read_on asked_on")


class Gate:
    """Lets calls of one context pass, one transaction for each."""

    def __init__(self, registry, nip, environment):
        self._registry = registry
        self._context = (nip, environment)

    def __call__(self, group):
        slept = 0
        while (wait := self._take(group)) > 0:
            slept += wait
            if wait > LONGEST_SLEEP_SECONDS or slept > PATIENCE_SECONDS:
                raise errors.KsefRateLimited(
                    operation=group, group=group, retry_after_seconds=math.ceil(wait)
                )
            time.sleep(wait)

    def _take(self, group):
        """Count one call, or return the seconds until it fits."""
        try:
            return alone(self._registry, lambda cr: self._take_once(cr, group))
        except SerializationFailure:
            return COLLISION_PAUSE_SECONDS[-1]

    def _take_once(self, cr, group):
        row = self.lock(cr, group)
        if row is None:
            if group not in DEFAULT_RATES:
                return 0
            row = self.make(cr, group)
        now = time.time()
        if row.blocked_until and timestamp(row.blocked_until) > now:
            return timestamp(row.blocked_until) - now
        made = seconds(row.calls)
        # A clock that was set back must not leave calls in the far future.
        calls = trim((min(call, now) for call in made), now)
        wait = seconds_to_wait(calls, row.rate, now - MARGIN_SECONDS)
        is_new = wait <= 0 and bool(row.rate.windows)
        if is_new:
            calls.append(now)
        if is_new or max(made, default=0) > now:
            free = seconds_to_wait(calls, row.rate, now - MARGIN_SECONDS)
            self._write(cr, row, calls[-CALLS_MAX:], now + free if free else None)
        return wait

    def _write(self, cr, row, calls, free_on):
        cr.execute(
            SQL(
                "UPDATE l10n_pl_ksef_limit SET calls = %s, free_on = %s WHERE id = %s",
                json.dumps([round(call * 1000) for call in calls]),
                free_on and naive(free_on),
                row.id,
            )
        )

    def lock(self, cr, group):
        """Lock the row that counts a group; return it, None if there is none yet."""
        row = self._lock_one(cr, group)
        if row is None and group in COUNTED_WITH:
            row = self._lock_one(cr, COUNTED_WITH[group])
        return row

    def _lock_one(self, cr, group):
        # Two workers that meet are no error: the second goes again.
        cr.execute(
            SQL(
                "SELECT id, per_second, per_minute, per_hour, calls, blocked_until,"
                " read_on, asked_on FROM l10n_pl_ksef_limit"
                " WHERE nip = %s AND environment = %s AND rate_group = %s"
                " FOR NO KEY UPDATE",
                *self._context,
                group,
            ),
            log_exceptions=False,
        )
        found = cr.fetchone()
        if found is None:
            return None
        row_id, *windows, calls, blocked_until, read_on, asked_on = found
        rate = Rate(*(min(allowed, CALLS_MAX) for allowed in windows))
        return _Row(row_id, rate, calls, blocked_until, read_on, asked_on)

    def make(self, cr, group):
        """Make the row of a group with the documented limits; return it locked."""
        group = COUNTED_WITH.get(group, group)
        rate = DEFAULT_RATES.get(group, UNLIMITED)
        cr.execute(
            SQL(
                "INSERT INTO l10n_pl_ksef_limit (nip, environment, rate_group,"
                " per_second, per_minute, per_hour) VALUES (%s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (nip, environment, rate_group) DO NOTHING",
                *(*self._context, group),
                *(rate.per_second, rate.per_minute, rate.per_hour),
            ),
            log_exceptions=False,
        )
        return self._lock_one(cr, group)

    def claim_reading(self, cr):
        """Tell whether this worker is the one to ask KSeF for its limits now."""
        row = self.lock(cr, READING_GROUP) or self.make(cr, READING_GROUP)
        now = naive(time.time())
        is_new = row.asked_on and row.asked_on + READ_AGAIN > now
        if is_new or not _is_old(row.read_on, now):
            return False
        cr.execute(
            SQL(
                "UPDATE l10n_pl_ksef_limit SET asked_on = %s WHERE id = %s",
                now,
                row.id,
            )
        )
        return True

    def store(self, cr, rates):
        """Keep the limits that KSeF told.

        :param rates: {group: ``ksef.windows.Rate``}; a closing group with the
            same limits as its opening one is counted with it
        """
        shared = [
            closing
            for closing, opening in COUNTED_WITH.items()
            if rates.get(closing) == rates.get(opening)
        ]
        cr.execute(
            SQL(
                "DELETE FROM l10n_pl_ksef_limit"
                " WHERE nip = %s AND environment = %s AND rate_group = ANY(%s)",
                *self._context,
                shared,
            ),
            log_exceptions=False,
        )
        now = naive(time.time())
        # Always in one order, so that two workers never wait for each other.
        for group in sorted(rates.keys() - set(shared)):
            rate = rates[group]
            cr.execute(
                SQL(
                    "INSERT INTO l10n_pl_ksef_limit AS kept (nip, environment,"
                    " rate_group, per_second, per_minute, per_hour, read_on)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
                    " ON CONFLICT (nip, environment, rate_group) DO UPDATE"
                    " SET per_second = EXCLUDED.per_second,"
                    " per_minute = EXCLUDED.per_minute,"
                    " per_hour = EXCLUDED.per_hour,"
                    " read_on = EXCLUDED.read_on, free_on = NULL",
                    *(*self._context, group),
                    *(rate.per_second, rate.per_minute, rate.per_hour, now),
                ),
                log_exceptions=False,
            )


def alone(registry, work):
    """Return ``work(cr)``, done in a transaction of its own.

    :raises SerializationFailure: other workers came first again and again
    """
    for _collision in range(COLLISIONS_MAX):
        try:
            with registry.cursor() as cr:
                return work(cr)
        except SerializationFailure:
            time.sleep(random.uniform(*COLLISION_PAUSE_SECONDS))
    raise SerializationFailure


def _is_old(read_on, now):
    """Tell whether limits that were read then may be others by now."""
    if not read_on or read_on + READ_EVERY < now:
        return True
    return _is_by_day(now) and not _is_by_day(read_on)


def _is_by_day(moment):
    return moment.replace(tzinfo=timezone.utc).astimezone(POLISH_TIME).hour in DAY_HOURS


def seconds(calls):
    """Turn the stored times of calls into seconds since 1970."""
    return [call / 1000 for call in calls or ()]


def naive(moment):
    """Turn seconds since 1970 into what Odoo stores."""
    return datetime.fromtimestamp(moment, timezone.utc).replace(tzinfo=None)


def timestamp(moment):
    """Turn a stored time into seconds since 1970."""
    return moment.replace(tzinfo=timezone.utc).timestamp()
