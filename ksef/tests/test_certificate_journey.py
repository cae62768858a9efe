"""Logins with certificates against the simulator, which verifies them itself."""

from datetime import datetime, timezone

from .. import crypto, errors, statuses, upo, xades
from ..auth import login_with_certificate, login_with_token, refresh_access
from ..certificate import (
    CertificateKind,
    Credential,
    CredentialError,
    CredentialProblem,
    read_credential,
)
from ..statuses import LoginProblem
from .certificates import COMPANY, NOBODY, credential, ec_key
from .journey_case import SimulatorCase
from .support import DAY, NIP, Simulator, client_for, invoice, rsa_key

OTHER_NIP = "5170359458"


class CertificateCase(SimulatorCase):
    """Certificates that the simulator gives out."""

    def issue(self, nip=NIP, **fields):
        self.issued = self.simulator.control("certificates", {"nip": nip, **fields})
        files = [self.issued[name].encode() for name in ("key", "certificate")]
        return read_credential(files, None, datetime.now(timezone.utc))

    def enter(self, signer, nip=NIP):
        return login_with_certificate(self.client, signer, nip)

    def assert_refused(self, reason, signer, nip=NIP, code=None):
        with self.assertRaises(errors.KsefLoginRefused) as caught:
            self.enter(signer, nip)
        self.assertIs(caught.exception.reason, reason)
        if code:
            self.assertEqual(caught.exception.code, code)

    def self_signed(self, key, names=COMPANY):
        today = datetime.now(timezone.utc).replace(microsecond=0)
        dates = {"valid_from": today - DAY, "valid_to": today + 36_500 * DAY}
        return credential(key, names, uses=None, issuer=names, **dates)


class AdmittedTest(CertificateCase):
    """A certificate opens the context of its company, or of one that allows it."""

    def test_each_kind_of_key_is_let_in(self):
        for kind in ("ec", "rsa"):
            with self.subTest(kind=kind):
                signer = self.issue(key=kind)
                self.assertIs(signer.facts.kind, CertificateKind.KSEF)
                self.assertEqual(signer.facts.serial, self.issued["serial"])
                self.assertEqual(signer.facts.fingerprint, self.issued["fingerprint"])
                self.assertEqual(signer.facts.nip, NIP)
                self.assertTrue(self.enter(signer).access)

    def test_a_stored_certificate_is_let_in(self):
        stored = self.issue().dump()
        self.assertTrue(self.enter(Credential.load(stored)).access)

    def test_access_is_renewed_as_after_a_token(self):
        entered = self.enter(self.issue())
        access, _valid_until = refresh_access(self.client, entered.refresh)
        self.assertTrue(self.client.rate_limits(access))

    def test_an_invoice_gets_its_number_and_receipt(self):
        access = self.enter(self.issue()).access
        session = self.open(access)
        xml = invoice("CERT/1")
        reference = self.send(access, session, xml)
        found = self.settled(access, session, reference)
        self.assertIs(
            statuses.invoice_verdict(found.code), statuses.Verdict.ACCEPTED, found
        )
        receipt = self.client.invoice_upo(access, session, reference)
        self.assertIn(b"SkrotDokumentuUwierzytelniajacego", receipt)
        facts = upo.read_upo(receipt)
        self.assertEqual(facts.ksef_number, found.ksef_number)
        self.assertEqual(facts.invoice_hash_b64, crypto.sha256_b64(xml))

    def test_another_company_needs_a_right(self):
        signer = self.issue()
        self.assert_refused(LoginProblem.NO_RIGHTS, signer, OTHER_NIP, code=415)
        self.simulator.control(
            "permissions",
            {
                "context_nip": OTHER_NIP,
                "subject_nip": NIP,
                "permissions": ["InvoiceWrite"],
            },
        )
        self.assertTrue(self.enter(signer, OTHER_NIP).access)

    def test_a_self_signed_seal_is_let_in_on_the_test_environment(self):
        for key in (ec_key(), rsa_key()):
            self.assertTrue(self.enter(self.self_signed(key)).access)

    def test_a_certificate_without_a_number_is_known_by_its_fingerprint(self):
        signer = self.self_signed(ec_key(), NOBODY)
        self.simulator.control(
            "permissions",
            {
                "context_nip": NIP,
                "subject_fingerprint": signer.facts.fingerprint,
                "permissions": ["InvoiceWrite"],
            },
        )
        self.assertTrue(self.enter(signer).access)

    def test_a_server_with_another_clock_is_followed(self):
        simulator = Simulator("--clock-offset", "-3600")
        self.addCleanup(simulator.close)
        made = simulator.control("certificates", {"nip": NIP})
        files = [made[name].encode() for name in ("certificate", "key")]
        signer = read_credential(files, None, datetime.now(timezone.utc))
        client = client_for(simulator.url)
        self.addCleanup(client.transport.close)
        self.assertTrue(login_with_certificate(client, signer, NIP).access)


class RefusedTest(CertificateCase):
    """Each reason of a refusal has its name."""

    def test_a_revoked_certificate_is_refused(self):
        for status in ("Revoked", "Blocked"):
            signer = self.issue()
            path = f"certificates/{self.issued['serial']}"
            self.simulator.control(path, {"status": status})
            self.assert_refused(LoginProblem.CERTIFICATE, signer, code=460)

    def test_a_certificate_of_another_authority_is_refused(self):
        today = datetime.now(timezone.utc).replace(microsecond=0)
        dates = {"valid_from": today - DAY, "valid_to": today + 36_500 * DAY}
        self.assert_refused(LoginProblem.CERTIFICATE, credential(**dates), code=460)

    def test_the_offline_kind_is_refused_before_anything_is_sent(self):
        with self.assertRaises(CredentialError) as caught:
            self.issue(type="Offline")
        self.assertIs(caught.exception.kind, CredentialProblem.OFFLINE)
        self.assertEqual(self.simulator.count("challenge"), 0)

    def test_an_expired_challenge_is_replaced(self):
        signer = self.issue()
        self.simulator.fault("login_certificate", "error_code", code=21111)
        self.assertTrue(self.enter(signer).access)
        self.assertEqual(self.simulator.count("challenge"), 2)

    def test_a_changed_document_is_refused(self):
        challenge = self.client.challenge()
        signer = self.issue()
        signed = xades.sign_login(challenge.challenge, NIP, signer, self.client.now())
        changed = signed.replace(NIP.encode(), OTHER_NIP.encode(), 1)
        with self.assertRaises(errors.KsefRefused) as caught:
            self.client.login_certificate(changed)
        self.assertEqual(caught.exception.code, 9105)

    def test_certificates_go_on_where_tokens_have_ended(self):
        signer = self.issue()
        token, _reference = self.simulator.token()
        self.simulator.control("settings", {"token_login_ends": "2026-01-01T00:00:00Z"})
        with self.assertRaises(errors.KsefLoginRefused):
            login_with_token(self.client, token, NIP)
        self.assertTrue(self.enter(signer).access)
