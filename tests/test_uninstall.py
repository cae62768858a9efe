"""The addon does not go while only it has the files of sent invoices."""

import base64
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ..models import l10n_pl_ksef_farewell as farewell_module
from .common import KsefCase


class TestUninstall(KsefCase):
    """Refused until XML and UPO are ordinary attachments of their invoices."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.health = self.env["l10n_pl_ksef.health"].with_company(self.company)

    def uninstall(self, name="l10n_pl_ksef"):
        """Ask for the removal, and take it back."""
        module = self.env["ir.module.module"].search([("name", "=", name)])
        with self.env.cr.savepoint() as savepoint:
            module.with_user(self.env.ref("base.user_admin")).button_uninstall()
            marked = self.env["ir.module.module"].search([("state", "=", "to remove")])
            names = marked.mapped("name")
            savepoint.rollback()
        self.env.invalidate_all()
        return names

    def send(self, document):
        self.advance(document, "accepted")
        for _step in range(5):
            if document.upo_state == "stored":
                return
            document.next_step_on = document.state_since
            self.step()
        self.fail("no receipt")

    def hand_over(self):
        for _round in range(5):
            progress = self.health.hand_over(self.company.id)
            if progress["done"] == progress["total"]:
                break
        return progress

    def get_files(self, invoice):
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", "account.move"),
                ("res_id", "=", invoice.id),
                ("name", "=like", "%.xml"),
            ]
        )

    def test_module_that_sent_nothing_may_go(self):
        self.post_invoice()
        self.assertIn("l10n_pl_ksef", self.uninstall())

    def test_module_that_keeps_files_is_not_removed(self):
        _invoice, document = self.post_invoice()
        self.send(document)
        with self.assertRaisesRegex(UserError, "Hand them over"):
            self.uninstall()

    def test_removal_of_a_module_below_is_refused_too(self):
        _invoice, document = self.post_invoice()
        self.send(document)
        for name in ("l10n_pl", "account"):
            with self.subTest(name=name), self.assertRaises(UserError):
                self.uninstall(name)

    def test_other_modules_go_as_before(self):
        _invoice, document = self.post_invoice()
        self.send(document)
        # Nothing else is installed in every database: ours plays another one.
        with patch.object(farewell_module, "ADDON", "another_module"):
            self.assertIn("l10n_pl_ksef", self.uninstall())

    def test_files_handed_over_let_it_go(self):
        invoice, document = self.post_invoice()
        self.send(document)
        self.assertEqual(self.hand_over(), {"done": 1, "total": 1})
        files = self.get_files(invoice)
        self.assertEqual(
            set(files.mapped("raw")), {document._get_xml(), document._get_upo()}
        )
        self.assertIn("l10n_pl_ksef", self.uninstall())

    def test_handing_over_twice_attaches_once(self):
        invoice, document = self.post_invoice()
        self.send(document)
        self.hand_over()
        self.hand_over()
        self.assertEqual(len(self.get_files(invoice)), 2)

    def test_rejected_submission_is_handed_over_too(self):
        invoice, document = self.post_invoice()
        document._set_state("sending", attempt_count=1)
        document._set_state("rejected")
        with self.assertRaises(UserError):
            self.uninstall()
        self.hand_over()
        self.assertEqual(self.get_files(invoice).raw, document._get_xml())

    def test_deleted_attachment_has_to_be_handed_over_again(self):
        invoice, document = self.post_invoice()
        self.send(document)
        self.hand_over()
        self.get_files(invoice)[0].unlink()
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            self.uninstall()
        self.hand_over()
        self.assertEqual(len(self.get_files(invoice)), 2)

    def test_rounds_are_bounded_and_go_on_where_they_stopped(self):
        documents = [self.post_invoice()[1] for _number in range(3)]
        for document in documents:
            document._set_state("sending", attempt_count=1)
            document._set_state("rejected")
        with patch.object(farewell_module, "ROUND_SIZE", 2):
            first = self.health.hand_over(self.company.id)
            second = self.health.hand_over(self.company.id)
        self.assertEqual((first["done"], second["done"]), (2, 3))

    def test_receipt_shared_by_a_session_goes_to_each_invoice(self):
        invoices = [self.post_invoice() for _number in range(2)]
        content = b"<Potwierdzenie/>"
        session = self.env["l10n_pl_ksef.session"].sudo()
        for _invoice, document in invoices:
            self.send(document)
            session |= document.session_id
        receipt = self.env["l10n_pl_ksef.receipt"].sudo()
        receipt = receipt._store(session[0], "page", content, 2)
        for _invoice, document in invoices:
            document.write({"receipt_id": receipt.id, "upo_single": False})
        self.hand_over()
        for invoice, _document in invoices:
            self.assertIn(content, self.get_files(invoice).mapped("raw"))

    def test_receipt_of_production_under_way_is_waited_for(self):
        _invoice, document = self.post_invoice()
        document.write(
            {
                "state": "accepted",
                "upo_state": "wanted",
                "attempt_count": 1,
                "xml": base64.b64encode(b"<Faktura/>"),
                "environment": "production",
            }
        )
        self.hand_over()
        with self.assertRaisesRegex(UserError, "Wait"):
            self.uninstall()

    def test_only_the_administrator_hands_over(self):
        user = new_test_user(
            self.env,
            login="ksef_books",
            groups="account.group_account_manager",
            company_id=self.company.id,
        )
        with self.assertRaises(AccessError):
            self.health.with_user(user).hand_over(self.company.id)
