"""A client of the simulator, as a process of its own."""

import importlib.util
import time
import unittest
from pathlib import Path

from .. import crypto, messages, statuses
from ..auth import login_with_token
from ..statuses import Verdict
from .support import NIP, Simulator, client_for

PATIENCE_SECONDS = 20


def schema_arguments():
    """Name the folder of the FA(3) schema where a package that holds it is there."""
    spec = importlib.util.find_spec("ksef_client")
    if spec is None:
        return ()
    folder = Path(spec.submodule_search_locations[0], "documents", "fa3", "schemas")
    return ("--schema-dir", str(folder))


class SimulatorCase(unittest.TestCase):
    """One simulator for the class, a fresh book and a fresh client for each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = Simulator("--processing-seconds", "0", *schema_arguments())
        cls.addClassCleanup(cls.simulator.close)

    def setUp(self):
        super().setUp()
        self.simulator.control("reset", {})
        self.simulator.control("settings", {"login_seconds": 0, "storage_seconds": 0})
        self.client = client_for(self.simulator.url)
        self.addCleanup(self.client.transport.close)

    def login(self, nip=NIP, **fields):
        self.token, self.token_reference = self.simulator.token(nip, **fields)
        return login_with_token(self.client, self.token, nip)

    def session_key(self):
        return crypto.choose_key(
            self.client.public_keys(), messages.USAGE_SESSION, self.client.now()
        )

    def open(self, access):
        self.key = crypto.new_session_key()
        opened = self.client.open_online_session(access, self.key, self.session_key())
        return opened.reference

    def settled(self, access, session, reference):
        """Poll one invoice until KSeF has decided."""
        return self.patiently(
            lambda: self.client.invoice_status(access, session, reference),
            lambda found: statuses.invoice_verdict(found.code) is not Verdict.PENDING,
        )

    def patiently(self, ask, is_enough):
        """Ask until the answer is enough; returns it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = ask()
            if is_enough(found):
                return found
            time.sleep(0.02)
        raise AssertionError("KSeF did not decide in time")

    def send(self, access, session, xml):
        encrypted = crypto.encrypt_invoice(xml, self.key)
        return self.client.send_invoice(access, session, encrypted)
