"""What keeps a whole connection from being used, and how it goes on."""

import base64
import os
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from .common import BUYER_NIP, SELLER_NIP, KsefCase

NEUTRALIZE = Path(__file__).parents[1] / "data" / "neutralize.sql"


class TestObstacles(KsefCase):
    """An obstacle holds the queue, calls nothing, and lets go by itself."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.connection = self.env["l10n_pl_ksef.connection"]._get_for(self.company)

    def check_held(self, reason, undo):
        """Post while the obstacle stands; then take it away."""
        _invoice, document = self.post_invoice()
        calls = self.simulator.control("requests")
        self.step()
        self.assertEqual(document.state, "blocked")
        self.assertEqual(document.blocked_reason, reason)
        self.assertEqual(self.simulator.control("requests"), calls)
        undo()
        self.advance(document, "accepted")
        self.assertEqual(len(self.simulator.get_book()), 1)

    def test_copy_of_a_database_sends_nothing(self):
        own = self.connection.database_identity
        self.connection.database_identity = "of another database"

        def undo():
            self.connection.database_identity = own

        self.check_held("copy", undo)

    def test_lost_key_holds_until_it_is_back(self):
        other = base64.b64encode(b"x" * 32).decode()
        lost = ExitStack()
        lost.enter_context(patch.dict(os.environ, {"L10N_PL_KSEF_KEY": other}))
        self.addCleanup(lost.close)
        self.check_held("key", lost.close)

    def test_changed_nip_of_the_company_holds(self):
        self.company.vat = f"PL{BUYER_NIP}"

        def undo():
            self.company.vat = f"PL{SELLER_NIP}"

        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(document.blocked_reason, "nip")
        undo()
        self.assertFalse(self.simulator.get_book())

    def test_document_keeps_the_connection_it_was_made_for(self):
        _invoice, document = self.post_invoice()
        token = self.simulator.make_token(SELLER_NIP)
        setup = self.env["l10n_pl_ksef.setup"]
        setup._connect(self.company, "demo", token, "127.0.0.1")
        self.assertEqual(document.connection_id, self.connection)
        self.assertEqual(document.environment, "test")

    def test_neutralized_database_has_no_secret_and_no_job(self):
        crons = self.env["l10n_pl_ksef.job"]._get_crons()
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        self.step()
        self.env.flush_all()
        self.env.cr.execute(NEUTRALIZE.read_text(encoding="utf-8"))
        self.env.invalidate_all()
        self.assertTrue(crons)
        self.assertFalse(any(crons.mapped("active")))
        self.assertFalse(self.company.l10n_pl_ksef_environment)
        names = ("sealed_token", "sealed_access", "sealed_refresh")
        self.assertFalse(any(self.connection[name] for name in names))
        sessions = self.env["l10n_pl_ksef.session"].sudo().search([])
        self.assertFalse(any(sessions.mapped("sealed_key")))
        self.assertEqual(document.state, "accepted", "evidence stays")
        self.assertTrue(document.upo)
