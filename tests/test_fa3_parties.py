from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.l10n_pl_ksef_fa3_parties import phone, seller
from ..models.res_partner import (
    compact_internal_id,
    has_internal_check_digit,
    is_internal_id,
    read_tax_id,
)
from .common import KsefCase
from .fa3_common import BUYER_NIP, IBAN, ISSUED_ON, Fa3Case

UNIT_ID = "5260001246-00019"


class PartyCase(Fa3Case):
    """Invoices with other parties than seller and buyer."""

    def party(self, partner, role="2", **values):
        """Return a command for a third party."""
        return Command.create({"partner_id": partner.id, "role": role, **values})

    def post_with(self, *parties, **values):
        return self.file(l10n_pl_ksef_party_ids=list(parties), **values)

    def get_third(self, text):
        return self.document(text).third_parties

    def make_unit(self, parent=None, **values):
        """Make a part of the buyer without a NIP of its own."""
        return self.env["res.partner"].create(
            {
                "name": "Oddział Łódź",
                "parent_id": (parent or self.buyer).id,
                "type": "delivery",
                "street": "ul. Piotrkowska 1",
                "city": "Łódź",
                "country_id": self.env.ref("base.pl").id,
                **values,
            }
        )


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3Marks(PartyCase):
    """JST and GV come from the customer, or from the invoice, with their unit."""

    def test_local_government_buys_for_its_school(self):
        school = self.make_partner("Szkoła nr 5", f"PL{BUYER_NIP}")
        self.buyer.l10n_pl_ksef_is_local_government = True
        text = self.post_with(self.party(school, "8"))
        self.assert_parts(text, "JST 1; GV 2", f"NIP {BUYER_NIP}; Nazwa Szkoła nr 5")
        self.assertIn("</Adres><Rola>8</Rola></Podmiot3><Fa>", text)

    def test_vat_group_buys_for_its_member(self):
        member = self.make_partner("Członek", f"PL{BUYER_NIP}")
        self.buyer.l10n_pl_ksef_is_vat_group = True
        text = self.post_with(self.party(member, "10"))
        self.assert_parts(text, "JST 2; GV 1")
        self.assertEqual(self.get_third(text)[0].role.value, "10")

    def test_invoice_may_say_otherwise(self):
        self.buyer.l10n_pl_ksef_is_local_government = True
        self.assert_parts(self.file(l10n_pl_ksef_local_government="no"), "JST 2; GV 2")
        invoice = self.make_invoice(l10n_pl_ksef_vat_group="yes")
        self.assertEqual(invoice.l10n_pl_ksef_local_government, False)
        self.assertEqual(len(self.problems(invoice)["unit"]), 2)

    def test_mark_without_its_unit_is_stopped(self):
        self.buyer.l10n_pl_ksef_is_local_government = True
        invoice = self.make_invoice()
        problem = self.problems(invoice)["unit"][0]
        self.assertEqual(problem.level, "stop")
        self.assertEqual(problem.record, ("res.partner", self.buyer.id))
        unit = self.make_unit(l10n_pl_ksef_internal_id=UNIT_ID)
        invoice.l10n_pl_ksef_party_ids = [self.party(unit, "10")]
        self.assertIn("unit", self.problems(invoice))
        invoice.l10n_pl_ksef_party_ids.role = "8"
        self.assertEqual(self.problems(invoice), {})
        other = self.make_invoice(l10n_pl_ksef_vat_group="yes")
        records = {problem.record for problem in self.problems(other)["unit"]}
        self.assertIn(("account.move", other.id), records)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3ThirdParties(PartyCase):
    """Each third party stands with its number, its role and what belongs to it."""

    def test_payer_and_receiving_branch(self):
        unit = self.make_unit(l10n_pl_ksef_internal_id=UNIT_ID, ref="ODB-1")
        payer = self.make_partner("PPP Sp. z o.o.", f"PL{BUYER_NIP}", phone="221234567")
        text = self.post_with(self.party(unit), self.party(payer, "6"))
        self.assert_parts(
            text, f"IDWew {UNIT_ID}; Nazwa Oddział Łódź", "Rola 2; NrKlienta ODB-1"
        )
        branch, company = self.get_third(text)
        self.assertEqual(branch.address.line_1, "ul. Piotrkowska 1")
        found = (company.identity.nip, company.role.value, company.contacts[0].phone)
        self.assertEqual(found, (BUYER_NIP, "6", "221234567"))

    def test_number_typed_on_the_invoice_counts(self):
        unit = self.make_unit(l10n_pl_ksef_internal_id=UNIT_ID)
        party = self.party(unit, internal_id=" 526-000-12-46 00025", customer_number="")
        text = self.post_with(party)
        self.assertEqual(
            self.get_third(text)[0].identity.internal_id, "5260001246-00025"
        )
        self.assert_absent(text, "NrKlienta")

    def test_additional_buyers_have_shares(self):
        first = self.make_partner("Pierwszy", f"PL{BUYER_NIP}")
        second = self.make_partner("Zweite", "DE136695976", "de")
        text = self.post_with(
            self.party(first, "4", share=33.333333), self.party(second, "4", share=50)
        )
        self.assert_parts(text, "Rola 4; Udzial 33.333333", "Rola 4; Udzial 50")
        self.assert_parts(text, "KodUE DE; NrVatUE 136695976; Nazwa Zweite")

    def test_other_role_is_described(self):
        carrier = self.make_partner("Przewoźnik", "CHE-123.456.788", "ch")
        text = self.post_with(self.party(carrier, "other", role_text=" Odbiorca \n x"))
        self.assert_parts(text, "RolaInna 1; OpisRoli Odbiorca x")
        self.assert_parts(text, "KodKraju CH; NrID CHE123456788; Nazwa Przewoźnik")
        with self.assertRaises(ValidationError):
            self.make_invoice(
                l10n_pl_ksef_party_ids=[self.party(carrier, "other", role_text=" ")]
            )

    def test_employee_is_known_by_name_alone(self):
        person = self.make_partner("Jan Nowak", f"PL{BUYER_NIP}", is_company=False)
        text = self.post_with(self.party(person, "11"))
        self.assert_parts(text, "BrakID 1; Nazwa Jan Nowak")
        self.assertEqual(self.get_third(text)[0].role.value, "11")

    def test_contact_is_not_known_by_the_number_of_its_company(self):
        unit = self.make_unit(name=False)
        text = self.post_with(self.party(unit, "6"))
        self.assert_parts(text, "BrakID 1; Nazwa Nabywca S.A.")

    def test_factor_is_paid_instead_of_the_seller(self):
        factor = self.make_partner("Faktor S.A.", f"PL{BUYER_NIP}")
        accounts = self.env["res.partner.bank"].create(
            [
                {"acc_number": IBAN, "partner_id": self.company.partner_id.id},
                {
                    "acc_number": "PL47109024022846836723239796",
                    "partner_id": factor.id,
                },
            ]
        )
        accounts.allow_out_payment = True
        own, factors = accounts
        invoice = self.make_invoice(
            partner_bank_id=own.id,
            l10n_pl_ksef_party_ids=[self.party(factor, "1")],
        )
        self.assertEqual(list(self.problems(invoice)), ["factor_account"])
        invoice.l10n_pl_ksef_party_ids.bank_account_id = factors
        invoice._post(soft=False)
        text = self.prepare(invoice).xml.decode()
        self.assert_parts(text, "NrRB 47109024022846836723239796; OpisRachunku PLN")
        self.assertIn(
            "<FormaPlatnosci>6</FormaPlatnosci><RachunekBankowyFaktora>", text
        )
        self.assert_absent(text, "RachunekBankowy")
        wrong = factors.copy({"acc_number": "PL48109024022846836723239796"})
        invoice.l10n_pl_ksef_party_ids.bank_account_id = wrong
        problem = self.problems(invoice)["bank_account"][0]
        self.assertEqual(problem.record, ("res.partner.bank", wrong.id))

    def test_customs_numbers_situation_and_address_for_letters(self):
        box = self.make_unit(self.company.partner_id, street="Skrytka 7", city="Opole")
        self.company.write(
            {
                "l10n_pl_ksef_eori": "PL579595581100000",
                "l10n_pl_ksef_taxpayer_state": "2",
                "l10n_pl_ksef_mail_partner_id": box.id,
            }
        )
        self.buyer.l10n_pl_ksef_eori = "PL526000124600000"
        text = self.file()
        document = self.document(text)
        self.assert_parts(text, "NrEORI PL579595581100000", "NrEORI PL526000124600000")
        self.assertEqual(document.seller.status.value, "2")
        self.assertEqual(document.seller.mail_address.line_1, "Skrytka 7")
        self.company.l10n_pl_ksef_mail_partner_id = self.company.partner_id
        self.assert_absent(self.file(), "AdresKoresp")

    def test_branch_company_says_what_its_parent_says(self):
        self.company.write({"l10n_pl_ksef_taxpayer_state": "1"})
        branch = self.env["res.company"].create(
            {"name": "Oddział", "parent_id": self.company.id}
        )
        state = branch._l10n_pl_ksef_get_own("l10n_pl_ksef_taxpayer_state")
        self.assertEqual(state, "1")


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3UsualParties(PartyCase):
    """New invoices take third parties over from buyer and company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unit = cls.make_unit(cls, l10n_pl_ksef_internal_id=UNIT_ID)
        cls.buyer.l10n_pl_ksef_party_ids = [cls.party(cls, cls.unit, "2")]
        cls.issuer = cls.make_partner("Zakład Wodociągów", f"PL{BUYER_NIP}")
        cls.company.l10n_pl_ksef_party_ids = [cls.party(cls, cls.issuer, "7")]

    def get_roles(self, move):
        return [(party.partner_id, party.role) for party in move.l10n_pl_ksef_party_ids]

    def test_new_invoice_has_them_and_its_file_too(self):
        invoice = self.post_invoice()
        expected = [(self.unit, "2"), (self.issuer, "7")]
        self.assertEqual(self.get_roles(invoice), expected)
        roles = [party.role.value for party in self.get_third(self.file())]
        self.assertEqual(roles, ["2", "7"])

    def test_another_buyer_brings_its_own(self):
        invoice = self.make_invoice()
        invoice.l10n_pl_ksef_party_ids[:1].role = "6"
        self.assertEqual(self.get_roles(invoice)[0], (self.unit, "6"))
        invoice.partner_id = self.make_partner("Inny", f"PL{BUYER_NIP}")
        self.assertEqual(self.get_roles(invoice), [(self.issuer, "7")])
        self.assertEqual(self.buyer.l10n_pl_ksef_party_ids.role, "2")

    def test_they_may_be_taken_off(self):
        invoice = self.make_invoice(l10n_pl_ksef_party_ids=[])
        self.assertFalse(invoice.l10n_pl_ksef_party_ids)
        invoice._post(soft=False)
        self.assert_absent(self.prepare(invoice).xml.decode(), "Podmiot3")

    def test_bill_of_a_vendor_has_none(self):
        bill = self.make_invoice(move_type="in_invoice")
        self.assertFalse(bill.l10n_pl_ksef_party_ids)

    def test_correction_has_those_of_its_invoice(self):
        invoice = self.make_invoice()
        invoice.l10n_pl_ksef_party_ids[:1].role = "6"
        invoice._post(soft=False)
        credit_note = invoice._reverse_moves([{"invoice_date": ISSUED_ON}])
        expected = [(self.unit, "6"), (self.issuer, "7")]
        self.assertEqual(self.get_roles(credit_note), expected)

    def test_party_belongs_to_one_place(self):
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env["l10n_pl_ksef.party"].create({"partner_id": self.unit.id})


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3DeliveryAddress(PartyCase):
    """A delivery address becomes a third party only when a person wants it."""

    def make_delivery(self, place, **values):
        return self.make_invoice(partner_shipping_id=place.id, **values)

    def test_it_is_never_taken_by_itself(self):
        unit = self.make_unit(l10n_pl_ksef_internal_id=UNIT_ID)
        invoice = self.make_delivery(unit)
        invoice._post(soft=False)
        self.assert_absent(self.prepare(invoice).xml.decode(), "Podmiot3")

    def test_unit_of_the_buyer_is_the_recipient(self):
        unit = self.make_unit(l10n_pl_ksef_internal_id=UNIT_ID)
        invoice = self.make_delivery(unit)
        self.assertTrue(invoice.l10n_pl_ksef_offers_recipient)
        invoice.action_l10n_pl_ksef_add_recipient()
        party = invoice.l10n_pl_ksef_party_ids
        self.assertEqual((party.partner_id, party.role), (unit, "2"))
        self.assertFalse(invoice.l10n_pl_ksef_offers_recipient)
        invoice.action_l10n_pl_ksef_add_recipient()
        self.assertEqual(invoice.l10n_pl_ksef_party_ids, party)

    def test_unit_of_local_government_has_its_own_role(self):
        self.buyer.l10n_pl_ksef_is_local_government = True
        invoice = self.make_delivery(self.make_unit(l10n_pl_ksef_internal_id=UNIT_ID))
        invoice.action_l10n_pl_ksef_add_recipient()
        self.assertEqual(invoice.l10n_pl_ksef_party_ids.role, "8")

    def test_another_company_takes_the_goods(self):
        other = self.make_partner("Klient klienta", f"PL{BUYER_NIP}")
        invoice = self.make_delivery(other)
        invoice.action_l10n_pl_ksef_add_recipient()
        party = invoice.l10n_pl_ksef_party_ids
        self.assertEqual((party.role, party.role_text), ("other", "Odbiorca towaru"))

    def test_place_without_a_number_is_not_offered(self):
        for place in (self.make_unit(), self.buyer, self.make_partner("Bez")):
            invoice = self.make_delivery(place)
            self.assertFalse(invoice.l10n_pl_ksef_offers_recipient)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3PartyNumbers(PartyCase):
    """Numbers of parties are read as KSeF reads them, and wrong ones are said."""

    def test_which_number_it_is(self):
        for vat, country, expected in (
            ("EL094014201", "GR", ("eu", "EL", "094014201")),
            ("GR094014201", "GR", ("eu", "EL", "094014201")),
            ("094014201", "GR", ("eu", "EL", "094014201")),
            ("XI123456789", "GB", ("eu", "XI", "123456789")),
            ("GB123456789", "GB", ("other", "GB", "123456789")),
            ("GB123456789", "XI", ("other", "GB", "123456789")),
            ("GB123456789", "DE", ("other", "GB", "123456789")),
            ("XI123456789", "XI", ("eu", "XI", "123456789")),
            ("EXDE123", "DE", ("other", "DE", "EXDE123")),
            ("DE EX-123", "DE", ("other", "DE", "EX123")),
            ("DE136695976", "PL", ("eu", "DE", "136695976")),
            ("GR094014201", "PL", ("eu", "EL", "094014201")),
            ("DE136695977", "PL", ("nip", "", "DE136695977")),
            ("DE136695976", "CH", ("eu", "DE", "136695976")),
            ("DE136695976", "", ("eu", "DE", "136695976")),
            ("SEM980701STA", "MX", ("other", "MX", "SEM980701STA")),
            ("CHE-123.456.788 TVA", "CH", ("other", "CH", "CHE123456788TVA")),
            ("526-000-12-46", "", ("other", "", BUYER_NIP)),
            ("PL 526-000-12-46", "DE", ("nip", "", BUYER_NIP)),
            ("526.000.12/46", "PL", ("nip", "", BUYER_NIP)),
            ("/", "PL", ("none", "", "")),
        ):
            with self.subTest(vat):
                self.assertEqual(tuple(read_tax_id(vat, country)), expected)

    def test_number_of_a_private_person_is_not_sent(self):
        self.assertEqual(read_tax_id("44051401359", "PL", False).kind, "none")
        self.assertEqual(read_tax_id("ABC123456", "PL", False).kind, "none")
        self.assertEqual(read_tax_id("DEA123456", "PL", False).kind, "none")
        self.assertEqual(read_tax_id(BUYER_NIP, "PL", False).kind, "nip")

    def test_nip_of_a_private_person_is_not_left_out_for_a_missing_digit(self):
        found = read_tax_id("526-000-12-4", "PL", False)
        self.assertEqual((found.kind, found.is_valid), ("nip", False))

    def test_number_without_a_country_is_stopped(self):
        buyer = self.make_partner("Bez kraju", "526-000-12-46", country_id=False)
        problems = self.problems(self.make_invoice(partner_id=buyer.id))
        self.assertEqual(list(problems), ["buyer_address"])
        buyer.country_id = self.env.ref("base.pl")
        self.assert_parts(self.file(partner_id=buyer.id), f"NIP {BUYER_NIP}")

    def test_triangular_sale_of_a_person_needs_the_number_and_the_prefix(self):
        values = {"l10n_pl_ksef_triangular": "yes"}
        line = self.line(template="vs_ekspu")
        problems = self.problems(self.make_invoice(line, **values))
        self.assertIn("eu_number_needed", problems)
        values["partner_id"] = self.make_partner("Käufer", "DE136695976", "de").id
        invoice = self.post_invoice(line, **values)
        text = self.prepare(invoice).xml.decode()
        self.assertIn("<Podmiot1><PrefiksPodatnika>PL</PrefiksPodatnika>", text)
        credit_note = invoice._reverse_moves([{"invoice_date": ISSUED_ON}])
        facts = self.export._gather(credit_note)[credit_note]
        self.assertEqual(seller(facts).eu_prefix, "PL")
        values.pop("l10n_pl_ksef_triangular")
        self.assert_absent(self.file(line, **values), "PrefiksPodatnika")

    def test_internal_id(self):
        self.assertEqual(compact_internal_id("PL 526-000-12-46-00019"), UNIT_ID)
        self.assertTrue(is_internal_id(UNIT_ID) and has_internal_check_digit(UNIT_ID))
        self.assertFalse(has_internal_check_digit("5260001246-00018"))
        for wrong in ("5260001247-00019", "5260001246-0001", BUYER_NIP, ""):
            self.assertFalse(is_internal_id(wrong))
            self.assertFalse(has_internal_check_digit(wrong) and wrong)
        with self.assertRaises(ValidationError):
            self.buyer.l10n_pl_ksef_internal_id = "5260001247-00019"

    def assert_key(self, key, level, record, *parties):
        invoice = self.make_invoice(l10n_pl_ksef_party_ids=list(parties))
        problems = self.problems(invoice)
        self.assertEqual(list(problems), [key])
        problem = problems[key][0]
        expected = (level, record._name, record.id or invoice.id)
        self.assertEqual((problem.level, *problem.record), expected)

    def test_wrong_numbers_are_said(self):
        move = self.env["account.move"]
        unit = self.make_unit()
        wrong = self.make_partner("Zły", "PL5260001247")
        long = self.make_partner("Long", "DE1234567890123", "de")
        self.assert_key("third_party_number", "stop", wrong, self.party(wrong, "6"))
        self.assert_key("third_party_number", "stop", long, self.party(long, "6"))
        self.assert_key("third_party_unreachable", "warn", unit, self.party(unit))
        bad_form = self.party(unit, internal_id="123")
        self.assert_key("internal_id", "stop", move, bad_form)
        bad_digit = self.party(unit, internal_id="5260001246-00012")
        self.assert_key("internal_id_digit", "warn", move, bad_digit)

    def test_shares_are_for_additional_buyers(self):
        payer = self.make_partner("Płatnik", f"PL{BUYER_NIP}")
        move = self.env["account.move"]
        self.assert_key("shares", "stop", move, self.party(payer, "6", share=10))
        self.assert_key("shares", "stop", move, self.party(payer, "4", share=-1))
        too_much = [self.party(payer, "4", share=50.000001), self.party(payer, "4")]
        too_much[1][2]["share"] = 50
        self.assert_key("shares", "stop", move, *too_much)
        exactly = [self.party(payer, "4", share=50), self.party(payer, "4", share=50)]
        invoice = self.make_invoice(l10n_pl_ksef_party_ids=exactly)
        self.assertEqual(self.problems(invoice), {})

    def test_first_telephone_of_several_is_taken(self):
        for typed, expected in (
            ("+48 (22) 123-45-67", "+48221234567"),
            ("(22) 123 45 67 wew. 15", "221234567"),
            ("tel. 22 123 45 67, 600 100 200", "221234567"),
            ("22 123 45 67 / 600 100 200", "221234567"),
            ("brak", None),
            ("1" * 17, None),
        ):
            with self.subTest(typed):
                self.buyer.phone = typed
                self.assertEqual(phone(self.buyer), expected)

    def test_wrong_email_is_looked_for_as_email(self):
        payer = self.make_partner("Płatnik", f"PL{BUYER_NIP}", email="biuro(at)x.pl")
        invoice = self.make_invoice(l10n_pl_ksef_party_ids=[self.party(payer, "6")])
        self.assertEqual(self.problems(invoice)["contacts"][0].field, "Email")

    def test_authorised_party_is_refused_in_words(self):
        bailiff = self.make_partner("Komornik", f"PL{BUYER_NIP}")
        for role in ("authority", "bailiff", "tax_representative"):
            party = self.party(bailiff, role)
            invoice = self.post_invoice(l10n_pl_ksef_party_ids=[party])
            self.assertEqual(list(self.problems(invoice)), ["not_supported"])
            prepared = self.prepare(invoice)
            self.assertIsNone(prepared.xml)
            self.assertIn("authorised party", prepared.problems[0].message)

    def test_account_is_the_factors_own(self):
        factor = self.make_partner("Faktor", f"PL{BUYER_NIP}")
        bank = self.env["res.partner.bank"].create(
            {"acc_number": IBAN, "partner_id": self.buyer.id}
        )
        with self.assertRaises(ValidationError):
            party = self.party(factor, "1", bank_account_id=bank.id)
            self.make_invoice(l10n_pl_ksef_party_ids=[party])

    def test_telephone_that_does_not_fit_is_said(self):
        payer = self.make_partner("Płatnik", f"PL{BUYER_NIP}", phone="1" * 17)
        self.assert_key("contacts", "note", payer, self.party(payer, "6"))


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3PartyAccess(PartyCase):
    """Nobody reaches parties, details or partners of a company not theirs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.env["res.company"].create({"name": "Inna firma"})
        cls.stranger = new_test_user(
            cls.env,
            login="ksef_stranger",
            groups="account.group_account_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        cls.private = cls.make_partner(
            "Tajny", f"PL{BUYER_NIP}", company_id=cls.company.id
        )

    def check_refused(self, *calls, error=AccessError):
        for call in calls:
            with self.assertRaises(error), self.env.cr.savepoint():
                call()
                self.env.flush_all()

    def test_parts_of_other_companies_are_out_of_reach(self):
        details = [Command.create({"name": "K", "text": "V"})]
        invoice = self.make_invoice(
            l10n_pl_ksef_party_ids=[self.party(self.buyer)],
            l10n_pl_ksef_detail_ids=details,
        )
        party = invoice.l10n_pl_ksef_party_ids.with_user(self.stranger)
        detail = invoice.l10n_pl_ksef_detail_ids.with_user(self.stranger)
        self.env.flush_all()
        self.env.invalidate_all()
        self.check_refused(
            lambda: party.read(["role"]),
            lambda: party.write({"role": "3"}),
            lambda: party.unlink(),
            lambda: party.copy({"move_id": invoice.id}),
            lambda: detail.write({"text": "W"}),
            lambda: detail.unlink(),
            lambda: detail.create({"name": "a", "text": "b", "move_id": invoice.id}),
        )

    def test_own_party_is_not_put_onto_what_belongs_to_others(self):
        invoice = self.make_invoice()
        parties = self.env["l10n_pl_ksef.party"].with_user(self.stranger)
        own = parties.create({"partner_id": self.buyer.id, "owner_id": self.buyer.id})
        places = (
            {"move_id": invoice.id},
            {"seller_company_id": self.company.id},
            {"owner_id": self.private.id},
        )
        for place in places:
            values = {"owner_id": False, **place}
            self.check_refused(lambda values=values: own.write(values))

    def test_parts_are_changed_by_who_may_change_the_invoice(self):
        party = [self.party(self.buyer)]
        invoice = self.make_invoice(l10n_pl_ksef_party_ids=party, ref="locked")
        self.env["ir.rule"].create(
            {
                "name": "Test",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "domain_force": "[('ref', '!=', 'locked')]",
                "perm_read": False,
            }
        )
        user = new_test_user(
            self.env,
            login="ksef_clerk",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        own = invoice.l10n_pl_ksef_party_ids.with_user(user)
        self.check_refused(
            lambda: own.write({"role": "3"}),
            lambda: own.write({"move_id": False, "owner_id": self.buyer.id}),
            lambda: own.unlink(),
            lambda: own.copy({"move_id": invoice.id}),
        )
        invoice.sudo().ref = "open"
        own.role = "3"
        own.unlink()

    def test_partner_of_another_company_is_no_party(self):
        parties = self.env["l10n_pl_ksef.party"].with_user(self.stranger)
        values = {"partner_id": self.private.id, "owner_id": self.buyer.id}
        self.check_refused(lambda: parties.create(values), error=UserError)
        self.private.ref = "secret"
        self.env.invalidate_all()
        self.check_refused(lambda: parties.new(values).customer_number)

    def test_customer_in_the_portal_reads_what_has_no_group(self):
        invoice = self.post_invoice()
        user = new_test_user(self.env, login="ksef_part", groups="base.group_portal")
        user.partner_id.parent_id = self.buyer
        invoice.message_subscribe(user.partner_id.ids)
        own = invoice.with_user(user)
        hidden = {"party_ids", "detail_ids", "offers_recipient"}
        shown = ("local_government", "vat_group", "is_for_receipt")
        found = own.fields_get().keys() & {f"l10n_pl_ksef_{name}" for name in hidden}
        self.assertEqual(found, set())
        self.assertTrue(own.read([f"l10n_pl_ksef_{name}" for name in shown]))


class TestPartsOfWrittenInvoice(KsefCase):
    """What stands in a file is not changed by way of its parts either."""

    def test_parties_and_details_are_kept_once_the_file_is_made(self):
        self.connect()
        invoice = self.make_invoice(
            l10n_pl_ksef_party_ids=[Command.create({"partner_id": self.buyer.id})],
            l10n_pl_ksef_detail_ids=[Command.create({"name": "K", "text": "V"})],
        )
        invoice.l10n_pl_ksef_party_ids.role = "6"
        invoice.action_post()
        parts = invoice.l10n_pl_ksef_party_ids, invoice.l10n_pl_ksef_detail_ids
        values = {"partner_id": self.buyer.id, "owner_id": self.buyer.id}
        loose = parts[0].create(values)
        changes = [
            lambda: parts[0].write({"role": "3"}),
            lambda: parts[0].unlink(),
            lambda: parts[0].copy({"move_id": invoice.id}),
            lambda: loose.write({"move_id": invoice.id, "owner_id": False}),
            lambda: parts[0].write({"move_id": False, "owner_id": self.buyer.id}),
            lambda: parts[1].write({"text": "W"}),
            lambda: parts[1].unlink(),
            lambda: invoice.write({"l10n_pl_ksef_local_government": "yes"}),
            lambda: invoice.write({"l10n_pl_ksef_is_for_receipt": True}),
            lambda: invoice.write({"l10n_pl_ksef_party_ids": [Command.clear()]}),
            lambda: invoice.write({"l10n_pl_ksef_detail_ids": [Command.clear()]}),
        ]
        for change in changes:
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()
        invoice.button_draft()
        parts[0].unlink()
        parts[1].text = "W"
