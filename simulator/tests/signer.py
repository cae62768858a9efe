"""Signing login requests for tests, rightly by default and wrongly on demand.

Source: KSeF API 2.0, section on the signature of a login request.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import SignatureMethod
from signxml.xades import XAdESSigner

AUTH_URI = "http://ksef.mf.gov.pl/auth/token/2.1"
DS_URI = "http://www.w3.org/2000/09/xmldsig#"
XADES_URI = "http://uri.etsi.org/01903/v1.3.2#"
DS, XADES = f"{{{DS_URI}}}", f"{{{XADES_URI}}}"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS_URI + "enveloped-signature"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
TRANSFORM_CONTENTS = {
    XPATH: (
        f'<ds:XPath xmlns:ds="{DS_URI}">not(ancestor-or-self::ds:Signature)</ds:XPath>'
    ),
    FILTER: (
        f'<XPath xmlns="{FILTER}" xmlns:ds="{DS_URI}" Filter="subtract">'
        "/descendant::ds:Signature</XPath>"
    ),
}
PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"


@dataclass
class Identity:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: object = field(repr=False)

    @property
    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self):
        """(certificate, key) as texts."""
        pem = serialization.Encoding.PEM
        pkcs8 = serialization.PrivateFormat.PKCS8
        key = self.key.private_bytes(pem, pkcs8, serialization.NoEncryption())
        return self.certificate.public_bytes(pem).decode(), key.decode()


def read_identity(made):
    """What the control interface answered about a new certificate."""
    return Identity(
        x509.load_pem_x509_certificate(made["certificate"].encode()),
        serialization.load_pem_private_key(made["key"].encode(), None),
    )


def self_signed(*attributes, key=None, issuer=None, issuer_key=None):
    """An identity with these (oid, value) of its subject, issued by itself.

    ``issuer`` and ``issuer_key`` let it pretend otherwise.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    now = datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=-1))
        .not_valid_after(now + timedelta(days=365))
    )
    return Identity(builder.sign(issuer_key or key, hashes.SHA256()), key)


def seal_of(nip, **parts):
    """A self-signed seal, as TEST takes them."""
    return self_signed(
        (NameOID.ORGANIZATION_NAME, "Firma"),
        (NameOID.ORGANIZATION_IDENTIFIER, f"VATPL-{nip}"),
        (NameOID.COMMON_NAME, "Firma"),
        (NameOID.COUNTRY_NAME, "PL"),
        **parts,
    )


def request_xml(challenge, nip, subject="certificateSubject", policy="", uri=AUTH_URI):
    """An unsigned login request."""
    return (
        f'<AuthTokenRequest xmlns="{uri}">\n  <Challenge>{challenge}</Challenge>\n'
        f"  <ContextIdentifier><Nip>{nip}</Nip></ContextIdentifier>\n"
        f"  <SubjectIdentifierType>{subject}</SubjectIdentifierType>{policy}\n"
        "</AuthTokenRequest>"
    )


def base64_digest(data, name="sha256"):
    return base64.b64encode(hashlib.new(name, data).digest()).decode()


def canonical(element, exclusive=True):
    return etree.tostring(element, method="c14n", exclusive=exclusive)


def foreign_signed(xml, certificate_pem, private_key_pem):
    """A request signed by a library of others, in inclusive canonical form, as text."""
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
    method = SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256
    signer = XAdESSigner(signature_algorithm=method)
    root = etree.fromstring(xml.encode())
    signed = signer.sign(root, key=private_key_pem, cert=certificate_pem)
    return etree.tostring(signed).decode()


