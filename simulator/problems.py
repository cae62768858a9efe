"""Refusals: the error codes with their texts and both formats of an error body.

Source: KSeF API 2.0, section on errors; OpenAPI, answers 400 to 429.
"""

import secrets
from enum import IntEnum

from .clock import to_text
from .exchange import PROBLEM, json_response


class Code(IntEnum):
    """Error codes of a 400."""

    BAD_DOCUMENT = 9101
    NO_SIGNATURE = 9102
    TOO_MANY_SIGNATURES = 9103
    BAD_SIGNATURE = 9105
    UNREADABLE = 21001
    BAD_CHALLENGE = 21111
    BAD_CERTIFICATE = 21115
    WRONG_SUBJECT = 21117
    SESSION_FULL = 21155
    PART_SIZE = 21157
    TOO_MANY_PARTS = 21161
    NO_INVOICE = 21164
    NOT_STORED_YET = 21165
    ALREADY_CORRECTED = 21166
    NOT_CORRECTABLE = 21167
    NO_SESSION = 21173
    NO_UPO = 21178
    SESSION_STATUS = 21180
    BEYOND_DATA = 21183
    SESSION_UNAVAILABLE = 21184
    PART_MISSING = 21205
    UPLOAD_TOO_LATE = 21208
    BAD_ENCODING = 21217
    NOT_AUTHORIZED = 21301
    NO_LOGIN = 21304
    DECEASED = 21308
    AGAINST_SCHEMA = 21401
    WRONG_SIZE = 21402
    WRONG_HASH = 21403
    INVALID_REQUEST = 21405
    SIGNATURE_CONFLICT = 21406
    BAD_CONTINUATION = 21418
    UNKNOWN_KEY = 21470
    TOO_MANY_RIGHTS = 26001
    NO_TOKENS_HERE = 26002


ERRORS = {
    Code.BAD_DOCUMENT: "Nieprawidłowy dokument.",
    Code.NO_SIGNATURE: "Brak podpisu.",
    Code.TOO_MANY_SIGNATURES: "Przekroczona liczba dozwolonych podpisów.",
    Code.BAD_SIGNATURE: "Nieprawidłowy podpis.",
    Code.UNREADABLE: "Nieczytelna treść.",
    Code.BAD_CHALLENGE: "Nieprawidłowe wyzwanie autoryzacyjne.",
    Code.BAD_CERTIFICATE: "Nieprawidłowy certyfikat.",
    Code.WRONG_SUBJECT: (
        "Nieprawidłowy identyfikator podmiotu dla wskazanego typu kontekstu."
    ),
    Code.SESSION_FULL: "Przekroczono dozwoloną liczbę faktur w sesji.",
    Code.PART_SIZE: "Nieprawidłowy rozmiar części pakietu.",
    Code.TOO_MANY_PARTS: "Przekroczono dozwoloną liczbę części pakietu.",
    Code.NO_INVOICE: "Faktura o podanym identyfikatorze nie istnieje.",
    Code.NOT_STORED_YET: "Faktura o podanym numerze KSeF nie jest jeszcze dostępna.",
    Code.ALREADY_CORRECTED: "Korekta techniczna niedostępna.",
    Code.NOT_CORRECTABLE: "Status faktury nie pozwala na korektę techniczną.",
    Code.NO_SESSION: "Brak sesji o wskazanym numerze referencyjnym.",
    Code.NO_UPO: "Nie znaleziono UPO dla podanych kryteriów.",
    Code.SESSION_STATUS: "Status sesji nie pozwala na wykonanie operacji.",
    Code.BEYOND_DATA: "Zakres filtrowania wykracza poza dostępny zakres danych.",
    Code.SESSION_UNAVAILABLE: "Sesja jest tymczasowo niedostępna.",
    Code.PART_MISSING: "Pakiet nie może być pusty.",
    Code.UPLOAD_TOO_LATE: (
        "Czas oczekiwania na requesty upload lub finish został przekroczony."
    ),
    Code.BAD_ENCODING: "Nieprawidłowe kodowanie znaków.",
    Code.NOT_AUTHORIZED: "Brak autoryzacji.",
    Code.NO_LOGIN: "Brak uwierzytelnienia.",
    Code.DECEASED: "Próba wykorzystania metod autoryzacyjnych osoby zmarłej.",
    Code.AGAINST_SCHEMA: "Dokument nie jest zgodny ze schemą (xsd).",
    Code.WRONG_SIZE: "Nieprawidłowy rozmiar pliku.",
    Code.WRONG_HASH: "Nieprawidłowy skrót pliku.",
    Code.INVALID_REQUEST: "Błąd walidacji danych wejściowych.",
    Code.SIGNATURE_CONFLICT: "Konflikt podpisu i typu uwierzytelnienia.",
    Code.BAD_CONTINUATION: "Przekazany token kontynuacji ma nieprawidłowy format.",
    Code.UNKNOWN_KEY: (
        "Przesłany identyfikator klucza jest nieznany lub wskazuje na wycofany klucz."
    ),
    Code.TOO_MANY_RIGHTS: "Nie można nadać tokenowi uprawnień których nie posiadasz.",
    Code.NO_TOKENS_HERE: "Nie można wygenerować tokena dla obecnego typu kontekstu.",
}
UNKNOWN_ERROR = "Nieznany błąd."
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    410: "Gone",
    429: "Too Many Requests",
}
DETAILS = {
    400: "Żądanie jest nieprawidłowe.",
    401: "Wymagane jest uwierzytelnienie.",
    403: "Brak wymaganych uprawnień do wykonania operacji w bieżącym kontekście.",
    410: "Operacja wygasła i nie jest już dostępna.",
    429: "Przekroczono limit żądań.",
}
REASON_DETAILS = {
    "missing-permissions": DETAILS[403],
    "ip-not-allowed": "Żądanie pochodzi z niedozwolonego adresu IP.",
    "insufficient-resource-access": "Brak dostępu do wskazanego zasobu.",
    "auth-method-not-allowed": (
        "Ta operacja nie jest dostępna dla użytej metody uwierzytelnienia."
    ),
    "security-service-blocked": (
        "Żądanie zostało zablokowane przez mechanizmy bezpieczeństwa."
    ),
    "context-type-not-allowed": (
        "Operacja nie jest dostępna dla uwierzytelnionego typu kontekstu."
    ),
}
FORMAT_HEADER = "x-error-format"
PROBLEM_FORMAT = "problem-details"
ALWAYS_PROBLEM = (401, 403, 410)


