"""Where a certificate's key, its passphrase or the files could leak to."""

import re

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import test_secrets
from .certificate import PASSPHRASE, CertificateJourney, RsaJourney
from .test_secrets import spellings

PIECE_BYTES = 32
# Pieces of a file that are searched for, evenly spread.
FILE_PIECES = 8
WRONG_PASSPHRASE = "not the passphrase of it"
# Files of one kind begin alike, so that these say nothing.
SAME_PIECES = 3
# More than the route takes.
LARGE_BYTES = 600_000
PEM_LINE = re.compile(rb"^[A-Za-z0-9+/=]{20,}$", re.MULTILINE)


def cut(raw):
    """Return the whole pieces of some bytes."""
    ends = range(PIECE_BYTES, len(raw) + 1, PIECE_BYTES)
    return [raw[end - PIECE_BYTES : end] for end in ends]


def spell_number(number):
    """Return the forms of a number of a private key."""
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    pieces = (spellings(piece) for piece in cut(raw.rjust(PIECE_BYTES, b"\0")))
    return {str(number).encode()}.union(*pieces)


def spell_file(content):
    """Return lines of a PEM file, and spelled-out pieces of any file."""
    pieces = cut(content)[SAME_PIECES:]
    step = max(1, len(pieces) // FILE_PIECES)
    spelled = (spellings(piece) for piece in pieces[::step])
    return set(PEM_LINE.findall(content)).union(*spelled)


class SearchedJourney(CertificateJourney):
    """Knows what of its files and of its key must be found nowhere."""

    def make_mistakes(self):
        """Do what is refused, with the real secrets; return Odoo's answers."""
        [*_certificate, key] = self.files
        filler = key + b"\n" * LARGE_BYTES
        return [
            self.upload(self.files, WRONG_PASSPHRASE),
            self.upload(self.files, ""),
            self.upload([key[:-40]], PASSPHRASE),
            self.upload([filler], PASSPHRASE),
        ]

    def get_secrets(self):
        numbers = self.key.private_numbers()
        is_rsa = isinstance(numbers, rsa.RSAPrivateNumbers)
        private = (
            (numbers.p, numbers.q, numbers.d) if is_rsa else (numbers.private_value,)
        )
        found = spellings(PASSPHRASE.encode()) | spellings(WRONG_PASSPHRASE.encode())
        return found.union(
            *map(spell_number, private),
            *map(spell_file, self.files),
            *map(spell_file, self.get_clear_forms()),
            *map(spellings, self.get_clear_forms()),
        )

    def get_clear_forms(self):
        """Return the private key as it would stand in files without a passphrase."""
        return [
            self.key.private_bytes(encoding, form, serialization.NoEncryption())
            for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)
            for form in (
                serialization.PrivateFormat.PKCS8,
                serialization.PrivateFormat.TraditionalOpenSSL,
            )
        ]


class SearchedRsaJourney(SearchedJourney, RsaJourney):
    """The same with an RSA key, in one PKCS#12 file."""


class TestSecretsOfACertificate(test_secrets.TestSecrets):
    """An EC key and its passphrase are in no table, file, log or answer in clear."""

    journey_class = SearchedJourney


class TestSecretsOfPkcs12(test_secrets.TestSecrets):
    """The same with an RSA key that came in one file with its certificate."""

    journey_class = SearchedRsaJourney
