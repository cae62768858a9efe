from odoo import Command
from odoo.tests import tagged

from .correction_common import CORRECTED_ON, SENT_NUMBER, CorrectionCase
from .fa3_common import CREATED_ON

BEFORE_AFTER = {"l10n_pl_ksef_row_style": "before_after"}


@tagged("post_install_l10n", "post_install", "-at_install")
class TestBeforeAndAfter(CorrectionCase):
    """By choice each changed line stands as KSeF has it, and as it is now."""

    def shown(self, text):
        """Return (number, is before, quantity, price, discount, net) of each line."""
        return [
            (
                line.number,
                bool(line.is_before),
                str(line.quantity),
                str(line.net_price),
                line.unit_discount and str(line.unit_discount),
                str(line.net),
            )
            for line in self.document(text).body.lines
        ]

    def test_return_of_some_pieces_has_the_values_of_the_recipe(self):
        invoice = self.sent(self.line(100, quantity=10, discount=10))
        refund = self.reverse(invoice, {"quantity": 3}, **BEFORE_AFTER)
        text = self.correction_file(refund)
        self.assert_parts(
            text,
            "P_13_1 -270.00; P_14_1 -62.10; P_15 -332.10",
            f"NrKSeF 1; NrKSeFFaKorygowanej {SENT_NUMBER.format(invoice.id)}",
            "P_7 Towar; P_8A szt.; P_8B 10; P_9A 100; P_10 10; P_11 900.00; P_12 23; "
            "StanPrzed 1",
            "P_7 Towar; P_8A szt.; P_8B 7; P_9A 100; P_10 10; P_11 630.00; P_12 23",
        )
        self.assertEqual(text.count("<NrWierszaFa>1</NrWierszaFa>"), 2)
        keys = {line.key for line in self.document(text).body.lines}
        self.assertEqual(len(keys), 1)

    def test_lower_price_changes_the_price(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice, {"price_unit": 5}, **BEFORE_AFTER)
        self.assertEqual(
            self.shown(self.correction_file(refund)),
            [
                (1, True, "10", "100", None, "1000.00"),
                (1, False, "10", "95", None, "950.00"),
            ],
        )

    def test_whole_credit_note_ends_at_nothing(self):
        invoice = self.sent(self.line(100, quantity=10), self.line(7, name="B"))
        refund = self.reverse(invoice, **BEFORE_AFTER)
        self.assertEqual(
            self.shown(self.correction_file(refund)),
            [
                (1, True, "10", "100", None, "1000.00"),
                (1, False, "0", "100", None, "0.00"),
                (2, True, "1", "7", None, "7.00"),
                (2, False, "0", "7", None, "0.00"),
            ],
        )

    def test_only_changed_lines_stand_with_their_numbers(self):
        invoice = self.sent(self.line(100, name="A"), self.line(7, name="B"))
        refund = self.reverse(invoice, None, {}, **BEFORE_AFTER)
        text = self.correction_file(refund)
        self.assertEqual([line[0] for line in self.shown(text)], [2, 2])
        self.assert_parts(text, "P_7 B; P_8A szt.; P_8B 0; P_9A 7; P_11 0.00")

    def test_what_was_sent_counts_not_what_the_books_say_now(self):
        invoice = self.sent(self.line(100, name="Śruba", quantity=10))
        invoice.invoice_line_ids.name = "Nakrętka"
        refund = self.reverse(invoice, {"quantity": 3}, **BEFORE_AFTER)
        text = self.correction_file(refund)
        self.assertEqual(text.count("<P_7>Śruba</P_7>"), 2)
        self.assertNotIn("Nakrętka", text)

    def test_files_made_together_are_those_made_alone(self):
        invoice = self.sent(self.line(100, quantity=10))
        refunds = invoice.browse()
        for quantity in (3, 2, 1):
            refund = self.reverse(invoice, {"quantity": quantity}, **BEFORE_AFTER)
            refund._post(soft=False)
            refunds |= refund
        together = self.export._prepare_files(refunds, CREATED_ON)
        for refund in refunds:
            alone = self.export._prepare_files(refund, CREATED_ON)[refund]
            self.assertTrue(alone.xml)
            self.assertEqual(together[refund].xml, alone.xml)

    def test_earlier_corrections_are_in_the_state_before(self):
        invoice = self.sent(self.line(100, quantity=10))
        first = self.reverse(invoice, {"quantity": 3})
        first._post(soft=False)
        second = self.reverse(invoice, {"quantity": 7, "price_unit": 5}, **BEFORE_AFTER)
        self.assertEqual(
            self.shown(self.correction_file(second)),
            [
                (1, True, "7", "100", None, "700.00"),
                (1, False, "7", "95", None, "665.00"),
            ],
        )
        # Made anew, the first one does not know of the second.
        self.assert_parts(self.correction_file(first), "P_8B -3; P_9A 100")

    def test_earlier_corrections_follow_one_another(self):
        invoice = self.sent(self.line(100, quantity=10))
        for change in ({"quantity": 3}, {"quantity": 7, "price_unit": 5}):
            self.reverse(invoice, change)._post(soft=False)
        third = self.reverse(invoice, {"quantity": 2, "price_unit": 95}, **BEFORE_AFTER)
        self.assertEqual(
            self.shown(self.correction_file(third)),
            [
                (1, True, "7", "95", None, "665.00"),
                (1, False, "5", "95", None, "475.00"),
            ],
        )

    def test_credit_note_that_lists_its_one_invoice_is_as_one_made_from_it(self):
        invoice = self.sent(
            self.line(100, name="A", quantity=10), taxable_supply_date="2026-10-20"
        )
        shown = []
        for quantity in (3, 2):
            refund = self.make_invoice(
                self.line(100, name="A", quantity=quantity),
                move_type="out_refund",
                invoice_date=CORRECTED_ON,
                l10n_pl_ksef_corrected_ids=[Command.create({"invoice_id": invoice.id})],
                **BEFORE_AFTER,
            )
            text = self.correction_file(refund)
            self.assert_parts(text, "P_6 2026-10-20")
            shown += self.shown(text)
        again = self.reverse(invoice, {"quantity": 1}, **BEFORE_AFTER)
        shown += self.shown(self.correction_file(again))
        quantities = [(quantity, is_before) for _n, is_before, quantity, *_ in shown]
        self.assertEqual(
            quantities,
            [
                *(("10", True), ("7", False)),
                *(("7", True), ("5", False)),
                *(("5", True), ("4", False)),
            ],
        )

    def test_correction_of_buyer_data_changes_no_line(self):
        invoice = self.sent(self.line(100, quantity=10))
        wizard = self.env["l10n_pl_ksef.buyer.correction"]
        values = {"move_id": invoice.id, "reason": "x", "date": CORRECTED_ON}
        made = wizard.create(values).action_create()
        self.env["account.move"].browse(made["res_id"])._post(soft=False)
        refund = self.reverse(invoice, {"quantity": 3}, **BEFORE_AFTER)
        self.assert_parts(self.correction_file(refund), "P_8B 10", "StanPrzed 1")

    def test_reversed_credit_note_gives_the_pieces_back(self):
        invoice = self.sent(self.line(100, quantity=10))
        first = self.reverse(invoice, {"quantity": 3})
        first._post(soft=False)
        again = self.reverse(self.accept(first), **BEFORE_AFTER)
        self.assertEqual(
            self.shown(self.correction_file(again)),
            [
                (1, True, "7", "100", None, "700.00"),
                (1, False, "10", "100", None, "1000.00"),
            ],
        )

    def test_gross_prices_stay_gross(self):
        gross = self.make_gross_tax()
        invoice = self.sent(self.line(123, taxes=gross, quantity=3))
        refund = self.reverse(invoice, {"quantity": 1}, **BEFORE_AFTER)
        self.assert_parts(
            self.correction_file(refund),
            "P_8B 3; P_9B 123; P_11A 369.00; P_12 23; StanPrzed 1",
            "P_8B 2; P_9B 123; P_11A 246.00; P_12 23",
        )

    def test_tax_of_each_line_follows(self):
        self.company.tax_calculation_rounding_method = "round_per_line"
        invoice = self.sent(self.line(0.33, quantity=10))
        refund = self.reverse(invoice, {"quantity": 4}, **BEFORE_AFTER)
        self.assert_parts(
            self.correction_file(refund),
            "P_11 3.30; P_11Vat 0.76; P_12 23; StanPrzed 1",
            "P_11 1.98; P_11Vat 0.46; P_12 23",
        )

    def test_comment_stands_at_the_number_of_its_line(self):
        invoice = self.sent(self.line(100, name="A"), self.line(7, name="B"))
        refund = self.reverse(invoice, None, {}, **BEFORE_AFTER)
        note = {"display_type": "line_note", "name": "Uszkodzone", "sequence": 999}
        refund.write({"invoice_line_ids": [(0, 0, note)]})
        self.assert_parts(
            self.correction_file(refund),
            "NrWiersza 2; Klucz Uwagi; Wartosc Uszkodzone",
        )

    def cut(self, invoice, price=5):
        """Post the credit note for a lower price of all pieces of the one line."""
        self.reverse(invoice, {"price_unit": price})._post(soft=False)

    def test_return_at_the_price_before_a_cut_is_no_change_of_price(self):
        invoice = self.sent(self.line(100, quantity=10))
        self.cut(invoice)
        text = self.assert_difference(self.reverse(invoice, **BEFORE_AFTER))
        self.assert_parts(text, "P_8B -10; P_9A 100; P_11 -1000.00")

    def test_return_at_the_price_after_a_cut_fits(self):
        invoice = self.sent(self.line(100, quantity=10))
        self.cut(invoice)
        refund = self.reverse(invoice, {"price_unit": 95}, **BEFORE_AFTER)
        self.assertEqual(
            self.shown(self.correction_file(refund)),
            [
                (1, True, "10", "95", None, "950.00"),
                (1, False, "0", "95", None, "0.00"),
            ],
        )

    def test_return_of_more_than_is_left_shows_the_difference(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice, {"quantity": 12}, **BEFORE_AFTER)
        self.assert_parts(self.assert_difference(refund), "P_8B -12; P_9A 100")
        self.reverse(invoice)._post(soft=False)
        again = self.reverse(invoice, {"quantity": 1}, **BEFORE_AFTER)
        self.assert_parts(self.assert_difference(again), "P_8B -1; P_9A 100")

    def test_negative_line_that_is_taken_back_stands_at_nothing(self):
        invoice = self.sent(self.line(100), self.line(5, name="Rabat", quantity=-1))
        refund = self.reverse(invoice, **BEFORE_AFTER)
        rows = self.shown(self.correction_file(refund))
        self.assertEqual([row[2] for row in rows], ["1", "0", "-1", "0"])

    def test_row_at_another_rate_shows_the_difference(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice, {"quantity": 3}, **BEFORE_AFTER)
        refund.invoice_line_ids.tax_ids = self.tax("vs_kraj_8")
        self.assert_parts(self.assert_difference(refund), "P_11 -300.00; P_12 8")

    def assert_difference(self, refund):
        """The file shows the difference, and the user is told so."""
        text = self.correction_file(refund)
        self.assert_absent(text, "StanPrzed")
        self.assertIn("before_and_after", self.problems(refund))
        return text

    def test_line_that_was_not_on_the_invoice_shows_the_difference(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice, **BEFORE_AFTER)
        refund.write({"invoice_line_ids": [self.line(5, name="Transport")]})
        text = self.assert_difference(refund)
        self.assert_parts(text, "P_8B -10; P_9A 100", "P_7 Transport; P_8A szt.")

    def test_other_price_for_some_pieces_shows_the_difference(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice, {"quantity": 4, "price_unit": 5}, **BEFORE_AFTER)
        self.assert_parts(self.assert_difference(refund), "P_8B 4; P_9A -5")

    def test_invoice_without_a_file_shows_the_difference(self):
        refund = self.reverse(self.post_invoice(self.line(100)), **BEFORE_AFTER)
        self.assert_parts(self.assert_difference(refund), "P_8B -1; P_9A 100")

    def test_file_that_is_not_what_the_books_say_shows_the_difference(self):
        invoice = self.sent(self.line(100, quantity=10))
        document = invoice.sudo().l10n_pl_ksef_document_id
        other = self.sent(self.line(90, quantity=10)).sudo().l10n_pl_ksef_document_id
        document.xml = other.xml
        refund = self.reverse(invoice, {"quantity": 3}, **BEFORE_AFTER)
        self.assert_parts(self.assert_difference(refund), "P_8B -3; P_9A 100")
