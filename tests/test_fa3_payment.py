from datetime import date
from types import SimpleNamespace

from odoo import Command
from odoo.tests import tagged

from ..models.l10n_pl_ksef_fa3_payment import is_sellers, payment
from .fa3_common import CREATED_ON, IBAN, Fa3Case

PAID_ON = date(2026, 11, 10)


class PaymentCase(Fa3Case):
    """Invoices that are paid before their files are made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank_journal = cls.company_data["default_journal_bank"]
        cls.cash_journal = cls.company_data["default_journal_cash"]
        cls.account = cls.env["res.partner.bank"].create(
            {
                "acc_number": IBAN,
                "partner_id": cls.company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        cls.halves = cls.env["account.payment.term"].create(
            {
                "name": "Two",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (10, 30)
                ],
            }
        )

    def get_method(self, journal, form=False, name=False):
        method = journal.inbound_payment_method_line_ids[:1]
        method.write({"l10n_pl_ksef_form": form})
        if name:
            method.name = name
        return method

    def pay(self, invoices, amount=None, journal=None, day=PAID_ON, **values):
        """Register a payment the way the button on the invoice does."""
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        )
        values |= {"payment_date": day}
        values |= {"amount": amount} if amount else {}
        journal = journal or self.bank_journal
        method = values.pop("method", journal.inbound_payment_method_line_ids[:1])
        values |= {"journal_id": journal.id, "payment_method_line_id": method.id}
        return wizard.create(values)._create_payments()

    def get_file(self, invoice):
        prepared = self.prepare(invoice)
        self.assertTrue(prepared.xml, prepared.problems)
        return prepared.xml.decode()

    def get_payment(self, invoice):
        return self.document(self.get_file(invoice)).body.payment


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Paid(PaymentCase):
    """What was paid before the file is made stands in it, payment by payment."""

    def test_two_instalments_one_part_paid_by_card(self):
        invoice = self.post_invoice(
            self.line(110),
            invoice_payment_term_id=self.halves.id,
            partner_bank_id=self.account.id,
        )
        self.pay(invoice, 35.30, method=self.get_method(self.bank_journal, "2"))
        text = self.get_file(invoice)
        self.assert_parts(
            text,
            "KwotaZaplatyCzesciowej 35.30; DataZaplatyCzesciowej 2026-11-10; "
            "FormaPlatnosci 2",
        )
        self.assertIn(
            "<Platnosc><ZnacznikZaplatyCzesciowej>1</ZnacznikZaplatyCzesciowej>"
            "<ZaplataCzesciowa>",
            text,
        )
        self.assertIn(
            "<TerminPlatnosci><Termin>2026-11-20</Termin></TerminPlatnosci>"
            "<TerminPlatnosci><Termin>2026-12-10</Termin></TerminPlatnosci>"
            "<FormaPlatnosci>6</FormaPlatnosci><RachunekBankowy>"
            "<NrRB>61109010140000071219812874</NrRB>",
            text,
        )
        self.assertIn(
            "<DodatkowyOpis><Klucz>W terminie 2026-11-20</Klucz><Wartosc>67,65 PLN"
            "</Wartosc></DodatkowyOpis><DodatkowyOpis><Klucz>W terminie 2026-12-10"
            "</Klucz><Wartosc>67,65 PLN</Wartosc></DodatkowyOpis><FaWiersz>",
            text,
        )

    def test_amounts_of_instalments_stand_where_there_are_several(self):
        self.assert_absent(self.file(), "DodatkowyOpis")
        invoice = self.post_invoice(invoice_payment_term_id=self.halves.id)
        self.pay(invoice, 123)
        self.assert_absent(self.get_file(invoice), "DodatkowyOpis", "TerminPlatnosci")

    def test_paid_at_once_in_cash(self):
        invoice = self.post_invoice(invoice_payment_term_id=self.halves.id)
        self.pay(invoice, 123, journal=self.cash_journal)
        text = self.get_file(invoice)
        self.assertIn(
            "<Platnosc><Zaplacono>1</Zaplacono><DataZaplaty>2026-11-10</DataZaplaty>"
            "<FormaPlatnosci>1</FormaPlatnosci><RachunekBankowy>",
            text,
        )

    def test_paid_in_full_by_two_payments(self):
        invoice = self.post_invoice()
        self.pay(invoice, 100, day=date(2026, 11, 9))
        self.pay(invoice, 23)
        payment = self.get_payment(invoice)
        self.assertEqual(payment.part_payment.value, "2")
        parts = [
            (str(p.amount), p.paid_on.day, p.form.value) for p in payment.paid_parts
        ]
        self.assertEqual(parts, [("100.00", 9, "6"), ("23.00", 10, "6")])
        self.assertEqual((payment.terms, payment.form), ((), None))

    def reconcile_statement(self, invoice, amount):
        """Reconcile a line of the bank statement with the invoice itself."""
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank_journal.id,
                "date": PAID_ON,
                "payment_ref": invoice.name,
                "amount": amount,
            }
        )
        suspense = line.line_ids.filtered(
            lambda each: each.account_id == self.bank_journal.suspense_account_id
        )
        receivable = invoice.line_ids.filtered(
            lambda each: each.display_type == "payment_term"
        )
        suspense.account_id = receivable.account_id
        (suspense | receivable).reconcile()

    def test_bank_statement_line_is_a_payment(self):
        invoice = self.post_invoice()
        self.reconcile_statement(invoice, 123)
        payment = self.get_payment(invoice)
        found = (payment.is_paid, payment.paid_on, payment.form.value)
        self.assertEqual(found, (True, PAID_ON, "6"))

    def test_credit_note_is_no_payment(self):
        invoice = self.post_invoice(self.line(100))
        lines = [self.line(40)]
        credit_note = self.post_invoice(*lines, move_type="out_refund")
        (invoice | credit_note).line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        ).reconcile()
        self.assert_absent(self.get_file(invoice), "ZaplataCzesciowa", "Zaplacono")
        self.pay(invoice)
        payment = self.get_payment(invoice)
        self.assertEqual(payment.part_payment.value, "1")
        self.assertEqual([str(part.amount) for part in payment.paid_parts], ["73.80"])

    def test_amount_is_in_the_currency_of_the_invoice(self):
        eur = self.env.ref("base.EUR")
        eur.active = True
        rates = self.env["res.currency.rate"]
        rates.search([("currency_id", "=", eur.id)]).unlink()
        for day, rate in ((date(2026, 11, 1), 4.2), (date(2026, 11, 12), 4.5)):
            rates.create(
                {
                    "currency_id": eur.id,
                    "company_id": self.company.id,
                    "name": day,
                    "inverse_company_rate": rate,
                }
            )
        invoice = self.post_invoice(currency_id=eur.id)
        self.pay(invoice, 23, day=date(2026, 11, 15), currency_id=eur.id)
        self.pay(invoice, 100, day=date(2026, 11, 15), currency_id=eur.id)
        payment = self.get_payment(invoice)
        amounts = [str(part.amount) for part in payment.paid_parts]
        self.assertEqual(amounts, ["23.00", "100.00"])
        self.assertEqual(payment.part_payment.value, "2")

    def test_payment_without_an_entry_counts_for_its_only_invoice(self):
        # As with the full accounting, where the bank statement makes the entry.
        moves = type(self.env["account.move"])
        self.patch(moves, "_get_invoice_in_payment_state", lambda move: "in_payment")
        method = self.get_method(self.bank_journal)
        method.payment_account_id = False
        invoice, other = self.post_invoice(), self.post_invoice(self.line(10))
        payment = self.pay(invoice)
        self.assertFalse(payment.move_id)
        self.assertTrue(self.get_payment(invoice).is_paid)
        payment.invoice_ids += other
        self.assertIsNone(self.get_payment(invoice).is_paid)

    def test_payment_without_an_entry_is_not_counted_beside_its_statement_line(self):
        moves = type(self.env["account.move"])
        self.patch(moves, "_get_invoice_in_payment_state", lambda move: "in_payment")
        self.get_method(self.bank_journal).payment_account_id = False
        invoice = self.post_invoice()
        self.pay(invoice, 60)
        self.reconcile_statement(invoice, 60)
        parts = [str(part.amount) for part in self.get_payment(invoice).paid_parts]
        self.assertEqual(parts, ["60.00"])

    def test_money_paid_back_is_not_said(self):
        credit_note = self.post_invoice(move_type="out_refund")
        found = self.export._gather(credit_note)[credit_note]
        self.assertTrue(found.terms)
        self.assertIsNone(payment(found))
        self.pay(credit_note)
        self.assertEqual(self.export._gather(credit_note)[credit_note].paid, ())


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3FormOfPayment(PaymentCase):
    """The form is that of the payment method, else a transfer to the account."""

    def get_form(self, **values):
        payment = self.document(self.file(**values)).body.payment
        return payment.form and payment.form.value

    def test_method_chosen_on_the_invoice(self):
        for form, expected in (("7", "7"), (False, "6")):
            method = self.get_method(self.bank_journal, form)
            found = self.get_form(preferred_payment_method_line_id=method.id)
            self.assertEqual(found, expected)
        method = self.get_method(self.cash_journal)
        found = self.get_form(preferred_payment_method_line_id=method.id)
        self.assertEqual(found, "1")

    def test_other_form_is_said_by_its_name(self):
        method = self.get_method(self.bank_journal, "other", "Kompensata")
        text = self.file(preferred_payment_method_line_id=method.id)
        self.assert_parts(text, "PlatnoscInna 1; OpisPlatnosci Kompensata")

    def test_discount_within_one_day(self):
        term = self.halves.copy()
        line = Command.create({"value": "percent", "value_amount": 100})
        term.line_ids = [Command.clear(), line]
        term.write({"early_discount": True, "discount_days": 1})
        text = self.file(invoice_payment_term_id=term.id)
        self.assertIn("zapłata w ciągu 1 dnia od daty", text)

    def test_account_that_does_not_fit_is_said(self):
        for number, words in (
            ("123456789", "is left out"),
            ("6110901014000007121981287", "check digits are wrong"),
            ("PL62109010140000071219812874", "check digits are wrong"),
            ("021000021123456789", None),
        ):
            bank = self.account.copy({"acc_number": number, "allow_out_payment": True})
            invoice = self.make_invoice(partner_bank_id=bank.id)
            problems = self.problems(invoice)
            with self.subTest(number):
                self.assertEqual(list(problems), ["bank_account"] if words else [])
                if words:
                    self.assertIn(words, problems["bank_account"][0].message)

    def test_account_of_somebody_else_is_left_out_and_said(self):
        others = self.account.copy(
            {"partner_id": self.buyer.id, "allow_out_payment": True}
        )
        invoice = self.post_invoice(partner_bank_id=others.id)
        (problem,) = self.problems(invoice)["bank_account_owner"]
        self.assertEqual(problem.level, "warn")
        self.assertEqual(
            problem.message,
            f"Bank account {others.acc_number} belongs to Nabywca S.A., not to"
            " Sprzedawca Sp. z o.o.: it is left out.",
        )
        self.assert_absent(self.get_file(invoice), "NrRB", "FormaPlatnosci")
        refund = self.post_invoice(move_type="out_refund", partner_bank_id=others.id)
        self.assertNotIn("bank_account_owner", self.problems(refund))

    def test_account_of_the_parent_company_is_the_sellers(self):
        branch = self.env["res.company"].create(
            {"name": "Oddział", "parent_id": self.company.id}
        )
        facts = SimpleNamespace(move=SimpleNamespace(company_id=branch))
        self.assertTrue(is_sellers(self.account, facts))
        facts.move.company_id = self.env["res.company"].create({"name": "Obca"})
        self.assertFalse(is_sellers(self.account, facts))

    def test_without_account_and_method_nothing_is_said(self):
        self.assertIsNone(self.get_form(partner_bank_id=False))
        self.assertEqual(self.get_form(partner_bank_id=self.account.id), "6")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Settlement(PaymentCase):
    """Amounts outside VAT are settled beside the total, and add up to the books."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deposit = cls.env["product.product"].create(
            {"name": "Kaucja", "l10n_pl_ksef_is_settled": True, "taxes_id": False}
        )

    def settled(self, price, name="Kaucja za opakowania", **values):
        """Return a command for a line outside VAT."""
        values = {"product_id": self.deposit.id, "tax_ids": [Command.clear()]} | values
        return self.line(price, name=name, **values)

    def test_deposit_is_charged_beside_the_sale(self):
        text = self.file(self.settled(0.5, quantity=34), self.line(200))
        self.assert_parts(
            text,
            "P_13_1 200.00; P_14_1 46.00; P_15 246.00",
            "Kwota 17.00; Powod Kaucja za opakowania",
        )
        self.assertIn("<SumaObciazen>17.00</SumaObciazen><DoZaplaty>263.00<", text)
        numbers = [line.number for line in self.document(text).body.lines]
        self.assertEqual(numbers, [1])

    def test_charges_and_deductions_are_summed_by_reason(self):
        text = self.file(
            self.line(200),
            self.settled(10),
            self.settled(7),
            self.settled(-100, "Zwrot kaucji"),
        )
        self.assertIn(
            "<Rozliczenie><Obciazenia><Kwota>17.00</Kwota>"
            "<Powod>Kaucja za opakowania</Powod></Obciazenia>"
            "<SumaObciazen>17.00</SumaObciazen><Odliczenia><Kwota>100.00</Kwota>"
            "<Powod>Zwrot kaucji</Powod></Odliczenia><SumaOdliczen>100.00"
            "</SumaOdliczen><DoZaplaty>163.00</DoZaplaty></Rozliczenie>",
            text,
        )

    def test_tax_may_say_so_for_any_line(self):
        outside = self.env["account.tax"].create(
            {"name": "Poza VAT", "amount": 0, "l10n_pl_ksef_is_settled": True}
        )
        text = self.file(self.line(200), self.line(20, name="Opłata", taxes=outside))
        self.assert_parts(text, "P_15 246.00", "Kwota 20.00; Powod Opłata")

    def test_deposit_with_a_rate_is_a_sale(self):
        text = self.file(self.line(100, product_id=self.deposit.id))
        self.assert_parts(text, "P_13_1 100.00; P_14_1 23.00; P_15 123.00")
        self.assert_absent(text, "Rozliczenie")

    def test_line_without_a_tax_is_still_stopped(self):
        invoice = self.make_invoice(
            self.line(), self.line(5, tax_ids=[Command.clear()])
        )
        self.assertEqual(list(self.problems(invoice)), ["one_rate"])

    def test_deposit_alone_is_no_invoice(self):
        invoice = self.make_invoice(self.settled(10))
        self.assertEqual(
            self.problems(invoice)["no_lines"][0].message,
            "Only amounts outside VAT: such a document does not go to KSeF.",
        )

    def test_rounding_is_settled_too(self):
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
        text = self.file(
            self.line(10.01), self.settled(2), invoice_cash_rounding_id=rounding.id
        )
        self.assert_parts(text, "Kwota 2.00; Powod Kaucja za opakowania")
        self.assert_parts(text, "Kwota 0.01; Powod Zaokrąglenie")
        self.assertIn("<SumaOdliczen>0.01</SumaOdliczen><DoZaplaty>14.30<", text)

    def test_paid_with_the_deposit(self):
        invoice = self.post_invoice(self.line(200), self.settled(17))
        self.pay(invoice, 246)
        self.assertEqual(self.get_payment(invoice).part_payment.value, "1")
        self.pay(invoice, 17)
        self.assertEqual(self.get_payment(invoice).part_payment.value, "2")

    def test_notes_of_a_settled_line_are_kept(self):
        note = Command.create({"display_type": "line_note", "name": "Zwrot w 30 dni"})
        text = self.file(self.line(), self.settled(5), note)
        self.assert_parts(text, "Klucz Uwagi; Wartosc Zwrot w 30 dni")

    def test_product_marked_so_loses_its_tax(self):
        template = self.env["product.template"].new(
            {"name": "x", "taxes_id": [Command.set(self.tax("vs_kraj_23").ids)]}
        )
        template.l10n_pl_ksef_is_settled = True
        template._onchange_l10n_pl_ksef_is_settled()
        self.assertFalse(template.taxes_id)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3PartStatements(PaymentCase):
    """Parties, payments and details of many invoices are read at once."""

    def make_full(self, number):
        payer = self.make_partner(f"Płatnik {number}", "PL5260001246")
        factor = self.make_partner(f"Faktor {number}", "PL5260001246")
        account = self.account.copy(
            {"partner_id": factor.id, "acc_number": f"{IBAN[:-3]}{100 + number}"}
        )
        parties = [
            {"partner_id": payer.id, "role": "6"},
            {"partner_id": factor.id, "role": "1", "bank_account_id": account.id},
        ]
        details = [
            {"kind": kind, "name": f"N{number}", "text": "x"}
            for kind in ("note", "order", "contract", "batch", "delivery_note")
        ]
        invoice = self.post_invoice(
            self.line(),
            self.line(3, tax_ids=[Command.clear()], product_id=self.deposit.id),
            invoice_incoterm_id=self.env.ref("account.incoterm_EXW").id,
            l10n_pl_ksef_party_ids=[Command.create(values) for values in parties],
            l10n_pl_ksef_detail_ids=[Command.create(values) for values in details],
        )
        self.pay(invoice, 10 + number)
        return invoice

    def test_statements_do_not_grow_with_invoices(self):
        self.deposit = self.env["product.product"].create(
            {"name": "Kaucja", "l10n_pl_ksef_is_settled": True, "taxes_id": False}
        )
        invoices = self.env["account.move"].union(*map(self.make_full, range(6)))
        self.env["l10n_pl_ksef.schema"]._get_schema()
        counts = []
        for some in (invoices[:1], invoices[:1], invoices):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            files = self.export._prepare_files(some, CREATED_ON)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertTrue(all(prepared.xml for prepared in files.values()))
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(counts[2], 30)
