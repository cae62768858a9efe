"""Who may see and do what, whatever a company logs in with."""

import inspect
from functools import partial

from odoo import Command, http
from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger

from .common import SELLER_NIP, KsefCase
from .login_methods import ByCertificate, ByToken

GROUPS = {
    "portal": "base.group_portal",
    "plain": "base.group_user",
    "invoicing": "account.group_account_invoice",
    "accountant": "account.group_account_user",
    "ksef_admin": "base.group_user,l10n_pl_ksef.group_admin",
    "admin": "base.group_system,account.group_account_manager,base.group_no_one",
}
# How everything sealed begins.
SEALED_MARK = "v1."
READERS = ("invoicing", "accountant", "admin")
CONNECTORS = ("ksef_admin", "admin")
SECRET_MODELS = ("l10n_pl_ksef.connection", "l10n_pl_ksef.session")
# What Odoo itself guards by access rights and rules.
ORM_METHODS = {"create", "write"}
# All that our own models let a client call; each of it has a check inside.
PUBLIC_METHODS = {
    "l10n_pl_ksef.document": {
        *("action_download_upo", "action_download_xml", "action_preview"),
    },
    "l10n_pl_ksef.buyer.correction": {"action_create"},
    "l10n_pl_ksef.debit.note": {"action_create"},
    "l10n_pl_ksef.readiness": {
        *("action_check", "action_step", "action_export_list"),
        *("action_open_stop", "action_open_warn", "action_open_ready"),
    },
    "l10n_pl_ksef.readiness.invoice": {"action_open"},
    "l10n_pl_ksef.readiness.problem": {"action_open"},
    "l10n_pl_ksef.readiness.record": {"action_open"},
    "l10n_pl_ksef.warning": {"action_open_settings", "action_open_status"},
    "l10n_pl_ksef.health": {
        *("get_status", "ask_announcements", "open_list", "test_connection"),
        *("start_job", "download_schema", "take_over", "hand_over"),
    },
}


