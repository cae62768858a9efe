"""A certificate to log in with, together with its private key.

Source: KSeF API 2.0, sections on accepted certificates and on KSeF certificates.
"""

import hashlib
import re
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from .certificate_files import (
    UNREADABLE,
    CredentialError,
    CredentialProblem,
    read_files,
)
from .crypto import RSA_BITS_MIN, validity
from .secret import Secret

CURVE_BITS_MIN = 256
# Curves with a signature method of KSeF.
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)

SERIAL_DIGITS_MIN = 16  # of KSeF's certificates, leading zeros included

_ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
# Statements that only qualified certificates have (RFC 3739).
_QUALIFIED_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_ORGANIZATION_NIP = re.compile(r"VATPL[^0-9\n]*([0-9]{10})(?![0-9])")
_PERSON_NIP = re.compile(r"(?:TINPL|NIP)[^0-9\n]*([0-9]{10})(?![0-9])")
_PESEL = re.compile(r"[0-9]{11}")
_HOLDER_NAMES = (
    (NameOID.COMMON_NAME,),
    (NameOID.ORGANIZATION_NAME,),
    (NameOID.GIVEN_NAME, NameOID.SURNAME),
)
_PERSON_PESEL = re.compile(r"(?:PNOPL|PESEL)[^0-9\n]*[0-9]{11}(?![0-9])")
_USES = (
    *("digital_signature", "content_commitment", "key_encipherment"),
    *("data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"),
)
# Characters that XML cannot carry, or would carry changed.
_NOT_FOR_XML = re.compile("[\x00-\x1f\x7f\ufffe\uffff]")

_STORED_LENGTH = struct.Struct(">I")


class CertificateKind(str, Enum):
    """What a certificate is made for."""

    KSEF = "ksef"  # issued by KSeF, type Authentication: digitalSignature alone
    OFFLINE = "offline"  # issued by KSeF, type Offline: nonRepudiation alone
    SEAL = "seal"  # of an organisation
    SIGNATURE = "signature"  # of a person
    OTHER = "other"


@dataclass(frozen=True)
class CertificateFacts:
    """What a certificate says; nothing here is secret.

    :ivar serial: hexadecimal, upper case, at least 16 digits
    :ivar holder: name of the person or organisation, without any number of theirs
    :ivar issuer_name: as RFC 4514 writes names
    :ivar valid_from: aware UTC, as ``valid_to``
    :ivar nip: ten digits of the subject, or None
    :ivar pesel_known: True when the subject has a PESEL, which is not kept
    :ivar fingerprint: SHA-256 of the DER, 64 hexadecimal digits in upper case
    """

    serial: str
    holder: str
    # One who certifies himself has his numbers in it.
    issuer_name: str = field(repr=False)
    valid_from: datetime
    valid_to: datetime
    kind: CertificateKind
    nip: str | None
    pesel_known: bool
    fingerprint: str


@dataclass(frozen=True)
class Credential:
    """A certificate with its private key.

    :ivar certificate: DER
    :ivar key: PKCS#8, DER, not encrypted
    """

    certificate: bytes = field(repr=False)
    key: Secret
    facts: CertificateFacts

    def dump(self):
        """Return certificate and key as bytes, to be sealed and nothing else."""
        length = _STORED_LENGTH.pack(len(self.certificate))
        return length + self.certificate + self.key.reveal()

    @classmethod
    def load(cls, data):
        """Make a credential of what :meth:`dump` gave.

        :raises ValueError: other bytes
        """
        end = _STORED_LENGTH.size
        if len(data) > end:
            end += _STORED_LENGTH.unpack(data[:end])[0]
        if len(data) <= end:
            raise ValueError("not a stored certificate with its key")
        certificate = bytes(data[_STORED_LENGTH.size : end])
        return cls(certificate, Secret(bytes(data[end:])), read_facts(certificate))


def read_credential(files, passphrase, now):
    """Return the :class:`Credential` that one or two files hold, in any order.

    Taken are a certificate in PEM or DER, a key in PEM (encrypted or not), both in
    one PEM, and PKCS#12. Of several certificates it is the one of the key.

    :param files: contents, bytes each
    :param passphrase: :class:`~.secret.Secret` of the key, or None
    :param now: aware datetime
    :raises CredentialError: see :class:`CredentialProblem`
    """
    found = read_files(files, passphrase)
    if not found.certificates:
        raise CredentialError(CredentialProblem.NO_CERTIFICATE)
    certificate, key = _choose_pair(found)
    der = certificate.public_bytes(serialization.Encoding.DER)
    facts = read_facts(der)
    if facts.kind is CertificateKind.OFFLINE:
        raise CredentialError(CredentialProblem.OFFLINE)
    _check_key(found, certificate, key)
    _check_dates(facts, now)
    pkcs8 = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Credential(der, Secret(pkcs8), facts)


