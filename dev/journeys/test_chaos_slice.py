"""A short slice of the randomised run (`make chaos`)."""

import unittest

from ..chaos_run import Run
from ..chaos_stage import Stage

SEED = 11
INVOICES = 60
KILLS = 3


class TestChaosSlice(unittest.TestCase):
    """Faults and kills at random leave both books the same."""

    def test_books_are_the_same_after_faults_and_kills(self):
        stage = Stage("ksef_journey_testchaosslice")
        self.addCleanup(stage.stop)
        stage.start()
        run = Run(stage, SEED, INVOICES, KILLS)
        run.play()
        run.show_figures()
        for what, wrong in run.compare():
            with self.subTest(what, seed=SEED):
                self.assertEqual(wrong, [])
