"""The figures that the project promises, measured on this machine (`make bench`).

Medians of interleaved runs and ratios, because machines are shared and noisy.
`make bench ARGS="--rounds 30 --confirms 100"`; `--only volume calls` runs parts.
"""

import argparse
import json
import os
import statistics
import subprocess
from pathlib import Path

from . import (
    bench_calls,
    bench_claims,
    bench_fa3,
    bench_lanes,
    bench_memory,
    bench_signing,
    bench_volume,
    databases,
    processes,
)
from .bench_base import Bench
from .common import LOGS, ODOO_CONF, ODOO_SCRIPT, ROOT, VENV_PYTHON, Stop, main, say
from .demo_parts import Demo
from .demo_run import Journey
from .journeys.browser import Browser
from .journeys.common import free_port

NAME = "ksef_bench"
PROCESSING_SECONDS = (0, 1, 5)
# Invoices of a company for what needs no large number.
FEW = 2_000
# Limits of the first release; see readme/DEVELOP.md.
LIMIT_ONE, LIMIT_MANY, LIMIT_UNUSED = 25, 60, 3
LIMIT_STATEMENTS = 1
LIMIT_CONFIRM_SECONDS, CONFIRM_SHARE = 3, 0.95
LIMIT_MEMORY_MB = 400


class Figures:
    """Prints each figure beside its limit, and remembers whether all held."""

    def __init__(self):
        self.failed = 0

    def show(self, what, value, limit, unit):
        self._show(what, value, f"at most {limit} {unit}", unit, value <= limit)

    def show_least(self, what, value, limit, unit):
        """Show a figure that must not be less than its limit."""
        self._show(what, value, f"at least {limit} {unit}", unit, value >= limit)

    def _show(self, what, value, promise, unit, is_good):
        self.failed += not is_good
        verdict = "ok" if is_good else "NOT HELD"
        print(f"  {what}: {value:.2f} {unit} ({promise}) {verdict}", flush=True)


def _bench_hook(figures, rounds):
    say(f"posting with and without the hook, {rounds} rounds")
    log = LOGS / f"{NAME}-hook.log"
    command = [VENV_PYTHON, ODOO_SCRIPT, "shell", "-c", ODOO_CONF, "-d", NAME]
    with (Path(__file__).parent / "bench_hook.py").open() as script:
        done = subprocess.run(
            [*command, "--no-http", "--log-level=warn"],
            stdin=script,
            capture_output=True,
            text=True,
            env={**os.environ, "KSEF_BENCH_ROUNDS": str(rounds)},
            check=False,
        )
    log.write_text(done.stdout + done.stderr)
    results = [line for line in done.stdout.splitlines() if "RESULT " in line]
    if not results:
        raise Stop("The posting bench broke.", f"read {log.relative_to(ROOT)}")
    found = json.loads(results[0].partition("RESULT ")[2])
    for size, limit in (("1", LIMIT_ONE), ("200", LIMIT_MANY)):
        _show_hook(figures, found[size], int(size), limit)
    counts = found["statements"]
    print(f"  statements to build and check, by lines of the invoice: {counts}")
    figures.show("growth", max(counts.values()) - min(counts.values()), 0, "statements")


def _show_hook(figures, modes, size, limit):
    base_seconds, base_statements = modes["without"]
    print(
        f"  {size} at once without the addon: {base_seconds * 1000 / size:.2f} ms and"
        f" {base_statements / size:.1f} statements each"
    )
    for mode, most in (("unused", LIMIT_UNUSED), ("used", limit)):
        seconds, statements = modes[mode]
        added = 100 * (seconds / base_seconds - 1)
        figures.show(f"{size} at once, KSeF {mode}, time added", added, most, "%")
        more = (statements - base_statements) / size
        allowed = 0 if mode == "unused" else LIMIT_STATEMENTS
        if size > 1 or mode == "unused":
            figures.show("  statements added each", more, allowed, "")
        else:
            print(f"    statements added: {more:.0f}")


def _bench_browser(figures, demo, journey, confirms):
    say(f"from Confirm to the number on the form, {confirms} invoices in a browser")
    over = {seconds: [] for seconds in PROCESSING_SECONDS}
    browser = Browser(demo.address, journey.company)
    try:
        for number in range(confirms):
            seconds = PROCESSING_SECONDS[number % len(PROCESSING_SECONDS)]
            demo.control("POST", "settings", {"processing_seconds": seconds})
            taken = browser.time_confirm(journey.make_invoice())
            over[seconds].append(taken - seconds)
    finally:
        browser.close()
    for seconds, values in over.items():
        if values:
            middle = statistics.median(values)
            print(f"  KSeF takes {seconds} s: median {middle:.2f} s more")
    values = sorted(value for group in over.values() for value in group)
    late = values[max(0, round(len(values) * CONFIRM_SHARE) - 1)]
    figures.show("95 of 100 within", late, LIMIT_CONFIRM_SECONDS, "s more")


def _bench_screens(figures, options):
    """Measure the server: posting, and what a person sees."""
    demo = Demo(NAME, free_port())
    try:
        demo.start()
        journey = Journey(demo)
        journey.prepare_company()
        journey.connect()
        if "browser" in options.only:
            _bench_browser(figures, demo, journey, options.confirms)
            peak = demo.peak_memory()
            figures.show(
                "peak memory of the server (VmHWM)", peak, LIMIT_MEMORY_MB, "MB"
            )
        processes.stop(f"{NAME}-odoo")
        if "hook" in options.only:
            _bench_hook(figures, options.rounds)
        if "fa3" in options.only:
            bench_fa3.measure(figures, NAME, options.rounds)
    finally:
        demo.stop()
        databases.drop(databases.connect(), NAME)


def _bench_jobs(figures, options):
    """Measure the job, in workers of their own."""
    bench = Bench(NAME)
    try:
        bench.start(bench_volume.INVOICES if "volume" in options.only else FEW)
        for name, measure in JOBS.items():
            if name in options.only:
                measure(figures, bench, options)
    finally:
        bench.stop()


# In this order: the last one fills the database.
JOBS = {
    "signing": lambda figures, bench, _options: bench_signing.measure(figures, bench),
    "calls": lambda figures, bench, _options: bench_calls.measure(figures, bench),
    "lanes": lambda figures, bench, options: bench_lanes.measure(
        figures, bench, options.sendings
    ),
    "memory": lambda figures, bench, _options: bench_memory.measure(figures, bench),
    "volume": lambda figures, bench, options: bench_volume.measure(
        figures, bench, options.sendings
    ),
    "claims": lambda figures, bench, _options: bench_claims.measure(figures, bench),
}
SCREENS = ("browser", "hook", "fa3")
PARTS = (*SCREENS, *JOBS)


def _read_options():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="of posting")
    parser.add_argument("--confirms", type=int, default=100, help="in the browser")
    parser.add_argument("--sendings", type=int, default=3, help="rounds of the job")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    return parser.parse_args()


def _work():
    options = _read_options()
    figures = Figures()
    if set(options.only) & set(SCREENS):
        _bench_screens(figures, options)
    if set(options.only) & set(JOBS):
        _bench_jobs(figures, options)
    print(f"{figures.failed} figures outside their limit")
    return 1 if figures.failed else 0


if __name__ == "__main__":
    main(_work)
