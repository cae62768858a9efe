from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.l10n_pl_ksef_fa3_currency import last_working_day_before
from .fa3_common import Fa3Case


@tagged("post_install_l10n", "post_install", "-at_install")
class TestCurrency(Fa3Case):
    """An invoice has the rate that is booked; one the law would not allow is told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.euro.rate_ids.unlink()

    def rate(self, day, value, **values):
        return self.env["res.currency.rate"].create(
            {
                "name": day,
                "currency_id": self.euro.id,
                "company_id": self.company.id,
                "inverse_company_rate": value,
                **values,
            }
        )

    def post_euro(self, *lines, **values):
        return self.post_invoice(*lines, currency_id=self.euro.id, **values)

    def legal(self, invoice):
        found = self.problems(invoice).get("legal_rate", [])
        return [(problem.level, problem.message) for problem in found]

    def test_rate_and_tax_as_booked(self):
        self.rate("2026-11-04", 4.2345)
        text = self.file(
            self.line(33.33, quantity=3, name="Usługa"),
            currency_id=self.euro.id,
            taxable_supply_date="2026-11-05",
        )
        self.assert_parts(
            text,
            "KodWaluty EUR",
            "P_6 2026-11-05; P_13_1 99.99; P_14_1 23.00; P_14_1W 97.38; P_15 122.99",
            "P_9A 33.33; P_11 99.99; P_12 23; KursWaluty 4.2345",
        )
        self.assert_absent(text, "KursWalutyZ", "KursWalutyZK", "P_13_2")

    def test_invoice_in_pln_has_no_rate(self):
        self.assert_absent(self.file(), "KursWaluty", "KursWalutyZ", "P_14_1W")

    def test_last_working_day_skips_days_off(self):
        for day, before in (
            (date(2026, 11, 10), date(2026, 11, 9)),
            (date(2026, 11, 9), date(2026, 11, 6)),
            (date(2026, 11, 12), date(2026, 11, 10)),
            (date(2026, 12, 28), date(2026, 12, 23)),
            (date(2026, 4, 7), date(2026, 4, 3)),
        ):
            with self.subTest(day):
                self.assertEqual(last_working_day_before(day), before)

    def test_rate_of_the_working_day_before_is_right(self):
        self.rate("2026-11-09", 4.2345)
        self.assertEqual(self.legal(self.post_euro()), [])

    def test_rate_of_the_day_itself_is_pointed_out_with_both(self):
        self.rate("2026-11-09", 4.2345)
        self.rate("2026-11-10", 4.3)
        self.assertEqual(
            self.legal(self.post_euro()),
            [
                (
                    "warn",
                    "Rate of 11/10/2026 (4.3) is used; the law asks for 11/09/2026"
                    " (4.2345).",
                )
            ],
        )

    def test_sale_before_the_day_of_issue_decides(self):
        self.rate("2026-11-04", 4.2)
        self.rate("2026-11-09", 4.3)
        invoice = self.post_euro(delivery_date="2026-11-05")
        self.assertIn("11/04/2026 (4.2)", self.legal(invoice)[0][1])
        later = self.post_euro(delivery_date="2026-11-15")
        self.assertEqual(self.legal(later), [])

    def test_lines_sold_on_other_days_ask_for_other_rates(self):
        for day, value in (("2026-11-03", 4.1), ("2026-11-04", 4.2)):
            self.rate(day, value)
        invoice = self.post_euro(
            self.line(l10n_pl_ksef_supplied_on="2026-11-04"),
            self.line(l10n_pl_ksef_supplied_on="2026-11-05"),
            self.line(l10n_pl_ksef_supplied_on="2026-11-05"),
            invoice_currency_rate=1 / 4.2,
        )
        found = self.problems(invoice)
        self.assertNotIn("legal_rate", found)
        self.assertEqual(
            [(each.level, each.message) for each in found["legal_rates"]],
            [
                (
                    "warn",
                    "Line 1: the law asks for the rate of 11/03/2026 (4.1), the"
                    " invoice has 4.2 for all. Invoice it separately.",
                )
            ],
        )
        same = self.post_euro(
            self.line(l10n_pl_ksef_supplied_on="2026-11-05"),
            self.line(l10n_pl_ksef_supplied_on="2026-11-05"),
            invoice_currency_rate=1 / 4.2,
        )
        self.assertNotIn("legal_rates", self.problems(same))

    def test_goods_sold_to_the_union_count_from_their_invoice(self):
        for day, value in (("10-02", 4.1), ("11-04", 4.2), ("11-09", 4.3)):
            self.rate(f"2026-{day}", value)
        self.rate("2026-11-13", 4.4)
        german = self.make_partner("GmbH", "DE136695976", "de")
        # The last is invoiced after the 15th of the next month, a Sunday. Rates of
        # income tax, before the day of sale, may be used too.
        for issued, sold, fitting, asked in (
            ("2026-11-10", "2026-11-05", (4.3, 4.2), "11/09/2026 (4.3)"),
            ("2026-11-10", "2026-11-15", (4.3,), "11/09/2026 (4.3)"),
            ("2026-11-20", "2026-10-05", (4.4, 4.1), "11/13/2026 (4.4)"),
        ):
            for used in (4.1, 4.2, 4.3, 4.4):
                invoice = self.post_euro(
                    self.line(100, "vs_unia"),
                    partner_id=german.id,
                    invoice_date=issued,
                    delivery_date=sold,
                    invoice_currency_rate=1 / used,
                )
                said = [message for _level, message in self.legal(invoice)]
                with self.subTest(issued=issued, sold=sold, used=used):
                    self.assertEqual(not said, used in fitting)
                    self.assertTrue(not said or f"asks for {asked}." in said[0])

    def test_button_takes_the_rate_of_the_invoice_for_goods_sold_to_the_union(self):
        for day, value in (("11-04", 4.2), ("11-09", 4.3), ("11-10", 4.4)):
            self.rate(f"2026-{day}", value)
        german = self.make_partner("GmbH", "DE136695976", "de")
        draft = self.make_invoice(
            self.line(100, "vs_unia"),
            partner_id=german.id,
            currency_id=self.euro.id,
            delivery_date="2026-11-05",
        )
        self.assertTrue(draft.l10n_pl_ksef_has_legal_rate)
        self.assertFalse(draft.l10n_pl_ksef_rate_other)
        draft.action_l10n_pl_ksef_use_legal_rate()
        self.assertEqual(draft.l10n_pl_ksef_rate_text, "1 EUR = 4.3 PLN")
        draft.invoice_currency_rate = 1 / 4.2
        self.assertFalse(draft.l10n_pl_ksef_has_legal_rate)

    def test_period_counts_from_its_end_or_from_the_invoice(self):
        for day, value in (("10-30", 4.1), ("11-09", 4.2), ("11-10", 4.3)):
            self.rate(f"2026-{day}", value)
        period = {
            "l10n_pl_ksef_period_start": "2026-10-01",
            "l10n_pl_ksef_period_end": "2026-10-31",
        }
        for value in (4.1, 4.2):
            invoice = self.post_euro(invoice_currency_rate=1 / value, **period)
            self.assertEqual(self.legal(invoice), [])
            self.assertIn("entered under", invoice.l10n_pl_ksef_rate_source)
        self.assertEqual(
            self.legal(self.post_euro(**period)),
            [
                (
                    "warn",
                    "Rate of 11/10/2026 (4.3) is used; the law asks for 10/30/2026"
                    " (4.1), or for 11/09/2026 (4.2) if the invoice makes VAT due, as"
                    " for rent, media, leasing and telecoms.",
                )
            ],
        )

    def test_either_rate_of_a_period_is_taken_over(self):
        for day, value in (("10-30", 4.1), ("11-09", 4.2), ("11-10", 4.3)):
            self.rate(f"2026-{day}", value)
        draft = self.make_invoice(
            currency_id=self.euro.id,
            l10n_pl_ksef_period_start="2026-10-01",
            l10n_pl_ksef_period_end="2026-10-31",
        )
        self.assertEqual(
            (draft.l10n_pl_ksef_rate_legal, draft.l10n_pl_ksef_rate_other),
            (
                "4.1 of 10/30/2026, the last working day before 10/31/2026.",
                "4.2 of 11/09/2026, the last working day before 11/10/2026.",
            ),
        )
        self.assertTrue(draft.l10n_pl_ksef_has_legal_rate)
        self.assertTrue(draft.l10n_pl_ksef_has_other_rate)
        draft.action_l10n_pl_ksef_use_other_rate()
        self.assertEqual(draft.l10n_pl_ksef_rate_text, "1 EUR = 4.2 PLN")
        self.assertFalse(draft.l10n_pl_ksef_has_legal_rate)
        self.assertFalse(draft.l10n_pl_ksef_has_other_rate)
        draft.action_l10n_pl_ksef_use_legal_rate()
        self.assertEqual(draft.l10n_pl_ksef_rate_text, "1 EUR = 4.1 PLN")
        draft.l10n_pl_ksef_period_end = "2026-11-30"
        self.assertFalse(draft.l10n_pl_ksef_rate_other)

    def test_one_stop_shop_has_its_own_rates(self):
        self.rate("2026-11-09", 4.2)
        self.rate("2026-11-10", 4.3)
        tax = self.env["account.tax"].create(
            {"name": "20% AT", "amount": 20, "l10n_pl_ksef_rate": "oss"}
        )
        tax.l10n_pl_ksef_procedure = "WSTO_EE"
        invoice = self.post_euro(self.line(taxes=tax))
        self.assertEqual(self.legal(invoice), [])
        self.assertEqual(invoice.l10n_pl_ksef_rate_text, "1 EUR = 4.3 PLN")
        self.assertFalse(invoice.l10n_pl_ksef_rate_legal)
        typed = self.post_euro(self.line(taxes=tax), invoice_currency_rate=1 / 4.5)
        self.assertNotIn("typed_rate", self.problems(typed))
        mixed = self.post_euro(self.line(taxes=tax), self.line())
        self.assertIn("11/09/2026 (4.2)", self.legal(mixed)[0][1])

    def test_rate_that_odoo_has_not_is_said(self):
        self.rate("2026-11-02", 4.2)
        invoice = self.post_euro()
        self.assertEqual(
            self.legal(invoice),
            [
                (
                    "warn",
                    "Rate of 11/02/2026 (4.2) is used; the law asks for 11/09/2026,"
                    " which is not in Odoo.",
                )
            ],
        )

    def test_typed_rate_is_compared(self):
        self.rate("2026-11-09", 4.2345)
        invoice = self.post_euro(invoice_currency_rate=1 / 4.5)
        self.assertEqual(
            self.legal(invoice),
            [("warn", "Rate 4.5 is used; the law asks for 11/09/2026 (4.2345).")],
        )
        right = self.post_euro(invoice_currency_rate=1 / 4.2345)
        self.assertEqual(self.legal(right), [])

    def test_typed_rate_without_one_to_compare_is_a_note(self):
        invoice = self.post_euro(invoice_currency_rate=1 / 4.5)
        found = self.problems(invoice)
        self.assertNotIn("legal_rate", found)
        self.assertEqual(found["typed_rate"][0].level, "note")

    def test_rates_entered_under_the_next_day(self):
        self.company.l10n_pl_ksef_rate_day = "next"
        self.rate("2026-11-07", 4.1)
        self.rate("2026-11-10", 4.2)
        self.assertEqual(self.legal(self.post_euro()), [])
        monday = self.post_euro(invoice_date="2026-11-09")
        self.assertEqual(self.legal(monday), [])
        self.rate("2026-11-09", 4.15)
        late = self.post_euro(delivery_date="2026-11-09", invoice_date="2026-11-10")
        self.assertIn("11/06/2026 (4.15)", self.legal(late)[0][1])

    def test_rates_of_the_company_come_first(self):
        self.rate("2026-11-09", 4.2345)
        self.rate("2026-11-09", 9, company_id=False)
        self.assertEqual(self.legal(self.post_euro()), [])

    def test_rate_that_looks_wrong_stops(self):
        for value, is_wrong in ((1, True), (101, True), (0.0009, True), (4.2, False)):
            with self.subTest(value):
                invoice = self.post_euro(invoice_currency_rate=1 / value)
                found = self.problems(invoice)
                self.assertEqual("currency_rate" in found, is_wrong)

    def test_booked_tax_far_from_the_rate_is_pointed_out(self):
        self.rate("2026-11-09", 4.2345)
        invoice = self.post_euro()
        self.assertNotIn("tax_in_pln_off", self.problems(invoice))
        tax = invoice.line_ids.filtered("tax_line_id")
        term = invoice.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        invoice.button_draft()
        invoice.write(
            {
                "line_ids": [
                    (1, tax.id, {"balance": tax.balance - 1}),
                    (1, term.id, {"balance": term.balance + 1}),
                ]
            }
        )
        invoice._post(soft=False)
        self.assertIn("tax_in_pln_off", self.problems(invoice))

    def test_tab_says_where_the_rate_comes_from(self):
        self.rate("2026-11-09", 4.2345)
        self.rate("2026-11-10", 4.3)
        draft = self.make_invoice(currency_id=self.euro.id)
        self.assertEqual(draft.l10n_pl_ksef_rate_text, "1 EUR = 4.3 PLN")
        self.assertIn("11/10/2026", draft.l10n_pl_ksef_rate_source)
        self.assertEqual(
            draft.l10n_pl_ksef_rate_legal,
            "4.2345 of 11/09/2026, the last working day before 11/10/2026.",
        )
        self.assertTrue(draft.l10n_pl_ksef_has_legal_rate)
        draft.action_l10n_pl_ksef_use_legal_rate()
        self.assertEqual(draft.l10n_pl_ksef_rate_text, "1 EUR = 4.2345 PLN")
        self.assertIn("11/09/2026", draft.l10n_pl_ksef_rate_source)
        self.assertFalse(draft.l10n_pl_ksef_has_legal_rate)
        draft._post(soft=False)
        self.assertEqual(self.legal(draft), [])
        tax = draft.line_ids.filtered("tax_line_id")
        self.assertAlmostEqual(-tax.balance, 97.39)

    def test_tab_of_an_invoice_in_pln_says_nothing(self):
        draft = self.make_invoice()
        self.assertFalse(draft.l10n_pl_ksef_rate_text)
        self.assertFalse(draft.l10n_pl_ksef_has_legal_rate)

    def test_posted_invoice_keeps_its_rate(self):
        self.rate("2026-11-09", 4.2345)
        self.rate("2026-11-10", 4.3)
        invoice = self.post_euro()
        self.assertFalse(invoice.l10n_pl_ksef_has_legal_rate)
        with self.assertRaises(UserError):
            invoice.action_l10n_pl_ksef_use_legal_rate()

    def test_rate_is_taken_over_by_who_may_invoice(self):
        draft = self.make_invoice(currency_id=self.euro.id)
        reader = self.env["res.users"].create(
            {
                "name": "Audytor",
                "login": "audytor",
                "company_id": self.company.id,
                "company_ids": [(6, 0, self.company.ids)],
                "group_ids": [
                    (4, self.env.ref("account.group_account_readonly").id),
                ],
            }
        )
        with self.assertRaises(AccessError):
            draft.with_user(reader).action_l10n_pl_ksef_use_legal_rate()

    def test_correction_has_the_rate_of_its_invoice(self):
        self.rate("2026-11-09", 4.2345)
        self.rate("2026-11-17", 4.5)
        invoice = self.post_euro()
        refund = invoice._reverse_moves([{"invoice_date": "2026-11-18"}])
        refund._post(soft=False)
        self.assertEqual(self.legal(refund), [])
        self.assertIn(invoice.name, refund.l10n_pl_ksef_rate_source)
        self.assertFalse(refund.l10n_pl_ksef_rate_legal)
