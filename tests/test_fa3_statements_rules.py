import re
from datetime import date

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..models.account_tax import MARGIN_KINDS
from ..models.l10n_pl_ksef_fa3_statements import MARGIN_ATTRIBUTES, RULES
from ..models.l10n_pl_ksef_statement_words import IN_FILE, REASONS
from .advance_common import AdvanceCase
from .correction_common import CorrectionCase
from .fa3_common import IBAN, ISSUED_ON, Fa3Case

EXEMPTION = "art. 43 ust. 1 pkt 37 ustawy o VAT"


def names(text):
    return set(re.findall(r"%\((\w+)\)s", text))


class StatementCase(Fa3Case):
    """Base: a product on annex 15, a buyer abroad, the sentences of an invoice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.steel = cls.env["product.product"].create(
            {"name": "Stal", "l10n_pl_ksef_is_annex_15": True}
        )
        cls.bank = cls.env["res.partner.bank"].create(
            {
                "acc_number": IBAN,
                "partner_id": cls.company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        cls.german = cls.make_partner("GmbH", "DE136695976", "de")
        cls.person = cls.make_partner("Jan", False, is_company=False)

    def steel_line(self, price=5000, quantity=4, **values):
        return self.line(price, quantity=quantity, product_id=self.steel.id, **values)

    def make_tax(self, name, rate, amount=0, **values):
        tax = self.env["account.tax"].create({"name": name, "amount": amount})
        tax.write({"l10n_pl_ksef_rate": rate, **values})
        return tax

    def reason(self, invoice, statement):
        """Return who decided a statement, for the user to read."""
        self.company.l10n_pl_ksef_environment = "test"
        invoice.invalidate_recordset()
        return invoice[f"l10n_pl_ksef_{statement}_reason"]


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3SplitPayment(StatementCase):
    """Split payment is written when the law wants it, and the invoice can say else."""

    def answer(self, *lines, **values):
        text = self.file(*lines, partner_bank_id=self.bank.id, **values)
        return self.document(text).body.annotations.is_split_payment

    def test_recipe_over_the_limit(self):
        text = self.file(self.steel_line(), partner_bank_id=self.bank.id)
        self.assert_parts(
            text,
            "P_13_1 20000.00; P_14_1 4600.00; P_15 24600.00",
            "P_16 2; P_17 2; P_18 2; P_18A 1",
            "P_12 23; P_12_Zal_15 1",
        )

    def test_limit_itself_is_not_over_it(self):
        # 12,195.12 net is 14,999.9976 gross: the tax is rounded to 15,000.00.
        self.assertFalse(self.answer(self.steel_line(12195.12, 1)))
        self.assertTrue(self.answer(self.steel_line(12195.13, 1)))

    def test_whole_invoice_counts_not_the_annex_lines(self):
        self.assertTrue(self.answer(self.steel_line(1, 1), self.line(15000)))
        self.assertFalse(self.answer(self.line(20000)))

    def test_private_person_pays_at_once(self):
        self.assertFalse(self.answer(self.steel_line(), partner_id=self.person.id))

    def test_no_polish_vat_nothing_to_split(self):
        line = self.steel_line(template="vs_unia")
        self.assertFalse(self.answer(line, partner_id=self.german.id))

    def test_currency_counts_at_the_rate_of_the_invoice(self):
        eur = self.env.ref("base.EUR")
        eur.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", eur.id)]).unlink()
        self.env["res.currency.rate"].create(
            {
                "currency_id": eur.id,
                "company_id": self.company.id,
                "name": date(2026, 11, 5),
                "inverse_company_rate": 4,
            }
        )
        values = {"currency_id": eur.id}
        self.assertTrue(self.answer(self.steel_line(3100, 1), **values))
        self.assertFalse(self.answer(self.steel_line(3000, 1), **values))

    def test_choice_on_the_invoice_counts_and_is_checked(self):
        no = {"l10n_pl_ksef_split_payment": "no", "partner_bank_id": self.bank.id}
        invoice = self.make_invoice(self.steel_line(), **no)
        problem = self.problems(invoice)["split_payment"][0]
        self.assertEqual(problem.level, "stop")
        self.assertEqual(
            problem.message, "Over 15,000 PLN with annex-15 items: mark split payment."
        )
        self.assertFalse(
            self.answer(self.steel_line(1, 1), l10n_pl_ksef_split_payment="no")
        )
        self.assertTrue(self.answer(self.line(), l10n_pl_ksef_split_payment="yes"))

    def test_credit_note_needs_no_account_to_pay_to(self):
        refund = self.make_invoice(
            self.steel_line(), partner_bank_id=False, move_type="out_refund"
        )
        refund.l10n_pl_ksef_split_payment = "yes"
        self.assertNotIn("split_payment_account", self.problems(refund))

    def test_no_account_to_pay_to_is_said(self):
        invoice = self.make_invoice(self.steel_line(), partner_bank_id=False)
        problem = self.problems(invoice)["split_payment_account"][0]
        self.assertEqual(problem.level, "warn")
        self.assertEqual(problem.message, "Split payment without a bank account.")

    def test_sentence_says_who_decides(self):
        for lines, values, text in (
            ([self.steel_line()], {}, "Yes: 24,600.00\xa0zł is over 15,000.00\xa0zł"),
            ([self.steel_line(1)], {}, "No: line 1 is on annex 15, but 4.92\xa0zł"),
            ([self.line()], {}, "No: no line is on annex 15."),
            (
                [self.steel_line()],
                {"partner_id": self.person.id},
                "No: the buyer is a private person.",
            ),
            (
                [self.line()],
                {"l10n_pl_ksef_split_payment": "yes"},
                "Yes: chosen on this invoice.",
            ),
        ):
            with self.subTest(text):
                self.company.l10n_pl_ksef_to_private = True
                invoice = self.make_invoice(*lines, **values)
                self.assertIn(text, self.reason(invoice, "split_payment"))

    def test_credit_note_keeps_what_its_invoice_said(self):
        invoice = self.post_invoice(self.steel_line(), partner_bank_id=self.bank.id)
        note = invoice._reverse_moves([{"invoice_date": ISSUED_ON}])
        note.invoice_line_ids.quantity = 1
        made = self.env["l10n_pl_ksef.fa3.export"]._gather(note)[note]
        self.assertEqual(made.sent_statements[0].is_split_payment, True)
        self.assertIn("as on the corrected", self.reason(note, "split_payment"))


@tagged("post_install_l10n", "post_install", "-at_install", "l10n_pl_ksef_modules")
class TestFa3SplitPaymentAfter(CorrectionCase, StatementCase):
    """A debit note may bring a sale over the limit, which is a matter of judgement."""

    def debit(self, price):
        invoice = self.sent(self.steel_line(2500), partner_bank_id=self.bank.id)
        wizard = self.env["account.debit.note"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        made = wizard.create({"copy_lines": True})
        debit = self.env["account.move"].browse(made.create_debit()["res_id"])
        debit.invoice_line_ids.price_unit = price
        return debit

    def test_sale_over_the_limit_is_pointed_out(self):
        debit = self.debit(600)
        problem = self.problems(debit)["split_payment_after"][0]
        self.assertEqual(problem.level, "warn")
        self.assertIn("comes to 15,252.00", problem.message)
        debit.l10n_pl_ksef_split_payment = "yes"
        self.assertNotIn("split_payment_after", self.problems(debit))

    def test_sale_below_the_limit_is_not(self):
        self.assertNotIn("split_payment_after", self.problems(self.debit(500)))


@tagged("post_install_l10n", "post_install", "-at_install", "l10n_pl_ksef_modules")
class TestFa3SplitPaymentOfAdvance(AdvanceCase, StatementCase):
    """An advance for goods of annex 15 is judged on its own amount."""

    def sell(self, price):
        self.steel.write({"invoice_policy": "order", "type": "service"})
        self.steel.taxes_id = self.tax("vs_kraj_23")
        return self.make_order(
            self.order_line(self.steel, 4, price_unit=price),
            self.order_line(self.goods),
        )

    def test_over_the_limit_it_is_marked(self):
        order = self.sell(10000)
        advance = self.advance(order)
        self.assertIn("annex 15", self.reason(advance, "split_payment"))
        self.assert_parts(
            self.text(advance), "P_15 15129.00", "P_17 2; P_18 2; P_18A 1"
        )
        small = self.text(self.advance(order, 10))
        self.assert_parts(small, "P_15 5043.00", "P_18 2; P_18A 2")

    def test_line_can_say_otherwise(self):
        advance = self.advance(self.sell(10000))
        advance.invoice_line_ids.l10n_pl_ksef_is_annex_15 = False
        self.assert_parts(self.text(advance), "P_18 2; P_18A 2")

    def test_other_orders_are_not_marked(self):
        advance = self.advance(self.make_order(self.order_line(self.goods, 100)))
        self.assert_parts(self.text(advance), "P_15 36900.00", "P_18 2; P_18A 2")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3CashAccounting(StatementCase):
    """Cash accounting comes from the company, a tax, or the invoice."""

    def test_company_that_uses_it_marks_its_polish_sales(self):
        self.company.l10n_pl_ksef_cash_accounting = True
        self.assert_parts(self.file(), "P_16 1; P_17 2")
        text = self.file(self.line(5, "vs_unia"), partner_id=self.german.id)
        self.assert_parts(text, "P_16 2; P_17 2")
        invoice = self.make_invoice()
        self.assertIn("the company uses", self.reason(invoice, "cash_accounting"))

    def test_choice_on_the_invoice_counts(self):
        self.company.l10n_pl_ksef_cash_accounting = True
        text = self.file(l10n_pl_ksef_cash_accounting="no")
        self.assert_parts(text, "P_16 2; P_17 2")
        self.company.l10n_pl_ksef_cash_accounting = False
        text = self.file(l10n_pl_ksef_cash_accounting="yes")
        self.assert_parts(text, "P_16 1; P_17 2")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3ReverseCharge(StatementCase):
    """Who accounts for VAT follows from the taxes, the buyer, or the invoice."""

    def test_outside_poland_the_tax_decides(self):
        tax = self.tax("vs_ekspu")
        swiss = self.make_partner("AG", "CHE123456788", "ch")
        john = self.make_partner("John", False, "us", is_company=False)
        for choice, partner, answer in (
            ("auto", swiss, 1),
            ("auto", john, 2),
            ("yes", john, 1),
            ("no", swiss, 2),
        ):
            with self.subTest(choice=choice, partner=partner.name):
                tax.l10n_pl_ksef_buyer_accounts = choice
                text = self.file(self.line(50, "vs_ekspu"), partner_id=partner.id)
                self.assert_parts(text, f"P_17 2; P_18 {answer}; P_18A 2")

    def test_goods_for_the_union_and_abroad_are_no_reverse_charge(self):
        text = self.file(self.line(5, "vs_unia"), partner_id=self.german.id)
        self.assert_parts(text, "P_17 2; P_18 2")

    def test_choice_on_the_invoice_counts(self):
        text = self.file(
            self.line(5, "vs_dostu"),
            partner_id=self.german.id,
            l10n_pl_ksef_reverse_charge="no",
        )
        self.assert_parts(text, "P_17 2; P_18 2")

    def test_triangular_sale_is_written_and_points_to_the_declaration(self):
        invoice = self.post_invoice(
            self.line(1000, "vs_unia_triangular", name="Towar"),
            partner_id=self.german.id,
        )
        prepared = self.prepare(invoice)
        text = prepared.xml.decode()
        self.assert_parts(text, "P_13_8 1000.00; P_15 1000.00", "P_18 1; P_18A 2")
        self.assertIn("<P_23>1</P_23>", text)
        self.assertEqual([p.key for p in prepared.problems], ["triangular"])
        text = self.file(
            self.line(10, "vs_unia_triangular"),
            partner_id=self.german.id,
            l10n_pl_ksef_triangular="no",
        )
        self.assertIn("<P_23>2</P_23>", text)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Exemption(StatementCase):
    """What is exempt has its legal basis: of the tax, or of the invoice."""

    def setUp(self):
        super().setUp()
        self.exempt = self.tax("vs_kraj_zw")
        self.exempt.l10n_pl_ksef_exemption_basis = EXEMPTION

    def test_each_kind_of_basis_has_its_element(self):
        for kind, name in (("act", "A"), ("directive", "B"), ("other", "C")):
            self.exempt.l10n_pl_ksef_exemption_kind = kind
            text = self.file(self.line(5, "vs_kraj_zw"))
            self.assert_parts(text, f"P_19 1; P_19{name} {EXEMPTION}")

    def test_basis_on_the_invoice_comes_first(self):
        text = self.file(
            self.line(5, "vs_kraj_zw"),
            l10n_pl_ksef_exemption_kind="other",
            l10n_pl_ksef_exemption_basis="wyrok TSUE C-1/20",
        )
        self.assert_parts(text, "P_19 1; P_19C wyrok TSUE C-1/20")

    def test_basis_on_the_invoice_is_enough(self):
        self.exempt.l10n_pl_ksef_exemption_basis = False
        invoice = self.make_invoice(self.line(5, "vs_kraj_zw"))
        problem = self.problems(invoice)["exemption_basis"][0]
        self.assertEqual(
            problem.message,
            "Line 1, rate zw: give the legal basis of the exemption.",
        )
        self.assertEqual(problem.record, ("account.tax", self.exempt.id))
        self.assertIn("Missing", self.reason(invoice, "exemption"))
        invoice.l10n_pl_ksef_exemption_basis = "art. 113 ust. 1"
        self.assertEqual(self.problems(invoice), {})

    def test_bases_of_several_taxes_are_joined(self):
        gold = self.tax("vs_kraj_zw_gold")
        text = self.file(
            self.line(5, "vs_kraj_zw"),
            self.line(5, "vs_kraj_zw"),
            self.line(7, taxes=gold),
        )
        self.assert_parts(
            text, f"P_19 1; P_19A {EXEMPTION}; art. 122 ust. 1 ustawy o VAT"
        )

    def test_bases_in_different_laws_are_said(self):
        gold = self.tax("vs_kraj_zw_gold")
        lines = [self.line(5, "vs_kraj_zw"), self.line(7, taxes=gold)]
        invoice = self.make_invoice(*lines)
        self.assertEqual(self.problems(invoice), {})
        gold.l10n_pl_ksef_exemption_kind = "directive"
        (problem,) = self.problems(invoice)["exemption_kinds"]
        self.assertEqual(problem.level, "warn")
        self.assertIn(f"{self.exempt.name}, {gold.name}: exempt", problem.message)
        invoice.l10n_pl_ksef_exemption_basis = "art. 113 ust. 1"
        self.assertIn("exemption_kinds", self.problems(invoice))
        invoice.l10n_pl_ksef_exemption_kind = "act"
        self.assertEqual(self.problems(invoice), {})

    def test_basis_of_blanks_is_none(self):
        self.exempt.l10n_pl_ksef_exemption_basis = "  "
        invoice = self.make_invoice(
            self.line(5, "vs_kraj_zw"), l10n_pl_ksef_exemption_basis=" "
        )
        self.assertEqual([*self.problems(invoice)], ["exemption_basis"])

    def test_long_basis_is_cut_and_said(self):
        basis = "ż" * 300
        invoice = self.post_invoice(
            self.line(5, "vs_kraj_zw"), l10n_pl_ksef_exemption_basis=basis
        )
        prepared = self.prepare(invoice)
        self.assert_parts(prepared.xml.decode(), f"P_19 1; P_19A {basis[:256]}")
        self.assertEqual([p.key for p in prepared.problems], ["long_basis"])

    def test_basis_without_an_exempt_line_is_said_and_not_written(self):
        invoice = self.post_invoice(l10n_pl_ksef_exemption_basis=EXEMPTION)
        prepared = self.prepare(invoice)
        self.assert_parts(prepared.xml.decode(), "P_19N 1")
        self.assertEqual(
            [(p.key, p.message) for p in prepared.problems],
            [
                (
                    "basis_without_exemption",
                    "A legal basis of exemption is given, but no line is exempt.",
                )
            ],
        )


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Margin(StatementCase):
    """In the margin scheme the price is gross, and the invoice names its kind."""

    def margin(self, kind):
        return self.make_tax(f"Marża {kind}", "margin", l10n_pl_ksef_margin_kind=kind)

    def test_recipe_of_used_goods(self):
        tax = self.margin("used_goods")
        text = self.file(self.line(15000, taxes=tax, name="Samochód"))
        self.assert_parts(
            text,
            "P_13_11 15000.00; P_15 15000.00",
            "P_PMarzy 1; P_PMarzy_3_1 1",
            "P_7 Samochód; P_8A szt.; P_8B 1; P_9B 15000; P_11A 15000.00",
        )
        self.assert_absent(text, "P_12", "P_9A", "P_11", "P_PMarzyN", "P_11Vat")

    def test_each_kind_has_its_element(self):
        for kind, name in (("travel", "2"), ("art", "3_2"), ("antiques", "3_3")):
            text = self.file(self.line(5, taxes=self.margin(kind)))
            self.assert_parts(text, f"P_PMarzy 1; P_PMarzy_{name} 1")

    def test_margin_beside_ordinary_lines(self):
        text = self.file(
            self.line(1000, taxes=self.margin("used_goods"), discount=10), self.line()
        )
        self.assert_parts(
            text,
            "P_13_1 100.00; P_14_1 23.00; P_13_11 900.00; P_15 1023.00",
            "P_9B 1000; P_10 100; P_11A 900.00",
        )

    def test_kind_is_needed_and_one_alone(self):
        none, art = self.make_tax("Marża", "margin"), self.margin("art")
        travel = self.margin("travel")
        words = "Margin scheme: choose its kind (travel, used goods, art, antiques)."
        for lines in (
            [self.line(taxes=none)],
            [self.line(taxes=art), self.line(taxes=travel)],
        ):
            invoice = self.make_invoice(*lines)
            problem = self.problems(invoice)["margin_kind"][0]
            self.assertEqual((problem.level, problem.message), ("stop", words))
            self.assertEqual(problem.record[0], "account.tax")
            invoice.l10n_pl_ksef_margin_kind = "art"
            self.assertEqual(self.problems(invoice), {})
        self.assertIn("chosen on this", self.reason(invoice, "margin"))

    def test_kinds_of_the_tax_are_those_of_the_document(self):
        self.assertEqual({kind for kind, _label in MARGIN_KINDS}, {*MARGIN_ATTRIBUTES})


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Refused(StatementCase):
    """What Odoo cannot write is refused by name, and sent by nobody unnoticed."""

    def assert_refused(self, invoice, what):
        problems = self.problems(invoice)
        self.assertEqual(list(problems), ["not_supported"])
        self.assertIn(what, problems["not_supported"][0].message)

    def test_self_billing(self):
        invoice = self.post_invoice(l10n_pl_ksef_self_billing=True)
        self.assert_refused(invoice, "self-billing")
        self.assertIsNone(self.prepare(invoice).xml)

    def test_new_means_of_transport_of_product_or_invoice(self):
        car = self.env["product.product"].create(
            {"name": "Auto", "l10n_pl_ksef_is_new_transport": True}
        )
        abroad = {"partner_id": self.german.id}
        sold = self.line(9, "vs_unia", product_id=car.id)
        self.assert_refused(self.make_invoice(sold, **abroad), "new means")
        self.assert_refused(
            self.make_invoice(l10n_pl_ksef_new_transport="yes"), "new means"
        )
        self.assertEqual(self.problems(self.make_invoice(self.line())), {})
        at_home = self.make_invoice(self.line(9, product_id=car.id))
        self.assertEqual(self.problems(at_home), {})
        used = self.make_invoice(sold, l10n_pl_ksef_new_transport="no", **abroad)
        self.assertEqual(self.problems(used), {})

    def test_travellers_refund_is_pointed_out_and_sent(self):
        invoice = self.post_invoice(self.line(10, "vs_zwrot_podróżnych_0"))
        prepared = self.prepare(invoice)
        self.assert_parts(prepared.xml.decode(), "P_13_6_1 10.00; P_15 10.00")
        self.assertEqual([p.key for p in prepared.problems], ["travellers"])


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Reasons(StatementCase):
    """Each statement has a sentence on the invoice, and choosing leaves a trace."""

    def test_every_rule_has_its_field_and_reason_its_words(self):
        for name in (*RULES, "exemption", "margin"):
            self.assertIn(f"l10n_pl_ksef_{name}_reason", self.env["account.move"])
        for name in RULES:
            self.assertIn(f"l10n_pl_ksef_{name}", self.env["account.move"])
        self.assertTrue(all(REASONS.values()))

    def test_sentences_are_there_while_the_invoice_is_typed(self):
        self.company.l10n_pl_ksef_environment = "test"
        with Form(self.make_invoice()) as form:
            self.assertIn("annex 15", form.l10n_pl_ksef_split_payment_reason)
            self.assertEqual(form.l10n_pl_ksef_exemption_reason, "No line is exempt.")
            form.l10n_pl_ksef_split_payment = "yes"
            self.assertEqual(
                form.l10n_pl_ksef_split_payment_reason, "Yes: chosen on this invoice."
            )
            form.l10n_pl_ksef_split_payment = "auto"

    def test_choice_is_traced(self):
        invoice = self.make_invoice().with_context(
            tracking_disable=False, mail_notrack=False
        )
        self.flush_tracking()
        invoice.l10n_pl_ksef_split_payment = "yes"
        self.flush_tracking()
        values = invoice.message_ids.sudo().tracking_value_ids
        traced = values.filtered(
            lambda value: value.field_id.name == "l10n_pl_ksef_split_payment"
        )
        self.assertEqual(traced.new_value_char, "Yes")

    def flush_tracking(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_vendor_bill_and_company_without_ksef_have_none(self):
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.buyer.id,
                "invoice_line_ids": [Command.create({"name": "x", "price_unit": 1})],
            }
        )
        self.assertFalse(bill.l10n_pl_ksef_split_payment_reason)
        self.assertFalse(self.make_invoice().l10n_pl_ksef_split_payment_reason)

    def test_polish_sentences_are_polish_and_name_the_same(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        polish = self.env(context={"lang": "pl_PL"})
        for key, words in (REASONS | IN_FILE).items():
            with self.subTest(key):
                translated = polish._(words)
                english = self.env(context={"lang": "en_US"})._(words)
                self.assertNotEqual(translated, english)
                self.assertEqual(names(translated), names(english))


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3SentStatements(CorrectionCase, StatementCase):
    """What was sent stays said: on screen, and on the correction."""

    def setUp(self):
        super().setUp()
        self.tax("vs_kraj_zw").l10n_pl_ksef_exemption_basis = EXEMPTION

    def test_credit_note_of_one_line_says_what_the_invoice_said(self):
        invoice = self.sent(
            self.steel_line(),
            self.line(50, "vs_kraj_zw"),
            self.line(7, taxes=self.make_tax("Marża", "margin")),
            l10n_pl_ksef_cash_accounting="yes",
            l10n_pl_ksef_margin_kind="art",
        )
        refund = self.reverse(invoice, {"quantity": 1}, None, None)
        text = self.correction_file(refund)
        self.assert_parts(
            text,
            "P_16 1; P_17 2; P_18 2; P_18A 1",
            f"P_19 1; P_19A {EXEMPTION}",
            "P_PMarzy 1; P_PMarzy_3_2 1",
        )

    def test_credit_note_can_say_otherwise(self):
        refund = self.reverse(self.sent(self.steel_line()), {"quantity": 1})
        refund.l10n_pl_ksef_split_payment = "no"
        self.assert_parts(self.correction_file(refund), "P_18 2; P_18A 2")

    def test_sentence_is_about_the_file_once_there_is_one(self):
        invoice = self.sent(self.steel_line())
        self.assertIn("is over", self.reason(invoice, "split_payment"))
        invoice.invoice_line_ids.l10n_pl_ksef_is_annex_15 = False
        # As the web client asks: sizes in place of files.
        asked = invoice.with_context(bin_size=True)
        self.assertEqual(
            self.reason(asked, "split_payment"),
            "Yes: so it stands in the file for KSeF.",
        )

    def test_choice_is_refused_once_the_file_is_made(self):
        invoice = self.sent()
        for field, value in (
            ("l10n_pl_ksef_split_payment", "yes"),
            ("l10n_pl_ksef_exemption_basis", EXEMPTION),
            ("l10n_pl_ksef_self_billing", True),
            ("l10n_pl_ksef_period_start", ISSUED_ON),
        ):
            with self.subTest(field), self.assertRaises(UserError):
                invoice[field] = value
