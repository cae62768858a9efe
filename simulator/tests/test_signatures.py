"""Signatures of login requests: which ones hold and what breaks the others."""

import base64
import unittest
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml.xades import XAdESVerifier

from .certificate_case import CertificateCase
from .signer import (
    AUTH_URI,
    DS,
    DS_URI,
    ENVELOPED,
    EXCLUSIVE,
    FILTER,
    MORE,
    XADES,
    XPATH,
    Signer,
    foreign_signed,
    seal_of,
)
from .support import NIP, OTHER_NIP

INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
BAD_SIGNATURE = 9105
SHA384 = MORE + "sha384"


def set_text(path, text):
    """A change of a signed document: other text in the first element of ``path``."""

    def change(root):
        next(root.iter(path)).text = text

    return change


class GoodSignatureTest(CertificateCase):
    """Every way of signing that KSeF takes and clients use is taken."""

    def assert_accepted(self, signed):
        self.assert_status(self.post(signed), 200)

    def test_both_kinds_of_key_are_accepted(self):
        for kind in ("ec", "rsa"):
            with self.subTest(kind):
                self.assert_accepted(self.signed(self.certificate(key=kind)))

    def test_larger_curve_and_digest_are_accepted(self):
        identity = seal_of(NIP, key=ec.generate_private_key(ec.SECP384R1()))
        signed = self.signed(identity, hash_name="sha384", digest_uri=SHA384)
        self.assert_accepted(signed)

    def test_other_canonical_forms_of_the_document_are_accepted(self):
        identity = self.certificate()
        for form in (INCLUSIVE, EXCLUSIVE + "WithComments"):
            with self.subTest(form):
                transforms = (ENVELOPED, form)
                signed = self.signed(identity, document_transforms=transforms)
                self.assert_accepted(signed)

    def test_other_ways_to_leave_the_signature_out_are_accepted(self):
        identity = self.certificate()
        for removal in (XPATH, FILTER):
            with self.subTest(removal):
                transforms = (removal, EXCLUSIVE)
                signed = self.signed(identity, document_transforms=transforms)
                self.assert_accepted(signed)

    def test_comments_are_no_part_of_the_document(self):
        def comment(root):
            root.insert(1, etree.Comment("more"))

        self.assert_accepted(self.signed(self.certificate(), comment))

    def test_white_space_after_the_signature_is_part_of_the_document(self):
        def shift(root):
            signature = root.find(f"{DS}Signature")
            signature.tail = signature.getprevious().tail
            signature.getprevious().tail = None

        def put_first(root):
            signature = root.find(f"{DS}Signature")
            root.insert(0, signature)
            signature.tail, root.text = root.text, None

        for change in (shift, put_first):
            with self.subTest(change.__name__):
                self.assert_accepted(self.signed(self.certificate(), change))

    def test_older_namespace_is_accepted(self):
        xml = self.request(uri=AUTH_URI.replace("2.1", "2.0"))
        self.assert_accepted(Signer(self.certificate()).sign(xml))

    def test_signature_of_another_maker_is_accepted(self):
        for kind in ("rsa", "ec"):
            with self.subTest(kind):
                pems = self.certificate(key=kind).pem
                self.assert_accepted(foreign_signed(self.request(), *pems))

    def test_own_signatures_hold_for_another_verifier(self):
        for kind in ("ec", "rsa"):
            with self.subTest(kind):
                identity = seal_of(NIP) if kind == "ec" else _rsa_seal()
                XAdESVerifier().verify(
                    self.signed(identity),
                    x509_cert=identity.pem[0],
                    expect_references=2,
                )


def _rsa_seal():
    return seal_of(NIP, key=rsa.generate_private_key(65537, 2048))