class Signer:
    """Signs one request; a subclass or a change of attributes spoils one thing."""

    profile = True
    named_certificate = True
    properties_type = PROPERTIES_TYPE
    document_transforms = (ENVELOPED, EXCLUSIVE)
    form = EXCLUSIVE
    named_der = None
    issuer_name = None
    serial_number = None
    raw_ecdsa = True
    back = timedelta(minutes=1)
    hash_name = "sha256"
    digest_uri = SHA256

    def __init__(self, identity, **changes):
        for name, value in changes.items():
            setattr(self, name, value)
        self._identity = identity

    def sign(self, xml, change=None):
        """The signed bytes; ``change`` touches the tree after signing."""
        root = etree.fromstring(xml.encode())
        document = self._canonical(root, self.document_transforms[-1])
        signature = etree.SubElement(root, f"{DS}Signature", nsmap={"ds": DS_URI})
        signature.set("Id", "sig")
        info = self._add_info(signature, document)
        value = self._add(signature, "SignatureValue")
        data = self._add(self._add(signature, "KeyInfo"), "X509Data")
        der = base64.b64encode(self._identity.der).decode()
        self._add(data, "X509Certificate", der)
        if self.profile:
            self._add_properties(signature, info)
        value.text = base64.b64encode(self._value(canonical(info))).decode()
        if change:
            change(root)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def _canonical(self, element, uri):
        return canonical(element, exclusive=uri.startswith(EXCLUSIVE))

    def _add(self, parent, name, text=None, algorithm=None, space=DS):
        element = etree.SubElement(parent, space + name)
        element.text = text
        if algorithm:
            element.set("Algorithm", algorithm)
        return element

    def _add_info(self, signature, document):
        info = self._add(signature, "SignedInfo")
        self._add(info, "CanonicalizationMethod", algorithm=self.form)
        kind = "rsa" if isinstance(self._identity.key, rsa.RSAPrivateKey) else "ecdsa"
        algorithm = f"{MORE}{kind}-{self.hash_name}"
        self._add(info, "SignatureMethod", algorithm=algorithm)
        self._add_reference(info, "", self.document_transforms, document)
        return info

    def _add_reference(self, info, address, transforms, data):
        reference = self._add(info, "Reference")
        reference.set("URI", address)
        parent = self._add(reference, "Transforms")
        for transform in transforms:
            added = self._add(parent, "Transform", algorithm=transform)
            if transform in TRANSFORM_CONTENTS:
                added.append(etree.fromstring(TRANSFORM_CONTENTS[transform]))
        self._add_digest(reference, data)
        return reference

    def _add_digest(self, parent, data):
        self._add(parent, "DigestMethod", algorithm=self.digest_uri)
        self._add(parent, "DigestValue", base64_digest(data, self.hash_name))

    def _add_properties(self, signature, info):
        holder = etree.SubElement(
            self._add(signature, "Object"),
            f"{XADES}QualifyingProperties",
            nsmap={"xades": XADES_URI},
            Target="#sig",
        )
        properties = self._add(holder, "SignedProperties", space=XADES)
        properties.set("Id", "sp")
        signed = self._add(properties, "SignedSignatureProperties", space=XADES)
        moment = datetime.now(timezone.utc) - self.back
        text = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        self._add(signed, "SigningTime", text, space=XADES)
        if self.named_certificate:
            self._add_certificate(signed)
        reference = self._add_reference(
            info, "#sp", (EXCLUSIVE,), canonical(properties)
        )
        reference.set("Type", self.properties_type)

    def _add_certificate(self, signed):
        entry = self._add(signed, "SigningCertificate", space=XADES)
        entry = self._add(entry, "Cert", space=XADES)
        digest = self._add(entry, "CertDigest", space=XADES)
        self._add_digest(digest, self.named_der or self._identity.der)
        issuer = self._add(entry, "IssuerSerial", space=XADES)
        certificate = self._identity.certificate
        name = self.issuer_name or certificate.issuer.rfc4514_string()
        self._add(issuer, "X509IssuerName", name)
        serial = self.serial_number or str(certificate.serial_number)
        self._add(issuer, "X509SerialNumber", serial)

    def _value(self, data):
        key = self._identity.key
        digest = getattr(hashes, self.hash_name.upper())()
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(data, padding.PKCS1v15(), digest)
        value = key.sign(data, ec.ECDSA(digest))
        if not self.raw_ecdsa:
            return value
        size = (key.key_size + 7) // 8
        numbers = decode_dss_signature(value)
        return b"".join(number.to_bytes(size, "big") for number in numbers)