def _choose_pair(found):
    """Return certificate and key that belong together, else the first, None."""
    by_public = {_public_der(key.public_key()): key for key in found.keys}
    for certificate in found.certificates:
        key = by_public.get(_public_der(_public_key(certificate)))
        if key is not None:
            return certificate, key
    return found.certificates[0], None


def _public_key(certificate):
    """Return the public key of a certificate, None when its kind is unknown."""
    try:
        return certificate.public_key()
    except UNREADABLE:
        return None


def _public_der(public):
    if public is None:
        return None
    return public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _check_key(found, certificate, key):
    public = _public_key(certificate)
    kinds = {rsa.RSAPublicKey: RSA_BITS_MIN, ec.EllipticCurvePublicKey: CURVE_BITS_MIN}
    fewest = [bits for kind, bits in kinds.items() if isinstance(public, kind)]
    problem = None
    if not found.keys:
        problem = CredentialProblem.NO_KEY
    elif key is None:
        problem = CredentialProblem.NOT_TOGETHER
    elif not fewest:
        problem = CredentialProblem.KEY_KIND
    elif public.key_size < fewest[0]:
        problem = CredentialProblem.KEY_SHORT
    elif not isinstance(getattr(public, "curve", CURVES[0]()), CURVES):
        problem = CredentialProblem.KEY_KIND
    if problem:
        raise CredentialError(problem)


def _check_dates(facts, now):
    if now < facts.valid_from:
        problem = CredentialProblem.NOT_YET_VALID
    elif now > facts.valid_to:
        problem = CredentialProblem.EXPIRED
    else:
        return
    raise CredentialError(problem, facts.valid_from, facts.valid_to)


def read_facts(certificate):
    """Return the :class:`CertificateFacts` of a certificate.

    :param certificate: DER
    :raises CredentialError: NOT_READABLE
    """
    with suppress(*UNREADABLE):
        return _facts(certificate)
    raise CredentialError(CredentialProblem.NOT_READABLE)


def _facts(der):
    certificate = x509.load_der_x509_certificate(der)
    holder, issuer = _holder(certificate), _rfc4514(certificate.issuer)
    if _NOT_FOR_XML.search(holder) or _NOT_FOR_XML.search(issuer):
        raise ValueError("control characters in a name")
    valid_from, valid_to = validity(certificate)
    number = _values(certificate, NameOID.SERIAL_NUMBER)
    nip = _search(_ORGANIZATION_NIP, _values(certificate, _ORGANIZATION_IDENTIFIER))
    return CertificateFacts(
        serial=f"{certificate.serial_number:0{SERIAL_DIGITS_MIN}X}",
        holder=holder,
        issuer_name=issuer,
        valid_from=valid_from,
        valid_to=valid_to,
        kind=_kind(certificate),
        nip=nip or _search(_PERSON_NIP, number),
        pesel_known=bool(_PERSON_PESEL.search(number)),
        fingerprint=hashlib.sha256(der).hexdigest().upper(),
    )


def _rfc4514(name):
    """Write a name as RFC 4514 does; old releases keep the order of the certificate."""
    return ",".join(part.rfc4514_string() for part in reversed(name.rdns))


def _holder(certificate):
    """Return the first name of the subject that holds no PESEL, else nothing."""
    for attributes in _HOLDER_NAMES:
        name = " ".join(_values(certificate, each) for each in attributes).strip()
        if name and not _PESEL.search(name):
            return name
    return ""


def _values(certificate, attribute):
    """Return the values of an attribute of the subject, one on a line."""
    found = certificate.subject.get_attributes_for_oid(attribute)
    return "\n".join(str(each.value) for each in found)


def _search(pattern, text):
    match = pattern.search(text)
    return match[1] if match else None


def _kind(certificate):
    """Tell the kind by use; by names where the use does not tell.

    Qualified signatures may have nonRepudiation alone, as KSeF's Offline type:
    those are known by their statements, and what KSeF issues is never self-issued.
    """
    is_qualified = _extension(certificate, _QUALIFIED_STATEMENTS) is not None
    usage = _extension(certificate, ExtensionOID.KEY_USAGE)
    is_self_issued = certificate.subject == certificate.issuer
    if usage is None or is_qualified or is_self_issued:
        return _kind_by_names(certificate)
    uses = {name for name in _USES if getattr(usage, name)}
    kinds = {
        ("digital_signature",): CertificateKind.KSEF,
        ("content_commitment",): CertificateKind.OFFLINE,
    }
    return kinds.get(tuple(uses)) or _kind_by_names(certificate)


def _kind_by_names(certificate):
    if _values(certificate, _ORGANIZATION_IDENTIFIER):
        return CertificateKind.SEAL
    if _values(certificate, NameOID.SERIAL_NUMBER):
        return CertificateKind.SIGNATURE
    return CertificateKind.OTHER


def _extension(certificate, oid):
    try:
        return certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None
