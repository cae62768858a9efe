"""Pre-signed addresses: they carry their own right, for reading or writing, and end.

Nothing is stored for them: the signature covers right, path and end.
Source: KSeF API 2.0, sections on UPO download and on the batch session.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import urlencode

from .clock import from_text, to_text

READ = "r"
WRITE = "w"
READ_LIFETIME = timedelta(days=3)
SECRET_BYTES = 32
NONCE_BYTES = 6
STORAGE_PREFIX = "/storage/"
HASH_HEADER = "x-ms-meta-hash"


class Signer:
    """Signs and checks addresses; ``void`` makes all given so far useless."""

    def __init__(self, clock):
        self._clock = clock
        self.void()

    def void(self):
        self._secret = secrets.token_bytes(SECRET_BYTES)

    def read_link(self, base_url, path):
        """Return (URL, expiry text) of a fresh link to the stored ``path``."""
        end = (self._clock.now() + READ_LIFETIME).replace(microsecond=0)
        return self._link(base_url, path, READ, end), to_text(end)

    def write_link(self, base_url, path, end):
        """Return the URL under which ``path`` may be written until ``end``."""
        return self._link(base_url, path, WRITE, end)

    def allows(self, path, query, right, moment):
        """Whether the query of a request gives ``right`` on ``path``."""
        given = {name: values[-1] for name, values in query.items()}
        nonce, end = given.get("skoid", ""), given.get("se", "")
        expected = self._sign(path, right, nonce, end)
        if not hmac.compare_digest(expected, given.get("sig", "").encode()):
            return False
        return moment < from_text(end)

    def _link(self, base_url, path, right, end):
        nonce, end = secrets.token_hex(NONCE_BYTES), to_text(end)
        signature = self._sign(path, right, nonce, end).decode()
        query = {"skoid": nonce, "se": end, "sp": right, "sig": signature}
        return f"{base_url}{STORAGE_PREFIX}{path}?{urlencode(query)}"

    def _sign(self, path, right, nonce, end):
        signed = "\n".join((right, path, nonce, end)).encode()
        digest = hmac.digest(self._secret, signed, hashlib.sha256)
        return urlsafe_b64encode(digest)
