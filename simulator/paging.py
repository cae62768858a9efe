"""Pages by continuation token, which is opaque to clients."""

import base64
import json

from .problems import Code, refusal

HEADER = "x-continuation-token"
DEFAULT_PAGE_SIZE = 10
ANY_SCOPE = "*"


def page(items, call, scope):
    """Return (items of this page, continuation token or None).

    ``scope`` names the listing; a token of another listing is refused (400/21418).
    """
    start = _read(call.request.headers.get(HEADER), scope)
    end = start + call.query.get("pageSize", DEFAULT_PAGE_SIZE)
    return items[start:end], _write(scope, end) if end < len(items) else None


def token_to_the_start():
    """A token that any listing takes for its first page: for endless lists."""
    return _write(ANY_SCOPE, 0)


def _write(scope, position):
    return base64.b64encode(json.dumps([scope, position]).encode()).decode()


def _read(token, scope):
    if not token:
        return 0
    try:
        given_scope, position = json.loads(base64.b64decode(token, validate=True))
    except (TypeError, ValueError):
        raise refusal(Code.BAD_CONTINUATION) from None
    if (
        given_scope not in (scope, ANY_SCOPE)
        or not isinstance(position, int)
        or position < 0
    ):
        raise refusal(Code.BAD_CONTINUATION)
    return position
