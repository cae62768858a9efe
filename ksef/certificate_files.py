"""Uploaded files -> certificates and keys, whatever form they have.

PEM, DER and PKCS#12 are told apart by their content, never by a file name. No
error holds a key, a passphrase or a piece of a file, not even by its context:
errors of the libraries are left behind before one of ours is raised.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)

FILE_LIMIT_BYTES = 100_000  # ours: a chain with a key has about 10 kB

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)

# Ends at the next row of hyphens, so that a long file costs one reading.
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(?:[^-]|-(?!----))*-----END \1-----")
_PEM_CERTIFICATE = b"CERTIFICATE"
_PEM_KEY = b"PRIVATE KEY"
# In the label of PKCS#8, in a header of the older forms.
_PEM_ENCRYPTED = b"ENCRYPTED"
# SEQUENCE of any length that begins with INTEGER 3: version 3 of PKCS#12.
_PKCS12 = re.compile(
    rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...)\x02\x01\x03", re.DOTALL
)
_DER_SHORT_LENGTH_MAX = 0x7F


class CredentialProblem(str, Enum):
    """Why files cannot be a certificate to log in with."""

    NOT_READABLE = "not_readable"
    NO_CERTIFICATE = "no_certificate"
    NO_KEY = "no_key"
    PASSPHRASE_MISSING = "passphrase_missing"
    PASSPHRASE_WRONG = "passphrase_wrong"
    NOT_TOGETHER = "not_together"  # the key is that of another certificate
    OFFLINE = "offline"  # KSeF's kind for invoices issued offline
    KEY_KIND = "key_kind"  # neither RSA nor a curve that KSeF takes
    KEY_SHORT = "key_short"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    TOO_LARGE = "too_large"


class CredentialError(ValueError):
    """Files are not a usable certificate with its key; nothing of them is kept.

    :ivar kind: :class:`CredentialProblem`
    :ivar valid_from: aware UTC; set for EXPIRED and NOT_YET_VALID
    :ivar valid_to: likewise
    """

    def __init__(self, kind, valid_from=None, valid_to=None):
        super().__init__(kind.value)
        self.kind = kind
        self.valid_from = valid_from
        self.valid_to = valid_to


@dataclass(frozen=True, repr=False)
class Found:
    """What some files hold: certificates and private keys, as library objects."""

    certificates: tuple
    keys: tuple


def read_files(files, passphrase):
    """Return what the files hold together, as :class:`Found`.

    :param files: contents, bytes each
    :param passphrase: :class:`~.secret.Secret` or None; unused where nothing is
        encrypted
    :raises CredentialError: TOO_LARGE, NOT_READABLE, PASSPHRASE_MISSING or
        PASSPHRASE_WRONG
    """
    if any(len(data) > FILE_LIMIT_BYTES for data in files):
        raise CredentialError(CredentialProblem.TOO_LARGE)
    password = _as_bytes(passphrase.reveal()) if passphrase else None
    if password and b"\0" in password:
        # No key has one, and the library would say it aloud.
        raise CredentialError(CredentialProblem.PASSPHRASE_WRONG)
    found = [_read_file(bytes(data), password) for data in files]
    return Found(
        tuple(each for part in found for each in part.certificates),
        tuple(each for part in found for each in part.keys),
    )


def _as_bytes(value):
    return value.encode() if isinstance(value, str) else value


def _read_file(data, password):
    if _PKCS12.match(data):
        return _read_pkcs12(data, password)
    blocks = list(_PEM.finditer(data))
    if not blocks:
        return _read_der(data, password)
    return Found(
        tuple(
            _read(x509.load_pem_x509_certificate, block[0])
            for block in blocks
            if block[1] == _PEM_CERTIFICATE
        ),
        tuple(
            _read_key(block[0], password)
            for block in blocks
            if block[1].endswith(_PEM_KEY)
        ),
    )


def _read_der(data, password):
    """Read a certificate, or else a key, from what has no armour."""
    with suppress(*UNREADABLE):
        return Found((x509.load_der_x509_certificate(data),), ())
    try:
        return Found((), (load_der_private_key(data, None),))
    except UNREADABLE as error:
        # Told apart from everything else that is no key.
        is_locked = isinstance(error, TypeError)
    if not is_locked:
        raise CredentialError(CredentialProblem.NOT_READABLE)
    if not password:
        raise CredentialError(CredentialProblem.PASSPHRASE_MISSING)
    wrong = CredentialProblem.PASSPHRASE_WRONG
    return Found((), (_read(load_der_private_key, data, password, otherwise=wrong),))


def _read_key(block, password):
    if _PEM_ENCRYPTED not in block:
        return _read(load_pem_private_key, block, None)
    if not password:
        raise CredentialError(CredentialProblem.PASSPHRASE_MISSING)
    wrong = CredentialProblem.PASSPHRASE_WRONG
    return _read(load_pem_private_key, block, password, otherwise=wrong)


def _read(load, *arguments, otherwise=CredentialProblem.NOT_READABLE):
    """Return what a library reads, or raise the error given instead of its own."""
    try:
        return load(*arguments)
    except UNREADABLE as error:
        is_unknown = isinstance(error, UnsupportedAlgorithm)
    raise CredentialError(CredentialProblem.NOT_READABLE if is_unknown else otherwise)


def _read_pkcs12(data, password):
    """Read a PKCS#12 file; without a passphrase, where that opens it."""
    problem = CredentialProblem.PASSPHRASE_MISSING
    if password:
        problem = CredentialProblem.PASSPHRASE_WRONG
    if len(data) < _declared_length(data):
        problem = CredentialProblem.NOT_READABLE
    for attempt in (password, None) if password else (None,):
        try:
            return _pkcs12_found(pkcs12.load_key_and_certificates(data, attempt))
        except UnsupportedAlgorithm:
            problem = CredentialProblem.NOT_READABLE
        except UNREADABLE:
            continue
    raise CredentialError(problem)


def _pkcs12_found(content):
    key, certificate, others = content
    certificates = tuple(filter(None, (certificate, *others)))
    return Found(certificates, (key,) if key else ())


def _declared_length(data):
    """Return the bytes that a DER structure says it has, its head included."""
    first = data[1]
    if first <= _DER_SHORT_LENGTH_MAX:
        return 2 + first
    octets = first - _DER_SHORT_LENGTH_MAX - 1
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big")
