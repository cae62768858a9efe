"""Certificates: issuing them, whom they stand for, who issued them.

Source: KSeF API 2.0, section on accepted certificates; RFC 5280.
"""

import re
import secrets
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

INTERNAL = "InternalCertificate"
SEAL = "QualifiedSeal"
SIGNATURE = "QualifiedSignature"
METHODS = {"Authentication": INTERNAL, "Offline": INTERNAL, "Seal": SEAL}
# What the key may be used for: digital signature, non-repudiation.
KEY_USAGES = {
    "Authentication": (True, False),
    "Offline": (False, True),
    "Seal": (True, True),
}
OTHER_USAGES = (
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
KSEF_ISSUERS = {"production": "CCK KSeF", "demo": "DEMO CCK KSeF"}
TEST_ISSUER = "TEST CCK KSeF"
SEAL_ISSUER = "Kwalifikowane centrum pieczęci symulatora"
MINISTRY = "Ministerstwo Finansów"
COUNTRY = "PL"
RSA_BITS = 2048
RSA_EXPONENT = 65537
SERIAL_BYTES = 8
SERIAL_START = b"\x10"
ISSUER_LIFE = timedelta(days=3650)
IDENTIFIERS = (
    (NameOID.ORGANIZATION_IDENTIFIER, r"VATPL.*?(\d{10})", "Nip"),
    (NameOID.SERIAL_NUMBER, r"(?:TINPL|NIP).*?(\d{10})", "Nip"),
    (NameOID.SERIAL_NUMBER, r"(?:PNOPL|PESEL).*?(\d{11})", "Pesel"),
)
DETAILS = {
    "commonName": NameOID.COMMON_NAME,
    "countryName": NameOID.COUNTRY_NAME,
    "organizationName": NameOID.ORGANIZATION_NAME,
    "organizationIdentifier": NameOID.ORGANIZATION_IDENTIFIER,
    "givenName": NameOID.GIVEN_NAME,
    "surname": NameOID.SURNAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
}
KEYS = {
    "rsa": lambda: rsa.generate_private_key(RSA_EXPONENT, RSA_BITS),
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
}


def _name(*pairs):
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


def company_name(nip):
    """The subject of a company's certificate."""
    return _name(
        (NameOID.COMMON_NAME, f"Firma {nip}"),
        (NameOID.ORGANIZATION_NAME, f"Firma {nip} sp. z o.o."),
        (NameOID.ORGANIZATION_IDENTIFIER, f"VATPL-{nip}"),
        (NameOID.COUNTRY_NAME, COUNTRY),
    )


def person_name(pesel):
    """The subject of a person's certificate."""
    return _name(
        (NameOID.COMMON_NAME, "Anna Nowak"),
        (NameOID.GIVEN_NAME, "Anna"),
        (NameOID.SURNAME, "Nowak"),
        (NameOID.SERIAL_NUMBER, f"PNOPL-{pesel}"),
        (NameOID.COUNTRY_NAME, COUNTRY),
    )


def fingerprint(certificate):
    """SHA-256 of the certificate, 64 upper-case hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex().upper()


def serial_text(certificate):
    """The serial number, upper-case hexadecimal."""
    return f"{certificate.serial_number:X}"


def subject_of(certificate):
    """The (type, value) that the certificate names as its holder, or None."""
    for oid, pattern, kind in IDENTIFIERS:
        for attribute in certificate.subject.get_attributes_for_oid(oid):
            match = re.search(pattern, attribute.value)
            if match:
                return kind, match[1]
    return None


def details_of(certificate):
    """The names of the subject, as an access token shows them."""
    found = {
        name: certificate.subject.get_attributes_for_oid(oid)
        for name, oid in DETAILS.items()
    }
    return {name: values[0].value for name, values in found.items() if values}


def is_issued_by(certificate, issuer):
    """Whether the certificate names that issuer and has the signature of its key."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _build(subject, issuer, key, validity, serial):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
    )


class _Issuer:
    """A name and its key, in a certificate that it gave itself."""

    def __init__(self, name, now):
        self.key = KEYS["ec"]()
        validity = now - ISSUER_LIFE, now + ISSUER_LIFE
        serial = x509.random_serial_number()
        builder = _build(name, name, self.key, validity, serial)
        self.certificate = builder.sign(self.key, hashes.SHA256())


class Authority:
    """Issues the certificates of KSeF and, by another key, qualified seals."""

    def __init__(self, environment, now):
        ministry = _name(
            (NameOID.COMMON_NAME, KSEF_ISSUERS.get(environment, TEST_ISSUER)),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, "Krajowa Administracja Skarbowa"),
            (NameOID.ORGANIZATION_NAME, MINISTRY),
            (NameOID.COUNTRY_NAME, COUNTRY),
        )
        seals = _name(
            (NameOID.COMMON_NAME, SEAL_ISSUER), (NameOID.COUNTRY_NAME, COUNTRY)
        )
        self._ksef = _Issuer(ministry, now)
        self._seals = _Issuer(seals, now)

    def issue(self, kind, subject, key, validity):
        """A certificate of one of ``METHODS``; ``validity`` is first and last moment.

        Its serial number has always the same number of digits, like KSeF's.
        """
        issuer = self._seals if kind == "Seal" else self._ksef
        signs, commits = KEY_USAGES[kind]
        usage = x509.KeyUsage(
            digital_signature=signs,
            content_commitment=commits,
            **dict.fromkeys(OTHER_USAGES, False),
        )
        serial = SERIAL_START + secrets.token_bytes(SERIAL_BYTES - len(SERIAL_START))
        name = issuer.certificate.subject
        builder = _build(subject, name, key, validity, int.from_bytes(serial, "big"))
        return (
            builder.add_extension(usage, critical=True)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .sign(issuer.key, hashes.SHA256())
        )

    def is_named(self, certificate):
        """Whether the certificate says that it comes from here."""
        names = [issuer.certificate.subject for issuer in (self._ksef, self._seals)]
        return certificate.issuer in names

    def has_issued(self, certificate):
        """Whether it really does."""
        return any(
            is_issued_by(certificate, issuer.certificate)
            for issuer in (self._ksef, self._seals)
        )
