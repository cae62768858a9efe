"""Control of certificates and permissions: issuing, revoking, granting.

Nonsense raises ``KeyError``, ``TypeError`` or ``ValueError``.
"""

from datetime import timedelta

from cryptography.hazmat.primitives import serialization

from .certificates import (
    KEYS,
    METHODS,
    company_name,
    fingerprint,
    person_name,
    serial_text,
)
from .request_shapes import TOKEN_PERMISSIONS
from .state import Certificate

DEFAULT_KIND = "Authentication"
DEFAULT_KEY = "ec"
DEFAULT_FIRST_DAY = -1
DEFAULT_DAYS = 730
STATUSES = ("Active", "Blocked", "Revoked")
SUBJECTS = {
    "subject_nip": "Nip",
    "subject_pesel": "Pesel",
    "subject_fingerprint": "Fingerprint",
}


def _require(condition, sentence):
    if not condition:
        raise ValueError(sentence)


def make_certificate(system, given):
    """Issue a company's certificate, or a person's who may act for that company.

    ``permissions`` are granted to the holder in the context of ``nip``; without them
    a company is the owner of its context, a person has no rights.
    """
    kind = given.get("type", DEFAULT_KIND)
    _require(kind in METHODS, f"unknown type {kind}")
    key = KEYS[given.get("key", DEFAULT_KEY)]()
    pesel = given.get("pesel")
    subject = person_name(pesel) if pesel else company_name(given["nip"])
    first = system.clock.now() + timedelta(
        days=given.get("valid_from_days", DEFAULT_FIRST_DAY)
    )
    last = first + timedelta(days=given.get("valid_days", DEFAULT_DAYS))
    certificate = system.authority.issue(kind, subject, key, (first, last))
    system.book.certificates[certificate.serial_number] = Certificate(
        kind, METHODS[kind]
    )
    if "permissions" in given:
        holder = ("Pesel", pesel) if pesel else ("Nip", given["nip"])
        _grant(system, given["nip"], holder, given["permissions"])
    return _describe(certificate, key)


def _describe(certificate, key):
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "certificate": certificate.public_bytes(pem).decode(),
        "key": private.decode(),
        "serial": serial_text(certificate),
        "fingerprint": fingerprint(certificate),
    }


def change_certificate(system, given, serial):
    certificate = system.book.certificates.get(int(serial, 16))
    _require(certificate is not None, f"no certificate {serial}")
    _require(given["status"] in STATUSES, f"unknown status {given['status']}")
    certificate.status = given["status"]
    return {}


def grant(system, given):
    """Set what a subject may do in a context; an empty list takes everything away."""
    (name,) = set(given) & set(SUBJECTS)
    holder = (SUBJECTS[name], given[name])
    _grant(system, given["context_nip"], holder, given["permissions"])
    return {}


def _grant(system, nip, holder, permissions):
    known = set(permissions) <= set(TOKEN_PERMISSIONS)
    _require(known, f"unknown permission in {permissions}")
    system.book.permissions[("Nip", nip), holder] = list(permissions)
