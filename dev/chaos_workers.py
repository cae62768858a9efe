"""The worker processes of a randomised run: started, killed, started again."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from .common import DATA, DEV, LOGS, ODOO_SCRIPT, TAIL_LINES, VENV_PYTHON, Stop

SCRIPT = Path(__file__).parent / "worker.py"
START_SECONDS = 90
LOOK_SECONDS = 0.05
READY = "READY"
# What Odoo logs when two transactions met, and then does again.
RETRIED = "odoo.sql_db: bad query"
BAD_LINE = re.compile(r"^\S+ \S+ \d+ (ERROR|CRITICAL) ")


class Workers:
    """Processes by number; each life of one has a name that the database knows."""

    def __init__(self, database, lanes):
        self.deaths = {}
        self._database = database
        self._lanes = str(lanes)
        self._lives = {}
        self._logs = []

    def start(self, number):
        """Start a worker; it is not ready yet."""
        name = f"ksef-chaos-{number}-{len(self._logs)}"
        log = LOGS / f"{self._database}-{name}.log"
        self._logs.append(log)
        words = {"PGAPPNAME": name, "KSEF_CHAOS_LANES": self._lanes}
        with SCRIPT.open() as script, log.open("w") as output:
            process = subprocess.Popen(
                [
                    *(VENV_PYTHON, ODOO_SCRIPT, "shell", "--no-http"),
                    *("-c", DEV / f"{self._database}.conf", "-d", self._database),
                ],
                stdin=script,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **words},
                cwd=DATA,
            )
        self._lives[number] = (name, process, log)

    def ensure(self, number):
        """Start a worker unless it lives; wait until it is at work."""
        if number not in self._lives or self._lives[number][1].poll() is not None:
            self.start(number)
        self.wait_until_ready(number)

    def wait_until_ready(self, number):
        """Wait until a worker is at work.

        :raises Stop: it ended by itself, or takes too long
        """
        _name, process, log = self._lives[number]
        deadline = time.monotonic() + START_SECONDS
        while READY not in log.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                print("\n".join(log.read_text().splitlines()[-TAIL_LINES:]))
                raise Stop("A worker did not start.", f"read {log}")
            time.sleep(LOOK_SECONDS)

    def get_names(self):
        """Return the names that the workers have in this life."""
        return [name for name, _process, _log in self._lives.values()]

    def get_number(self, name):
        """Return the number of the worker with a name of this life."""
        return next(number for number, life in self._lives.items() if life[0] == name)

    def kill(self, number):
        """Kill a worker without any warning; return the name it had in that life."""
        name, process, log = self._lives[number]
        if process.poll() is not None:
            raise Stop(f"The worker {name} ended by itself.", f"read {log}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.deaths[name] = time.monotonic()
        return name

    def stop(self):
        """End every worker that lives."""
        for _name, process, _log in self._lives.values():
            if process.poll() is None:
                process.kill()
                process.wait()

    def find_bad_lines(self):
        """Return the errors that the workers logged, without retried queries."""
        lines = (
            line
            for log in self._logs
            for line in log.read_text(errors="replace").splitlines()
        )
        return [line for line in lines if BAD_LINE.match(line) and RETRIED not in line]
