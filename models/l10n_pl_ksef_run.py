"""What one run of the job remembers from step to step; nothing is stored."""

import time
from collections import Counter

from odoo.tools import config

from .l10n_pl_ksef_agenda import DOCUMENT

# So many documents that cannot be written end a run: the database is in trouble.
STUCK_MAX = 20
# The longest step takes about so long: a log-in, a package or a list.
STEP_SECONDS = 90


class Run:
    """What one run of the job remembers from step to step."""

    def __init__(self):
        limit = config["limit_time_real_cron"]
        if limit is None or limit < 0:
            limit = config["limit_time_real"]
        self._started = time.monotonic()
        self._limit = limit or None
        self.stuck = set()  # ids of documents that cannot be written
        self.passed = set()  # (model, id) of what somebody else holds
        self.served = Counter()  # steps by connection
        self.informed = set()  # connections whose limits were looked at
        self.has_more = False  # more held documents may go on

    def get_left_out(self, model):
        """Return the ids of records of a model that this run looks at no more."""
        passed = {record_id for name, record_id in self.passed if name == model}
        return passed | self.stuck if model == DOCUMENT else passed

    def may_go_on(self):
        """Tell whether one more step may begin.

        The first may always; another one only when Odoo, which kills a worker after
        a while, leaves it enough time, and while the database takes what is written.
        """
        if len(self.stuck) >= STUCK_MAX:
            return False
        if not self._limit or not self.served:
            return True
        left = self._limit - (time.monotonic() - self._started)
        return left > min(STEP_SECONDS, self._limit / 2)


def get_step(record):
    """Return what a step changes, whatever it does."""
    record = record.exists()
    return record and (record.state, record.next_step_on)
