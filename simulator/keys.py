"""The Ministry's published keys: one RSA key a usage, with rotation.

Source: KSeF API 2.0, section on public key certificates.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from .clock import to_text

TOKEN_USAGE = "KsefTokenEncryption"
SYMMETRIC_USAGE = "SymmetricKeyEncryption"
USAGES = (TOKEN_USAGE, SYMMETRIC_USAGE)
RSA_BITS = 2048
RSA_EXPONENT = 65537
VALIDITY = timedelta(days=730)
AGE_AT_START = timedelta(days=60)
ROTATION_STEP = timedelta(hours=1)
SUBJECT = "Ministerstwo Finansów"
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def _sha256_base64(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


@dataclass(frozen=True)
class PublishedKey:
    """One key pair with its certificate (DER) and usage."""

    usage: str
    private_key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    valid_from: datetime

    @property
    def public_key_id(self):
        return _sha256_base64(
            self.private_key.public_key().public_bytes(
                serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
        )

    def describe(self):
        """The element of ``GET /security/public-key-certificates``."""
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return {
            "certificate": base64.b64encode(der).decode(),
            "certificateId": _sha256_base64(der),
            "publicKeyId": self.public_key_id,
            "validFrom": to_text(self.valid_from),
            "validTo": to_text(self.valid_from + VALIDITY),
            "usage": [self.usage],
        }


def _make_key(usage, valid_from):
    private_key = rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SUBJECT)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_from + VALIDITY)
        .sign(private_key, hashes.SHA256())
    )
    return PublishedKey(usage, private_key, certificate, valid_from)


class KeyRing:
    """The listed keys, oldest first, and decryption with them."""

    def __init__(self, now):
        self._first_valid_from = (now - AGE_AT_START).replace(microsecond=0)
        self._rotations = 0
        self._keys = self._new_pair()

    def _new_pair(self):
        valid_from = self._first_valid_from + self._rotations * ROTATION_STEP
        return [_make_key(usage, valid_from) for usage in USAGES]

    def rotate(self, keep_old):
        """New keys for both usages; the old ones stay listed or vanish at once."""
        self._rotations += 1
        self._keys = (self._keys if keep_old else []) + self._new_pair()

    def forget_old(self):
        """Keep only the newest key of each usage."""
        self._keys = self._keys[-len(USAGES) :]

    def listed(self):
        return [key.describe() for key in self._keys]

    def find(self, usage, public_key_id):
        """The listed key of that usage and id, else None; no id = the oldest key."""
        for key in self._keys:
            if key.usage == usage and public_key_id in (None, key.public_key_id):
                return key
        return None

    def decrypt(self, usage, public_key_id, ciphertext):
        """RSA-OAEP with SHA-256 and MGF1-SHA-256; raises ``ValueError``."""
        key = self.find(usage, public_key_id)
        if key is None:
            raise ValueError("the key was withdrawn")
        return key.private_key.decrypt(ciphertext, OAEP)
