"""Requests and answers as frozen dataclasses.

KSeF's camelCase names stand here and in ``messages_batch``, nowhere else.

A field of an answer stands on one line with its place in the JSON. Optional
properties are None (lists empty, counters 0) when missing or null.
Source: KSeF API 2.0, OpenAPI schemas.
"""

# ruff: noqa: RUF009 (wire() gives a dataclass field)

import base64
import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from .errors import Problem
from .secret import Secret
from .times import format_time
from .wire import (
    FromJson,
    bearer,
    data,
    day,
    get,
    get_or_none,
    listing,
    many,
    number,
    secret,
    text,
    texts,
    time,
    wire,
)

PAGE_SIZE_MAX = 1000  # invoices of a session per page; source: section on paging
METADATA_PAGE_SIZE_MAX = 250  # same source

USAGE_TOKEN = "KsefTokenEncryption"
USAGE_SESSION = "SymmetricKeyEncryption"

CONTINUATION_HEADER = "x-continuation-token"
HASH_HEADER = "x-ms-meta-hash"

# Names under which an end of tokens may come; none is documented yet.
_TOKEN_END_NAMES = ("validUntil", "validTo", "expirationDate", "dateExpired")
_SERVICE_REFERENCE = re.compile(r"[0-9A-Za-z:.|_-]{1,100}")


def _b64(content):
    return base64.b64encode(content).decode("ascii")


# -- login -------------------------------------------------------------------


@dataclass(frozen=True)
class PublicKey(FromJson):
    """One certificate of the Ministry.

    :ivar certificate: DER
    :ivar usages: ``USAGE_TOKEN`` and/or ``USAGE_SESSION``
    """

    certificate: bytes = wire("certificate", data, repr=False)
    public_key_id: str = wire("publicKeyId", text)
    valid_from: datetime = wire("validFrom", time)
    valid_to: datetime = wire("validTo", time)
    usages: tuple[str, ...] = wire("usage", texts)


@dataclass(frozen=True)
class Challenge(FromJson):
    """Start of a login.

    :ivar timestamp_ms: milliseconds, to be used as they are
    :ivar client_ip: our address as KSeF sees it, or None
    """

    challenge: str = wire("challenge", text)
    timestamp_ms: int = wire("timestampMs", number)
    client_ip: str | None = wire("clientIp", text, None)


@dataclass(frozen=True)
class LoginRequest:
    """Login with a KSeF token in the context of a NIP."""

    challenge: str
    nip: str
    encrypted_token: bytes = field(repr=False)
    public_key_id: str

    def to_json(self):
        """Return the body of the request."""
        return {
            "challenge": self.challenge,
            "contextIdentifier": {"type": "Nip", "value": self.nip},
            "encryptedToken": _b64(self.encrypted_token),
            "publicKeyId": self.public_key_id,
        }


@dataclass(frozen=True)
class LoginStarted(FromJson):
    """A login under way; ``operation`` is the bearer for its status."""

    reference: str = wire("referenceNumber", text)
    operation: Secret = wire("authenticationToken.token", bearer)
    operation_valid_until: datetime = wire("authenticationToken.validUntil", time)


@dataclass(frozen=True)
class LoginStatus(FromJson):
    """State of a login, KSeF's words included."""

    code: int = wire("status.code", number)
    description: str = wire("status.description", text, "")
    details: tuple[str, ...] = wire("status.details", texts, ())


@dataclass(frozen=True)
class TokenPair(FromJson):
    """What a finished login gives, once."""

    access: Secret = wire("accessToken.token", bearer)
    access_valid_until: datetime = wire("accessToken.validUntil", time)
    refresh: Secret = wire("refreshToken.token", bearer)
    refresh_valid_until: datetime = wire("refreshToken.validUntil", time)


@dataclass(frozen=True)
class RefreshedAccess(FromJson):
    """A new access token; the refresh token stays the same."""

    access: Secret = wire("accessToken.token", bearer)
    valid_until: datetime = wire("accessToken.validUntil", time)


