"""Run one folder of plain unittest tests: `python -m dev.pure_suite FOLDER`.

Ends with `N passed, N failed`; before it, how many tests were skipped for want
of ../shared. Any other skip, an ERROR logged outside assertLogs and a folder
in which nothing ran are failures.
"""

import logging
import sys
import unittest

from .common import ROOT, SHARED
from .verdict import SHARED_REASON, Verdict, close

FOLDER_PROBLEM = "no test ran in {}"


class ErrorLog(logging.Handler):
    """Keeps the ERROR records that no test expected.

    assertLogs takes a logger out of the hierarchy, so what it expects does not
    come here.
    """

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"logged {record.levelname}: {self.format(record)}")


class Result(unittest.TextTestResult):
    """Counts each test once, whatever its subtests did."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.good, self.bad, self.without_shared = set(), set(), set()
        self.complaints = []

    def addSuccess(self, test):
        super().addSuccess(test)
        self.good.add(test.id())

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.bad.add(test.id())

    def addError(self, test, err):
        super().addError(test, err)
        self.bad.add(test.id())

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.bad.add(test.id())

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if reason == SHARED_REASON and not SHARED.is_dir():
            self.without_shared.add(test.id())
        else:
            self._object(test, f"skipped: {reason}")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._object(test, "marked as an expected failure")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._object(test, "marked as an expected failure")

    def _object(self, test, why):
        self.bad.add(test.id())
        self.complaints.append(f"{test.id()} {why}")


def run(folder):
    """Run the tests below `folder` (relative to the root); return the Verdict."""
    if not (ROOT / folder).is_dir():
        return Verdict(complaints=[FOLDER_PROBLEM.format(folder)])
    noise = ErrorLog()
    logging.getLogger().addHandler(noise)
    tests = unittest.TestLoader().discover(str(ROOT / folder), top_level_dir=str(ROOT))
    runner = unittest.TextTestRunner(sys.stdout, resultclass=Result, verbosity=0)
    result = runner.run(tests)
    complaints = result.complaints + noise.lines
    passed = result.good - result.bad
    if not passed:
        complaints.append(FOLDER_PROBLEM.format(folder))
    return Verdict(len(passed), len(result.bad), len(result.without_shared), complaints)


if __name__ == "__main__":
    sys.exit(close(run(sys.argv[1])))
