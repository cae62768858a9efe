"""A pasted KSeF token, taken apart before anything is sent.

Source: KSeF API 2.0, section on KSeF tokens: ``reference|context|secret``.
"""

import re
from dataclasses import dataclass
from enum import Enum

from .secret import Secret

MAX_LENGTH = 160  # characters, same source
# Length in samples; the alphabet of the third part is not documented, so only
# an all-hexadecimal text that is shorter counts as cut.
HEX_SECRET_LENGTH = 64

REFERENCE_PART, CONTEXT_PART, SECRET_PART = 1, 2, 3

_REFERENCE = re.compile(r"[0-9]{8}-EC-[0-9A-F]{10}-[0-9A-F]{10}-[0-9A-F]{2}")
_REFERENCE_TAIL = re.compile(r"[0-9A-FEC-]*-[0-9A-F]{2}|[0-9A-F]{0,2}")
_NIP = re.compile(r"nip-([0-9]{10})")
_NIP_TAIL = re.compile(r"[nip]{0,3}-?[0-9]{1,10}")
_CUT_NIP = re.compile(r"nip-[0-9]{0,9}|n|ni|nip")
_OTHER_CONTEXT = re.compile(r"(internalId|nipVatUe|peppolId)-.+", re.IGNORECASE)
_KSEF_1 = re.compile(r"[0-9A-Fa-f]{64}")
_HEX = re.compile(r"[0-9A-Fa-f]+")
# Characters without width that come along when a text is copied from a page.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


class TokenProblem(str, Enum):
    """Why a pasted text cannot be a token for a company."""

    EMPTY = "empty"
    KSEF_1 = "ksef_1"  # 64 hexadecimal characters: a token of KSeF 1.0
    CUT = "cut"
    NOT_A_TOKEN = "not_a_token"
    NOT_A_NIP = "not_a_nip"  # made for an internal id or another context


class TokenFormatError(ValueError):
    """A pasted text is not a usable token; the text is not kept.

    :ivar kind: :class:`TokenProblem`
    :ivar missing_part: 1 reference, 2 context, 3 secret; set for CUT
    """

    def __init__(self, kind, missing_part=None):
        super().__init__(kind.value)
        self.kind = kind
        self.missing_part = missing_part


@dataclass(frozen=True)
class TokenParts:
    """A token that looks right.

    :ivar reference: its reference number at KSeF
    :ivar context_type: always ``Nip``, as in the token's metadata
    :ivar context_value: the NIP, ten digits
    :ivar secret_text: the whole token, cleaned, ready for the login
    """

    reference: str
    context_type: str
    context_value: str
    secret_text: Secret


def parse(text):
    """Take a pasted token apart; blanks and line breaks anywhere are dropped.

    :raises TokenFormatError: see :class:`TokenProblem`
    """
    if isinstance(text, Secret):
        text = text.reveal()
    clean = "".join((text or "").translate(_INVISIBLE).split())
    if not clean:
        raise TokenFormatError(TokenProblem.EMPTY)
    if len(clean) > MAX_LENGTH:
        raise TokenFormatError(TokenProblem.NOT_A_TOKEN)
    parts = clean.split("|")
    if len(parts) == 1:
        raise _problem_of_single(clean)
    if len(parts) == 2:
        raise _problem_of_pair(*parts)
    if len(parts) > 3:
        raise TokenFormatError(TokenProblem.NOT_A_TOKEN)
    _check(*parts)
    return TokenParts(parts[0], "Nip", parts[1][len("nip-") :], Secret(clean))


def _problem_of_single(text):
    if _KSEF_1.fullmatch(text):
        return TokenFormatError(TokenProblem.KSEF_1)
    if _REFERENCE.fullmatch(text):
        return TokenFormatError(TokenProblem.CUT, CONTEXT_PART)
    if "-EC-" in text and len(text) < len("YYYYMMDD-EC-0123456789-0123456789-00"):
        return TokenFormatError(TokenProblem.CUT, REFERENCE_PART)
    return TokenFormatError(TokenProblem.NOT_A_TOKEN)


def _problem_of_pair(first, second):
    """Two parts: either the end or the beginning of the token is missing."""
    if _REFERENCE.fullmatch(first):
        is_whole = _NIP.fullmatch(second) or _OTHER_CONTEXT.fullmatch(second)
        missing = SECRET_PART if is_whole else CONTEXT_PART
        return TokenFormatError(TokenProblem.CUT, missing)
    is_context = _NIP_TAIL.fullmatch(first) or _OTHER_CONTEXT.fullmatch(first)
    if is_context or _NIP.fullmatch(second):
        return TokenFormatError(TokenProblem.CUT, REFERENCE_PART)
    return TokenFormatError(TokenProblem.NOT_A_TOKEN)


def _check(reference, context, secret):
    if not _REFERENCE.fullmatch(reference):
        is_tail = _REFERENCE_TAIL.fullmatch(reference)
        if is_tail:
            raise TokenFormatError(TokenProblem.CUT, REFERENCE_PART)
        raise TokenFormatError(TokenProblem.NOT_A_TOKEN)
    if not context or _CUT_NIP.fullmatch(context):
        raise TokenFormatError(TokenProblem.CUT, CONTEXT_PART)
    if not secret:
        raise TokenFormatError(TokenProblem.CUT, SECRET_PART)
    if _OTHER_CONTEXT.fullmatch(context):
        raise TokenFormatError(TokenProblem.NOT_A_NIP)
    if not _NIP.fullmatch(context):
        raise TokenFormatError(TokenProblem.NOT_A_TOKEN)
    if _HEX.fullmatch(secret) and len(secret) < HEX_SECRET_LENGTH:
        raise TokenFormatError(TokenProblem.CUT, SECRET_PART)
