"""A token is pasted: each mistake its own sentence, nothing kept, nothing sent."""

import json

from odoo import Command, http
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger

from .common import BUYER_NIP, SELLER_NIP, KsefCase

KSEF_1_TOKEN = "2CFBB1A79F2F4B9E" * 4
PASSWORD = "ksef_route_admin"


class TestTokenEntry(KsefCase):
    """Only a token that KSeF takes for this company is kept."""

    def connect_with(self, text, environment="test"):
        setup = self.env["l10n_pl_ksef.setup"]
        return setup._connect(self.company, environment, text, "127.0.0.1")

    def check_refused(self, result, key, words):
        self.assertFalse(result["connected"])
        errors = [check for check in result["checks"] if check["level"] == "error"]
        self.assertEqual([check["key"] for check in errors], [key])
        self.assertIn(words, errors[0]["text"])
        connections = self.env["l10n_pl_ksef.connection"].sudo()
        self.assertFalse(connections.search([("sealed_token", "!=", False)]))
        self.assertFalse(self.company.l10n_pl_ksef_environment)
        self.assertFalse(self.simulator.get_book())

    def test_token_with_blanks_and_line_breaks_is_taken(self):
        token = self.simulator.make_token(SELLER_NIP)
        text = f"  {token[:40]}\r\n {token[40:90]}\n{token[90:]}\t "
        result = self.connect_with(text)
        self.assertTrue(result["connected"], result)
        self.assertEqual(self.company.l10n_pl_ksef_environment, "test")

    def test_company_that_was_never_connected_has_nothing_to_test(self):
        self.assertFalse(self.env["l10n_pl_ksef.connection"]._has_login())
        result = self.env["l10n_pl_ksef.setup"]._test(self.company)
        self.assertEqual(result, {"connected": False, "checks": []})

    def test_empty_text(self):
        self.check_refused(self.connect_with("  \n"), "form", "Nothing was pasted")

    def test_token_of_ksef_one(self):
        result = self.connect_with(KSEF_1_TOKEN)
        self.check_refused(result, "form", "KSeF 1.0")
        self.assertEqual(self.simulator.count("challenge"), 0)

    def test_cut_token(self):
        token = self.simulator.make_token(SELLER_NIP)
        reference, context, secret = token.split("|")
        for text, part in (
            (f"{context}|{secret}", "1"),
            (f"{reference}|{secret}", "2"),
            (f"{reference}|{context}", "3"),
            (token[:-10], "3"),
        ):
            with self.subTest(part=part):
                result = self.connect_with(text)
                self.check_refused(result, "form", f"Part {part} is missing")

    def test_something_else(self):
        self.check_refused(self.connect_with("hello"), "form", "not a KSeF token")

    def test_token_of_another_company(self):
        token = self.simulator.make_token(BUYER_NIP)
        result = self.connect_with(token)
        shown = self.env["l10n_pl_ksef.explain"]._format_nip(BUYER_NIP)
        self.check_refused(result, "nip", shown)
        self.assertEqual(self.simulator.count("challenge"), 0)

    def test_token_that_this_environment_does_not_know(self):
        token = self.simulator.make_token(SELLER_NIP)
        other = token.replace(token[-6:], "ffffff")
        self.check_refused(self.connect_with(other), "login", "does not know")

    def test_revoked_token(self):
        token = self.simulator.make_token(SELLER_NIP, status="Revoked")
        self.check_refused(self.connect_with(token), "login", "revoked")

    def test_token_that_is_not_active_yet(self):
        token = self.simulator.make_token(SELLER_NIP, status="Pending")
        self.check_refused(self.connect_with(token), "login", "not activated")

    def test_token_without_the_right_to_issue(self):
        token = self.simulator.make_token(SELLER_NIP, permissions=["InvoiceRead"])
        result = self.connect_with(token)
        self.check_refused(result, "rights", "issue invoices")

    def test_token_with_more_rights_than_needed_is_taken_with_a_warning(self):
        permissions = ["InvoiceRead", "InvoiceWrite", "CredentialsManage"]
        token = self.simulator.make_token(SELLER_NIP, permissions=permissions)
        result = self.connect_with(token)
        self.assertTrue(result["connected"])
        warnings = [check for check in result["checks"] if check["level"] == "warning"]
        self.assertEqual([check["key"] for check in warnings], ["rights"])

    def test_token_of_a_person_is_taken_with_a_warning(self):
        author = {"type": "Pesel", "value": "44051401458"}
        token = self.simulator.make_token(SELLER_NIP, author=author)
        result = self.connect_with(token)
        self.assertTrue(result["connected"])
        self.assertIn(
            ("author", "warning"),
            [(check["key"], check["level"]) for check in result["checks"]],
        )

    def test_unreachable_ksef_keeps_nothing(self):
        token = self.simulator.make_token(SELLER_NIP)
        self.simulator.inject("challenge", "status", status=503)
        self.check_refused(self.connect_with(token), "login", "cannot be reached")

    def test_production_is_refused_while_another_address_is_configured(self):
        token = self.simulator.make_token(SELLER_NIP)
        result = self.connect_with(token, environment="production")
        self.check_refused(result, "login", "another KSeF address")

    def test_former_token_stays_when_the_new_one_is_refused(self):
        self.connect()
        connection = self.env["l10n_pl_ksef.connection"]._get_for(self.company)
        sealed = connection.sealed_token
        self.connect_with(self.simulator.make_token(SELLER_NIP, status="Revoked"))
        self.assertEqual(connection.sealed_token, sealed)
        self.assertEqual(connection.state, "connected")

    def test_removed_token_makes_the_queue_wait(self):
        self.connect()
        self.env["l10n_pl_ksef.setup"]._disconnect(self.company)
        _invoice, document = self.post_invoice()
        self.step()
        self.assertEqual(document.blocked_reason, "no_token")
        self.connect()
        self.advance(document, "accepted")


