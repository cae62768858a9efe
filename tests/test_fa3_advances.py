from odoo import Command
from odoo.tests import Form, tagged

from .advance_common import PAID_ON, AdvanceCase

ORDER_ROWS = (
    "<ZamowienieWiersz><NrWierszaZam>1</NrWierszaZam><P_7Z>A</P_7Z>"
    "<P_8AZ>szt.</P_8AZ><P_8BZ>3</P_8BZ><P_9AZ>1000</P_9AZ>"
    "<P_11NettoZ>3000.00</P_11NettoZ><P_11VatZ>690.00</P_11VatZ><P_12Z>23</P_12Z>"
    "</ZamowienieWiersz><ZamowienieWiersz><NrWierszaZam>2</NrWierszaZam>"
    "<P_7Z>B</P_7Z><P_8AZ>szt.</P_8AZ><P_8BZ>1</P_8BZ><P_9AZ>500</P_9AZ>"
    "<P_11NettoZ>500.00</P_11NettoZ><P_11VatZ>40.00</P_11VatZ><P_12Z>8</P_12Z>"
    "</ZamowienieWiersz>"
)


@tagged("l10n_pl_ksef_modules")
class TestAdvanceInvoice(AdvanceCase):
    """An advance invoice shows the advance in its totals, and the whole order."""

    def received(self, *amounts, day=PAID_ON):
        return [
            Command.create({"received_on": day, "amount": amount}) for amount in amounts
        ]

    def test_percentage_of_two_rates(self):
        advance = self.advance(self.make_order())
        advance.l10n_pl_ksef_received_ids = self.received(
            1269, day=advance.invoice_date
        )
        text = self.text(advance)
        self.assert_parts(
            text,
            "P_13_1 900.00; P_14_1 207.00; P_13_2 150.00; P_14_2 12.00; P_15 1269.00",
            "RodzajFaktury ZAL",
            "Zaplacono 1; DataZaplaty 2026-11-10",
        )
        self.assertIn(
            "<Zamowienie><WartoscZamowienia>4230.00</WartoscZamowienia>"
            f"{ORDER_ROWS}</Zamowienie>",
            text,
        )
        self.assert_absent(
            text, "FaWiersz", "FakturaZaliczkowa", "P_6", "ZaliczkaCzesciowa"
        )

    def test_fixed_amount_is_gross(self):
        text = self.text(self.fixed_advance(self.make_order(), 1000))
        self.assert_parts(
            text,
            "P_13_1 709.22; P_14_1 163.12; P_13_2 118.20; P_14_2 9.46; P_15 1000.00",
        )

    def test_day_of_payment_is_the_day_of_sale(self):
        advance = self.advance(self.make_order())
        advance.l10n_pl_ksef_received_ids = self.received(1269)
        text = self.text(advance)
        self.assert_parts(text, "P_6 2026-11-09", "DataZaplaty 2026-11-09")

    def test_tab_and_check_look_before_the_same_day(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.rate_ids.unlink()
        for day, value in (("2026-11-04", 4.2), ("2026-11-09", 4.3)):
            rate = {"currency_id": euro.id, "name": day, "inverse_company_rate": value}
            self.env["res.currency.rate"].create(rate | {"company_id": self.company.id})
        pricelist = self.env["product.pricelist"].create(
            {"name": "EUR", "currency_id": euro.id, "company_id": self.company.id}
        )
        order = self.make_order(
            self.order_line(self.goods, price_unit=100), pricelist_id=pricelist.id
        )
        advance = self.advance(order, 50)
        advance.l10n_pl_ksef_received_ids = self.received(61.5, day="2026-11-05")
        said = self.problems(advance)["legal_rate"][0].message
        self.assertIn("the law asks for 11/04/2026 (4.2)", said)
        self.assertTrue(advance.l10n_pl_ksef_rate_legal.startswith("4.2 of 11/04"))
        advance.action_l10n_pl_ksef_use_legal_rate()
        self.assertAlmostEqual(advance.invoice_currency_rate, 1 / 4.2)
        self.assertNotIn("legal_rate", self.problems(advance))

    def test_several_payments_are_listed(self):
        advance = self.advance(self.make_order())
        advance.l10n_pl_ksef_received_ids = self.received(1000) + self.received(
            269, day=advance.invoice_date
        )
        text = self.text(advance)
        self.assert_parts(
            text,
            "P_6Z 2026-11-09; P_15Z 1000.00",
            "P_6Z 2026-11-10; P_15Z 269.00",
            "ZnacznikZaplatyCzesciowej 2",
        )
        self.assert_absent(text, "P_6", "Zaplacono")

    def test_payment_booked_in_odoo_is_taken(self):
        advance = self.post(self.advance(self.make_order()))
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=advance.ids
        ).create({"payment_date": PAID_ON})._create_payments()
        self.assert_parts(
            self.text(advance), "P_6 2026-11-09", "Zaplacono 1; DataZaplaty 2026-11-09"
        )

    def test_tab_shows_kind_and_order_while_it_is_typed(self):
        self.company.write(
            {"l10n_pl_ksef_environment": "test", "l10n_pl_ksef_send_mode": "manual"}
        )
        order = self.make_order()
        advance = self.advance(order)
        with Form(advance) as form:
            with form.invoice_line_ids.edit(0) as line:
                line.price_unit = 800
            self.assertEqual(form.l10n_pl_ksef_kind, "ZAL")
            self.assertEqual(form.l10n_pl_ksef_order_names, order.name)
            self.assertEqual(form.l10n_pl_ksef_order_value, 4230)
        self.post(advance)
        final = self.final(order)
        self.assertEqual(final.l10n_pl_ksef_kind, "ROZ")
        self.assertEqual(final.l10n_pl_ksef_advance_ids, advance)

    def test_unpaid_advance_has_a_term(self):
        advance = self.advance(self.make_order())
        advance.invoice_date_due = "2026-11-24"
        self.assert_parts(self.text(advance), "Termin 2026-11-24")

    def test_discount_and_gross_price_are_net_in_the_order(self):
        gross = self.make_gross_tax()
        order = self.make_order(
            self.order_line(self.goods, 2, discount=10),
            self.order_line(
                self.goods,
                3,
                price_unit=123,
                name="G",
                tax_ids=[Command.set(gross.ids)],
            ),
        )
        text = self.text(self.advance(order, 50))
        self.assert_parts(
            text,
            "P_8BZ 2; P_9AZ 900; P_11NettoZ 1800.00; P_11VatZ 414.00; P_12Z 23",
            "P_8BZ 3; P_9AZ 100; P_11NettoZ 300.00; P_11VatZ 69.00; P_12Z 23",
            "WartoscZamowienia 2583.00",
            "P_13_1 1050.00; P_14_1 241.50; P_15 1291.50",
        )

    def test_value_of_the_order_is_the_sum_of_its_rows(self):
        lines = [self.order_line(self.goods, price_unit=0.33) for _n in range(3)]
        order = self.make_order(*lines)
        self.assertAlmostEqual(order.amount_total, 1.22)
        text = self.text(self.advance(order, 50))
        self.assert_parts(text, "WartoscZamowienia 1.23")

    def test_product_data_stand_on_the_rows_of_the_order(self):
        self.goods.default_code = "A-1"
        self.goods.barcode = "5901234123457"
        template = self.goods.product_tmpl_id
        template.l10n_pl_vat_gtu = "GTU_06"
        template.l10n_pl_ksef_pkwiu = "26.20.11.0"
        template.l10n_pl_ksef_is_annex_15 = True
        order = self.make_order(self.order_line(self.goods, name="x" * 530))
        text = self.text(self.advance(order))
        self.assert_parts(
            text,
            "IndeksZ A-1; GTINZ 5901234123457; PKWiUZ 26.20.11.0; P_8AZ szt.",
            "P_12Z 23; P_12Z_Zal_15 1; GTUZ GTU_06",
            f"NrWiersza 1; Klucz Nazwa, ciąg dalszy; Wartosc {'x' * 18}",
        )

    def test_zero_and_exempt_rows_have_no_tax(self):
        self.tax("vs_kraj_zw").l10n_pl_ksef_exemption_basis = "art. 43"
        exempt = self.make_product("Z", 100, "vs_kraj_zw")
        services = self.make_product("U", 100, "vs_kraj_0")
        order = self.make_order(self.order_line(exempt), self.order_line(services))
        text = self.text(self.advance(order, 50))
        self.assert_parts(
            text,
            "P_11NettoZ 100.00; P_11VatZ 0.00; P_12Z zw",
            "P_11NettoZ 100.00; P_11VatZ 0.00; P_12Z 0 KR",
            "P_13_6_1 50.00; P_13_7 50.00; P_15 100.00",
            "P_19 1; P_19A art. 43",
        )

    def test_keys_of_rows_if_the_company_wants_them(self):
        self.company.l10n_pl_ksef_line_keys = True
        order = self.make_order()
        text = self.text(self.advance(order))
        self.assertRegex(text, rf"<UU_IDZ>\w+-sol-{order.order_line[0].id}</UU_IDZ>")

    def test_several_orders_stand_one_after_the_other(self):
        first, second = self.make_order(), self.make_order()
        advance, other = self.advance(first), self.advance(second)
        lines = other.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        advance.invoice_line_ids = [
            Command.create(
                {
                    "name": line.name,
                    "quantity": 1,
                    "price_unit": line.price_unit,
                    "tax_ids": [Command.set(line.tax_ids.ids)],
                    "is_downpayment": True,
                    "sale_line_ids": [Command.set(line.sale_line_ids.ids)],
                }
            )
            for line in lines
        ]
        other.unlink()
        text = self.text(advance)
        self.assert_parts(text, "WartoscZamowienia 8460.00", "P_15 2538.00")
        self.assertEqual(text.count("<ZamowienieWiersz>"), 4)
        self.assertIn("<NrWierszaZam>4</NrWierszaZam>", text)

    def test_order_stays_as_it_was_when_the_advance_was_posted(self):
        order = self.make_order()
        advance = self.post(self.advance(order))
        before = self.prepare(advance).xml
        self.assertTrue(before)
        order.order_line[0].write({"product_uom_qty": 7, "name": "Zmiana"})
        self.goods.default_code = "NOWY"
        self.assertEqual(self.prepare(advance).xml, before)

    def test_order_is_read_anew_when_it_is_posted_again(self):
        order = self.make_order()
        advance = self.post(self.advance(order))
        advance.button_draft()
        order.order_line[0].product_uom_qty = 4
        self.assert_parts(self.text(advance), "WartoscZamowienia 5460.00")

    def test_advance_posted_before_the_module_takes_the_order_as_it_is(self):
        advance = self.post(self.advance(self.make_order()))
        advance.sudo().l10n_pl_ksef_order = False
        self.assertIn(ORDER_ROWS, self.text(advance))

    def test_foreign_currency_has_one_rate_and_tax_in_pln(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "name": "2026-11-09",
                "inverse_company_rate": 4.2345,
                "company_id": self.company.id,
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "EUR", "currency_id": euro.id, "company_id": self.company.id}
        )
        order = self.make_order(
            self.order_line(self.goods, price_unit=100), pricelist_id=pricelist.id
        )
        advance = self.advance(order, 50)
        advance.l10n_pl_ksef_received_ids = self.received(61) + self.received(0.5)
        text = self.text(advance)
        self.assert_parts(
            text,
            "KodWaluty EUR",
            "P_13_1 50.00; P_14_1 11.50; P_14_1W 48.70; P_15 61.50; KursWalutyZ 4.2345",
            "P_6Z 2026-11-09; P_15Z 61.00; KursWalutyZW 4.2345",
            "P_9AZ 100; P_11NettoZ 100.00; P_11VatZ 23.00",
        )
        self.assert_absent(text, "KursWaluty")


