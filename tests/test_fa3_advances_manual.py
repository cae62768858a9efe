from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .correction_common import CorrectionCase


@tagged("post_install_l10n", "post_install", "-at_install")
class TestPaymentsWithoutAdvanceInvoice(CorrectionCase):
    """A sale paid on account in its month is final, and lists the payments."""

    def received(self, *rows):
        return [
            Command.create({"received_on": day, "amount": amount})
            for day, amount in rows
        ]

    def test_payments_are_listed_and_totals_are_whole(self):
        text = self.file(
            l10n_pl_ksef_settles_payments=True,
            l10n_pl_ksef_received_ids=self.received(
                ("2026-11-05", 50), ("2026-11-03", 20.5)
            ),
        )
        self.assert_parts(
            text,
            "P_13_1 100.00; P_14_1 23.00; P_15 123.00",
            "RodzajFaktury ROZ",
            "P_11 100.00; P_12 23",
            "ZnacznikZaplatyCzesciowej 1",
        )
        self.assertIn(
            "<ZaliczkaCzesciowa><P_6Z>2026-11-03</P_6Z><P_15Z>20.50</P_15Z>"
            "</ZaliczkaCzesciowa><ZaliczkaCzesciowa><P_6Z>2026-11-05</P_6Z>"
            "<P_15Z>50.00</P_15Z></ZaliczkaCzesciowa>",
            text,
        )
        self.assert_absent(text, "FakturaZaliczkowa")

    def test_payments_are_asked_for(self):
        found = self.problems(self.post_invoice(l10n_pl_ksef_settles_payments=True))
        self.assertEqual(found["received"][0].level, "stop")

    def test_payments_over_the_total_are_refused(self):
        found = self.problems(
            self.post_invoice(
                l10n_pl_ksef_settles_payments=True,
                l10n_pl_ksef_received_ids=self.received(("2026-11-05", 124)),
            )
        )
        self.assertIn("123", found["received"][0].message)

    def test_return_corrects_a_final_invoice(self):
        invoice = self.sent(
            l10n_pl_ksef_settles_payments=True,
            l10n_pl_ksef_received_ids=self.received(("2026-11-05", 123)),
        )
        text = self.correction_file(self.reverse(invoice))
        self.assert_parts(
            text, "RodzajFaktury KOR_ROZ", "P_15ZK 123.00", "P_8B -1; P_9A 100"
        )
        self.assert_absent(text, "ZaliczkaCzesciowa", "FakturaZaliczkowa")

    def test_payments_are_typed_on_the_form(self):
        self.company.write(
            {"l10n_pl_ksef_environment": "test", "l10n_pl_ksef_send_mode": "manual"}
        )
        invoice = self.make_invoice()
        self.assertEqual(invoice.l10n_pl_ksef_kind, "VAT")
        with Form(invoice) as form:
            form.l10n_pl_ksef_settles_payments = True
            self.assertEqual(form.l10n_pl_ksef_kind, "ROZ")
            for day in ("2026-11-05", "2026-11-03"):
                with form.l10n_pl_ksef_received_ids.new() as row:
                    row.received_on = day
                    row.amount = 10
        self.assertEqual(sum(invoice.l10n_pl_ksef_received_ids.mapped("amount")), 20)

    def test_payments_of_a_sent_invoice_stay(self):
        invoice = self.sent(
            l10n_pl_ksef_settles_payments=True,
            l10n_pl_ksef_received_ids=self.received(("2026-11-05", 123)),
        )
        with self.assertRaises(UserError):
            invoice.l10n_pl_ksef_received_ids.amount = 1
        with self.assertRaises(UserError):
            invoice.l10n_pl_ksef_settles_payments = False


@tagged("post_install_l10n", "post_install", "-at_install")
class TestSimplifiedInvoice(CorrectionCase):
    """A simplified invoice names the buyer by NIP alone, and its rows by name."""

    def simplified(self, *lines, **values):
        return self.post_invoice(*lines, l10n_pl_ksef_is_simplified=True, **values)

    def test_simplified_invoice(self):
        text = self.file(
            self.line(365.85, name="Wiertarka"), l10n_pl_ksef_is_simplified=True
        )
        self.assert_parts(
            text,
            "P_13_1 365.85; P_14_1 84.15; P_15 450.00",
            "RodzajFaktury UPR",
        )
        self.assertIn(
            "<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>Wiertarka</P_7></FaWiersz>",
            text,
        )
        self.assertIn(
            "<Podmiot2><DaneIdentyfikacyjne><NIP>5260001246</NIP>"
            "</DaneIdentyfikacyjne><JST>2</JST><GV>2</GV></Podmiot2>",
            text,
        )

    def test_buyer_without_address_is_enough(self):
        self.buyer.write({"street": False, "zip": False, "city": False})
        self.assertEqual(self.problems(self.simplified()), {})
        self.assertIn("buyer_address", self.problems(self.post_invoice()))

    def test_more_than_the_limit_is_refused(self):
        found = self.problems(self.simplified(self.line(365.86)))
        self.assertEqual(found["simplified"][0].level, "stop")

    def test_limit_of_other_currencies(self):
        euro, dollar = self.env.ref("base.EUR"), self.env.ref("base.USD")
        (euro | dollar).active = True
        values = {"currency_id": euro.id, "invoice_currency_rate": 1 / 4.25}
        fine = self.problems(self.simplified(self.line(81.30), **values))
        self.assertNotIn("simplified", fine)
        over = self.problems(self.simplified(self.line(81.31), **values))
        self.assertEqual(
            over["simplified"][0].message,
            "A simplified invoice needs the buyer's NIP and at most 100 EUR.",
        )
        values = {"currency_id": dollar.id, "invoice_currency_rate": 1 / 4}
        fine = self.problems(self.simplified(self.line(91.46), **values))
        self.assertNotIn("simplified", fine)
        over = self.problems(self.simplified(self.line(91.47), **values))
        self.assertIn("simplified", over)

    def test_buyer_without_nip_is_refused(self):
        self.set_vat(self.buyer, False)
        self.assertIn("simplified", self.problems(self.simplified()))
        self.buyer.country_id = self.env.ref("base.de")
        self.set_vat(self.buyer, "DE136695976")
        self.assertIn("simplified", self.problems(self.simplified()))

    def test_sales_abroad_are_refused(self):
        for template in ("vs_unia", "vs_dostu", "vs_ekspu"):
            with self.subTest(template):
                found = self.problems(self.simplified(self.line(template=template)))
                self.assertIn("simplified_sale", found)

    def test_its_correction_is_an_ordinary_one(self):
        invoice = self.accept(self.simplified())
        text = self.correction_file(self.reverse(invoice))
        self.assert_parts(text, "RodzajFaktury KOR", "P_15 -123.00")
        self.assert_absent(text, "P_15ZK")
