"""Pre-signed download links: they carry their own right and expire.

Source: KSeF API 2.0, section on UPO download.
"""

import secrets
from datetime import timedelta

from .clock import to_text
from .exchange import XML, Response

LINK_LIFETIME = timedelta(days=3)
SIGNATURE_BYTES = 24
STORAGE_PREFIX = "/storage/"
HASH_HEADER = "x-ms-meta-hash"
DENIED = (
    '<?xml version="1.0" encoding="utf-8"?>'
    "<Error><Code>AuthenticationFailed</Code></Error>"
)


def make_link(system, call, path, content, content_hash):
    """Return (URL, expiry text) of a fresh link to ``content``."""
    signature = secrets.token_urlsafe(SIGNATURE_BYTES)
    expires = (system.clock.now() + LINK_LIFETIME).replace(microsecond=0)
    system.links[signature] = (expires, content, content_hash)
    base = call.request.base_url
    return f"{base}{STORAGE_PREFIX}{path}?sp=r&sig={signature}", to_text(expires)


def download_link(system, call):
    """Answer a link's GET; a bearer token is as wrong here as a bad signature."""
    signature = call.request.query.get("sig", [""])[-1]
    expires, content, content_hash = system.links.get(signature, (None, b"", ""))
    is_expired = expires is None or expires <= system.clock.now()
    if is_expired or "authorization" in call.request.headers:
        return Response(403, DENIED.encode(), XML)
    return Response(200, content, XML, {HASH_HEADER: content_hash})
