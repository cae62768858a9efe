"""Login by certificate: whom KSeF trusts, who may do what, what comes of it."""

import json
import unittest

from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from lxml import etree

from .certificate_case import CertificateCase
from .invoice import make_invoice
from .signer import Signer, seal_of, self_signed
from .support import NIP, OTHER_NIP, SimulatorCase, digest, needs_shared
from .test_login import claims_of
from .test_upo import RECEIVER, UPO, upo_schema

PESEL = "90010112345"
PERSON = (NameOID.GIVEN_NAME, "Jan"), (NameOID.SURNAME, "Nowak")


class ChallengeTest(CertificateCase):
    """A challenge is good for one login, for ten minutes, and only if all is well."""

    def test_used_challenge_is_refused(self):
        signed = self.signed(self.certificate())
        self.assertEqual(self.post(signed).status_code, 202)
        self.assert_refused(self.post(signed), 21111)

    def test_old_challenge_is_refused(self):
        signed = self.signed(self.certificate())
        self.simulator.control("clock", {"seconds": 601})
        self.assert_refused(self.post(signed), 21111)

    def test_refused_signature_leaves_the_challenge_unused(self):
        identity, xml = self.certificate(), self.request()
        bad = Signer(identity, profile=False).sign(xml)
        self.assert_refused(self.post(bad), 9105)
        self.assertEqual(self.post(Signer(identity).sign(xml)).status_code, 202)


class TrustTest(CertificateCase):
    """Certificates of KSeF's own issuer count, and those signed by themselves."""

    def test_kinds_of_certificate_are_told_apart(self):
        person = self_signed(*PERSON, (NameOID.SERIAL_NUMBER, f"PNOPL-{PESEL}"))
        granted = {"context_nip": NIP, "subject_pesel": PESEL}
        self.simulator.control(
            "permissions", {**granted, "permissions": ["InvoiceRead"]}
        )
        methods = {
            "QualifiedSignature": ("xades.qualified-signature", person),
            "InternalCertificate": ("xades.ksef-certificate", self.certificate()),
            "QualifiedSeal": ("xades.qualified-seal", self.certificate(type="Seal")),
        }
        for method, (code, identity) in methods.items():
            with self.subTest(method):
                shown = self.outcome(self.post(self.signed(identity)))
                self.assertEqual(shown["status"]["code"], 200)
                self.assertEqual(shown["authenticationMethod"], method)
                info = shown["authenticationMethodInfo"]
                self.assertEqual(info["category"], "XadesSignature")
                self.assertEqual(info["code"], code)

    def test_person_may_be_known_by_its_nip(self):
        person = self_signed(*PERSON, (NameOID.SERIAL_NUMBER, f"TINPL-{NIP}"))
        self.assert_status(self.post(self.signed(person)), 200)

    def test_certificate_for_offline_codes_is_the_wrong_one(self):
        answer = self.post(self.signed(self.certificate(type="Offline")))
        self.assert_status(answer, 460, "Niepoprawny certyfikat")

    def test_certificate_outside_its_validity_is_not_valid(self):
        for days in ({"valid_from_days": 1}, {"valid_from_days": -9, "valid_days": 8}):
            with self.subTest(days):
                answer = self.post(self.signed(self.certificate(**days)))
                self.assert_status(answer, 460, "Nieważny certyfikat")

    def test_signing_time_before_the_validity_is_not_valid(self):
        answer = self.post(self.signed(self.certificate(valid_from_days=0)))
        self.assert_status(answer, 460, "Nieważny certyfikat")

    def test_certificate_that_ends_after_the_signing_is_not_valid(self):
        minutes = 5
        signed = self.signed(self.certificate(valid_days=1 + minutes / (24 * 60)))
        self.simulator.control("clock", {"seconds": 60 * minutes + 1})
        self.assert_status(self.post(signed), 460, "Nieważny certyfikat")

    def test_withdrawn_certificate_is_refused_until_it_is_active_again(self):
        identity = self.certificate()
        for status, detail in (
            ("Revoked", "Certyfikat odwołany"),
            ("Blocked", "Certyfikat zawieszony"),
        ):
            self.simulator.control(f"certificates/{self.serial}", {"status": status})
            self.assert_status(self.post(self.signed(identity)), 460, detail)
        self.simulator.control(f"certificates/{self.serial}", {"status": "Active"})
        self.assert_status(self.post(self.signed(identity)), 200)

    def test_certificate_forgotten_by_a_reset_is_unknown(self):
        identity = self.certificate()
        self.simulator.control("reset")
        answer = self.post(self.signed(identity))
        self.assert_status(answer, 460, "Niepoprawny certyfikat")

    def test_self_signed_seal_is_taken_unless_the_chain_is_asked_for(self):
        signed = self.signed(seal_of(NIP))
        self.assert_status(self.post(signed, "?verifyCertificateChain=false"), 200)
        answer = self.post(
            self.signed(seal_of(NIP)), query="?verifyCertificateChain=True"
        )
        self.assert_status(answer, 460, "Niezaufany łańcuch certyfikatów")

    def test_certificate_signed_by_somebody_else_is_not_trusted(self):
        identity = seal_of(NIP, issuer_key=seal_of(OTHER_NIP).key)
        answer = self.post(self.signed(identity))
        self.assert_status(answer, 460, "Niezaufany łańcuch certyfikatów")

    def test_forged_name_of_the_issuer_breaks_the_chain(self):
        issuer = self.certificate().certificate.issuer
        answer = self.post(self.signed(seal_of(NIP, issuer=issuer)))
        self.assert_status(answer, 460, "Błąd weryfikacji łańcucha certyfikatów")

    def test_prescribed_outcome_comes_true(self):
        fault = {"operation": "login_certificate", "action": "auth_status", "code": 470}
        self.simulator.control("faults", fault)
        answer = self.post(self.signed(self.certificate()))
        detail = "Próba wykorzystania metod autoryzacyjnych osoby zmarłej"
        self.assert_status(answer, 470, detail)


