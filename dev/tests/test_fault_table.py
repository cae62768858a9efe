"""The table of faults names tests that exist, and leaves no row without one."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tests", "dev/journeys", "ksef/tests")
# Rows about receiving and corrections come with those.
ROWS = range(1, 48)
_ROW = re.compile(r"^\| (\d+) \|.*\| (.*) \|$", re.MULTILINE)
_DEFINED = re.compile(r"(?:class|def) \w+\(")
_NAME = re.compile(r"`(Test\w+)(?:\.(test_\w+))?`")


class TestFaultTable(unittest.TestCase):
    """Whoever reads the table finds each test."""

    @classmethod
    def setUpClass(cls):
        cls.table = (ROOT / "readme" / "FAULTS.md").read_text(encoding="utf-8")
        files = [file for name in FOLDERS for file in (ROOT / name).glob("test_*.py")]
        code = "\n".join(file.read_text(encoding="utf-8") for file in files)
        cls.names = set(_DEFINED.findall(code))

    def test_every_row_names_a_test(self):
        rows = {int(number): tests for number, tests in _ROW.findall(self.table)}
        for number in ROWS:
            with self.subTest(row=number):
                self.assertIn("test", rows.get(number, "").lower())

    def test_every_name_is_a_test(self):
        names = set(_NAME.findall(self.table))
        self.assertGreater(len(names), len(ROWS))
        for class_name, method in sorted(names):
            with self.subTest(name=f"{class_name}.{method}"):
                self.assertIn(f"class {class_name}(", self.names)
                if method:
                    self.assertIn(f"def {method}(", self.names)
