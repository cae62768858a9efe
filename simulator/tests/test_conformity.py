"""The check against the OpenAPI document finds what it is there to find."""

import copy
import json
import os
import subprocess
import sys
import tempfile
import unittest

from simulator import conformity, record

from .invoice import make_invoice
from .package import BatchClient
from .signer import Signer, read_identity, request_xml
from .support import NIP, OPENAPI, ROOT, Client, SimulatorProcess, needs_shared


def _journey(simulator):
    simulator.control("settings", {"rate_limits": None})
    _log_in_by_certificate(simulator)
    client = BatchClient(simulator).login()
    session = client.open()
    client.send(session, make_invoice())
    client.get(f"/sessions/{session}/invoices?pageSize=10")
    client.close_session(session)
    client.get("/rate-limits")
    client.get("/rate-limits", bearer=None)
    client.get("/sessions/short")
    client.get("/sessions/short", headers={"X-Error-Format": ""})
    page = _send_package(client)
    client.close()
    return page


def _log_in_by_certificate(simulator):
    client = Client(simulator)
    identity = read_identity(simulator.control("certificates", {"nip": NIP}))
    xml = request_xml(client.challenge()["challenge"], NIP)
    signed = Signer(identity).sign(xml)
    headers = {"Content-Type": "application/xml"}
    for _ in range(2):
        path = "/auth/xades-signature?verifyCertificateChain=true"
        client.post(path, bearer=None, data=signed, headers=headers)
    client.close()


def _send_package(client):
    """Return reference and size of the receipt's page."""
    session = client.send_batch([make_invoice() for _ in range(20)], count=2)
    (page,) = client.settled(session)["upo"]["pages"]
    client.invoices(session, failed=True)
    client.get("/sessions?sessionType=Batch")
    reference = page["referenceNumber"]
    content = client.get(f"/sessions/{session}/upo/{reference}").content
    return reference, len(content)


