"""What the measurements of many invoices share: database, workers, new starts.

The server of the demo takes the tokens and runs no job; the workers are processes
of their own. For each run the simulator forgets everything and invoices that are
posted already wait again, which only a measurement may do.
"""

import json
import os
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg2

from .bench_copies import multiply
from .common import DATA, DEV, LOGS, ODOO_SCRIPT, VENV_PYTHON, Stop, say
from .demo_parts import Demo
from .demo_run import Journey
from .journeys.common import free_port

OTHER_NIP = "1234563218"
POSTED = 100
READY_SECONDS = 60
LOOK_SECONDS = 0.05
RUN_SECONDS = 900
LANES = 4
HERE = Path(__file__).parent
FORGET = """
DELETE FROM mail_message WHERE model = 'account.move' AND id > %(last_message)s;
UPDATE l10n_pl_ksef_document SET state = 'withdrawn', next_step_on = NULL,
    session_id = NULL, session_reference = NULL, reference = NULL,
    attempt_count = 0, step_count = 0, sent_on = NULL, blocked_reason = NULL,
    return_state = NULL, ksef_number = NULL, invoicing_on = NULL,
    acquired_on = NULL, mode = NULL, status_code = NULL,
    status_description = NULL, status_details = NULL, upo_state = 'none',
    upo_single = NULL, receipt_id = NULL, upo_sha256 = NULL,
    upo_stored_on = NULL, upo_differences = NULL
 WHERE state != 'withdrawn';
DELETE FROM l10n_pl_ksef_receipt;
DELETE FROM l10n_pl_ksef_session;
DELETE FROM l10n_pl_ksef_limit;
DELETE FROM bus_bus;
"""
# A new token gives the connection a login; the worker has to make its own.
LOG_OUT = """
UPDATE l10n_pl_ksef_connection SET sealed_access = NULL, sealed_refresh = NULL,
    access_valid_until = NULL, refresh_valid_until = NULL, retry_on = NULL
"""
QUEUE = """
UPDATE l10n_pl_ksef_document
   SET state = 'queued', next_step_on = now() AT TIME ZONE 'UTC'
 WHERE id IN (SELECT id FROM l10n_pl_ksef_document
               WHERE company_id = %s ORDER BY id OFFSET %s LIMIT %s)
"""
FINISHED = """
SELECT count(*) FROM l10n_pl_ksef_document
 WHERE state = 'accepted' AND upo_state = 'stored'
"""


class Bench:
    """A database with posted invoices, a simulator, and workers when wanted."""

    def __init__(self, name):
        self.demo = Demo(name, free_port(), ("--max-cron-threads=0",))
        self.journey = None
        self.companies = []
        self.login_method = "token"
        self._last_message = 0

    def start(self, count):
        """Make the database, with so many invoices in the first of two companies."""
        self.demo.start()
        self.journey = Journey(self.demo)
        self.journey.prepare_company()
        say(f"posting invoices in two companies, {count} in the first")
        task = {"count": POSTED, "more_nips": [OTHER_NIP], "more_count": POSTED}
        self.companies = self.shell("bench_post.py", task)
        # Posting them all would take most of the time, and is measured elsewhere.
        copies = -(-count // POSTED)
        multiply(self, self.companies[0], copies)
        [[self._last_message]] = self.query("SELECT max(id) FROM mail_message")

    def stop(self):
        self.demo.stop()

    def query(self, statement, *values, **named):
        """Run SQL beside Odoo, committed at once; return its rows, if any."""
        with closing(psycopg2.connect(dbname=self.demo.name)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, named or values)
                return cursor.fetchall() if cursor.description else None

    def renew(self, settings=None):
        """Let simulator and database forget every submission and login."""
        self.demo.control("POST", "reset")
        if settings:
            self.demo.control("POST", "settings", settings)
        self.query(FORGET, last_message=self._last_message)
        for company in self.companies:
            self._connect(company)
        self.query(LOG_OUT)
        self.query("VACUUM ANALYZE l10n_pl_ksef_document")

    def queue(self, count, company=None, first=0):
        """Let posted invoices of a company wait to be sent."""
        self.query(QUEUE, company or self.companies[0], first, count)

    def get_connection(self, company):
        """Return the id of a company's connection."""
        [[found]] = self.query(
            "SELECT id FROM l10n_pl_ksef_connection WHERE company_id = %s", company
        )
        return found

    def get_lane(self, company):
        return self.get_connection(company) % LANES

    def count_finished(self):
        """Return how many documents are accepted and have their receipt."""
        return self.query(FINISHED)[0][0]

    def set_parameter(self, name, value):
        """Set a system parameter; workers started later know it."""
        self.query("DELETE FROM ir_config_parameter WHERE key = %s", name)
        self.query(
            "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)",
            name,
            str(value),
        )

    def count_calls(self):
        """Return the simulator's counts of the requests so far."""
        return self.demo.control("GET", "requests")

    def shell(self, script, task):
        """Run a script in `odoo shell` to its end; return its result."""
        return _Worker(self.demo.name, script, 0, task).finish()

    def run_workers(self, tasks, script="bench_worker.py"):
        """Run a process for each task, all from one moment on; return results."""
        with tempfile.TemporaryDirectory() as folder:
            start = Path(folder) / "start"
            words = {"start_file": str(start), "seconds": RUN_SECONDS}
            workers = [
                _Worker(self.demo.name, script, number, words | task)
                for number, task in enumerate(tasks)
            ]
            try:
                for worker in workers:
                    worker.wait_until_ready()
                start.touch()
                return [worker.finish() for worker in workers]
            finally:
                for worker in workers:
                    worker.stop()

    def _connect(self, company):
        """Enter a token or a certificate of the simulator, as a person does."""
        odoo = self.journey.odoo
        [found] = odoo.call("res.company", "read", [company], ["vat"])
        nip = found["vat"].removeprefix("PL")
        if self.login_method == "token":
            token = self.journey.make_token(nip)
            answer = odoo.connect_to_ksef(company, "test", token)
        else:
            made = self.demo.control("POST", "certificates", {"nip": nip})
            files = [made["certificate"].encode(), made["key"].encode()]
            values = {"passphrase": ""}
            answer = odoo.enter_secret("certificate", company, "test", values, files)
            answer = answer.json()
        if not answer.get("connected"):
            raise Stop(
                f"Odoo refused the {self.login_method}: {answer}", "read the log"
            )


class _Worker:
    """One `odoo shell` that runs a script of this folder."""

    def __init__(self, database, script, number, task):
        self.log = LOGS / f"{database}-{script.removesuffix('.py')}-{number}.log"
        config = DEV / f"{database}.conf"
        with (HERE / script).open() as source, self.log.open("w") as output:
            self.process = subprocess.Popen(
                [
                    *(VENV_PYTHON, ODOO_SCRIPT, "shell", "-c", config),
                    *("-d", database, "--no-http", "--log-level=warn"),
                ],
                stdin=source,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "KSEF_BENCH_TASK": json.dumps(task)},
                cwd=DATA,
            )

    def wait_until_ready(self):
        """Wait until the script is there; one that is over already is too."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._find("READY") and self.process.poll() is None:
            if time.monotonic() > deadline:
                return
            time.sleep(LOOK_SECONDS)

    def finish(self):
        """Wait for the end and return what the script prints as its result."""
        self.process.wait()
        found = self._find("RESULT ")
        if not found:
            raise Stop("A worker of the bench broke.", f"read {self.log}")
        return json.loads(found.partition("RESULT ")[2])

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _find(self, word):
        lines = self.log.read_text(errors="replace").splitlines()
        return next((line for line in lines if word in line), None)
