from odoo import Command, fields
from odoo.tests import new_test_user, tagged

from ..fa3 import reader
from ..models.l10n_pl_ksef_document import CHANGED
from .common import KsefCase


@tagged("post_install_l10n", "post_install", "-at_install")
class TestCorrectionJourney(KsefCase):
    """A correction waits for the number of its invoice, and then goes by itself."""

    def setUp(self):
        super().setUp()
        self.connect()

    def post_both(self):
        """Post an invoice and its credit note at once; return their rows."""
        invoice, sent = self.post_invoice()
        refund = invoice._reverse_moves(
            [
                {
                    "invoice_date": fields.Date.context_today(self.env.user),
                    "l10n_pl_ksef_correction_reason": "zwrot",
                }
            ]
        )
        refund.action_post()
        return sent, refund.sudo().l10n_pl_ksef_document_id

    def test_both_posted_at_once_go_one_after_the_other(self):
        sent, waiting = self.post_both()
        self.assertEqual(sent.state, "queued")
        self.assertEqual(waiting.state, "blocked")
        self.assertEqual(waiting.blocked_reason, "original")
        self.assertFalse(waiting.xml)
        self.assertEqual(waiting.awaited_move_ids, sent.move_id)
        self.advance(sent, "accepted")
        self.advance(waiting, "accepted")
        book = self.simulator.get_book()
        self.assertEqual([row["invoiceType"] for row in book], ["VAT", "KOR"])
        correction = reader.read(book[1]["xml"].encode()).body
        self.assertEqual(
            correction.corrected_invoices[0].ksef_number, book[0]["ksefNumber"]
        )
        self.assertEqual(correction.correction_reason, "zwrot")
        self.assertEqual(waiting.ksef_number, book[1]["ksefNumber"])

    def test_draft_has_a_link_to_the_invoice_that_it_will_wait_for(self):
        invoice, _sent = self.post_invoice()
        refund = invoice._reverse_moves()
        line = self.env["l10n_pl_ksef.explain"]._get_line(refund)
        links = [detail["record"] for detail in line["details"] if detail["record"]]
        targets = [(link["model"], link["id"]) for link in links]
        self.assertIn(("account.move", invoice.id), targets)
        self.assertNotIn(("account.move", refund.id), targets)

    def test_customer_in_the_portal_may_read_what_is_open_to_all(self):
        sent, waiting = self.post_both()
        company = {"company_id": self.company.id, "company_ids": self.company.ids}
        user = new_test_user(
            self.env, login="klient", groups="base.group_portal", **company
        )
        user.partner_id.parent_id = self.buyer
        self.env.invalidate_all()
        for move in (sent.move_id, waiting.move_id):
            own = move.sudo(False).with_user(user)
            names = [name for name in own.fields_get() if "l10n_pl_ksef" in name]
            self.assertIn("l10n_pl_ksef_correction_reason", names)
            self.assertTrue(own.read(names))

    def test_correction_of_a_rejected_invoice_waits_until_it_is_taken(self):
        self.simulator.inject("send_invoice", "invoice_status", code=450)
        sent, waiting = self.post_both()
        self.advance(sent, "rejected")
        self.advance_some(waiting)
        self.assertEqual(waiting.blocked_reason, "original")
        self.assert_line(waiting, "invoicing", sent.move_id)
        sent.move_id.action_l10n_pl_ksef_send()
        self.assert_line(waiting, "odoo", sent.move_id)
        again = sent.move_id.sudo().l10n_pl_ksef_document_id
        self.advance(again, "accepted")
        self.advance(waiting, "accepted")

    def test_invoice_that_is_taken_back_leaves_nothing_to_correct(self):
        self.company.l10n_pl_ksef_send_mode = "manual"
        invoice, _none = self.post_invoice()
        self.company.l10n_pl_ksef_send_mode = "auto"
        refund = invoice._reverse_moves(
            [{"invoice_date": fields.Date.context_today(self.env.user)}]
        )
        refund.action_post()
        waiting = refund.sudo().l10n_pl_ksef_document_id
        self.assertEqual(waiting.blocked_reason, "original")
        self.assert_line(waiting, "invoicing", invoice)
        invoice.button_draft()
        told = self.env.cr.precommit.data.setdefault(CHANGED, set())
        told.clear()
        self.env["l10n_pl_ksef.outbox"]._rebuild(waiting)
        self.assertEqual(waiting.blocked_reason, "data")
        # Whoever has the form open sees that a person has to act.
        self.assertIn(refund.id, told)
        keys = [problem["key"] for problem in waiting.problems]
        self.assertIn("original_not_posted", keys)

    def test_invoice_from_before_ksef_is_not_waited_for(self):
        today = fields.Date.context_today(self.env.user)
        before = fields.Date.subtract(today, days=10)
        self.company.l10n_pl_ksef_since = today
        invoice, none = self.post_invoice(invoice_date=before)
        self.assertFalse(none)
        refund = invoice._reverse_moves([{"invoice_date": today}])
        refund.action_post()
        document = refund.sudo().l10n_pl_ksef_document_id
        self.advance(document, "accepted")
        named = reader.read(document._get_xml()).body.corrected_invoices[0]
        self.assertTrue(named.is_outside_ksef)

    def test_original_that_another_module_has_sent_is_waited_for(self):
        invoice, _document = self.post_invoice()
        invoice.sudo().l10n_pl_ksef_document_ids.unlink()
        self.patch(
            self.env.registry["account.move"],
            "_l10n_pl_ksef_other_module_state",
            lambda move: "sent" if move == invoice else False,
        )
        refund = invoice._reverse_moves(
            [{"invoice_date": fields.Date.context_today(self.env.user)}]
        )
        refund.action_post()
        document = refund.sudo().l10n_pl_ksef_document_id
        self.assertEqual(document.blocked_reason, "original")

    def test_invoice_sent_by_hand_is_waited_for_and_corrected_there(self):
        person = {"name": "Jan Kowalski", "is_company": False, "vat": False}
        self.buyer.write(person)
        invoice, none = self.post_invoice()
        self.assertFalse(none)
        invoice.action_l10n_pl_ksef_send()
        sent = invoice.sudo().l10n_pl_ksef_document_id
        refund = invoice._reverse_moves(
            [{"invoice_date": fields.Date.context_today(self.env.user)}]
        )
        self.assertTrue(refund.l10n_pl_ksef_is_due)
        due = [("id", "in", (invoice + refund).ids), ("l10n_pl_ksef_is_due", "=", True)]
        self.assertEqual(refund.search(due), refund)
        refund.action_post()
        waiting = refund.sudo().l10n_pl_ksef_document_id
        self.assertEqual(waiting.blocked_reason, "original")
        self.advance(sent, "accepted")
        self.advance(waiting, "accepted")
        named = reader.read(waiting._get_xml()).body.corrected_invoices[0]
        self.assertEqual(named.ksef_number, sent.ksef_number)

    def test_correction_of_buyer_data_is_sent(self):
        invoice, document = self.post_invoice()
        self.advance(document, "accepted")
        self.buyer.name = "Nowa nazwa S.A."
        made = self.env["l10n_pl_ksef.buyer.correction"].create(
            {"move_id": invoice.id, "reason": "błędna nazwa"}
        )
        self.assertEqual(made.name_before, "Nabywca S.A.")
        correction = self.env["account.move"].browse(made.action_create()["res_id"])
        correction.action_post()
        document = correction.sudo().l10n_pl_ksef_document_id
        self.advance(document, "accepted")
        said = reader.read(document._get_xml())
        self.assertEqual(said.buyer.identity.name, "Nowa nazwa S.A.")
        self.assertEqual(said.body.buyers_before[0].identity.name, "Nabywca S.A.")

    def test_discount_for_a_period_waits_for_each_invoice(self):
        first, sent = self.post_invoice()
        second, other = self.post_invoice()
        refund = self.make_invoice(
            move_type="out_refund",
            l10n_pl_ksef_corrected_ids=[
                Command.create({"invoice_id": first.id}),
                Command.create({"invoice_id": second.id}),
            ],
            l10n_pl_ksef_corrected_period="listopad 2026",
            l10n_pl_ksef_covers_all=True,
        )
        refund.action_post()
        waiting = refund.sudo().l10n_pl_ksef_document_id
        self.assertEqual(waiting.awaited_move_ids, first | second)
        self.advance(sent, "accepted")
        self.advance(other, "accepted")
        self.advance(waiting, "accepted")
        named = reader.read(waiting._get_xml()).body.corrected_invoices
        self.assertEqual(len(named), 2)

    def assert_line(self, document, who, awaited):
        """The invoice says whose turn it is, and opens what it waits for."""
        line = self.env["l10n_pl_ksef.explain"]._get_line(document.move_id)
        self.assertEqual(line["who_key"], who)
        self.assertIn(awaited.name, line["sentence"])
        target = line["actions"][0]["target"]
        self.assertEqual((target["model"], target["id"]), ("account.move", awaited.id))

    def advance_some(self, document):
        """Let the job take a few steps with a document that is due."""
        document.next_step_on = fields.Datetime.now()
        for _step in range(3):
            self.step()
