from lxml import etree, html

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from ..fa3 import reader, view, view_page
from ..models.l10n_pl_ksef_preview import UNREADABLE
from .fa3_common import BUYER_NIP, CREATED_ON, Fa3Case

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'
NUMBER = "5795955811-20261110-0100001AF629-9D"


class PreviewCase(Fa3Case):
    """An invoice, and its submission when it is needed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.preview = cls.env["l10n_pl_ksef.preview"]

    def send(self, invoice, state="queued", environment="test", **values):
        """Write the submission of a posted invoice with its frozen file."""
        self.company.l10n_pl_ksef_environment = environment
        outbox = self.env["l10n_pl_ksef.outbox"]
        document = outbox._create_documents(invoice)
        document.write({"state": state, **values})
        return document

    def text(self, page):
        """Return what a page shows, blanks made one."""
        tree = html.fromstring(page)
        for style in tree.iter("style"):
            style.text = ""
        return " ".join(tree.text_content().split())


@tagged("post_install_l10n", "post_install", "-at_install")
class TestPreview(PreviewCase):
    """The preview shows what KSeF would get, and says what it is not."""

    def test_draft_is_marked_and_numbered_as_a_draft(self):
        invoice = self.make_invoice(self.line(name="Stół dębowy"))
        text = self.text(self.preview._get_page(invoice))
        for part in (
            "Numer faktury: WERSJA ROBOCZA",
            "WERSJA ROBOCZA – NIE JEST FAKTURĄ",
            "Draft: KSeF does not have this invoice.",
            "Stół dębowy",
            "123,00 PLN",
            BUYER_NIP,
        ):
            self.assertIn(part, text)
        self.assertNotIn(invoice.name or "no number", text)

    def test_draft_without_a_date_gets_the_present_day(self):
        invoice = self.make_invoice(invoice_date=False)
        found = self.preview._get_file(invoice)
        self.assertTrue(found.xml, found.problems)
        self.assertTrue(reader.read(found.xml).body.issued_on)
        self.assertFalse(invoice.invoice_date)

    def test_looking_writes_nothing(self):
        invoice = self.make_invoice()
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        self.preview._get_page(invoice)
        self.env.flush_all()
        self.assertFalse(invoice.l10n_pl_ksef_document_ids)
        self.assertEqual(invoice.state, "draft")
        self.assertLess(self.env.cr.sql_log_count - before, 40)

    def test_what_stops_the_invoice_is_said_instead(self):
        self.set_vat(self.buyer, "PL5260001247")
        invoice = self.make_invoice()
        page = self.preview._get_page(invoice)
        self.assertIn("NIP 5260001247 has a wrong check digit", self.text(page))
        self.assertNotIn("Krajowy System", self.text(page))
        with self.assertRaises(UserError) as raised:
            invoice.action_l10n_pl_ksef_download_xml()
        self.assertIn("5260001247", str(raised.exception))

    def test_warnings_stand_above_the_invoice(self):
        self.buyer.phone = "1" * 20
        text = self.text(self.preview._get_page(self.make_invoice()))
        self.assertIn("Telephone or e-mail of Nabywca S.A.", text)

    def test_file_that_is_waiting_is_shown_as_it_was_made(self):
        invoice = self.post_invoice()
        document = self.send(invoice)
        made = document._get_xml()
        # The partner changes, the file does not.
        self.buyer.name = "Inna nazwa"
        found = self.preview._get_file(invoice)
        self.assertEqual(found.xml, made)
        text = self.text(self.preview._get_page(invoice))
        self.assertIn("Nabywca S.A.", text)
        self.assertIn("TEST – NIE JEST FAKTURĄ", text)
        self.assertIn("KSeF has not given this invoice a number yet.", text)

    def test_accepted_invoice_has_its_number_and_no_mark(self):
        invoice = self.post_invoice()
        self.send(invoice, "accepted", "production", ksef_number=NUMBER)
        text = self.text(self.preview._get_page(invoice))
        self.assertIn(f"Numer KSeF: {NUMBER}", text)
        self.assertNotIn("NIE JEST FAKTURĄ", text)

    def test_rejected_file_is_no_longer_what_would_be_sent(self):
        invoice = self.post_invoice()
        document = self.send(invoice, "rejected")
        self.buyer.name = "Poprawiona nazwa"
        self.assertIn("Poprawiona", self.text(self.preview._get_page(invoice)))
        page = self.preview._get_document_page(document)
        self.assertIn("Nabywca S.A.", self.text(page))

    def test_hostile_text_stays_text(self):
        self.buyer.name = HOSTILE
        self.company.partner_id.street = HOSTILE
        invoice = self.make_invoice(self.line(name=HOSTILE), narration=HOSTILE)
        tree = html.fromstring(self.preview._get_page(invoice))
        self.assertFalse(tree.xpath("//script | //img | //*[@onerror]"))
        text = self.text(etree.tostring(tree, encoding="unicode", method="html"))
        self.assertGreaterEqual(text.count('<script>alert("x")</script>'), 3)

    def test_received_bytes_that_are_no_invoice_are_said_so(self):
        good = self.prepare(self.post_invoice()).xml
        bad = good.replace(b"<P_15>123.00</P_15>", b"<P_15>sto</P_15>")
        for data, words in (
            (b"", "it is not complete XML."),
            (b"<a/>", "it is another kind of document."),
            (b"\x00\x01", "it is not written in UTF-8."),
            (b"<!DOCTYPE a []><a/>", "it has a document type"),
            (bad, 'Fa/P_15 (line 1) is "sto".'),
        ):
            with self.subTest(words):
                text = self.text(self.preview._show(data))
                self.assertIn("There is nothing to show", text)
                self.assertIn(words, text)

    def test_every_reason_not_to_read_has_its_words(self):
        own = {reader.ReadProblem.BAD_VALUE}
        self.assertEqual(UNREADABLE.keys() | own, set(reader.ReadProblem))

    def test_received_bytes_are_shown(self):
        data = self.prepare(self.post_invoice()).xml
        self.assertIn("Nabywca S.A.", self.preview._show(data, ksef_number=NUMBER))

    def test_print_holds_the_same_invoice(self):
        invoice = self.make_invoice(self.line(name=HOSTILE))
        report = self.env["ir.actions.report"]
        made, _kind = report._render_qweb_html(
            "l10n_pl_ksef.report_preview", invoice.ids
        )
        tree = html.fromstring(made)
        found = tree.xpath("//div[@class='fa3']")
        self.assertEqual(len(found), 1)
        (style,) = tree.xpath("//div[contains(@class, 'article')]/style")
        # wkhtmltopdf asks for the style of a narrow window.
        self.assertTrue(style.text.endswith(view_page.PAPER_STYLE))
        self.assertFalse(found[0].xpath(".//script | .//img"))
        self.assertIn(HOSTILE, found[0].text_content())

    def test_correction_that_waits_for_its_original_is_shown(self):
        self.company.l10n_pl_ksef_environment = "test"
        invoice = self.post_invoice()
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "reason": "Zwrot"})
        )
        wizard.reverse_moves()
        credit = wizard.new_move_ids
        credit.invoice_date = CREATED_ON.date()
        text = self.text(self.preview._get_page(credit))
        self.assertIn("Faktura korygująca", text)
        self.assertIn(f"Waits for the KSeF number of {invoice.name}", text)
        self.assertNotIn("Poza KSeF", text)

    def test_names_of_the_page_are_those_of_the_pure_view(self):
        data = self.prepare(self.post_invoice()).xml
        titles = [each.title for each in view.sections(reader.read(data))]
        page = view_page.content(reader.read(data))
        found = html.fromstring(page).xpath("//h2/text()")
        self.assertEqual(found, titles)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestPreviewAccess(PreviewCase, HttpCase):
    """Only who may read an invoice sees its preview, and no page runs anything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        values = {"company_id": cls.company.id, "company_ids": cls.company.ids}
        for login, groups in (
            ("ksef_invoicing", "account.group_account_invoice"),
            ("ksef_reader", "account.group_account_readonly"),
            ("ksef_nobody", "base.group_user"),
        ):
            new_test_user(
                cls.env, login, groups=groups, password=f"{login}_1234", **values
            )
        cls.portal = new_test_user(
            cls.env, "ksef_portal", groups="base.group_portal", password="ksef_portal_1"
        )

    def get(self, login, path):
        """Return the answer to a user."""
        password = "ksef_portal_1" if login == "ksef_portal" else f"{login}_1234"
        self.authenticate(login, password)
        return self.url_open(f"/l10n_pl_ksef/preview/{path}")

    def test_bookkeepers_see_the_page(self):
        invoice = self.make_invoice()
        for login in ("ksef_invoicing", "ksef_reader"):
            answer = self.get(login, invoice.id)
            self.assertEqual(answer.status_code, 200)
            self.assertIn("WERSJA ROBOCZA", answer.text)
            policy = answer.headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("script-src", policy)
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")

    def test_others_do_not(self):
        invoice = self.post_invoice(partner_id=self.portal.partner_id.id)
        document = self.send(invoice)
        for login in ("ksef_nobody", "ksef_portal"):
            for path in (
                *(invoice.id, f"{invoice.id}/xml", f"{invoice.id}/text"),
                f"submission/{document.id}",
            ):
                with self.subTest(login=login, path=path):
                    answer = self.get(login, path)
                    self.assertIn(answer.status_code, (403, 404))
                    self.assertNotIn("Faktura", answer.text)

    def test_nobody_sees_it_without_logging_in(self):
        invoice = self.make_invoice()
        answer = self.url_open(
            f"/l10n_pl_ksef/preview/{invoice.id}", allow_redirects=False
        )
        self.assertEqual(answer.status_code, 303)

    def test_other_companies_do_not(self):
        other = self.env["res.company"].create({"name": "Inna"})
        new_test_user(
            self.env,
            "ksef_elsewhere",
            groups="account.group_account_invoice",
            password="ksef_elsewhere_1234",
            company_id=other.id,
            company_ids=other.ids,
        )
        answer = self.get("ksef_elsewhere", self.make_invoice().id)
        self.assertEqual(answer.status_code, 403)

    def test_missing_invoice_is_not_found(self):
        for path in ("999999999", "999999999/xml", "submission/999999999"):
            self.assertEqual(self.get("ksef_invoicing", path).status_code, 404)

    def test_xml_is_downloaded_and_never_shown_as_xml(self):
        invoice = self.make_invoice(self.line(name=HOSTILE))
        answer = self.get("ksef_invoicing", f"{invoice.id}/xml")
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertEqual(reader.read(answer.content).body.lines[0].name, HOSTILE)
        answer = self.get("ksef_invoicing", f"{invoice.id}/text")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain"))
        self.assertTrue(answer.text.startswith("<?xml"))

    def test_submission_is_shown(self):
        document = self.send(self.post_invoice())
        answer = self.get("ksef_reader", f"submission/{document.id}")
        self.assertIn("Nabywca S.A.", answer.text)
        action = document.action_preview()
        self.assertTrue(action["url"].endswith(f"/submission/{document.id}"))

    def test_methods_ask_for_the_right_too(self):
        invoice = self.make_invoice()
        user = self.env["res.users"].search([("login", "=", "ksef_nobody")])
        with self.assertRaises(AccessError):
            invoice.with_user(user).action_l10n_pl_ksef_download_xml()
        report = self.env["report.l10n_pl_ksef.report_preview"].with_user(user)
        with self.assertRaises(AccessError):
            report._get_report_values(invoice.ids)
