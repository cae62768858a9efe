"""Tests of the judgement of Odoo logs."""

import unittest

from dev.verdict import Verdict, judge, read_closing

TESTS = "odoo.addons.l10n_pl_ksef.tests.test_journey"
RESULT = "odoo.tests.result"


def line(text, level="INFO", logger=TESTS):
    """Return a log line as Odoo writes it."""
    return f"2026-01-02 03:04:05,678 42 {level} run1 {logger}: {text}"


def started(name):
    return line(f"Starting Journey.{name} ...")


SUMMARY = line("0 failed, 0 error(s) of 2 tests when loading database", logger=RESULT)
GOOD = [started("test_one"), started("test_two"), SUMMARY]


class GoodRuns(unittest.TestCase):
    """A run is good when tests ran, all passed, and nothing logged an ERROR."""

    def test_all_passing_counts_each_test_once(self):
        verdict = judge([*GOOD, *GOOD], 0, shared_is_there=True)
        self.assertEqual((verdict.passed, verdict.failed), (2, 0))
        self.assertTrue(verdict.ok)

    def test_missing_shared_folder_excuses_a_skip_for_it(self):
        lines = [*GOOD, line("skipped Journey.test_two : needs ../shared")]
        verdict = judge(lines, 0, shared_is_there=False)
        self.assertEqual((verdict.passed, verdict.without_shared), (1, 1))
        self.assertTrue(verdict.ok)

    def test_warning_is_no_complaint(self):
        lines = [*GOOD, line("slow", "WARNING", "odoo.http")]
        self.assertTrue(judge(lines, 0, shared_is_there=True).ok)


class BadRuns(unittest.TestCase):
    """Whatever speaks against a run makes it bad, also where Odoo exits with 0."""

    def check(self, lines, code=0, shared_is_there=True, failed=0, saying=""):
        verdict = judge(lines, code, shared_is_there)
        self.assertFalse(verdict.ok)
        self.assertEqual(verdict.failed, failed)
        self.assertIn(saying, "\n".join(verdict.complaints))
        return verdict

    def test_failed_test_is_counted_and_shown_with_its_traceback(self):
        lines = [
            *GOOD,
            line("FAIL: Journey.test_two", "ERROR"),
            "Traceback (most recent call last):",
            "AssertionError: 1 != 2",
        ]
        verdict = self.check(lines, 1, failed=1, saying="AssertionError: 1 != 2")
        self.assertEqual(verdict.passed, 1)

    def test_failed_subtests_count_as_one_failed_test(self):
        lines = [
            *GOOD,
            line("FAIL: Subtest Journey.test_two (code=1)", "ERROR"),
            line("FAIL: Subtest Journey.test_two (code=2)", "ERROR"),
        ]
        self.check(lines, 1, failed=1)

    def test_broken_class_setup_is_a_failure(self):
        lines = [started("test_one"), SUMMARY]
        lines.append(line("ERROR: setUpClass (Journey)", "ERROR"))
        self.check(lines, 1, failed=1)

    def test_error_in_the_log_makes_a_passing_run_bad(self):
        lines = [*GOOD, line("bad query", "ERROR", "odoo.sql_db")]
        self.check(lines, saying="bad query")

    def test_no_test_at_all_is_bad(self):
        summary = line("0 failed, 0 error(s) of 0 tests", "WARNING", RESULT)
        self.check([summary], saying="no test passed")

    def test_unknown_module_is_bad(self):
        text = "invalid module names, ignored: l10n_pl_ksef"
        self.check([*GOOD, line(text, "WARNING")], saying=text)

    def test_missing_summary_is_bad(self):
        self.check(GOOD[:2], saying="no summary")

    def test_exit_status_without_a_failed_test_is_bad(self):
        self.check(GOOD, 255, saying="exit status 255")

    def test_skip_for_another_reason_is_a_failure(self):
        lines = [*GOOD, line("skipped Journey.test_two : no Chromium")]
        self.check(lines, shared_is_there=False, failed=1, saying="no Chromium")

    def test_skip_for_shared_where_it_is_there_is_a_failure(self):
        lines = [*GOOD, line("skipped Journey.test_two : needs ../shared")]
        self.check(lines, shared_is_there=True, failed=1)


class ClosingLines(unittest.TestCase):
    """The closing lines of a suite are read back as they were meant."""

    def test_counts_and_skips_are_read(self):
        text = "noise\n2 skipped for want of ../shared\n12 passed, 3 failed\n"
        self.assertEqual(read_closing(text), Verdict(12, 3, 2))

    def test_counts_that_are_not_the_last_line_do_not_count(self):
        text = "12 passed, 0 failed\nTraceback (most recent call last):\n"
        self.assertEqual(read_closing(text), Verdict())
        self.assertFalse(read_closing(text).ok)
