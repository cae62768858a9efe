from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.tests import new_test_user, tagged

from ..models.l10n_pl_ksef_fa3_statements import RULES
from ..models.uom_uom import ABBREVIATIONS
from .advance_common import AdvanceCase
from .correction_common import CorrectionCase
from .fa3_common import ISSUED_ON, Fa3Case

EARLIER = date(2026, 11, 3)
LATER = date(2026, 11, 7)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3LineContent(Fa3Case):
    """A line says all that product, unit and line know, without loss."""

    def make_product(self, **values):
        return self.env["product.product"].create({"name": "Dom", **values})

    def line_of(self, *lines, **values):
        """Return the first line in the file of a new invoice."""
        return self.document(self.file(*lines, **values)).body.lines[0]

    def test_classifications_of_the_product(self):
        product = self.make_product(
            default_code="DOM-1",
            barcode="5901234123457",
            l10n_pl_ksef_pkwiu="41.00.11.0",
            l10n_pl_ksef_cn="94060010",
            l10n_pl_ksef_pkob="1110",
            l10n_pl_vat_gtu="GTU_10",
        )
        text = self.file(self.line(product_id=product.id))
        self.assert_parts(
            text,
            "P_7 Towar; Indeks DOM-1; GTIN 5901234123457; PKWiU 41.00.11.0; "
            "CN 94060010; PKOB 1110; P_8A szt.",
            "P_12 23; GTU GTU_10",
        )

    def test_bar_code_that_is_no_gtin_is_left_out(self):
        product = self.make_product(barcode="ABC-12345")
        self.assertIsNone(self.line_of(self.line(product_id=product.id)).gtin)

    def test_annex_mark_comes_from_the_product_and_can_be_changed(self):
        steel = self.make_product(l10n_pl_ksef_is_annex_15=True)
        marked = self.line(product_id=steel.id)
        self.assertTrue(self.line_of(marked).is_annex_15)
        cleared = self.line(product_id=steel.id, l10n_pl_ksef_is_annex_15=False)
        self.assertIsNone(self.line_of(cleared).is_annex_15)
        text = self.file(self.line(l10n_pl_ksef_is_annex_15=True))
        self.assert_parts(text, "P_12 23; P_12_Zal_15 1")

    def test_excise_duty_is_shown(self):
        text = self.file(self.line(l10n_pl_ksef_excise=12.5))
        self.assert_parts(text, "P_12 23; KwotaAkcyzy 12.50")

    def test_lines_are_identified_if_the_company_wants(self):
        self.assertIsNone(self.line_of(self.line()).key)
        self.company.l10n_pl_ksef_line_keys = True
        invoice = self.post_invoice()
        body = self.document(self.prepare(invoice).xml.decode()).body
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        expected = f"{uuid[:8]}-aml-{invoice.invoice_line_ids.id}"
        self.assertEqual(body.lines[0].key, expected)

    def test_procedures_of_goods_imported_before(self):
        german = self.make_partner("GmbH", "DE136695976", "de")
        for template, code in (("vs_unia_i42", "I_42"), ("vs_unia_i63", "I_63")):
            text = self.file(self.line(100, template), partner_id=german.id)
            self.assert_parts(text, f"P_12 0 WDT; Procedura {code}")
            self.assert_parts(text, "P_13_6_2 100.00; P_15 100.00")

    def test_voucher_procedures_of_the_invoice(self):
        for name in ("B_SPV", "B_SPV_DOSTAWA", "B_MPV_PROWIZJA"):
            text = self.file(**{f"l10n_pl_vat_{name.lower()}": True})
            self.assert_parts(text, f"P_12 23; Procedura {name}")

    def test_prices_and_quantities_keep_the_decimals_of_the_schema(self):
        precision = self.env["decimal.precision"]
        precision.search([("name", "=", "Product Unit")]).digits = 6
        precision.search([("name", "=", "Product Price")]).digits = 8
        text = self.file(self.line(0.00012345, quantity=123456.123456))
        self.assert_parts(text, "P_8B 123456.123456; P_9A 0.00012345; P_11 15.24")

    def test_price_with_more_decimals_is_rounded_half_up(self):
        invoice = self.make_invoice(self.line(100))
        invoice.invoice_line_ids.price_unit = 709.2198581560284
        invoice._post()
        text = self.prepare(invoice).xml.decode()
        self.assert_parts(text, "P_9A 709.21985816; P_11 709.22")

    def test_amounts_of_many_digits(self):
        text = self.file(self.line(9999999.99, quantity=10000))
        self.assert_parts(text, "P_9A 9999999.99; P_11 99999999900.00; P_12 23")

    def test_free_line_is_kept(self):
        text = self.file(self.line(0, name="Gratis"), self.line(10))
        self.assert_parts(text, "P_7 Gratis; P_8A szt.; P_8B 1; P_9A 0; P_11 0.00")

    def test_negative_quantity_reduces_its_rate(self):
        text = self.file(self.line(100, quantity=3), self.line(100, quantity=-1))
        self.assert_parts(text, "P_13_1 200.00; P_14_1 46.00; P_15 246.00")
        self.assert_parts(text, "P_8B -1; P_9A 100; P_11 -100.00")

    def test_discount_of_a_negative_price(self):
        text = self.file(self.line(100), self.line(-20, discount=10))
        self.assert_parts(text, "P_9A -20; P_10 -2; P_11 -18.00")

    def test_section_with_collapsed_prices_hides_nothing(self):
        section = {"display_type": "line_section", "name": "S", "collapse_prices": True}
        text = self.file(
            Command.create(section), self.line(name="Jeden"), self.line(name="Dwa")
        )
        names = [line.name for line in self.document(text).body.lines]
        self.assertEqual(names, ["Jeden", "Dwa"])

    def test_rest_of_a_very_long_text_is_not_changed(self):
        name = "".join(chr(ord("a") + n % 26) for n in range(1500))
        prepared = self.prepare(self.post_invoice(self.line(name=name)))
        body = self.document(prepared.xml.decode()).body
        parts = [body.lines[0].name, *(note.value for note in body.notes)]
        self.assertEqual("".join(parts), name)

    def test_text_is_cut_between_characters(self):
        name = "😀" * 511 + "ąę"
        prepared = self.prepare(self.post_invoice(self.line(name=name)))
        body = self.document(prepared.xml.decode()).body
        self.assertEqual(body.lines[0].name, "😀" * 511 + "ą")
        self.assertEqual([note.value for note in body.notes], ["ę"])


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3LineKeys(CorrectionCase):
    """A corrected line is known by the identifier it was sold under."""

    def test_correction_of_a_correction_names_the_sold_line(self):
        self.company.l10n_pl_ksef_line_keys = True
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice, {"quantity": 3})
        key = self.key_of(self.correction_file(refund))
        self.assertTrue(key.endswith(f"-aml-{invoice.invoice_line_ids.id}"))
        again = self.reverse(self.accept(refund), {"quantity": 1})
        self.assertEqual(self.key_of(self.correction_file(again)), key)

    def key_of(self, text):
        return self.document(text).body.lines[0].key


