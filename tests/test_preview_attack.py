"""Preview, readiness and windows of corrections in the hands of an attacker."""

from functools import partial

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .test_preview import HOSTILE, PreviewCase
from .test_readiness import ReadinessCase

REPORT = "/report/html/l10n_pl_ksef.report_preview"
STRANGE_IDS = ("0", "-1", "1e3", "99999999999999999999999", "1%20or%201=1")
READINESS_ROWS = ("invoice", "problem", "record")


def make_user(env, login, groups, company):
    return new_test_user(
        env,
        login,
        groups=groups,
        password=f"{login}_1234",
        company_id=company.id,
        company_ids=[Command.set(company.ids)],
    )


@tagged("post_install_l10n", "post_install", "-at_install")
class TestPreviewAttack(PreviewCase, HttpCase):
    """No route shows what its user may not read, and none breaks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elsewhere = cls.env["res.company"].create({"name": "Inna"})
        for login, groups, company in (
            ("ksef_clerk", "account.group_account_invoice", cls.company),
            ("ksef_stranger", "account.group_account_invoice", cls.elsewhere),
            ("ksef_plain", "base.group_user", cls.company),
        ):
            make_user(cls.env, login, groups, company)
        cls.portal = new_test_user(
            cls.env,
            "ksef_guest",
            groups="base.group_portal",
            password="ksef_guest_1234",
        )

    def get(self, login, path):
        self.authenticate(login, f"{login}_1234")
        with mute_logger("odoo.http", "odoo.addons.web.controllers.report"):
            return self.url_open(path)

    def test_print_is_refused_to_whoever_may_not_read(self):
        invoice = self.post_invoice(partner_id=self.portal.partner_id.id)
        for login in ("ksef_stranger", "ksef_plain", "ksef_guest"):
            answer = self.get(login, f"{REPORT}/{invoice.id}")
            self.assertNotIn("Krajowy System", answer.text, login)
        answer = self.get("ksef_clerk", f"{REPORT}/{invoice.id}")
        self.assertIn("Krajowy System", answer.text)

    def test_submission_of_another_company_is_refused(self):
        document = self.send(self.post_invoice())
        path = f"/l10n_pl_ksef/preview/submission/{document.id}"
        self.assertEqual(self.get("ksef_stranger", path).status_code, 403)

    def test_ids_that_are_none_are_not_found(self):
        for text in STRANGE_IDS:
            for path in (text, f"{text}/xml", f"{text}/text", f"submission/{text}"):
                answer = self.get("ksef_clerk", f"/l10n_pl_ksef/preview/{path}")
                self.assertEqual(answer.status_code, 404, path)

    def test_what_is_no_sales_invoice_has_no_file(self):
        bill = self.make_invoice(move_type="in_invoice")
        entry = self.env["account.move"].create({"move_type": "entry"})
        for move in (bill, entry):
            page = f"/l10n_pl_ksef/preview/{move.id}"
            for path in (page, f"{REPORT}/{move.id}"):
                answer = self.get("ksef_clerk", path)
                self.assertIn("There is no file yet.", answer.text)
            for path in (f"{page}/xml", f"{page}/text"):
                self.assertEqual(self.get("ksef_clerk", path).status_code, 404, path)

    def test_draft_without_anything_says_what_it_lacks(self):
        empty = self.env["account.move"].create({"move_type": "out_invoice"})
        answer = self.get("ksef_clerk", f"/l10n_pl_ksef/preview/{empty.id}")
        self.assertEqual(answer.status_code, 200)
        self.assertIn("Buyer has no name.", answer.text)

    def test_problem_leads_to_its_record_and_to_no_file(self):
        self.set_vat(self.buyer, "PL5260001247")
        self.buyer.name = HOSTILE
        invoice = self.make_invoice()
        answer = self.get("ksef_clerk", f"/l10n_pl_ksef/preview/{invoice.id}")
        self.assertIn(f'href="/odoo/res.partner/{self.buyer.id}"', answer.text)
        self.assertNotIn("<script", answer.text)
        self.assertNotIn(f"/{invoice.id}/xml", answer.text)

    def test_name_of_the_file_breaks_no_header(self):
        invoice = self.make_invoice()
        invoice.name = 'FV/"1"\r\nX-Evil: yes'
        answer = self.get("ksef_clerk", f"/l10n_pl_ksef/preview/{invoice.id}/xml")
        self.assertEqual(answer.status_code, 200)
        self.assertNotIn("X-Evil", answer.headers)

    def test_page_stands_in_no_frame(self):
        invoice = self.make_invoice()
        answer = self.get("ksef_clerk", f"/l10n_pl_ksef/preview/{invoice.id}")
        policy = answer.headers["Content-Security-Policy"]
        self.assertIn("frame-ancestors 'none'", policy)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestReadinessAttack(ReadinessCase):
    """Calls of RPC tell nobody what they may not read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elsewhere = cls.env["res.company"].create({"name": "Inna"})
        cls.stranger = make_user(
            cls.env, "ksef_stranger", "account.group_account_invoice", cls.elsewhere
        )

    def as_stranger(self, model):
        """Return a model for somebody who works for another company."""
        found = self.env[model].with_user(self.stranger)
        return found.with_context(allowed_company_ids=self.elsewhere.ids)

    def test_who_keeps_no_books_checks_nothing(self):
        invoice = self.draft()
        for login, groups in (
            ("ksef_guest", "base.group_portal"),
            ("ksef_plain", "base.group_user"),
        ):
            user = new_test_user(self.env, login, groups=groups)
            readiness = self.env["l10n_pl_ksef.readiness"].with_user(user)
            move, buyer = invoice.with_user(user), self.buyer.with_user(user)
            for call in (
                partial(readiness.create, {}),
                move.action_l10n_pl_ksef_readiness,
                buyer.action_l10n_pl_ksef_check,
            ):
                with self.subTest(login), self.assertRaises(AccessError):
                    call()

    def test_nobody_writes_rows_of_a_check(self):
        invoice = self.draft(partner_id=self.make_partner("X", "PL5260001247").id)
        users = [
            make_user(self.env, login, group, self.company)
            for login, group in (
                ("ksef_clerk", "account.group_account_invoice"),
                ("ksef_auditor", "account.group_account_readonly"),
            )
        ]
        for user in users:
            self.env = self.env(user=user)
            readiness = self.check()
            for name in READINESS_ROWS:
                rows = self.env[f"l10n_pl_ksef.readiness.{name}"]
                values = {"readiness_id": readiness.id}
                values |= {"move_id": invoice.id} if name == "invoice" else {}
                with self.subTest(user.login, rows=name):
                    with self.assertRaises(AccessError):
                        rows.create(values)
                    found = rows.search([("readiness_id", "=", readiness.id)])
                    with self.assertRaises(AccessError):
                        found.write({"readiness_id": readiness.id})
                    with self.assertRaises(AccessError):
                        found.unlink()

    def test_selection_of_another_company_is_refused(self):
        invoice = self.draft()
        moves = self.as_stranger("account.move").browse(invoice.id)
        with self.assertRaises(AccessError):
            moves.action_l10n_pl_ksef_readiness()

    def test_correction_window_tells_no_stranger_who_the_buyer_is(self):
        invoice = self.post_invoice(invoice_date=self.today)
        self.env["l10n_pl_ksef.outbox"]._create_documents(invoice).state = "accepted"
        model = self.as_stranger("l10n_pl_ksef.buyer.correction")
        for name in ("name_before", "line_1_before", "partner_id", "name_now"):
            with self.subTest(name), self.assertRaises(AccessError):
                model.new({"move_id": invoice.id})[name]
        with self.assertRaises(AccessError):
            model.create({"move_id": invoice.id, "reason": "x"})

    def test_windows_of_others_are_not_read(self):
        invoice = self.post_invoice(invoice_date=self.today)
        for name, values in (
            ("buyer.correction", {"name_before": "Jan"}),
            ("debit.note", {"effect": "2"}),
        ):
            model = f"l10n_pl_ksef.{name}"
            made = self.env[model].create(
                {"move_id": invoice.id, "reason": "x", **values}
            )
            with self.subTest(name):
                self.assertFalse(self.as_stranger(model).search([]))
                with self.assertRaises(AccessError):
                    self.as_stranger(model).browse(made.id).read(["reason"])

    def test_corrected_invoice_tells_no_stranger_its_number(self):
        invoice = self.post_invoice(invoice_date=self.today)
        model = self.as_stranger("l10n_pl_ksef.corrected.invoice")
        for name in ("number", "issued_on"):
            with self.subTest(name), self.assertRaises(AccessError):
                model.new({"invoice_id": invoice.id})[name]

    def test_row_of_a_correction_cannot_be_moved_to_another_company(self):
        refund = self.draft(move_type="out_refund")
        company = self.elsewhere
        self.env["account.journal"].sudo().create(
            {"name": "S", "code": "S", "type": "sale", "company_id": company.id}
        )
        clerk = make_user(
            self.env, "ksef_clerk", "account.group_account_invoice", company
        )
        own = (
            self.env["account.move"]
            .sudo()
            .with_company(company)
            .create({"move_type": "out_refund", "company_id": company.id})
        )
        rows = self.env["l10n_pl_ksef.corrected.invoice"].with_user(clerk)
        row = rows.with_context(allowed_company_ids=company.ids).create(
            {"move_id": own.id, "number": "1", "is_outside_ksef": True}
        )
        with self.assertRaises(AccessError):
            row.move_id = refund.id
            row.flush_recordset()
