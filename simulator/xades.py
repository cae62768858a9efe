"""The XAdES parts of a signature, and the certificate that made it.

Source: ETSI EN 319 132-1 (baseline B); KSeF API 2.0, section on the signature of a
login request.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from .clock import from_text
from .problems import Code, refusal
from .xmldsig import (
    DS,
    BadSignatureError,
    decoded,
    matches_digest,
    the_only,
    verify,
)

XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
PROPERTIES = f"{DS}Object/{XADES}QualifyingProperties"
CERTIFICATE = f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"
CERTIFICATE_PROPERTIES = ("SigningCertificate", "SigningCertificateV2")
NO_PROFILE = "Format podpisu nie odpowiada żadnemu z akceptowanych profili XAdES."
OTHER_CERTIFICATE = "Właściwości podpisu wskazują inny certyfikat."
MIN_RSA_BITS = 2048
MIN_EC_BITS = 256
OID_PREFIX = "OID."


@dataclass(frozen=True)
class Signer:
    """The certificate of a signature that holds, and when it says it was made."""

    certificate: x509.Certificate
    signed_on: datetime


def verify_xades(signature, now):
    """Return the ``Signer``; raises 21115 for its certificate, 9105 for the rest."""
    certificate = _read_certificate(signature)
    try:
        covered = verify(signature, certificate.public_key())
        properties = _covered_properties(signature, covered)
        signed_on = _signing_time(properties, now)
        _check_certificate_named(properties, certificate)
    except BadSignatureError as bad:
        raise refusal(Code.BAD_SIGNATURE, bad.sentence) from None
    return Signer(certificate, signed_on)


def _read_certificate(signature):
    """The first certificate of the signature; its key must be strong enough."""
    text = signature.findtext(CERTIFICATE)
    try:
        certificate = x509.load_der_x509_certificate(decoded(text))
        key = certificate.public_key()
    except (BadSignatureError, UnsupportedAlgorithm, ValueError):
        raise refusal(Code.BAD_CERTIFICATE) from None
    is_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS
    is_ec = isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= MIN_EC_BITS
    if not is_rsa and not is_ec:
        raise refusal(Code.BAD_CERTIFICATE)
    return certificate


def _covered_properties(signature, covered):
    """The signed properties; they and the document must both be under the signature."""
    qualifying = the_only(signature, PROPERTIES, NO_PROFILE)
    properties = the_only(qualifying, f"{XADES}SignedProperties", NO_PROFILE)
    if qualifying.get("Target") != f"#{signature.get('Id')}":
        raise BadSignatureError(NO_PROFILE)
    if not any(reference.element is None for reference in covered):
        raise BadSignatureError("Podpis nie obejmuje dokumentu.")
    if not any(
        reference.element is properties and reference.kind == SIGNED_PROPERTIES_TYPE
        for reference in covered
    ):
        raise BadSignatureError(NO_PROFILE)
    return the_only(properties, f"{XADES}SignedSignatureProperties", NO_PROFILE)


def _signing_time(properties, now):
    text = the_only(properties, f"{XADES}SigningTime", NO_PROFILE).text
    try:
        moment = from_text(text or "")
    except ValueError:
        raise BadSignatureError(NO_PROFILE) from None
    if moment > now:
        raise BadSignatureError("Czas złożenia podpisu jest w przyszłości.")
    return moment


def _check_certificate_named(properties, certificate):
    """The digest, and in the older form also issuer and serial number, must fit."""
    named = [
        entry
        for name in CERTIFICATE_PROPERTIES
        for entry in properties.findall(f"{XADES}{name}/{XADES}Cert")
    ]
    if not named:
        raise BadSignatureError(NO_PROFILE)
    digest = the_only(named[0], f"{XADES}CertDigest", NO_PROFILE)
    der = certificate.public_bytes(serialization.Encoding.DER)
    if not matches_digest(digest, der):
        raise BadSignatureError(OTHER_CERTIFICATE)
    if named[0].getparent().tag == XADES + CERTIFICATE_PROPERTIES[0]:
        _check_issuer(named[0], certificate)


def _check_issuer(entry, certificate):
    issuer = the_only(entry, f"{XADES}IssuerSerial", NO_PROFILE)
    name = the_only(issuer, f"{DS}X509IssuerName", NO_PROFILE).text or ""
    serial = the_only(issuer, f"{DS}X509SerialNumber", NO_PROFILE).text or ""
    try:
        named = x509.Name.from_rfc4514_string(name.replace(OID_PREFIX, ""))
    except ValueError:
        raise BadSignatureError(
            "Nazwa wystawcy nie jest zapisana wg RFC 4514."
        ) from None
    if named != certificate.issuer or serial.strip() != str(certificate.serial_number):
        raise BadSignatureError(OTHER_CERTIFICATE)
