"""The whole journey of a company that logs in with a certificate."""

from . import test_workers
from .certificate import CertificateJourney, RsaJourney
from .faults import FaultCase


class TestCertificate(FaultCase):
    """From Confirm to the receipt; a new server goes on with what is sealed."""

    journey_class = CertificateJourney

    def count_logins(self):
        counts = self.demo.control("GET", "requests")
        self.assertNotIn("login_token", counts)
        return counts["login_certificate"]

    def test_invoice_gets_number_and_receipt(self):
        before = self.count_logins()
        move = self.journey.confirm_invoice()
        self.finish_same(move)
        self.assertEqual(self.count_logins(), before, "the login of the set-up lives")
        self.check_no_error_logged()

    def test_new_server_logs_in_by_itself(self):
        self.kill_odoo()
        for what in ("access", "refresh"):
            self.demo.control("POST", "expire", {"what": what})
        before = self.count_logins()
        self.restart()
        move = self.journey.confirm_invoice()
        self.finish_same(move)
        self.assertEqual(self.count_logins(), before + 1)


class TestRsaCertificate(TestCertificate):
    """The same with an RSA key that came in one PKCS#12 file."""

    journey_class = RsaJourney


class TestWorkersByCertificate(test_workers.TestWorkers):
    """Several processes with one certificate: one of them logs in."""

    journey_class = CertificateJourney
