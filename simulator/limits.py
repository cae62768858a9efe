"""Rate limits: sliding windows for each caller and group, with growing blocks.

Source: KSeF API 2.0, section on limits; groups as in its version 2.7.
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
DEFAULT_LIMITS = {
    "onlineSession": (10, 30, 120),
    "batchSession": (10, 20, 60),
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
}
PUBLIC_LIMITS = (60, UNLIMITED, UNLIMITED)


def _windows(values):
    return dict(zip(WINDOWS, values, strict=True))


def default_limits():
    """The documented limits in the shape of ``GET /rate-limits``."""
    return {group: _windows(values) for group, values in DEFAULT_LIMITS.items()}


def no_limits():
    return {group: dict.fromkeys(WINDOWS, UNLIMITED) for group in DEFAULT_LIMITS}


class _Track:
    def __init__(self):
        self.hits = deque()
        self.blocked_until = 0.0
        self.violations = 0


class RateLimits:
    """Counts hits by (caller, group); thread-safe."""

    def __init__(self, clock):
        self._clock = clock
        self._lock = threading.Lock()
        self._tracks = defaultdict(_Track)
        self.effective = default_limits()
        self.public = _windows(PUBLIC_LIMITS)

    def configure(self, limits):
        """Given groups change; None lifts every limit, "default" restores them."""
        with self._lock:
            self._tracks.clear()
            self.public = _windows(PUBLIC_LIMITS)
            if limits is None:
                self.effective = no_limits()
                self.public = dict.fromkeys(WINDOWS, UNLIMITED)
                return
            self.effective = default_limits()
            for group, values in ({} if limits == "default" else limits).items():
                is_public = group == PUBLIC_GROUP
                target = self.public if is_public else self.effective[group]
                target.update(values)

    def hit(self, caller, group, operation):
        """Count one request; raises ``RefusedError`` 429 when it is one too many."""
        limits = self.public if group == PUBLIC_GROUP else self.effective[group]
        # Each operation of the group "other" has a counter of its own.
        own = operation if group in (OTHER_GROUP, PUBLIC_GROUP) else group
        with self._lock:
            track = self._tracks[caller, own]
            now = self._clock.now().timestamp()
            if now < track.blocked_until:
                raise _too_many(math.ceil(track.blocked_until - now), None)
            exceeded = _exceeded(track.hits, limits, now)
            if exceeded is None:
                track.hits.append(now)
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
        recent = [hit for hit in hits if hit > now - window]
        if limit != UNLIMITED and len(recent) >= limit:
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