@needs_shared
class ConformityTest(unittest.TestCase):
    """A real journey conforms; the same journey with any liberty taken does not."""

    @classmethod
    def setUpClass(cls):
        simulator = SimulatorProcess(
            "--processing-seconds", "0", "--login-seconds", "0"
        )
        cls.addClassCleanup(simulator.clean_up)
        cls.page, cls.page_size = _journey(simulator)
        simulator.stop()
        with open(simulator.record, encoding="utf-8") as file:
            cls.entries = [json.loads(line) for line in file]
        cls.record = simulator.record
        cls.checker = conformity.Conformity(OPENAPI)

    def _entry(self, method, ending, status):
        for entry in self.entries:
            found = (entry["method"], entry["status"])
            if found == (method, status) and entry["path"].endswith(ending):
                return copy.deepcopy(entry)
        raise AssertionError(f"no {method} {ending} {status}")

    def _complaints_after(self, entry, side, change):
        body = json.loads(entry[side])
        change(body)
        entry[side] = json.dumps(body)
        return self.checker.complaints(entry)

    def test_recorded_journey_conforms(self):
        self.assertGreater(len(self.entries), 10)
        self.assertEqual(conformity.check([self.record], OPENAPI), [])

    def test_login_by_certificate_conforms_and_liberties_are_found(self):
        ending = "verifyCertificateChain=true"
        entry = self._entry("POST", ending, 202)
        self.assertIn("<Challenge>", entry["request_body"])
        self.assertEqual(self.checker.complaints(entry), [])
        self.assertEqual(self.checker.complaints(self._entry("POST", ending, 400)), [])
        found = self.checker.complaints({**entry, "path": entry["path"] + "ish"})
        self.assertTrue(found)
        entry["request_headers"]["content-type"] = "text/plain"
        self.assertTrue(self.checker.complaints(entry))

    def test_unknown_property_in_a_request_is_found(self):
        entry = self._entry("POST", "/sessions/online", 201)
        found = self._complaints_after(
            entry, "request_body", lambda body: body["encryption"].update(more=1)
        )
        self.assertIn("more", " ".join(found))

    def test_unknown_property_in_an_answer_is_found(self):
        entry = self._entry("POST", "/auth/challenge", 200)
        found = self._complaints_after(
            entry, "response_body", lambda body: body.update(more=1)
        )
        self.assertIn("more", " ".join(found))

    def test_missing_and_mistyped_properties_are_found(self):
        entry = self._entry("POST", "/auth/challenge", 200)
        found = self._complaints_after(
            entry, "response_body", lambda body: body.pop("clientIp")
        )
        self.assertIn("clientIp", " ".join(found))
        entry = self._entry("POST", "/invoices", 202)
        found = self._complaints_after(
            entry, "request_body", lambda body: body.update(invoiceSize="1")
        )
        self.assertTrue(found)

    def test_unknown_query_status_and_address_are_found(self):
        entry = self._entry("GET", "/invoices?pageSize=10", 200)
        found = self.checker.complaints({**entry, "path": entry["path"] + "&more=1"})
        self.assertIn("more", " ".join(found))
        self.assertTrue(self.checker.complaints({**entry, "status": 299}))
        self.assertTrue(self.checker.complaints({**entry, "path": "/v2/nothing"}))

    def test_missing_authorization_is_found(self):
        entry = self._entry("POST", "/sessions/online", 201)
        del entry["request_headers"]["authorization"]
        self.assertTrue(self.checker.complaints(entry))

    def test_body_where_none_belongs_is_found(self):
        entry = self._entry("POST", "/close", 204)
        self.assertTrue(self.checker.complaints({**entry, "response_body": "{}"}))
        self.assertTrue(self.checker.complaints({**entry, "request_body": "{}"}))

    def test_long_documents_are_recorded_in_part_and_conform(self):
        entry = self._entry("GET", "/upo/" + self.page, 200)
        self.assertGreater(self.page_size, 2 * record.DOCUMENT_LIMIT)
        kept = entry["response_body"].encode()
        self.assertLessEqual(len(kept), record.DOCUMENT_LIMIT)
        self.assertEqual(self.checker.complaints(entry), [])

    def test_parts_of_packages_are_not_recorded(self):
        methods = {entry["method"] for entry in self.entries}
        self.assertEqual(methods, {"GET", "POST"})

    def test_groups_of_the_newer_limits_conform_and_others_do_not(self):
        entry = self._entry("GET", "/rate-limits", 200)
        self.assertIn("batchSessionClose", entry["response_body"])
        values = {"perSecond": 1, "perMinute": 1, "perHour": 1}
        found = self._complaints_after(
            entry, "response_body", lambda body: body.update(unheardOf=values)
        )
        self.assertIn("unheardOf", " ".join(found))

    def test_refused_request_and_injected_fault_are_not_held_against_it(self):
        entry = self._entry("GET", "/sessions/short", 400)
        self.assertEqual(self.checker.complaints(entry), [])
        self.assertEqual(self.checker.complaints({"fault": True}), [])

    def _run(self, record):
        command = [sys.executable, "-m", "simulator.conformity"]
        return subprocess.run(
            [*command, "--openapi", OPENAPI, record],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )

    def test_command_counts_and_tells_by_its_exit_code(self):
        done = self._run(self.record)
        self.assertEqual(done.returncode, 0)
        last = done.stdout.splitlines()[-1]
        kinds = {self.checker.kind(entry) for entry in self.entries}
        self.assertLess(len(kinds), len(self.entries), "each kind is counted once")
        self.assertEqual(last, f"{len(kinds)} passed, 0 failed")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bad.jsonl")
            entry = {**self.entries[0], "status": 299}
            with open(path, "w", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
            done = self._run(path)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines()[-1], "0 passed, 1 failed")


if __name__ == "__main__":
    unittest.main()
