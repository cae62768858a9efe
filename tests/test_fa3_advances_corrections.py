import logging

from odoo.tests import Form, tagged

from .advance_common import AdvanceCase

_logger = logging.getLogger(__name__)

ROWS = {
    1: (
        "<ZamowienieWiersz><NrWierszaZam>1</NrWierszaZam><P_7Z>A</P_7Z>"
        "<P_8AZ>szt.</P_8AZ><P_8BZ>{q}</P_8BZ><P_9AZ>1000</P_9AZ>"
        "<P_11NettoZ>{net}</P_11NettoZ><P_11VatZ>{tax}</P_11VatZ><P_12Z>23</P_12Z>"
    ),
    2: (
        "<ZamowienieWiersz><NrWierszaZam>2</NrWierszaZam><P_7Z>B</P_7Z>"
        "<P_8AZ>szt.</P_8AZ><P_8BZ>{q}</P_8BZ><P_9AZ>500</P_9AZ>"
        "<P_11NettoZ>{net}</P_11NettoZ><P_11VatZ>{tax}</P_11VatZ><P_12Z>8</P_12Z>"
    ),
}
BEFORE, AFTER = "<StanPrzedZ>1</StanPrzedZ></ZamowienieWiersz>", "</ZamowienieWiersz>"
A3 = ROWS[1].format(q=3, net="3000.00", tax="690.00")
A2 = ROWS[1].format(q=2, net="2000.00", tax="460.00")
B1 = ROWS[2].format(q=1, net="500.00", tax="40.00")
B0 = ROWS[2].format(q=0, net="0.00", tax="0.00")


