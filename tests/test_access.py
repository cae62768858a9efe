"""Who may see and do what."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .common import KsefCase


class TestAccess(KsefCase):
    """Each role does its own work, and nobody reads a secret."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: new_test_user(
                cls.env,
                login=f"ksef_{name}",
                groups=groups,
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for name, groups in {
                "plain": "base.group_user",
                "invoicing": "account.group_account_invoice",
                "accountant": "account.group_account_user",
                "admin": "base.group_system,account.group_account_manager",
            }.items()
        }

    def setUp(self):
        super().setUp()
        self.connect()

    def test_nobody_has_access_to_connections_and_sessions(self):
        for name, user in self.users.items():
            for model in ("l10n_pl_ksef.connection", "l10n_pl_ksef.session"):
                for operation in ("read", "write", "create", "unlink"):
                    with self.subTest(user=name, model=model, operation=operation):
                        records = self.env[model].with_user(user)
                        self.assertFalse(records.has_access(operation))

    def test_submissions_are_read_by_invoicing_and_written_by_nobody(self):
        _invoice, document = self.post_invoice()
        for name, user in self.users.items():
            records = document.with_user(user)
            with self.subTest(user=name):
                self.assertEqual(records.has_access("read"), name != "plain")
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(records.has_access(operation))

    def test_submissions_of_other_companies_are_not_seen(self):
        _invoice, document = self.post_invoice()
        other = self.company_data_2 if hasattr(self, "company_data_2") else None
        company = (
            other["company"]
            if other
            else self.env["res.company"].create({"name": "Inna firma"})
        )
        stranger = new_test_user(
            self.env,
            login="ksef_stranger",
            groups="account.group_account_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        found = self.env["l10n_pl_ksef.document"].with_user(stranger).search([])
        self.assertNotIn(document, found)
        with self.assertRaises(AccessError):
            document.with_user(stranger).check_access("read")

    def test_only_the_administrator_connects_a_company(self):
        token = self.simulator.make_token("5795955811")
        for name, user in self.users.items():
            setup = self.env["l10n_pl_ksef.setup"].with_user(user)
            company = self.company.with_user(user)
            with self.subTest(user=name):
                if name == "admin":
                    result = setup._connect(company, "test", token, "127.0.0.1")
                    self.assertTrue(result["connected"])
                else:
                    with self.assertRaises(AccessError):
                        setup._connect(company, "test", token, "127.0.0.1")

    def test_administrator_of_another_company_is_refused(self):
        company = self.env["res.company"].create({"name": "Obca firma"})
        setup = self.env["l10n_pl_ksef.setup"].with_user(self.users["admin"])
        with self.assertRaises(AccessError):
            setup._connect(company, "test", "x", "127.0.0.1")

    def test_invoicing_posts_and_sends_and_reads_the_number(self):
        user = self.users["invoicing"]
        invoice = self.make_invoice().with_user(user)
        invoice.action_post()
        invoice.action_l10n_pl_ksef_send()
        document = invoice.sudo().l10n_pl_ksef_document_id
        self.advance(document, "accepted")
        self.assertEqual(invoice.l10n_pl_ksef_number, document.ksef_number)

    def test_administrator_of_a_branch_does_not_touch_the_parents_token(self):
        branch = self.env["res.company"].create(
            {"name": "Oddział", "parent_id": self.company.id}
        )
        user = new_test_user(
            self.env,
            login="ksef_branch",
            groups="base.group_system,account.group_account_manager",
            company_id=branch.id,
            company_ids=[Command.set(branch.ids)],
        )
        setup = self.env["l10n_pl_ksef.setup"].with_user(user)
        for method in (setup._disconnect, setup._test):
            with self.subTest(method=method.__name__), self.assertRaises(AccessError):
                method(branch.with_user(user))

    def test_customer_in_the_portal_presses_no_button_and_reads_no_state(self):
        invoice, _document = self.post_invoice()
        user = new_test_user(self.env, login="ksef_portal", groups="base.group_portal")
        user.partner_id.parent_id = self.buyer
        invoice.message_subscribe(user.partner_id.ids)
        own = invoice.with_user(user)
        for button in (
            own.action_l10n_pl_ksef_send,
            own.action_l10n_pl_ksef_check,
            own.action_l10n_pl_ksef_adopt,
            own.action_l10n_pl_ksef_dismiss,
        ):
            with self.subTest(button=button.__name__), self.assertRaises(AccessError):
                button()
        hidden = set(own.fields_get())
        self.assertNotIn("l10n_pl_ksef_line", hidden)
        self.assertNotIn("l10n_pl_ksef_document_ids", hidden)

    def test_worker_steps_are_not_open_to_rpc(self):
        for model, method in (
            ("l10n_pl_ksef.setup", "_connect"),
            ("l10n_pl_ksef.connection", "_status"),
            ("l10n_pl_ksef.job", "_cron_run"),
            ("l10n_pl_ksef.sender", "_send_one"),
            ("l10n_pl_ksef.vault", "_open"),
        ):
            function = getattr(type(self.env[model]), method)
            with self.subTest(model=model, method=method):
                self.assertTrue(getattr(function, "_api_private", False))