class ProductionTrustTest(CertificateCase):
    """Outside TEST nobody is trusted for his own signature."""

    options = (*SimulatorCase.options, "--environment", "production")

    def test_self_signed_seal_is_not_trusted(self):
        answer = self.post(self.signed(seal_of(NIP)))
        self.assert_status(answer, 460, "Niezaufany łańcuch certyfikatów")

    def test_certificate_of_ksef_is_trusted(self):
        self.assert_status(self.post(self.signed(self.certificate())), 200)


class RightsTest(CertificateCase):
    """The holder owns the context of its NIP; elsewhere it needs a permission."""

    def _rights(self):
        claims = claims_of(self.client.access)
        return json.loads(claims["per"]), json.loads(claims["pep"])

    def test_owner_may_do_everything(self):
        self.log_in(self.certificate())
        permissions, effective = self._rights()
        self.assertEqual(permissions, ["Owner"])
        self.assertIn("CredentialsManage", effective)
        opened = self.client.post("/sessions/online", self.client.open_body())
        self.assertEqual(opened.status_code, 201)

    def test_claims_name_holder_and_method(self):
        self.log_in(self.certificate())
        claims = claims_of(self.client.access)
        subject = json.loads(claims["sud"])
        self.assertEqual(claims["aum"], "InternalCertificate")
        self.assertEqual(subject["subjectIdentifier"], {"type": "Nip", "value": NIP})
        self.assertEqual(subject["organizationIdentifier"], f"VATPL-{NIP}")

    def test_other_context_needs_a_permission(self):
        identity = self.certificate(nip=OTHER_NIP)
        self.assert_status(
            self.post(self.signed(identity)), 415, "Brak przypisanych uprawnień"
        )
        granted = {"context_nip": NIP, "subject_nip": OTHER_NIP}
        self.simulator.control(
            "permissions", {**granted, "permissions": ["InvoiceRead"]}
        )
        self.log_in(identity)
        self.assertEqual(self._rights(), (["InvoiceRead"], ["InvoiceRead"]))
        refused = self.client.post("/sessions/online", self.client.open_body())
        self.assertEqual(refused.status_code, 403)

    def test_refreshed_token_carries_the_current_rights(self):
        self.log_in(self.certificate(permissions=["InvoiceRead"]))
        self.assertEqual(self._rights()[0], ["InvoiceRead"])
        granted = {"context_nip": NIP, "subject_nip": NIP}
        self.simulator.control(
            "permissions", {**granted, "permissions": ["InvoiceWrite"]}
        )
        answer = self.client.post("/auth/token/refresh", bearer=self.client.refresh)
        self.client.access = answer.json()["accessToken"]["token"]
        self.assertEqual(self._rights()[0], ["InvoiceWrite"])

    def test_person_needs_a_permission(self):
        identity = self.certificate(pesel=PESEL)
        self.assert_status(
            self.post(self.signed(identity)), 415, "Brak przypisanych uprawnień"
        )
        self.log_in(self.certificate(pesel=PESEL, permissions=["InvoiceWrite"]))
        subject = json.loads(claims_of(self.client.access)["sud"])
        expected = {"type": "Pesel", "value": PESEL}
        self.assertEqual(subject["subjectIdentifier"], expected)

    def test_nameless_certificate_works_by_its_fingerprint_only(self):
        made = self_signed((NameOID.COMMON_NAME, "Nobody"))
        self.assert_refused(self.post(self.signed(made)), 21406)
        xml = self.request(subject="certificateFingerprint")
        self.assert_status(
            self.post(Signer(made).sign(xml)), 415, "Brak przypisanych uprawnień"
        )
        fingerprint = made.certificate.fingerprint(hashes.SHA256()).hex().upper()
        granted = {"context_nip": NIP, "subject_fingerprint": fingerprint}
        self.simulator.control(
            "permissions", {**granted, "permissions": ["InvoiceRead"]}
        )
        xml = self.request(subject="certificateFingerprint")
        self.assert_status(self.post(Signer(made).sign(xml)), 200)

    def test_short_pesel_is_in_conflict_with_the_kind_of_login(self):
        made = self_signed(*PERSON, (NameOID.SERIAL_NUMBER, "PNOPL-1234567890"))
        self.assert_refused(self.post(self.signed(made)), 21406)

    def test_addresses_of_the_policy_are_obeyed(self):
        address = "<Ip4Address>203.0.113.7</Ip4Address>"
        policy = f"<AllowedIps>{address}</AllowedIps>"
        policy = f"<AuthorizationPolicy>{policy}</AuthorizationPolicy>"
        signed = Signer(self.certificate()).sign(self.request(policy=policy))
        self.outcome(self.post(signed))
        redeemed = self.client.post("/auth/token/redeem", bearer=self.operation)
        access = redeemed.json()["accessToken"]["token"]
        answer = self.client.get("/rate-limits", bearer=access)
        self.assertEqual(answer.json()["reasonCode"], "ip-not-allowed")


