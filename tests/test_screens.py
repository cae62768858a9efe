"""What lists and filters show is what the single invoice says."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import KsefCase


@tagged("post_install_l10n", "post_install", "-at_install")
class TestScreens(KsefCase):
    """A filter finds what is due; a hold by nobody's fault is not shown in red."""

    def setUp(self):
        super().setUp()
        self.connect()

    def test_filter_finds_exactly_what_is_due(self):
        partner = self.env["res.partner"]
        poland, germany = self.env.ref("base.pl").id, self.env.ref("base.de").id
        buyers = partner.create(
            [
                {"name": "Firma", "is_company": True, "country_id": poland},
                {"name": "Osoba", "is_company": False, "country_id": poland},
                {"name": "GmbH", "is_company": True, "country_id": germany},
            ]
        )
        moves = self.env["account.move"]
        for buyer in buyers:
            moves |= self.make_invoice(partner_id=buyer.id)
        early = self.company.l10n_pl_ksef_since - timedelta(days=1)
        moves |= self.make_invoice(invoice_date=early)
        self.company.l10n_pl_ksef_to_foreign = False
        for is_due in (True, False):
            found = moves.search(
                [("id", "in", moves.ids), ("l10n_pl_ksef_is_due", "=", is_due)]
            )
            expected = moves.filtered(
                lambda move, is_due=is_due: move.l10n_pl_ksef_is_due == is_due
            )
            self.assertEqual(found, expected.sorted())
        self.assertTrue(moves[0].l10n_pl_ksef_is_due)

    def test_hold_for_a_later_date_is_shown_as_queued(self):
        _invoice, document = self.post_invoice()
        for reason, shown in (
            ("date", "queued"),
            ("original", "waiting"),
            ("clock", "held"),
            ("token", "blocked"),
        ):
            document._block(reason)
            self.assertEqual(document.move_id.l10n_pl_ksef_display_state, shown)

    def test_missing_receipt_is_shown_as_late_after_a_day(self):
        _invoice, document = self.post_invoice()
        document.write({"state": "accepted", "upo_state": "wanted"})
        self.assertEqual(document.display_upo, "wanted")
        document.state_since = fields.Datetime.now() - timedelta(hours=25)
        self.assertEqual(document.display_upo, "late")
