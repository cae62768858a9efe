"""Handler: login by a request signed with a certificate.

Source: KSeF API 2.0, section on authentication with a certificate.
"""

from .auth import begin_login, use_challenge
from .certificates import SEAL, SIGNATURE, fingerprint, subject_of
from .crypto import sha256_base64
from .login_request import parse, read_request
from .problems import Code, refusal
from .state import CertificateProof
from .xades import verify_xades

NO_TAXPAYER_CONTEXT = "PeppolId"


def login_certificate(system, call):
    signature = parse(call.body)
    wanted = read_request(signature)
    signer = verify_xades(signature, system.clock.now())
    proof = CertificateProof(
        certificate=signer.certificate,
        subject=_subject(signer.certificate, wanted),
        signed_on=signer.signed_on,
        document_hash=sha256_base64(call.body),
        forces_chain=call.query.get("verifyCertificateChain", False),
        method=_method(system, signer.certificate),
    )
    # Last, so that a request refused for another reason leaves it unused.
    challenge = use_challenge(system, wanted.challenge)
    return begin_login(
        system, call, wanted.context, proof, challenge, wanted.allowed_ips
    )


def _subject(certificate, wanted):
    if wanted.context[0] == NO_TAXPAYER_CONTEXT:
        raise refusal(Code.WRONG_SUBJECT)
    if wanted.by_fingerprint:
        return "Fingerprint", fingerprint(certificate)
    subject = subject_of(certificate)
    if subject is None:
        raise refusal(Code.SIGNATURE_CONFLICT)
    return subject


def _method(system, certificate):
    known = system.book.certificates.get(certificate.serial_number)
    if known and system.authority.has_issued(certificate):
        return known.method
    subject = subject_of(certificate)
    is_seal = subject and subject[0] == "Nip"
    return SEAL if is_seal else SIGNATURE
