from freezegun import freeze_time

from odoo.tests import new_test_user, tagged

from .fa3_common import CREATED_ON, Fa3Case

# Statements for any number of invoices, with nothing in memory.
MOST_STATEMENTS = 30


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Statements(Fa3Case):
    """Building costs a fixed number of SQL statements, whatever is built."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.products = cls.env["product.product"].create(
            [
                {"name": f"P{n}", "default_code": f"C{n}", "l10n_pl_vat_gtu": "GTU_06"}
                for n in range(40)
            ]
        )

    def make_posted(self, line_count, **values):
        lines = [
            self.line(
                n + 1,
                ("vs_kraj_23", "vs_kraj_8", "vs_kraj_5")[n % 3],
                product_id=self.products[n % 40].id,
            )
            for n in range(line_count)
        ]
        return self.post_invoice(*lines, **values)

    def count(self, invoices):
        """Return the statements of building files, the memory being empty."""
        self.env["l10n_pl_ksef.schema"]._get_schema()
        self.env.flush_all()
        self.env.invalidate_all()
        self.export._prepare_files(invoices[:1], CREATED_ON)
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        files = self.export._prepare_files(invoices, CREATED_ON)
        count = self.env.cr.sql_log_count - before
        self.assertTrue(all(prepared.xml for prepared in files.values()))
        return count

    def test_statements_do_not_grow_with_lines(self):
        few, many = self.make_posted(3), self.make_posted(90)
        self.assertEqual(self.count(many), self.count(few))

    def test_statements_do_not_grow_with_invoices(self):
        invoices = self.env["account.move"]
        for n in range(12):
            partner = self.make_partner(f"N{n}", "PL5260001246")
            invoices |= self.make_posted(3, partner_id=partner.id)
        one, all_of_them = self.count(invoices[:1]), self.count(invoices)
        self.assertEqual(all_of_them, one)
        self.assertLessEqual(all_of_them, MOST_STATEMENTS)

    def test_schema_is_not_looked_for_again(self):
        model = self.env["l10n_pl_ksef.schema"]
        found = model._get_schema()
        before = self.env.cr.sql_log_count
        self.assertIs(model._get_schema(), found)
        self.assertEqual(self.env.cr.sql_log_count, before)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3SameBytes(Fa3Case):
    """The file depends on the invoice and its creation time alone."""

    def test_another_day_user_language_and_zone_give_the_same_bytes(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        unit = self.env["uom.uom"].create({"name": "box"})
        unit.with_context(lang="pl_PL").name = "karton"
        product = self.env["product.product"].create({"name": "Hammer"})
        product.with_context(lang="pl_PL").name = "Młotek"
        invoice = self.post_invoice(
            self.line(33.335, quantity=3, discount=12.5, product_uom_id=unit.id),
            self.line(10, product_id=product.id, name=""),
            narration="<p>Uwaga</p>",
        )
        first = self.prepare(invoice).xml
        other = new_test_user(
            self.env(context={}),
            "other",
            "account.group_account_invoice",
            lang="pl_PL",
            tz="Pacific/Auckland",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        self.env.flush_all()
        self.env.invalidate_all()
        with freeze_time("2027-03-01 23:30:00"):
            env = self.env(user=other, context={"lang": "pl_PL", "tz": other.tz})
            again = env["l10n_pl_ksef.fa3.export"]._prepare_files(
                invoice.with_env(env), CREATED_ON
            )
        self.assertTrue(first)
        self.assertEqual(again[invoice].xml, first)
