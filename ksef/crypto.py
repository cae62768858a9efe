"""Encryption of KSeF 2.0: bytes in, bytes out.

Source: KSeF API 2.0, sections on public keys, token login and interactive
sessions: RSAES-OAEP with SHA-256 and MGF1-SHA-256, empty label; AES-256-CBC with
PKCS#7, the IV sent apart and never put before the ciphertext.
"""

import base64
import hashlib
import os
from dataclasses import dataclass, field
from datetime import timezone

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import NameOID

from .errors import KsefProtocolError
from .messages import EncryptedInvoice
from .secret import Secret

KEY_BYTES = 32
IV_BYTES = 16
RSA_BITS_MIN = 2048
MINISTRY_NAME = "Ministerstwo Finansów"


@dataclass(frozen=True)
class SessionKey:
    """AES key and IV of one session; every file of the session uses both."""

    key: Secret
    iv: bytes = field(repr=False)

    def dump(self):
        """Return key and IV as 48 bytes, to be sealed and nothing else."""
        return self.key.reveal() + self.iv

    @classmethod
    def load(cls, data):
        """Make a key of what :meth:`dump` gave.

        :raises ValueError: other length
        """
        if len(data) != KEY_BYTES + IV_BYTES:
            raise ValueError("a session key has 48 bytes")
        return cls(Secret(bytes(data[:KEY_BYTES])), bytes(data[KEY_BYTES:]))


def new_session_key():
    """Return a random :class:`SessionKey`."""
    return SessionKey(Secret(os.urandom(KEY_BYTES)), os.urandom(IV_BYTES))


def sha256_b64(data):
    """Return the SHA-256 of bytes in standard Base64 (44 characters)."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")


class FileEncryption:
    """AES-256-CBC of one file, piece by piece, with PKCS#7 at its end."""

    def __init__(self, session_key):
        self._padder = padding.PKCS7(algorithms.AES.block_size).padder()
        self._cipher = Cipher(
            algorithms.AES(session_key.key.reveal()), modes.CBC(session_key.iv)
        ).encryptor()

    def update(self, piece):
        """Return the next encrypted bytes."""
        return self._cipher.update(self._padder.update(piece))

    def finalize(self):
        """Return the last encrypted bytes."""
        last = self._cipher.update(self._padder.finalize())
        return last + self._cipher.finalize()


def encrypt_invoice(xml, session_key):
    """Return the :class:`~.messages.EncryptedInvoice` of an invoice's bytes."""
    encryption = FileEncryption(session_key)
    content = encryption.update(xml) + encryption.finalize()
    return EncryptedInvoice(
        content, sha256_b64(content), len(content), sha256_b64(xml), len(xml)
    )


def wrap_key(session_key, public_key):
    """Return the session's AES key under the Ministry's key, as bytes."""
    return _encrypt(session_key.key.reveal(), public_key)


def encrypt_token(token, timestamp_ms, public_key):
    """Return ``token|timestampMs`` under the Ministry's key, as bytes.

    :param token: :class:`~.secret.Secret`, the whole KSeF token
    :param timestamp_ms: of the challenge, as it came
    """
    return _encrypt(f"{token.reveal()}|{timestamp_ms}".encode(), public_key)


def _encrypt(data, public_key):
    oaep = rsa_padding.OAEP(
        mgf=rsa_padding.MGF1(algorithm=hashes.SHA256()),
        algorithm=hashes.SHA256(),
        label=None,
    )
    certificate = x509.load_der_x509_certificate(public_key.certificate)
    return certificate.public_key().encrypt(data, oaep)


def choose_key(keys, usage, now):
    """Return the key to use: right usage, valid at ``now``, newest.

    :param keys: list of :class:`~.messages.PublicKey`
    :param usage: ``messages.USAGE_TOKEN`` or ``messages.USAGE_SESSION``
    :param now: aware datetime, by KSeF's clock
    :raises KsefProtocolError: there is none
    """
    fitting = [
        key
        for key in keys
        if usage in key.usages and key.valid_from <= now <= key.valid_to
    ]
    if not fitting:
        raise KsefProtocolError(operation="public_keys", details=("no valid key",))
    return max(fitting, key=lambda key: key.valid_from)


def is_trustworthy(public_key, is_production):
    """Say whether a listed certificate is what the list claims.

    Checked: it is a certificate with an RSA key of at least 2048 bits whose
    identifier is the one given, and whose own dates meet the listed ones; on
    production also the subject's name. The chain is not demanded: the list
    comes over verified TLS.
    """
    try:
        return _is_as_listed(public_key, is_production)
    except (ValueError, UnsupportedAlgorithm):
        return False


def _is_as_listed(public_key, is_production):
    certificate = x509.load_der_x509_certificate(public_key.certificate)
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < RSA_BITS_MIN:
        return False
    begins, ends = validity(certificate)
    return (
        public_key_id(key) == public_key.public_key_id
        and begins <= public_key.valid_to
        and public_key.valid_from <= ends
        and (not is_production or _has_ministry_name(certificate))
    )


def public_key_id(key):
    """Return KSeF's identifier of a public key: SHA-256 of its DER, Base64."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return sha256_b64(der)


def _has_ministry_name(certificate):
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return any(name.value == MINISTRY_NAME for name in names)


def validity(certificate):
    """Both dates as aware UTC; releases before 42 know the naive ones only."""
    if hasattr(certificate, "not_valid_before_utc"):
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return (
        certificate.not_valid_before.replace(tzinfo=timezone.utc),
        certificate.not_valid_after.replace(tzinfo=timezone.utc),
    )
