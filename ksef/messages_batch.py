"""Messages of batch sessions and of the list of sessions; see ``messages``.

Source: KSeF API 2.0, OpenAPI schemas.
"""

# ruff: noqa: RUF009 (wire() gives a dataclass field)

from dataclasses import dataclass, field
from datetime import datetime

from .batch import Compression, Package
from .messages import FA_3, PAGE_SIZE_MAX, FormCode, encryption_json
from .secret import Secret
from .times import format_time
from .wire import FromJson, many, number, secret, text, text_map, texts, time, wire

_COMPRESSION_NAMES = {Compression.TAR_GZ: "TarGz", Compression.ZIP: "Zip"}
_SESSION_TYPES = {"online": "Online", "batch": "Batch"}


@dataclass(frozen=True)
class OpenBatchRequest:
    """Opening of a batch session: what the package will be.

    :ivar wrapped_key: AES key under the Ministry's key, bytes
    :ivar offline: declare all invoices as issued offline
    """

    package: Package
    wrapped_key: bytes = field(repr=False)
    iv: bytes = field(repr=False)
    public_key_id: str
    offline: bool = False
    form_code: FormCode = FA_3

    def to_json(self):
        """Return the body of the request."""
        return {
            "formCode": self.form_code.to_json(),
            "batchFile": {
                "fileSize": self.package.size,
                "fileHash": self.package.sha256_b64,
                "compressionType": _COMPRESSION_NAMES[self.package.compression],
                "fileParts": [_part_json(part) for part in self.package.parts],
            },
            "encryption": encryption_json(
                self.wrapped_key, self.iv, self.public_key_id
            ),
            "offlineMode": self.offline,
        }


def _part_json(part):
    return {
        "ordinalNumber": part.number,
        "fileSize": part.size,
        "fileHash": part.sha256_b64,
    }


@dataclass(frozen=True)
class PartUpload(FromJson):
    """Where one part goes: a temporary link with the headers it wants."""

    number: int = wire("ordinalNumber", number)
    method: str = wire("method", text)
    url: Secret = wire("url", secret, hash=False)
    headers: dict = wire("headers", text_map, {}, repr=False, hash=False)


@dataclass(frozen=True)
class OpenBatch(FromJson):
    """An opened batch session; ``uploads`` in the order of the parts."""

    reference: str = wire("referenceNumber", text)
    uploads: tuple[PartUpload, ...] = wire("partUploadRequests", many(PartUpload))

    def __post_init__(self):
        ordered = sorted(self.uploads, key=lambda upload: upload.number)
        object.__setattr__(self, "uploads", tuple(ordered))


@dataclass(frozen=True)
class SessionQuery:
    """Search among the sessions of this login.

    :ivar session_type: ``online`` or ``batch``
    """

    session_type: str
    created_from: datetime
    created_to: datetime

    def query(self):
        """Return the query parameters of a page."""
        return {
            "sessionType": _SESSION_TYPES[self.session_type],
            "dateCreatedFrom": format_time(self.created_from),
            "dateCreatedTo": format_time(self.created_to),
            "pageSize": PAGE_SIZE_MAX,
        }


@dataclass(frozen=True)
class SessionSummary(FromJson):
    """One session of the list."""

    reference: str = wire("referenceNumber", text)
    code: int = wire("status.code", number)
    description: str = wire("status.description", text, "")
    details: tuple[str, ...] = wire("status.details", texts, ())
    created_on: datetime | None = wire("dateCreated", time, None)
    updated_on: datetime | None = wire("dateUpdated", time, None)
    valid_until: datetime | None = wire("validUntil", time, None)
    invoice_count: int = wire("totalInvoiceCount", number, 0)
    successful_invoice_count: int = wire("successfulInvoiceCount", number, 0)
    failed_invoice_count: int = wire("failedInvoiceCount", number, 0)


@dataclass(frozen=True)
class SessionPage(FromJson):
    """One page of the list; ``next_page`` is empty on the last."""

    sessions: tuple[SessionSummary, ...] = wire("sessions", many(SessionSummary))
    next_page: str = wire("continuationToken", text, "")