class CertificateSessionTest(CertificateCase):
    """After the login everything goes as after a login by token."""

    def setUp(self):
        super().setUp()
        self.document = self.log_in(self.certificate())

    def _receipt(self):
        self.client.send(self.client.open(), make_invoice())
        receipt = self.simulator.book()["invoices"][0]["upo"]
        return etree.fromstring(receipt.encode())

    @needs_shared
    def test_receipt_is_valid_but_for_the_receivers_name(self):
        receipt = self._receipt()
        receipt.find(UPO + RECEIVER).text = "Ministerstwo Finansów"
        upo_schema().assertValid(receipt)

    def test_receipt_names_the_signed_request(self):
        found = self._receipt().find(f"{UPO}Uwierzytelnienie")
        names = [etree.QName(child).localname for child in found]
        self.assertEqual(names, ["IdKontekstu", "SkrotDokumentuUwierzytelniajacego"])
        self.assertEqual(found[1].text, digest(self.document))

    def test_session_can_be_listed_and_ended(self):
        (item,) = self.client.get("/auth/sessions").json()["items"]
        self.assertEqual(item["authenticationMethod"], "InternalCertificate")
        self.assertTrue(item["isCurrent"])
        self.assertEqual(self.client.delete("/auth/sessions/current").status_code, 204)
        answer = self.client.post("/auth/token/refresh", bearer=self.client.refresh)
        self.assert_refused(answer, 21301, "(425)")

    def test_owner_sees_and_revokes_tokens_of_its_context_only(self):
        own = self.simulator.control("tokens", {"nip": NIP})["reference"]
        foreign = self.simulator.control("tokens", {"nip": OTHER_NIP})["reference"]
        listed = self.client.get("/tokens").json()["tokens"]
        self.assertEqual([token["referenceNumber"] for token in listed], [own])
        self.assertEqual(self.client.get(f"/tokens/{foreign}").status_code, 403)
        self.assertEqual(self.client.delete(f"/tokens/{own}").status_code, 204)

    def test_author_without_rights_sees_its_own_tokens(self):
        author = {"type": "Pesel", "value": PESEL}
        own = self.simulator.control("tokens", {"nip": NIP, "author": author})
        self.simulator.control("tokens", {"nip": NIP})
        self.log_in(self.certificate(pesel=PESEL, permissions=["InvoiceRead"]))
        listed = self.client.get("/tokens").json()["tokens"]
        references = [token["referenceNumber"] for token in listed]
        self.assertEqual(references, [own["reference"]])

    def test_logins_are_counted_by_their_kind(self):
        self.client.login()
        counts = self.simulator.control("requests", method="GET")
        self.assertEqual((counts["login_certificate"], counts["login_token"]), (1, 1))


if __name__ == "__main__":
    unittest.main()