# -- sessions and invoices -----------------------------------------------------


@dataclass(frozen=True)
class FormCode:
    """Schema of the invoices of a session."""

    system_code: str
    schema_version: str
    value: str

    def to_json(self):
        """Return the part of a request that names the form."""
        return {
            "systemCode": self.system_code,
            "schemaVersion": self.schema_version,
            "value": self.value,
        }


FA_3 = FormCode("FA (3)", "1-0E", "FA")


def encryption_json(wrapped_key, iv, public_key_id):
    """Return the part of a request that hands over the key of a session."""
    return {
        "encryptedSymmetricKey": _b64(wrapped_key),
        "initializationVector": _b64(iv),
        "publicKeyId": public_key_id,
    }


@dataclass(frozen=True)
class OpenSessionRequest:
    """Opening of an interactive session.

    :ivar wrapped_key: AES key under the Ministry's key, bytes
    """

    wrapped_key: bytes = field(repr=False)
    iv: bytes = field(repr=False)
    public_key_id: str
    form_code: FormCode = FA_3

    def to_json(self):
        """Return the body of the request."""
        return {
            "formCode": self.form_code.to_json(),
            "encryption": encryption_json(
                self.wrapped_key, self.iv, self.public_key_id
            ),
        }


@dataclass(frozen=True)
class OpenSession(FromJson):
    """An opened interactive session."""

    reference: str = wire("referenceNumber", text)
    valid_until: datetime = wire("validUntil", time)


@dataclass(frozen=True)
class EncryptedInvoice:
    """One invoice, ready to be sent; sizes in bytes, hashes SHA-256 in Base64."""

    content: bytes = field(repr=False)
    encrypted_hash_b64: str
    encrypted_size: int
    invoice_hash_b64: str
    invoice_size: int

    def to_json(self, offline=False):
        """Return the body of the request.

        :param offline: declare the invoice as issued offline
        """
        return {
            "invoiceHash": self.invoice_hash_b64,
            "invoiceSize": self.invoice_size,
            "encryptedInvoiceHash": self.encrypted_hash_b64,
            "encryptedInvoiceSize": self.encrypted_size,
            "encryptedInvoiceContent": _b64(self.content),
            "offlineMode": bool(offline),
        }


@dataclass(frozen=True)
class SentInvoice(FromJson):
    """An invoice that KSeF took for processing."""

    reference: str = wire("referenceNumber", text)


@dataclass(frozen=True)
class Link:
    """A temporary link to a receipt; used without a login, never stored."""

    url: Secret = field(hash=False)
    valid_until: datetime | None = None


def _link(url_name, time_name):
    """Return a reader of a link; an odd one is none and spoils nothing else."""

    def read(source):
        url = get_or_none(source, url_name, secret)
        return url and Link(url, get_or_none(source, time_name, time))

    return read


@dataclass(frozen=True)
class UpoPage(FromJson):
    """One page of a session's receipt."""

    reference: str = wire("referenceNumber", text)
    link: Link | None = wire("", _link("downloadUrl", "downloadUrlExpirationDate"))


@dataclass(frozen=True)
class SessionStatus(FromJson):
    """State of a sending session.

    :ivar upo_pages: receipts, once the session is closed and processed
    """

    code: int = wire("status.code", number)
    description: str = wire("status.description", text, "")
    details: tuple[str, ...] = wire("status.details", texts, ())
    created_on: datetime | None = wire("dateCreated", time, None)
    updated_on: datetime | None = wire("dateUpdated", time, None)
    valid_until: datetime | None = wire("validUntil", time, None)
    invoice_count: int = wire("invoiceCount", number, 0)
    successful_invoice_count: int = wire("successfulInvoiceCount", number, 0)
    failed_invoice_count: int = wire("failedInvoiceCount", number, 0)
    upo_pages: tuple[UpoPage, ...] = wire("upo.pages", many(UpoPage), ())