def make_users(env, company, prefix):
    """Make a user of each role, who works for one company; log-in is password."""
    return {
        name: new_test_user(
            env,
            login=f"{prefix}_{name}",
            password=f"{prefix}_{name}",
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        for name, groups in GROUPS.items()
    }


class AccessCase(ByToken, KsefCase):
    """Base: a connected company, and a person of each role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = make_users(cls.env, cls.company, "ksef_own")
        cls.users["public"] = cls.env.ref("base.public_user")

    def setUp(self):
        super().setUp()
        self.connect()
        self.connection = self.env["l10n_pl_ksef.connection"]._get_for(self.company)

    def enter(self, user, company=None):
        """Connect by a person's hand with what KSeF would take."""
        company = company or self.company
        if self.login_method == "certificate":
            return self.try_certificate(self.make_certificate(), company, user)
        setup = self.env["l10n_pl_ksef.setup"].with_user(user)
        token = self.simulator.make_token(SELLER_NIP)
        return setup._connect(company.with_user(user), "test", token, "127.0.0.1")


class TestAccess(AccessCase):
    """Each role does its own work, and nobody reads a secret."""

    def test_nobody_has_access_to_connections_and_sessions(self):
        for name, user in self.users.items():
            for model in SECRET_MODELS:
                for operation in ("read", "write", "create", "unlink"):
                    with self.subTest(user=name, model=model, operation=operation):
                        records = self.env[model].with_user(user)
                        self.assertFalse(records.has_access(operation))

    def test_submissions_are_read_by_invoicing_and_written_by_nobody(self):
        _invoice, document = self.post_invoice()
        for name, user in self.users.items():
            records = document.with_user(user)
            with self.subTest(user=name):
                self.assertEqual(records.has_access("read"), name in READERS)
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

    def get_sealed_fields(self):
        """Yield (model, name) of every field that holds something sealed."""
        for model in SECRET_MODELS:
            for name in self.env[model]._fields:
                if name.startswith("sealed_"):
                    yield model, name

    def check_refused(self, call):
        """Check: a call is refused, by whatever Odoo refuses it with."""
        try:
            shown = call()
        except (UserError, ValueError) as error:
            self.assertNotIn(SEALED_MARK, str(error))
        else:
            self.fail(f"not refused: {shown!r:.60}")

    def test_sealed_fields_are_read_by_nobody(self):
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        sealed = [*self.get_sealed_fields()]
        self.assertIn((SECRET_MODELS[0], f"sealed_{self.login_method}"), sealed)
        for model, name in sealed:
            records = self.env[model].sudo().search([])
            self.assertTrue(records)
            for role, user in self.users.items():
                for call in self.get_ways_to_read(records.with_user(user), name):
                    with self.subTest(model=model, field=name, user=role):
                        self.check_refused(call)

    def get_ways_to_read(self, records, name):
        """Return calls that a client could make to see or guess a field."""
        found = [(name, "like", SEALED_MARK)]
        return (
            partial(records.read, [name]),
            partial(records.web_read, {name: {}}),
            partial(records.search, found),
            partial(records.search_count, found),
            partial(records.search_read, found, [name]),
            partial(records.web_search_read, found, {name: {}}),
            partial(records.export_data, [name]),
            partial(records.formatted_read_group, found, [name]),
            partial(records.formatted_read_group, [], [], [f"{name}:array_agg"]),
            partial(records.name_search, "", found),
            partial(records.copy_data),
            partial(records.onchange, {}, [], {name: {}}),
        )

    def test_only_administrators_connect_test_and_disconnect(self):
        for role, user in self.users.items():
            setup = self.env["l10n_pl_ksef.setup"].with_user(user)
            settings = self.env["res.config.settings"].with_user(user)
            company = self.company.with_user(user)
            for name, call in {
                "connect": partial(self.enter, user),
                "test": partial(setup._test, company),
                "facts": partial(settings.l10n_pl_ksef_get_connect_facts, company.id),
                "disconnect": partial(setup._disconnect, company),
            }.items():
                with self.subTest(user=role, call=name):
                    if role not in CONNECTORS:
                        self.assertRaises(AccessError, call)
                        self.assertTrue(self.connection._has_login())
                    elif name == "disconnect":
                        call()
                        self.assertFalse(self.connection._has_login())
                        self.connect()
                    elif name != "facts":
                        self.assertTrue(call()["connected"])

    def test_administrator_of_another_company_is_refused(self):
        company = self.env["res.company"].create({"name": "Obca firma"})
        for role in CONNECTORS:
            setup = self.env["l10n_pl_ksef.setup"].with_user(self.users[role])
            with self.subTest(user=role):
                with self.assertRaises(AccessError):
                    self.enter(self.users[role], company)
                for method in (setup._test, setup._disconnect):
                    self.assertRaises(AccessError, method, company)

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
            ("l10n_pl_ksef.setup", "_connect_certificate"),
            ("l10n_pl_ksef.connection", "_status"),
            ("l10n_pl_ksef.connection", "_open_sealed"),
            ("l10n_pl_ksef.gateway", "_load_credential"),
            ("l10n_pl_ksef.gateway", "_get_access"),
            ("l10n_pl_ksef.job", "_cron_run"),
            ("l10n_pl_ksef.sender", "_send_one"),
            ("l10n_pl_ksef.vault", "_open"),
        ):
            function = getattr(type(self.env[model]), method)
            with self.subTest(model=model, method=method):
                self.assertTrue(getattr(function, "_api_private", False))
                with self.assertRaises(AccessError):
                    get_public_method(self.env[model], method)

    def test_nothing_else_of_ours_is_open_to_rpc(self):
        package = __name__.rpartition(".tests.")[0]
        for name in self.env.registry:
            if not name.startswith("l10n_pl_ksef."):
                continue
            classes = type(self.env[name]).mro()
            ours = [cls for cls in classes if cls.__module__.startswith(package)]
            methods = {
                method
                for cls in ours
                for method, value in vars(cls).items()
                if inspect.isroutine(value) and self.is_public(name, method)
            }
            with self.subTest(model=name):
                self.assertTrue(ours)
                known = PUBLIC_METHODS.get(name, set()) | ORM_METHODS
                self.assertLessEqual(methods, known)
                self.assertLessEqual(PUBLIC_METHODS.get(name, set()), methods)

    def is_public(self, model, method):
        try:
            return bool(get_public_method(self.env[model], method))
        except AccessError:
            return False


class TestAccessByCertificate(ByCertificate, TestAccess):
    """The same for a company that logs in with a certificate."""


