"""Everything the simulated service remembers, in memory."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509

from . import numbers
from .statuses import InvoiceCode, LoginCode, SessionCode, Status

TOKEN_SECRET_BYTES = 32
OWNER = "Owner"
LOGIN_RUNNING = Status(LoginCode.RUNNING)
SESSION_OPEN = Status(SessionCode.OPEN)
INVOICE_RECEIVED = Status(InvoiceCode.RECEIVED)


@dataclass
class Challenge:
    """``timestamp_ms`` is what the client has to encrypt with its token."""

    reference: str
    issued: datetime
    used: bool = False

    @property
    def timestamp_ms(self):
        # Cut, not rounded: the service compares whole milliseconds.
        return int(self.issued.timestamp()) * 1000 + self.issued.microsecond // 1000


@dataclass
class KsefToken:
    """A KSeF token; ``author`` and ``context`` are (type, value)."""

    reference: str
    context: tuple
    author: tuple
    permissions: list
    description: str
    created: datetime
    status: str = "Active"
    last_used: datetime | None = None
    secret: str = field(
        default_factory=lambda: secrets.token_hex(TOKEN_SECRET_BYTES), repr=False
    )

    @property
    def text(self):
        kind, value = self.context
        return f"{self.reference}|{kind[0].lower()}{kind[1:]}-{value}|{self.secret}"


@dataclass
class Certificate:
    """A certificate that the simulator issued; ``kind`` as in KSeF, or Seal."""

    kind: str
    method: str
    status: str = "Active"


@dataclass(frozen=True)
class TokenProof:
    """What a login by KSeF token shows."""

    ciphertext: bytes = field(repr=False)
    public_key_id: str | None
    method: str = "Token"


@dataclass(frozen=True)
class CertificateProof:
    """What a login by signature shows; ``document_hash`` is Base64 of SHA-256.

    ``subject`` is the (type, value) that the certificate stands for.
    """

    certificate: x509.Certificate
    subject: tuple
    signed_on: datetime
    document_hash: str
    forces_chain: bool
    method: str


@dataclass
class Login:
    """One authentication: an operation first, an auth session once redeemed.

    ``proof`` is of either kind; ``subject`` is known once it is accepted.
    """

    reference: str
    started: datetime
    due: datetime
    context: tuple
    proof: TokenProof | CertificateProof
    challenge: Challenge
    allowed_ips: dict
    fate: Status | None = None
    status: Status = LOGIN_RUNNING
    subject: tuple | None = None
    token: KsefToken | None = None
    redeemed: bool = False
    gone: bool = False
    last_refresh: datetime | None = None
    refresh_valid_until: datetime | None = None


@dataclass
class Part:
    """A part of a package: as declared, then as it came in; ``file`` holds it."""

    ordinal: int
    size: int
    hash: str
    file: object = field(default=None, repr=False)
    received_size: int = 0
    received_hash: str = ""


@dataclass
class Package:
    """What a batch session declares about its archive, in bytes and Base64 hashes."""

    size: int
    hash: str
    compression: str
    parts: list
    offline: bool
    upload_until: datetime

    def discard(self):
        """Throw the parts away that came in."""
        for part in self.parts:
            if part.file:
                part.file.close()
                part.file = None


@dataclass
class Session:
    """A session; ``login`` opened it.

    ``package`` makes it a batch session; an interactive one has none.
    """

    reference: str
    form: dict
    context: tuple
    login: Login
    created: datetime
    updated: datetime
    valid_until: datetime
    key_due: datetime
    wrapped_key: bytes = field(repr=False)
    iv: bytes = field(repr=False)
    public_key_id: str | None = None
    package: Package | None = None
    key: bytes | None = field(default=None, repr=False)
    fate: Status | None = None
    status: Status = SESSION_OPEN
    closed: datetime | None = None
    invoices: list = field(default_factory=list)
    upo_pages: dict = field(default_factory=dict)

    @property
    def is_batch(self):
        return self.package is not None

    def finished(self):
        return [invoice for invoice in self.invoices if invoice.status.is_final]

    def accepted(self):
        return [invoice for invoice in self.invoices if invoice.ksef_number]


@dataclass(slots=True)
class Invoice:
    """An invoice sent; ``facts`` are what could be read from its XML."""

    reference: str
    session: Session
    ordinal: int
    received: datetime
    due: datetime
    invoice_hash: str
    invoice_size: int
    content: bytes = field(default=b"", repr=False)
    file_name: str | None = None
    offline: bool = False
    corrected_hash: str | None = None
    fate: Status | None = None
    status: Status = INVOICE_RECEIVED
    xml: bytes = field(default=b"", repr=False)
    facts: dict = field(default_factory=dict)
    mode: str | None = None
    ksef_number: str | None = None
    acquired: datetime | None = None
    stored: datetime | None = None

    @property
    def duplicate_key(self):
        return tuple(self.facts[k] for k in ("sellerNip", "kind", "invoiceNumber"))


@dataclass
class Settings:
    """Times in seconds; see the control interface for what each one does."""

    environment: str = "test"
    processing_seconds: float = 0.2
    login_seconds: float = 0.1
    storage_seconds: float = 0.5
    hwm_seconds: float = 60.0
    session_hours: float = 12.0
    max_invoices: int = 10000
    upo_page_size: int = 10000
    latency_seconds: float = 0.0
    token_login_ends: str | None = None
    lighthouse: dict = field(default_factory=lambda: {"status": "AVAILABLE"})

    def processing(self):
        return timedelta(seconds=self.processing_seconds)

    def session_life(self):
        return timedelta(hours=self.session_hours)

    def storage(self):
        return timedelta(seconds=self.storage_seconds)


class Book:
    """All records by their reference; the caller holds the lock."""

    def __init__(self):
        self.challenges = {}
        self.tokens = {}
        self.certificates = {}
        self.permissions = {}
        self.logins = {}
        self.sessions = {}
        self.invoices = {}
        self.waiting = []
        self.by_ksef_number = {}
        self.by_duplicate_key = {}
        self.attempts = []

    def add_token(self, now, context, author, permissions, description):
        reference = numbers.reference_number(numbers.KSEF_TOKEN, now)
        token = KsefToken(reference, context, author, permissions, description, now)
        self.tokens[reference] = token
        return token

    def rights(self, context, subject):
        """What the subject may do in the context: as granted, else all if its own."""
        granted = self.permissions.get((context, subject))
        if granted is not None:
            return list(granted)
        # Contexts of a taxpayer begin with its NIP, whatever their type.
        is_own = subject == ("Nip", context[1].partition("-")[0])
        return [OWNER] if is_own else []

    def add_invoice(self, invoice):
        self.invoices[invoice.reference] = invoice
        invoice.session.invoices.append(invoice)

    def accept(self, invoice):
        self.by_ksef_number[invoice.ksef_number] = invoice
        self.by_duplicate_key[invoice.duplicate_key] = invoice