@dataclass(frozen=True)
class InvoiceStatus(FromJson):
    """State of one sent invoice.

    :ivar hash_b64: SHA-256 of the XML, Base64; the key to match on (may be None
        in the answer about a single invoice)
    :ivar invoicing_on: received for processing
    :ivar acquired_on: KSeF number given
    :ivar stored_on: stored for good, may come later than code 200
    :ivar mode: ``Online``, ``Offline`` or None
    :ivar original_ksef_number: of the earlier document, for a duplicate
    :ivar upo_link: to the receipt, None while there is none
    """

    reference: str = wire("referenceNumber", text)
    hash_b64: str | None = wire("invoiceHash", text, None)
    ksef_number: str | None = wire("ksefNumber", text, None)
    invoice_number: str | None = wire("invoiceNumber", text, None)
    invoicing_on: datetime | None = wire("invoicingDate", time, None)
    acquired_on: datetime | None = wire("acquisitionDate", time, None)
    stored_on: datetime | None = wire("permanentStorageDate", time, None)
    mode: str | None = wire("invoicingMode", text, None)
    code: int = wire("status.code", number)
    description: str = wire("status.description", text, "")
    details: tuple[str, ...] = wire("status.details", texts, ())
    original_ksef_number: str | None = wire(
        "status.extensions.originalKsefNumber", text, None
    )
    original_session_reference: str | None = wire(
        "status.extensions.originalSessionReferenceNumber", text, None
    )
    upo_link: Link | None = wire(
        "", _link("upoDownloadUrl", "upoDownloadUrlExpirationDate")
    )


@dataclass(frozen=True)
class InvoicePage(FromJson):
    """One page of a session's invoices; ``next_page`` is empty on the last."""

    invoices: tuple[InvoiceStatus, ...] = wire("invoices", many(InvoiceStatus))
    next_page: str = wire("continuationToken", text, "")

    @staticmethod
    def query():
        """Return the query parameters of a page."""
        return {"pageSize": PAGE_SIZE_MAX}


# -- tokens and limits ---------------------------------------------------------


@dataclass(frozen=True)
class TokenMetadata(FromJson):
    """What KSeF says about a KSeF token.

    :ivar permissions: KSeF's names, e.g. ``InvoiceWrite``
    :ivar author_type: ``Nip``, ``Pesel`` or ``Fingerprint``
    :ivar status: ``Pending``, ``Active``, ``Revoking``, ``Revoked``, ``Failed``
    :ivar valid_until: None while KSeF gives tokens no end
    """

    reference: str = wire("referenceNumber", text)
    description: str = wire("description", text, "")
    permissions: tuple[str, ...] = wire("requestedPermissions", texts, ())
    author_type: str | None = wire("authorIdentifier.type", text, None)
    author_value: str | None = wire("authorIdentifier.value", text, None)
    context_type: str | None = wire("contextIdentifier.type", text, None)
    context_value: str | None = wire("contextIdentifier.value", text, None)
    created_on: datetime | None = wire("dateCreated", time, None)
    last_used_on: datetime | None = wire("lastUseDate", time, None)
    status: str = wire("status", text)
    status_details: tuple[str, ...] = wire("statusDetails", texts, ())
    valid_until: datetime | None = field(default=None)

    @classmethod
    def from_json(cls, source):
        """Return the message; raises :class:`~.wire.MessageError`."""
        ends = (get_or_none(source, name, time) for name in _TOKEN_END_NAMES)
        end = next(filter(None, ends), None)
        return replace(super().from_json(source), valid_until=end)


def rate_limits(source):
    """Read the limits in force, whatever groups there are.

    A server before API 2.8 has no groups for closing: it counts with opening.

    :returns: dict group (snake case) -> dict ``per_second``, ``per_minute``,
        ``per_hour`` -> number of calls, None for unlimited
    """
    groups = source if isinstance(source, dict) else {}
    found = {
        _snake(group): {_snake(name): _limit(limits, name) for name in _LIMIT_NAMES}
        for group, limits in groups.items()
    }
    for closing, opening in _COUNTED_WITH.items():
        if closing not in found and opening in found:
            found[closing] = dict(found[opening])
    return found