@tagged("l10n_pl_ksef_modules")
class TestFinalInvoice(AdvanceCase):
    """A final invoice shows the whole sale, and only what remains in its totals."""

    def sold(self, percent=30):
        """Return an order with an advance that KSeF has."""
        order = self.make_order()
        return order, self.accept(self.post(self.advance(order, percent)))

    def test_final_of_two_rates(self):
        order, advance = self.sold()
        text = self.text(self.final(order))
        number = advance.sudo().l10n_pl_ksef_number
        self.assert_parts(
            text,
            "P_13_1 2100.00; P_14_1 483.00; P_13_2 350.00; P_14_2 28.00; P_15 2961.00",
            "RodzajFaktury ROZ",
        )
        self.assertIn(
            "<FakturaZaliczkowa><NrKSeFFaZaliczkowej>"
            f"{number}</NrKSeFFaZaliczkowej></FakturaZaliczkowa>"
            "<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>A</P_7><P_8A>szt.</P_8A>"
            "<P_8B>3</P_8B><P_9A>1000</P_9A><P_11>3000.00</P_11><P_12>23</P_12>"
            "</FaWiersz><FaWiersz><NrWierszaFa>2</NrWierszaFa><P_7>B</P_7>"
            "<P_8A>szt.</P_8A><P_8B>1</P_8B><P_9A>500</P_9A><P_11>500.00</P_11>"
            "<P_12>8</P_12></FaWiersz>",
            text,
        )
        self.assertEqual(text.count("<FaWiersz>"), 2)
        self.assert_absent(text, "Zamowienie", "ZaliczkaCzesciowa", "KursWalutyZ")

    def test_several_advances_are_named_in_order(self):
        order, first = self.sold()
        second = self.accept(self.post(self.advance(order, 20)))
        text = self.text(self.final(order))
        self.assert_parts(text, "P_15 2115.00")
        numbers = [move.sudo().l10n_pl_ksef_number for move in (first, second)]
        self.assertIn(
            "".join(
                "<FakturaZaliczkowa><NrKSeFFaZaliczkowej>"
                f"{number}</NrKSeFFaZaliczkowej></FakturaZaliczkowa>"
                for number in numbers
            ),
            text,
        )

    def test_advance_outside_ksef_is_named_by_its_number(self):
        order = self.make_order()
        advance = self.post(self.advance(order))
        text = self.text(self.final(order))
        self.assert_parts(text, f"NrKSeFZN 1; NrFaZaliczkowej {advance.name}")

    def test_advances_of_several_orders_are_settled_together(self):
        first, one = self.sold()
        second, other = self.sold(50)
        text = self.text(self.final(first | second))
        self.assert_parts(text, "P_15 5076.00")
        self.assertEqual(text.count("<FaWiersz>"), 4)
        for advance in (one, other):
            self.assertIn(f">{advance.sudo().l10n_pl_ksef_number}<", text)

    def test_drafts_and_cancelled_advances_are_not_named(self):
        order, advance = self.sold()
        cancelled = self.post(self.advance(order, 10))
        cancelled.button_draft()
        cancelled.button_cancel()
        text = self.text(self.final(order))
        self.assertEqual(text.count("<FakturaZaliczkowa>"), 1)
        self.assertIn(advance.sudo().l10n_pl_ksef_number, text)

    def test_advance_credited_in_full_is_not_named(self):
        order, advance = self.sold()
        again = self.accept(self.post(self.advance(order, 10)))
        refund = self.post(self.reverse(advance))
        self.assertEqual(self.prepare(refund).kind, "KOR_ZAL")
        text = self.text(self.final(order))
        self.assert_parts(text, "P_15 3807.00")
        self.assertEqual(text.count("<FakturaZaliczkowa>"), 1)
        self.assertIn(again.sudo().l10n_pl_ksef_number, text)

    def test_advance_credited_in_part_stops_the_final_invoice(self):
        order, advance = self.sold()
        half = {"price_unit": 450}
        self.post(self.reverse(advance, half, {"price_unit": 75}))
        final = self.post(self.final(order))
        found = self.problems(final)
        self.assertIn("advances_and_order", found)
        self.assertEqual(found["advances_and_order"][0].level, "stop")
        self.assertEqual(found["advances_and_order"][0].record[0], "sale.order")
        self.assertIn(
            f"Part of advance {advance.name} was paid back",
            found["advances_and_order"][0].message,
        )
        self.assertIsNone(self.prepare(final).xml)

    def test_advance_credited_in_part_is_settled_as_the_sentence_says(self):
        order, advance = self.sold()
        half = ({"price_unit": 450}, {"price_unit": 75})
        for _half in range(2):
            self.post(self.reverse(advance, *half))
        again = self.accept(self.post(self.fixed_advance(order, 634.5)))
        final = self.final(order)
        old = final.invoice_line_ids.filtered(
            lambda line: advance in line._get_downpayment_lines().move_id
        )
        old.unlink()
        text = self.text(final)
        self.assert_parts(
            text,
            "P_15 3595.50",
            f"NrKSeFFaZaliczkowej {again.sudo().l10n_pl_ksef_number}",
        )
        self.assertEqual(text.count("<FakturaZaliczkowa>"), 1)

    def test_nothing_remains(self):
        order, _advance = self.sold(100)
        final = self.final(order)
        found = self.problems(final)["nothing_left"][0]
        self.assertEqual(found.level, "note")
        self.assertEqual(found.record, ("sale.order", order.id))
        text = self.text(final)
        self.assert_parts(
            text,
            "P_13_1 0.00; P_14_1 0.00; P_13_2 0.00; P_14_2 0.00; P_15 0.00",
            "RodzajFaktury ROZ",
        )
        self.assertEqual(text.count("<FaWiersz>"), 2)
        self.assert_absent(text, "Platnosc")

    def test_last_advance_names_those_before_it(self):
        order, first = self.sold(60)
        last = self.post(self.advance(order, 40))
        text = self.text(last)
        self.assert_parts(
            text,
            "RodzajFaktury ZAL",
            f"NrKSeFFaZaliczkowej {first.sudo().l10n_pl_ksef_number}",
        )

    def test_last_advance_names_none_that_was_credited(self):
        order = self.make_order()
        first = self.post(self.advance(order, 60))
        self.post(self.reverse(first))
        again = self.post(self.advance(order, 60))
        text = self.text(self.advance(order, 40))
        self.assert_parts(text, f"NrKSeFZN 1; NrFaZaliczkowej {again.name}")
        self.assertEqual(text.count("<FakturaZaliczkowa>"), 1)

    def test_first_advance_does_not_name_those_after_it(self):
        order = self.make_order()
        first = self.post(self.advance(order, 60))
        first.l10n_pl_ksef_order = False
        self.post(self.advance(order, 40))
        self.assert_absent(self.text(first), "FakturaZaliczkowa")

    def test_advances_posted_together_know_which_is_last(self):
        order = self.make_order()
        first, last = self.advance(order, 60), self.advance(order, 40)
        (first | last)._post(soft=False)
        self.assert_absent(self.text(first), "FakturaZaliczkowa")
        self.assert_parts(self.text(last), f"NrFaZaliczkowej {first.name}")

    def test_sale_that_leaves_an_advance_open_is_pointed_out(self):
        order, advance = self.sold()
        invoice = self.post(self.final(order, deduct_down_payments=False))
        self.assertEqual(self.prepare(invoice).kind, "VAT")
        found = self.problems(invoice)["advance_not_settled"]
        self.assertIn(advance.name, found[0].message)

    def test_second_sale_of_an_order_has_nothing_to_settle(self):
        order, _advance = self.sold()
        self.text(self.final(order))
        order.order_line[0].product_uom_qty = 5
        second = self.post(self.final(order))
        self.assertEqual(self.prepare(second).kind, "VAT")
        self.assertNotIn("advance_not_settled", self.problems(second))

    def test_gross_prices_add_up(self):
        product = self.make_product("G", 123.45, "vs_kraj_23")
        product.taxes_id = self.make_gross_tax()
        order = self.make_order(self.order_line(product, 3, discount=10))
        advance = self.text(self.fixed_advance(order, 100))
        self.assert_parts(advance, "P_13_1 81.30; P_14_1 18.70; P_15 100.00")
        text = self.text(self.final(order))
        self.assert_parts(
            text,
            "P_13_1 189.69; P_14_1 43.63; P_15 233.32",
            "P_9B 123.45; P_10 12.345; P_11A 333.32; P_12 23",
        )


