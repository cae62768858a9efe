"""Rate limits: sliding windows for each caller and group, with growing blocks.

Source: KSeF API 2.0, section on limits; groups as in its version 2.8.
"""

import math
import threading
from collections import defaultdict, deque

from .problems import RefusedError

WINDOWS = {"perSecond": 1, "perMinute": 60, "perHour": 3600}
WINDOW_WORDS = {1: "sekundę", 60: "minutę", 3600: "godzinę"}
UNLIMITED = -1
PUBLIC_GROUP = "anonymous"
OTHER_GROUP = "other"
MAX_BLOCK_GROWTH = 4
GLOBAL_GROUP = "global"
DEFAULT_LIMITS = {
    "onlineSession": (10, 30, 120),
    "onlineSessionClose": (20, 60, 240),
    "batchSession": (10, 20, 60),
    "batchSessionClose": (20, 40, 120),
    "invoiceSend": (10, 30, 180),
    "invoiceStatus": (30, 120, 1200),
    "sessionList": (5, 10, 60),
    "sessionInvoiceList": (10, 20, 200),
    "sessionMisc": (10, 120, 1200),
    "invoiceMetadata": (8, 16, 20),
    "invoiceExport": (8, 16, 20),
    "invoiceExportStatus": (10, 60, 600),
    "invoiceDownload": (8, 16, 64),
    "collectiveIdentifier": (10, 60, 120),
    OTHER_GROUP: (10, 30, 120),
    PUBLIC_GROUP: (60, UNLIMITED, UNLIMITED),
    GLOBAL_GROUP: (UNLIMITED, UNLIMITED, UNLIMITED),
}
# What 2.8 brought, and the group that counted it before; the others were not shown.
NEW_GROUPS = {
    "onlineSessionClose": "onlineSession",
    "batchSessionClose": "batchSession",
    PUBLIC_GROUP: PUBLIC_GROUP,
    GLOBAL_GROUP: GLOBAL_GROUP,
}


def default_limits():
    """The documented limits in the shape of ``GET /rate-limits``."""
    return {
        group: dict(zip(WINDOWS, values, strict=True))
        for group, values in DEFAULT_LIMITS.items()
    }


def no_limits():
    return {group: dict.fromkeys(WINDOWS, UNLIMITED) for group in DEFAULT_LIMITS}


class _Track:
    def __init__(self):
        self.hits = deque()
        self.blocked_until = 0.0
        self.violations = 0


class RateLimits:
    """Counts hits by (caller, group); thread-safe.

    ``has_new_groups`` False serves and counts as before version 2.8.
    """

    def __init__(self, clock):
        self._clock = clock
        self._lock = threading.Lock()
        self.configure("default")
        self.has_new_groups = True

    def configure(self, limits):
        """Given groups change; None lifts every limit, "default" restores them."""
        with self._lock:
            self._tracks = defaultdict(_Track)
            self._limits = no_limits() if limits is None else default_limits()
            changes = {} if limits in (None, "default") else limits
            for group, values in changes.items():
                self._limits[group].update(values)

    def shown(self):
        """The groups with their values, as ``GET /rate-limits`` tells them."""
        hidden = () if self.has_new_groups else NEW_GROUPS
        return {g: values for g, values in self._limits.items() if g not in hidden}

    def group_of(self, group):
        """The group that counts what belongs to ``group``."""
        return group if self.has_new_groups else NEW_GROUPS.get(group, group)

    def hit(self, context, address, group, operation):
        """Count one request; raises ``RefusedError`` 429 when it is one too many.

        Public calls and the global limit count by address, the others by both.
        """
        group = self.group_of(group)
        # Each operation of the group "other" has a counter of its own.
        own = operation if group in (OTHER_GROUP, PUBLIC_GROUP) else group
        owner = None if group == PUBLIC_GROUP else context
        counted = (((owner, address, own), group), ((address,), GLOBAL_GROUP))
        with self._lock:
            now = self._clock.now().timestamp()
            tracks = [(self._tracks[key], self._limits[g]) for key, g in counted]
            for track, limits in tracks:
                _admit(track, limits, now)
            for track, _ in tracks:
                track.hits.append(now)


def _admit(track, limits, now):
    if now < track.blocked_until:
        raise _too_many(math.ceil(track.blocked_until - now), None)
    exceeded = _exceeded(track.hits, limits, now)
    if exceeded is None:
        return
    limit, window, wait = exceeded
    track.violations += 1
    wait = math.ceil(wait * min(track.violations, MAX_BLOCK_GROWTH))
    track.blocked_until = now + wait
    raise _too_many(wait, (limit, window))


def _exceeded(hits, limits, now):
    """Return (limit, window, seconds until free) of a full window, or None."""
    while hits and hits[0] <= now - WINDOWS["perHour"]:
        hits.popleft()
    for name, window in WINDOWS.items():
        limit = limits[name]
        if limit == UNLIMITED:
            continue
        recent = [hit for hit in hits if hit > now - window]
        if len(recent) >= limit:
            oldest = recent[0] if recent else now
            return limit, window, max(oldest + window - now, 1)
    return None


def _too_many(seconds, exceeded):
    what = "Przekroczono limit żądań."
    if exceeded:
        limit, window = exceeded
        what = f"Przekroczono limit {limit} żądań na {WINDOW_WORDS[window]}."
    detail = f"{what} Spróbuj ponownie po {seconds} sekundach."
    return RefusedError(429, detail=detail, retry_after=seconds)
