import hashlib
import os
import subprocess
import sys
import unittest

from .. import writer
from . import recipes
from .common import ROOT

SCRIPT = """
import hashlib
from fa3 import writer
from fa3.tests import recipes
data = b"".join(writer.write(build()) for build in recipes.BUILDERS)
print(hashlib.sha256(data).hexdigest())
"""


class TestSameBytes(unittest.TestCase):
    """The same document is the same file, whenever and wherever it is written."""

    def test_another_process_with_other_settings_writes_the_same_bytes(self):
        data = b"".join(writer.write(build()) for build in recipes.BUILDERS)
        expected = hashlib.sha256(data).hexdigest()
        for seed, zone in (("0", "UTC"), ("4711", "Pacific/Auckland")):
            with self.subTest(zone):
                settings = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
                answer = subprocess.run(
                    [sys.executable, "-c", SCRIPT],
                    cwd=ROOT,
                    env=os.environ | settings,
                    capture_output=True,
                    text=True,
                    check=True,
                )
                self.assertEqual(answer.stdout.strip(), expected)
