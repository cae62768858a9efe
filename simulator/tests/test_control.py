"""The control interface: what it shows, how it waits, what it refuses."""

import threading
import time
import unittest

import requests

from .invoice import make_invoice
from .support import NIP, SimulatorCase


class ControlTest(SimulatorCase):
    """Tests steer the simulator and see what it knows."""

    def _control(self, name, body=None, method="POST"):
        url = f"{self.simulator.url}/control/{name}"
        return requests.request(method, url, json=body, timeout=5)

    def test_nonsense_is_refused_with_a_sentence(self):
        nonsense = (
            ("faults", {"operation": "nothing", "action": "html"}),
            ("faults", {"operation": "redeem", "action": "nothing"}),
            ("faults", {"operation": "redeem", "action": "error_code"}),
            ("tokens", {"permissions": []}),
            ("tokens", {"nip": NIP, "permissions": ["Nothing"]}),
            ("tokens", {"nip": NIP, "status": "Nothing"}),
            ("tokens/unknown", {"status": "Revoked"}),
            ("certificates", {}),
            ("certificates", {"nip": NIP, "type": "Nothing"}),
            ("certificates", {"nip": NIP, "key": "dsa"}),
            ("certificates", {"nip": NIP, "permissions": ["Nothing"]}),
            ("certificates/1", {"status": "Revoked"}),
            ("certificates/unknown", {"status": "Revoked"}),
            ("permissions", {"context_nip": NIP, "permissions": []}),
            ("permissions", {"context_nip": NIP, "subject_nip": NIP}),
            ("settings", {"token_login_ends": "soon"}),
            ("settings", {"nothing": 1}),
            ("settings", {"rate_limits": {"nothing": {}}}),
            ("expire", {"what": "nothing"}),
            ("settings", {"rate_groups": "1.0"}),
            ("faults", {"operation": "redeem", "action": "list_omits"}),
            ("faults", {"operation": "*", "actions": ["html", "nothing"]}),
            ("wait", {"operation": "nothing"}),
            ("nothing", {}),
            ("faults", []),
        )
        for name, body in nonsense:
            with self.subTest(name=name, body=body):
                answer = self._control(name, body)
                self.assertEqual(answer.status_code, 400)
                self.assertTrue(answer.json()["error"])

    def test_requests_are_counted_by_operation(self):
        self.client.login()
        counts = self.simulator.control("requests", method="GET")
        self.assertEqual((counts["challenge"], counts["redeem"]), (1, 1))
        self.assertNotIn("open_online", counts)

    def test_calls_beside_the_api_are_counted_apart(self):
        self.client.login()
        sent = self.client.send(self.client.open(), make_invoice())
        before = self.simulator.control("requests", method="GET")
        requests.get(sent["upoDownloadUrl"], timeout=5)
        requests.get(f"{self.simulator.url}/lighthouse/status", timeout=5)
        after = self.simulator.control("requests", method="GET")
        self.assertEqual(after["api_calls"], before["api_calls"])
        self.assertEqual((after["upo_link"], after["lighthouse_status"]), (1, 1))
        self.client.get("/rate-limits")
        after = self.simulator.control("requests", method="GET")
        self.assertEqual(after["api_calls"], before["api_calls"] + 1)

    def test_refusals_for_too_many_requests_are_counted(self):
        self.client.login()
        limits = {"rate_limits": {"other": {"perMinute": 1}}}
        self.simulator.control("settings", limits)
        for _ in range(3):
            self.client.get("/rate-limits")
        counts = self.simulator.control("requests", method="GET")
        self.assertEqual((counts["rate_limited"], counts["rate_limits"]), (2, 3))

    def test_book_can_be_light_and_in_pages(self):
        self.client.login()
        session = self.client.open()
        for number in range(3):
            self.client.send(session, make_invoice(number=f"FV/{number}/BOOK"))
        page = self.simulator.control("book?xml=0&offset=1&limit=1", method="GET")
        (entry,) = page["invoices"]
        self.assertEqual(entry["invoiceNumber"], "FV/1/BOOK")
        self.assertEqual(page["sent"][0]["invoiceNumber"], "FV/1/BOOK")
        self.assertEqual(len(page["attempts"]), 1)
        self.assertNotIn("xml", entry)
        self.assertNotIn("upo", entry)
        rest = self.simulator.control("book?offset=2", method="GET")
        self.assertEqual(len(rest["invoices"]), 1)
        self.assertIn("FV/2/BOOK", rest["invoices"][0]["xml"])

    def test_answers_of_the_api_can_be_slow(self):
        self.client.login()
        sent = self.client.send(self.client.open(), make_invoice())
        self.simulator.control("settings", {"latency_seconds": 4})
        with self.assertRaises(requests.Timeout):
            self.client.get("/rate-limits", timeout=0.2)
        quick = requests.get(sent["upoDownloadUrl"], timeout=3)
        self.assertEqual(quick.status_code, 200)

    def test_waiting_ends_with_the_request(self):
        answers = []
        body = {"operation": "challenge", "count": 2, "seconds": 60}
        waiting = threading.Thread(
            target=lambda: answers.append(self._control("wait", body).status_code)
        )
        waiting.start()
        for _ in range(2):
            waiting.join(0.2)
            self.assertEqual(answers, [])
            self.client.challenge()
        waiting.join()
        self.assertEqual(answers, [200])

    def test_waiting_in_vain_says_so(self):
        body = {"operation": "challenge", "seconds": 0.05}
        self.assertEqual(self._control("wait", body).status_code, 408)

    def test_book_shows_accepted_and_refused(self):
        self.client.login()
        session = self.client.open()
        xml = make_invoice(number="FV/BOOK")
        good = self.client.send(session, xml)
        self.client.send(session, xml)
        book = self.simulator.book()
        entry = book["invoices"][0]
        self.assertEqual(len(book["invoices"]), 1)
        self.assertEqual(entry["ksefNumber"], good["ksefNumber"])
        self.assertEqual(entry["invoiceReference"], good["referenceNumber"])
        self.assertEqual((entry["nip"], entry["invoiceType"]), (NIP, "VAT"))
        self.assertIn(good["ksefNumber"], entry["upo"])
        self.assertEqual([item["code"] for item in book["sent"]], [200, 440])

    def test_reset_forgets_everything(self):
        self.client.login()
        self.client.open()
        self.simulator.control("settings", {"processing_seconds": 9})
        self.simulator.control("clock", {"seconds": 86400})
        self.simulator.control("reset")
        self.assertEqual(self.client.get("/rate-limits").status_code, 401)
        counts = self.simulator.control("requests", method="GET")
        expected = {"rate_limits": 1, "api_calls": 1, "rate_limited": 0}
        self.assertEqual(counts, expected)
        names = ("invoices", "sent", "attempts", "packages")
        self.assertEqual(self.simulator.book(), {name: [] for name in names})
        issued = self.client.challenge()["timestampMs"] / 1000
        self.assertLess(abs(issued - time.time()), 60)

    def test_links_expire_on_request(self):
        self.client.login()
        sent = self.client.send(self.client.open(), make_invoice())
        self.simulator.control("expire", {"what": "links"})
        answer = requests.get(sent["upoDownloadUrl"], timeout=5)
        self.assertEqual(answer.status_code, 403)


if __name__ == "__main__":
    unittest.main()
