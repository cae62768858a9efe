"""A randomised run: faults, kills and bursts by a seed, then both books compared.

`make chaos ARGS="--seed 7 --invoices 2000 --kills 20"`. The seed decides what is
posted, which calls fail and how many requests after a burst a worker is killed; how
two processes interleave is the machine's affair. Exit code 1 on any difference.
"""

import argparse
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from .chaos_books import Books
from .chaos_clock import Clock
from .chaos_plan import WORKERS, make_plan, make_random_faults
from .chaos_stage import Stage
from .chaos_workers import Workers
from .common import Stop, main, say

NAME = "ksef_chaos"
SHOWN = 8
BACKLOG_SECONDS = 60
KILL_SECONDS = 10
END_SECONDS = 420
# Without any progress for so long, whoever holds the rest is killed too.
STUCK_SECONDS = 25
# A row that was written so shortly before is work under way.
RECENT = "interval '0.7 seconds'"
HELD = f"""
SELECT 'document ' || state FROM l10n_pl_ksef_document
 WHERE chaos_writer = %s
   AND (state = 'sending' AND next_step_on IS NOT NULL
        OR chaos_written_on > clock_timestamp() - {RECENT})
UNION ALL
SELECT 'package ' || state FROM l10n_pl_ksef_session
 WHERE chaos_writer = %s AND kind = 'batch'
   AND (state IN ('opening', 'uploading', 'closing')
        OR chaos_written_on > clock_timestamp() - {RECENT})
"""
LAST_WRITER = """
SELECT chaos_writer FROM (
    SELECT chaos_writer, chaos_written_on FROM l10n_pl_ksef_document
    UNION ALL SELECT chaos_writer, chaos_written_on FROM l10n_pl_ksef_session
) AS written WHERE chaos_writer = ANY(%s) ORDER BY chaos_written_on DESC LIMIT 1
"""
KINDS = """
SELECT session.kind, count(DISTINCT session.id), count(document.id)
  FROM l10n_pl_ksef_document AS document
  JOIN l10n_pl_ksef_session AS session ON session.id = document.session_id
 WHERE document.move_id > %s AND document.state = 'accepted'
 GROUP BY 1
"""


