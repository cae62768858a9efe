"""The document of a login by certificate: its encoding, its schema, its signature."""

import os
import unittest

from lxml import etree

from simulator.login_request import parse, read_request
from simulator.problems import RefusedError
from simulator.schemas import compile_schema

from .certificate_case import CertificateCase
from .signer import AUTH_URI, DS_URI, Signer, request_xml
from .support import NIP, SHARED, needs_shared

SCHEMA_FOLDER = os.path.join(SHARED, "ksef", "xsd", "auth")
SCHEMA_FILE = "schemat_auth_v2-1.xsd"
CHALLENGE = "20260514-CR-226FB7B000-3ACF9BE4C0-10"
SIGNATURE = f'<ds:Signature xmlns:ds="{DS_URI}"/>'
AGAINST_SCHEMA = 21401


def _policy(*entries):
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in entries)
    return (
        f"<AuthorizationPolicy><AllowedIps>{inner}</AllowedIps></AuthorizationPolicy>"
    )


def _right():
    return {
        "plain": request_xml(CHALLENGE, NIP),
        "by fingerprint": request_xml(CHALLENGE, NIP, "certificateFingerprint"),
        "spaces around a token": request_xml(f"\n {CHALLENGE} ", NIP),
        "comment in a value": request_xml(CHALLENGE, f"{NIP[:5]}<!-- -->{NIP[5:]}"),
        "policy": request_xml(
            CHALLENGE,
            NIP,
            policy=_policy(
                ("Ip4Address", "127.0.0.1"),
                ("Ip4Address", "127.0.0.2"),
                ("Ip4Range", "10.0.0.1-10.0.0.9"),
                ("Ip4Mask", "10.0.0.0/8"),
            ),
        ),
        "empty policy": request_xml(CHALLENGE, NIP, policy=_policy()),
        "internal id": request_xml(CHALLENGE, NIP).replace(
            f"<Nip>{NIP}</Nip>", f"<InternalId>{NIP}-12345</InternalId>"
        ),
    }


def _wrong():
    plain = request_xml(CHALLENGE, NIP)
    context = f"<ContextIdentifier><Nip>{NIP}</Nip></ContextIdentifier>"
    addresses = [("Ip4Address", "127.0.0.1")] * 11
    disorder = [("Ip4Mask", "10.0.0.0/8"), ("Ip4Address", "127.0.0.1")]
    return {
        "challenge": request_xml(CHALLENGE.lower(), NIP),
        "nip": request_xml(CHALLENGE, "123"),
        "spaces in the nip": request_xml(CHALLENGE, f" {NIP}"),
        "kind": request_xml(CHALLENGE, NIP, "certificate"),
        "order": plain.replace(context, "").replace(
            "<Challenge>", f"{context}<Challenge>"
        ),
        "missing": plain.replace(context, ""),
        "twice": plain.replace(context, context * 2),
        "two contexts": plain.replace("</Nip>", f"</Nip><Nip>{NIP}</Nip>"),
        "unknown element": plain.replace(context, f"{context}<More/>"),
        "foreign element": plain.replace("<Nip>", '<Nip xmlns="urn:x">'),
        "attribute": plain.replace("<Nip>", '<Nip more="1">'),
        "attribute of the root": plain.replace("xmlns=", 'more="1" xmlns='),
        "text between": plain.replace(context, f"text{context}"),
        "element in a value": plain.replace("<Nip>", "<Nip><b/>"),
        "too many addresses": request_xml(CHALLENGE, NIP, policy=_policy(*addresses)),
        "addresses in disorder": request_xml(CHALLENGE, NIP, policy=_policy(*disorder)),
        "address": request_xml(CHALLENGE, NIP, policy=_policy(("Ip4Address", "1.1"))),
        "unknown list": request_xml(CHALLENGE, NIP, policy=_policy(("Ip6", "::1"))),
        "policy without lists": request_xml(
            CHALLENGE, NIP, policy="<AuthorizationPolicy/>"
        ),
    }


