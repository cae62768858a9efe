"""Fault matrix, login by certificate: the rows of the token, and what is its own."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields

from . import test_matrix_login
from .common import SELLER_NIP
from .login_methods import ByCertificate
from .matrix_common import MatrixCase

# Why KSeF does not accept a certificate after a login was begun (API 4.2).
REFUSED_CERTIFICATES = (
    "Nieważny certyfikat",
    "Certyfikat odwołany",
    "Certyfikat zawieszony",
    "Niepoprawny certyfikat",
    "Niezaufany łańcuch certyfikatów",
    "Błąd weryfikacji łańcucha certyfikatów",
)
# Why KSeF does not even begin one (API 6.3); a challenge is another matter.
REFUSED_DOCUMENTS = (9101, 9102, 9103, 9105, 21115, 21117, 21217, 21401, 21406)
DAYS = 2
NEEDED_RIGHTS = ("InvoiceRead", "InvoiceWrite")


class TestAccessTokenByCertificate(ByCertificate, test_matrix_login.TestAccessToken):
    """A refused access token is renewed; one signed login follows where need be."""


class TestDeadCertificate(ByCertificate, test_matrix_login.TestDeadToken):
    """A certificate that KSeF refuses stops the queue until there is another."""

    refusals = (
        *(
            ("auth_status", {"code": 460, "details": [text]})
            for text in REFUSED_CERTIFICATES
        ),
        *(("error_code", {"code": code}) for code in REFUSED_DOCUMENTS),
        ("auth_status", {"code": 470}),
        ("auth_status", {"code": 480}),
    )

    def test_blocked_at_ksef_is_held(self):
        path = f"certificates/{self.connect()['serial']}"
        self.simulator.control(path, {"status": "Blocked"})
        self.end_login()
        _invoice, document = self.hold("certificate")
        self.let_go(document)

    def test_ended_is_told_with_its_date_and_not_tried_again(self):
        self.connect(valid_from_days=-1, valid_days=DAYS)
        last = self.connection.certificate_valid_until
        self.simulator.control("clock", {"seconds": DAYS * 24 * 3600})
        self.end_login()
        with freeze_time(fields.Datetime.now() + timedelta(days=DAYS)):
            invoice, document = self.hold("certificate")
            sentence = invoice.l10n_pl_ksef_line["sentence"]
            shown = fields.Date.to_date(last)
            self.assertIn(shown.strftime("%m/%d/%Y"), sentence)
            self.check_no_storm(document)
            self.check_way_out(invoice)
            self.let_go(document)

    def test_rights_taken_away_and_given_back(self):
        for left in ((), ("InvoiceRead",)):
            with self.subTest(left=left):
                self.grant(*NEEDED_RIGHTS)
                self.connect()
                self.grant(*left)
                self.end_login()
                invoice, document = self.hold("right")
                self.assertIn("holder", invoice.l10n_pl_ksef_line["sentence"])
                self.check_no_storm(document)
                self.grant(*NEEDED_RIGHTS)
                result = self.env["l10n_pl_ksef.setup"]._test(self.company)
                self.assertTrue(result["connected"], result)
                self.finish_same(document, posts=1)

    def grant(self, *permissions):
        """Let the holder of the certificate have these rights alone at KSeF."""
        values = {"context_nip": SELLER_NIP, "subject_nip": SELLER_NIP}
        values["permissions"] = permissions
        self.simulator.control("permissions", values)


class TestSlowLoginByCertificate(ByCertificate, test_matrix_login.TestSlowLogin):
    """A signed login that is not decided, or broken off, is begun anew later."""

    disturbances = (("error_code", {"code": 21111}),)


class TestKeysOfKsef(ByCertificate, MatrixCase):
    """The Ministry's keys have no part in a login by certificate."""

    def test_withdrawn_keys_do_not_disturb_it(self):
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})
        self.simulator.control("rotate-keys", {"keep_old": False})
        _invoice, document = self.post_invoice()
        self.finish_same(document, posts=1)
        self.assertEqual(self.count_logins_ever(), 2, "set-up and this")


class TestWrongClockByCertificate(ByCertificate, test_matrix_login.TestWrongClock):
    """The time of a signature is KSeF's, not that of the server."""
