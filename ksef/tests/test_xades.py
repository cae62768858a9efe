import hashlib
import unittest
from base64 import b64decode, b64encode
from datetime import timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree
from signxml.exceptions import InvalidInput, SignXMLException
from signxml.xades import XAdESVerifier

from .. import xades
from ..xades import sign_login
from .certificates import KEYS, NOBODY, PERSON, credential, der, ec_key, issue
from .support import DAY, NIP, NOW, ROOT

CHALLENGE = "20250604-CR-461EA5B000-537A6BA15D-D7"
OTHER_NIP = "5170359458"
SCHEMAS = ROOT.parent / "shared" / "ksef" / "xsd" / "auth"
NAMES = {
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xades": "http://uri.etsi.org/01903/v1.3.2#",
    "auth": "http://ksef.mf.gov.pl/auth/token/2.1",
}
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def verify(signed, signer):
    """Verify by an independent library; returns what each reference signed."""
    certificate = x509.load_der_x509_certificate(signer.certificate)
    return XAdESVerifier().verify(signed, x509_cert=certificate, expect_references=2)


class XadesCase(unittest.TestCase):
    """A signed login and the places in it."""

    def sign(self, signer=None, now=NOW, nip=NIP):
        self.signer = signer or credential()
        self.signed = sign_login(CHALLENGE, nip, self.signer, now)
        self.root = etree.fromstring(self.signed)
        return self.signed

    def text(self, path):
        (found,) = self.root.iterfind(f".//{path}", NAMES)
        return found.text


class VerifiedTest(XadesCase):
    """Another implementation takes the signature, and no change after it."""

    def test_each_kind_of_key_is_verified(self):
        for name, method, size in (
            ("RSA", "rsa-sha256", 256),
            ("P-256", "ecdsa-sha256", 64),
            ("P-384", "ecdsa-sha384", 96),
            ("P-521", "ecdsa-sha512", 132),
        ):
            with self.subTest(key=name):
                self.sign(credential(KEYS[name]()))
                document, properties = verify(self.signed, self.signer)
                self.assertEqual(document.signed_xml.tag, self.root.tag)
                self.assertTrue(properties.signed_xml.tag.endswith("SignedProperties"))
                used = self.root.find(".//ds:SignatureMethod", NAMES)
                self.assertEqual(used.get("Algorithm"), MORE + method)
                value = b64decode(self.text("ds:SignatureValue"))
                self.assertEqual(len(value), size)

    def test_what_was_changed_after_signing_is_refused(self):
        self.sign()
        time = self.text("xades:SigningTime").encode()
        for old, new in (
            (NIP.encode(), OTHER_NIP.encode()),
            (CHALLENGE.encode(), CHALLENGE.replace("D7", "D8").encode()),
            (b"certificateSubject", b"certificateFingerprint"),
            (time, b"2026-11-20T07:58:59Z"),
            (b"text/xml", b"text/xmi"),
            (b"<Challenge>", b" <Challenge>"),
        ):
            changed = self.signed.replace(old, new, 1)
            self.assertNotEqual(changed, self.signed)
            with self.subTest(new=new), self.assertRaises(SignXMLException):
                verify(changed, self.signer)

    def test_the_certificate_of_another_is_refused(self):
        self.sign()
        with self.assertRaises((SignXMLException, InvalidInput)):
            verify(self.signed, credential(ec_key("second")))

    def test_short_numbers_are_filled_up_to_the_length_of_the_curve(self):
        signature = encode_dss_signature(1, 2)
        raw = xades._raw(signature, ec.SECP256R1())
        self.assertEqual(raw, bytes(31) + b"\x01" + bytes(31) + b"\x02")
        self.assertEqual(len(xades._raw(signature, ec.SECP521R1())), 132)

    def test_the_same_login_is_signed_again_the_same_by_rsa(self):
        signer = credential(KEYS["RSA"]())
        self.assertEqual(self.sign(signer), self.sign(signer))