@tagged("l10n_pl_ksef_modules")
class TestCorrectionOfAdvance(AdvanceCase):
    """A corrected advance names its total before, and the order before and after."""

    def sold(self):
        order = self.make_order()
        return order, self.accept(self.post(self.advance(order)))

    def lowered(self, advance):
        """Return the credit note that makes an advance 1000.00 less."""
        return self.reverse(
            advance,
            {"price_unit": 709.22},
            {"price_unit": 118.2},
            l10n_pl_ksef_correction_effect="1",
        )

    def test_advance_was_less(self):
        _order, advance = self.sold()
        text = self.text(self.lowered(advance))
        self.assert_parts(
            text,
            "P_13_1 -709.22; P_14_1 -163.12; P_13_2 -118.20; P_14_2 -9.46;"
            " P_15 -1000.00",
            "RodzajFaktury KOR_ZAL; TypKorekty 1",
            f"NrFaKorygowanej {advance.name}; NrKSeF 1",
            "P_15ZK 1269.00",
        )
        self.assertIn(
            "<Zamowienie><WartoscZamowienia>4230.00</WartoscZamowienia>"
            f"{A3}{BEFORE}{A3}{AFTER}{B1}{BEFORE}{B1}{AFTER}</Zamowienie>",
            text,
        )
        self.assert_absent(text, "FaWiersz", "KursWalutyZ", "KursWalutyZK", "Platnosc")

    def test_second_correction_counts_the_first(self):
        _order, advance = self.sold()
        self.post(self.lowered(advance))
        rest = self.reverse(advance, {"price_unit": 100}, None)
        self.assert_parts(self.text(rest), "P_15 -123.00", "P_15ZK 269.00")

    def test_order_that_changed_is_shown_before_and_after(self):
        order, advance = self.sold()
        order.order_line[0].product_uom_qty = 2
        order.order_line.filtered(lambda line: line.product_id == self.service)[
            :1
        ].product_uom_qty = 0
        text = self.text(self.reverse(advance))
        self.assertIn(
            "<WartoscZamowienia>2460.00</WartoscZamowienia>"
            f"{A3}{BEFORE}{A2}{AFTER}{B1}{BEFORE}{B0}{AFTER}",
            text,
        )

    def test_row_that_came_to_the_order_is_shown_after(self):
        order, advance = self.sold()
        order.order_line = [self.order_line(self.goods, price_unit=10, name="C")]
        text = self.text(self.reverse(advance))
        self.assert_parts(
            text,
            "WartoscZamowienia 4242.30",
            "NrWierszaZam 3; P_7Z C; P_8AZ szt.; P_8BZ 1; P_9AZ 10; P_11NettoZ 10.00",
        )
        self.assertEqual(text.count("<StanPrzedZ>"), 2)

    def test_long_texts_of_the_order_go_on_in_notes(self):
        order = self.make_order(self.order_line(self.goods, 3, name="x" * 520))
        advance = self.accept(self.post(self.advance(order)))
        order.order_line = [self.order_line(self.goods, name="y" * 515)]
        text = self.text(self.reverse(advance, {"price_unit": 100}))
        self.assert_parts(
            text,
            f"NrWiersza 1; Klucz Nazwa, ciąg dalszy; Wartosc {'x' * 8}",
            f"NrWiersza 2; Klucz Nazwa, ciąg dalszy; Wartosc {'y' * 3}",
        )

    def test_next_correction_begins_where_the_last_one_ended(self):
        order, advance = self.sold()
        order.order_line[0].product_uom_qty = 2
        self.post(self.lowered(advance))
        text = self.text(self.reverse(advance, {"price_unit": 10}, None))
        self.assertIn(f"{A2}{BEFORE}{A2}{AFTER}{B1}{BEFORE}{B1}{AFTER}", text)

    def test_last_of_several_corrections_is_what_was_before(self):
        order, advance = self.sold()
        for quantity in (9, 2):
            order.order_line[0].product_uom_qty = quantity
            self.post(self.reverse(advance, {"price_unit": 10}, None))
        text = self.text(self.reverse(advance, {"price_unit": 10}, None))
        self.assertIn(f"{A2}{BEFORE}{A2}{AFTER}{B1}{BEFORE}{B1}{AFTER}", text)

    def test_correction_stays_as_it_was_posted(self):
        order, advance = self.sold()
        refund = self.post(self.lowered(advance))
        before = self.prepare(refund).xml
        self.assertTrue(before)
        order.order_line[0].product_uom_qty = 9
        self.assertEqual(self.prepare(refund).xml, before)

    def test_order_in_the_sent_file_is_what_it_was_before(self):
        order = self.make_order()
        advance = self.post(self.advance(order))
        advance.l10n_pl_ksef_order = False
        self.accept(advance)
        order.order_line[0].product_uom_qty = 9
        refund = self.post(self.lowered(advance))
        refund.sudo().l10n_pl_ksef_order = False
        self.assertIn(f"{A3}{BEFORE}{A3}{AFTER}", self.text(refund))

    def test_advance_outside_ksef(self):
        advance = self.post(self.advance(self.make_order()))
        text = self.text(self.reverse(advance))
        self.assert_parts(text, "NrKSeFN 1", "P_15 -1269.00", "P_15ZK 1269.00")
        self.assertIn(f"{A3}{BEFORE}{A3}{AFTER}", text)

    def test_foreign_currency_names_the_rate_before(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        pricelist = self.env["product.pricelist"].create(
            {"name": "EUR", "currency_id": euro.id, "company_id": self.company.id}
        )
        order = self.make_order(
            self.order_line(self.goods, price_unit=100), pricelist_id=pricelist.id
        )
        advance = self.advance(order, 50)
        advance.invoice_currency_rate = 1 / 4.25
        self.accept(self.post(advance))
        text = self.text(self.reverse(advance))
        self.assert_parts(
            text,
            "P_14_1 -11.50; P_14_1W -48.88; P_15 -61.50; KursWalutyZ 4.25",
            "P_15ZK 61.50; KursWalutyZK 4.25",
        )


@tagged("l10n_pl_ksef_modules")
class TestCorrectionOfFinal(AdvanceCase):
    """A corrected final invoice names its total before, and the advances again."""

    def sold(self):
        order = self.make_order()
        advance = self.accept(self.post(self.advance(order)))
        return advance, self.accept(self.post(self.final(order)))

    def lines(self, move):
        return move.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        ).sorted("sequence")

    def returned(self, final, **values):
        """Return the credit note for one piece of A."""
        refund = self.reverse(final, **values)
        sold = self.lines(refund)
        sold[0].quantity = 1
        (refund.invoice_line_ids - sold[0]).unlink()
        return refund

    def test_return_of_one_piece(self):
        advance, final = self.sold()
        text = self.text(self.returned(final))
        self.assert_parts(
            text,
            "P_13_1 -1000.00; P_14_1 -230.00; P_15 -1230.00",
            "RodzajFaktury KOR_ROZ; TypKorekty 2",
            "P_15ZK 2961.00",
            f"NrKSeFFaZaliczkowej {advance.sudo().l10n_pl_ksef_number}",
        )
        self.assertIn(
            "<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>A</P_7><P_8A>szt.</P_8A>"
            "<P_8B>-1</P_8B><P_9A>1000</P_9A><P_11>-1000.00</P_11><P_12>23</P_12>"
            "</FaWiersz>",
            text,
        )
        self.assertEqual(text.count("<FaWiersz>"), 1)
        self.assert_absent(text, "StanPrzed", "Zamowienie")

    def test_return_before_and_after(self):
        _advance, final = self.sold()
        text = self.text(self.returned(final, l10n_pl_ksef_row_style="before_after"))
        self.assert_parts(
            text,
            "P_8B 3; P_9A 1000; P_11 3000.00; P_12 23; StanPrzed 1",
            "P_8B 2; P_9A 1000; P_11 2000.00; P_12 23",
        )

    def test_whole_reversal_brings_all_rows_to_zero(self):
        _advance, final = self.sold()
        text = self.text(self.reverse(final))
        self.assert_parts(
            text,
            "P_13_1 -2100.00; P_14_1 -483.00; P_13_2 -350.00; P_14_2 -28.00;"
            " P_15 -2961.00",
            "P_15ZK 2961.00",
            "P_8B 3; P_9A 1000; P_11 3000.00; P_12 23; StanPrzed 1",
            "P_8B 0; P_9A 1000; P_11 0.00; P_12 23",
            "P_8B 1; P_9A 500; P_11 500.00; P_12 8; StanPrzed 1",
            "P_8B 0; P_9A 500; P_11 0.00; P_12 8",
        )
        self.assertEqual(text.count("<FaWiersz>"), 4)

    def test_whole_reversal_after_a_return(self):
        _advance, final = self.sold()
        self.post(self.returned(final))
        refund = self.reverse(final)
        self.lines(refund)[0].quantity = 2
        text = self.text(refund)
        self.assert_parts(
            text,
            "P_15ZK 1731.00",
            "P_8B 2; P_9A 1000; P_11 2000.00; P_12 23; StanPrzed 1",
            "P_8B 0; P_9A 1000; P_11 0.00; P_12 23",
        )

    def test_whole_reversal_after_a_lower_price_is_no_change_of_price(self):
        _advance, final = self.sold()
        cut = self.reverse(final)
        sold = self.lines(cut)
        (cut.invoice_line_ids - sold[0]).unlink()
        sold[0].price_unit = 50
        self.post(cut)
        refund = self.post(self.reverse(final))
        self.assert_absent(self.text(refund), "StanPrzed")
        found = self.problems(refund)
        self.assertEqual(found["final_rows"][0].level, "warn")
        self.assertIn("Line 1 of", found["line_returned"][0].message)

    def test_only_what_remains_changes(self):
        _advance, final = self.sold()
        refund = self.reverse(final)
        lines = self.lines(refund)
        kept = lines.filtered("is_downpayment")[0]
        (refund.invoice_line_ids - kept).unlink()
        kept.write({"quantity": 1, "price_unit": 100})
        text = self.text(refund)
        self.assert_parts(
            text,
            "P_13_1 -100.00; P_14_1 -23.00; P_15 -123.00",
            "P_15ZK 2961.00",
            "P_11 3000.00; P_12 23; StanPrzed 1",
            "P_11 500.00; P_12 8; StanPrzed 1",
        )
        self.assertEqual(text.count("<P_11>3000.00</P_11>"), 2)
        self.assertEqual(text.count("<FaWiersz>"), 4)

    def test_only_what_remains_changes_after_a_return(self):
        _advance, final = self.sold()
        self.post(self.returned(final))
        refund = self.reverse(final)
        kept = self.lines(refund).filtered("is_downpayment")[0]
        (refund.invoice_line_ids - kept).unlink()
        kept.write({"quantity": 1, "price_unit": 100})
        text = self.text(refund)
        self.assert_parts(text, "P_15ZK 1731.00", "P_11 2000.00; P_12 23; StanPrzed 1")
        self.assertEqual(text.count("<P_11>2000.00</P_11>"), 2)
        self.assertEqual(text.count("<P_11>3000.00</P_11>"), 0)

    def test_final_invoice_outside_ksef(self):
        order = self.make_order()
        advance = self.post(self.advance(order))
        final = self.post(self.final(order))
        text = self.text(self.reverse(final))
        self.assert_parts(
            text,
            "NrKSeFN 1",
            "P_15ZK 2961.00",
            f"NrKSeFZN 1; NrFaZaliczkowej {advance.name}",
            "P_11 3000.00; P_12 23; StanPrzed 1",
        )

    def test_draft_says_its_kind_while_it_is_typed(self):
        advance, final = self.sold()
        self.company.l10n_pl_ksef_environment = "test"
        for invoice, kind in ((advance, "KOR_ZAL"), (final, "KOR_ROZ")):
            refund = self.reverse(invoice)
            with Form(refund) as form:
                form.l10n_pl_ksef_correction_reason = "zmiana"
                with form.invoice_line_ids.edit(0) as line:
                    line.quantity = 2
                self.assertEqual(form.l10n_pl_ksef_kind, kind)

    def test_statements_are_few(self):
        _advance, final = self.sold()
        self.post(self.returned(final))
        refund = self.reverse(final)
        self.lines(refund)[0].quantity = 2
        self.post(refund)
        self.env["l10n_pl_ksef.schema"]._get_schema()
        self.prepare(refund)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        prepared = self.prepare(refund)
        self.assertTrue(prepared.xml)
        count = self.env.cr.sql_log_count - before
        _logger.info("correction of a final invoice: %s statements", count)
        self.assertLessEqual(count, 29)

    def test_rows_that_cannot_be_matched_are_pointed_out(self):
        _advance, final = self.sold()
        refund = self.reverse(final)
        lines = self.lines(refund)
        lines[0].write({"quantity": 2, "price_unit": 777})
        found = self.problems(self.post(refund))
        self.assertEqual(found["final_rows"][0].level, "warn")

    def test_new_final_invoice_after_a_reversal(self):
        order = self.make_order()
        advance = self.accept(self.post(self.advance(order)))
        final = self.post(self.final(order))
        before = self.prepare(final).xml
        self.assertTrue(before)
        self.post(self.reverse(final))
        self.assertEqual(self.prepare(final).xml, before)
        text = self.text(self.final(order))
        self.assert_parts(text, "P_15 2961.00", "RodzajFaktury ROZ")
        self.assertIn(advance.sudo().l10n_pl_ksef_number, text)
