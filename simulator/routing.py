"""The operations: address, handler, who may call, what is counted, what is taken.

Source: OpenAPI of KSeF 2.0, paths with their permissions and rate limits.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from . import (
    auth,
    batches,
    certificate_login,
    invoices,
    lighthouse,
    queries,
    service_limits,
    sessions,
    storage,
    tokens,
)
from . import request_shapes as shapes
from .jwt import ACCESS, OPERATION, REFRESH
from .limits import OTHER_GROUP, PUBLIC_GROUP
from .links import STORAGE_PREFIX

PREFIX = "/v2"
SEND_RIGHTS = ("InvoiceWrite", "PefInvoiceWrite", "EnforcementOperations")
SEE_RIGHTS = ("InvoiceWrite", "Introspection", *SEND_RIGHTS[1:])
LIST_RIGHTS = ("InvoiceWrite", "Introspection", "EnforcementOperations")
BATCH_RIGHTS = ("InvoiceWrite", "EnforcementOperations")
READ_RIGHTS = ("InvoiceRead",)
PARAMETER_PATTERNS = {"ksefNumber": (35, 36, shapes.KSEF_NUMBER)}
REFERENCE_PATTERN = (shapes.REFERENCE_LENGTH, shapes.REFERENCE_LENGTH, None)


@dataclass(frozen=True)
class Operation:
    """``bearers`` are the kinds of bearer token taken; none means public."""

    name: str
    method: str
    path: str
    handler: Callable
    group: str | None = OTHER_GROUP
    bearers: tuple = (ACCESS,)
    rights: tuple = ()
    body: Callable | None = None
    takes_xml: bool = False
    query: dict = field(default_factory=dict)

    @property
    def is_api(self):
        return self.path.startswith(PREFIX)


def _public(name, method, path, handler, **extra):
    return Operation(name, method, PREFIX + path, handler, PUBLIC_GROUP, (), **extra)


def _login(name, method, path, handler, bearer):
    return Operation(name, method, PREFIX + path, handler, PUBLIC_GROUP, (bearer,))


def _other(name, method, path, handler, **extra):
    return Operation(name, method, PREFIX + path, handler, **extra)


def _session(name, method, path, handler, group, rights=SEE_RIGHTS, **extra):
    full = f"{PREFIX}/sessions{path}"
    return Operation(name, method, full, handler, group, rights=rights, **extra)


def _read(name, method, path, handler, group, **extra):
    full = f"{PREFIX}/invoices{path}"
    return Operation(name, method, full, handler, group, rights=READ_RIGHTS, **extra)


def _outside(name, method, path, handler):
    return Operation(name, method, path, handler, None, ())


REFERENCE = "/{referenceNumber}"
INVOICE = REFERENCE + "/invoices/{invoiceReferenceNumber}"
OPERATIONS = (
    _public(
        "public_keys", "GET", "/security/public-key-certificates", auth.public_keys
    ),
    _public("challenge", "POST", "/auth/challenge", auth.challenge),
    _public(
        "login_token",
        "POST",
        "/auth/ksef-token",
        auth.login_token,
        body=shapes.LOGIN_BODY,
    ),
    _public(
        "login_certificate",
        "POST",
        "/auth/xades-signature",
        certificate_login.login_certificate,
        takes_xml=True,
        query=shapes.CHAIN_QUERY,
    ),
    _login("redeem", "POST", "/auth/token/redeem", auth.redeem, OPERATION),
    _login("refresh", "POST", "/auth/token/refresh", auth.refresh, REFRESH),
    _other(
        "auth_session_list",
        "GET",
        "/auth/sessions",
        auth.auth_session_list,
        query=shapes.page_size(100),
    ),
    _other(
        "logout",
        "DELETE",
        "/auth/sessions/current",
        auth.logout,
        bearers=(ACCESS, REFRESH),
    ),
    _other(
        "auth_session_delete",
        "DELETE",
        "/auth/sessions" + REFERENCE,
        auth.auth_session_delete,
    ),
    _login("login_status", "GET", "/auth" + REFERENCE, auth.login_status, OPERATION),
    _other(
        "token_create", "POST", "/tokens", tokens.token_create, body=shapes.TOKEN_BODY
    ),
    _other(
        "token_list", "GET", "/tokens", tokens.token_list, query=shapes.TOKEN_LIST_QUERY
    ),
    _other("token_get", "GET", "/tokens" + REFERENCE, tokens.token_get),
    _other("token_revoke", "DELETE", "/tokens" + REFERENCE, tokens.token_revoke),
    _other("rate_limits", "GET", "/rate-limits", service_limits.rate_limits),
    _other("context_limits", "GET", "/limits/context", service_limits.context_limits),
    _session(
        "open_online",
        "POST",
        "/online",
        sessions.open_online,
        "onlineSession",
        SEND_RIGHTS,
        body=shapes.OPEN_BODY,
    ),
    _session(
        "send_invoice",
        "POST",
        f"/online{REFERENCE}/invoices",
        invoices.send_invoice,
        "invoiceSend",
        SEND_RIGHTS,
        body=shapes.SEND_BODY,
    ),
    _session(
        "close_online",
        "POST",
        f"/online{REFERENCE}/close",
        sessions.close_online,
        "onlineSessionClose",
        SEND_RIGHTS,
    ),
    _session(
        "open_batch",
        "POST",
        "/batch",
        batches.open_batch,
        "batchSession",
        BATCH_RIGHTS,
        body=shapes.OPEN_BATCH_BODY,
    ),
    _session(
        "close_batch",
        "POST",
        f"/batch{REFERENCE}/close",
        batches.close_batch,
        "batchSessionClose",
        BATCH_RIGHTS,
    ),
    _session(
        "sessions_list",
        "GET",
        "",
        sessions.sessions_list,
        "sessionList",
        LIST_RIGHTS,
        query=shapes.SESSION_LIST_QUERY,
    ),
    _session(
        "session_status", "GET", REFERENCE, sessions.session_status, "sessionMisc"
    ),
    _session(
        "session_invoices",
        "GET",
        REFERENCE + "/invoices",
        invoices.session_invoices,
        "sessionInvoiceList",
        query=shapes.page_size(1000),
    ),
    _session(
        "failed_invoices",
        "GET",
        REFERENCE + "/invoices/failed",
        invoices.failed_invoices,
        "sessionInvoiceList",
        query=shapes.page_size(1000),
    ),
    _session(
        "ksef_upo",
        "GET",
        REFERENCE + "/invoices/ksef/{ksefNumber}/upo",
        invoices.upo_by_number,
        "sessionMisc",
    ),
    _session(
        "invoice_status", "GET", INVOICE, invoices.invoice_status, "invoiceStatus"
    ),
    _session(
        "invoice_upo", "GET", INVOICE + "/upo", invoices.upo_by_reference, "sessionMisc"
    ),
    _session(
        "session_upo",
        "GET",
        REFERENCE + "/upo/{upoReferenceNumber}",
        sessions.session_upo,
        "sessionMisc",
    ),
    _read(
        "query_metadata",
        "POST",
        "/query/metadata",
        queries.query_metadata,
        "invoiceMetadata",
        body=shapes.METADATA_BODY,
        query=shapes.METADATA_QUERY,
    ),
    _read(
        "invoice_download",
        "GET",
        "/ksef/{ksefNumber}",
        queries.invoice_download,
        "invoiceDownload",
    ),
    _outside("lighthouse_status", "GET", "/lighthouse/status", lighthouse.status),
    _outside("lighthouse_messages", "GET", "/lighthouse/messages", lighthouse.messages),
    _outside("upo_link", "GET", STORAGE_PREFIX + "{name}", storage.download),
    _outside("upload_part", "PUT", STORAGE_PREFIX + "{name}", storage.upload_part),
)
NAMES = frozenset(operation.name for operation in OPERATIONS)
API = frozenset(operation.name for operation in OPERATIONS if operation.is_api)


def _pattern(path):
    pattern = re.escape(path).replace(r"\{", "{").replace(r"\}", "}")
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
    return re.compile(pattern.replace("(?P<name>[^/]+)", "(?P<name>.+)"))


# More constant parts first, so that "failed" is no invoice reference.
_ROUTES = [
    (_pattern(operation.path), operation)
    for operation in sorted(OPERATIONS, key=lambda operation: operation.path.count("{"))
]


def find(method, path):
    """Return (operation, path parameters), (None, {}) for an unknown address."""
    for pattern, operation in _ROUTES:
        match = pattern.fullmatch(path)
        if match and operation.method == method:
            return operation, match.groupdict()
    return None, {}


def is_path(path):
    """Whether some method is defined at that address."""
    return any(pattern.fullmatch(path) for pattern, _ in _ROUTES)
