"""What the tests of the fault matrix share; the table is `readme/FAULTS.md`."""

import base64
import contextlib
import time
from collections import Counter
from functools import partial
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..ksef import auth, crypto, messages
from ..ksef.client import KsefClient
from ..ksef.environments import endpoint_for
from ..ksef.secret import Secret
from ..ksef.transport import Transport
from ..models import l10n_pl_ksef_gateway_client
from .common import SELLER_NIP, KsefCase

JOB_LOGGER = "odoo.addons.l10n_pl_ksef.models.l10n_pl_ksef_job"
SQL_LOGGER = "odoo.sql_db"
# Longer than any test: KSeF never answers.
FOR_EVER_SECONDS = 3600
# KSeF did not look at what came with a dead access token.
UNAUTHORIZED = "401"
LOOK_SECONDS = 0.1
MOST_LOOKS = 300
MOST_STEPS = 30


@tagged("l10n_pl_ksef_matrix")
class MatrixCase(KsefCase):
    """Base: one connected company, and what "the same result" means."""

    def setUp(self):
        super().setUp()
        # What the tests shorten would otherwise be too many calls in a second.
        self.simulator.control("settings", {"rate_limits": None})
        self.connect()
        self.connection = self.env["l10n_pl_ksef.connection"]._get_for(self.company)
        self.drop_kept_client()

    def drop_kept_client(self):
        """Forget the client of this thread, so that a new one is made."""
        vars(l10n_pl_ksef_gateway_client._thread).pop("kept", None)

    def use_short_timeouts(self, seconds=0.4):
        """Let the gateway give up an answer sooner; nothing else changes."""
        quick = partial(Transport, read_seconds=seconds, total_seconds=seconds)
        self.startPatcher(patch.object(l10n_pl_ksef_gateway_client, "Transport", quick))
        self.drop_kept_client()
        self.addCleanup(self.drop_kept_client)

    # -- driving -------------------------------------------------------------

    def open_session(self):
        """Get one invoice through, so that a session is open; return its document."""
        _invoice, document = self.post_invoice()
        self.finish(document)
        return document

    def finish(self, *documents):
        """Let the job work until each document has number and receipt."""
        for document in documents:
            self.advance(document, "accepted")
            for _step in range(MOST_STEPS):
                if document.upo_state == "stored":
                    break
                self.connection.retry_on = False
                self.make_due(document)
                self.step()
            self.assertEqual(document.upo_state, "stored")

    def make_due(self, documents):
        """Let the time pass until the next step of these documents."""
        waiting = documents.filtered("next_step_on")
        waiting.write({"next_step_on": fields.Datetime.now()})

    def work(self, documents, steps=6):
        """Let the job take some steps for these documents, due at once each time."""
        for _step in range(steps):
            self.make_due(documents)
            self.step()

    def wait_until(self, condition, what):
        """Wait for another process or thread; fail with `what` in the end."""
        for _look in range(MOST_LOOKS):
            if condition():
                return
            time.sleep(LOOK_SECONDS)
        self.fail(f"waited in vain: {what}")

    def get_crons(self):
        """Return all scheduled actions of the addon."""
        data = self.env["ir.model.data"].search(
            [("module", "=", "l10n_pl_ksef"), ("model", "=", "ir.cron")]
        )
        crons = self.env["ir.cron"].with_context(active_test=False)
        return crons.browse(data.mapped("res_id"))

    # -- judging -------------------------------------------------------------

    def get_attempts(self, document):
        """Return the outcomes of all POSTs of this document's bytes, in order."""
        attempts = self.simulator.control("book")["attempts"]
        return [
            attempt["outcome"]
            for attempt in attempts
            if attempt["hash"] == document.sha256
        ]

    def check_same_result(self, document, posts=1):
        """Check: one KSeF number, right here, our bytes, receipt, right many POSTs.

        :param posts: POSTs with a valid access token
        """
        entries = [
            entry
            for entry in self.simulator.get_book()
            if entry["invoiceNumber"] == document.invoice_number
        ]
        self.assertEqual(len(entries), 1, "KSeF has the invoice exactly once")
        [entry] = entries
        self.assertEqual(document.state, "accepted")
        self.assertEqual(document.ksef_number, entry["ksefNumber"])
        self.assertEqual(document.move_id.l10n_pl_ksef_number, entry["ksefNumber"])
        self.assertEqual(document.sha256, entry["invoiceHash"])
        self.assertEqual(document._get_xml().decode(), entry["xml"])
        self.assertEqual(document.upo_state, "stored")
        upo = base64.b64decode(document.with_context(bin_size=False).upo)
        self.assertEqual(upo.decode(), entry["upo"])
        self.assertFalse(document.blocked_reason, "no person is needed")
        attempts = self.get_attempts(document)
        judged = [outcome for outcome in attempts if outcome != UNAUTHORIZED]
        self.assertEqual(len(judged), posts, f"POSTs: {attempts}")
        taken = Counter(
            sent["code"]
            for sent in self.simulator.control("book")["sent"]
            if sent["invoiceHash"] == document.sha256
        )
        self.assertEqual(taken[200], 1, f"codes: {taken}")

    def finish_same(self, document, posts=1):
        """Finish one document and check it as above."""
        self.finish(document)
        self.check_same_result(document, posts)

    def check_nothing_sent(self):
        self.assertEqual(self.simulator.count("send_invoice"), 0)
        self.assertFalse(self.simulator.get_book())

    # -- somebody else at KSeF -----------------------------------------------

    @contextlib.contextmanager
    def at_ksef(self, author=None):
        """Give ``(client, access)`` of another program of the same company.

        :param author: NIP of who made that program's token; the company itself
            by default, and only then it sees the sessions that Odoo opened
        """
        values = {"author": {"type": "Nip", "value": author}} if author else {}
        token = Secret(self.simulator.make_token(SELLER_NIP, **values))
        endpoint = endpoint_for("test", self.simulator.url)
        transport = Transport(endpoint, user_agent="another program")
        client = KsefClient(transport)
        try:
            login = auth.login_with_token(client, token, SELLER_NIP)
            yield client, login.access
        finally:
            transport.close()

    def send_elsewhere(self, xml, author=None):
        """Send a file by another program, and close its session."""
        with self.at_ksef(author) as (client, access):
            session_key = crypto.new_session_key()
            keys = client.public_keys()
            usage = messages.USAGE_SESSION
            public_key = crypto.choose_key(keys, usage, client.now())
            session = client.open_online_session(access, session_key, public_key)
            encrypted = crypto.encrypt_invoice(xml, session_key)
            client.send_invoice(access, session.reference, encrypted)
            client.close_online_session(access, session.reference)

    def get_session_code(self, reference):
        """Return the status of one of Odoo's sessions, as KSeF tells it."""
        with self.at_ksef() as (client, access):
            return client.session_status(access, reference).code

    # -- the database --------------------------------------------------------

    def break_writes(self, error_code, condition, times=None):
        """Let the database refuse writes of documents, as often as said.

        :param error_code: SQLSTATE that is raised
        :param condition: SQL about ``NEW``
        :param times: so many times, counted through rollbacks; None is always
        """
        limit = "" if times is None else f"AND nextval('ksef_matrix_count') <= {times}"
        self.env.flush_all()
        # The text of a trigger takes no parameters; all of it is the test's own.
        self.env.cr.execute(  # pylint: disable=sql-injection
            f"""
            CREATE SEQUENCE ksef_matrix_count;
            CREATE FUNCTION ksef_matrix_break() RETURNS trigger AS $$
            BEGIN
                IF {condition} THEN
                    IF TRUE {limit} THEN
                        RAISE EXCEPTION 'broken by the test'
                            USING ERRCODE = '{error_code}';
                    END IF;
                END IF;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;
            CREATE TRIGGER ksef_matrix_break BEFORE UPDATE ON l10n_pl_ksef_document
                FOR EACH ROW EXECUTE FUNCTION ksef_matrix_break();
            """
        )

    def mend_writes(self):
        """Take back what :meth:`break_writes` did."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            DROP TRIGGER ksef_matrix_break ON l10n_pl_ksef_document;
            DROP FUNCTION ksef_matrix_break();
            DROP SEQUENCE ksef_matrix_count;
            """
        )
