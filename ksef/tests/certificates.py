"""Certificates of the tests: pretended people, companies and an authority."""

import functools
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from ..certificate import read_credential
from .support import DAY, NIP, NOW, rsa_key

ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
QUALIFIED_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
PESEL = "90010112349"
PASSPHRASE = "zażółć-that-must-not-show"

COMPANY = MappingProxyType(
    {NameOID.COMMON_NAME: "Firma & Syn", ORGANIZATION_IDENTIFIER: f"VATPL-{NIP}"}
)
PERSON = MappingProxyType(
    {NameOID.COMMON_NAME: "Jan Próbny", NameOID.SERIAL_NUMBER: f"PNOPL-{PESEL}"}
)
NOBODY = MappingProxyType({NameOID.COMMON_NAME: "Somebody"})
AUTHORITY = MappingProxyType(
    {NameOID.COUNTRY_NAME: "PL", NameOID.COMMON_NAME: "Urząd, próbny"}
)

SIGNING, COMMITTING = "digital_signature", "content_commitment"
_USES = (
    *(SIGNING, COMMITTING, "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


@functools.cache
def ec_key(name="first", curve=ec.SECP256R1):
    """A private key for the run of the tests, one per name and curve."""
    return ec.generate_private_key(curve())


def issue(
    key,
    names=COMPANY,
    uses=(SIGNING,),
    *,
    issuer=AUTHORITY,
    qualified=False,
    serial=0x0321C82DA41B4362,
    valid_from=NOW - DAY,
    valid_to=NOW + DAY,
):
    """A certificate of a key; ``uses`` None leaves the extension away."""
    # RSA: the same certificate, byte for byte, whenever it is issued.
    signer = key if issuer == names else rsa_key("authority")
    built = (
        x509.CertificateBuilder()
        .subject_name(_name(names))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(valid_from)
        .not_valid_after(valid_to)
    )
    if uses is not None:
        usage = x509.KeyUsage(**{use: use in uses for use in _USES})
        built = built.add_extension(usage, critical=True)
    if qualified:
        statements = x509.UnrecognizedExtension(QUALIFIED_STATEMENTS, b"0\x00")
        built = built.add_extension(statements, critical=False)
    is_plain = isinstance(signer, Ed25519PrivateKey)
    return built.sign(signer, None if is_plain else hashes.SHA256())


def _name(names):
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in names.items()])


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key, passphrase=None, *, is_old=False):
    """A key in PEM: PKCS#8, or the older form of its kind."""
    form = serialization.PrivateFormat
    return key.private_bytes(
        serialization.Encoding.PEM,
        form.TraditionalOpenSSL if is_old else form.PKCS8,
        _encryption(passphrase),
    )


def key_der(key, passphrase=None):
    """A key in PKCS#8 without armour."""
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        _encryption(passphrase),
    )


def bundle(key, certificate, passphrase=None, others=None):
    """A PKCS#12 file."""
    return pkcs12.serialize_key_and_certificates(
        b"name", key, certificate, others, _encryption(passphrase)
    )


def _encryption(passphrase):
    if passphrase is None:
        return serialization.NoEncryption()
    return serialization.BestAvailableEncryption(passphrase.encode())


def credential(key=None, names=COMPANY, **options):
    """A credential of a key, ready to log in."""
    key = key or ec_key()
    return read_credential([pem(issue(key, names, **options)), key_pem(key)], None, NOW)


KEYS = {
    "RSA": rsa_key,
    "P-256": ec_key,
    "P-384": functools.partial(ec_key, curve=ec.SECP384R1),
    "P-521": functools.partial(ec_key, curve=ec.SECP521R1),
}