class RefusedError(Exception):
    """An answer other than success.

    ``errors`` are (code, details) of a 400; ``reason`` and ``security`` belong to 403;
    ``retry_after`` are the whole seconds of a 429.
    """

    def __init__(self, status, errors=(), detail=None, **extra):
        super().__init__(status, errors)
        self.status = status
        self.errors = tuple(errors)
        self.reason = extra.get("reason")
        self.security = extra.get("security")
        self.retry_after = extra.get("retry_after")
        self.detail = detail or REASON_DETAILS.get(self.reason) or DETAILS[status]


def refusal(code, *details):
    """A 400 with one error of the table."""
    return RefusedError(400, [(code, details)])


def invalid(*details):
    """A 400/21405 with the validator's sentences."""
    return refusal(Code.INVALID_REQUEST, *details)


def forbidden(reason, **security):
    """A 403 with its reason code and the data that belong to it."""
    return RefusedError(403, reason=reason, security=security or None)


def _problem(error, request, now):
    body = {
        "title": TITLES[error.status],
        "status": error.status,
        "instance": request.path,
        "detail": error.detail,
        "timestamp": to_text(now),
        "traceId": secrets.token_hex(16),
    }
    if error.status == 400:
        body["errors"] = [
            {
                "code": code,
                "description": ERRORS.get(code, UNKNOWN_ERROR),
                "details": list(details) or None,
            }
            for code, details in error.errors
        ]
    if error.reason:
        body["reasonCode"] = error.reason
        body["security"] = error.security
    return body


def _legacy(error, now):
    if error.status == 429:
        return {
            "status": {
                "code": 429,
                "description": TITLES[429],
                "details": [error.detail],
            }
        }
    entries = [
        {
            "exceptionCode": code,
            "exceptionDescription": ERRORS.get(code, UNKNOWN_ERROR),
            "details": list(details) or None,
        }
        for code, details in error.errors
    ]
    trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    return {
        "exception": {
            "exceptionDetailList": entries,
            "serviceCode": trace,
            "timestamp": to_text(now),
        }
    }


def render(error, request, now):
    """The HTTP answer of a refusal, in the format that the request asked for."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    wants_problem = request.headers.get(FORMAT_HEADER) == PROBLEM_FORMAT
    if error.status in ALWAYS_PROBLEM or wants_problem:
        body = _problem(error, request, now)
        return json_response(error.status, body, PROBLEM, headers)
    return json_response(error.status, _legacy(error, now), headers=headers)
