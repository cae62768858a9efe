from datetime import date, datetime

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .fa3_common import CREATED_ON, ISSUED_ON, Fa3Case


class TermsCase(Fa3Case):
    """Invoices with additional data."""

    def detail(self, kind, name, **values):
        """Return a command for a piece of additional data."""
        return Command.create({"kind": kind, "name": name, **values})

    def file_with(self, *details, **values):
        return self.file(l10n_pl_ksef_detail_ids=list(details), **values)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Details(TermsCase):
    """What a person adds to the invoice stands where FA(3) has a place for it."""

    def test_note_is_a_key_and_a_value(self):
        text = self.file_with(
            self.detail("note", "Miejsce\nodbioru", text="Magazyn " + "ą" * 256)
        )
        notes = self.document(text).body.notes
        self.assertEqual({note.key for note in notes}, {"Miejsce odbioru"})
        self.assertEqual([len(note.value) for note in notes], [256, 8])
        self.assertIsNone(notes[0].line_number)
        with self.assertRaises(ValidationError):
            self.make_invoice(l10n_pl_ksef_detail_ids=[self.detail("note", "Pusto")])

    def test_orders_and_contracts_have_numbers_and_days(self):
        text = self.file_with(
            self.detail("order", "ZAM/7", date=date(2026, 11, 2)),
            self.detail("contract", "UM/1", date=date(2020, 1, 31)),
            self.detail("contract", "UM/2"),
            self.detail("order", "ZAM/8"),
        )
        self.assertIn(
            "<WarunkiTransakcji><Umowy><DataUmowy>2020-01-31</DataUmowy>"
            "<NrUmowy>UM/1</NrUmowy></Umowy><Umowy><NrUmowy>UM/2</NrUmowy></Umowy>"
            "<Zamowienia><DataZamowienia>2026-11-02</DataZamowienia>"
            "<NrZamowienia>ZAM/7</NrZamowienia></Zamowienia>"
            "<Zamowienia><NrZamowienia>ZAM/8</NrZamowienia></Zamowienia>"
            "</WarunkiTransakcji></Fa>",
            text,
        )

    def test_delivery_notes_batches_and_incoterm(self):
        text = self.file_with(
            self.detail("delivery_note", "WZ/1"),
            self.detail("delivery_note", "WZ/2"),
            self.detail("batch", "P-100"),
            invoice_incoterm_id=self.env.ref("account.incoterm_FCA").id,
            incoterm_location="Gdynia",
        )
        self.assert_parts(text, "P_2 INV/2026/00001; WZ WZ/1; WZ WZ/2; P_13_1 100.00")
        self.assert_parts(text, "NrPartiiTowaru P-100; WarunkiDostawy FCA Gdynia")

    def test_attachment_is_refused_in_words(self):
        detail = self.detail("attachment", "Zestawienie liczników")
        invoice = self.post_invoice(l10n_pl_ksef_detail_ids=[detail])
        prepared = self.prepare(invoice)
        self.assertIsNone(prepared.xml)
        found = [(each.key, each.level) for each in prepared.problems]
        self.assertEqual(found, [("not_supported", "stop")])
        self.assertIn("attachment", prepared.problems[0].message)

    def test_texts_that_are_cut_are_said(self):
        number = "Z" * 257
        details = [self.detail("order", number), self.detail("contract", number[1:])]
        invoice = self.make_invoice(
            l10n_pl_ksef_detail_ids=details,
            narration=f"<p>{'ż' * 10501}</p>",
            incoterm_location="x" * 257,
        )
        problems = self.problems(invoice)
        self.assertEqual(list(problems), ["long_text"])
        self.assertEqual({each.level for each in problems["long_text"]}, {"warn"})
        self.assertEqual(
            [each.message for each in problems["long_text"]],
            [
                "Incoterm Location: 257 characters, the first 256 are sent.",
                "Number or heading: 257 characters, the first 256 are sent.",
                "Terms and Conditions: 10501 characters, the first 10500 are sent.",
            ],
        )
        invoice.write({"narration": f"<p>{'ż' * 10500}</p>", "incoterm_location": ""})
        self.assertEqual(len(self.problems(invoice)["long_text"]), 1)
        self.company.l10n_pl_ksef_footer = "Firma"
        self.assertEqual(len(self.problems(invoice)["long_text"]), 2)

    def test_forbidden_characters_in_texts_are_said(self):
        invoice = self.make_invoice(
            l10n_pl_ksef_detail_ids=[self.detail("note", "K", text="a\x86b")],
            narration="<p>warunki\ufdd0sprzedaży</p>",
        )
        problems = self.problems(invoice)
        self.assertEqual(list(problems), ["forbidden_in_text"])
        labels = [each.field for each in problems["forbidden_in_text"]]
        self.assertEqual(labels, ["Terms and Conditions", "Text"])
        invoice._post(soft=False)
        text = self.prepare(invoice).xml.decode()
        self.assert_parts(text, "Klucz K; Wartosc ab")
        self.assertIn("<StopkaFaktury>warunkisprzedaży</StopkaFaktury>", text)

    def test_nothing_given_nothing_written(self):
        self.assert_absent(
            self.file(), "WarunkiTransakcji", "WZ", "DodatkowyOpis", "FP", "Stopka"
        )

    def test_invoice_to_a_receipt_and_its_correction(self):
        self.assert_parts(self.file(l10n_pl_ksef_is_for_receipt=True), "FP 1")
        invoice = self.post_invoice(l10n_pl_ksef_is_for_receipt=True)
        copied = invoice.copy()
        self.assertFalse(copied.l10n_pl_ksef_is_for_receipt)
        credit_note = invoice._reverse_moves([{"invoice_date": ISSUED_ON}])
        facts = self.export._gather(credit_note)[credit_note]
        body = self.export._prepare_body(facts)
        self.assertTrue(body.is_for_receipt)

    def test_fuel_for_farming_and_its_correction(self):
        product = self.env["product.product"].create(
            {"name": "Olej napędowy", "l10n_pl_vat_gtu": "GTU_02"}
        )
        name = "l10n_pl_ksef_is_excise_refund"
        invoice = self.post_invoice(self.line(product_id=product.id), **{name: True})
        self.assertTrue(invoice.l10n_pl_ksef_has_fuel)
        self.assertFalse(self.post_invoice().l10n_pl_ksef_has_fuel)
        facts = self.export._gather(invoice)[invoice]
        self.assertTrue(self.export._prepare_body(facts).is_excise_refund)
        credit_note = invoice._reverse_moves([{"invoice_date": ISSUED_ON}])
        facts = self.export._gather(credit_note)[credit_note]
        self.assertTrue(self.export._prepare_body(facts).is_excise_refund)
        self.assert_parts(self.file(**{name: True}), "ZwrotAkcyzy 1")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Footer(TermsCase):
    """Below the invoice stand its terms, the company's text and its registers."""

    def test_registers_of_the_company(self):
        self.company.write(
            {
                "l10n_pl_ksef_krs": "0000 123456",
                "l10n_pl_ksef_regon": "123-456-785",
                "l10n_pl_ksef_bdo": "000123456",
                "l10n_pl_ksef_footer": "Kapitał zakładowy: 5000 zł\nSąd Rejonowy",
            }
        )
        text = self.file(narration="<p>Dziękujemy</p>")
        self.assertIn(
            "<Stopka><Informacje><StopkaFaktury>Dziękujemy</StopkaFaktury></Informacje>"
            "<Informacje><StopkaFaktury>Kapitał zakładowy: 5000 zł\nSąd Rejonowy"
            "</StopkaFaktury></Informacje><Rejestry><KRS>0000123456</KRS>"
            "<REGON>123456785</REGON><BDO>000123456</BDO></Rejestry></Stopka>",
            text,
        )

    def test_long_terms_leave_room_for_the_company(self):
        self.company.l10n_pl_ksef_footer = "Firma"
        text = self.file(narration=f"<p>{'ż' * 11000}</p>")
        texts = [each.text for each in self.document(text).footer.texts]
        self.assertEqual([len(each) for each in texts], [3500, 3500, 5])
        self.assertEqual(texts[-1], "Firma")

    def test_branch_takes_the_numbers_of_its_parent(self):
        self.company.l10n_pl_ksef_krs = "0000123456"
        branch = self.env["res.company"].create(
            {"name": "Oddział", "parent_id": self.company.id}
        )
        own = branch._l10n_pl_ksef_get_own("l10n_pl_ksef_krs")
        self.assertEqual(own, "0000123456")

    def test_numbers_that_do_not_look_right_are_refused(self):
        for name, number in (
            ("krs", "123"),
            ("regon", "123456786"),
            ("regon", "12345678512348"),
            ("bdo", "12345678X"),
            ("footer", "x" * 3501),
        ):
            with (
                self.subTest(number),
                self.assertRaises(ValidationError),
                self.env.cr.savepoint(),
            ):
                self.company[f"l10n_pl_ksef_{name}"] = number
        self.company.l10n_pl_ksef_regon = "12345678512347"


