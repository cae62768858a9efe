from datetime import date, timedelta

from odoo import Command
from odoo.tests import tagged

from .fa3_common import BUYER_NIP, IBAN, ISSUED_ON, SELLER_NIP, Fa3Case

EXEMPTION = "art. 43 ust. 1 pkt 37 ustawy o VAT"


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Amounts(Fa3Case):
    """The file repeats what was booked, rate by rate, line by line."""

    def test_plain_invoice_has_the_values_of_the_recipe(self):
        text = self.file(self.line(100, name="Usługa", quantity=2))
        self.assert_parts(
            text,
            "P_13_1 200.00; P_14_1 46.00; P_15 246.00",
            "NrWierszaFa 1; P_7 Usługa; P_8A szt.; P_8B 2; P_9A 100; P_11 200.00",
            "P_11 200.00; P_12 23",
            "KodWaluty PLN; P_1 2026-11-10; P_1M Warszawa; P_2 INV/2026/00001",
            "P_19N 1",
            "RodzajFaktury VAT",
        )
        self.assertIn("<DataWytworzeniaFa>2026-11-10T09:30:05Z<", text)
        self.assert_absent(text, "P_6", "P_14_1W", "KursWaluty", "P_11Vat", "P_10")

    def test_number_is_known_as_it_stands_in_the_file(self):
        prepared = self.prepare(self.post_invoice(name="FV  7 / 2026"))
        self.assertEqual(prepared.number, "FV 7 / 2026")
        self.assert_parts(prepared.xml.decode(), "P_2 FV 7 / 2026")

    def test_several_rates_each_have_their_totals(self):
        self.tax("vs_kraj_zw").l10n_pl_ksef_exemption_basis = EXEMPTION
        text = self.file(
            self.line(100),
            self.line(50, "vs_kraj_8"),
            self.line(20, "vs_kraj_5"),
            self.line(10, "vs_kraj_0"),
            self.line(5, "vs_kraj_zw"),
            self.line(30),
        )
        self.assert_parts(
            text,
            "P_13_1 130.00; P_14_1 29.90; P_13_2 50.00; P_14_2 4.00; P_13_3 20.00; "
            "P_14_3 1.00; P_13_6_1 10.00; P_13_7 5.00; P_15 249.90",
            f"P_19 1; P_19A {EXEMPTION}",
        )
        rates = [line.rate.value for line in self.document(text).body.lines]
        self.assertEqual(rates, ["23", "8", "5", "0 KR", "zw", "23"])

    def test_exemption_under_the_directive_has_its_own_element(self):
        self.tax("vs_kraj_zw").write(
            {
                "l10n_pl_ksef_exemption_basis": "art. 135",
                "l10n_pl_ksef_exemption_kind": "directive",
            }
        )
        text = self.file(self.line(5, "vs_kraj_zw"))
        self.assert_parts(text, "P_19 1; P_19B art. 135", "P_13_7 5.00; P_15 5.00")

    def test_tax_is_rounded_for_all_lines_together(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        text = self.file(*[self.line(0.33) for _line in range(3)])
        self.assert_parts(text, "P_13_1 0.99; P_14_1 0.23; P_15 1.22")

    def test_tax_is_rounded_line_by_line_and_shown(self):
        self.company.tax_calculation_rounding_method = "round_per_line"
        text = self.file(*[self.line(0.33) for _line in range(3)])
        self.assert_parts(
            text,
            "P_13_1 0.99; P_14_1 0.24; P_15 1.23",
            "P_11 0.33; P_11Vat 0.08; P_12 23",
        )

    def test_line_values_sum_to_the_booked_total(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        text = self.file(*[self.line(0.33, quantity=0.5) for _line in range(3)])
        body = self.document(text).body
        self.assertEqual(sum(line.net for line in body.lines), body.net_standard)
        self.assert_parts(text, "P_13_1 0.50; P_14_1 0.11; P_15 0.61")

    def test_tax_that_rounds_to_nothing_is_still_written(self):
        text = self.file(self.line(0.01))
        self.assert_parts(text, "P_13_1 0.01; P_14_1 0.00; P_15 0.01")

    def test_discount_is_written_for_one_unit(self):
        text = self.file(self.line(33.335, quantity=3, discount=12.5))
        self.assert_parts(text, "P_8B 3; P_9A 33.335; P_10 4.166875; P_11 87.50")

    def test_full_discount_keeps_the_line(self):
        text = self.file(self.line(50, discount=100), self.line(10))
        self.assert_parts(text, "P_9A 50; P_10 50; P_11 0.00; P_12 23")

    def test_negative_line_reduces_the_total(self):
        text = self.file(self.line(100), self.line(-20, name="Rabat"))
        self.assert_parts(
            text, "P_13_1 80.00; P_14_1 18.40; P_15 98.40", "P_9A -20; P_11 -20.00"
        )

    def test_tax_included_price_is_written_gross(self):
        gross = self.make_gross_tax()
        text = self.file(self.line(123.45, taxes=gross, quantity=3, discount=10))
        self.assert_parts(
            text,
            "P_13_1 270.99; P_14_1 62.33; P_15 333.32",
            "P_8B 3; P_9B 123.45; P_10 12.345; P_11A 333.32; P_12 23",
        )

    def test_one_rate_is_priced_one_way(self):
        gross = self.make_gross_tax()
        text = self.file(self.line(123, taxes=gross), self.line(100))
        self.assert_parts(text, "P_9A 100; P_11 100.00; P_12 23", "P_15 246.00")
        self.assert_absent(text, "P_9B", "P_11A")

    def test_group_of_taxes_counts_as_the_tax_in_it(self):
        group = self.env["account.tax"].create(
            {
                "name": "Group",
                "amount_type": "group",
                "children_tax_ids": [Command.set(self.tax("vs_kraj_8").ids)],
            }
        )
        text = self.file(self.line(100, taxes=group))
        self.assert_parts(text, "P_13_2 100.00; P_14_2 8.00; P_15 108.00")

    def test_line_without_quantity_is_dropped_and_numbers_have_no_gap(self):
        text = self.file(self.line(100), self.line(5, quantity=0), self.line(10))
        numbers = [line.number for line in self.document(text).body.lines]
        self.assertEqual(numbers, [1, 2])

    def test_cash_rounding_line_goes_beside_the_total(self):
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "0.05",
                "rounding": 0.05,
                "strategy": "add_invoice_line",
                "profit_account_id": self.company_data["default_account_revenue"].id,
                "loss_account_id": self.company_data["default_account_expense"].id,
                "rounding_method": "HALF-UP",
            }
        )
        text = self.file(self.line(10.01), invoice_cash_rounding_id=rounding.id)
        self.assert_parts(
            text,
            "P_13_1 10.01; P_14_1 2.30; P_15 12.31",
            "Kwota 0.01; Powod Zaokrąglenie",
        )
        self.assertIn("<SumaOdliczen>0.01</SumaOdliczen><DoZaplaty>12.30<", text)

    def test_rounding_booked_as_tax_stays_out_of_it_and_is_said(self):
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "1.00",
                "rounding": 1,
                "strategy": "biggest_tax",
                "rounding_method": "HALF-UP",
            }
        )
        invoice = self.post_invoice(
            self.line(10.01), invoice_cash_rounding_id=rounding.id
        )
        prepared = self.prepare(invoice)
        self.assert_parts(prepared.xml.decode(), "P_14_1 2.30; P_15 12.31")
        self.assertEqual([p.key for p in prepared.problems], ["rounding_as_tax"])

    def test_cash_accounting_tax_is_marked(self):
        self.company.tax_exigibility = True
        account = self.company_data["default_account_assets"]
        account.reconcile = True
        tax = self.tax("vs_kraj_23").copy(
            {
                "name": "23% cash",
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": account.id,
            }
        )
        text = self.file(self.line(100, taxes=tax))
        self.assert_parts(text, "P_16 1; P_17 2", "P_13_1 100.00; P_14_1 23.00")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Texts(Fa3Case):
    """Lines carry their texts; notes and sections do not become lines."""

    def test_notes_go_to_the_line_above_and_sections_nowhere(self):
        text = self.file(
            Command.create({"display_type": "line_note", "name": "Na górze"}),
            Command.create({"display_type": "line_section", "name": "Sekcja"}),
            self.line(name="Pierwsza"),
            Command.create(
                {"display_type": "line_note", "name": "Uwaga\ndo pierwszej"}
            ),
            self.line(name="Druga"),
        )
        body = self.document(text).body
        notes = [(note.line_number, note.key, note.value) for note in body.notes]
        self.assertEqual(
            notes, [(None, "Uwagi", "Na górze"), (1, "Uwagi", "Uwaga do pierwszej")]
        )
        self.assertEqual([line.name for line in body.lines], ["Pierwsza", "Druga"])
        self.assertNotIn("Sekcja", text)

    def test_long_description_goes_on_in_the_notes(self):
        words = "ąę" * 400
        prepared = self.prepare(self.post_invoice(self.line(name=words)))
        body = self.document(prepared.xml.decode()).body
        pieces = [body.lines[0].name, *(note.value for note in body.notes)]
        self.assertEqual("".join(pieces), words)
        self.assertEqual([len(piece) for piece in pieces], [512, 256, 32])
        self.assertEqual([p.key for p in prepared.problems], ["long_description"])

    def test_forbidden_characters_do_not_reach_the_file(self):
        text = self.file(self.line(name="Śruba\x80 \u200bM8\ufdd0 & <b>"))
        self.assert_parts(text, "P_7 Śruba M8 &amp; &lt;b&gt;")

    def test_product_brings_its_codes(self):
        product = self.env["product.product"].create(
            {
                "name": "Komputer",
                "default_code": "KOMP-1",
                "barcode": "5901234123457",
                "l10n_pl_vat_gtu": "GTU_06",
            }
        )
        text = self.file(self.line(product_id=product.id))
        self.assert_parts(
            text,
            "P_7 Towar; Indeks KOMP-1; GTIN 5901234123457; P_8A szt.",
            "GTU GTU_06",
        )

    def test_units_have_polish_short_forms(self):
        box = self.env["uom.uom"].create({"name": "karton"})
        units = {"kgm": "kg", "hour": "godz.", "square_meter": "m2"}
        lines = [
            self.line(product_uom_id=self.env.ref(f"uom.product_uom_{name}").id)
            for name in units
        ]
        text = self.file(*lines, self.line(product_uom_id=box.id))
        found = [line.unit for line in self.document(text).body.lines]
        self.assertEqual(found, [*units.values(), "karton"])

    def test_line_without_text_takes_the_polish_name_of_the_product(self):
        product = self.env["product.product"].create({"name": "Hammer"})
        self.env["res.lang"]._activate_lang("pl_PL")
        product.with_context(lang="pl_PL").name = "Młotek"
        text = self.file(self.line(product_id=product.id, name=""))
        self.assert_parts(text, "P_7 Młotek")

    def test_narration_becomes_the_footer_with_its_lines(self):
        text = self.file(narration="<p>Dziękujemy &amp; do zobaczenia</p><p>KRS 1</p>")
        self.assertIn("<StopkaFaktury>Dziękujemy &amp; do zobaczenia\n", text)
        self.assertIn("KRS 1</StopkaFaktury>", text)

    def test_supply_date_is_written_when_it_is_another_day(self):
        other = date(2026, 11, 5)
        text = self.file(taxable_supply_date=other)
        self.assert_parts(text, "P_6 2026-11-05; P_13_1 100.00")
        self.assert_absent(self.file(taxable_supply_date=ISSUED_ON), "P_6")
        self.assert_parts(self.file(delivery_date=other), "P_6 2026-11-05")

    def test_voucher_and_related_party_are_marked(self):
        self.buyer.l10n_pl_links_with_customer = True
        text = self.file(l10n_pl_vat_b_spv=True)
        self.assert_parts(text, "P_12 23; Procedura B_SPV", "TP 1")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Parties(Fa3Case):
    """Seller and buyer are named by the right number, with a usable address."""

    def buyer_of(self, partner, **values):
        return self.document(self.file(partner_id=partner.id, **values)).buyer

    def test_seller_is_the_company(self):
        seller = self.document(self.file()).seller
        self.assertEqual(seller.identity.nip, SELLER_NIP)
        self.assertEqual(seller.identity.name, "Sprzedawca Sp. z o.o.")
        self.assertEqual(seller.address.line_1, "ul. Prosta 1")
        self.assertEqual(seller.address.line_2, "00-001 Warszawa")
        contact = seller.contacts[0]
        self.assertEqual(contact.phone, "+48221234567")
        self.assertEqual(contact.email, "biuro@sprzedawca.example")

    def test_polish_buyer_is_known_by_nip_however_typed(self):
        for vat in (f"PL{BUYER_NIP}", BUYER_NIP, "526-000-12-46"):
            with self.subTest(vat):
                partner = self.make_partner("Nabywca", vat, ref="K-7")
                buyer = self.buyer_of(partner)
                self.assertEqual(buyer.identity.nip, BUYER_NIP)
                self.assertEqual(buyer.customer_number, "K-7")
                self.assertFalse(buyer.is_local_government or buyer.is_vat_group)

    def test_buyer_of_the_union_is_known_by_its_vat_number(self):
        identity = self.buyer_of(
            self.make_partner("GmbH", "DE136695976", "de")
        ).identity
        found = (identity.eu_prefix, identity.eu_number, identity.country)
        self.assertEqual(found, ("DE", "136695976", None))

    def test_greek_buyer_has_two_country_codes(self):
        buyer = self.buyer_of(self.make_partner("AE", "EL094014201", "gr"))
        self.assertEqual(buyer.identity.eu_prefix, "EL")
        self.assertEqual(buyer.address.country, "GR")

    def test_other_foreign_buyer_is_known_by_country_and_number(self):
        partner = self.make_partner("AG", "CHE-123.456.788", "ch")
        identity = self.buyer_of(partner).identity
        found = (identity.country, identity.other_number, identity.nip)
        self.assertEqual(found, ("CH", "CHE123456788", None))

    def test_private_person_needs_neither_number_nor_address(self):
        person = self.env["res.partner"].create({"name": "Jan Kowalski"})
        buyer = self.buyer_of(person)
        self.assertTrue(buyer.identity.has_no_number)
        self.assertEqual(buyer.identity.name, "Jan Kowalski")
        self.assertIsNone(buyer.address)

    def test_contact_of_a_company_is_not_the_buyer(self):
        contact = self.env["res.partner"].create(
            {"name": "Anna Nowak", "parent_id": self.buyer.id, "type": "contact"}
        )
        self.assertEqual(self.buyer_of(contact).identity.name, "Nabywca S.A.")

    def test_invoice_address_elsewhere_is_for_mail(self):
        office = self.env["res.partner"].create(
            {
                "parent_id": self.buyer.id,
                "name": "Księgowość",
                "type": "invoice",
                "street": "ul. Inna 2",
                "city": "Gdynia",
                "country_id": self.env.ref("base.pl").id,
            }
        )
        buyer = self.buyer_of(office)
        self.assertEqual(buyer.mail_address.line_2, "Gdynia")
        self.assertEqual(buyer.address.line_2, "30-001 Kraków")

    def test_town_without_street_is_the_first_line(self):
        partner = self.make_partner("Wieś", f"PL{BUYER_NIP}", street=False)
        address = self.buyer_of(partner).address
        self.assertEqual((address.line_1, address.line_2), ("30-001 Kraków", None))

    def test_state_is_named_abroad(self):
        partner = self.make_partner(
            "Inc", "999999999", "us", state_id=self.env.ref("base.state_us_5").id
        )
        line = self.buyer_of(partner).address.line_2
        self.assertEqual(line, "30-001 Kraków, California")

    def test_contacts_that_do_not_fit_are_left_out(self):
        partner = self.make_partner(
            "Nabywca", f"PL{BUYER_NIP}", phone="+48 22 123 45 67 123456", email="x"
        )
        self.assertEqual(self.buyer_of(partner).contacts, ())
        partner.write({"phone": "22-123-45-67", "email": "a@b.example; c@d.example"})
        contact = self.buyer_of(partner).contacts[0]
        self.assertEqual((contact.phone, contact.email), ("221234567", "a@b.example"))


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Payment(Fa3Case):
    """Terms and account stand in the file as on the invoice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank = cls.make_account(IBAN, bank_id=False)

    @classmethod
    def make_account(cls, number, **values):
        return cls.env["res.partner.bank"].create(
            {
                "acc_number": number,
                "partner_id": cls.company.partner_id.id,
                "allow_out_payment": True,
                **values,
            }
        )

    def test_domestic_account_is_written_as_digits_alone(self):
        text = self.file(partner_bank_id=self.bank.id)
        self.assert_parts(text, "NrRB 61109010140000071219812874; OpisRachunku PLN")
        self.assertIn("<FormaPlatnosci>6</FormaPlatnosci><RachunekBankowy>", text)

    def test_account_typed_without_country_is_the_same(self):
        bank = self.make_account("47 1090 2402 2846 8367 2323 9796")
        text = self.file(partner_bank_id=bank.id)
        self.assert_parts(text, "NrRB 47109024022846836723239796; OpisRachunku PLN")

    def test_foreign_account_is_written_whole_with_swift_and_bank(self):
        bank = self.env["res.bank"].create(
            {"name": "Bank Testowy", "bic": "COBADEFFXXX"}
        )
        account = self.make_account("DE89370400440532013000", bank_id=bank.id)
        text = self.file(partner_bank_id=account.id)
        self.assert_parts(
            text,
            "NrRB DE89370400440532013000; SWIFT COBADEFFXXX; NazwaBanku Bank Testowy; "
            "OpisRachunku PLN",
        )

    def test_due_date_and_instalments(self):
        self.assert_parts(
            self.file(invoice_date_due=ISSUED_ON + timedelta(days=14)),
            "Termin 2026-11-24",
        )
        half = self.env["account.payment.term"].create(
            {
                "name": "Two",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": n}
                    )
                    for n in (10, 30)
                ],
            }
        )
        text = self.file(invoice_payment_term_id=half.id)
        days = [term.due_on for term in self.document(text).body.payment.terms]
        self.assertEqual(days, [date(2026, 11, 20), date(2026, 12, 10)])

    def test_early_discount_is_said(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "2% 7 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 7,
                "early_pay_discount_computation": "included",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 30}
                    )
                ],
            }
        )
        text = self.file(invoice_payment_term_id=term.id)
        self.assert_parts(
            text,
            "WarunkiSkonta zapłata w ciągu 7 dni od daty wystawienia faktury; "
            "WysokoscSkonta 2%",
        )


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Abroad(Fa3Case):
    """Currencies and rates beyond the domestic ones come out as in the recipes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.eur = cls.env.ref("base.EUR")
        cls.eur.active = True
        cls.env["res.currency.rate"].search([("currency_id", "=", cls.eur.id)]).unlink()
        cls.env["res.currency.rate"].create(
            {
                "currency_id": cls.eur.id,
                "company_id": cls.company.id,
                "name": date(2026, 11, 5),
                "inverse_company_rate": 4.2345,
            }
        )
        cls.german = cls.make_partner("GmbH", "DE136695976", "de")

    def test_foreign_currency_carries_tax_and_rate_in_pln(self):
        text = self.file(
            self.line(33.33, name="Usługa", quantity=3),
            currency_id=self.eur.id,
            taxable_supply_date=date(2026, 11, 5),
        )
        self.assert_parts(
            text,
            "KodWaluty EUR",
            "P_6 2026-11-05; P_13_1 99.99; P_14_1 23.00; P_14_1W 97.38; P_15 122.99",
            "P_9A 33.33; P_11 99.99; P_12 23; KursWaluty 4.2345",
        )
        self.assert_absent(text, "KursWalutyZ")

    def test_goods_for_the_union(self):
        text = self.file(
            self.line(2000, "vs_unia", quantity=2),
            partner_id=self.german.id,
            currency_id=self.eur.id,
        )
        self.assert_parts(
            text,
            "PrefiksPodatnika PL",
            "KodUE DE; NrVatUE 136695976",
            "P_13_6_2 4000.00; P_15 4000.00",
            "P_12 0 WDT",
            "P_18 2; P_18A 2",
        )
        self.assert_absent(text, "KursWaluty")

    def test_services_for_the_union_are_taxed_by_the_buyer(self):
        text = self.file(self.line(500, "vs_dostu"), partner_id=self.german.id)
        self.assert_parts(
            text, "PrefiksPodatnika PL", "P_13_9 500.00; P_15 500.00", "P_18 1"
        )
        self.assert_parts(text, "P_12 np II")

    def test_export_of_goods_and_services_outside_the_union(self):
        swiss = self.make_partner("AG", "CHE123456788", "ch")
        text = self.file(
            self.line(100, "vs_eksp_tow"),
            self.line(50, "vs_ekspu"),
            partner_id=swiss.id,
        )
        self.assert_parts(
            text, "P_13_6_3 100.00; P_13_8 50.00; P_15 150.00", "P_18 1", "P_12 np I"
        )
        self.assert_absent(text, "PrefiksPodatnika")

    def test_services_for_a_consumer_outside_are_not_taxed_by_the_buyer(self):
        person = self.make_partner("John", False, "us", is_company=False)
        text = self.file(self.line(50, "vs_ekspu"), partner_id=person.id)
        self.assert_parts(text, "P_18 2", "P_13_8 50.00; P_15 50.00")

    def test_domestic_reverse_charge(self):
        text = self.file(self.line(1000, "vs_stal"))
        self.assert_parts(text, "P_13_10 1000.00; P_15 1000.00", "P_18 1", "P_12 oo")

    def test_triangular_sale(self):
        text = self.file(
            self.line(1000, "vs_unia_triangular"), partner_id=self.german.id
        )
        self.assert_parts(
            text,
            "PrefiksPodatnika PL",
            "P_13_8 1000.00; P_15 1000.00",
            "P_18 1; P_18A 2",
            "P_12 np I; Procedura TT_D",
        )
        self.assertIn("<P_23>1</P_23>", text)

    def test_one_stop_shop_shows_the_foreign_rate(self):
        tax = self.env["account.tax"].create({"name": "20% AT", "amount": 20})
        tax.write({"l10n_pl_ksef_rate": "oss", "l10n_pl_ksef_procedure": "WSTO_EE"})
        person = self.make_partner("Hans", False, "at", is_company=False)
        text = self.file(self.line(100, taxes=tax), partner_id=person.id)
        self.assert_parts(
            text,
            "P_13_5 100.00; P_14_5 20.00; P_15 120.00",
            "P_11 100.00; P_12_XII 20; Procedura WSTO_EE",
        )
        self.assert_absent(text, "P_12")
