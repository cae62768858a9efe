"""Status codes of logins, sessions and invoices with their official texts.

Source: OpenAPI of KSeF 2.0, tables at property ``status`` of
AuthenticationOperationStatusResponse, SessionStatusResponse and
SessionInvoiceStatusResponse.
"""

from dataclasses import dataclass
from enum import IntEnum

FIRST_FINAL = 200
UNKNOWN = "Nieznany błąd ({code})"
INTERRUPTED = (
    "Przetwarzanie zostało przerwane z przyczyn wewnętrznych systemu. Spróbuj ponownie"
)
CANCELLED = "Operacja została anulowana przez system"


class LoginCode(IntEnum):
    """Status of a login: operation first, auth session later."""

    RUNNING = 100
    SUCCESS = 200
    NO_RIGHTS = 415
    ENDED_BY_USER = 425
    BAD_TOKEN = 450
    BAD_CERTIFICATE = 460
    DECEASED = 470
    BLOCKED = 480
    UNKNOWN = 500
    INTERRUPTED = 550


class SessionCode(IntEnum):
    """Status of a session; CLOSED is an interactive one's, IN_WORK a batch's."""

    OPEN = 100
    IN_WORK = 150
    CLOSED = 170
    SUCCESS = 200
    PACKAGE_ERROR = 405
    KEY_ERROR = 415
    TOO_MANY_INVOICES = 420
    ARCHIVE_ERROR = 430
    DECRYPTION_ERROR = 435
    CANCELLED = 440
    NO_GOOD_INVOICE = 445


class InvoiceCode(IntEnum):
    """Status of an invoice in a session."""

    RECEIVED = 100
    IN_WORK = 150
    SUCCESS = 200
    SESSION_ERROR = 405
    NO_RIGHTS = 410
    ATTACHMENT = 415
    FILE_ERROR = 430
    DECRYPTION_ERROR = 435
    DUPLICATE = 440
    CONTENT_ERROR = 450
    INTERRUPTED = 550


LOGIN_TEXTS = {
    LoginCode.RUNNING: "Uwierzytelnianie w toku",
    LoginCode.SUCCESS: "Uwierzytelnianie zakończone sukcesem",
    LoginCode.NO_RIGHTS: "Uwierzytelnianie zakończone niepowodzeniem",
    LoginCode.ENDED_BY_USER: "Uwierzytelnienie unieważnione",
    LoginCode.BAD_TOKEN: (
        "Uwierzytelnianie zakończone niepowodzeniem z powodu błędnego tokenu"
    ),
    LoginCode.BAD_CERTIFICATE: (
        "Uwierzytelnianie zakończone niepowodzeniem z powodu błędu certyfikatu"
    ),
    LoginCode.DECEASED: "Uwierzytelnianie zakończone niepowodzeniem",
    LoginCode.BLOCKED: "Uwierzytelnienie zablokowane",
    LoginCode.UNKNOWN: "Nieznany błąd",
    LoginCode.INTERRUPTED: CANCELLED,
}
SESSION_TEXTS = {
    SessionCode.OPEN: "Sesja interaktywna otwarta",
    SessionCode.CLOSED: "Sesja interaktywna zamknięta",
    SessionCode.SUCCESS: "Sesja interaktywna przetworzona pomyślnie",
    SessionCode.KEY_ERROR: "Błąd odszyfrowania dostarczonego klucza",
    SessionCode.CANCELLED: "Sesja anulowana",
    SessionCode.NO_GOOD_INVOICE: "Błąd weryfikacji, brak poprawnych faktur",
}
BATCH_TEXTS = {
    SessionCode.OPEN: "Sesja wsadowa rozpoczęta",
    SessionCode.IN_WORK: "Trwa przetwarzanie",
    SessionCode.SUCCESS: "Sesja wsadowa przetworzona pomyślnie",
    SessionCode.PACKAGE_ERROR: (
        "Błąd weryfikacji poprawności dostarczonych elementów paczki"
    ),
    SessionCode.KEY_ERROR: "Błąd odszyfrowania dostarczonego klucza",
    SessionCode.TOO_MANY_INVOICES: "Przekroczony limit faktur w sesji",
    SessionCode.ARCHIVE_ERROR: "Błąd dekompresji pierwotnego archiwum",
    SessionCode.DECRYPTION_ERROR: ("Błąd odszyfrowania zaszyfrowanych części archiwum"),
    SessionCode.CANCELLED: "Sesja anulowana",
    SessionCode.NO_GOOD_INVOICE: "Błąd weryfikacji, brak poprawnych faktur",
}
INVOICE_TEXTS = {
    InvoiceCode.RECEIVED: "Faktura przyjęta do dalszego przetwarzania",
    InvoiceCode.IN_WORK: "Trwa przetwarzanie",
    InvoiceCode.SUCCESS: "Sukces",
    InvoiceCode.SESSION_ERROR: "Przetwarzanie anulowane z powodu błędu sesji",
    InvoiceCode.NO_RIGHTS: "Nieprawidłowy zakres uprawnień",
    InvoiceCode.ATTACHMENT: "Brak możliwości wysyłania faktury z załącznikiem",
    InvoiceCode.FILE_ERROR: "Błąd weryfikacji pliku faktury",
    InvoiceCode.DECRYPTION_ERROR: "Błąd odszyfrowania pliku",
    InvoiceCode.DUPLICATE: "Duplikat faktury",
    InvoiceCode.CONTENT_ERROR: "Błąd weryfikacji semantyki dokumentu faktury",
    InvoiceCode.INTERRUPTED: CANCELLED,
}

