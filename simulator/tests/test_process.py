"""The simulator as a process: its address, its clock, its end."""

import os
import socket
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from simulator.schemas import FA3_FILE

from .invoice import make_invoice
from .support import ROOT, Client, SimulatorProcess

HOUR = 3600


class ProcessTest(unittest.TestCase):
    """It listens on the loopback address only and ends when told."""

    def _start(self, *options):
        simulator = SimulatorProcess(*options)
        self.addCleanup(simulator.clean_up)
        return simulator

    def test_ends_at_once_when_terminated(self):
        simulator = self._start()
        self.assertEqual(urlsplit(simulator.url).hostname, "127.0.0.1")
        self.assertEqual(simulator.stop(), 0)
        with self.assertRaises(requests.ConnectionError):
            requests.get(simulator.url, timeout=1)

    def test_ends_while_a_connection_is_open(self):
        simulator = self._start()
        address = urlsplit(simulator.url)
        with socket.create_connection((address.hostname, address.port)):
            self.assertEqual(simulator.stop(), 0)

    def _fail(self, *options):
        done = subprocess.run(
            [sys.executable, "-m", "simulator", *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("Traceback", done.stderr)
        return done.stderr

    def test_taken_port_is_told_in_a_sentence(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            self.assertIn(f"port {port}", self._fail("--port", port))

    def test_folder_without_schema_is_told_in_a_sentence(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn(folder, self._fail("--schema-dir", folder))
            with open(os.path.join(folder, FA3_FILE), "w") as file:
                file.write("no schema")
            self.assertIn(folder, self._fail("--schema-dir", folder))

    def test_shifted_clock_shows_everywhere(self):
        simulator = self._start("--clock-offset", str(HOUR))
        self.addCleanup(simulator.stop)
        client = Client(simulator)
        self.addCleanup(client.close)
        answer = client.post("/auth/challenge", bearer=None)
        ahead = datetime.now(timezone.utc).timestamp() + HOUR
        shown = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        for seconds in (shown, answer.json()["timestampMs"] / 1000):
            self.assertLess(abs(seconds - ahead), 60)

    def test_token_can_be_made_at_the_start(self):
        simulator = self._start("--token-nip", "5265877635")
        self.addCleanup(simulator.stop)
        client = Client(simulator)
        self.addCleanup(client.close)
        status = client.login_status(simulator.token)
        self.assertEqual(status["code"], 200)

    def test_carries_fifty_invoices_in_a_row(self):
        simulator = self._start("--processing-seconds", "0", "--login-seconds", "0")
        self.addCleanup(simulator.stop)
        simulator.control("settings", {"rate_limits": None})
        client = Client(simulator)
        self.addCleanup(client.close)
        client.login()
        session = client.open()
        numbers = {
            client.send(session, make_invoice())["ksefNumber"] for _ in range(50)
        }
        self.assertEqual(len(numbers), 50)


if __name__ == "__main__":
    unittest.main()
