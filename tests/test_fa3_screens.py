"""What stands on the tab KSeF, and in which order."""

from lxml import etree

from odoo.tests import new_test_user, tagged

from .correction_common import CorrectionCase

# Groups of the tab from top to bottom.
ORDER = (
    *("l10n_pl_ksef_actions", "l10n_pl_ksef_document_ids", "l10n_pl_ksef_corrected"),
    *("l10n_pl_ksef_file", "l10n_pl_ksef_received_ids", "l10n_pl_ksef_advance_ids"),
    *("l10n_pl_ksef_parties", "l10n_pl_ksef_detail_ids"),
)
# Long lists that nobody can fill any more once the file is made.
LISTS = (
    *("l10n_pl_ksef_received_ids", "l10n_pl_ksef_party_ids"),
    "l10n_pl_ksef_detail_ids",
)


@tagged("post_install_l10n", "post_install", "-at_install")
class TestInvoiceTab(CorrectionCase):
    """What has to be done stands above what may be changed, the rest is not shown."""

    def tab(self):
        arch = self.env["account.move"].get_view(view_type="form")["arch"]
        return etree.fromstring(arch).find(".//page[@name='l10n_pl_ksef']")

    def test_what_was_sent_and_is_to_be_done_stands_first(self):
        names = [node.get("name") for node in self.tab().iter(etree.Element)]
        self.assertEqual(sorted(ORDER, key=names.index), list(ORDER))
        report = self.tab().find(".//field[@widget='l10n_pl_ksef_report']")
        following = report.xpath("following::*[@name='l10n_pl_ksef_document_ids']")
        self.assertTrue(following)

    def test_empty_lists_of_a_written_invoice_are_hidden(self):
        for name in LISTS:
            (field,) = self.tab().xpath(f".//field[@name='{name}']")
            hidden = f"(l10n_pl_ksef_is_written and not {name})"
            self.assertIn(hidden.strip("()"), field.get("invisible"))

    def test_who_reads_no_submissions_gets_no_condition_on_them(self):
        # Salespeople open invoices too; a condition on a field that is not sent
        # breaks the form. Without the module sale a guest is who may read one.
        user = new_test_user(self.env, "ksef_sales", groups="base.group_portal")
        moves = self.env["account.move"].with_user(user)
        arch = moves.get_view(view_type="form")["arch"]
        self.assertNotIn("l10n_pl_ksef_line", arch)

    def test_window_of_a_correction_is_called_so(self):
        invoice = self.post_invoice()
        self.assertEqual(invoice.action_reverse()["name"], "Correction")
        bill = self.make_invoice(move_type="in_invoice")
        self.assertNotEqual(bill.action_reverse()["name"], "Correction")

    def test_exemption_is_told_as_it_stands_in_the_file(self):
        tax = self.tax("vs_kraj_zw")
        tax.l10n_pl_ksef_exemption_basis = "art. 43 ust. 1 pkt 37"
        exempt = self.sent(self.line(100, "vs_kraj_zw"))
        taxed = self.sent(self.line(100))
        self.company.l10n_pl_ksef_environment = "test"
        self.env.invalidate_all()
        self.assertIn("art. 43 ust. 1 pkt 37", exempt.l10n_pl_ksef_exemption_reason)
        self.assertEqual(taxed.l10n_pl_ksef_exemption_reason, "No line is exempt.")

    def test_what_concerns_buyers_abroad_is_not_asked_of_others(self):
        self.company.l10n_pl_ksef_environment = "test"
        german = self.make_partner("GmbH", "DE136695976", "de")
        for partner, is_asked in ((self.buyer, False), (german, True)):
            invoice = self.make_invoice(partner_id=partner.id)
            for name in ("triangular", "new_transport"):
                reason = invoice[f"l10n_pl_ksef_{name}_reason"]
                self.assertEqual(bool(reason), is_asked, (partner.name, name))
        invoice = self.make_invoice(l10n_pl_ksef_triangular="yes")
        self.assertIn("chosen", invoice.l10n_pl_ksef_triangular_reason)
