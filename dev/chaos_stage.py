"""Where a randomised run takes place: a database, the simulator, its companies.

Odoo's server posts the invoices and runs no job; that is what the workers are for.
"""

import time
from contextlib import closing
from datetime import date

import psycopg2

from .common import Stop
from .demo_parts import Demo
from .demo_run import BUYER_VAT, Journey
from .journeys.common import free_port

SECOND_COMPANY = {"name": "Second company", "vat": "PL1234563218"}
SECOND_ADDRESS = {"street": "ul. Druga 2", "zip": "30-001", "city": "Kraków"}
LOOK_SECONDS = 0.02
# Requests in the middle of work; log-in, keys and limits come before it.
WORK_OPERATIONS = (
    *("send_invoice", "invoice_status", "session_invoices", "invoice_upo"),
    *("open_batch", "upload_part", "close_batch", "session_status"),
    *("session_upo", "upo_link"),
)
# Every write of a worker leaves its name and the time on the row.
NOTE_WRITERS = """
CREATE FUNCTION chaos_note_writer() RETURNS trigger AS $$
BEGIN
    IF current_setting('application_name') LIKE 'ksef-chaos-%%' THEN
        NEW.chaos_writer := current_setting('application_name');
        NEW.chaos_written_on := clock_timestamp();
    END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;
"""
NOTE_WRITERS_OF = """
ALTER TABLE {table} ADD COLUMN chaos_writer varchar;
ALTER TABLE {table} ADD COLUMN chaos_written_on timestamptz;
CREATE TRIGGER chaos_note_writer BEFORE INSERT OR UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION chaos_note_writer();
"""
TABLES = ("l10n_pl_ksef_document", "l10n_pl_ksef_session")
UNDER_WAY = """
SELECT count(*) FROM l10n_pl_ksef_document AS document
  LEFT JOIN l10n_pl_ksef_session AS session
         ON session.id = document.session_id AND session.kind = 'batch'
 WHERE document.move_id > %s
   AND (document.next_step_on IS NOT NULL AND document.upo_state <> 'stored'
        OR session.next_step_on IS NOT NULL)
"""


class Stage:
    """The processes of a run except the workers, and what is asked of them."""

    def __init__(self, name, has_second=True):
        self.demo = Demo(name, free_port(), ("--max-cron-threads=0",))
        self._has_second = has_second
        self.journeys = []
        self._first_move = 0

    @property
    def name(self):
        return self.demo.name

    def start(self):
        """Make the database with its connected companies; nothing is sent yet."""
        self.demo.start()
        self.journeys = [Journey(self.demo)]
        self.journeys[0].prepare_company()
        if self._has_second:
            self.journeys.append(Journey(self.demo))
            self._make_company(self.journeys[1])
        for journey in self.journeys:
            journey.connect()
        self.query(NOTE_WRITERS)
        for table in TABLES:
            self.query(NOTE_WRITERS_OF.format(table=table))
        [[self._first_move]] = self.query("SELECT max(id) FROM account_move")
        settings = {"processing_seconds": 0.5, "rate_limits": None}
        self.control("settings", settings)

    def stop(self):
        self.demo.stop()

    def _make_company(self, journey):
        """Make a second company in Poland; the journey works in it from now on."""
        odoo = journey.odoo
        [country] = odoo.call("res.country", "search", [("code", "=", "PL")])
        [currency] = odoo.call("res.currency", "search", [("name", "=", "PLN")])
        values = {**SECOND_COMPANY, **SECOND_ADDRESS}
        values |= {"country_id": country, "currency_id": currency}
        # Otherwise a new company installs modules for its country.
        quiet = {"install_mode": True}
        company = odoo.call("res.company", "create", values, context=quiet)
        users = odoo.call("res.users", "search", [("login", "=", "admin")])
        odoo.call("res.users", "write", users, {"company_ids": [(4, company)]})
        journey.company = company
        odoo.context = {"allowed_company_ids": [company]}
        chart = odoo.call("res.config.settings", "create", {"chart_template": "pl"})
        odoo.call("res.config.settings", "execute", [chart])

    def post(self, company, size):
        """Write and post invoices of a company in one transaction."""
        journey = self.journeys[company]
        odoo = journey.odoo
        [buyer] = odoo.call("res.partner", "search", [("vat", "=", BUYER_VAT)], limit=1)
        tax = odoo.reference(f"account.{journey.company}_vs_kraj_usl_23")
        values = [self._make_values(buyer, tax, number) for number in range(size)]
        moves = odoo.call("account.move", "create", values)
        odoo.call("account.move", "action_post", moves)

    def _make_values(self, buyer, tax, number):
        line = {"name": "Consulting", "quantity": 1 + number % 7, "price_unit": 99.5}
        lines = [(0, 0, {**line, "tax_ids": [(6, 0, [tax])]})] * (1 + number % 3)
        return {
            "move_type": "out_invoice",
            "partner_id": buyer,
            "invoice_date": date.today().isoformat(),
            "invoice_line_ids": lines,
        }

    def query(self, statement, *values):
        """Run one SQL statement beside Odoo; returns its rows, if any."""
        return self._run_sql(statement, values)

    def _run_sql(self, statement, values):
        with closing(psycopg2.connect(dbname=self.name)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else None

    def query_named(self, statement, **values):
        """The same with values by name."""
        return self._run_sql(statement, values)

    def query_ours(self, statement, *values):
        """Run SQL whose first value is the last invoice that was there before."""
        return self.query(statement, self._first_move, *values)

    def control(self, path, body):
        """Tell the simulator something."""
        return self.demo.control("POST", path, body)

    def count_under_way(self):
        """Return how many invoices have a step to come."""
        return self.query_ours(UNDER_WAY)[0][0]

    def count_requests(self):
        """Return how many requests KSeF has got that belong to some invoice."""
        counts = self.demo.control("GET", "requests")
        return sum(counts.get(one, 0) for one in WORK_OPERATIONS)

    def wait_for_requests(self, count, seconds):
        """Wait until KSeF has got so many requests; not longer than that."""
        deadline = time.monotonic() + seconds
        while self.count_requests() < count and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)

    def wait_for_backlog(self, most, seconds):
        """Wait until no more invoices than that are under way; tell whether."""
        deadline = time.monotonic() + seconds
        while (left := self.count_under_way()) > most:
            if time.monotonic() > deadline:
                return False
            time.sleep(min(0.5, 0.05 + left / 1000))
        return True

    def read_book(self):
        """Return KSeF's book, fetched in pieces: lists ``invoices`` and ``sent``."""
        book = {"invoices": [], "sent": []}
        while True:
            offset = max(len(entries) for entries in book.values())
            page = self.demo.control("GET", f"book?offset={offset}&limit=250")
            for name, entries in book.items():
                entries += page[name]
            if not page["invoices"] and not page["sent"]:
                return book

    def count_lanes(self):
        """Return the number of lanes, from the addon's scheduled actions."""
        [[lanes]] = self.query(
            "SELECT count(*) FROM ir_model_data WHERE module = 'l10n_pl_ksef'"
            " AND model = 'ir.cron' AND name LIKE 'ir\\_cron\\_run\\_%%'"
        )
        if not lanes:
            raise Stop("The addon has no scheduled action.", "look at data/ir_cron.xml")
        return lanes
