"""Tests of the runner of plain unittest folders."""

import contextlib
import io
import logging
import shutil
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

from dev import pure_suite
from dev.common import ROOT


class Runner(unittest.TestCase):
    """The runner counts every test once and lets nothing pass unnoticed."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tried_", dir=ROOT / "dev/tests"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "__init__.py").touch()
        # The runner of this very test listens too: it shall not hear these logs.
        quiet = mock.patch.object(logging.getLogger(), "handlers", [])
        quiet.start()
        self.addCleanup(quiet.stop)

    def verdict_of(self, body, shared_is_there=True):
        """Return the Verdict of one test class with that body."""
        source = "import logging, unittest\n\nclass Tried(unittest.TestCase):\n"
        source += textwrap.indent(textwrap.dedent(body), "    ")
        (self.folder / "test_tried.py").write_text(source)
        with (
            contextlib.redirect_stdout(io.StringIO()),
            mock.patch.object(pure_suite, "SHARED") as shared,
        ):
            shared.is_dir.return_value = shared_is_there
            return pure_suite.run(self.folder.relative_to(ROOT))

    def test_passing_tests_are_good(self):
        verdict = self.verdict_of("def test_it(self): pass")
        self.assertEqual((verdict.passed, verdict.failed), (1, 0))
        self.assertTrue(verdict.ok)

    def test_failing_subtests_count_once(self):
        verdict = self.verdict_of(
            """
            def test_it(self):
                for number in range(3):
                    with self.subTest(number=number):
                        self.assertEqual(number, 7)
            def test_good(self): pass
            """
        )
        self.assertEqual((verdict.passed, verdict.failed), (1, 1))

    def test_skip_for_any_other_reason_fails(self):
        verdict = self.verdict_of('def test_it(self): self.skipTest("no time")', False)
        self.assertEqual((verdict.failed, verdict.without_shared), (1, 0))

    def test_skip_for_shared_is_counted_only_where_it_is_missing(self):
        body = 'def test_it(self): self.skipTest("needs ../shared")'
        self.assertEqual(self.verdict_of(body, False).without_shared, 1)
        self.assertEqual(self.verdict_of(body, True).failed, 1)

    def test_logged_error_makes_the_run_bad(self):
        verdict = self.verdict_of('def test_it(self): logging.error("lost %s", "row")')
        self.assertFalse(verdict.ok)
        self.assertIn("lost row", verdict.complaints[0])

    def test_expected_error_is_fine(self):
        verdict = self.verdict_of(
            """
            def test_it(self):
                with self.assertLogs(level="ERROR"):
                    logging.error("lost")
            """
        )
        self.assertTrue(verdict.ok)

    def test_empty_folder_is_bad(self):
        self.assertFalse(self.verdict_of("pass").ok)

    def test_missing_folder_is_bad(self):
        self.assertFalse(pure_suite.run("nowhere/tests").ok)