class BrokenSignatureTest(CertificateCase):
    """Each part that a signature protects or must have is looked at."""

    def setUp(self):
        super().setUp()
        self.identity = self.certificate()

    def assert_broken(self, signed, detail=None):
        self.assert_refused(self.post(signed), BAD_SIGNATURE, detail)

    def test_anything_changed_after_signing_breaks_it(self):
        other = base64.b64encode(bytes(32)).decode()
        changes = {
            "document": set_text(f"{{{AUTH_URI}}}Nip", OTHER_NIP),
            "digest": set_text(f"{DS}DigestValue", other),
            "properties": set_text(f"{XADES}SigningTime", "2026-01-01T00:00:00Z"),
            "no base64": set_text(f"{DS}SignatureValue", "?"),
        }
        for name, change in changes.items():
            with self.subTest(name):
                self.assert_broken(self.signed(self.identity, change))

    def test_value_of_another_signature_breaks_it(self):
        for kind in ("rsa", "ec"):
            with self.subTest(kind):
                identity = self.certificate(key=kind)
                other = etree.fromstring(self.signed(identity))
                value = other.findtext(f".//{DS}SignatureValue")
                change = set_text(f"{DS}SignatureValue", value)
                signed = self.signed(identity, change)
                self.assert_broken(signed, "Wartość podpisu")

    def test_digest_of_another_certificate_breaks_it(self):
        signed = self.signed(self.identity, named_der=b"another")
        self.assert_broken(signed, "inny certyfikat")

    def test_certificate_put_in_place_of_another_breaks_it(self):
        other = base64.b64encode(self.certificate().der).decode()
        change = set_text(f"{DS}X509Certificate", other)
        self.assert_broken(self.signed(self.identity, change))

    def test_other_certificate_of_the_same_key_breaks_it(self):
        """Only the properties tell two certificates of one key apart."""
        first = seal_of(NIP)
        second = seal_of(OTHER_NIP, key=first.key)
        change = set_text(f"{DS}X509Certificate", base64.b64encode(second.der).decode())
        self.assert_broken(self.signed(first, change), "inny certyfikat")

    def test_ecdsa_value_as_der_is_broken(self):
        self.assert_broken(self.signed(self.identity, raw_ecdsa=False), "długość")

    def test_signature_without_the_xades_parts_fits_no_profile(self):
        lacking = (
            {"profile": False},
            {"named_certificate": False},
            {"properties_type": DS_URI + "Object"},
        )
        for changes in lacking:
            with self.subTest(changes):
                signed = self.signed(self.identity, **changes)
                self.assert_broken(signed, "profili")

    def test_properties_of_another_signature_fit_no_profile(self):
        def change(root):
            next(root.iter(f"{XADES}QualifyingProperties")).set("Target", "#other")

        self.assert_broken(self.signed(self.identity, change), "profili")

    def test_signature_that_leaves_the_document_out_is_broken(self):
        class Careless(Signer):
            def _add_reference(self, info, address, *rest):
                return address and super()._add_reference(info, address, *rest)

        signed = Careless(self.identity).sign(self.request())
        self.assert_broken(signed, "nie obejmuje dokumentu")

    def test_signing_time_of_the_future_is_broken(self):
        signed = self.signed(self.identity, back=timedelta(minutes=-5))
        self.assert_broken(signed, "w przyszłości")

    def test_issuer_and_serial_number_must_be_the_certificates(self):
        wrong = (
            {"issuer_name": "/C=PL/O=Firma/CN=Wystawca"},
            {"issuer_name": "CN=Inny,C=PL"},
            {"serial_number": "7"},
            {"serial_number": f"{self.identity.certificate.serial_number:X}"},
        )
        for changes in wrong:
            with self.subTest(changes):
                self.assert_broken(self.signed(self.identity, **changes))

    def test_unknown_algorithms_are_broken(self):
        wrong = (
            {"digest_uri": DS_URI + "md5"},
            {"form": DS_URI + "nothing"},
            {"document_transforms": (ENVELOPED, DS_URI + "nothing", EXCLUSIVE)},
            {"hash_name": "sha1", "digest_uri": DS_URI + "sha1"},
        )
        for changes in wrong:
            with self.subTest(changes):
                self.assert_broken(self.signed(self.identity, **changes))

    def test_element_of_the_same_id_elsewhere_is_broken(self):
        def change(root):
            twin = etree.SubElement(root.find(f"{DS}Signature"), f"{DS}Object")
            twin.set("Id", "sp")

        self.assert_broken(self.signed(self.identity, change), "jednego elementu")

    def test_signature_inside_another_element_is_broken(self):
        def change(root):
            root[1].append(root.find(f"{DS}Signature"))

        self.assert_broken(self.signed(self.identity, change))

    def test_unreadable_certificate_is_no_certificate(self):
        for text in ("", "AAAA", "?"):
            with self.subTest(text):
                change = set_text(f"{DS}X509Certificate", text)
                self.assert_refused(
                    self.post(self.signed(self.identity, change)), 21115
                )

    def test_short_key_is_no_certificate(self):
        keys = (
            rsa.generate_private_key(65537, 1024),
            ec.generate_private_key(ec.SECP224R1()),
        )
        for key in keys:
            with self.subTest(type(key).__name__):
                identity = seal_of(NIP, key=key)
                self.assert_refused(self.post(self.signed(identity)), 21115)


if __name__ == "__main__":
    unittest.main()
