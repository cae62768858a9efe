from datetime import date

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .correction_common import CORRECTED_ON, CorrectionCase


@tagged("post_install_l10n", "post_install", "-at_install")
class TestCorrectionChecks(CorrectionCase):
    """What KSeF or the law would not take of a correction is said before."""

    def assert_said(self, move, key, level, *words):
        found = self.problems(move).get(key)
        self.assertTrue(found, f"{key} is not said")
        self.assertEqual(found[0].level, level)
        for word in words:
            self.assertIn(word, found[0].message)
        return found[0]

    def assert_not_said(self, move, *keys):
        self.assertEqual(set(keys) & set(self.problems(move)), set())

    def test_credit_note_has_to_say_what_it_corrects(self):
        refund = self.make_invoice(move_type="out_refund", invoice_date=CORRECTED_ON)
        self.assert_said(refund, "corrected_invoice", "stop", "outside KSeF")
        refund.l10n_pl_ksef_corrected_ids = [Command.create({"number": "FV/1"})]
        self.assert_said(refund, "corrected_invoice", "stop")
        refund.l10n_pl_ksef_corrected_ids.write(
            {"issued_on": CORRECTED_ON, "is_outside_ksef": True}
        )
        self.assert_not_said(refund, "corrected_invoice")

    def test_ksef_number_typed_wrong_is_refused(self):
        refund = self.make_invoice(move_type="out_refund", invoice_date=CORRECTED_ON)
        row = {"number": "FV/1", "issued_on": CORRECTED_ON}
        good = "5265877635-20250826-0100001AF629-AF"
        made = self.env["l10n_pl_ksef.corrected.invoice"].create(
            row | {"move_id": refund.id, "ksef_number": f" {good.lower()} "}
        )
        self.assertEqual(made.ksef_number, good)
        with self.assertRaises(ValidationError):
            made.ksef_number = good[:-1] + "0"

    def test_original_that_is_not_posted_stops_its_correction(self):
        invoice = self.post_invoice(self.line(100))
        refund = self.reverse(invoice)
        invoice.button_draft()
        found = self.assert_said(
            refund, "original_not_posted", "stop", "INV/2026/00001"
        )
        self.assertEqual(found.record, ("account.move", invoice.id))

    def test_correction_that_waits_is_a_note(self):
        self.company.write(
            {"l10n_pl_ksef_environment": "test", "l10n_pl_ksef_to_polish": True}
        )
        refund = self.reverse(self.post_invoice(self.line(100)))
        self.assert_said(refund, "original_awaited", "note", "INV/2026/00001")

    def test_other_number_of_the_buyer_stops(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice, {"quantity": 3})
        self.assert_not_said(refund, "corrected_buyer")
        self.buyer.vat = "PL7740001454"
        found = self.assert_said(refund, "corrected_buyer", "stop", "INV/2026/00001")
        self.assertEqual(found.record, ("account.move", invoice.id))

    def test_discount_for_invoices_of_another_buyer_stops(self):
        other = self.make_partner("Inny", "PL7740001454")
        foreign = self.sent(self.line(100), partner_id=other.id)
        refund = self.make_invoice(
            move_type="out_refund",
            invoice_date=CORRECTED_ON,
            l10n_pl_ksef_corrected_ids=[Command.create({"invoice_id": foreign.id})],
            l10n_pl_ksef_corrected_period="maj",
        )
        found = self.assert_said(refund, "corrected_buyer", "stop", foreign.name)
        self.assertEqual(found.record, ("account.move", foreign.id))
        refund.partner_id = other
        self.assert_not_said(refund, "corrected_buyer")

    def test_correction_to_zero_goes_to_the_wrong_number(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice)
        self.set_vat(self.buyer, "PL7740001454")
        self.assert_not_said(refund, "corrected_buyer")
        text = self.correction_file(refund)
        self.assert_parts(text, "NIP 5260001246; Nazwa Nabywca S.A.")
        self.assertNotIn("7740001454", text)

    def test_other_currency_stops(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-11-01", 0.25)])
        refund = self.reverse(self.sent(self.line(100)))
        refund.currency_id = euro
        self.assert_said(refund, "corrected_currency", "stop", "PLN", "INV/2026/00001")

    def test_corrections_larger_than_the_invoice_are_pointed_out(self):
        invoice = self.sent(self.line(100, quantity=10), self.line(5, "vs_kraj_8"))
        first = self.reverse(invoice, {"quantity": 6}, None)
        self.assert_not_said(first, "corrected_too_much")
        first._post(soft=False)
        second = self.reverse(invoice, {"quantity": 5}, None)
        found = self.assert_said(second, "corrected_too_much", "warn", "rate 23")
        self.assertEqual(found.record, ("account.move", invoice.id))
        second.invoice_line_ids.quantity = 4
        self.assert_not_said(second, "corrected_too_much")

    def test_line_of_which_more_comes_back_than_was_sold_is_pointed_out(self):
        invoice = self.sent(self.line(100, quantity=10), self.line(500, name="B"))
        self.reverse(invoice, {"quantity": 6}, None)._post(soft=False)
        second = self.reverse(invoice, {"quantity": 5}, None)
        self.assert_not_said(second, "corrected_too_much")
        found = self.assert_said(
            second,
            "line_returned",
            "warn",
            "Line 1 of INV/2026/00001: more is returned",
        )
        self.assertEqual(found.record, ("account.move", invoice.id))
        other = self.reverse(invoice, None, {})
        second._post(soft=False)
        self.assert_not_said(other, "line_returned")
        last = self.reverse(invoice, {"quantity": -1}, None)
        self.assert_not_said(last, "line_returned")

    def test_return_at_the_price_before_a_cut_is_pointed_out(self):
        invoice = self.sent(self.line(100, quantity=10), self.line(500, name="B"))
        self.reverse(invoice, {"price_unit": 5}, None)._post(soft=False)
        refund = self.reverse(invoice, {"quantity": 10}, None)
        self.assert_not_said(refund, "corrected_too_much")
        self.assert_said(
            refund, "line_returned", "warn", "Line 1 of INV/2026/00001: corrections"
        )
        refund.invoice_line_ids.price_unit = 95
        self.assert_not_said(refund, "line_returned")

    def test_returns_one_by_one_may_be_some_grosze_off(self):
        invoice = self.sent(self.line(0.335, quantity=3), self.line(500, name="B"))
        for _piece in range(2):
            self.reverse(invoice, {"quantity": 1}, None)._post(soft=False)
        last = self.reverse(invoice, {"quantity": 1}, None)
        self.assertEqual(last.amount_untaxed, 0.34)
        self.assert_not_said(last, "line_returned")

    def test_credit_of_a_discount_line_is_no_return_of_too_much(self):
        invoice = self.sent(self.line(100), self.line(5, name="Rabat", quantity=-1))
        refund = self.reverse(invoice)
        self.assert_not_said(refund, "line_returned")
        refund._post(soft=False)
        self.assert_not_said(self.reverse(self.accept(refund)), "line_returned")

    def test_all_sales_of_no_period_are_pointed_out(self):
        refund = self.reverse(self.sent(self.line(100)))
        refund.l10n_pl_ksef_covers_all = True
        self.assert_said(refund, "period_missing", "warn", "For all sales")
        self.assertIn("<FaWiersz>", self.correction_file(refund))
        other = self.reverse(self.sent(self.line(100)))
        other.write(
            {"l10n_pl_ksef_covers_all": True, "l10n_pl_ksef_corrected_period": "maj"}
        )
        self.assert_not_said(other, "period_missing")

    def test_correction_of_a_correction_counts_with_the_others(self):
        invoice = self.sent(self.line(100, quantity=10))
        first = self.reverse(invoice, {"quantity": 10})
        first._post(soft=False)
        back = self.reverse(self.accept(first), {"quantity": 4})
        back._post(soft=False)
        self.assert_not_said(
            self.reverse(invoice, {"quantity": 4}), "corrected_too_much"
        )
        self.assert_said(
            self.reverse(invoice, {"quantity": 5}), "corrected_too_much", "warn"
        )

    def test_other_exchange_rate_is_pointed_out(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-11-01", 0.25)])
        invoice = self.sent(self.line(100), currency_id=euro.id)
        refund = self.reverse(invoice)
        self.assert_not_said(refund, "corrected_rate")
        refund.invoice_currency_rate = 0.2
        self.assert_said(refund, "corrected_rate", "warn", "INV/2026/00001: 4.")

    def test_exchange_rate_of_the_one_listed_invoice_is_compared(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-11-01", 0.25)])
        invoice = self.sent(self.line(100), currency_id=euro.id)
        refund = self.make_invoice(
            move_type="out_refund",
            invoice_date=CORRECTED_ON,
            currency_id=euro.id,
            invoice_currency_rate=0.2,
            l10n_pl_ksef_corrected_ids=[Command.create({"invoice_id": invoice.id})],
        )
        self.assert_said(refund, "corrected_rate", "warn", "INV/2026/00001: 4.")
        refund.invoice_currency_rate = 0.25
        self.assert_not_said(refund, "corrected_rate")

    def credit(self, *originals, **values):
        """Return a draft credit note in euro that lists what it corrects."""
        rows = [
            {"number": each, "issued_on": "2026-10-05", "is_outside_ksef": True}
            if isinstance(each, str)
            else {"invoice_id": each.id}
            for each in originals
        ]
        return self.make_invoice(
            move_type="out_refund",
            invoice_date=CORRECTED_ON,
            currency_id=self.env.ref("base.EUR").id,
            l10n_pl_ksef_corrected_ids=[Command.create(row) for row in rows],
            **values,
        )

    def test_rate_of_an_invoice_that_is_not_in_odoo_is_asked_for(self):
        self.setup_other_currency("EUR", rates=[("2026-11-18", 0.25)])
        refund = self.credit("FV/7")
        self.assert_said(refund, "corrected_rate", "warn", "rate of FV/7; 4 is used")
        # Its own day asks for no rate.
        self.assertFalse(refund.l10n_pl_ksef_rate_legal)
        self.assertIn("11/17/2026", self.credit("A", "B").l10n_pl_ksef_rate_legal)
        refund.invoice_currency_rate = 1 / 4.1
        self.assert_not_said(refund, "corrected_rate")

    def test_rate_of_several_invoices_is_theirs_or_of_the_day_before(self):
        euro = self.setup_other_currency(
            "EUR", rates=[("2026-11-17", 1 / 4.2), ("2026-11-18", 1 / 4.3)]
        )
        first, second, other = (
            self.sent(
                self.line(100), currency_id=euro.id, invoice_currency_rate=1 / rate
            )
            for rate in (4.1, 4.1, 4.05)
        )
        for originals, used, is_right in (
            ((first, second), 4.3, False),
            ((first, second), 4.2, True),
            ((first, second), 4.1, True),
            ((first, other), 4.1, False),
            ((first, other), 4.2, True),
            ((first, "FV/7"), 4.1, False),
            ((first, "FV/7"), 4.2, True),
        ):
            refund = self.credit(*originals, invoice_currency_rate=1 / used)
            with self.subTest(originals=originals, used=used):
                if is_right:
                    self.assert_not_said(refund, "corrected_rate")
                    continue
                message = (
                    "Several invoices or a period are corrected: use the exchange rate"
                    f" of 11/17/2026 (4.2); {used} is used."
                )
                self.assert_said(refund, "corrected_rate", "warn", message)

    def test_rate_of_a_period_of_one_invoice_may_be_either(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-11-17", 1 / 4.2)])
        invoice = self.sent(
            self.line(100), currency_id=euro.id, invoice_currency_rate=1 / 4.1
        )
        for used, is_right in ((4.1, True), (4.2, True), (4.3, False)):
            refund = self.credit(
                invoice,
                invoice_currency_rate=1 / used,
                l10n_pl_ksef_corrected_period="maj",
            )
            with self.subTest(used):
                self.assertEqual(
                    "corrected_rate" in self.problems(refund), not is_right
                )

    def test_rate_before_several_invoices_that_odoo_has_not_is_named_by_its_day(self):
        euro = self.setup_other_currency("EUR", rates=[("2026-11-18", 1 / 4.3)])
        first, second = (
            self.sent(
                self.line(100), currency_id=euro.id, invoice_currency_rate=1 / rate
            )
            for rate in (4.1, 4.2)
        )
        self.assert_said(
            self.credit(first, second),
            "corrected_rate",
            "warn",
            "use the exchange rate of 11/17/2026; 4.3 is used.",
        )

    def test_long_reason_is_cut_and_said(self):
        refund = self.reverse(
            self.sent(self.line(100)), l10n_pl_ksef_correction_reason="ż" * 300
        )
        self.assert_said(refund, "correction_reason", "warn", "300")
        text = self.correction_file(refund)
        self.assert_parts(text, f"PrzyczynaKorekty {'ż' * 256}")

    def test_accounting_date_outside_the_month_it_counts_in(self):
        invoice = self.sent(self.line(100))
        refund = self.reverse(
            invoice,
            invoice_date=date(2026, 12, 3),
            date=date(2026, 12, 3),
            l10n_pl_ksef_correction_effect="1",
        )
        self.assert_said(refund, "correction_effect", "warn")
        refund.l10n_pl_ksef_correction_effect = "2"
        self.assert_not_said(refund, "correction_effect")

    def test_what_the_file_says_is_not_changed_after(self):
        invoice = self.sent(self.line(100))
        refund = self.reverse(invoice)
        refund._post(soft=False)
        self.accept(refund)
        for values in (
            {"l10n_pl_ksef_correction_reason": "inna"},
            {"l10n_pl_ksef_correction_effect": "1"},
            {"l10n_pl_ksef_row_style": "price"},
            {"l10n_pl_ksef_corrected_period": "maj"},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                refund.write(values)
        with self.assertRaises(UserError):
            self.env["l10n_pl_ksef.corrected.invoice"].create(
                {"move_id": refund.id, "invoice_id": invoice.id}
            )
