"""Two workers on two companies, against one that serves both.

KSeF takes its time for each answer, so that waiting and locks are measured.
"""

import statistics

from .common import Stop, say

EACH = 15
LATENCY_SECONDS = 0.2
LIMIT_THROUGHPUT = 1.7


def measure(figures, bench, rounds):
    """Show how much more two workers do."""
    say(f"one worker and two, {EACH} invoices in each of two companies")
    first, second = map(bench.get_lane, bench.companies)
    if first == second:
        raise Stop("Both companies are in one lane.", "make another company")
    one, two = [], []
    for _round in range(rounds):
        one.append(_send(bench, [[first, second]]))
        two.append(_send(bench, [[first], [second]]))
        print(f"    one {one[-1]:.2f} s, two {two[-1]:.2f} s", flush=True)
    # Of each pair by itself: both were measured in the same minute.
    ratio = statistics.median(a / b for a, b in zip(one, two, strict=True))
    figures.show_least("throughput of two workers", ratio, LIMIT_THROUGHPUT, "times")


def _send(bench, workers):
    """Return the seconds until the last worker is done."""
    bench.renew({"rate_limits": None, "latency_seconds": LATENCY_SECONDS})
    for company in bench.companies:
        bench.queue(EACH, company)
    results = bench.run_workers([{"lanes": lanes} for lanes in workers])
    if bench.count_finished() != EACH * len(bench.companies):
        raise Stop("Not all invoices were finished.", "read .dev/logs")
    return max(result["seconds"] for result in results)
