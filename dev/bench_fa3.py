"""Building and checking FA(3) files beside the renderer of Odoo's own KSeF module."""

import json
import os
import subprocess
from pathlib import Path

from .common import LOGS, ODOO_CONF, ODOO_SCRIPT, ROOT, VENV_PYTHON, Stop, say

SCRIPT = Path(__file__).parent / "bench_fa3_render.py"
# Ours as a share of theirs, at most.
LIMITS = {
    "200 of 3 lines in one job": 1 / 8,
    "one of 1000 lines": 1 / 10,
    "one of 3 lines alone": 1 / 2,
}
LIMIT_STATEMENTS, LIMIT_STATEMENTS_JOB = 30, 2


def measure(figures, name, rounds):
    """Show times and statements; what theirs cannot render is named, not timed."""
    say(f"building FA(3) files and rendering them the other way, {rounds} rounds")
    found = _run(name, rounds)
    for what, limit in LIMITS.items():
        ours, theirs, is_valid = found["times"][what]
        print(f"    {what}: {1000 * ours:.1f} ms, theirs {1000 * theirs:.1f} ms")
        if is_valid:
            figures.show(f"{what}, of their time", ours / theirs, limit, "x")
        else:
            print("    theirs is refused by the official schema: not compared")
    for kind, reason in found["refused"].items():
        print(f"    theirs cannot render: {kind} ({reason})")
    for kind, count in found["statements"].items():
        figures.show(f"statements, {kind}", count, LIMIT_STATEMENTS, "")
    each = found["statements_job"]
    figures.show("statements each in a job of 200", each, LIMIT_STATEMENTS_JOB, "")


def _run(name, rounds):
    """Run the script in `odoo shell`; return what it prints as its result."""
    log = LOGS / f"{name}-fa3.log"
    command = [VENV_PYTHON, ODOO_SCRIPT, "shell", "-c", ODOO_CONF, "-d", name]
    with SCRIPT.open() as script:
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
        raise Stop("The bench of FA(3) broke.", f"read {log.relative_to(ROOT)}")
    return json.loads(results[0].partition("RESULT ")[2])
