"""Deciding a login by certificate: trust, validity, revocation, rights.

Source: KSeF API 2.0, sections on accepted certificates and on auth status codes.
"""

from .certificates import is_issued_by
from .statuses import (
    BROKEN_CHAIN,
    CERTIFICATE_BLOCKED,
    CERTIFICATE_NOT_VALID,
    CERTIFICATE_REVOKED,
    UNTRUSTED_CHAIN,
    WRONG_CERTIFICATE,
    LoginCode,
    Status,
)

STATUS_DETAILS = {"Revoked": CERTIFICATE_REVOKED, "Blocked": CERTIFICATE_BLOCKED}
NOT_FOR_LOGINS = "Offline"
SELF_SIGNED_ON = "test"


def check_certificate(system, login):
    """Return the status that the login deserves; note whose it is if it is good."""
    proof = login.proof
    fault = _find_fault(system, proof, login.started)
    if fault:
        return Status(LoginCode.BAD_CERTIFICATE, (fault,))
    if not system.book.rights(login.context, proof.subject):
        return Status(LoginCode.NO_RIGHTS)
    login.subject = proof.subject
    return Status(LoginCode.SUCCESS)


def _find_fault(system, proof, now):
    return _find_distrust(system, proof) or _find_invalidity(system, proof, now)


def _find_distrust(system, proof):
    certificate = proof.certificate
    if system.authority.has_issued(certificate):
        return None
    if system.authority.is_named(certificate):
        return BROKEN_CHAIN
    is_allowed = system.settings.environment == SELF_SIGNED_ON
    if is_allowed and not proof.forces_chain and is_issued_by(certificate, certificate):
        return None
    return UNTRUSTED_CHAIN


def _find_invalidity(system, proof, now):
    certificate = proof.certificate
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not all(first <= moment <= last for moment in (proof.signed_on, now)):
        return CERTIFICATE_NOT_VALID
    if not system.authority.has_issued(certificate):
        return None
    known = system.book.certificates.get(certificate.serial_number)
    if known is None or known.kind == NOT_FOR_LOGINS:
        return WRONG_CERTIFICATE
    return STATUS_DETAILS.get(known.status)
