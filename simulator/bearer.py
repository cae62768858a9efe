"""Who calls: the bearer token, the address it may be used from, the permissions.

Source: KSeF API 2.0, sections on errors (401, 403) and on JWT content.
"""

import ipaddress
import json

from .jwt import ACCESS, TokenRefusedError
from .problems import RefusedError, forbidden

SCHEME = "bearer "


def identify(system, call, kinds):
    """Fill the call's login and permissions; raises 401, or 403 for the address."""
    header = call.request.headers.get("authorization", "")
    if header[: len(SCHEME)].lower() != SCHEME:
        raise RefusedError(401)
    try:
        claims = system.mint.read(header[len(SCHEME) :].strip(), kinds)
    except TokenRefusedError:
        raise RefusedError(401, detail="Token jest nieprawidłowy.") from None
    call.login = system.book.logins.get(claims["arn"])
    if call.login is None:
        raise RefusedError(401)
    call.permissions = tuple(json.loads(claims.get("pep", "[]")))
    if claims["typ"] == ACCESS:
        _check_address(call.login.allowed_ips, call.request.client_ip)


def require_any(call, permissions):
    """Raise 403 unless the access token holds one of ``permissions``."""
    if permissions and not set(permissions) & set(call.permissions):
        raise forbidden(
            "missing-permissions",
            requiredAnyOfPermissions=list(permissions),
            presentPermissions=list(call.permissions),
        )


def _check_address(policy, client_ip):
    if not any(policy.values()):
        return
    address = ipaddress.ip_address(client_ip)
    if not (
        client_ip in (policy.get("ip4Addresses") or ())
        or any(_in_range(address, text) for text in policy.get("ip4Ranges") or ())
        or any(_in_mask(address, text) for text in policy.get("ip4Masks") or ())
    ):
        raise forbidden("ip-not-allowed", clientIp=client_ip)


def _in_range(address, text):
    first, last = (ipaddress.ip_address(part) for part in text.split("-"))
    return first <= address <= last


def _in_mask(address, text):
    return address in ipaddress.ip_network(text, strict=False)