def _read(xml):
    body = xml.replace("</AuthTokenRequest>", f"{SIGNATURE}</AuthTokenRequest>")
    return read_request(parse(body.encode()))


class ShapeTest(unittest.TestCase):
    """The request is read by the rules of its schema."""

    def test_right_requests_are_read(self):
        for name, xml in _right().items():
            with self.subTest(name):
                found = _read(xml)
                self.assertEqual(found.challenge, CHALLENGE)
                self.assertIn(NIP, found.context[1])
                self.assertEqual(found.by_fingerprint, name == "by fingerprint")

    def test_policy_has_the_lists_of_the_json_form(self):
        expected = {
            "ip4Addresses": ["127.0.0.1", "127.0.0.2"],
            "ip4Ranges": ["10.0.0.1-10.0.0.9"],
            "ip4Masks": ["10.0.0.0/8"],
        }
        self.assertEqual(_read(_right()["policy"]).allowed_ips, expected)

    def test_wrong_requests_are_against_the_schema(self):
        for name, xml in _wrong().items():
            with self.subTest(name), self.assertRaises(RefusedError) as caught:
                _read(xml)
            self.assertEqual(caught.exception.errors[0][0], AGAINST_SCHEMA)

    @needs_shared
    def test_official_schema_agrees(self):
        schema = compile_schema(SCHEMA_FOLDER, SCHEMA_FILE)
        for expected, requests in ((True, _right()), (False, _wrong())):
            for name, xml in requests.items():
                with self.subTest(name):
                    valid = schema.validate(etree.fromstring(xml))
                    self.assertEqual(valid, expected, schema.error_log)


class DocumentTest(CertificateCase):
    """What is no signed request has a code that says what is wrong."""

    def setUp(self):
        super().setUp()
        self.signed_text = self.signed(self.certificate()).decode()

    def test_each_fault_has_its_code(self):
        good = self.signed_text
        start, end = good.index("<ds:Signature "), good.index("</AuthTokenRequest>")
        signature = good[start:end]
        head, text = good.split("?>", 1)
        entity = '<!DOCTYPE AuthTokenRequest [<!ENTITY nip "1111111111">]>'
        bodies = {
            "no xml": (b"{}", 21001),
            "nothing": (b"", 21001),
            "cut": (good[:-5].encode(), 21001),
            "other letters": (good.encode("utf-16"), 21217),
            "other declaration": (good.replace("UTF-8", "ISO-8859-2").encode(), 21217),
            "other root": (good.replace("AuthTokenRequest", "Other").encode(), 9101),
            "other namespace": (good.replace(AUTH_URI, "urn:x").encode(), 9101),
            "document type": (f"{head}?>{entity}{text}".encode(), 9101),
            "not signed": (good.replace(signature, "").encode(), 9102),
            "signed twice": (good.replace(signature, signature * 2).encode(), 9103),
        }
        for name, (body, code) in bodies.items():
            with self.subTest(name):
                self.assert_refused(self.post(body), code)

    def test_schema_is_checked_before_the_signature(self):
        body = self.signed_text.replace(f"<Nip>{NIP}</Nip>", "<Nip>1</Nip>")
        self.assert_refused(self.post(body.encode()), AGAINST_SCHEMA, "Nip")

    def test_context_of_a_peppol_provider_is_not_for_taxpayers(self):
        xml = self.request().replace(
            f"<Nip>{NIP}</Nip>", "<PeppolId>PPL123456</PeppolId>"
        )
        self.assert_refused(self.post(Signer(self.certificate()).sign(xml)), 21117)

    def test_other_media_type_and_query_are_invalid(self):
        body = self.signed_text
        self.assert_refused(self.post(body, content_type="application/json"), 21405)
        self.assert_refused(self.post(body, "?verifyCertificateChain=1"), 21405)
        self.assert_refused(self.post(body, "?more=true"), 21405)


if __name__ == "__main__":
    unittest.main()
