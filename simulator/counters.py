"""How many requests of each operation came in, and waiting for more."""

import threading
from collections import Counter


class Counters:
    def __init__(self):
        self._counts = Counter()
        self._changed = threading.Condition()

    def add(self, operation):
        with self._changed:
            self._counts[operation] += 1
            self._changed.notify_all()

    def snapshot(self):
        with self._changed:
            return dict(self._counts)

    def clear(self):
        with self._changed:
            self._counts.clear()

    def wait(self, operation, count, seconds):
        """True once ``count`` requests came in, False after ``seconds``."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._counts[operation] >= count, timeout=seconds
            )
