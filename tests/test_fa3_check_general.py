from datetime import timedelta

from odoo.tests import tagged

from ..fa3.checks import MAX_LINES
from ..models.l10n_pl_ksef_fa3_facts import Facts
from .fa3_common import BUYER_NIP, CREATED_ON, ISSUED_ON, SELLER_NIP, Fa3Case


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3CheckGeneral(Fa3Case):
    """What was sent before, the day, the sum and the size are looked at as well."""

    def found(self, invoice, today=ISSUED_ON):
        """Return {key: Problem} of a look on a day."""
        problems = self.export._check(invoice, today)[invoice]
        return {problem.key: problem for problem in problems}

    def make_document(self, invoice, state="accepted", environment="test", **values):
        """Write a submission as if the invoice had been sent."""
        self.company.l10n_pl_ksef_environment = environment
        connection = self.env["l10n_pl_ksef.connection"]._get_or_create(self.company)
        return (
            self.env["l10n_pl_ksef.document"]
            .sudo()
            .create(
                {
                    "company_id": self.company.id,
                    "move_id": invoice.id,
                    "connection_id": connection.id,
                    "environment": environment,
                    "nip": SELLER_NIP,
                    "invoice_number": invoice.name,
                    "kind": "VAT",
                    "issue_date": ISSUED_ON,
                    "state": state,
                    "ksef_number": "5795955811-20261110-0100001AF629-9D",
                    **values,
                }
            )
        )

    def test_invoice_that_ksef_has_is_not_sent_again(self):
        invoice = self.post_invoice()
        self.make_document(invoice)
        problem = self.found(invoice)["already_sent"]
        self.assertEqual(problem.level, "stop")
        self.assertIn("5795955811-20261110-0100001AF629-9D", problem.message)
        self.assertEqual(problem.record, ("account.move", invoice.id))

    def test_trial_does_not_bind_an_invoice(self):
        invoice = self.post_invoice()
        self.make_document(invoice)
        self.company.l10n_pl_ksef_environment = "production"
        self.assertNotIn("already_sent", self.found(invoice))

    def test_date_in_the_future_is_noted_and_does_not_stop(self):
        invoice = self.make_invoice()
        problem = self.found(invoice, ISSUED_ON - timedelta(days=1))["date_in_future"]
        self.assertEqual((problem.level, problem.field), ("note", "Invoice Date"))
        self.assertIn("11/10/2026", problem.message)
        self.assertNotIn("date_in_future", self.found(invoice))

    def test_date_that_is_over_is_warned_of_with_its_deadline(self):
        invoice = self.make_invoice()
        problem = self.found(invoice, ISSUED_ON + timedelta(days=1))["date_is_over"]
        self.assertEqual(problem.level, "warn")
        # 11 November is a day off.
        self.assertIn("Deadline 11/12/2026", problem.message)
        self.assertNotIn("date_is_over", self.found(invoice))

    def test_announced_total_failure_lifts_the_deadline(self):
        day = ISSUED_ON.isoformat()
        event = {
            "category": "total_failure",
            "first": f"{day} 08:00:00",
            "last": f"{day} 20:00:00",
        }
        announced = self.env["l10n_pl_ksef.announcement"].sudo()
        row = announced._get_for("production") or announced.create(
            {"environment": "production"}
        )
        row.events = [event]
        invoice = self.make_invoice()
        problem = self.found(invoice, ISSUED_ON + timedelta(days=1))["date_is_over"]
        self.assertNotIn("Deadline", problem.message)

    def test_dates_are_not_compared_without_a_day(self):
        invoice = self.make_invoice(invoice_date=ISSUED_ON - timedelta(days=400))
        self.assertEqual(self.export._check(invoice)[invoice], [])

    def test_file_is_made_on_the_day_of_its_making(self):
        """23:30 UTC is the next day in Poland."""
        invoice = self.post_invoice()
        self.assertEqual(self.prepare(invoice).problems, [])
        at_night = CREATED_ON.replace(hour=23)
        prepared = self.export._prepare_files(invoice, at_night)[invoice]
        self.assertEqual([each.key for each in prepared.problems], ["date_is_over"])
        self.assertTrue(prepared.xml)

    def test_number_of_another_invoice_in_ksef_stops(self):
        other, invoice = self.post_invoice(), self.post_invoice()
        document = self.make_document(other, invoice_number=invoice.name)
        problem = self.found(invoice)["number_was_sent"]
        self.assertEqual(problem.level, "stop")
        self.assertEqual(problem.record, ("account.move", other.id))
        self.assertIn(f"Number {invoice.name} was sent before", problem.message)
        for values in (
            {"kind": "KOR"},
            {"nip": BUYER_NIP},
            {"environment": "demo"},
            {"state": "rejected"},
        ):
            with self.subTest(values):
                former = document.read(list(values))[0]
                document.write(values)
                self.assertNotIn("number_was_sent", self.found(invoice))
                document.write({name: former[name] for name in values})

    def test_own_submission_is_not_another_one(self):
        invoice = self.post_invoice()
        self.make_document(invoice, state="processing")
        self.assertNotIn("number_was_sent", self.found(invoice))

    def test_vat_that_belongs_to_no_line_makes_the_total_no_sum(self):
        invoice = self.make_invoice(self.line(100), self.line(100, "vs_kraj_8"))
        line = invoice.line_ids.filtered(
            lambda line: line.tax_line_id == self.tax("vs_kraj_8")
        )
        line.with_context(check_move_validity=False).tax_line_id = self.tax("vs_kraj_5")
        self.env.flush_all()
        problem = self.found(invoice)["total_is_sum"]
        self.assertEqual(problem.level, "stop")
        self.assertEqual(problem.record, ("account.move", invoice.id))

    def test_more_lines_than_ksef_takes(self):
        facts = self.export._gather(self.make_invoice())
        ((_move, facts),) = facts.items()
        self.assertIsInstance(facts, Facts)
        check = self.env["l10n_pl_ksef.check"]
        facts.written = facts.rows * (MAX_LINES + 1)
        level, function = check._get_checks()["too_many_lines"]
        self.assertEqual(level, "stop")
        (found,) = function(self.env, facts)
        self.assertIn("10001 lines", found[0])
        facts.written = facts.rows * MAX_LINES
        self.assertEqual(list(function(self.env, facts)), [])

    def test_forbidden_character_of_a_party_is_named_with_its_field(self):
        self.buyer.street = "ul. Dłu\ufdd0ga 5"
        problem = self.found(self.make_invoice())["forbidden_in_party"]
        self.assertEqual(problem.level, "warn")
        self.assertEqual(problem.record, ("res.partner", self.buyer.id))
        self.assertIn("Nabywca S.A., Street", problem.message)
        self.assertIn("Długa", problem.message)

    def test_looks_cost_a_fixed_number_of_statements(self):
        invoices = self.env["account.move"].concat(
            *(self.make_invoice() for _count in range(12))
        )

        def count(moves):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.export._check(moves, ISSUED_ON + timedelta(days=9))
            return self.env.cr.sql_log_count - before

        count(invoices)
        self.assertLessEqual(count(invoices), count(invoices[0]) + 2)
