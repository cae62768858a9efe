"""The plan of a randomised run."""

import json
import unittest

from .. import chaos_plan
from ..chaos_plan import make_plan, make_random_faults

INVOICES, KILLS = 2000, 20
SEEDS = range(5)


class TestChaosPlan(unittest.TestCase):
    """A seed decides everything, and every plan has what a run needs."""

    def test_same_seed_gives_same_plan(self):
        self.assertEqual(make_plan(7, INVOICES, KILLS), make_plan(7, INVOICES, KILLS))
        self.assertNotEqual(
            make_plan(7, INVOICES, KILLS), make_plan(8, INVOICES, KILLS)
        )

    def test_plan_has_all_invoices_and_kills(self):
        for seed in SEEDS:
            plan = make_plan(seed, INVOICES, KILLS)
            self.assertEqual(sum(burst.size for burst in plan), INVOICES)
            self.assertEqual(sum(len(burst.kills) for burst in plan), KILLS)

    def test_plan_has_both_companies_and_both_sizes(self):
        most = chaos_plan.SMALL_SIZES[1]
        for seed in SEEDS:
            plan = make_plan(seed, INVOICES, KILLS)
            self.assertEqual({burst.company for burst in plan}, {0, 1})
            self.assertEqual({burst.size > most for burst in plan}, {False, True})

    def test_five_of_a_hundred_calls_fail(self):
        shares = [fault["probability"] for fault in make_random_faults(1)]
        self.assertAlmostEqual(sum(shares), 0.05)

    def test_unavailable_is_never_said_of_what_was_processed(self):
        [uncertain, _refused] = make_random_faults(1)
        self.assertIn("status_after", uncertain["actions"])
        self.assertNotIn(503, uncertain["status"])

    def test_calls_of_the_control_interface_are_json(self):
        for burst in make_plan(1, INVOICES, KILLS):
            for path, body in burst.control:
                self.assertIn(path, ("expire", "faults", "rotate-keys"))
                json.dumps(body)
