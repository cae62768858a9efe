from odoo import Command
from odoo.tests import tagged

from ..fa3 import codes
from ..models.account_tax import GOLD_BASIS, OSS_TAG, PROCEDURES, RATES
from ..models.res_partner import EU_PREFIXES, read_tax_id
from .fa3_common import Fa3Case

# Sale taxes of l10n_pl by template -> rate and procedure in FA(3).
TEMPLATES = {
    "vs_kraj_23": ("23", False),
    "vs_kraj_usl_23": ("23", False),
    "vs_kraj_8": ("8", False),
    "vs_kraj_5": ("5", False),
    "vs_kraj_0": ("0 KR", False),
    "vs_zwrot_podróżnych_0": ("0 KR", False),
    "vs_kraj_zw": ("zw", False),
    "vs_kraj_zw_gold": ("zw", False),
    "vs_stal": ("oo", False),
    "vs_unia": ("0 WDT", False),
    "vs_unia_i42": ("0 WDT", "I_42"),
    "vs_unia_i63": ("0 WDT", "I_63"),
    "vs_unia_triangular": ("np I", "TT_D"),
    "vs_dostu": ("np II", False),
    "vs_eksp_tow": ("0 EX", False),
    "vs_ekspu": ("np I", False),
}


@tagged("post_install_l10n", "post_install", "-at_install")
class TestTaxMapping(Fa3Case):
    """Every sale tax of l10n_pl has its rate; nothing is guessed."""

    def make_tax(self, amount, tags=(), **values):
        """Make a sale tax with tags on its base."""
        line = {"repartition_type": "base", "tag_ids": [Command.set(tags)]}
        repartition = [
            Command.create(part | {"document_type": kind})
            for kind in ("invoice", "refund")
            for part in (line, {"repartition_type": "tax"})
        ]
        return self.env["account.tax"].create(
            {
                "name": f"Test {amount}",
                "amount": amount,
                "country_id": self.env.ref("base.pl").id,
                "repartition_line_ids": repartition,
                **values,
            }
        )

    def tag(self, name):
        return self.env["account.account.tag"].search(
            [("name", "=", name), ("country_id.code", "=", "PL")]
        )

    def test_sale_taxes_of_the_chart_have_their_rates(self):
        for template, expected in TEMPLATES.items():
            with self.subTest(template):
                tax = self.tax(template)
                found = (tax.l10n_pl_ksef_rate, tax.l10n_pl_ksef_procedure)
                self.assertEqual(found, expected)

    def test_travellers_refund_is_known_by_its_tag(self):
        for template in TEMPLATES:
            is_travel = template == "vs_zwrot_podróżnych_0"
            self.assertEqual(self.tax(template).l10n_pl_ksef_is_travel, is_travel)

    def test_tax_of_the_one_stop_shop_is_known_by_its_tag(self):
        tags = self.env["account.account.tag"]
        tag = self.env.ref(OSS_TAG, raise_if_not_found=False) or tags
        if not tag:
            tag = tags.create({"name": "OSS", "applicability": "taxes"})
            module, name = OSS_TAG.split(".")
            self.env["ir.model.data"].create(
                {
                    "module": module,
                    "name": name,
                    "model": tag._name,
                    "res_id": tag.id,
                }
            )
        tax = self.make_tax(20, tag.ids)
        found = (tax.l10n_pl_ksef_rate, tax.l10n_pl_ksef_procedure)
        self.assertEqual(found, ("oss", "WSTO_EE"))

    def test_no_sale_tax_of_the_chart_is_left_out(self):
        taxes = self.env["account.tax"].with_context(active_test=False)
        sale = taxes.search(
            [("company_id", "=", self.company.id), ("type_tax_use", "=", "sale")]
        )
        tagged_taxes = sale.filtered("repartition_line_ids.tag_ids")
        self.assertGreaterEqual(len(tagged_taxes), len(TEMPLATES))
        self.assertNotIn(False, tagged_taxes.mapped("l10n_pl_ksef_rate"))

    def test_purchase_tax_has_no_rate(self):
        taxes = self.env["account.tax"].search(
            [("company_id", "=", self.company.id), ("type_tax_use", "=", "purchase")]
        )
        self.assertTrue(taxes)
        self.assertEqual(set(taxes.mapped("l10n_pl_ksef_rate")), {False})

    def test_tax_without_tags_goes_by_its_percentage(self):
        for amount, rate in ((23, "23"), (22, "22"), (8, "8"), (7, "7"), (5, "5")):
            self.assertEqual(self.make_tax(amount).l10n_pl_ksef_rate, rate)
        for amount, rate in ((4, "4"), (3, "3"), (0, False), (19, False), (7.5, False)):
            self.assertEqual(self.make_tax(amount).l10n_pl_ksef_rate, rate)

    def test_old_rates_go_by_tag_and_percentage(self):
        for amount, tag, rate in (
            (22, "K_19", "22"),
            (7, "K_17", "7"),
            (19, "K_19", False),
            (0, "K_36", False),
        ):
            with self.subTest(tag=tag, amount=amount):
                tax = self.make_tax(amount, self.tag(tag).ids)
                self.assertEqual(tax.l10n_pl_ksef_rate, rate)

    def test_copy_of_a_tax_keeps_its_rate(self):
        copy = self.tax("vs_kraj_8").copy({"price_include_override": "tax_included"})
        self.assertEqual(copy.l10n_pl_ksef_rate, "8")

    def test_users_choice_stays(self):
        tax = self.tax("vs_kraj_23")
        tax.l10n_pl_ksef_rate = "margin"
        tax.name = "Other name"
        self.env.flush_all()
        self.assertEqual(tax.l10n_pl_ksef_rate, "margin")

    def test_choice_that_is_given_with_a_new_tax_stays(self):
        values = {
            "name": "Test 8",
            "amount": 8,
            "country_id": self.env.ref("base.pl").id,
            "l10n_pl_ksef_rate": "23",
            "l10n_pl_ksef_procedure": "TT_D",
        }
        given, changed = self.env["account.tax"].create(
            [values, {**values, "name": "Test 8 bis", "l10n_pl_ksef_rate": "7"}]
        )
        changed.l10n_pl_ksef_rate = "22"
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(given.l10n_pl_ksef_rate, "23")
        self.assertEqual(given.l10n_pl_ksef_procedure, "TT_D")
        self.assertEqual(changed.l10n_pl_ksef_rate, "22")

    def test_choice_without_tags_stays_when_lines_are_added(self):
        tax = self.env["account.tax"].create({"name": "Marża", "amount": 0})
        tax.write({"l10n_pl_ksef_rate": "margin", "l10n_pl_ksef_procedure": "IED"})
        self.env.flush_all()
        self.assertEqual(tax.l10n_pl_ksef_rate, "margin")
        self.assertEqual(tax.l10n_pl_ksef_procedure, "IED")

    def test_choice_is_traced_once_the_tax_is_used(self):
        self.post_invoice()
        tax = self.tax("vs_kraj_23").with_context(
            tracking_disable=False, mail_notrack=False
        )
        self.flush_tracking()
        tax.l10n_pl_ksef_rate = "22"
        self.flush_tracking()
        traced = tax.message_ids.sudo().tracking_value_ids
        self.assertIn("22%", traced.mapped("new_value_char"))

    def flush_tracking(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_percentage_that_changes_brings_its_rate(self):
        tax = self.make_tax(23)
        tax.amount = 8
        self.assertEqual(tax.l10n_pl_ksef_rate, "8")

    def test_fixed_and_foreign_taxes_have_no_rate(self):
        fixed = self.make_tax(5, amount_type="fixed")
        germany = self.env.ref("base.de")
        group = self.env["account.tax.group"].create(
            {"name": "DE", "country_id": germany.id}
        )
        german = self.make_tax(7, country_id=germany.id, tax_group_id=group.id)
        self.assertFalse(fixed.l10n_pl_ksef_rate)
        self.assertFalse(german.l10n_pl_ksef_rate)

    def test_gold_brings_its_legal_basis_and_the_other_exemption_none(self):
        gold = self.tax("vs_kraj_zw_gold")
        self.assertEqual(gold.l10n_pl_ksef_exemption_basis, GOLD_BASIS)
        self.assertFalse(self.tax("vs_kraj_zw").l10n_pl_ksef_exemption_basis)

    def test_choices_are_the_codes_of_the_document(self):
        keys = {key for key, _label in RATES}
        self.assertEqual(keys, set(codes.TOTALS))
        procedures = {procedure.value for procedure in codes.Procedure}
        self.assertLessEqual({key for key, _label in PROCEDURES}, procedures)
        self.assertEqual(EU_PREFIXES, codes.EU_PREFIXES - {"PL"})


@tagged("post_install_l10n", "post_install", "-at_install")
class TestTaxId(Fa3Case):
    """A tax number is read as what it is, however it was typed."""

    CASES = (
        ("PL 526-000-12-46", "PL", ("nip", "", "5260001246", True)),
        ("526-000-12-46", "PL", ("nip", "", "5260001246", True)),
        ("PL5260001246", "DE", ("nip", "", "5260001246", True)),
        ("5260001247", "PL", ("nip", "", "5260001247", False)),
        ("PL0123456789", "PL", ("nip", "", "0123456789", False)),
        ("12345", "PL", ("nip", "", "12345", False)),
        ("DE 136695976", "DE", ("eu", "DE", "136695976", True)),
        ("136695976", "DE", ("eu", "DE", "136695976", True)),
        ("EL094014201", "GR", ("eu", "EL", "094014201", True)),
        ("GR094014201", "GR", ("eu", "EL", "094014201", True)),
        ("094014201", "GR", ("eu", "EL", "094014201", True)),
        ("XI110305878", "GB", ("eu", "XI", "110305878", True)),
        ("IE6388047V", "IE", ("eu", "IE", "6388047V", True)),
        ("NL123456789B01", "NL", ("eu", "NL", "123456789B01", True)),
        ("DE1234567890123", "DE", ("eu", "DE", "1234567890123", False)),
        ("DEEX12345", "DE", ("other", "DE", "EX12345", True)),
        ("GB123456789", "GB", ("other", "GB", "123456789", True)),
        ("CHE-123.456.788", "CH", ("other", "CH", "CHE123456788", True)),
        ("99-9999999", "US", ("other", "US", "999999999", True)),
        ("12345", "", ("other", "", "12345", True)),
        ("/", "PL", ("none", "", "", True)),
        ("", "DE", ("none", "", "", True)),
        (False, "", ("none", "", "", True)),
    )

    def test_each_number_is_read_as_what_it_is(self):
        for vat, country, expected in self.CASES:
            with self.subTest(vat=vat, country=country):
                found = read_tax_id(vat, country)
                self.assertEqual((*found, found.is_valid), expected)

    def test_pesel_of_a_private_person_is_not_used(self):
        found = read_tax_id("44051401359", "PL", is_company=False)
        self.assertEqual(found.kind, "none")
