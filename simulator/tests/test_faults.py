"""Injected faults: each kind, when it strikes, how often."""

import threading
import time
import unittest

import requests

from .invoice import make_invoice
from .support import SimulatorCase


class FaultTest(SimulatorCase):
    """A fault strikes its operation, after ``skip`` requests, ``times`` times."""

    def setUp(self):
        super().setUp()
        self.client.login()
        self.session = self.client.open()

    def _inject(self, operation, action, **extra):
        fault = {"operation": operation, "action": action, **extra}
        return self.simulator.control("faults", fault)["id"]

    def _send(self):
        body = self.client.send_body(make_invoice())
        return self.client.post(f"/sessions/online/{self.session}/invoices", body)

    def _outcomes(self):
        book = self.simulator.book()
        return len(book["invoices"]), [item["outcome"] for item in book["attempts"]]

    def test_dropped_before_is_not_processed(self):
        self._inject("send_invoice", "drop_before")
        with self.assertRaises(requests.ConnectionError):
            self._send()
        self.assertEqual(self._outcomes(), (0, ["dropped"]))

    def test_dropped_after_is_processed(self):
        self._inject("send_invoice", "drop_after")
        with self.assertRaises(requests.ConnectionError):
            self._send()
        self.assertEqual(self._outcomes(), (1, ["dropped"]))

    def test_attempt_is_noted_on_arrival(self):
        self._inject("send_invoice", "delay_after", seconds=0.5)
        sending = threading.Thread(target=self._send)
        sending.start()
        body = {"operation": "send_invoice"}
        self.simulator.control("wait", body)
        self.assertEqual(self._outcomes()[1], ["arrived"])
        sending.join()
        self.assertEqual(self._outcomes()[1], ["202"])

    def test_server_error_comes_instead_or_after(self):
        self._inject("send_invoice", "status", status=503, retry_after=7)
        answer = self._send()
        self.assertEqual(
            (answer.status_code, answer.headers["Retry-After"]), (503, "7")
        )
        self.assertEqual(self._outcomes()[0], 0)
        self._inject("send_invoice", "status_after", status=500)
        self.assertEqual(self._send().status_code, 500)
        self.assertEqual(self._outcomes()[0], 1)

    def test_page_of_the_firewall_has_status_ok(self):
        self._inject("rate_limits", "html")
        answer = self.client.get("/rate-limits")
        self.assertEqual(answer.status_code, 200)
        self.assertIn("text/html", answer.headers["Content-Type"])

    def test_cut_answer_is_no_json(self):
        self._inject("send_invoice", "garbage")
        answer = self._send()
        self.assertEqual(answer.status_code, 202)
        with self.assertRaises(ValueError):
            answer.json()
        self.assertEqual(self._outcomes()[0], 1)

    def test_property_of_the_future_can_be_added(self):
        self._inject("session_status", "extra_field")
        found = self.client.get(f"/sessions/{self.session}").json()
        self.assertIn("propertyOfTheFuture", found)
        self.assertEqual(found["status"]["code"], 100)

    def test_client_that_hangs_up_early_does_no_harm(self):
        self._inject("rate_limits", "delay", seconds=0.2)
        with self.assertRaises(requests.Timeout):
            self.client.get("/rate-limits", timeout=0.05)
        self.assertEqual(self.client.get("/limits/context").status_code, 200)

    def test_delays_come_before_or_after_the_processing(self):
        self.simulator.control("settings", {"processing_seconds": 0})
        for action in ("delay", "delay_after"):
            self._inject("rate_limits", action, seconds=0.2)
            start = time.monotonic()
            self.assertEqual(self.client.get("/rate-limits").status_code, 200)
            self.assertGreaterEqual(time.monotonic() - start, 0.2)

    def test_documented_refusals_have_their_own_shape(self):
        for status in (401, 403, 410, 429):
            self._inject("login_status", "status", status=status)
            answer = self.client.get("/auth/" + "X" * 36)
            self.assertEqual(answer.status_code, status)
            self.assertEqual(answer.json()["status"], status)

    def test_blocked_by_security_says_so(self):
        security = {"incidentId": "1", "clientIp": "127.0.0.1"}
        reason = "security-service-blocked"
        self._inject(
            "rate_limits", "status", status=403, reason=reason, security=security
        )
        answer = self.client.get("/rate-limits").json()
        self.assertEqual((answer["reasonCode"], answer["security"]), (reason, security))

    def test_any_error_code_can_be_given(self):
        for code in (21184, 21308, 21001):
            self._inject("send_invoice", "error_code", code=code, details=["a"])
            self.assert_refused(self._send(), code, "a")

    def test_warning_is_a_header(self):
        self._inject("rate_limits", "warning", text="[W1]: soon")
        answer = self.client.get("/rate-limits")
        self.assertEqual(answer.headers["X-System-Warning"], "[W1]: soon")

    def test_warning_can_be_asked_for(self):
        headers = {"X-Test-System-Warning": "[W2]: test"}
        answer = self.client.get("/rate-limits", headers=headers)
        self.assertEqual(answer.headers["X-System-Warning"], "[W2]: test")

    def test_skip_and_times_are_counted(self):
        self._inject("rate_limits", "status", status=502, skip=1, times=2)
        statuses = [self.client.get("/rate-limits").status_code for _ in range(4)]
        self.assertEqual(statuses, [200, 502, 502, 200])

    def test_random_faults_are_repeatable_and_end_when_deleted(self):
        runs = []
        for _ in range(2):
            self.simulator.control("faults", method="DELETE")
            self._inject(
                "*",
                None,
                actions=["status", "html"],
                status=[500, 502],
                probability=0.5,
                seed=3,
            )
            runs.append(
                [self._kind(self.client.get("/rate-limits")) for _ in range(40)]
            )
        self.assertEqual(runs[0], runs[1])
        met = {kind for kind, _ in runs[0]}
        self.assertEqual(met, {200, 500, 502})
        self.assertIn((200, "text/html; charset=utf-8"), runs[0])
        self.simulator.control("faults", method="DELETE")
        statuses = {self.client.get("/rate-limits").status_code for _ in range(20)}
        self.assertEqual(statuses, {200})

    def _kind(self, answer):
        return answer.status_code, answer.headers["Content-Type"]

    def test_list_leaves_the_named_invoice_out(self):
        for _ in range(3):
            self._send()
        self._inject("session_invoices", "list_omits", ordinal=2)
        path = f"/sessions/{self.session}/invoices"
        shown = [
            [i["ordinalNumber"] for i in self.client.get(path).json()["invoices"]]
            for _ in range(2)
        ]
        self.assertEqual(shown, [[1, 3], [1, 2, 3]])

    def test_list_can_go_round_for_ever(self):
        self._send()
        self._inject("session_invoices", "loop_pages", times=3)
        path, headers = f"/sessions/{self.session}/invoices", {}
        for _ in range(3):
            answer = self.client.get(path, headers=headers).json()
            self.assertEqual([i["ordinalNumber"] for i in answer["invoices"]], [1])
            headers = {"x-continuation-token": answer["continuationToken"]}
        answer = self.client.get(path, headers=headers).json()
        self.assertNotIn("continuationToken", answer)

    def test_any_page_can_come_instead_or_after(self):
        self._inject("send_invoice", "page")
        answer = self._send()
        self.assertEqual((answer.status_code, answer.content), (403, b""))
        self.assertNotIn("Content-Type", answer.headers)
        self.assertEqual(self._outcomes()[0], 0)
        json_type = "application/json"
        self._inject(
            "send_invoice", "page_after", status=200, body="[]", content_type=json_type
        )
        answer = self._send()
        self.assertEqual((answer.status_code, answer.json()), (200, []))
        self.assertEqual(answer.headers["Content-Type"], json_type)
        self.assertEqual(self._outcomes()[0], 1)

    def test_endless_fault_ends_when_deleted(self):
        self._inject("rate_limits", "status", status=502, times=None)
        statuses = [self.client.get("/rate-limits").status_code for _ in range(3)]
        self.assertEqual(statuses, [502] * 3)
        self.simulator.control("faults", method="DELETE")
        self.assertEqual(self.client.get("/rate-limits").status_code, 200)

    def test_injected_invoice_status_is_shown_in_the_list(self):
        self._send()
        self._inject("session_invoices", "invoice_status", code=150)
        path = f"/sessions/{self.session}/invoices"
        shown = [
            self.client.get(path).json()["invoices"][0]["status"]["code"]
            for _ in range(2)
        ]
        self.assertEqual(shown, [150, 200])

    def test_link_can_fail_too(self):
        sent = self.client.send(self.session, make_invoice())
        self._inject("upo_link", "html")
        answer = requests.get(sent["upoDownloadUrl"], timeout=5)
        self.assertIn("text/html", answer.headers["Content-Type"])


if __name__ == "__main__":
    unittest.main()
