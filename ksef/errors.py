"""Errors of the KSeF protocol; callers branch on type and fields, never on text.

The text of an error holds operation, code, HTTP status and KSeF's service
reference. Bodies, addresses, headers and secrets are never part of it.
"""

from dataclasses import dataclass

from .statuses import LoginProblem


@dataclass(frozen=True)
class Problem:
    """One entry of an HTTP 400 answer: code, KSeF's Polish text, details."""

    code: int | None
    description: str = ""
    details: tuple[str, ...] = ()


class KsefError(Exception):
    """Any failure of a call.

    :ivar code: KSeF's code (exception or status code) or None
    :ivar http_status: status of the answer, None when there was none
    :ivar service_reference: KSeF's trace id, for its helpdesk
    :ivar details: KSeF's own words, or the kind of the failure; not in ``str``
    :ivar operation: name of the call, see ``routes``
    :ivar retry_after_seconds: the pause KSeF asked for, or None
    """

    def __init__(
        self,
        *,
        code=None,
        http_status=None,
        service_reference=None,
        details=(),
        operation="",
        retry_after_seconds=None,
    ):
        super().__init__()
        self.code = code
        self.http_status = http_status
        self.service_reference = service_reference
        self.details = tuple(details)
        self.operation = operation
        self.retry_after_seconds = retry_after_seconds

    def _facts(self):
        yield self.operation or None
        yield None if self.code is None else f"code {self.code}"
        yield None if self.http_status is None else f"HTTP {self.http_status}"
        yield self.service_reference and f"reference {self.service_reference}"

    def __str__(self):
        return ", ".join(fact for fact in self._facts() if fact)

    def __repr__(self):
        return f"{type(self).__name__}({self})"


class KsefUnavailable(KsefError):
    """The call certainly did not reach KSeF's processing; it may be sent again.

    DNS, refused connection, TLS handshake, connect time-out, HTTP 503.
    """


class KsefNoAnswer(KsefError):
    """Bytes may have left and no usable answer came: the outcome is unknown.

    Dropped line, read time-out, other 5xx, pages of the web firewall, cut or
    foreign content. After a POST only asking KSeF tells what happened.

    :ivar is_dropped: the line was cut (not a time-out, not a bad answer)
    """

    def __init__(self, *, is_dropped=False, **fields):
        super().__init__(**fields)
        self.is_dropped = is_dropped


class KsefRateLimited(KsefError):
    """HTTP 429: nothing of ``group`` may be sent for ``retry_after_seconds``.

    :ivar group: rate group of the call, see ``routes``
    """

    def __init__(self, *, group=None, **fields):
        super().__init__(**fields)
        self.group = group


class KsefAuthError(KsefError):
    """The bearer token is not (or no longer) accepted: 401, or 400 with 21301."""


class KsefForbidden(KsefError):
    """HTTP 403 with a reason.

    :ivar reason_code: KSeF's word, e.g. ``missing-permissions``
    :ivar required: permissions of which any one is needed
    :ivar present: permissions the token has
    :ivar client_ip: our address as KSeF sees it
    :ivar incident: number of a security incident
    """

    def __init__(
        self,
        *,
        reason_code=None,
        required=(),
        present=(),
        client_ip=None,
        incident=None,
        **fields,
    ):
        super().__init__(**fields)
        self.reason_code = reason_code
        self.required = tuple(required)
        self.present = tuple(present)
        self.client_ip = client_ip
        self.incident = incident


class KsefRefused(KsefError):
    """HTTP 400: KSeF read the request, refused it and did nothing.

    :ivar problems: tuple of :class:`Problem`; ``code`` is that of the first
    """

    def __init__(self, *, problems=(), **fields):
        self.problems = tuple(problems)
        if self.problems:
            fields.setdefault("code", self.problems[0].code)
            fields.setdefault("details", self.problems[0].details)
        super().__init__(**fields)

    @property
    def codes(self):
        """All codes of the answer, in its order."""
        return tuple(problem.code for problem in self.problems)


class KsefGone(KsefError):
    """HTTP 410: KSeF no longer keeps this status."""


class KsefLinkExpired(KsefError):
    """A temporary link is not (or no longer) good: 401, 403, 404 or 410.

    Asking for the status again gives a fresh link to a receipt; for parts of a
    package there is none, only a new session.
    """


class KsefLoginRefused(KsefError):
    """The login ended without success.

    :ivar reason: :class:`~.statuses.LoginProblem`
    """

    def __init__(self, *, reason=LoginProblem.OTHER, **fields):
        super().__init__(**fields)
        self.reason = reason


class KsefLoginPending(KsefError):
    """The login was still under way when the time given for it was over.

    :ivar started: :class:`~.messages.LoginStarted`, to go on with; None if another
        one's login was waited for
    """

    def __init__(self, *, started=None, **fields):
        super().__init__(**fields)
        self.started = started


class KsefProtocolError(KsefError):
    """KSeF answered, in a form that is not the documented one."""