@tagged("post_install_l10n", "post_install", "-at_install", "l10n_pl_ksef_modules")
class TestFa3SalesOrder(TermsCase):
    """Order number and delivery notes come from the sales order (sale_stock)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("sales_team.group_sale_manager")
        cls.env.user.group_ids += cls.env.ref("stock.group_stock_manager")
        cls.goods = cls.env["product.product"].create(
            {
                "name": "Towar",
                "is_storable": True,
                "invoice_policy": "order",
                "taxes_id": [Command.set(cls.tax("vs_kraj_23").ids)],
            }
        )

    def make_order(self, **values):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.buyer.id,
                "company_id": self.company.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.goods.id,
                            "product_uom_qty": 2,
                            "price_unit": 50,
                        }
                    )
                ],
                **values,
            }
        )
        order.action_confirm()
        # 23:30 UTC is the next day in Poland.
        order.date_order = datetime(2026, 11, 3, 23, 30)
        return order

    def ship(self, order):
        picking = order.picking_ids
        picking.move_ids.write({"quantity": 2, "picked": True})
        picking.button_validate()
        return picking

    def get_file(self, order, **values):
        invoice = order._create_invoices()
        invoice.write({"invoice_date": ISSUED_ON, **values})
        invoice._post(soft=False)
        prepared = self.prepare(invoice)
        self.assertTrue(prepared.xml, prepared.problems)
        return prepared.xml.decode()

    def test_number_of_the_buyer_and_the_delivery_that_left(self):
        order = self.make_order(client_order_ref="PO-77")
        picking = self.ship(order)
        text = self.get_file(order)
        self.assert_parts(
            text,
            f"WZ {picking.name}",
            "DataZamowienia 2026-11-04; NrZamowienia PO-77",
        )

    def test_each_invoice_names_the_deliveries_since_the_one_before(self):
        self.goods.invoice_policy = "delivery"
        order = self.make_order()
        invoices, notes = [], []
        for day in (10, 20):
            picking = order.picking_ids.filtered(lambda each: each.state != "done")
            picking.move_ids.write({"quantity": 1, "picked": True})
            wizard = picking.button_validate()
            if isinstance(wizard, dict):
                Form.from_action(self.env, wizard).save().process()
            picking.date_done = datetime(2026, 11, day - 1)
            notes.append(f"WZ {picking.name}")
            invoice = order._create_invoices()
            invoice.invoice_date = ISSUED_ON
            invoice._post(soft=False)
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE account_move SET create_date = %s WHERE id = %s",
                [datetime(2026, 11, day), invoice.id],
            )
            invoices.append(invoice)
        self.env.invalidate_all()
        for invoice, own, other in zip(invoices, notes, reversed(notes), strict=True):
            text = self.prepare(invoice).xml.decode()
            self.assert_parts(text, own)
            self.assertNotIn(other.removeprefix("WZ "), text)
        typed = self.env["account.move"].new(origin=invoices[0])
        self.assertIn(typed, self.export._gather(typed))
        reversal = invoices[0]._reverse_moves([{"invoice_date": ISSUED_ON}])
        details = self.export._gather(reversal)[reversal].details
        self.assertEqual([f"WZ {detail.name}" for detail in details], notes[:1])

    def test_statements_do_not_grow_with_orders(self):
        invoices = self.env["account.move"]
        for number in range(6):
            order = self.make_order(client_order_ref=f"PO-{number}")
            self.ship(order)
            invoices += order._create_invoices()
        invoices.invoice_date = ISSUED_ON
        invoices._post(soft=False)
        self.env["l10n_pl_ksef.schema"]._get_schema()
        counts = []
        for some in (invoices[:1], invoices[:1], invoices):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            files = self.export._prepare_files(some, CREATED_ON)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertTrue(all(b"<WZ>" in prepared.xml for prepared in files.values()))
        self.assertEqual(counts[1], counts[2])
        self.assertLessEqual(counts[2], 30)

    def test_goods_booked_out_of_an_open_delivery_are_not_named(self):
        order = self.make_order()
        picking = self.ship(order)
        picking.date_done = False
        self.assert_absent(self.get_file(order), "WZ")

    def test_delivery_that_has_not_left_is_not_named(self):
        order = self.make_order()
        text = self.get_file(order)
        self.assert_absent(text, "WZ", "Zamowienia")

    def test_what_a_person_gives_takes_their_place(self):
        order = self.make_order(client_order_ref="PO-77")
        self.ship(order)
        typed = [self.detail("delivery_note", "WZ/9"), self.detail("batch", "B1")]
        text = self.get_file(order, l10n_pl_ksef_detail_ids=typed)
        self.assert_parts(text, "P_2 INV/2026/00001; WZ WZ/9", "NrZamowienia PO-77")
        self.assertEqual(text.count("<WZ>"), 1)
