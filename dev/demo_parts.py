"""What the demo consists of: a database, the simulator and Odoo as processes."""

import os
import time
from importlib.util import find_spec
from pathlib import Path

import requests

from . import databases, processes, templates
from .common import (
    DATA,
    DEV,
    LOGS,
    ODOO_CONF,
    ODOO_SCRIPT,
    ROOT,
    TAIL_LINES,
    VENV_PYTHON,
    Stop,
    say,
)
from .template_key import DEMO

START_SECONDS = 60
PAUSE_SECONDS = 0.25
PARTS = ("odoo", "simulator")


class Demo:
    """The processes of one demo; `name` keeps a check apart from a running demo."""

    def __init__(self, name, port, odoo_words=()):
        self.name = name
        self.odoo_words = odoo_words
        self.data_dir = DATA
        self.address = f"http://127.0.0.1:{port}"
        self.port = port
        self.simulator_address = None
        self.odoo = None

    def start(self):
        """Make the database anew and start the simulator, then Odoo."""
        cursor = databases.connect()
        template = templates.ensure(cursor, DEMO)
        say("making the demo database from its template")
        databases.clone(cursor, template, self.name)
        self._start_simulator()
        self.start_odoo()

    def stop(self):
        """Stop both processes and drop the database."""
        for part in PARTS:
            processes.stop(f"{self.name}-{part}")
        databases.drop(databases.connect(), self.name)

    def _start_simulator(self):
        say("starting the KSeF simulator")
        package = Path(find_spec("ksef_client").origin).parent
        schemas = package / "documents/fa3/schemas"
        process = processes.start(
            f"{self.name}-simulator",
            [
                *(VENV_PYTHON, "-m", "simulator", "--port", "0"),
                *("--schema-dir", schemas),
                *self._record_words(),
            ],
            os.environ,
            ROOT,
        )
        line = self._wait("simulator", process, self._simulator_line)
        self.simulator_address = line.split()[-1]

    def _record_words(self):
        """Let the simulator record what it is asked, where the tests want that."""
        folder = os.environ.get("KSEF_SIMULATOR_RECORD_DIR")
        return ["--record", Path(folder, f"{self.name}.jsonl")] if folder else []

    def _simulator_line(self):
        text = (LOGS / f"{self.name}-simulator.log").read_text()
        lines = [line for line in text.splitlines() if "listening on" in line]
        return lines[0] if lines else None

    def start_odoo(self):
        """Start the server on the database as it is, and wait until it answers."""
        say(f"starting Odoo on {self.address}")
        config = DEV / f"{self.name}.conf"
        config.write_text(
            f"{ODOO_CONF.read_text()}http_port = {self.port}\n"
            f"db_name = {self.name}\ndbfilter = ^{self.name}$\n"
            f"l10n_pl_ksef_url = {self.simulator_address}/v2\n"
        )
        self.odoo = processes.start(
            f"{self.name}-odoo",
            [VENV_PYTHON, ODOO_SCRIPT, "-c", config, *self.odoo_words],
            os.environ,
            DATA,
        )
        self._wait("odoo", self.odoo, self._odoo_answers)

    def _odoo_answers(self):
        try:
            answer = requests.get(f"{self.address}/web/health", timeout=START_SECONDS)
        except requests.ConnectionError:
            return None
        return answer.ok

    def _wait(self, part, process, ready):
        """Return what `ready` returns once it is true; stop if the process ends."""
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if result := ready():
                return result
            time.sleep(PAUSE_SECONDS)
        log = LOGS / f"{self.name}-{part}.log"
        print("\n".join(log.read_text().splitlines()[-TAIL_LINES:]))
        raise Stop(
            f"The process {part} did not start.",
            f"read {log.relative_to(ROOT)}; `make clean` starts afresh",
        )

    def peak_memory(self):
        """Return the most memory that Odoo's process ever held, in MB."""
        status = Path(f"/proc/{self.odoo.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024

    def control(self, method, path, body=None):
        """Call the simulator's control interface."""
        answer = requests.request(
            method, f"{self.simulator_address}/control/{path}", json=body, timeout=10
        )
        answer.raise_for_status()
        return answer.json()