@tagged("l10n_pl_ksef_modules")
class TestAdvanceProblems(AdvanceCase):
    """What an advance invoice lacks is said in words before it is sent."""

    def test_advance_without_order(self):
        advance = self.advance(self.make_order())
        advance.invoice_line_ids.sale_line_ids = False
        self.post(advance)
        self.assertIn("advance_without_order", self.problems(advance))
        self.assertIsNone(self.prepare(advance).xml)

    def test_row_of_the_order_without_known_rate(self):
        order = self.make_order()
        advance = self.advance(order)
        order.order_line[0].tax_ids = False
        self.post(advance)
        self.assertIn("order_rate", self.problems(advance))
        order.order_line[0].tax_ids = self.tax("vs_kraj_23")
        self.assertNotIn("order_rate", self.problems(advance))

    def test_order_in_another_currency(self):
        advance = self.advance(self.make_order())
        euro = self.env.ref("base.EUR")
        euro.active = True
        advance.currency_id = euro
        self.assertIn("order_currency", self.problems(self.post(advance)))

    def test_advance_for_an_eu_supply_is_pointed_out(self):
        goods = self.make_product("W", 100, "vs_unia")
        self.buyer.write({"country_id": self.env.ref("base.de").id})
        self.set_vat(self.buyer, "DE136695976")
        advance = self.post(self.advance(self.make_order(self.order_line(goods))))
        found = self.problems(advance)
        self.assertEqual(found["eu_goods_advance"][0].level, "warn")

    def test_advance_and_sale_on_one_invoice_are_refused(self):
        advance = self.advance(self.make_order())
        advance.invoice_line_ids = [self.line()]
        found = self.problems(self.post(advance))
        self.assertEqual(list(found), ["not_supported"])

    def test_more_received_than_invoiced(self):
        advance = self.advance(self.make_order())
        advance.l10n_pl_ksef_received_ids = [
            Command.create({"received_on": PAID_ON, "amount": 2000})
        ]
        self.assertIn("received", self.problems(self.post(advance)))


