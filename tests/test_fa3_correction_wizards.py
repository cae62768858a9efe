from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .correction_common import CORRECTED_ON, SENT_NUMBER, CorrectionCase
from .fa3_common import BUYER_NIP, IBAN


@tagged("post_install_l10n", "post_install", "-at_install")
class TestReversalDialogue(CorrectionCase):
    """The dialogue asks why, and the credit note keeps the answer."""

    def dialogue(self, invoice, **values):
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        form = Form(wizard)
        form.date = CORRECTED_ON
        for name, value in values.items():
            form[name] = value
        return form

    def reversed(self, invoice, **values):
        action = self.dialogue(invoice, **values).save().refund_moves()
        return self.env["account.move"].browse(action["res_id"])

    def test_answers_go_to_the_credit_note_and_its_file(self):
        invoice = self.sent(self.line(100))
        refund = self.reversed(invoice, reason="zwrot towaru")
        self.assert_parts(
            self.correction_file(refund),
            "RodzajFaktury KOR; PrzyczynaKorekty zwrot towaru; TypKorekty 2",
        )
        self.assertFalse(refund.l10n_pl_ksef_row_style)

    def test_mistake_counts_on_the_day_of_the_invoice(self):
        invoice = self.sent(self.line(100))
        self.company.l10n_pl_ksef_environment = "test"
        refund = self.reversed(invoice, l10n_pl_ksef_cause="mistake")
        self.assertEqual(refund.l10n_pl_ksef_correction_effect, "1")
        other = self.reversed(
            invoice, l10n_pl_ksef_cause="mistake", l10n_pl_ksef_effect="3"
        )
        self.assertEqual(other.l10n_pl_ksef_correction_effect, "3")

    def test_discount_and_before_after_decide_how_lines_show(self):
        invoice = self.sent(self.line(100))
        self.company.l10n_pl_ksef_environment = "test"
        cheaper = self.reversed(invoice, l10n_pl_ksef_cause="price")
        self.assertEqual(cheaper.l10n_pl_ksef_row_style, "price")
        both = self.reversed(invoice, l10n_pl_ksef_shows_both=True)
        self.assertEqual(both.l10n_pl_ksef_row_style, "before_after")

    def test_vendor_bills_are_not_asked(self):
        bill = self.init_invoice("in_invoice", products=self.product_a, post=True)
        wizard = self.dialogue(bill).save()
        self.assertFalse(wizard.l10n_pl_ksef_is_asked)
        refund = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        self.assertFalse(refund.l10n_pl_ksef_correction_effect)
        self.assertFalse(refund.line_ids.l10n_pl_ksef_corrected_line_id)

    def test_new_invoice_beside_the_credit_note_is_none(self):
        invoice = self.sent(self.line(100))
        action = self.dialogue(invoice).save().modify_moves()
        fresh = self.env["account.move"].browse(action["res_id"])
        self.assertFalse(fresh.l10n_pl_ksef_is_correction)
        self.assertFalse(fresh.line_ids.l10n_pl_ksef_corrected_line_id)
        self.assertTrue(invoice.reversal_move_ids.l10n_pl_ksef_is_correction)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestTypedCreditNote(CorrectionCase):
    """A credit note may be typed from nothing, and say on its tab what it corrects."""

    def test_corrected_invoice_is_listed_on_the_form(self):
        invoice = self.sent(self.line(100, quantity=10))
        self.company.write(
            {"l10n_pl_ksef_environment": "test", "l10n_pl_ksef_send_mode": "manual"}
        )
        moves = self.env["account.move"].with_context(default_move_type="out_refund")
        with Form(moves) as form:
            form.partner_id = self.buyer
            form.invoice_date = CORRECTED_ON
            with form.invoice_line_ids.new() as line:
                line.name = "Towar"
                line.price_unit = 100
                line.tax_ids = self.tax("vs_kraj_23")
            with form.l10n_pl_ksef_corrected_ids.new() as row:
                row.invoice_id = invoice
            form.l10n_pl_ksef_row_style = "before_after"
            self.assertEqual(form.l10n_pl_ksef_kind, "KOR")
        refund = form.record
        self.assertEqual(refund.l10n_pl_ksef_correction_effect, "2")
        text = self.correction_file(refund)
        self.assert_parts(
            text,
            f"NrKSeF 1; NrKSeFFaKorygowanej {SENT_NUMBER.format(invoice.id)}",
            "P_8B 9; P_9A 100; P_11 900.00; P_12 23",
        )