BAD_CHALLENGE = "Nieprawidłowe wyzwanie autoryzacyjne"
BAD_TOKEN = "Nieprawidłowy token"
BAD_TOKEN_TIME = "Nieprawidłowy czas tokena"
TOKEN_REVOKED = "Token unieważniony"
TOKEN_INACTIVE = "Token nieaktywny"
BAD_TOKEN_ENCRYPTION = "Nieprawidłowe szyfrowanie tokena"
BAD_TOKEN_ENCODING = "Nieprawidłowe kodowanie tokena"
WRONG_CONTEXT = "Token nie może być użyty w kontekście {context}"
NO_PERMISSIONS = "Brak przypisanych uprawnień"
CERTIFICATE_NOT_VALID = "Nieważny certyfikat"
BROKEN_CHAIN = "Błąd weryfikacji łańcucha certyfikatów"
UNTRUSTED_CHAIN = "Niezaufany łańcuch certyfikatów"
CERTIFICATE_REVOKED = "Certyfikat odwołany"
CERTIFICATE_BLOCKED = "Certyfikat zawieszony"
WRONG_CERTIFICATE = "Niepoprawny certyfikat"
REVOKED_BY_USER = (
    "Uwierzytelnienie i powiązane refresh tokeny zostały unieważnione przez użytkownika"
)
DECEASED = "Próba wykorzystania metod autoryzacyjnych osoby zmarłej"
INCIDENT = (
    "Podejrzenie incydentu bezpieczeństwa. Skontaktuj się z Ministerstwem Finansów"
    " przez formularz zgłoszeniowy."
)
KEY_NOT_DECRYPTED = "Rozszyfrowania klucza symetrycznego zakończone błędem"
NO_INVOICES = "Nie przesłano faktur"
UPLOAD_TOO_LATE = "Przekroczono czas wysyłki"

DEFAULT_LOGIN_DETAILS = {
    LoginCode.NO_RIGHTS: (NO_PERMISSIONS,),
    LoginCode.ENDED_BY_USER: (REVOKED_BY_USER,),
    LoginCode.BAD_TOKEN: (BAD_TOKEN,),
    LoginCode.BAD_CERTIFICATE: (CERTIFICATE_NOT_VALID,),
    LoginCode.DECEASED: (DECEASED,),
    LoginCode.BLOCKED: (INCIDENT,),
    LoginCode.INTERRUPTED: (INTERRUPTED,),
}
DEFAULT_SESSION_DETAILS = {
    SessionCode.KEY_ERROR: (KEY_NOT_DECRYPTED,),
    SessionCode.CANCELLED: (NO_INVOICES,),
}
DEFAULT_INVOICE_DETAILS = {InvoiceCode.INTERRUPTED: (INTERRUPTED,)}


@dataclass(frozen=True)
class Status:
    """A code with its details and, for an invoice, its extensions."""

    code: int
    details: tuple = ()
    extensions: dict | None = None

    @property
    def is_final(self):
        return self.code >= FIRST_FINAL

    @property
    def is_failure(self):
        return self.code > FIRST_FINAL


def _describe(texts, defaults, status):
    text = texts.get(status.code, UNKNOWN).format(code=status.code)
    details = status.details or defaults.get(status.code, ())
    return {
        "code": status.code,
        "description": text,
        "details": list(details) or None,
        "extensions": status.extensions,
    }


def describe_login(status):
    return _describe(LOGIN_TEXTS, DEFAULT_LOGIN_DETAILS, status)


def describe_session(status, is_batch):
    texts = BATCH_TEXTS if is_batch else SESSION_TEXTS
    return _describe(texts, DEFAULT_SESSION_DETAILS, status)


def describe_invoice(status):
    return _describe(INVOICE_TEXTS, DEFAULT_INVOICE_DETAILS, status)
