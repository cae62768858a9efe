import random
import tempfile
import unittest
from pathlib import Path

from .common import official_schema
from .hostile import SECRET, make_prologs
from .mutation import Mutator, good_files
from .trial import Watch, judge

FILES = 2000
SEED = 20260201


class TestMutatedFiles(unittest.TestCase):
    """Whatever a file is changed into, it is read or refused by name, and alone.

    A slice of `make fuzz`, always the same files.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        secret = Path(folder.name) / "secret"
        secret.write_bytes(SECRET)
        cls.schema = official_schema()
        cls.mutator = Mutator(good_files(), make_prologs(secret.as_uri()), SEED)

    def test_every_file_is_read_or_refused_by_name(self):
        watch, outcomes = Watch(), set()
        for number in range(FILES):
            changes, data = self.mutator.make(number)
            with self.subTest(number=number, changes=changes), watch:
                outcomes.add(judge(data, self.schema))
        self.assertEqual(watch.seen, [])
        self.assertIn("valid, written again", outcomes)
        self.assertIn("not read: doctype", outcomes)
        self.assertGreater(len(outcomes), 8)

    def test_same_seed_makes_the_same_files(self):
        other = Mutator(self.mutator.files, self.mutator.prologs, SEED)
        for number in random.sample(range(FILES), 20):
            self.assertEqual(other.make(number), self.mutator.make(number))
