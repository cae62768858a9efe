"""The local KSeF as a process of its own, driven through its control interface."""

import importlib.util
import itertools
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORD_VARIABLE = "KSEF_SIMULATOR_RECORD_DIR"
START_LINE = "simulator listening on "
_numbers = itertools.count(1)


class SimulatorProcess:
    """One running simulator; :attr:`url` is the base of its API."""

    def __init__(self, *options):
        command = [sys.executable, "-m", "simulator", "--port", "0"]
        command += ["--processing-seconds", "0", *_schema_options(), *options]
        if folder := os.environ.get(RECORD_VARIABLE):
            name = f"odoo-{os.getpid()}-{next(_numbers)}.jsonl"
            command += ["--record", os.path.join(folder, name)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline().strip()
        if not line.startswith(START_LINE):
            self.stop()
            raise RuntimeError(f"the simulator did not start: {line!r}")
        self.address = line.removeprefix(START_LINE)
        self.url = f"{self.address}/v2"

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()

    def control(self, path, data=None, method=None):
        """Call the control interface; returns its JSON."""
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(
            f"{self.address}/control/{path}", data=body, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def make_token(self, nip, **values):
        """Make a KSeF token for a company; returns the whole text."""
        author = {"type": "Nip", "value": nip}
        values = {
            "nip": nip,
            "permissions": ["InvoiceRead", "InvoiceWrite"],
            "description": "Odoo test",
            "author": author,
            "status": "Active",
            **values,
        }
        return self.control("tokens", values)["token"]

    def inject(self, operation, action, **values):
        """Make the next call of an operation fail (see simulator/faults.py)."""
        return self.control(
            "faults", {"operation": operation, "action": action, **values}
        )

    def get_book(self):
        """Return every accepted invoice, as KSeF would list them."""
        return self.control("book")["invoices"]

    def count(self, operation):
        """Return how many requests of an operation came in."""
        return self.control("requests").get(operation, 0)


def _schema_options():
    spec = importlib.util.find_spec("ksef_client")
    if spec is None:
        return []
    folder = Path(spec.origin).parent / "documents" / "fa3" / "schemas"
    return ["--schema-dir", str(folder)]
