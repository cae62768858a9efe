"""Mutated FA(3) files read, checked and written back, by a seed.

`make fuzz ARGS="--count 100000 --seed 7"`; `--only N` repeats file N of a seed. Exit
code 1 if a file made our code do what fa3/tests/trial.py forbids, or take too long,
if something outside was reached, or if memory grew.
"""

import argparse
import faulthandler
import gc
import os
import secrets
import signal
import socket
import tempfile
import time
from collections import Counter
from pathlib import Path

from fa3.tests.common import official_schema
from fa3.tests.hostile import SECRET, make_prologs
from fa3.tests.mutation import Mutator, good_files
from fa3.tests.trial import MisbehavedError, Watch, judge

from .common import LOGS, main, say

FILE_SECONDS = 5  # of the processor, for one file
STUCK_SECONDS = 120  # until a run stuck inside the parser is ended, by the clock
WARM_SHARE = 0.1  # of the files, before memory is measured
GROWTH_MEGABYTES = 16
STEP = 10_000  # files between two lines of progress
ARMED = 1000  # files between two settings of the clock
SHOWN = 10


class SlowError(Exception):
    """A file took longer than FILE_SECONDS."""


class Run:
    """One run; `failures` is empty if all went well."""

    def __init__(self, seed, prologs):
        self.mutator = Mutator(good_files(), prologs, seed)
        self.schema = official_schema()
        self.watch = Watch()
        self.outcomes = Counter()
        self.failures = []
        self.slowest = (0.0, 0, "")

    def try_file(self, number):
        """Make, read, check and write back one file."""
        changes, data = self.mutator.make(number)
        started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, FILE_SECONDS)
        try:
            with self.watch:
                outcome = judge(data, self.schema)
        except (MisbehavedError, SlowError) as error:
            outcome = self._fail(number, changes, data, str(error))
        except Exception as error:  # any other error is what this run looks for
            outcome = self._fail(number, changes, data, repr(error))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        seconds = time.process_time() - started
        self.slowest = max(self.slowest, (seconds, number, changes))
        self.outcomes[outcome] += 1

    def _fail(self, number, changes, data, why):
        LOGS.mkdir(parents=True, exist_ok=True)
        path = LOGS / f"fuzz-{self.mutator.seed}-{number}.xml"
        path.write_bytes(data)
        self.failures.append(f"file {number} ({changes}): {why}; kept as {path.name}")
        return "FAILED"


def _get_megabytes():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _stop_slow(_signal, _frame):
    raise SlowError(f"more than {FILE_SECONDS} s")


def _try_all(run, numbers):
    """Try the files; return the megabytes in use after some, and at the end."""
    early = None
    for done, number in enumerate(numbers):
        if done % ARMED == 0:
            faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
        if done % STEP == 0:
            say(f"{done} files, {_get_megabytes():.1f} MB")
        if done == int(len(numbers) * WARM_SHARE):
            early = _get_megabytes()
        run.try_file(number)
    faulthandler.cancel_dump_traceback_later()
    return early, _get_megabytes()


def _report(run, megabytes, was_called):
    early, late = megabytes
    for outcome, count in run.outcomes.most_common():
        print(f"{count:>9}  {outcome}")
    seconds, number, changes = run.slowest
    print(f"    slowest: {seconds * 1000:.0f} ms, file {number} ({changes})")
    print(f"    memory: {early:.1f} MB early, {late:.1f} MB at the end")
    if late - early > GROWTH_MEGABYTES:
        run.failures.append(f"memory grew by more than {GROWTH_MEGABYTES} MB")
    if was_called or run.watch.seen:
        run.failures.append(f"something outside was reached: {run.watch.seen[:SHOWN]}")
    for failure in run.failures[:SHOWN]:
        print(f"FAILED: {failure}")


def _was_called(listener):
    try:
        listener.accept()
    except BlockingIOError:
        return False
    return True


def _work():
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", default=str(secrets.randbelow(10**6)))
    parser.add_argument("--only", type=int, help="number of one file to try again")
    options = parser.parse_args()
    numbers = range(options.count) if options.only is None else [options.only]
    say(f"{len(numbers)} files, seed {options.seed}")
    signal.signal(signal.SIGPROF, _stop_slow)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        with tempfile.TemporaryDirectory() as folder:
            secret = Path(folder) / "secret"
            secret.write_bytes(SECRET)
            places = (secret.as_uri(), f"http://127.0.0.1:{port}/secret")
            run = Run(options.seed, sum(map(make_prologs, places), ()))
            megabytes = _try_all(run, numbers)
        _report(run, megabytes, _was_called(listener))
    failed = len(run.failures)
    say(f"{len(numbers)} files, seed {options.seed}: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    main(_work)