class Run:
    """One randomised run; `compare` says how it ended."""

    def __init__(self, stage, seed, invoices, kills):
        self.stage = stage
        self.plan = make_plan(seed, invoices, kills)
        self.posted = invoices
        self.kill_hits = []
        self.extra_kills = 0
        self._faults = make_random_faults(seed)
        self._started = time.monotonic()
        self.workers = None
        self._clock = None

    def play(self):
        """Do all that the plan says and wait for the end."""
        self.workers = Workers(self.stage.name, self.stage.count_lanes())
        self._clock = Clock(self.stage, self.workers)
        try:
            self._play()
        finally:
            self._clock.stop()
            self.workers.stop()

    def _play(self):
        for fault in self._faults:
            self.stage.control("faults", fault)
        for number in range(WORKERS):
            self.workers.start(number)
        for number in range(WORKERS):
            self.workers.wait_until_ready(number)
        self._clock.start()
        for number, burst in enumerate(self.plan, 1):
            self._play_burst(burst)
            self._say(f"burst {number} of {len(self.plan)}: {burst.size} invoices")
        self._wait_for_end()

    def _play_burst(self, burst):
        self.stage.wait_for_backlog(burst.backlog, BACKLOG_SECONDS)
        for path, body in burst.control:
            self.stage.control(path, body)
        if burst.kills:
            self._wait_for_workers()
        # The workers are at it before Odoo's answer is here.
        with ThreadPoolExecutor(1) as pool:
            before = self.stage.count_requests()
            posting = pool.submit(self.stage.post, burst.company, burst.size)
            for kill in burst.kills:
                self._wait_for_workers()
                self.stage.wait_for_requests(before + kill.requests, KILL_SECONDS)
                self._kill(self._choose(kill.victim))
                before = self.stage.count_requests()
            posting.result()
        if self._clock.failure:
            raise self._clock.failure

    def _choose(self, victim):
        """Return the numbers of the workers that are meant."""
        if victim == "both":
            return range(WORKERS)
        found = self.stage.query(LAST_WRITER, self.workers.get_names())
        busy = self.workers.get_number(found[0][0]) if found else 0
        return [busy if victim == "busy" else (busy + 1) % WORKERS]

    def _wait_for_workers(self):
        for number in range(WORKERS):
            self.workers.wait_until_ready(number)

    def _kill(self, numbers):
        names = [self.workers.kill(number) for number in numbers]
        held = [what for name in names for [what] in self.stage.query(HELD, name, name)]
        self.kill_hits.append(Counter(held))
        for number in numbers:
            self.workers.start(number)

    def _wait_for_end(self):
        """Wait until nothing has a step to come; time alone is given to it."""
        deadline = time.monotonic() + END_SECONDS
        left, changed = None, time.monotonic()
        while not self.stage.wait_for_backlog(0, 1) and time.monotonic() < deadline:
            now = self.stage.count_under_way()
            if now != left:
                left, changed = now, time.monotonic()
            elif time.monotonic() > changed + STUCK_SECONDS:
                # Only when no worker lives are the deadlines of all of them over.
                self._wait_for_workers()
                self._kill(range(WORKERS))
                self.kill_hits.pop()
                self.extra_kills += 1
                changed = time.monotonic()
        self._say(f"the end: {self.stage.count_under_way()} with a step to come")

    def _say(self, text):
        seconds = time.monotonic() - self._started
        left = self.stage.count_under_way()
        say(f"{seconds:4.0f} s, {left:4} under way: {text}")

    def compare(self):
        """Return [(what must hold, [what does not])] of the whole run."""
        return [
            *Books(self.stage).compare(self.posted),
            ("no fault of the program", self.workers.find_bad_lines()),
            ("sessions and packages occurred", self._find_missing_kind()),
            ("kills met work under way", self._find_idle_kills()),
        ]

    def get_kinds(self):
        """Return {kind: (sessions, invoices)} of what was accepted."""
        return {kind: tuple(rest) for kind, *rest in self.stage.query_ours(KINDS)}

    def _find_missing_kind(self):
        return [kind for kind in ("online", "batch") if kind not in self.get_kinds()]

    def _find_idle_kills(self):
        hits = sum(map(bool, self.kill_hits))
        is_enough = hits >= max(1, len(self.kill_hits) // 3)
        return [] if is_enough else [f"only {hits} of {len(self.kill_hits)}"]

    def show_figures(self):
        """Print what happened besides."""
        requests = self.stage.demo.control("GET", "requests")
        kinds = self.get_kinds()
        hits = sum(map(bool, self.kill_hits))
        held = sum((Counter(set(one)) for one in self.kill_hits), Counter())
        print(f"  calls of KSeF's API: {requests['api_calls']}")
        for kind, (sessions, invoices) in sorted(kinds.items()):
            print(f"  {kind}: {sessions} sessions, {invoices} invoices accepted")
        print(f"  kills: {len(self.kill_hits)}, in the middle of work: {hits}")
        for what, count in sorted(held.items()):
            print(f"    {what}: {count}")
        print(f"  kills of both to let deadlines pass: {self.extra_kills}")
        print(f"  seconds: {time.monotonic() - self._started:.0f}")


def show(checks):
    """Print the table of checks; return how many do not hold."""
    for what, wrong in checks:
        print(f"  {what:42} {'ok' if not wrong else f'{len(wrong)} DIFFER'}")
        for line in wrong[:SHOWN]:
            print(f"      {line}")
    return sum(bool(wrong) for _what, wrong in checks)


def _work():
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--invoices", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--name", default=NAME, help="of the database")
    options = parser.parse_args()
    seed = int(time.time()) % 100_000 if options.seed is None else options.seed
    stage = Stage(options.name)
    try:
        stage.start()
        run = Run(stage, seed, options.invoices, options.kills)
        say(f"seed {seed}: {run.posted} invoices in {len(run.plan)} bursts")
        run.play()
        run.show_figures()
        failed = show(run.compare())
    finally:
        stage.stop()
    print(f"seed {seed} reproduces it")
    if failed:
        raise Stop(f"{failed} checks do not hold.", "read the table above")
    return 0


if __name__ == "__main__":
    main(_work)
