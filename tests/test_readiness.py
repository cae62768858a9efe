from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from ..models.l10n_pl_ksef_fa3_sending import polish_day
from ..wizard import l10n_pl_ksef_readiness as module
from .fa3_common import BUYER_NIP, Fa3Case


class ReadinessCase(Fa3Case):
    """A company that sends everything to KSeF, and its invoices of this month."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "l10n_pl_ksef_environment": "test",
                "l10n_pl_ksef_since": False,
                "l10n_pl_ksef_send_mode": "manual",
            }
        )
        cls.env["account.move"].search([("state", "=", "draft")]).unlink()
        cls.today = polish_day()
        cls.env = cls.env(
            context=dict(cls.env.context, allowed_company_ids=cls.company.ids)
        )

    def draft(self, **values):
        """Make a draft of today."""
        return self.make_invoice(**{"invoice_date": self.today, **values})

    def check(self, **values):
        """Check a month to its end; returns the page."""
        readiness = self.env["l10n_pl_ksef.readiness"].create(values)
        readiness.action_check()
        return self.finish(readiness)

    def finish(self, readiness):
        """Take steps until all is checked."""
        for _step in range(50):
            if readiness.action_step()["is_done"]:
                return readiness
        return self.fail("never done")

    def rows(self, readiness):
        """Return what stands by record: (record, check, invoices)."""
        return [
            (row.record_name, row.key, row.invoice_count)
            for row in readiness.record_ids
        ]


@tagged("post_install_l10n", "post_install", "-at_install")
class TestReadiness(ReadinessCase):
    """A month's invoices are checked, and what helps most is said first."""

    def test_one_record_that_stops_many_is_one_row(self):
        wrong = self.make_partner("Budimex", "PL5260001247")
        for _count in range(3):
            self.draft(partner_id=wrong.id)
        good = self.draft()
        readiness = self.check()
        self.assertEqual(self.rows(readiness), [("Budimex", "buyer_nip", 3)])
        self.assertEqual(
            (readiness.stop_count, readiness.ready_count, readiness.total), (3, 1, 4)
        )
        self.assertEqual(readiness.invoice_ids.sorted()[-1].move_id, good)
        action = readiness.record_ids.action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("res.partner", wrong.id)
        )

    def test_what_stops_stands_before_what_warns(self):
        warned = self.make_partner("Bez NIP")
        for _count in range(2):
            self.draft(partner_id=warned.id)
        self.draft(partner_id=self.make_partner("Zły", "PL5260001247").id)
        readiness = self.check()
        self.assertEqual(
            self.rows(readiness),
            [("Zły", "buyer_nip", 1), ("Bez NIP", "buyer_without_nip", 2)],
        )
        levels = readiness.invoice_ids.sorted().mapped("level")
        self.assertEqual(levels, ["stop", "warn", "warn"])
        self.assertEqual(
            readiness.action_open_stop()["domain"][0][2],
            [readiness.invoice_ids.sorted()[0].move_id.id],
        )

    def test_drafts_and_posted_unsent_of_the_month_are_meant(self):
        draft, dateless = self.draft(), self.draft(invoice_date=False)
        posted = self.post_invoice(invoice_date=self.today)
        sent = self.post_invoice(invoice_date=self.today)
        outbox = self.env["l10n_pl_ksef.outbox"]
        outbox._create_documents(sent).state = "accepted"
        other = self.draft(invoice_date=date(2026, 1, 15))
        readiness = self.check()
        self.assertEqual(readiness.invoice_ids.move_id, draft | dateless | posted)
        self.assertEqual((readiness.draft_count, readiness.unsent_count), (2, 1))
        january = self.env["l10n_pl_ksef.readiness"].new({"month": "2026-01"})
        found = self.env["account.move"].search(january._get_domain())
        self.assertEqual(found, other)

    def test_bills_and_private_persons_are_left_out(self):
        self.company.l10n_pl_ksef_to_private = False
        person = self.env["res.partner"].create({"name": "Jan"})
        self.draft(partner_id=person.id)
        self.draft(move_type="in_invoice")
        self.assertFalse(self.check().invoice_ids)

    def test_empty_month_is_done_at_once(self):
        readiness = self.env["l10n_pl_ksef.readiness"].create({})
        readiness.action_check()
        self.assertEqual((readiness.state, readiness.total), ("done", 0))

    def test_selection_tells_what_is_sent_and_what_is_not_due(self):
        self.company.l10n_pl_ksef_to_private = False
        person = self.env["res.partner"].create({"name": "Jan"})
        private = self.draft(partner_id=person.id)
        good = self.draft()
        sent = self.post_invoice(invoice_date=self.today)
        outbox = self.env["l10n_pl_ksef.outbox"]
        outbox._create_documents(sent).state = "accepted"
        bill = self.draft(move_type="in_invoice")
        moves = private | good | sent | bill
        action = moves.action_l10n_pl_ksef_readiness()
        readiness = self.env[action["res_model"]].browse(action["res_id"])
        self.finish(readiness)
        levels = {row.move_id: row.level for row in readiness.invoice_ids}
        self.assertEqual(levels, {private: "not_due", good: "ready", sent: "sent"})
        readiness.action_check()
        self.assertEqual(len(self.finish(readiness).invoice_ids), 3)

    def test_steps_check_a_batch_each_and_tell_how_far_it_is(self):
        for _count in range(5):
            self.draft()
        readiness = self.env["l10n_pl_ksef.readiness"].create({})
        with patch.object(module, "BATCH", 2):
            readiness.action_check()
            told = [readiness.action_step()["checked"] for _step in range(3)]
        self.assertEqual(told, [2, 4, 5])
        self.assertEqual(readiness.state, "done")
        self.assertEqual(readiness.ready_count, 5)

    def test_batches_add_up_by_record(self):
        wrong = self.make_partner("Budimex", "PL5260001247")
        for _count in range(5):
            self.draft(partner_id=wrong.id)
        with patch.object(module, "BATCH", 2):
            readiness = self.check()
        self.assertEqual(self.rows(readiness), [("Budimex", "buyer_nip", 5)])

    def test_statements_do_not_grow_with_invoices(self):
        wrong = self.make_partner("Budimex", "PL5260001247")

        def count(size):
            moves = self.env["account.move"].concat(
                *(self.draft(partner_id=wrong.id) for _each in range(size))
            )
            action = moves.action_l10n_pl_ksef_readiness()
            readiness = self.env[action["res_model"]].browse(action["res_id"])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.finish(readiness)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        self.assertLessEqual(count(30), count(3) + 4)

    def test_what_was_fixed_is_gone_when_checked_again(self):
        wrong = self.make_partner("Budimex", "PL5260001247")
        self.draft(partner_id=wrong.id)
        readiness = self.check()
        self.assertEqual(len(readiness.record_ids), 1)
        self.set_vat(wrong, "PL5260001246")
        readiness.action_check()
        self.assertEqual(self.rows(self.finish(readiness)), [])
        problems = self.env["l10n_pl_ksef.readiness.problem"]
        found = problems.search(readiness.action_export_list()["domain"])
        self.assertFalse(found)

    def test_draft_without_a_customer_is_checked(self):
        empty = self.draft(partner_id=False)
        action = empty.action_l10n_pl_ksef_readiness()
        readiness = self.env[action["res_model"]].browse(action["res_id"])
        self.finish(readiness)
        for row in readiness.record_ids:
            self.assertTrue(row.record_name)
            self.assertTrue(row.action_open()["res_id"])

    def test_sentence_is_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        self.draft(partner_id=self.make_partner("Zły", "PL5260001247").id)
        self.env = self.env(context=dict(self.env.context, lang="pl_PL"))
        (row,) = self.check().record_ids
        self.assertIn("błędna cyfra kontrolna", row.message)

    def test_list_to_export_holds_every_problem_of_every_invoice(self):
        wrong = self.make_partner("Budimex", "PL5260001247")
        moves = self.draft(partner_id=wrong.id) | self.draft(partner_id=wrong.id)
        action = self.check().action_export_list()
        problems = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(problems.move_id, moves)
        data = problems.export_data(["move_id/name", "level", "message"])["datas"]
        self.assertEqual(len(data), 2)

    def test_others_do_not_see_my_check(self):
        self.draft()
        readiness = self.check()
        other = new_test_user(
            self.env,
            "ksef_other",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        for record in (readiness, readiness.invoice_ids):
            with self.assertRaises(AccessError):
                record.with_user(other).read(["id", "display_name"])

    def test_invoice_that_is_not_theirs_is_not_checked_for_anybody(self):
        elsewhere = self.env["res.company"].create({"name": "Inna"})
        stranger = new_test_user(
            self.env,
            "ksef_stranger",
            groups="account.group_account_invoice",
            company_id=elsewhere.id,
            company_ids=elsewhere.ids,
        )
        invoice = self.draft()
        model = self.env["l10n_pl_ksef.readiness"].with_user(stranger)
        readiness = model.with_context(allowed_company_ids=elsewhere.ids).create({})
        readiness.invoice_ids.sudo().create(
            {"readiness_id": readiness.id, "move_id": invoice.id}
        )
        readiness.write({"state": "running", "total": 1})
        with self.assertRaises(AccessError):
            readiness.action_step()

    def test_page_opens_for_a_reader_of_the_books(self):
        reader = new_test_user(
            self.env,
            "ksef_auditor",
            groups="account.group_account_readonly",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        self.draft()
        self.env = self.env(user=reader)
        with Form(self.env["l10n_pl_ksef.readiness"]) as form:
            self.assertEqual(form.draft_count, 1)
            self.assertEqual(form.month, f"{self.today:%Y-%m}")
        self.assertEqual(self.check().ready_count, 1)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestRecordCheck(ReadinessCase):
    """A partner or product tells what it lacks before it stands on an invoice."""

    def keys(self, record):
        """Return {check: record that it opens} of the check of a record."""
        action = record.action_l10n_pl_ksef_check()
        readiness = self.env[action["res_model"]].browse(action["res_id"])
        return {row.key: (row.res_model, row.res_id) for row in readiness.record_ids}

    def make_product(self, **values):
        return self.env["product.template"].create(
            {
                "name": "Stół",
                "taxes_id": [Command.set(self.tax("vs_kraj_23").ids)],
                "uom_id": self.env.ref("uom.product_uom_unit").id,
                **values,
            }
        )

    def test_good_partner_lacks_nothing(self):
        self.assertEqual(self.keys(self.buyer), {})

    def test_partner_with_a_wrong_number_or_nowhere(self):
        for key, values in {
            "buyer_nip": {"vat": "PL5260001247"},
            "buyer_without_nip": {"vat": False},
            "buyer_eu_number": {"vat": "DE1234567890123", "country": "de"},
            "buyer_address": {"vat": "PL5260001246", "street": False, "city": False},
            "same_nip": {"vat": "PL5795955811"},
            "contacts": {"vat": "PL5260001246", "phone": "1" * 20},
            "forbidden_in_party": {"vat": "PL5260001246", "city": "Łó\ufdd0dź"},
        }.items():
            with self.subTest(key):
                partner = self.make_partner("Firma", **values)
                self.assertEqual(self.keys(partner), {key: ("res.partner", partner.id)})

    def test_unit_of_local_government_needs_its_unit(self):
        self.buyer.l10n_pl_ksef_is_local_government = True
        self.assertEqual(
            self.keys(self.buyer), {"unit": ("res.partner", self.buyer.id)}
        )

    def test_usual_third_party_of_a_partner_is_checked(self):
        payer = self.make_partner("Płatnik", BUYER_NIP)
        self.buyer.l10n_pl_ksef_party_ids = [
            Command.create({"partner_id": payer.id, "role": "6", "share": 50})
        ]
        self.assertEqual(
            self.keys(self.buyer), {"shares": ("res.partner", self.buyer.id)}
        )

    def test_contact_is_checked_as_its_company(self):
        contact = self.env["res.partner"].create(
            {"name": "Anna", "parent_id": self.buyer.id, "type": "contact"}
        )
        self.set_vat(self.buyer, "PL5260001247")
        self.assertEqual(
            self.keys(contact), {"buyer_nip": ("res.partner", self.buyer.id)}
        )

    def test_good_product_lacks_nothing(self):
        self.assertEqual(self.keys(self.make_product()), {})

    def test_product_that_ksef_would_not_understand(self):
        exempt = self.tax("vs_kraj_zw")
        exempt.l10n_pl_ksef_exemption_basis = False
        unknown = self.env["account.tax"].create({"name": "0% x", "amount": 0})
        unfit = self.env["account.tax"].create({"name": "8% as 23", "amount": 8})
        self.env.flush_all()
        unfit.l10n_pl_ksef_rate = "23"
        unit = self.env["uom.uom"].create({"name": "Crate"})
        for key, values, opened in (
            ("product_taxes", {"taxes_id": [Command.clear()]}, None),
            ("product_taxes", {"taxes_id": [Command.set(unknown.ids)]}, unknown),
            ("product_percent", {"taxes_id": [Command.set(unfit.ids)]}, unfit),
            ("product_exemption", {"taxes_id": [Command.set(exempt.ids)]}, exempt),
            ("product_unit", {"uom_id": unit.id}, unit),
            ("product_gtu", {"type": "service", "l10n_pl_vat_gtu": "GTU_01"}, None),
            ("product_gtu", {"type": "consu", "l10n_pl_vat_gtu": "GTU_12"}, None),
            ("product_text", {"name": "x" * 513}, None),
            ("product_text", {"name": "Stół\ufdd0"}, None),
        ):
            with self.subTest(key, **values):
                product = self.make_product(**values)
                record = opened or product
                self.assertEqual(self.keys(product), {key: (record._name, record.id)})

    def test_taxes_of_another_company_are_not_told(self):
        exempt = self.tax("vs_kraj_zw")
        exempt.l10n_pl_ksef_exemption_basis = False
        product = self.make_product(taxes_id=[Command.set(exempt.ids)])
        elsewhere = self.env["res.company"].sudo().create({"name": "Inna"})
        self.env.user.company_ids += elsewhere
        found = self.keys(product.with_company(elsewhere))
        self.assertNotIn("product_exemption", found)

    def test_codes_of_a_product_that_do_not_fit(self):
        product = self.make_product(default_code="C" * 51, barcode="no-gtin")
        variant = product.product_variant_id
        self.assertEqual(
            self.keys(product), {"product_codes": ("product.product", variant.id)}
        )

    def test_product_of_the_margin_scheme_needs_its_kind(self):
        margin = self.tax("vs_kraj_0").copy({"name": "Marża"})
        margin.write({"l10n_pl_ksef_rate": "margin", "l10n_pl_ksef_margin_kind": False})
        product = self.make_product(taxes_id=[Command.set(margin.ids)])
        self.assertEqual(
            self.keys(product), {"product_margin": ("account.tax", margin.id)}
        )
