"""`make test`: the set-up if needed, then every suite, then one closing line.

Each suite is a process that ends with `N passed, N failed`. A suite that
breaks without a failed test (nothing ran, an unexpected ERROR in its log, no
closing line) counts as one failure. `make test ONLY=fa3` runs suites by name.
"""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .common import (
    ADDON,
    DEV,
    LOGS,
    ROOT,
    SHARED,
    VENV_PYTHON,
    Stop,
    main,
    one_at_a_time,
    say,
)
from .setup import prepare
from .template_key import BARE
from .verdict import read_closing

RECORDS = DEV / "records"
OPENAPI = SHARED / "ksef/openapi-latest.json"
EVERY_TEST = f"/{ADDON}"
# Faults of KSeF do not depend on which other modules there are: once is enough.
# What needs modules that "bare" has not stands under the tag _modules.
ON_BARE = f"/{ADDON},-{ADDON}_matrix,-{ADDON}_modules"
SUITES_AT_ONCE = min(2, os.cpu_count() or 1)
MOST_LINES = 120


@dataclass(frozen=True)
class Suite:
    """One process of tests: a name for people, and the words after python -m."""

    name: str
    words: tuple


# The long ones first: two run at a time.
SUITES = (
    Suite("odoo-full", ("dev.odoo_run", "ksef_test_full", EVERY_TEST)),
    Suite("odoo-bare", ("dev.odoo_run", "ksef_test_bare", ON_BARE, BARE)),
    Suite("journeys", ("dev.pure_suite", "dev/journeys")),
    *(
        Suite(folder, ("dev.pure_suite", f"{folder}/tests"))
        for folder in ("simulator", "ksef", "fa3", "dev")
    ),
)


def _conformity():
    """Return the suite that compares the recorded exchanges with the OpenAPI."""
    records = [str(path) for path in sorted(RECORDS.glob("*.jsonl"))]
    words = ("simulator.conformity", "--openapi", str(OPENAPI), *records)
    return Suite("conformity", words)


def _run(suite, environment):
    """Run a suite; print how it went; return its Verdict."""
    started = time.monotonic()
    log = LOGS / f"suite-{suite.name}.log"
    with log.open("w") as output:
        done = subprocess.run(
            [VENV_PYTHON, "-m", *suite.words],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment,
            check=False,
        )
    text = log.read_text(errors="replace")
    verdict = read_closing(text)
    if (done.returncode or not verdict.passed) and not verdict.failed:
        verdict.failed = 1
    if verdict.failed:
        print("\n".join(text.splitlines()[-MOST_LINES:]))
    seconds = round(time.monotonic() - started)
    say(f"{suite.name}: {verdict.passed} passed, {verdict.failed} failed ({seconds} s)")
    return verdict


def _choose(names):
    """Return the suites of these names; all of them without any."""
    if unknown := names - {suite.name for suite in SUITES}:
        known = ", ".join(suite.name for suite in SUITES)
        raise Stop(f"There is no suite {', '.join(unknown)}.", f"choose from {known}")
    return tuple(suite for suite in SUITES if not names or suite.name in names)


def _work():
    suites = _choose(set(sys.argv[1:]))
    # Databases, logs and records have one name each in a checkout.
    with one_at_a_time("test run"):
        return _run_all(suites)


def _run_all(suites):
    environment = prepare(kinds=("full", "bare", "demo"))
    shutil.rmtree(RECORDS, ignore_errors=True)
    RECORDS.mkdir()
    environment["KSEF_SIMULATOR_RECORD_DIR"] = str(RECORDS)
    say(f"running the suites {', '.join(suite.name for suite in suites)}")
    with ThreadPoolExecutor(SUITES_AT_ONCE) as pool:
        verdicts = list(pool.map(lambda suite: _run(suite, environment), suites))
    skipped = sum(verdict.without_shared for verdict in verdicts)
    if suites == SUITES and OPENAPI.exists():
        verdicts.append(_run(_conformity(), environment))
    elif suites == SUITES:
        skipped += 1
    passed = sum(verdict.passed for verdict in verdicts)
    failed = sum(verdict.failed for verdict in verdicts)
    print(f"{skipped} skipped for want of ../shared")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    main(_work)