@tagged("post_install_l10n", "post_install", "-at_install", "l10n_pl_ksef_modules")
class TestFa3OrderTexts(AdvanceCase):
    """Long descriptions of an order go on in the notes, which is said."""

    def test_forbidden_characters_of_an_order_are_said(self):
        order = self.make_order(self.order_line(self.goods, name="Go\x80ods"))
        advance = self.post(self.advance(order))
        prepared = self.prepare(advance)
        self.assert_parts(prepared.xml.decode(), "NrWierszaZam 1; P_7Z Goods")
        self.assertEqual(
            [(p.key, p.record[0], p.field) for p in prepared.problems],
            [("forbidden_beside_lines", "sale.order", "Description")],
        )

    def test_long_description_of_an_order_is_said(self):
        name = "ą" * 600
        order = self.make_order(
            self.order_line(self.goods), self.order_line(self.goods, name=name)
        )
        advance = self.post(self.advance(order))
        prepared = self.prepare(advance)
        body = self.document(prepared.xml.decode()).body
        self.assertEqual([(n.line_number, len(n.value)) for n in body.notes], [(2, 88)])
        self.assertEqual(
            [(p.key, p.message) for p in prepared.problems],
            [
                (
                    "long_description",
                    "Line 2 of the order: description has 600 characters; past 512 it"
                    " goes to the additional notes.",
                )
            ],
        )


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Units(Fa3Case):
    """Units are abbreviated in Polish, as the accountant wants."""

    def unit_of(self, uom):
        text = self.file(self.line(product_uom_id=uom.id))
        return self.document(text).body.lines[0].unit

    def test_units_of_odoo_have_their_abbreviations(self):
        for name, abbreviation in ABBREVIATIONS.items():
            unit = self.env.ref(f"uom.{name}")
            self.assertEqual(unit.l10n_pl_ksef_abbreviation, abbreviation)

    def test_abbreviation_can_be_changed_and_stays(self):
        hour = self.env.ref("uom.product_uom_hour")
        hour.l10n_pl_ksef_abbreviation = "rbh"
        hour.name = "Working hour"
        self.env.flush_all()
        self.assertEqual(self.unit_of(hour), "rbh")

    def test_unit_without_one_has_its_polish_name(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        unit = self.env["uom.uom"].create({"name": "pallet"})
        unit.with_context(lang="pl_PL").name = "paleta"
        self.assertFalse(unit.l10n_pl_ksef_abbreviation)
        self.assertEqual(self.unit_of(unit), "paleta")

    def test_line_without_a_unit_is_in_pieces(self):
        line = self.document(self.file(self.line(product_uom_id=False))).body.lines[0]
        self.assertEqual(line.unit, "szt.")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3SaleDates(Fa3Case):
    """The sale has one day, a period, or a day for each line; never two of them."""

    def test_period_stands_in_place_of_the_day(self):
        text = self.file(
            l10n_pl_ksef_period_start=date(2026, 10, 1),
            l10n_pl_ksef_period_end=date(2026, 10, 31),
            taxable_supply_date=date(2026, 10, 31),
        )
        self.assertIn(
            "<OkresFa><P_6_Od>2026-10-01</P_6_Od><P_6_Do>2026-10-31</P_6_Do></OkresFa>",
            text,
        )
        self.assert_absent(text, "P_6", "P_6A")

    def test_period_of_one_day_alone_or_turned_round_is_stopped(self):
        for start, end in ((EARLIER, False), (False, LATER), (LATER, EARLIER)):
            invoice = self.make_invoice(
                l10n_pl_ksef_period_start=start, l10n_pl_ksef_period_end=end
            )
            self.assertEqual(self.problems(invoice)["period"][0].level, "stop")

    def test_lines_with_days_of_their_own(self):
        text = self.file(
            self.line(l10n_pl_ksef_supplied_on=EARLIER),
            self.line(l10n_pl_ksef_supplied_on=LATER),
            self.line(),
        )
        self.assert_absent(text, "P_6")
        days = [line.supplied_on for line in self.document(text).body.lines]
        self.assertEqual(days, [EARLIER, LATER, None])
        self.assert_parts(text, "NrWierszaFa 1; P_6A 2026-11-03; P_7 Towar")

    def test_day_of_the_invoice_goes_to_the_lines_without_one(self):
        text = self.file(
            self.line(l10n_pl_ksef_supplied_on=EARLIER),
            self.line(l10n_pl_ksef_supplied_on=ISSUED_ON),
            self.line(),
            delivery_date=LATER,
        )
        self.assert_absent(text, "P_6")
        days = [line.supplied_on for line in self.document(text).body.lines]
        self.assertEqual(days, [EARLIER, None, LATER])

    def test_unusual_days_of_lines_and_periods_are_said(self):
        old, far = date(2026, 9, 30), date(2027, 6, 30)
        for is_odd, lines, values in (
            (True, [self.line(l10n_pl_ksef_supplied_on=old), self.line()], {}),
            (True, [self.line(l10n_pl_ksef_supplied_on=far)], {}),
            (False, [self.line(l10n_pl_ksef_supplied_on=EARLIER)], {}),
            (True, [], self.lasting(date(2026, 9, 1), old)),
            (False, [], self.lasting(ISSUED_ON, far)),
            (False, [], self.lasting(EARLIER, LATER) | {"delivery_date": old}),
        ):
            with self.subTest(values or len(lines)):
                invoice = self.make_invoice(*lines, **values)
                self.assertEqual("supply_date" in self.problems(invoice), is_odd)

    def lasting(self, first, last):
        return {
            "l10n_pl_ksef_period_start": first,
            "l10n_pl_ksef_period_end": last,
        }

    def test_one_day_of_all_lines_stands_once(self):
        text = self.file(
            self.line(l10n_pl_ksef_supplied_on=EARLIER),
            self.line(l10n_pl_ksef_supplied_on=EARLIER),
        )
        self.assert_parts(text, "P_6 2026-11-03; P_13_1 200.00")
        self.assert_absent(text, "P_6A")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3LineChecks(Fa3Case):
    """What a line cannot say is pointed out by its number."""

    def assert_said(self, invoice, key, level, text):
        found = self.problems(invoice)
        self.assertIn(key, found)
        self.assertEqual(found[key][0].level, level)
        self.assertIn(text, found[key][0].message)

    def test_forbidden_characters_are_said_and_left_out(self):
        invoice = self.post_invoice(self.line(), self.line(name="Śruba\x80 M8\ufdd0"))
        prepared = self.prepare(invoice)
        self.assert_parts(prepared.xml.decode(), "P_7 Śruba M8")
        self.assertEqual([p.key for p in prepared.problems], ["forbidden_characters"])
        message = prepared.problems[0].message
        self.assertEqual(
            message,
            'Line 2: characters that KSeF forbids are left out at "Śruba M8".',
        )

    def test_forbidden_characters_beside_the_lines_are_said_too(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        basis = self.tax("vs_kraj_zw")
        basis.l10n_pl_ksef_exemption_basis = "art. 43\x7f"
        unit = self.env["uom.uom"].create({"name": "pallet"})
        unit.with_context(lang="pl_PL").name = "pa\x80leta"
        product = self.env["product.product"].create(
            {"name": "X", "default_code": "K\x811", "l10n_pl_ksef_cn": "94\x80060010"}
        )
        invoice = self.post_invoice(
            self.line(product_id=product.id, product_uom_id=unit.id),
            Command.create({"display_type": "line_note", "name": "Uwa\ufdd0ga"}),
            self.line(5, "vs_kraj_zw"),
            self.line(5, "vs_kraj_zw"),
        )
        prepared = self.prepare(invoice)
        self.assert_parts(
            prepared.xml.decode(),
            "P_7 Towar; Indeks K1; CN 94060010; P_8A paleta",
            "NrWiersza 1; Klucz Uwagi; Wartosc Uwaga",
            "P_19 1; P_19A art. 43",
        )
        said = {
            (p.record[0], p.field, p.message.partition(" at ")[2])
            for p in prepared.problems
        }
        self.assertEqual(
            said,
            {
                ("account.move", "Label", '"Uwaga".'),
                ("account.tax", "Legal basis of the exemption", '"art. 43".'),
                ("product.product", "CN code", '"94060010".'),
                ("product.product", "Internal Reference", '"K1".'),
                ("uom.uom", "Unit Name", '"paleta".'),
            },
        )
        self.assertEqual(len(prepared.problems), 5)
        self.assertEqual({p.level for p in prepared.problems}, {"warn"})

    def test_forbidden_characters_in_the_name_of_a_product_are_said(self):
        product = self.env["product.product"].create({"name": "Ha\x80mmer"})
        invoice = self.post_invoice(self.line(product_id=product.id, name=""))
        self.assert_said(invoice, "forbidden_characters", "warn", "Line 1")
        self.assert_parts(self.prepare(invoice).xml.decode(), "P_7 Hammer")

    def test_polish_letters_and_emoji_are_not_forbidden(self):
        invoice = self.make_invoice(self.line(name="Zażółć\tgęślą\njaźń 😀 €"))
        self.assertEqual(self.problems(invoice), {})

    def test_long_product_code_is_said_and_cut(self):
        product = self.env["product.product"].create(
            {"name": "X", "default_code": "K" * 51}
        )
        invoice = self.post_invoice(self.line(product_id=product.id))
        self.assert_said(invoice, "long_codes", "warn", "51 characters")
        body = self.document(self.prepare(invoice).xml.decode()).body
        self.assertEqual(body.lines[0].product_code, "K" * 50)

    def test_fee_beside_vat_is_refused_by_its_name(self):
        fee = self.env["account.tax"].create(
            {"name": "Opłata KGO", "amount": 1, "amount_type": "fixed"}
        )
        invoice = self.make_invoice(
            self.line(), self.line(taxes=self.tax("vs_kraj_23") | fee)
        )
        self.assert_said(invoice, "one_rate", "stop", "Line 2: Opłata KGO stands")

    def test_division_tax_is_no_rate(self):
        tax = self.env["account.tax"].create(
            {"name": "23% div", "amount": 23, "amount_type": "division"}
        )
        self.assert_said(
            self.make_invoice(self.line(taxes=tax)), "one_rate", "stop", "Line 1"
        )

    def test_two_rates_on_a_line_are_refused(self):
        taxes = self.tax("vs_kraj_23") | self.tax("vs_kraj_8")
        invoice = self.make_invoice(self.line(taxes=taxes))
        self.assert_said(invoice, "one_rate", "stop", "exactly one VAT rate")

    def test_invoice_of_nothing_is_said_and_sent(self):
        invoice = self.post_invoice(self.line(50, discount=100))
        self.assert_said(invoice, "nothing_to_pay", "warn", "0.00")
        text = self.prepare(invoice).xml.decode()
        self.assert_parts(text, "P_13_1 0.00; P_14_1 0.00; P_15 0.00")

    def test_line_of_no_quantity_alone_is_no_line(self):
        invoice = self.make_invoice(self.line(quantity=0))
        self.assertIn("no_lines", self.problems(invoice))

    def test_price_of_a_margin_tax_with_a_percentage_is_refused(self):
        tax = self.env["account.tax"].create({"name": "Marża 23", "amount": 23})
        tax.l10n_pl_ksef_rate = "margin"
        invoice = self.make_invoice(self.line(taxes=tax))
        self.assert_said(invoice, "margin_price", "stop", "Marża 23 must be 0%")
        self.assertEqual(
            self.problems(invoice)["margin_price"][0].record, (tax._name, tax.id)
        )

    def test_values_of_lines_are_decimal_to_the_last_digit(self):
        text = self.file(self.line(0.1, quantity=3))
        self.assertEqual(self.document(text).body.lines[0].net, Decimal("0.30"))


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3RatesTogether(Fa3Case):
    """Old rates, taxi, and the One Stop Shop are written as the law calls them."""

    def make_tax(self, name, amount, rate=None, **values):
        tax = self.env["account.tax"].create({"name": name, "amount": amount})
        if rate:
            tax.write({"l10n_pl_ksef_rate": rate, **values})
        return tax

    def test_old_and_taxi_rates_have_their_totals(self):
        taxes = [self.make_tax(f"{rate}%", rate) for rate in (22, 7, 4, 3)]
        text = self.file(self.line(), *[self.line(taxes=tax) for tax in taxes])
        self.assert_parts(
            text,
            "P_13_1 200.00; P_14_1 45.00; P_13_2 100.00; P_14_2 7.00; "
            "P_13_4 200.00; P_14_4 7.00; P_15 559.00",
        )
        rates = [line.rate.value for line in self.document(text).body.lines]
        self.assertEqual(rates, ["23", "22", "7", "4", "3"])

    def test_many_treatments_on_one_invoice(self):
        german = self.make_partner("GmbH", "DE136695976", "de")
        self.tax("vs_kraj_zw").l10n_pl_ksef_exemption_basis = "art. 113"
        margin = self.make_tax(
            "Marża", 0, "margin", l10n_pl_ksef_margin_kind="antiques"
        )
        text = self.file(
            self.line(1),
            self.line(2, "vs_kraj_8"),
            self.line(3, "vs_kraj_5"),
            self.line(4, "vs_kraj_0"),
            self.line(5, "vs_unia"),
            self.line(6, "vs_eksp_tow"),
            self.line(7, "vs_kraj_zw"),
            self.line(8, "vs_ekspu"),
            self.line(9, "vs_dostu"),
            self.line(10, "vs_stal"),
            self.line(11, taxes=margin),
            partner_id=german.id,
        )
        self.assert_parts(
            text,
            "P_13_1 1.00; P_14_1 0.23; P_13_2 2.00; P_14_2 0.16; P_13_3 3.00; "
            "P_14_3 0.15; P_13_6_1 4.00; P_13_6_2 5.00; P_13_6_3 6.00; P_13_7 7.00; "
            "P_13_8 8.00; P_13_9 9.00; P_13_10 10.00; P_13_11 11.00; P_15 66.54",
            "P_16 2; P_17 2; P_18 1; P_18A 2",
            "P_19 1; P_19A art. 113",
            "P_PMarzy 1; P_PMarzy_3_3 1",
        )

    def test_one_stop_shop_of_two_countries(self):
        person = self.make_partner("Hans", False, "at", is_company=False)
        taxes = [
            self.make_tax(name, amount, "oss", l10n_pl_ksef_procedure=procedure)
            for name, amount, procedure in (
                ("20% AT", 20, "WSTO_EE"),
                ("5.5% FR", 5.5, False),
            )
        ]
        invoice = self.post_invoice(
            *[self.line(taxes=tax, name="Książka") for tax in taxes],
            partner_id=person.id,
        )
        prepared = self.prepare(invoice)
        text = prepared.xml.decode()
        self.assertEqual(prepared.problems, [])
        self.assert_parts(
            text,
            "P_13_5 200.00; P_14_5 25.50; P_15 225.50",
            "P_11 100.00; P_12_XII 20; Procedura WSTO_EE",
            "P_17 2; P_18 2",
        )
        self.assertIn("<P_12_XII>5.5</P_12_XII></FaWiersz>", text)

    def test_one_stop_shop_in_a_currency_has_no_rate_of_pln(self):
        eur = self.env.ref("base.EUR")
        eur.active = True
        person = self.make_partner("Hans", False, "at", is_company=False)
        tax = self.make_tax("20% AT", 20, "oss")
        invoice = self.make_invoice(
            self.line(taxes=tax), partner_id=person.id, currency_id=eur.id
        )
        invoice.invoice_currency_rate = 0.25
        invoice._post()
        text = self.prepare(invoice).xml.decode()
        self.assert_parts(text, "P_13_5 100.00; P_14_5 20.00; P_15 120.00")
        self.assert_absent(text, "KursWaluty", "P_14_1W", "P_12")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3LineScreens(Fa3Case):
    """Whoever makes invoices finds the fields, where they mean something."""

    def arch(self, model, groups="account.group_account_invoice"):
        user = new_test_user(self.env, f"user {model}", f"base.group_user,{groups}")
        return self.env[model].with_user(user).get_view(view_type="form")["arch"]

    def test_product_shows_its_codes_to_invoicing(self):
        for model in ("product.template", "product.product"):
            arch = self.arch(model)
            for name in ("is_annex_15", "pkwiu", "cn", "pkob", "is_new_transport"):
                self.assertIn(f'name="l10n_pl_ksef_{name}"', arch)
            self.assertIn("'PL' not in fiscal_country_codes", arch)

    def test_product_does_not_show_accounts_to_invoicing(self):
        arch = self.arch("product.template")
        self.assertNotIn("property_account_income_id", arch)

    def test_unit_and_tax_show_their_fields(self):
        self.assertIn("l10n_pl_ksef_abbreviation", self.arch("uom.uom"))
        arch = self.arch("account.tax", "account.group_account_manager")
        for name in ("margin_kind", "buyer_accounts", "is_travel"):
            self.assertIn(f'name="l10n_pl_ksef_{name}"', arch)

    def test_invoice_shows_a_sentence_beside_each_choice(self):
        arch = self.arch("account.move")
        for name in (*RULES, "exemption", "margin"):
            self.assertIn(f'name="l10n_pl_ksef_{name}_reason"', arch)