@tagged("post_install_l10n", "post_install", "-at_install", "l10n_pl_ksef_modules")
class TestDebitNote(CorrectionCase):
    """A debit note is a correction upwards; module account_debit_note makes it."""

    def debit(self, invoice, **values):
        wizard = self.env["account.debit.note"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        made = wizard.create({"date": CORRECTED_ON, **values})
        return self.env["account.move"].browse(made.create_debit()["res_id"])

    def test_higher_price_has_the_values_of_the_recipe(self):
        invoice = self.sent(self.line(100, quantity=10))
        debit = self.debit(invoice, reason="wyższa cena", copy_lines=True)
        debit.invoice_line_ids.price_unit = 5
        self.assert_parts(
            self.correction_file(debit),
            "P_13_1 50.00; P_14_1 11.50; P_15 61.50",
            "RodzajFaktury KOR; PrzyczynaKorekty wyższa cena; TypKorekty 2",
            f"NrKSeF 1; NrKSeFFaKorygowanej {SENT_NUMBER.format(invoice.id)}",
            "P_8B 10; P_9A 5; P_11 50.00; P_12 23",
        )

    def asked(self, invoice, **values):
        """Return the debit note that our own dialogue makes."""
        self.company.l10n_pl_ksef_environment = "test"
        action = invoice.action_debit_note()
        self.assertEqual(action["res_model"], "l10n_pl_ksef.debit.note")
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        form.date = CORRECTED_ON
        for name, value in values.items():
            form[name] = value
        made = form.save().action_create()
        return self.env["account.move"].browse(made["res_id"])

    def test_dialogue_asks_what_the_file_says(self):
        invoice = self.sent(self.line(100, quantity=10))
        debit = self.asked(
            invoice,
            reason="zła cena",
            cause="mistake",
            copies_lines=True,
            shows_both=True,
        )
        debit.invoice_line_ids.price_unit = 5
        self.company.l10n_pl_ksef_environment = False
        self.assert_parts(
            self.correction_file(debit),
            "PrzyczynaKorekty zła cena; TypKorekty 1",
            "P_8B 10; P_9A 100; P_11 1000.00; P_12 23; StanPrzed 1",
        )
        later = self.asked(invoice, reason="więcej")
        self.assertEqual(later.l10n_pl_ksef_correction_effect, "2")
        self.assertFalse(later.l10n_pl_ksef_row_style)
        other = self.asked(invoice, cause="mistake", effect="3")
        self.assertEqual(other.l10n_pl_ksef_correction_effect, "3")

    def test_companies_without_ksef_and_bills_have_the_usual_dialogue(self):
        invoice = self.sent(self.line(100))
        action = invoice.action_debit_note()
        self.assertEqual(action["res_model"], "account.debit.note")
        bill = self.init_invoice("in_invoice", products=self.product_a, post=True)
        self.company.l10n_pl_ksef_environment = "test"
        action = bill.action_debit_note()
        self.assertEqual(action["res_model"], "account.debit.note")

    def test_exchange_rate_of_the_invoice_is_kept(self):
        euro = self.setup_other_currency(
            "EUR", rates=[("2026-11-01", 1 / 4.2345), ("2026-11-15", 1 / 4.3)]
        )
        invoice = self.sent(
            self.line(33.33, quantity=3),
            currency_id=euro.id,
            invoice_currency_rate=1 / 4.2345,
        )
        debit = self.debit(invoice, copy_lines=True)
        self.assert_parts(
            self.correction_file(debit),
            "P_14_1 23.00; P_14_1W 97.38; P_15 122.99",
            "P_12 23; KursWaluty 4.2345",
        )

    def test_debit_note_of_a_credit_note_names_the_invoice(self):
        invoice = self.sent(self.line(100, quantity=10))
        refund = self.reverse(invoice, {"quantity": 3})
        refund._post(soft=False)
        debit = self.debit(self.accept(refund))
        debit.write({"invoice_line_ids": [self.line(100, quantity=1)]})
        self.assert_parts(
            self.correction_file(debit),
            f"NrKSeFFaKorygowanej {SENT_NUMBER.format(invoice.id)}",
            "P_8B 1; P_9A 100; P_11 100.00; P_12 23",
        )

    def test_debit_note_of_a_credit_note_is_paid_to_the_seller(self):
        accounts = self.env["res.partner.bank"].create(
            [
                {"acc_number": IBAN, "partner_id": self.company.partner_id.id},
                {
                    "acc_number": "PL27114020040000300201355387",
                    "partner_id": self.buyer.id,
                },
            ]
        )
        accounts.allow_out_payment = True
        own, buyers = accounts
        refund = self.reverse(self.sent(self.line(100)))
        refund.partner_bank_id = buyers
        refund._post(soft=False)
        for debit in (self.debit(self.accept(refund)), self.asked(refund)):
            self.assertEqual(debit.partner_bank_id, own)

    def test_credit_note_of_a_debit_note_names_the_invoice(self):
        invoice = self.sent(self.line(100, quantity=10))
        debit = self.debit(invoice, copy_lines=True)
        debit.invoice_line_ids.price_unit = 5
        debit._post(soft=False)
        text = self.correction_file(self.reverse(self.accept(debit)))
        self.assert_parts(
            text,
            f"NrKSeFFaKorygowanej {SENT_NUMBER.format(invoice.id)}",
            "P_13_1 -50.00; P_14_1 -11.50; P_15 -61.50",
        )

    def test_more_goods_at_the_price_before_a_cut_show_the_difference(self):
        invoice = self.sent(self.line(100, quantity=10))
        self.reverse(invoice, {"price_unit": 5})._post(soft=False)
        debit = self.debit(invoice, copy_lines=True)
        debit.l10n_pl_ksef_row_style = "before_after"
        text = self.correction_file(debit)
        self.assert_parts(text, "P_8B 10; P_9A 100; P_11 1000.00; P_12 23")
        self.assert_absent(text, "StanPrzed")

    def test_before_and_after_of_a_higher_price(self):
        invoice = self.sent(self.line(100, quantity=10))
        debit = self.debit(invoice, copy_lines=True)
        debit.invoice_line_ids.price_unit = 5
        debit.l10n_pl_ksef_row_style = "before_after"
        self.assert_parts(
            self.correction_file(debit),
            "P_8B 10; P_9A 100; P_11 1000.00; P_12 23; StanPrzed 1",
            "P_8B 10; P_9A 105; P_11 1050.00; P_12 23",
        )


@tagged("post_install_l10n", "post_install", "-at_install")
class TestBuyerCorrection(CorrectionCase):
    """Name and address are corrected by a document of its own, without amounts."""

    def correct(self, invoice, **values):
        made = self.env["l10n_pl_ksef.buyer.correction"].create(
            {
                "move_id": invoice.id,
                "reason": "błędna nazwa nabywcy",
                "date": CORRECTED_ON,
                **values,
            }
        )
        return self.env["account.move"].browse(made.action_create()["res_id"])

    def test_wrong_name_has_the_values_of_the_recipe(self):
        invoice = self.sent(self.line(100))
        self.buyer.write({"name": "Nowa nazwa", "street": "ul. Polna 1"})
        correction = self.correct(invoice)
        text = self.correction_file(correction)
        self.assertEqual(correction.name, "RINV/2026/00001")
        self.assertEqual(correction.amount_total, 0)
        self.assertIn(
            f"<Podmiot2><DaneIdentyfikacyjne><NIP>{BUYER_NIP}</NIP>"
            "<Nazwa>Nowa nazwa</Nazwa></DaneIdentyfikacyjne><Adres>"
            "<KodKraju>PL</KodKraju><AdresL1>ul. Polna 1</AdresL1>"
            "<AdresL2>30-001 Kraków</AdresL2></Adres>"
            "<IDNabywcy>0001</IDNabywcy><JST>2</JST>",
            text,
        )
        self.assertIn(
            f"<Podmiot2K><DaneIdentyfikacyjne><NIP>{BUYER_NIP}</NIP>"
            "<Nazwa>Nabywca S.A.</Nazwa></DaneIdentyfikacyjne><Adres>"
            "<KodKraju>PL</KodKraju><AdresL1>ul. Długa 5</AdresL1>"
            "<AdresL2>30-001 Kraków</AdresL2></Adres>"
            "<IDNabywcy>0001</IDNabywcy></Podmiot2K>",
            text,
        )
        self.assert_parts(
            text,
            "RodzajFaktury KOR; PrzyczynaKorekty błędna nazwa nabywcy; TypKorekty 1",
            f"NrKSeF 1; NrKSeFFaKorygowanej {SENT_NUMBER.format(invoice.id)}",
        )
        self.assertIn("<P_15>0.00</P_15>", text)
        self.assert_absent(text, "P_13_1", "FaWiersz", "Platnosc")

    def test_second_correction_starts_from_the_first(self):
        invoice = self.sent(self.line(100))
        self.buyer.name = "Pierwsza poprawka"
        first = self.correct(invoice)
        first._post(soft=False)
        self.accept(first)
        self.buyer.name = "Druga poprawka"
        second = self.correction_file(self.correct(invoice))
        before = self.document(second).body.buyers_before[0]
        self.assertEqual(before.identity.name, "Pierwsza poprawka")
        number = SENT_NUMBER.format(invoice.id)
        self.assert_parts(second, f"NrKSeFFaKorygowanej {number}")

    def test_invoice_without_a_file_takes_the_typed_data(self):
        invoice = self.post_invoice(self.line(100))
        correction = self.correct(
            invoice, name_before="Stara nazwa", line_1_before="ul. Stara 2"
        )
        before = self.document(self.correction_file(correction)).body.buyers_before[0]
        self.assertEqual(before.identity.name, "Stara nazwa")
        self.assertEqual(before.address.line_1, "ul. Stara 2")

    def test_what_was_chosen_on_the_invoice_stays(self):
        usual = self.make_partner("Zawsze", "PL7740001454")
        chosen = self.make_partner("Szkoła", "PL7740001454")
        self.buyer.l10n_pl_ksef_party_ids = [
            Command.create({"partner_id": usual.id, "role": "2"})
        ]
        self.buyer.l10n_pl_ksef_is_vat_group = True
        invoice = self.make_invoice(
            l10n_pl_ksef_local_government="yes", l10n_pl_ksef_vat_group="no"
        )
        invoice.l10n_pl_ksef_party_ids = [
            Command.clear(),
            Command.create({"partner_id": chosen.id, "role": "8"}),
        ]
        invoice._post(soft=False)
        self.accept(invoice)
        self.buyer.name = "Nowa nazwa"
        text = self.correction_file(self.correct(invoice))
        self.assert_parts(text, "JST 1; GV 2", "Rola 8")
        self.assertEqual(text.count("<Podmiot3>"), 1)
        self.assertEqual(invoice.l10n_pl_ksef_party_ids.partner_id, chosen)

    def test_invoice_without_third_parties_gets_none(self):
        invoice = self.sent(self.line(100))
        usual = self.make_partner("Zawsze", "PL7740001454")
        self.buyer.l10n_pl_ksef_party_ids = [
            Command.create({"partner_id": usual.id, "role": "2"})
        ]
        self.buyer.name = "Nowa nazwa"
        self.assert_absent(self.correction_file(self.correct(invoice)), "Podmiot3")

    def test_nothing_to_correct_is_said(self):
        invoice = self.sent(self.line(100))
        correction = self.correct(invoice)
        self.assertIn("nothing_corrected", self.problems(correction))

    def test_wrong_number_of_the_invoice_alone(self):
        invoice = self.sent(self.line(100))
        text = self.correction_file(self.correct(invoice, right_number="FV/7"))
        self.assert_parts(text, "NrFaKorygowany FV/7")
        self.assert_absent(text, "Podmiot2K", "IDNabywcy")

    def test_other_tax_number_is_no_correction_of_data(self):
        invoice = self.sent(self.line(100))
        self.set_vat(self.buyer, "PL7740001454")
        correction = self.correct(invoice)
        self.assertIn("corrected_buyer", self.problems(correction))

    def test_invoice_keeps_what_is_left_to_pay(self):
        invoice = self.sent(self.line(100))
        self.buyer.name = "Nowa nazwa"
        self.correct(invoice)._post(soft=False)
        self.assertEqual(invoice.amount_residual, 123)
        self.assertEqual(invoice.payment_state, "not_paid")

    def test_reader_of_the_books_may_not_make_one(self):
        invoice = self.sent(self.line(100))
        wizard = self.env["l10n_pl_ksef.buyer.correction"].create(
            {"move_id": invoice.id, "reason": "x"}
        )
        self.env.user.group_ids = self.env.ref("account.group_account_readonly")
        with self.assertRaises(AccessError):
            wizard.with_user(self.env.user).action_create()
