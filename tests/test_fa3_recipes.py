"""Every recipe of the mapping as a posted Odoo invoice: the file says just that."""

import functools
from datetime import date

from odoo import Command
from odoo.tests import tagged

from ..fa3.tests.notation import RECIPES, parse_recipe, special_parts
from .advance_common import AdvanceCase
from .correction_common import CorrectionCase
from .fa3_common import IBAN

SOLD_ON = date(2026, 10, 25)
KSEF_NUMBER = "5260001246-20261025-8BEF280C8D35-4D"
ADVANCE_NUMBER = "5260001246-20261110-8BEF280C8D35-4D"
FINAL_NUMBER = "5260001246-20261120-8BEF280C8D35-4D"
# As in its recipe, with the last digit that the others ask for.
UNIT_ID = "5260001246-00019"
# What every file says beyond the recipes: the place, the currency of the account.
VOLUNTARY = {"P_1M", "OpisRachunku"}
# Number of a recipe -> its parts.
EXPECTED = {
    int(line.split(" ", 1)[0]): line.partition(" | ")[2]
    for line in RECIPES.splitlines()
}
SHOWN = set()


def recipe(number):
    """Make a test of a method that returns the invoice of one recipe."""
    SHOWN.add(number)

    def decorate(build):
        @functools.wraps(build)
        def test(self):
            data = self.correction_file(build(self)).encode()
            expected = EXPECTED[number]
            for theirs, ours in self.stand_ins.items():
                self.assertIn(theirs, expected)
                expected = expected.replace(theirs, ours)
            found = required_parts(special_parts(data))
            # In Odoo there is always a day to pay, which not every recipe names.
            if "Platnosc" not in expected:
                found = [part for part in found if part[0] != "Platnosc"]
            self.assertEqual(found, parse_recipe(expected))

        return test

    return decorate


def required_parts(parts):
    """Return the parts of a file without what is said beyond the recipes."""
    return [
        [name, required_parts(value) if isinstance(value, list) else value]
        for name, value in parts
        if name not in VOLUNTARY
    ]


