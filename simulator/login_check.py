"""Deciding a login; one by KSeF token by decryption, time, token, context, rights.

Source: KSeF API 2.0, section on authentication with a KSeF token.
"""

import hmac

from .certificate_check import check_certificate
from .clock import from_text
from .keys import TOKEN_USAGE
from .state import TokenProof
from .statuses import (
    BAD_CHALLENGE,
    BAD_TOKEN,
    BAD_TOKEN_ENCODING,
    BAD_TOKEN_ENCRYPTION,
    BAD_TOKEN_TIME,
    NO_PERMISSIONS,
    TOKEN_INACTIVE,
    TOKEN_REVOKED,
    WRONG_CONTEXT,
    LoginCode,
    Status,
)

TOKEN_PARTS = 3
STATUS_DETAILS = {
    "Revoked": TOKEN_REVOKED,
    "Revoking": TOKEN_REVOKED,
    "Pending": TOKEN_INACTIVE,
    "Failed": TOKEN_INACTIVE,
}


class _LoginError(Exception):
    def __init__(self, code, detail):
        super().__init__(code, detail)
        self.status = Status(code, (detail,))


def decide_login(system, login):
    """Give the login its final status and, if it is good, what it may be."""
    check = _check_token if isinstance(login.proof, TokenProof) else check_certificate
    login.status = login.fate or check(system, login)


def _check_token(system, login):
    """Return the status that the login deserves; note its token if it has one."""
    try:
        _check_end(system, login)
        token = _find_token(system, login)
    except _LoginError as refused:
        return refused.status
    login.token = token
    login.subject = token.author
    token.last_used = login.due
    return Status(LoginCode.SUCCESS)


def _check_end(system, login):
    """Tokens end one day; how KSeF will say so is not known, this is a guess."""
    ends = system.settings.token_login_ends
    if ends and from_text(ends) <= login.started:
        raise _LoginError(LoginCode.BAD_TOKEN, TOKEN_INACTIVE)


def _find_token(system, login):
    if login.challenge.reference not in system.book.challenges:
        raise _LoginError(LoginCode.BAD_TOKEN, BAD_CHALLENGE)
    try:
        plain = system.keys.decrypt(
            TOKEN_USAGE, login.proof.public_key_id, login.proof.ciphertext
        )
    except ValueError:
        raise _LoginError(LoginCode.BAD_TOKEN, BAD_TOKEN_ENCRYPTION) from None
    text, timestamp = _split(plain)
    if timestamp != str(login.challenge.timestamp_ms):
        raise _LoginError(LoginCode.BAD_TOKEN, BAD_TOKEN_TIME)
    token = system.book.tokens.get(text.partition("|")[0])
    if token is None or not hmac.compare_digest(token.text.encode(), text.encode()):
        raise _LoginError(LoginCode.BAD_TOKEN, BAD_TOKEN)
    if token.status in STATUS_DETAILS:
        raise _LoginError(LoginCode.BAD_TOKEN, STATUS_DETAILS[token.status])
    if token.context != login.context:
        context = ":".join(login.context)
        raise _LoginError(LoginCode.BAD_TOKEN, WRONG_CONTEXT.format(context=context))
    if not token.permissions:
        raise _LoginError(LoginCode.NO_RIGHTS, NO_PERMISSIONS)
    return token


def _split(plain):
    try:
        text, separator, timestamp = plain.decode("utf-8").rpartition("|")
    except UnicodeDecodeError:
        raise _LoginError(LoginCode.BAD_TOKEN, BAD_TOKEN_ENCODING) from None
    parts = text.split("|")
    if not separator or len(parts) != TOKEN_PARTS or not all(parts):
        raise _LoginError(LoginCode.BAD_TOKEN, BAD_TOKEN_ENCODING)
    return text, timestamp
