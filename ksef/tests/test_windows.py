import unittest

from ..windows import NO_LIMIT, Rate, seconds_to_wait, trim


class WaitTest(unittest.TestCase):
    """A call waits until it fits the second, the minute and the hour at once."""

    def test_the_first_calls_go_at_once(self):
        rate = Rate(per_second=2, per_minute=3, per_hour=4)
        self.assertEqual(seconds_to_wait([], rate, 1000.0), 0)
        self.assertEqual(seconds_to_wait([999.5], rate, 1000.0), 0)

    def test_a_full_second_waits_for_the_oldest_that_counts(self):
        rate = Rate(per_second=2)
        calls = [998.0, 999.25, 999.5]
        self.assertEqual(seconds_to_wait(calls, rate, 1000.0), 0.25)

    def test_the_longest_of_the_windows_decides(self):
        rate = Rate(per_second=1, per_minute=2, per_hour=3)
        for calls, seconds in (
            ([999.5], 0.5),
            ([950.0, 998.0], 10),
            ([0.0, 950.0, 998.0], 2600),
            ([0.0, 900.0, 930.0], 2600),
        ):
            with self.subTest(calls=calls):
                self.assertEqual(seconds_to_wait(calls, rate, 1000.0), seconds)

    def test_a_call_leaves_its_window_at_the_very_end(self):
        rate = Rate(per_minute=1)
        self.assertEqual(seconds_to_wait([940.0], rate, 1000.0), 0)
        self.assertGreater(seconds_to_wait([940.001], rate, 1000.0), 0)

    def test_more_calls_than_allowed_wait_for_enough_of_them(self):
        calls = [999.0 + number / 10 for number in range(1, 10)]
        self.assertAlmostEqual(
            seconds_to_wait(calls, Rate(per_second=2), 1000.0), calls[-2] + 1 - 1000
        )

    def test_without_limits_nothing_waits(self):
        calls = [1000.0] * 500
        for rate in (Rate(), Rate(NO_LIMIT, NO_LIMIT, NO_LIMIT), Rate(-5, -1, -2)):
            self.assertEqual(seconds_to_wait(calls, rate, 1000.0), 0)

    def test_a_limit_of_none_at_all_waits_the_whole_window(self):
        self.assertEqual(seconds_to_wait([], Rate(per_minute=0), 1000.0), 60)

    def test_calls_of_a_clock_ahead_count(self):
        self.assertEqual(seconds_to_wait([1002.0], Rate(per_second=1), 1000.0), 3)

    def test_calls_as_told_never_exceed_the_limit(self):
        rate = Rate(per_second=3, per_minute=10, per_hour=25)
        calls, now = [], 0.0
        for _number in range(60):
            now += seconds_to_wait(calls, rate, now)
            calls.append(now)
        for length, allowed in rate.windows:
            for start in calls:
                inside = [call for call in calls if start <= call < start + length]
                self.assertLessEqual(len(inside), allowed)


class TrimTest(unittest.TestCase):
    """Only calls that some window still counts are kept."""

    def test_older_than_an_hour_is_dropped(self):
        calls = [5000.0, 1000.0, 1400.0, 1400.001]
        self.assertEqual(trim(calls, 5000.0), [1400.001, 5000.0])
