import logging
from datetime import date

from odoo import Command
from odoo.tests import tagged

from .correction_common import CORRECTED_ON, SENT_NUMBER, CorrectionCase
from .fa3_common import BUYER_NIP, CREATED_ON, IBAN, ISSUED_ON

_logger = logging.getLogger(__name__)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestCorrectionRows(CorrectionCase):
    """A credit note is written as the difference to the invoice it corrects."""

    def test_full_credit_note_takes_each_line_back(self):
        invoice = self.sent(
            self.line(100, name="A", quantity=10), self.line(50, "vs_kraj_8", name="B")
        )
        text = self.correction_file(self.reverse(invoice))
        self.assert_parts(
            text,
            "P_13_1 -1000.00; P_14_1 -230.00; P_13_2 -50.00; P_14_2 -4.00; "
            "P_15 -1284.00",
            "RodzajFaktury KOR",
            "P_7 A; P_8A szt.; P_8B -10; P_9A 100; P_11 -1000.00; P_12 23",
            "P_7 B; P_8A szt.; P_8B -1; P_9A 50; P_11 -50.00; P_12 8",
        )
        self.assert_absent(text, "StanPrzed", "NrKSeFN", "Platnosc")

    def test_return_of_some_pieces_has_the_values_of_the_recipe(self):
        invoice = self.sent(
            self.line(100, quantity=10, discount=10),
            taxable_supply_date=date(2026, 10, 20),
        )
        refund = self.reverse(
            invoice,
            {"quantity": 3},
            l10n_pl_ksef_correction_reason="zwrot towaru",
            l10n_pl_ksef_correction_effect="2",
        )
        text = self.correction_file(refund)
        number = SENT_NUMBER.format(invoice.id)
        self.assert_parts(
            text,
            "P_1 2026-11-18; P_1M Warszawa; P_2 RINV/2026/00001; P_6 2026-10-20; "
            "P_13_1 -270.00; P_14_1 -62.10; P_15 -332.10",
            "RodzajFaktury KOR; PrzyczynaKorekty zwrot towaru; TypKorekty 2",
            "DataWystFaKorygowanej 2026-11-10; NrFaKorygowanej INV/2026/00001; "
            f"NrKSeF 1; NrKSeFFaKorygowanej {number}",
            "NrWierszaFa 1; P_7 Towar; P_8A szt.; P_8B -3; P_9A 100; P_10 10; "
            "P_11 -270.00; P_12 23",
        )
        self.assertEqual(refund.date, CORRECTED_ON)

    def test_line_with_another_price_lowers_the_price(self):
        invoice = self.sent(self.line(100, quantity=10))
        text = self.correction_file(self.reverse(invoice, {"price_unit": 5}))
        self.assert_parts(
            text,
            "P_13_1 -50.00; P_14_1 -11.50; P_15 -61.50",
            "P_8B 10; P_9A -5; P_11 -50.00; P_12 23",
        )

    def test_return_at_a_price_that_was_lowered_before_is_a_return(self):
        invoice = self.sent(self.line(100, quantity=10))
        for change in ({"price_unit": 5}, {"price_unit": 3}):
            self.reverse(invoice, change)._post(soft=False)
        for price in (92, 95, 100):
            text = self.correction_file(
                self.reverse(invoice, {"quantity": 1, "price_unit": price})
            )
            self.assert_parts(text, f"P_8B -1; P_9A {price}; P_11 -{price}.00")

    def test_discount_on_the_line_lowers_the_price(self):
        invoice = self.sent(self.line(100, quantity=10))
        text = self.correction_file(self.reverse(invoice, {"discount": 95}))
        self.assert_parts(text, "P_8B 10; P_9A -5; P_11 -50.00; P_12 23")
        self.assert_absent(text, "P_10")

    def test_what_a_person_says_of_the_lines_holds(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice, {"price_unit": 5})
        refund.l10n_pl_ksef_row_style = "return"
        text = self.correction_file(refund)
        self.assert_parts(text, "P_8B -10; P_9A 5; P_11 -50.00; P_12 23")
        other = self.reverse(invoice)
        other.l10n_pl_ksef_row_style = "price"
        text = self.correction_file(other)
        self.assert_parts(text, "P_8B 10; P_9A -100; P_11 -1000.00; P_12 23")

    def test_tax_included_price_is_corrected_gross(self):
        gross = self.make_gross_tax()
        invoice = self.sent(self.line(123.45, taxes=gross, quantity=3, discount=10))
        text = self.correction_file(self.reverse(invoice))
        self.assert_parts(
            text,
            "P_13_1 -270.99; P_14_1 -62.33; P_15 -333.32",
            "P_8B -3; P_9B 123.45; P_10 12.345; P_11A -333.32; P_12 23",
        )

    def test_tax_included_price_that_was_sent_net_is_corrected_net(self):
        gross = self.make_gross_tax()
        invoice = self.sent(self.line(123.45, taxes=gross), self.line(100))
        self.assertIsNone(invoice._l10n_pl_ksef_sent_file().body.lines[0].gross_price)
        refund = self.reverse(invoice, {}, None)
        text = self.correction_file(refund)
        self.assert_parts(text, "P_8B -1; P_9A 100.36585366; P_11 -100.37; P_12 23")
        self.assert_absent(text, "P_9B", "P_11A")

    def test_negative_line_of_the_invoice_comes_back_positive(self):
        invoice = self.sent(self.line(100), self.line(-20, name="Rabat"))
        text = self.correction_file(self.reverse(invoice))
        self.assert_parts(
            text,
            "P_13_1 -80.00; P_14_1 -18.40; P_15 -98.40",
            "P_7 Rabat; P_8A szt.; P_8B -1; P_9A -20; P_11 20.00; P_12 23",
        )

    def test_line_at_another_rate_moves_the_amount_there(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice)
        refund.write({"invoice_line_ids": [self.line(80, "vs_kraj_8", quantity=-10)]})
        text = self.correction_file(refund)
        self.assert_parts(
            text,
            "P_13_1 -1000.00; P_14_1 -230.00; P_13_2 800.00; P_14_2 64.00; "
            "P_15 -366.00",
            "P_8B -10; P_9A 100; P_11 -1000.00; P_12 23",
            "P_8B 10; P_9A 80; P_11 800.00; P_12 8",
        )

    def test_typed_line_is_compared_with_the_invoice_by_its_product(self):
        values = {"product_id": self.product_a.id}
        invoice = self.sent(self.line(100, quantity=10, **values))
        refund = self.reverse(invoice, None)
        refund.write({"invoice_line_ids": [self.line(7, quantity=10, **values)]})
        text = self.correction_file(refund)
        self.assert_parts(text, "P_8B 10; P_9A -7; P_11 -70.00; P_12 23")

    def test_reversal_of_a_credit_note_names_the_invoice(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.accept(self.post(self.reverse(invoice, {"quantity": 3})))
        again = self.reverse(refund)
        self.assertEqual(again.move_type, "out_invoice")
        text = self.correction_file(again)
        self.assert_parts(
            text,
            "P_13_1 300.00; P_14_1 69.00; P_15 369.00",
            "RodzajFaktury KOR; TypKorekty 2",
            f"NrKSeFFaKorygowanej {SENT_NUMBER.format(invoice.id)}",
            "P_8B 3; P_9A 100; P_11 300.00; P_12 23",
        )
        self.assertEqual(text.count("<DaneFaKorygowanej>"), 1)

    def test_statements_and_days_stay_those_of_the_invoice(self):
        self.tax("vs_kraj_zw").l10n_pl_ksef_exemption_basis = "art. 43 ust. 1 pkt 37"
        invoice = self.sent(
            self.line(100),
            self.line(50, "vs_kraj_zw"),
            l10n_pl_ksef_period_start=date(2026, 10, 1),
            l10n_pl_ksef_period_end=date(2026, 10, 31),
        )
        text = self.correction_file(self.reverse(invoice, {"quantity": 1}, None))
        self.assert_parts(
            text,
            "P_6_Od 2026-10-01; P_6_Do 2026-10-31",
            "P_19 1; P_19A art. 43 ust. 1 pkt 37",
            "P_13_1 -100.00; P_14_1 -23.00; P_15 -123.00",
        )
        self.assert_absent(text, "P_6", "P_19N")

    def test_correction_is_never_paid(self):
        invoice = self.sent(self.line(100))
        refund = self.post(self.reverse(invoice))
        self.assertEqual(refund.payment_state, "paid")
        self.assert_absent(self.correction_file(refund), "Platnosc")
        again = self.reverse(self.accept(refund))
        again.partner_bank_id = self.env["res.partner.bank"].create(
            {
                "acc_number": IBAN,
                "partner_id": self.company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        text = self.correction_file(again)
        self.assert_parts(text, "FormaPlatnosci 6", "NrRB 61109010140000071219812874")
        self.assert_absent(text, "Zaplacono", "ZnacznikZaplatyCzesciowej")

    def test_exchange_rate_of_the_invoice_is_kept_to_the_grosz(self):
        euro = self.setup_other_currency(
            "EUR", rates=[("2026-11-01", 1 / 4.2345), ("2026-11-15", 1 / 4.3)]
        )
        invoice = self.sent(
            self.line(33.33, quantity=3),
            currency_id=euro.id,
            invoice_currency_rate=1 / 4.2345,
        )
        refund = self.reverse(invoice)
        self.assertEqual(refund.invoice_currency_rate, invoice.invoice_currency_rate)
        text = self.correction_file(refund)
        self.assert_parts(
            text,
            "P_13_1 -99.99; P_14_1 -23.00; P_14_1W -97.38; P_15 -122.99",
            "P_11 -99.99; P_12 23; KursWaluty 4.2345",
        )
        later = self.reverse(invoice)
        later.invoice_date = date(2026, 11, 19)
        self.assertEqual(later.invoice_currency_rate, invoice.invoice_currency_rate)

    def post(self, move):
        move._post(soft=False)
        return move


@tagged("post_install_l10n", "post_install", "-at_install")
class TestCorrectedInvoices(CorrectionCase):
    """A correction names the invoices it corrects, wherever they were issued."""

    def refund(self, *lines, **values):
        """Return a draft credit note that was not made from an invoice."""
        return self.make_invoice(
            *lines, move_type="out_refund", invoice_date=CORRECTED_ON, **values
        )

    def test_invoice_without_ksef_is_named_by_its_number(self):
        invoice = self.post_invoice(self.line(100, quantity=10))
        text = self.correction_file(self.reverse(invoice, {"price_unit": 5}))
        self.assert_parts(
            text,
            "DataWystFaKorygowanej 2026-11-10; NrFaKorygowanej INV/2026/00001; "
            "NrKSeFN 1",
        )

    def test_number_of_a_trial_is_not_named_in_production(self):
        invoice = self.sent(self.line(100))
        self.company.l10n_pl_ksef_environment = "production"
        self.company.l10n_pl_ksef_since = date(2026, 11, 15)
        text = self.correction_file(self.reverse(invoice))
        self.assert_parts(text, "NrFaKorygowanej INV/2026/00001; NrKSeFN 1")

    def test_number_got_elsewhere_is_typed_in(self):
        self.company.l10n_pl_ksef_environment = "test"
        number = "5265877635-20250826-0100001AF629-AF"
        for said, words in (
            ({"ksef_number": number}, f"NrKSeF 1; NrKSeFFaKorygowanej {number}"),
            ({"is_outside_ksef": True}, "NrKSeFN 1"),
        ):
            with self.subTest(words):
                invoice = self.post_invoice(self.line(100))
                row = {"number": invoice.name, "issued_on": ISSUED_ON, **said}
                refund = self.reverse(invoice)
                refund.l10n_pl_ksef_corrected_ids = [Command.create(row)]
                text = self.correction_file(refund)
                self.assert_parts(text, f"NrFaKorygowanej {invoice.name}; {words}")
                self.assertEqual(text.count("<DaneFaKorygowanej>"), 1)

    def test_invoice_outside_odoo_is_typed_in(self):
        listed = {
            "number": "FV/2025/00990",
            "issued_on": date(2025, 12, 20),
            "is_outside_ksef": True,
        }
        refund = self.refund(
            self.line(5, quantity=10),
            l10n_pl_ksef_corrected_ids=[Command.create(listed)],
            l10n_pl_ksef_row_style="price",
        )
        text = self.correction_file(refund)
        self.assert_parts(
            text,
            "P_13_1 -50.00; P_14_1 -11.50; P_15 -61.50",
            "RodzajFaktury KOR; TypKorekty 2",
            "DataWystFaKorygowanej 2025-12-20; NrFaKorygowanej FV/2025/00990; "
            "NrKSeFN 1",
            "P_8B 10; P_9A -5; P_11 -50.00; P_12 23",
        )
        # What corrects this correction names the same invoice.
        again = self.correction_file(self.reverse(refund))
        self.assert_parts(again, "NrFaKorygowanej FV/2025/00990; NrKSeFN 1")

    def test_several_invoices_get_a_discount_for_a_period(self):
        first = self.sent(self.line(100))
        second = self.sent(self.line(200))
        listed = [
            {"invoice_id": first.id},
            {"invoice_id": second.id},
            {
                "number": "FV/9",
                "issued_on": ISSUED_ON,
                "ksef_number": "5265877635-20250826-0100001AF629-AF",
            },
        ]
        refund = self.refund(
            self.line(30, name="Rabat za październik"),
            l10n_pl_ksef_corrected_ids=[Command.create(row) for row in listed],
            l10n_pl_ksef_corrected_period="październik 2026",
            l10n_pl_ksef_covers_all=True,
        )
        text = self.correction_file(refund)
        self.assertEqual(text.count("<DaneFaKorygowanej>"), 3)
        self.assert_parts(
            text,
            "P_13_1 -30.00; P_14_1 -6.90; P_15 -36.90",
            f"NrKSeF 1; NrKSeFFaKorygowanej {SENT_NUMBER.format(second.id)}",
            "NrKSeF 1; NrKSeFFaKorygowanej 5265877635-20250826-0100001AF629-AF",
        )
        self.assertIn("<OkresFaKorygowanej>październik 2026</OkresFaKorygowanej>", text)
        self.assert_absent(text, "FaWiersz")

    def test_discount_for_some_sales_of_a_period_names_them(self):
        invoice = self.sent(self.line(100))
        refund = self.refund(
            self.line(30, name="Śruby"),
            l10n_pl_ksef_corrected_ids=[Command.create({"invoice_id": invoice.id})],
            l10n_pl_ksef_corrected_period="październik 2026",
        )
        text = self.correction_file(refund)
        line = "<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>Śruby</P_7></FaWiersz>"
        self.assertIn(line, text)

    def test_number_got_by_another_module_counts(self):
        invoice = self.post_invoice(self.line(100))
        number = SENT_NUMBER.format(77)
        self.patch(
            self.env.registry["account.move"],
            "_l10n_pl_ksef_known_number",
            lambda move: number if move == invoice else False,
        )
        text = self.correction_file(self.reverse(invoice))
        self.assert_parts(text, f"NrKSeF 1; NrKSeFFaKorygowanej {number}")

    def test_buyer_number_of_the_file_is_the_present_one(self):
        invoice = self.sent(self.line(100))
        self.buyer.name = "Nowa nazwa S.A."
        text = self.correction_file(self.reverse(invoice))
        self.assert_parts(text, f"NIP {BUYER_NIP}; Nazwa Nowa nazwa S.A.")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestCorrectionStatements(CorrectionCase):
    """Corrections cost a fixed number of SQL statements, however many there are."""

    def count(self, moves):
        self.env["l10n_pl_ksef.schema"]._get_schema()
        self.env.flush_all()
        self.export._prepare_files(moves[:1], CREATED_ON)
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        files = self.export._prepare_files(moves, CREATED_ON)
        count = self.env.cr.sql_log_count - before
        self.assertTrue(all(prepared.xml for prepared in files.values()))
        return count

    def test_statements_do_not_grow_with_corrections(self):
        moves = self.env["account.move"]
        for n in range(12):
            partner = self.make_partner(f"N{n}", f"PL{BUYER_NIP}")
            lines = [self.line(10 + k) for k in range(n + 1)]
            moves |= self.reverse(self.sent(*lines, partner_id=partner.id))
        moves._post(soft=False)
        one, all_of_them = self.count(moves[:1]), self.count(moves)
        _logger.info("one correction %s statements, twelve %s", one, all_of_them)
        self.assertEqual(all_of_them, one)
