"""Judge an Odoo test run by its log: Odoo's exit status alone is not enough.

Odoo exits with 0 when no test matched, when the module was not found, when a
test was skipped and when something logged an ERROR.
"""

import re
from dataclasses import dataclass, field

SHARED_REASON = "needs ../shared"
MOST_COMPLAINTS = 20
_LINE = re.compile(
    r"\d{4}-\S+ \S+ \d+ (?P<level>[A-Z]+) \S+ (?P<logger>\S+): (?P<text>.*)"
)
_STARTED = re.compile(r"Starting (\S+) \.\.\.")
_BAD = re.compile(r"(?:FAIL|ERROR): (?:Subtest )?(\S+)")
_SKIPPED = re.compile(r"skipped (.+?) : (.*)")
_SUMMARY = re.compile(r"\d+ failed, \d+ error\(s\) of \d+ tests")
_UNKNOWN_MODULE = "invalid module names, ignored"
_RESULT_LOGGER = "odoo.tests.result"


@dataclass
class Verdict:
    """What a run did: counts of tests, and the lines that speak against it."""

    passed: int = 0
    failed: int = 0
    without_shared: int = 0
    complaints: list = field(default_factory=list)

    @property
    def ok(self):
        """True when something ran and nothing speaks against the run."""
        return bool(self.passed) and not self.failed and not self.complaints


def close(verdict):
    """Print what speaks against a run and the closing lines; return the exit code."""
    for complaint in verdict.complaints[:MOST_COMPLAINTS]:
        print(complaint)
    if len(verdict.complaints) > MOST_COMPLAINTS:
        print(f"... and {len(verdict.complaints) - MOST_COMPLAINTS} more")
    print(f"{verdict.without_shared} skipped for want of ../shared")
    print(f"{verdict.passed} passed, {verdict.failed} failed", flush=True)
    return 0 if verdict.ok else 1


def read_closing(text):
    """Return the Verdict that the closing lines of `close` state, or an empty one."""
    skipped = re.search(r"^(\d+) skipped for want of \.\./shared$", text, re.M)
    counts = re.search(r"^(\d+) passed, (\d+) failed\s*\Z", text, re.M)
    if counts is None:
        return Verdict()
    return Verdict(int(counts[1]), int(counts[2]), int(skipped[1]) if skipped else 0)


def judge(lines, return_code, shared_is_there):
    """Return the Verdict of an Odoo log.

    `return_code` is Odoo's; `shared_is_there` says whether the folder ../shared
    exists, in which case no test may skip for want of it.
    """
    found = _Findings(shared_is_there)
    for line in lines:
        found.read(line)
    found.close()
    complaints = list(found.complaints)
    if return_code and not found.bad:
        complaints.append(f"Odoo ended with exit status {return_code}")
    if not found.summary:
        complaints.append("Odoo wrote no summary of its tests")
    passed = found.started - found.bad - found.without_shared - found.skipped
    if not passed:
        complaints.append("no test passed in this run")
    return Verdict(
        passed=len(passed),
        failed=len(found.bad | found.skipped),
        without_shared=len(found.without_shared),
        complaints=complaints,
    )


class _Findings:
    """What was met in a log so far; a test is named by its logger and its name."""

    def __init__(self, shared_is_there):
        self.shared_is_there = shared_is_there
        self.started, self.bad = set(), set()
        self.skipped, self.without_shared = set(), set()
        self.complaints = []
        self.summary = False
        self._report = None

    def read(self, line):
        """Take in one line of the log."""
        match = _LINE.match(line)
        if match is None:
            if self._report is not None:
                self._report.append(line)
            return
        self.close()
        text, logger = match["text"], match["logger"]
        if _UNKNOWN_MODULE in text:
            self.complaints.append(line)
        self.summary |= logger == _RESULT_LOGGER and bool(_SUMMARY.search(text))
        if started := _STARTED.match(text):
            self.started.add((logger, started[1]))
        elif skipped := _SKIPPED.match(text):
            self._skip((logger, skipped[1]), skipped[2], line)
        elif match["level"] in ("ERROR", "CRITICAL") and logger != _RESULT_LOGGER:
            self._report = [line]
            if bad := _BAD.match(text):
                self.bad.add((logger, bad[1]))

    def close(self):
        """Keep the report (with its traceback) that the last lines made up."""
        if self._report is not None:
            self.complaints.append("\n".join(self._report))
        self._report = None

    def _skip(self, test, reason, line):
        if reason.strip() == SHARED_REASON and not self.shared_is_there:
            self.without_shared.add(test)
            return
        self.skipped.add(test)
        self.complaints.append(line)
