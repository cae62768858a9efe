"""Posting: one row in the same transaction, no network, nothing left behind."""

from odoo.exceptions import UserError

from .common import KsefCase


class _Stop(Exception):
    pass


class TestPosting(KsefCase):
    """The outbox row lives and dies with the posting."""

    def setUp(self):
        super().setUp()
        self.connect()

    def test_rolled_back_posting_leaves_nothing_behind(self):
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search_count([]), self.get_calls()
        invoice = self.make_invoice()
        with self.assertRaises(_Stop), self.env.cr.savepoint():
            invoice.action_post()
            self.assertTrue(invoice.l10n_pl_ksef_document_ids)
            raise _Stop
        self.assertFalse(self.env["l10n_pl_ksef.document"].sudo().search([]))
        self.assertEqual((triggers.search_count([]), self.get_calls()), before)
        self.step()
        self.assertFalse(self.simulator.get_book())

    def get_calls(self):
        return sum(self.simulator.control("requests").values())

    def test_posting_wakes_the_job(self):
        ours = [("cron_id", "in", self.env["l10n_pl_ksef.job"]._get_crons().ids)]
        self.env["ir.cron.trigger"].search(ours).unlink()
        self.post_invoice()
        self.assertEqual(self.env["ir.cron.trigger"].search_count(ours), 1)

    def test_person_is_stopped_by_missing_data_and_told_all_of_it(self):
        self.buyer.write({"vat": False, "street": False, "city": False, "zip": False})
        self.buyer.country_id = False
        invoice = self.make_invoice()
        invoice.invoice_line_ids.tax_ids = False
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            invoice.action_post()
        self.assertIn(self.buyer.name, str(caught.exception))
        self.assertGreater(str(caught.exception).count("•"), 1)
        self.assertEqual(invoice.state, "draft")

    def test_mass_posting_holds_the_bad_one_and_posts_all(self):
        good, bad = self.make_invoice(), self.make_invoice()
        bad.invoice_line_ids.tax_ids = False
        (good + bad).action_post()
        self.assertEqual(set((good + bad).mapped("state")), {"posted"})
        self.assertEqual(good.l10n_pl_ksef_state, "queued")
        held = bad.sudo().l10n_pl_ksef_document_id
        self.assertEqual((held.state, held.blocked_reason), ("blocked", "data"))
        self.assertTrue(held.problems)

    def test_automatic_posting_holds_the_bad_one(self):
        invoice = self.make_invoice()
        invoice.invoice_line_ids.tax_ids = False
        invoice.sudo().action_post()
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.l10n_pl_ksef_state, "blocked")

    def test_company_may_choose_to_hold_instead_of_stop(self):
        self.company.l10n_pl_ksef_on_problem = "hold"
        invoice = self.make_invoice()
        invoice.invoice_line_ids.tax_ids = False
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.l10n_pl_ksef_state, "blocked")

    def test_held_invoice_goes_on_when_the_data_is_right(self):
        self.company.l10n_pl_ksef_on_problem = "hold"
        self.buyer.country_id = False
        self.buyer.vat = "PL5260001245"
        _invoice, document = self.post_invoice()
        self.assertEqual(document.state, "blocked")
        with self.assertRaises(UserError):
            document.move_id.action_l10n_pl_ksef_send()
        self.buyer.write(
            {"vat": "PL5260001246", "country_id": self.env.ref("base.pl").id}
        )
        document.move_id.action_l10n_pl_ksef_send()
        self.assertEqual(document.state, "queued")
        self.advance(document, "accepted")

    def test_kind_that_cannot_be_written_yet_does_not_stop_the_books(self):
        invoice, held = self.post_invoice(l10n_pl_ksef_self_billing=True)
        self.assertEqual(invoice.state, "posted")
        self.assertEqual((held.state, held.blocked_reason), ("blocked", "data"))

    def test_database_without_polish_posts_all_the_same(self):
        self.env["res.lang"].search([("code", "=", "pl_PL")]).active = False
        unit = self.env["uom.uom"].create({"name": "Paleta"})
        invoice = self.make_invoice()
        invoice.invoice_line_ids.product_uom_id = unit
        invoice.action_post()
        self.assertEqual(invoice.l10n_pl_ksef_state, "queued")

    def test_posting_goes_on_when_somebody_deleted_the_job(self):
        self.env["l10n_pl_ksef.job"]._get_crons().unlink()
        invoice, _document = self.post_invoice()
        self.assertEqual(invoice.l10n_pl_ksef_state, "queued")

    def test_posting_many_adds_few_statements(self):
        def count(connected):
            environment = "test" if connected else False
            self.company.l10n_pl_ksef_environment = environment
            invoices = self.env["account.move"].concat(
                *(self.make_invoice() for _count in range(20))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            invoices.action_post()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(True)
        extra = count(True) - count(False)
        self.assertLessEqual(extra, 20, "at most one statement an invoice")
