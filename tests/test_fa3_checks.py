import json
from datetime import date, timedelta
from decimal import Decimal

from odoo import Command
from odoo.tests import tagged

from ..fa3.checks import Reason, XmlProblem, XmlRule
from ..models.l10n_pl_ksef_fa3_facts import gather
from ..models.l10n_pl_ksef_fa3_parties import seller_nip
from .fa3_common import BUYER_NIP, ISSUED_ON, SELLER_NIP, Fa3Case


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Checks(Fa3Case):
    """What KSeF would not take is said at once, by name, with the record to open."""

    def assert_problem(self, invoice, key, level, record, text):
        """The invoice has this problem, once, at this record."""
        found = self.problems(invoice)
        self.assertIn(key, found)
        problem = found[key][0]
        self.assertEqual(problem.level, level)
        self.assertEqual(problem.record, (record._name, record.id))
        self.assertIn(text, problem.message)

    def test_good_invoice_has_no_problem(self):
        self.assertEqual(self.problems(self.make_invoice()), {})
        self.assertEqual(self.prepare(self.post_invoice()).problems, [])

    def test_problem_is_plain_data(self):
        self.company.vat = False
        problem = self.export._check(invoice := self.make_invoice())[invoice][0]
        values = json.loads(json.dumps(problem._asdict()))
        self.assertEqual(values["key"], "seller_nip")
        self.assertEqual(values["record"], ["res.company", self.company.id])
        self.assertEqual(values["field"], "Tax ID")

    def test_invoice_that_is_being_typed_is_checked_too(self):
        self.company.vat = False
        saved = self.make_invoice(self.line(), self.line(10, "vs_kraj_8"))
        for invoice in (
            saved.new(origin=saved),
            saved.new({"move_type": "out_invoice", "invoice_line_ids": [self.line()]}),
        ):
            problems = self.export._check(invoice)[invoice]
            self.assertIn("seller_nip", [problem.key for problem in problems])
            self.assertTrue(json.dumps([problem._asdict() for problem in problems]))

    def test_all_problems_are_said_at_once_those_that_stop_first(self):
        self.set_vat(self.company, "PL5795955812")
        self.company.write({"street": False, "city": False})
        self.buyer.write({"name": "\u200b", "phone": "1" * 20})
        invoice = self.make_invoice(
            self.line(taxes=self.tax("vs_kraj_23") | self.tax("vs_kraj_8")),
            self.line(10, "vs_kraj_zw"),
            self.line(10, name=" \u200b"),
        )
        problems = self.export._check(invoice)[invoice]
        stops = [problem.key for problem in problems if problem.level == "stop"]
        expected = [
            *("seller_nip", "seller_address", "buyer_name"),
            *("one_rate", "description", "exemption_basis"),
        ]
        self.assertEqual(stops, expected)
        self.assertEqual(
            [p.level for p in problems][: len(stops)], ["stop"] * len(stops)
        )
        self.assertEqual(problems[-1].key, "contacts")

    def test_file_is_not_made_while_something_stops_it(self):
        self.company.vat = False
        prepared = self.prepare(self.post_invoice())
        self.assertIsNone(prepared.xml)
        self.assertEqual((prepared.kind, prepared.seller_nip), ("VAT", ""))
        self.assertEqual(prepared.issue_date, ISSUED_ON)
        self.assertTrue(prepared.number)

    def test_seller(self):
        for vat in (False, "PL5795955812"):
            self.set_vat(self.company, vat)
            invoice = self.make_invoice()
            self.assert_problem(invoice, "seller_nip", "stop", self.company, "NIP")
        self.company.write({"street": False, "city": False})
        self.assert_problem(
            self.make_invoice(), "seller_address", "stop", self.company, "street"
        )

    def test_branch_without_a_number_issues_under_its_parents(self):
        branch = self.env["res.company"].create(
            {"name": "Oddział", "parent_id": self.company.id}
        )
        self.assertEqual(seller_nip(branch), SELLER_NIP)

    def test_buyer_numbers(self):
        wrong = self.make_partner("Zły", "PL5260001247")
        long = self.make_partner("Long", "DE1234567890123", "de")
        none = self.make_partner("Bez numeru")
        own = self.make_partner("Sam sobie", SELLER_NIP)
        for partner, key, level, text in (
            (wrong, "buyer_nip", "stop", "5260001247"),
            (long, "buyer_eu_number", "stop", "DE1234567890123"),
            (none, "buyer_without_nip", "warn", "Bez numeru"),
            (own, "same_nip", "warn", "same NIP"),
        ):
            with self.subTest(key):
                invoice = self.make_invoice(partner_id=partner.id)
                self.assert_problem(invoice, key, level, partner, text)

    def test_buyer_address(self):
        nowhere = self.make_partner("Nigdzie", BUYER_NIP, street=False, city=False)
        invoice = self.make_invoice(partner_id=nowhere.id)
        self.assert_problem(invoice, "buyer_address", "stop", nowhere, "Nigdzie")
        stateless = self.make_partner("Bez kraju", f"PL{BUYER_NIP}", country_id=False)
        invoice = self.make_invoice(partner_id=stateless.id)
        self.assert_problem(invoice, "buyer_address", "stop", stateless, "country")

    def test_rate_of_the_union_needs_a_number_of_the_union(self):
        for template in ("vs_unia", "vs_dostu", "vs_unia_triangular"):
            with self.subTest(template):
                invoice = self.make_invoice(self.line(), self.line(5, template))
                self.assert_problem(
                    invoice, "eu_number_needed", "stop", self.buyer, "Line 2"
                )
        invoice = self.make_invoice(self.line(5, "vs_eksp_tow"))
        self.assert_problem(
            invoice, "foreign_rate_for_polish_buyer", "warn", invoice, "Line 1"
        )

    def test_line_needs_exactly_one_known_rate(self):
        unknown = self.env["account.tax"].create({"name": "0% x", "amount": 0})
        fixed = self.env["account.tax"].create(
            {"name": "Opłata", "amount": 1, "amount_type": "fixed"}
        )
        for taxes in (unknown, self.tax("vs_kraj_23") | fixed):
            invoice = self.make_invoice(self.line(taxes=taxes))
            self.assert_problem(invoice, "one_rate", "stop", invoice, "Line 1")
        invoice = self.make_invoice(self.line(tax_ids=[Command.clear()]))
        self.assert_problem(invoice, "one_rate", "stop", invoice, "Line 1")

    def test_exemption_needs_its_basis(self):
        tax = self.tax("vs_kraj_zw")
        invoice = self.make_invoice(self.line(5, "vs_kraj_zw"))
        self.assert_problem(invoice, "exemption_basis", "stop", tax, "Line 1, rate zw")
        tax.l10n_pl_ksef_exemption_basis = "art. 113"
        self.assertEqual(self.problems(invoice), {})

    def test_invoice_needs_a_line(self):
        note = Command.create({"display_type": "line_note", "name": "Nic"})
        invoice = self.make_invoice(note)
        self.assert_problem(invoice, "no_lines", "stop", invoice, "no lines")

    def test_draft_may_be_without_a_number(self):
        self.assertNotIn("number", self.problems(self.make_invoice()))
        invoice = self.post_invoice()
        invoice.name = "N" * 257
        self.assert_problem(invoice, "number", "stop", invoice, "256")

    def test_tax_changed_by_hand_is_said(self):
        invoice = self.make_invoice(self.line(1000))
        line = invoice.line_ids.filtered(lambda line: line.display_type == "tax")
        receivable = invoice.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        invoice.write(
            {
                "line_ids": [
                    Command.update(line.id, {"amount_currency": -231}),
                    Command.update(receivable.id, {"amount_currency": 1231}),
                ]
            }
        )
        self.assert_problem(
            invoice, "tax_of_rate", "warn", invoice, "231.00\N{NO-BREAK SPACE}zł"
        )

    def test_tax_of_another_rate_than_meant_is_stopped(self):
        tax = self.tax("vs_kraj_23")
        for rate in ("zw", "8", "0 WDT", "np I"):
            tax.l10n_pl_ksef_rate = rate
            found = self.problems(self.make_invoice())
            self.assertNotIn("one_rate", found)
            problem = found["tax_percent"][0]
            self.assertEqual(
                (problem.level, problem.record), ("stop", (tax._name, tax.id))
            )
            self.assertEqual(
                problem.message,
                f"Line 1: {tax.name} is a tax of 23%, which cannot be {rate} in KSeF."
                " Correct its rate in KSeF.",
            )

    def test_early_discount_that_lowers_vat_is_stopped(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Mixed",
                "early_discount": True,
                "early_pay_discount_computation": "mixed",
                "line_ids": [Command.create({"value": "percent", "value_amount": 100})],
            }
        )
        invoice = self.make_invoice(invoice_payment_term_id=term.id)
        self.assert_problem(invoice, "early_discount", "stop", term, "Mixed")

    def test_dates_that_look_wrong_are_said(self):
        before = ISSUED_ON - timedelta(days=1)
        invoice = self.make_invoice(invoice_date_due=before)
        self.assert_problem(invoice, "due_date", "warn", invoice, "11/09/2026")
        for issued, supplied, is_odd in (
            (date(2026, 11, 15), date(2026, 10, 1), False),
            (date(2026, 11, 16), date(2026, 10, 31), True),
            (ISSUED_ON, ISSUED_ON + timedelta(days=60), False),
            (ISSUED_ON, ISSUED_ON + timedelta(days=61), True),
        ):
            with self.subTest(supplied):
                invoice = self.make_invoice(invoice_date=issued, delivery_date=supplied)
                found = self.problems(invoice).get("supply_date", [])
                self.assertEqual(bool(found), is_odd)
                if found:
                    self.assertIn(f"{supplied:%m/%d/%Y} is unus", found[0].message)

    def test_account_with_wrong_check_digits_is_said(self):
        bank = self.env["res.partner.bank"].create(
            {
                "acc_number": "62109010140000071219812874",
                "partner_id": self.company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        invoice = self.make_invoice(partner_bank_id=bank.id)
        self.assert_problem(invoice, "bank_account", "warn", bank, "6210")

    def get_messages(self, facts):
        problems = self.env["l10n_pl_ksef.check"]._check_facts(facts)
        # Odoo writes a space before the currency that does not break.
        return [
            problem.message.replace("\N{NO-BREAK SPACE}", " ") for problem in problems
        ]

    def get_keys(self, facts):
        problems = self.env["l10n_pl_ksef.check"]._check_facts(facts)
        return {problem.key: problem.level for problem in problems}

    def test_sums_that_do_not_add_up_are_found(self):
        invoice = self.make_invoice(self.line(), self.line(10, "vs_kraj_8"))
        facts = gather(invoice)[invoice]
        facts.rows[0].net += Decimal("0.02")
        found = self.get_keys(facts)
        self.assertEqual(found, {"amount_to_pay": "stop", "line_value": "warn"})
        self.assertEqual(
            self.get_messages(facts),
            [
                "Amount to pay 133.82 zł differs from the invoice total 133.80 zł.",
                "Line 1: quantity × price gives 100.00 zł, not 100.02 zł.",
            ],
        )
        gross = self.make_invoice(self.line(123, taxes=self.make_gross_tax()))
        facts = gather(gross)[gross]
        facts.rows[0].gross += Decimal("0.02")
        found = self.get_keys(facts)
        self.assertEqual(found, {"lines_and_totals": "stop", "line_value": "warn"})
        self.assertIn("sum to 123.02 zł, the total says 1", self.get_messages(facts)[0])

    def test_tax_too_small_for_a_grosz_is_stopped(self):
        dong = self.env.ref("base.VND")
        dong.active = True
        invoice = self.make_invoice(currency_id=dong.id)
        invoice.invoice_currency_rate = 6250
        self.assert_problem(invoice, "tax_in_pln", "stop", invoice, "PLN")

    def test_what_the_schema_refuses_is_said_by_element_and_value(self):
        invoice = self.post_invoice(invoice_date=date(2051, 1, 1))
        prepared = self.prepare(invoice)
        self.assertIsNone(prepared.xml)
        problem = prepared.problems[0]
        self.assertEqual((problem.key, problem.level), ("schema", "stop"))
        self.assertEqual(problem.record, ("account.move", invoice.id))
        self.assertEqual(
            problem.message,
            'Field P_1: value "2051-01-01" does not fit (it is out of range).',
        )

    def test_every_xml_rule_and_reason_has_words(self):
        check, invoice = self.env["l10n_pl_ksef.check"], self.make_invoice()
        messages = set()
        for rule in XmlRule:
            for reason in Reason:
                found = XmlProblem(rule, "P_7", "x", reason)
                problem = check._explain_xml(found, invoice)
                self.assertEqual((problem.key, problem.level), (rule.value, "stop"))
                messages.add(problem.message)
        self.assertIn('Field P_7: forbidden character at "x".', messages)
        self.assertEqual(len(messages), len(Reason) + 2)

    def test_currencies(self):
        for code, key in (("ZIG", "currency"), ("BHD", "not_supported")):
            currency = self.env["res.currency"].with_context(active_test=False).search(
                [("name", "=", code)]
            ) or self.env["res.currency"].create({"name": code, "symbol": code})
            currency.active = True
            invoice = self.make_invoice(currency_id=currency.id)
            self.assertIn(key, self.problems(invoice))
        usd = self.env.ref("base.USD")
        usd.active = True
        invoice = self.make_invoice(currency_id=usd.id)
        invoice.invoice_currency_rate = 4.2
        self.assertNotIn("currency_rate", self.problems(invoice))
        for rate in (1, 0.001):
            invoice.invoice_currency_rate = rate
            self.assert_problem(invoice, "currency_rate", "stop", invoice, "USD")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3NotSupported(Fa3Case):
    """What cannot be written yet is refused by name, never sent half right."""

    def assert_refused(self, invoice, what):
        problems = self.problems(invoice)
        self.assertEqual(list(problems), ["not_supported"])
        self.assertIn(what, problems["not_supported"][0].message)

    def test_company_with_another_currency(self):
        company = self.setup_other_company(
            name="Euro Sp. z o.o.", currency_id=self.env.ref("base.EUR").id
        )["company"]
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": company.id,
                "partner_id": self.buyer.id,
                "invoice_date": ISSUED_ON,
                "invoice_line_ids": [Command.create({"name": "x", "price_unit": 1})],
            }
        )
        self.assert_refused(invoice, "currency")