class RecipeCase(CorrectionCase):
    """The parties of the recipes; ``stand_ins``: {words of the recipe: ours}."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"email": False, "phone": False})
        cls.buyer.write(
            {
                "name": "Nabywca",
                "vat": "PL1111111111",
                "street": "ul. Polna 1",
                "zip": "00-001",
                "city": "Warszawa",
            }
        )

    def setUp(self):
        super().setUp()
        self.stand_ins = {}

    def unit(self, name):
        return self.env.ref(f"uom.product_uom_{name}").id

    def add_currency(self, name, rate):
        """Return the id of a currency that is worth ``rate`` PLN."""
        currency = self.env["res.currency"].with_context(active_test=False)
        currency = currency.search([("name", "=", name)])
        currency.active = True
        rates = self.env["res.currency.rate"]
        rates.search([("currency_id", "=", currency.id)]).unlink()
        rates.create(
            {
                "currency_id": currency.id,
                "company_id": self.company.id,
                "name": date(2026, 11, 4),
                "inverse_company_rate": rate,
            }
        )
        return currency.id

    def post_goods(self, discount=0, **values):
        """Return the invoice that most corrections are of, as KSeF has it."""
        values = {"name": "FV/2026/00010", "invoice_date": SOLD_ON} | values
        line = self.line(100, quantity=10, discount=discount)
        return self.accept(self.post_invoice(line, **values), KSEF_NUMBER)

    def post_to(self, partner, *lines, **values):
        return self.post_invoice(*lines, partner_id=partner.id, **values)

    def make_tax(self, name, rate, amount=0, **values):
        tax = self.env["account.tax"].create({"name": name, "amount": amount})
        tax.write({"l10n_pl_ksef_rate": rate, **values})
        return tax

    def pay_to_account(self, *lines, **values):
        """Post an invoice that names the account of the recipes."""
        self.env["res.partner.bank"].create(
            {
                "acc_number": IBAN,
                "partner_id": self.company.partner_id.id,
                "allow_out_payment": True,
            }
        )
        return self.post_invoice(*lines, **values)

    def pay(self, invoice, form, **values):
        """Register a payment on the day of issue, by transfer (6) or card (2)."""
        journal = self.company_data["default_journal_bank"]
        method = journal.inbound_payment_method_line_ids[:1]
        method.l10n_pl_ksef_form = form
        values |= {
            "payment_date": invoice.invoice_date,
            "journal_id": journal.id,
            "payment_method_line_id": method.id,
        }
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard.create(values)._create_payments()


@tagged("post_install_l10n", "post_install", "-at_install")
class TestRecipes(RecipeCase):
    """An invoice in Odoo becomes the file of the recipe, element by element."""

    @recipe(1)
    def test_plain_invoice(self):
        return self.pay_to_account(
            self.line(100, name="Usługa", quantity=2),
            invoice_date_due=date(2026, 11, 24),
        )

    @recipe(2)
    def test_mixed_rates(self):
        return self.post_invoice(
            self.line(100, name="A"),
            self.line(50, "vs_kraj_8", name="B"),
            self.line(20, "vs_kraj_5", name="C"),
            self.line(10, "vs_kraj_0", name="D"),
        )

    @recipe(3)
    def test_exempt_sale(self):
        self.tax(
            "vs_kraj_zw"
        ).l10n_pl_ksef_exemption_basis = "art. 43 ust. 1 pkt 37 ustawy o VAT"
        return self.post_invoice(self.line(300, "vs_kraj_zw", name="Ubezpieczenie"))

    @recipe(4)
    def test_goods_for_the_union(self):
        return self.post_to(
            self.make_partner("GmbH", "DE136695976", "de"),
            self.line(2000, "vs_unia", name="Maszyna", quantity=2),
            currency_id=self.add_currency("EUR", 4.2345),
        )

    @recipe(5)
    def test_export_of_goods(self):
        return self.post_to(
            self.make_partner("Inc", "99-9999999", "us"),
            self.line(400, "vs_eksp_tow", name="Lodówka", quantity=20),
            currency_id=self.add_currency("USD", 3.6543),
        )

    @recipe(6)
    def test_services_for_a_company_of_the_union(self):
        hour = self.unit("hour")
        return self.post_to(
            self.make_partner("AE", "EL094014201", "gr"),
            self.line(
                100, "vs_dostu", name="Doradztwo", quantity=5, product_uom_id=hour
            ),
        )

    @recipe(7)
    def test_services_outside_the_union(self):
        hour = self.unit("hour")
        return self.post_to(
            self.make_partner("AG", "CHE-123.456.788", "ch"),
            self.line(
                100, "vs_ekspu", name="Tłumaczenie", quantity=5, product_uom_id=hour
            ),
        )

    @recipe(8)
    def test_domestic_reverse_charge(self):
        cubic = self.unit("cubic_meter")
        return self.post_invoice(
            self.line(1, "vs_stal", name="Gaz", quantity=1000, product_uom_id=cubic)
        )

    @recipe(9)
    def test_foreign_currency(self):
        return self.post_invoice(
            self.line(33.33, name="Usługa", quantity=3),
            currency_id=self.add_currency("EUR", 4.2345),
            taxable_supply_date=date(2026, 11, 5),
        )

    @recipe(10)
    def test_return_by_difference(self):
        return self.return_goods()

    @recipe(11)
    def test_return_before_and_after(self):
        self.company.l10n_pl_ksef_line_keys = True
        refund = self.return_goods(l10n_pl_ksef_row_style="before_after")
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        line = refund.reversed_entry_id.invoice_line_ids
        self.stand_ins = {"UU_ID a1": f"UU_ID {uuid[:8]}-aml-{line.id}"}
        return refund

    def return_goods(self, **values):
        invoice = self.post_goods(10, taxable_supply_date=date(2026, 10, 20))
        return self.reverse(
            invoice,
            {"quantity": 3},
            l10n_pl_ksef_correction_reason="zwrot towaru",
            l10n_pl_ksef_correction_effect="2",
            **values,
        )

    @recipe(13)
    def test_lower_price_of_an_invoice_outside_ksef(self):
        invoice = self.post_invoice(
            self.line(100, quantity=10),
            name="FV/2025/00990",
            invoice_date=date(2025, 12, 20),
        )
        return self.reverse(
            invoice, {"price_unit": 5}, l10n_pl_ksef_correction_effect="2"
        )

    @recipe(16)
    def test_split_payment(self):
        steel = self.env["product.product"].create(
            {"name": "Stal", "l10n_pl_ksef_is_annex_15": True}
        )
        return self.pay_to_account(
            self.line(
                5000,
                name="Stal",
                quantity=4,
                product_id=steel.id,
                product_uom_id=self.unit("ton"),
            ),
            invoice_date_due=date(2026, 11, 24),
        )

    @recipe(17)
    def test_margin_on_used_goods(self):
        tax = self.make_tax("Marża", "margin", l10n_pl_ksef_margin_kind="used_goods")
        return self.post_invoice(self.line(15000, taxes=tax, name="Samochód"))

    @recipe(18)
    def test_one_stop_shop(self):
        tax = self.make_tax("20% AT", "oss", 20, l10n_pl_ksef_procedure="WSTO_EE")
        return self.post_to(
            self.make_partner("Hans", False, "at", is_company=False),
            self.line(taxes=tax, name="Książka"),
        )

    @recipe(19)
    def test_gross_price(self):
        return self.post_invoice(
            self.line(123.45, taxes=self.make_gross_tax(), quantity=3, discount=10)
        )

    @recipe(20)
    def test_consumer(self):
        return self.post_to(self.make_partner("Jan", False, is_company=False))

    @recipe(21)
    def test_local_government(self):
        school = self.make_partner(
            "Szkoła nr 5",
            "PL5260001246",
            street="ul. Żółta 33",
            zip="22-222",
            city="Abc",
        )
        self.buyer.l10n_pl_ksef_is_local_government = True
        party = Command.create({"partner_id": school.id, "role": "8"})
        return self.post_invoice(l10n_pl_ksef_party_ids=[party])

    @recipe(22)
    def test_payer_and_receiving_branch(self):
        self.stand_ins = {"IDWew 5260001246-00012": f"IDWew {UNIT_ID}"}
        bare = {"street": False, "zip": False, "city": False}
        branch = self.make_partner(
            "Oddział Łódź",
            parent_id=self.buyer.id,
            is_company=False,
            type="delivery",
            l10n_pl_ksef_internal_id=UNIT_ID,
            **bare,
        )
        payer = self.make_partner("PPP Sp. z o.o.", "PL5260001246", **bare)
        parties = [
            Command.create({"partner_id": partner.id, "role": role})
            for partner, role in ((branch, "2"), (payer, "6"))
        ]
        return self.post_invoice(l10n_pl_ksef_party_ids=parties)

    @recipe(23)
    def test_instalments_and_part_payment(self):
        halves = self.env["account.payment.term"].create(
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
        # The amount of each instalment, which the recipe leaves out.
        amounts = "; ".join(
            f"DodatkowyOpis(Klucz W terminie {day}; Wartosc 67,65 PLN)"
            for day in ("2026-11-20", "2026-12-10")
        )
        self.stand_ins = {"FaWiersz(": f"{amounts}; FaWiersz("}
        invoice = self.pay_to_account(self.line(110), invoice_payment_term_id=halves.id)
        self.pay(invoice, "2", amount=35.3)
        return invoice

    @recipe(26)
    def test_wrong_name_of_the_buyer(self):
        self.buyer.name = "Stara nazwa"
        invoice = self.post_goods()
        self.buyer.name = "Nowa nazwa"
        wizard = self.env["l10n_pl_ksef.buyer.correction"].create(
            {"move_id": invoice.id, "reason": "błędna nazwa nabywcy"}
        )
        return self.env["account.move"].browse(wizard.action_create()["res_id"])

    @recipe(27)
    def test_cash_rounding(self):
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
        return self.post_invoice(self.line(10.01), invoice_cash_rounding_id=rounding.id)

    @recipe(28)
    def test_simplified_invoice(self):
        return self.post_invoice(
            self.line(365.85, name="Wiertarka"), l10n_pl_ksef_is_simplified=True
        )

    @recipe(29)
    def test_triangular_sale(self):
        return self.post_to(
            self.make_partner("SA", "FR83404833048", "fr"),
            self.line(1000, "vs_unia_triangular"),
        )

    def test_every_recipe_has_its_test(self):
        self.assertEqual(SHOWN, set(EXPECTED))


@tagged("post_install_l10n", "post_install", "-at_install", "l10n_pl_ksef_modules")
class TestRecipesOfOtherModules(AdvanceCase, RecipeCase):
    """Advances come from Odoo's sale module, debit notes from one of their own."""

    @recipe(12)
    def test_debit_note(self):
        invoice = self.post_goods()
        wizard = (
            self.env["account.debit.note"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"copy_lines": True})
        )
        debit = self.env["account.move"].browse(wizard.create_debit()["res_id"])
        debit.invoice_line_ids.price_unit = 5
        return debit

    def sold(self):
        """Return an order with its advance invoice as KSeF has it."""
        order = self.make_order()
        advance = self.advance(order)
        advance.name = "FZ/1"
        return order, self.accept(self.post(advance), ADVANCE_NUMBER)

    @recipe(14)
    def test_advance(self):
        advance = self.post(self.advance(self.make_order()))
        self.pay(advance, "6")
        return advance

    @recipe(15)
    def test_final_invoice(self):
        order, _advance = self.sold()
        return self.final(order)

    @recipe(24)
    def test_advance_was_less(self):
        _order, advance = self.sold()
        return self.reverse(
            advance,
            {"price_unit": 709.22},
            {"price_unit": 118.2},
            l10n_pl_ksef_correction_effect="1",
        )

    @recipe(25)
    def test_return_after_the_final_invoice(self):
        order, _advance = self.sold()
        final = self.final(order)
        final.name = "FV/2"
        final = self.accept(self.post(final), FINAL_NUMBER)
        refund = self.reverse(final, l10n_pl_ksef_correction_effect="2")
        goods = refund.invoice_line_ids.filtered(
            lambda line: line.product_id == self.goods and line.quantity > 0
        )
        goods = goods.filtered(lambda line: not line.is_downpayment)
        (refund.invoice_line_ids - goods).unlink()
        goods.quantity = 1
        return refund
