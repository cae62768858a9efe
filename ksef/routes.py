"""Every path we call, its rate group, and which calls may be repeated.

Source: KSeF API 2.0, OpenAPI paths and section on limits. Group names are those
of the answer of ``rate_limits``, in snake case.
"""

from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

JSON_LIMIT_BYTES = 8_000_000  # ours: a page of 1000 invoices with long details
UPO_LIMIT_BYTES = 3_000_000  # ours: one receipt with its signature is about 20 kB
UPO_PAGE_LIMIT_BYTES = 30_000_000  # ours: 10 000 entries are about 7 MB
LIGHTHOUSE_LIMIT_BYTES = 1_000_000  # ours


class Content(str, Enum):
    """What a body holds."""

    JSON = "json"
    XML = "xml"
    NOTHING = "nothing"  # status 204


@dataclass(frozen=True)
class Route:
    """One endpoint.

    :ivar operation: its name in errors and logs
    :ivar template: path below the API base, ``{…}`` for values
    :ivar group: rate group, empty where nothing counts; every endpoint of
        "other" counts on its own
    :ivar sends: kind of the request's body, where there is one
    """

    operation: str
    method: str
    template: str
    group: str
    content: Content = Content.JSON
    limit_bytes: int = JSON_LIMIT_BYTES
    sends: Content = Content.JSON

    def path(self, **values):
        """Return the path with the values quoted, slashes and dots included."""
        quoted = {name: _quoted(value) for name, value in values.items()}
        return self.template.format(**quoted)

    @property
    def is_repeatable(self):
        """True when a lost answer may be asked for once more."""
        return self.operation in MAY_BE_REPEATED


def _quoted(value):
    if not value or not value.strip("."):
        raise ValueError("an empty path segment")
    return quote(value, safe="")


PUBLIC_KEYS = Route(
    "public_keys", "GET", "/security/public-key-certificates", "anonymous"
)
CHALLENGE = Route("challenge", "POST", "/auth/challenge", "anonymous")
LOGIN_TOKEN = Route("login_token", "POST", "/auth/ksef-token", "anonymous")
LOGIN_CERTIFICATE = Route(
    "login_certificate",
    "POST",
    "/auth/xades-signature",
    "anonymous",
    sends=Content.XML,
)
LOGIN_STATUS = Route("login_status", "GET", "/auth/{reference}", "anonymous")
REDEEM = Route("redeem", "POST", "/auth/token/redeem", "anonymous")
REFRESH = Route("refresh", "POST", "/auth/token/refresh", "anonymous")

OPEN_ONLINE = Route("open_online", "POST", "/sessions/online", "online_session")
SEND_INVOICE = Route(
    "send_invoice", "POST", "/sessions/online/{session}/invoices", "invoice_send"
)
CLOSE_ONLINE = Route(
    "close_online",
    "POST",
    "/sessions/online/{session}/close",
    "online_session_close",
    Content.NOTHING,
)
SESSION_STATUS = Route("session_status", "GET", "/sessions/{session}", "session_misc")
SESSION_INVOICES = Route(
    "session_invoices", "GET", "/sessions/{session}/invoices", "session_invoice_list"
)
INVOICE_STATUS = Route(
    "invoice_status", "GET", "/sessions/{session}/invoices/{invoice}", "invoice_status"
)
INVOICE_UPO = Route(
    "invoice_upo",
    "GET",
    "/sessions/{session}/invoices/{invoice}/upo",
    "session_misc",
    Content.XML,
    UPO_LIMIT_BYTES,
)

OPEN_BATCH = Route("open_batch", "POST", "/sessions/batch", "batch_session")
CLOSE_BATCH = Route(
    "close_batch",
    "POST",
    "/sessions/batch/{session}/close",
    "batch_session_close",
    Content.NOTHING,
)
FAILED_INVOICES = Route(
    "failed_invoices",
    "GET",
    "/sessions/{session}/invoices/failed",
    "session_invoice_list",
)
SESSION_UPO = Route(
    "session_upo",
    "GET",
    "/sessions/{session}/upo/{upo}",
    "session_misc",
    Content.XML,
    UPO_PAGE_LIMIT_BYTES,
)
SESSIONS = Route("sessions_list", "GET", "/sessions", "session_list")

TOKEN_GET = Route("token_get", "GET", "/tokens/{token}", "other")
TOKEN_REVOKE = Route(
    "token_revoke", "DELETE", "/tokens/{token}", "other", Content.NOTHING
)
RATE_LIMITS = Route("rate_limits", "GET", "/rate-limits", "other")
QUERY_METADATA = Route(
    "query_metadata", "POST", "/invoices/query/metadata", "invoice_metadata"
)

# Whole addresses that KSeF gives; the template stands for them in logs.
UPLOAD_PART = Route("upload_part", "PUT", "(part)", "", Content.NOTHING)
DOWNLOAD = Route("upo_link", "GET", "(link)", "", Content.XML, UPO_PAGE_LIMIT_BYTES)
LIGHTHOUSE_STATUS = Route(
    "lighthouse_status",
    "GET",
    "/status",
    "",
    limit_bytes=LIGHTHOUSE_LIMIT_BYTES,
)
LIGHTHOUSE_MESSAGES = Route(
    "lighthouse_messages",
    "GET",
    "/messages",
    "",
    limit_bytes=LIGHTHOUSE_LIMIT_BYTES,
)

# Allow-list: these change nothing at KSeF, or nothing that matters twice. A call
# that is not here is never sent again below the caller.
MAY_BE_REPEATED = frozenset(
    {
        PUBLIC_KEYS.operation,
        CHALLENGE.operation,
        LOGIN_STATUS.operation,
        REFRESH.operation,
        SESSION_STATUS.operation,
        SESSION_INVOICES.operation,
        INVOICE_STATUS.operation,
        INVOICE_UPO.operation,
        FAILED_INVOICES.operation,
        SESSION_UPO.operation,
        SESSIONS.operation,
        TOKEN_GET.operation,
        RATE_LIMITS.operation,
    }
)

ALL_ROUTES = (
    PUBLIC_KEYS,
    CHALLENGE,
    LOGIN_TOKEN,
    LOGIN_CERTIFICATE,
    LOGIN_STATUS,
    REDEEM,
    REFRESH,
    OPEN_ONLINE,
    SEND_INVOICE,
    CLOSE_ONLINE,
    SESSION_STATUS,
    SESSION_INVOICES,
    INVOICE_STATUS,
    INVOICE_UPO,
    OPEN_BATCH,
    CLOSE_BATCH,
    FAILED_INVOICES,
    SESSION_UPO,
    SESSIONS,
    TOKEN_GET,
    TOKEN_REVOKE,
    RATE_LIMITS,
    QUERY_METADATA,
)