_COUNTED_WITH = {
    "online_session_close": "online_session",
    "batch_session_close": "batch_session",
}
_LIMIT_NAMES = ("perSecond", "perMinute", "perHour")


def _limit(limits, name):
    value = get_or_none(limits, name, number)
    return None if value is None or value < 0 else value


def _snake(name):
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


# -- search --------------------------------------------------------------------


@dataclass(frozen=True)
class MetadataQuery:
    """Search among the invoices issued by the context.

    :ivar received_from: start of the window (reception by KSeF); at most three
        months before ``received_to``
    """

    received_from: datetime
    received_to: datetime
    ksef_number: str | None = None
    invoice_number: str | None = None
    seller_nip: str | None = None

    def to_json(self):
        """Return the body of the request."""
        filters = {
            "ksefNumber": self.ksef_number,
            "invoiceNumber": self.invoice_number,
            "sellerNip": self.seller_nip,
        }
        return {
            "subjectType": "Subject1",
            "dateRange": {
                "dateType": "Invoicing",
                "from": format_time(self.received_from),
                "to": format_time(self.received_to),
            },
            **{name: value for name, value in filters.items() if value},
        }

    @staticmethod
    def query():
        """Return the query parameters of a page."""
        return {
            "sortOrder": "Asc",
            "pageOffset": 0,
            "pageSize": METADATA_PAGE_SIZE_MAX,
        }


@dataclass(frozen=True)
class InvoiceMetadata(FromJson):
    """One found invoice; ``hash_b64`` is the SHA-256 of its XML in Base64."""

    ksef_number: str = wire("ksefNumber", text)
    invoice_number: str = wire("invoiceNumber", text)
    issue_date: date = wire("issueDate", day)
    hash_b64: str = wire("invoiceHash", text)
    seller_nip: str | None = wire("seller.nip", text, None)
    kind: str | None = wire("invoiceType", text, None)
    mode: str | None = wire("invoicingMode", text, None)
    invoicing_on: datetime | None = wire("invoicingDate", time, None)
    acquired_on: datetime | None = wire("acquisitionDate", time, None)
    stored_on: datetime | None = wire("permanentStorageDate", time, None)


def found_invoices(source):
    """Read one page of a search; returns a list of :class:`InvoiceMetadata`."""
    return list(get(source, "invoices", many(InvoiceMetadata)))


# -- failures ------------------------------------------------------------------


def problems(source):
    """Read the list of an HTTP 400 body, in either of its two shapes."""
    shapes = (
        ("errors", "code", "description"),
        ("exception.exceptionDetailList", "exceptionCode", "exceptionDescription"),
    )
    for path, code, description in shapes:
        entries = get_or_none(source, path, listing) or ()
        if entries:
            return tuple(_problem(entry, code, description) for entry in entries)
    return ()


def _problem(entry, code, description):
    return Problem(
        get_or_none(entry, code, number),
        get_or_none(entry, description, text) or "",
        get_or_none(entry, "details", texts) or (),
    )


def service_reference(source):
    """Return KSeF's trace id of an error body, or None; safe to log."""
    paths = ("traceId", "exception.serviceCode")
    found = filter(None, (get_or_none(source, path, text) for path in paths))
    reference = next(found, "")
    return reference if _SERVICE_REFERENCE.fullmatch(reference) else None


def forbidden(source):
    """Return the fields of :class:`~.errors.KsefForbidden` of an HTTP 403 body."""
    required = get_or_none(source, "security.requiredAnyOfPermissions", texts)
    present = get_or_none(source, "security.presentPermissions", texts)
    return {
        "reason_code": get_or_none(source, "reasonCode", text),
        "required": required or (),
        "present": present or (),
        "client_ip": get_or_none(source, "security.clientIp", text),
        "incident": get_or_none(source, "security.incidentId", text),
    }


def problem_details(source):
    """Return KSeF's sentence of a problem body as a tuple of none or one text."""
    sentence = get_or_none(source, "detail", text)
    return (sentence,) if sentence else ()
