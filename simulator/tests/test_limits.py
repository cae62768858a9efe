"""Rate limits: sliding windows for each caller and group, Retry-After, growth."""

import unittest

from .support import OTHER_NIP, Client, SimulatorCase


class RateLimitTest(SimulatorCase):
    """One call too many is answered 429 until Retry-After is over."""

    def setUp(self):
        super().setUp()
        self.client.login()

    def _limit(self, **groups):
        self.simulator.control("settings", {"rate_limits": groups})

    def _statuses(self, path, count, client=None):
        client = client or self.client
        return [client.get(path).status_code for _ in range(count)]

    def test_documented_limits_are_shown(self):
        self.simulator.control("settings", {"rate_limits": "default"})
        found = self.client.get("/rate-limits").json()
        self.assertEqual(
            found["invoiceSend"], {"perSecond": 10, "perMinute": 30, "perHour": 180}
        )
        self.assertEqual(found["onlineSessionClose"]["perHour"], 240)
        self.assertEqual(found["global"]["perSecond"], -1)

    def test_older_service_shows_and_counts_fewer_groups(self):
        self._limit(onlineSession={"perMinute": 2})
        session = self.client.open()
        self.simulator.control("settings", {"rate_groups": "2.7"})
        found = self.client.get("/rate-limits").json()
        new = {"onlineSessionClose", "batchSessionClose", "anonymous", "global"}
        self.assertEqual(new & set(found), set())
        self.assertEqual(self.client.close_session(session).status_code, 204)
        self.assertEqual(self.client.close_session(session).status_code, 429)
        self.simulator.control("reset")
        found = self.client.login().get("/rate-limits").json()
        self.assertEqual(new - set(found), set())

    def test_closing_counts_apart_from_opening(self):
        self._limit(onlineSession={"perMinute": 1}, onlineSessionClose={"perMinute": 1})
        session = self.client.open()
        self.assertEqual(self.client.close_session(session).status_code, 204)
        self.assertEqual(self.client.close_session(session).status_code, 429)

    def test_global_limit_counts_whatever_comes_from_an_address(self):
        self._limit(**{"global": {"perMinute": 2}})
        self.assertEqual(self._statuses("/rate-limits", 1), [200])
        self.assertEqual(self._statuses("/limits/context", 2), [200, 429])

    def test_context_limits_are_shown(self):
        found = self.client.get("/limits/context").json()
        self.assertEqual(found["onlineSession"]["maxInvoices"], 10000)
        self.assertEqual(found["onlineSession"]["maxInvoiceSizeInMB"], 1)

    def test_one_too_many_waits_as_told(self):
        self._limit(sessionMisc={"perMinute": 2})
        session = self.client.open()
        path = f"/sessions/{session}"
        self.assertEqual(self._statuses(path, 3), [200, 200, 429])
        refused = self.client.get(path)
        seconds = int(refused.headers["Retry-After"])
        self.assertGreater(seconds, 50)
        self.simulator.control("clock", {"seconds": seconds - 2})
        self.assertEqual(self._statuses(path, 1), [429])
        self.simulator.control("clock", {"seconds": 3})
        self.assertEqual(self._statuses(path, 1), [200])

    def test_block_grows_with_repeated_violations(self):
        self._limit(sessionMisc={"perMinute": 1})
        path = f"/sessions/{self.client.open()}"
        waits = []
        for _ in range(2):
            self._statuses(path, 1)
            waits.append(int(self.client.get(path).headers["Retry-After"]))
            self.simulator.control("clock", {"seconds": waits[-1] + 1})
        self.assertGreater(waits[1], waits[0] + 30)

    def test_groups_and_contexts_count_apart(self):
        self._limit(sessionMisc={"perMinute": 1}, other={"perMinute": 1})
        session = self.client.open()
        self.assertEqual(self._statuses(f"/sessions/{session}", 2), [200, 429])
        path = f"/sessions/{session}/invoices"
        self.assertEqual(self._statuses(path, 1), [200])
        self.assertEqual(self._statuses("/rate-limits", 2), [200, 429])
        self.assertEqual(self._statuses("/limits/context", 1), [200])
        other = Client(self.simulator).login(nip=OTHER_NIP)
        self.addCleanup(other.close)
        self.assertEqual(self._statuses("/rate-limits", 1, other), [200])

    def test_public_calls_count_by_address(self):
        self._limit(anonymous={"perSecond": 3})
        statuses = [
            self.client.post("/auth/challenge", bearer=None).status_code
            for _ in range(4)
        ]
        self.assertEqual(statuses[-1], 429)

    def test_both_formats_of_the_refusal(self):
        self._limit(other={"perMinute": 1})
        self._statuses("/rate-limits", 2)
        problem = self.client.get("/rate-limits").json()
        self.assertEqual(
            (problem["status"], problem["title"]), (429, "Too Many Requests")
        )
        plain = self.client.get("/rate-limits", headers={"X-Error-Format": ""}).json()
        self.assertEqual(plain["status"]["code"], 429)


if __name__ == "__main__":
    unittest.main()