@tagged("l10n_pl_ksef_modules")
class TestAdvanceOnDeposits(AdvanceCase):
    """A deposit on the order is outside VAT: no part of an advance."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deposit = cls.make_product(
            "Kaucja", 10, "vs_kraj_23", l10n_pl_ksef_is_settled=True
        )
        cls.deposit.taxes_id = False

    def order_with_deposit(self):
        return self.make_order(
            self.order_line(self.goods, 3), self.order_line(self.deposit, 2)
        )

    def taxed_advance(self, order, percent):
        """Return the posted advance without the part of the deposit."""
        advance = self.advance(order, percent)
        advance.invoice_line_ids.filtered(
            lambda line: line.display_type == "product" and not line.tax_ids
        ).unlink()
        return self.accept(self.post(advance))

    def test_part_of_the_deposit_is_to_be_taken_off(self):
        found = self.problems(self.advance(self.order_with_deposit()))
        self.assertNotIn("order_rate", found)
        self.assertIn("(deposit)", found["one_rate"][0].message)

    def test_untaxed_line_of_the_order_is_no_deposit(self):
        order = self.make_order(
            self.order_line(self.goods, 3),
            self.order_line(self.service, tax_ids=[Command.clear()]),
        )
        found = self.problems(self.advance(order))
        self.assertIn("order_rate", found)
        self.assertIn("Line 2: choose", found["one_rate"][0].message)

    def test_order_and_final_invoice_add_up(self):
        order = self.order_with_deposit()
        advance = self.taxed_advance(order, 30)
        sent = advance._l10n_pl_ksef_sent_file().body
        self.assertEqual([line.name for line in sent.order.lines], ["A"])
        self.assertEqual(str(sent.order.gross), "3690.00")
        text = self.text(self.final(order))
        self.assert_parts(
            text,
            "P_15 2583.00",
            f"NrKSeFFaZaliczkowej {advance.sudo().l10n_pl_ksef_number}",
            "SumaObciazen 20.00; DoZaplaty 2603.00",
        )

    def test_last_advance_names_the_first(self):
        order = self.order_with_deposit()
        first = self.taxed_advance(order, 60)
        last = self.taxed_advance(order, 40)
        named = last._l10n_pl_ksef_sent_file().body.advance_invoices
        number = first.sudo().l10n_pl_ksef_number
        self.assertEqual([each.ksef_number for each in named], [number])
