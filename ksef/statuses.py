"""THE table of KSeF's codes: what each one means for a document or a login.

Source: KSeF API 2.0, descriptions of the status properties and of the HTTP 400
answers of each operation. A code that is not listed is UNKNOWN: it stays
visible and changes nothing.
"""

from enum import Enum


class Verdict(str, Enum):
    """What to do next, whatever the code was."""

    PENDING = "pending"  # ask again later
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # the content or the right; a person decides
    RESEND = "resend"  # KSeF's side: the same bytes again
    REBUILD = "rebuild"  # the cipher or package is broken: encrypt anew
    DUPLICATE = "duplicate"  # find the original, compare, adopt or ask
    NEW_SESSION = "new_session"  # this session is of no more use: fresh keys too
    SPLIT = "split"  # too many at once: the same in smaller packages
    NOT_TAKEN = "not_taken"  # KSeF took nothing of the session: all of it again
    SEE_INVOICES = "see_invoices"  # none was good, each one says why
    SEE_LIST = "see_list"  # only the list knows; what has no number goes again
    UNKNOWN = "unknown"


class LoginProblem(str, Enum):
    """Why a login did not succeed."""

    REVOKED = "revoked"
    INACTIVE = "inactive"
    UNKNOWN_TOKEN = "unknown_token"
    WRONG_CONTEXT = "wrong_context"
    DISTURBED = "disturbed"  # challenge, time, key or KSeF itself: log in anew
    NO_RIGHTS = "no_rights"
    CERTIFICATE = "certificate"
    PERSON = "person"
    BLOCKED = "blocked"
    OTHER = "other"


LOGIN_PENDING = 100
LOGIN_DONE = 200
LOGIN_TOKEN_REFUSED = 450

SESSION_OPEN = 100
SESSION_DONE = 200
FIRST_FAILURE = 400

SESSION_NOT_FOUND = 21173
SESSION_STATE_WRONG = 21180
KEY_WITHDRAWN = 21470
CHALLENGE_REFUSED = 21111
# Operation token used up or revoked; login unknown; person deceased.
LOGIN_ENDED = frozenset({21301, 21304, 21308})

_INVOICE = {
    100: Verdict.PENDING,
    150: Verdict.PENDING,
    200: Verdict.ACCEPTED,
    405: Verdict.RESEND,
    410: Verdict.REJECTED,
    415: Verdict.REJECTED,
    430: Verdict.REBUILD,
    435: Verdict.REBUILD,
    440: Verdict.DUPLICATE,
    450: Verdict.REJECTED,
    500: Verdict.RESEND,
    550: Verdict.RESEND,
}

# Interactive: 100, 170, 200, 415, 440, 445; the others belong to batches.
_SESSION = {
    SESSION_OPEN: Verdict.PENDING,
    150: Verdict.PENDING,
    170: Verdict.PENDING,
    SESSION_DONE: Verdict.ACCEPTED,
    405: Verdict.REBUILD,
    415: Verdict.NEW_SESSION,
    420: Verdict.SPLIT,
    430: Verdict.REBUILD,
    435: Verdict.REBUILD,
    440: Verdict.NOT_TAKEN,
    445: Verdict.SEE_INVOICES,
    500: Verdict.SEE_LIST,
}

# HTTP 400 means that nothing was taken. UNKNOWN here: a fault of the program or
# of the settings, which a person has to see.
_ERROR = {
    21001: Verdict.UNKNOWN,
    CHALLENGE_REFUSED: Verdict.RESEND,
    21155: Verdict.NEW_SESSION,
    21157: Verdict.REBUILD,
    21161: Verdict.REBUILD,
    21164: Verdict.REJECTED,
    21165: Verdict.PENDING,
    21166: Verdict.REJECTED,
    21167: Verdict.REJECTED,
    SESSION_NOT_FOUND: Verdict.NEW_SESSION,
    21175: Verdict.RESEND,
    21178: Verdict.PENDING,
    SESSION_STATE_WRONG: Verdict.NEW_SESSION,
    21181: Verdict.UNKNOWN,
    21182: Verdict.PENDING,
    21183: Verdict.PENDING,
    21184: Verdict.NEW_SESSION,
    21205: Verdict.REBUILD,
    21208: Verdict.REBUILD,
    21402: Verdict.REBUILD,
    21403: Verdict.REBUILD,
    21405: Verdict.UNKNOWN,
    21418: Verdict.RESEND,
    KEY_WITHDRAWN: Verdict.NEW_SESSION,
}