class TestTokenRoute(KsefCase, HttpCase):
    """The secret travels once, by the one route, and comes back nowhere."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = new_test_user(
            cls.env,
            login=PASSWORD,
            password=PASSWORD,
            groups="base.group_system,account.group_account_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def post_token(self, token, **values):
        data = {
            "company_id": self.company.id,
            "environment": "test",
            "token": token,
            "csrf_token": http.Request.csrf_token(self),
            **values,
        }
        return self.url_open("/l10n_pl_ksef/token", data=data)

    def test_administrator_connects_by_the_route(self):
        self.authenticate(PASSWORD, PASSWORD)
        token = self.simulator.make_token(SELLER_NIP)
        answer = self.post_token(token)
        self.assertTrue(answer.json()["connected"], answer.text)
        secret = token.split("|")[2]
        self.assertNotIn(secret, answer.text)
        self.assertNotIn(secret, json.dumps(dict(answer.headers)))

    def test_accountant_is_refused(self):
        new_test_user(
            self.env,
            login="ksef_route_accountant",
            password="ksef_route_accountant",
            groups="account.group_account_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.authenticate("ksef_route_accountant", "ksef_route_accountant")
        answer = self.post_token(self.simulator.make_token(SELLER_NIP))
        self.assertEqual(answer.status_code, 403)

    @mute_logger("odoo.http")
    def test_request_without_csrf_token_is_refused(self):
        self.authenticate(PASSWORD, PASSWORD)
        token = self.simulator.make_token(SELLER_NIP)
        answer = self.post_token(token, csrf_token="wrong")
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.company.l10n_pl_ksef_environment)

    def test_visitor_is_sent_to_the_login(self):
        self.authenticate(None, None)
        answer = self.post_token(self.simulator.make_token(SELLER_NIP))
        self.assertIn("/web/login", answer.url)
