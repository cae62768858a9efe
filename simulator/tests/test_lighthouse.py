"""Latarnia: what it tells, and how it fails."""

import unittest

import requests

from .support import SimulatorCase

MESSAGE = {
    "id": "K/2026/AWR/02",
    "eventId": 2,
    "category": "FAILURE",
    "type": "FAILURE_START",
    "title": "Awaria",
    "text": "Trwa awaria.",
    "start": "2026-03-05T10:00:00Z",
    "version": 1,
    "published": "2026-03-05T10:05:00Z",
}


class LighthouseTest(SimulatorCase):
    """It tells what the settings say, without a login."""

    def _ask(self, name):
        return requests.get(f"{self.simulator.url}/lighthouse/{name}", timeout=5)

    def test_available_service_has_no_messages(self):
        self.assertEqual(self._ask("status").json(), {"status": "AVAILABLE"})
        self.assertEqual(self._ask("messages").json(), [])

    def test_trouble_is_told_with_its_messages(self):
        told = {"status": "FAILURE", "messages": [MESSAGE]}
        self.simulator.control("settings", {"lighthouse": told})
        self.assertEqual(self._ask("status").json(), told)
        self.assertEqual(self._ask("messages").json(), [MESSAGE])

    def test_announcement_shows_among_the_messages_only(self):
        told = {"status": "AVAILABLE", "messages": [MESSAGE]}
        self.simulator.control("settings", {"lighthouse": told})
        self.assertEqual(self._ask("status").json(), {"status": "AVAILABLE"})
        self.assertEqual(self._ask("messages").json(), [MESSAGE])

    def test_it_can_fail_like_any_operation(self):
        for name in ("status", "messages"):
            fault = {"operation": f"lighthouse_{name}", "action": "drop_before"}
            self.simulator.control("faults", fault)
            with self.assertRaises(requests.ConnectionError):
                self._ask(name)
            self.assertEqual(self._ask(name).status_code, 200)


if __name__ == "__main__":
    unittest.main()