_LOGIN = {
    415: LoginProblem.NO_RIGHTS,
    425: LoginProblem.DISTURBED,
    LOGIN_TOKEN_REFUSED: LoginProblem.UNKNOWN_TOKEN,
    460: LoginProblem.CERTIFICATE,
    470: LoginProblem.PERSON,
    480: LoginProblem.BLOCKED,
    500: LoginProblem.DISTURBED,
    550: LoginProblem.DISTURBED,
}

# Code 450 tells its reasons apart by text alone; the beginnings, in lower case.
_LOGIN_TEXTS = (
    ("token unieważniony", LoginProblem.REVOKED),
    ("token nieaktywny", LoginProblem.INACTIVE),
    ("token nie może być użyty w kontekście", LoginProblem.WRONG_CONTEXT),
    ("nieprawidłowe wyzwanie", LoginProblem.DISTURBED),
    ("nieprawidłowy czas", LoginProblem.DISTURBED),
    ("nieprawidłowe szyfrowanie", LoginProblem.DISTURBED),
    ("nieprawidłowe kodowanie", LoginProblem.UNKNOWN_TOKEN),
    ("nieprawidłowy token", LoginProblem.UNKNOWN_TOKEN),
    ("invalid token encoding", LoginProblem.UNKNOWN_TOKEN),
)


# HTTP 400 to the start of a login. 91xx and 214xx are about the signature or the
# document around it, which are made of the certificate alone.
_LOGIN_ERROR = {
    9101: LoginProblem.CERTIFICATE,
    9102: LoginProblem.CERTIFICATE,
    9103: LoginProblem.CERTIFICATE,
    9104: LoginProblem.CERTIFICATE,
    9105: LoginProblem.CERTIFICATE,
    CHALLENGE_REFUSED: LoginProblem.DISTURBED,
    21115: LoginProblem.CERTIFICATE,
    21117: LoginProblem.CERTIFICATE,
    21217: LoginProblem.CERTIFICATE,
    21401: LoginProblem.CERTIFICATE,
    21406: LoginProblem.CERTIFICATE,
    KEY_WITHDRAWN: LoginProblem.DISTURBED,
}


def invoice_verdict(code):
    """Return the :class:`Verdict` of an invoice status code."""
    return _INVOICE.get(code, Verdict.UNKNOWN)


def session_verdict(code):
    """Return the :class:`Verdict` of a session status code.

    PENDING covers open and processing. An unlisted code counts as failed from 400
    on, so that the list decides, and as UNKNOWN below.
    """
    unlisted = Verdict.SEE_LIST if is_session_final(code) else Verdict.UNKNOWN
    return _SESSION.get(code, unlisted)


def is_session_final(code):
    """True when the session takes and processes nothing any more.

    An unlisted code counts as failed from 400 on, as in progress below.
    """
    return code == SESSION_DONE or code >= FIRST_FAILURE


def error_verdict(code):
    """Return the :class:`Verdict` of a code of an HTTP 400 answer."""
    return _ERROR.get(code, Verdict.UNKNOWN)


def login_problem(code, details=()):
    """Return the :class:`LoginProblem` of a login status.

    :param details: KSeF's texts; they matter for code 450 only
    """
    words = details if code == LOGIN_TOKEN_REFUSED else ()
    told = (
        problem
        for text in words
        for beginning, problem in _LOGIN_TEXTS
        if text.strip().casefold().startswith(beginning)
    )
    return next(told, _LOGIN.get(code, LoginProblem.OTHER))


def login_error_problem(code):
    """Return the :class:`LoginProblem` of a code of HTTP 400 to the start of a login.

    None when the code says nothing about certificate, challenge or key.
    """
    return _LOGIN_ERROR.get(code)
