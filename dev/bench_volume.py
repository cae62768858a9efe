"""Many invoices at once: time, calls and memory, from queued to the receipt stored.

Every window of KSeF's limits is simulated, and a worker is a fresh process that
has to log in.
"""

import statistics
from collections import namedtuple

from .common import Stop, say

SIZES = (1_000, 10_000, 20_000)
SMALL, LARGE, TWICE = SIZES
INVOICES = max(SIZES)
LIMIT_CALLS = 30
LIMIT_SECONDS = 300
LIMIT_GROWTH_MB = 250
LIMIT_GROWTH_RATIO = 2
LIMIT_TIME_RATIO = 2.2

Run = namedtuple("Run", "seconds growth_mb calls rate_limited")


def measure(figures, bench, rounds):
    """Show the figures of packages; runs of all sizes are interleaved."""
    say(f"{', '.join(map(str, SIZES))} invoices in packages, {rounds} rounds")
    runs = {size: [] for size in SIZES}
    for _round in range(rounds):
        for size in SIZES:
            runs[size].append(_send(bench, size))
            print(f"    {size}: {runs[size][-1]}", flush=True)
    seconds = {size: _median(runs[size], "seconds") for size in SIZES}
    growth = {size: _median(runs[size], "growth_mb") for size in SIZES}
    most_calls = max(run.calls for run in runs[LARGE])
    figures.show(f"{LARGE} invoices, calls", most_calls, LIMIT_CALLS, "calls")
    figures.show(f"{LARGE} invoices, time", seconds[LARGE], LIMIT_SECONDS, "s")
    time_ratio = seconds[TWICE] / seconds[LARGE]
    figures.show("  twice as many, time", time_ratio, LIMIT_TIME_RATIO, "times")
    figures.show("  memory, growth", growth[LARGE], LIMIT_GROWTH_MB, "MB")
    print(f"    of {SMALL}: {growth[SMALL]:.2f} MB, of {TWICE}: {growth[TWICE]:.2f} MB")
    growth_ratio = growth[LARGE] / growth[SMALL]
    figures.show("  of that growth to", growth_ratio, LIMIT_GROWTH_RATIO, f"x {SMALL}")
    refused = sum(run.rate_limited for size in SIZES for run in runs[size])
    figures.show("answers 429 in all runs", refused, 0, "answers")


def _send(bench, size):
    bench.renew()
    bench.queue(size)
    before = bench.count_calls()
    task = {"lanes": [bench.get_lane(bench.companies[0])]}
    [result] = bench.run_workers([task])
    after = bench.count_calls()
    if (finished := bench.count_finished()) != size:
        raise Stop(f"Only {finished} of {size} were finished.", "read .dev/logs")
    return Run(
        result["seconds"],
        result["growth_mb"],
        after["api_calls"] - before["api_calls"],
        after["rate_limited"] - before["rate_limited"],
    )


def _median(runs, name):
    return statistics.median(getattr(run, name) for run in runs)