class TestRoutes(AccessCase, HttpCase):
    """The route that takes a secret is for administrators of that company alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Obca firma"})
        cls.strangers = make_users(cls.env, cls.other_company, "ksef_other")

    def post_secret(self, **values):
        """Send what KSeF would take; returns the HTTP answer."""
        values = {
            "company_id": self.company.id,
            "environment": "test",
            "csrf_token": http.Request.csrf_token(self),
            **values,
        }
        files = None
        if self.login_method == "token":
            values["token"] = self.simulator.make_token(SELLER_NIP)
        else:
            made = self.make_certificate()
            files = [("files", ("a", made[name])) for name in ("certificate", "key")]
        route = f"/l10n_pl_ksef/{self.login_method}"
        return self.url_open(route, data=values, files=files)

    def get_state(self):
        self.env.invalidate_all()
        return self.connection[f"sealed_{self.login_method}"], self.connection.set_on

    def test_route_lets_administrators_of_the_company_in_alone(self):
        for users in (self.users, self.strangers):
            for role in GROUPS:
                user = users[role]
                before = self.get_state()
                self.authenticate(user.login, user.login)
                answer = self.post_secret()
                with self.subTest(user=user.login):
                    if users is self.users and role in CONNECTORS:
                        self.assertTrue(answer.json()["connected"], answer.text)
                        self.assertNotEqual(self.get_state(), before)
                    else:
                        self.assertEqual(answer.status_code, 403)
                        self.assertEqual(self.get_state(), before)

    def test_visitor_is_sent_to_the_login(self):
        before = self.get_state()
        self.authenticate(None, None)
        self.assertIn("/web/login", self.post_secret().url)
        self.assertEqual(self.get_state(), before)

    @mute_logger("odoo.http")
    def test_request_without_csrf_token_is_refused(self):
        before = self.get_state()
        self.authenticate("ksef_own_admin", "ksef_own_admin")
        self.assertEqual(self.post_secret(csrf_token="wrong").status_code, 400)
        self.assertEqual(self.get_state(), before)

    def test_secret_cannot_be_read_or_entered_over_rpc(self):
        self.authenticate("ksef_own_admin", "ksef_own_admin")
        sealed = f"sealed_{self.login_method}"
        for model, method, arguments in (
            ("l10n_pl_ksef.connection", "search_read", [[], [sealed]]),
            ("l10n_pl_ksef.connection", "_open_sealed", [self.login_method]),
            ("l10n_pl_ksef.setup", "_connect", []),
            ("l10n_pl_ksef.setup", "_connect_certificate", []),
            ("l10n_pl_ksef.gateway", "_load_credential", []),
            ("l10n_pl_ksef.vault", "_open", []),
        ):
            with self.subTest(model=model, method=method):
                error = self.call(model, method, arguments)["error"]["data"]
                self.assertEqual(error["name"], "odoo.exceptions.AccessError")

    def test_sealed_fields_are_not_reached_from_a_document(self):
        _invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        name = f"sealed_{self.login_method}"
        sealed, key = f"connection_id.{name}", "session_id.sealed_key"
        nested = {"connection_id": {"fields": {name: {}}}}
        for role in READERS:
            self.authenticate(f"ksef_own_{role}", f"ksef_own_{role}")
            # The developer mode shows to which connection a document belongs.
            self.url_open("/odoo?debug=1")
            known = self.call_document("search", [("connection_id", "!=", False)])
            self.assertTrue(known.get("result"), known)
            for method, *arguments in (
                ("search", [(sealed, "like", SEALED_MARK)]),
                ("search", [(key, "like", SEALED_MARK)]),
                ("search", [], 0, 80, sealed),
                ("search", [], 0, 80, key),
                ("formatted_read_group", [], [sealed]),
                ("formatted_read_group", [], [], [f"{sealed}:array_agg"]),
                ("export_data", document.ids, [f"connection_id/{name}"]),
                ("export_data", document.ids, ["session_id/sealed_key"]),
                ("web_read", document.ids, nested),
            ):
                with self.subTest(user=role, method=method, arguments=arguments):
                    answer = self.call_document(method, *arguments)
                    self.assertIn("error", answer)
                    self.assertNotIn(self.connection[name], str(answer))

    def call_document(self, method, *arguments):
        return self.call("l10n_pl_ksef.document", method, arguments)

    @mute_logger("odoo.http")
    def call(self, model, method, arguments):
        """Call a method as the web client does; returns the whole answer."""
        params = {"model": model, "method": method, "args": arguments, "kwargs": {}}
        path = f"/web/dataset/call_kw/{model}/{method}"
        return self.url_open(path, json={"params": params}).json()


class TestRoutesByCertificate(ByCertificate, TestRoutes):
    """The same for the route that takes a certificate."""