class DocumentTest(XadesCase):
    """The document holds what the documentation asks for, and no byte besides."""

    def test_request_comes_in_its_order(self):
        self.sign()
        self.assertTrue(self.signed.startswith(b"<?xml version='1.0' encoding='UTF-8'"))
        tags = [etree.QName(child).localname for child in self.root]
        expected = ["Challenge", "ContextIdentifier", "SubjectIdentifierType"]
        self.assertEqual(tags, [*expected, "Signature"])
        self.assertEqual(self.text("auth:Challenge"), CHALLENGE)
        self.assertEqual(self.text("auth:ContextIdentifier/auth:Nip"), NIP)

    def test_there_is_no_white_space_between_elements(self):
        self.sign()
        for element in self.root.iter():
            self.assertIsNone(element.tail)
            if len(element):
                self.assertIsNone(element.text)

    def test_identified_by_subject_where_that_has_a_number(self):
        kind = "auth:SubjectIdentifierType"
        self.sign()
        self.assertEqual(self.text(kind), "certificateSubject")
        self.sign(credential(names=PERSON))
        self.assertEqual(self.text(kind), "certificateSubject")
        self.sign(credential(names=NOBODY))
        self.assertEqual(self.text(kind), "certificateFingerprint")

    def test_certificate_is_named_and_given(self):
        self.sign(credential(KEYS["RSA"]()))
        certificate = der(issue(KEYS["RSA"]()))
        self.assertEqual(b64decode(self.text("ds:X509Certificate")), certificate)
        digest = b64encode(hashlib.sha256(certificate).digest()).decode()
        self.assertEqual(self.text("xades:CertDigest/ds:DigestValue"), digest)
        self.assertEqual(self.text("ds:X509IssuerName"), "CN=Urząd\\, próbny,C=PL")
        serial = str(0x0321C82DA41B4362)
        self.assertEqual(self.text("ds:X509SerialNumber"), serial)

    def test_references_point_to_their_targets(self):
        self.sign()
        (signature,) = self.root.iterfind("ds:Signature", NAMES)
        document, properties = signature.iterfind(".//ds:Reference", NAMES)
        self.assertEqual(document.get("URI"), "")
        target = signature.find(".//xades:SignedProperties", NAMES).get("Id")
        self.assertEqual(properties.get("URI"), f"#{target}")
        kind = "http://uri.etsi.org/01903#SignedProperties"
        self.assertEqual(properties.get("Type"), kind)
        qualifying = signature.find(".//xades:QualifyingProperties", NAMES)
        self.assertEqual(qualifying.get("Target"), f"#{signature.get('Id')}")
        data = signature.find(".//xades:DataObjectFormat", NAMES)
        self.assertEqual(data.get("ObjectReference"), f"#{document.get('Id')}")

    def test_texts_that_look_like_elements_stay_texts(self):
        signed = sign_login("<Nip>1</Nip>&", NIP, credential(), NOW)
        root = etree.fromstring(signed)
        self.assertEqual(root.findtext("auth:Challenge", None, NAMES), "<Nip>1</Nip>&")
        self.assertEqual(len(list(root.iter("{*}Nip"))), 1)


class SigningTimeTest(XadesCase):
    """The time is just past and never outside the validity of the certificate."""

    def signing_time(self, now, **options):
        self.sign(credential(**options), now)
        return self.text("xades:SigningTime")

    def test_time_is_a_minute_back_in_utc(self):
        self.assertEqual(self.signing_time(NOW), "2026-11-20T07:59:00Z")
        warsaw = NOW.astimezone(timezone(timedelta(hours=1)))
        self.assertEqual(self.signing_time(warsaw), "2026-11-20T07:59:00Z")
        late = NOW.replace(microsecond=999_999)
        self.assertEqual(self.signing_time(late), "2026-11-20T07:59:00Z")

    def test_a_certificate_of_this_minute_is_not_signed_with_before_it_began(self):
        begins = NOW - timedelta(seconds=20)
        found = self.signing_time(NOW, valid_from=begins)
        self.assertEqual(found, "2026-11-20T07:59:40Z")

    def test_a_certificate_that_ended_meanwhile_is_not_signed_with_after_its_end(self):
        found = self.signing_time(NOW + 2 * DAY)
        self.assertEqual(found, "2026-11-21T08:00:00Z")


@unittest.skipUnless(SCHEMAS.is_dir(), "needs ../shared")
class SchemaTest(XadesCase):
    """Without its signature the document follows the official schema."""

    def test_document_is_valid(self):
        path = Path(SCHEMAS, "schemat_auth_v2-1.xsd")
        schema = etree.XMLSchema(etree.parse(path))
        for signer in (credential(), credential(names=NOBODY)):
            self.sign(signer)
            self.root.remove(self.root.find("ds:Signature", NAMES))
            schema.assertValid(self.root)

    def test_schema_is_the_one_that_refuses(self):
        schema = etree.XMLSchema(etree.parse(Path(SCHEMAS, "schemat_auth_v2-1.xsd")))
        self.sign(nip="0000000000")
        self.root.remove(self.root.find("ds:Signature", NAMES))
        self.assertFalse(schema.validate(self.root))
