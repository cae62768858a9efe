"""A real Odoo server, a real database and the simulator, for one test class."""

import os
import re
import signal
import socket
import time
import unittest

import psycopg2

from ..common import LOGS
from ..demo_parts import Demo
from ..demo_run import Journey

WAIT_SECONDS = 60
LOOK_SECONDS = 0.2
NO_DOCUMENT = (None, None, 0)
# What Odoo logs when two transactions met, and then does again.
RETRIED = "odoo.sql_db: bad query"
# A line of Odoo's log at a level that no journey expects.
BAD_LINE = re.compile(r"^\S+ \S+ \d+ (ERROR|CRITICAL) ")


def free_port():
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerCase(unittest.TestCase):
    """Base: a company of a fresh database, connected to a fresh simulator."""

    odoo_words = ()
    journey_class = Journey

    @classmethod
    def setUpClass(cls):
        name = f"ksef_journey_{cls.__name__.lower()}"
        cls.demo = Demo(name, free_port(), cls.odoo_words)
        cls.addClassCleanup(cls.demo.stop)
        cls.demo.start()
        cls.prepare_database()
        cls.journey = cls.journey_class(cls.demo)
        cls.journey.prepare_company()
        cls.journey.connect()
        cls.odoo = cls.journey.odoo

    @classmethod
    def prepare_database(cls):
        """Hook of a class that wants the database set up in some way."""

    @classmethod
    def query(cls, statement, *values):
        """Run one SQL statement beside Odoo; returns its rows, if any."""
        connection = psycopg2.connect(dbname=cls.demo.name)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def get_document(self, move):
        """Return (state, KSeF number, attempts) of an invoice, from the database."""
        rows = self.query(
            "SELECT state, ksef_number, attempt_count FROM l10n_pl_ksef_document"
            " WHERE move_id = %s",
            move,
        )
        return rows[0] if rows else NO_DOCUMENT

    def get_book(self):
        """Return every invoice that the simulator accepted."""
        return self.demo.control("GET", "book")["invoices"]

    def wait_until(self, condition, what):
        """Wait until `condition()` is true; fail with `what` when it stays false."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if result := condition():
                return result
            time.sleep(LOOK_SECONDS)
        return self.fail(f"waited {WAIT_SECONDS} s: {what}")

    def wake_job(self):
        """Do what a trigger does, for a server that has just started."""
        connection = psycopg2.connect(dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('cron_trigger', %s)", [self.demo.name])
        connection.close()

    def kill_odoo(self):
        """Kill the server without any warning."""
        os.kill(self.demo.odoo.pid, signal.SIGKILL)
        self.demo.odoo.wait(timeout=WAIT_SECONDS)

    def get_odoo_log(self):
        return (LOGS / f"{self.demo.name}-odoo.log").read_text(errors="replace")

    def check_no_error_logged(self):
        bad = filter(BAD_LINE.match, self.get_odoo_log().splitlines())
        ours = [line for line in bad if RETRIED not in line or "l10n_pl_ksef" in line]
        self.assertEqual(ours, [])
