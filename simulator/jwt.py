"""Bearer tokens: JWT signed with HS256, one secret for each kind.

Source: KSeF API 2.0, sections on token lifetimes and on JWT content.
"""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import timedelta

ACCESS = "ContextToken"
REFRESH = "RefreshToken"
OPERATION = "AuthenticationToken"
LIFETIMES = {
    ACCESS: timedelta(minutes=15),
    REFRESH: timedelta(days=7),
    OPERATION: timedelta(minutes=45),
}
ISSUER = "ksef-api-te"
HEADER = {"alg": "HS256", "typ": "JWT"}
SECRET_BYTES = 32


class TokenRefusedError(Exception):
    """The bearer token is malformed, of another kind, forged or expired."""


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _pack(value):
    return _encode(json.dumps(value, separators=(",", ":")).encode())


class Mint:
    """Issues and reads the three kinds of bearer token."""

    def __init__(self, clock):
        self._clock = clock
        self._secrets = {kind: secrets.token_bytes(SECRET_BYTES) for kind in LIFETIMES}

    def _sign(self, kind, signed):
        return hmac.digest(self._secrets[kind], signed.encode(), hashlib.sha256)

    def issue(self, kind, reference, claims=None):
        """Return (text, valid until) of a new token for login ``reference``."""
        issued = self._clock.now().replace(microsecond=0)
        valid_until = issued + LIFETIMES[kind]
        content = {
            "typ": kind,
            "arn": reference,
            **(claims or {}),
            "exp": int(valid_until.timestamp()),
            "iat": int(issued.timestamp()),
            "iss": ISSUER,
            "aud": ISSUER,
        }
        signed = f"{_pack(HEADER)}.{_pack(content)}"
        return f"{signed}.{_encode(self._sign(kind, signed))}", valid_until

    def read(self, text, kinds):
        """Return the claims of a valid token of one of ``kinds``."""
        signed, _, signature = text.rpartition(".")
        try:
            claims = json.loads(_decode(signed.partition(".")[2]))
            given = _decode(signature)
        except ValueError:
            raise TokenRefusedError("malformed") from None
        kind = claims.get("typ") if isinstance(claims, dict) else None
        if kind not in kinds:
            raise TokenRefusedError("wrong kind")
        if not hmac.compare_digest(given, self._sign(kind, signed)):
            raise TokenRefusedError("bad signature")
        if claims["exp"] <= self._clock.now().timestamp():
            raise TokenRefusedError("expired")
        return claims

    def void(self, kind):
        """Make every token of that kind issued so far invalid."""
        self._secrets[kind] = secrets.token_bytes(SECRET_BYTES)
