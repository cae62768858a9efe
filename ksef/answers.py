"""One HTTP answer becomes a checked body or an error.

Source: KSeF API 2.0, section on errors. The host is behind a web firewall that
answers with pages of its own, even with status 200: nothing is trusted before
status, content type and shape were checked.
"""

import json
import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from . import errors, messages, statuses
from .routes import Content

# Ours: a pause beyond this is taken for a damaged header.
LONGEST_RETRY_AFTER_SECONDS = 86_400

_XML_TYPES = frozenset({"application/xml", "text/xml"})
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_WARNING = re.compile(r"\[([^\]]+)\]: ([^|]+)")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of one HTTP answer.

    :ivar headers: case-insensitive mapping
    :ivar payload: parsed JSON, None when the body is something else
    """

    status: int
    headers: dict = field(repr=False)
    body: bytes = field(repr=False)
    payload: object = field(default=None, repr=False)

    @classmethod
    def build(cls, status, headers, body):
        """Make an answer; the body is parsed only when it claims to be JSON."""
        payload = _parsed(body) if _is_json(headers) else None
        return cls(status, headers, body, payload)


def content_type(headers):
    """Return the media type in lower case, without parameters."""
    return headers.get("Content-Type", "").split(";")[0].strip().lower()


def is_page(answer):
    """True for a page made for people: the web firewall, not KSeF."""
    return content_type(answer.headers) in _PAGE_TYPES


def _is_json(headers):
    media_type = content_type(headers)
    return media_type == "application/json" or media_type.endswith("+json")


def _parsed(body):
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def server_time(headers):
    """Return the Date header as an aware UTC datetime, or None."""
    return _http_date(headers.get("Date"))


def _http_date(text):
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc)


def system_warnings(headers):
    """Return KSeF's technical notices as a dict code -> text.

    Source: KSeF API 2.0, header X-System-Warning.
    """
    found = _WARNING.findall(headers.get("X-System-Warning", ""))
    return {code.strip(): text.strip() for code, text in found}


def retry_after_seconds(headers):
    """Return the pause KSeF asks for in seconds, or None.

    The header holds seconds or a date; a date counts from the answer's own Date.
    """
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return _bounded(math.ceil(float(text)))
    until = _http_date(text)
    if until is None:
        return None
    now = server_time(headers) or datetime.now(timezone.utc)
    return _bounded(math.ceil((until - now).total_seconds()))


def _bounded(seconds):
    return min(max(seconds, 0), LONGEST_RETRY_AFTER_SECONDS)


def check(answer, route):
    """Return the answer when it is a success of this route.

    :raises KsefError: the fitting subclass
    """
    if not 200 <= answer.status < 300:
        raise failure(answer, route)
    if not _IS_USABLE[route.content](answer):
        raise errors.KsefNoAnswer(operation=route.operation, http_status=answer.status)
    return answer


_IS_USABLE = {
    Content.JSON: lambda answer: answer.payload is not None,
    Content.XML: lambda answer: (
        bool(answer.body) and content_type(answer.headers) in _XML_TYPES
    ),
    Content.NOTHING: lambda answer: answer.status == 204,
}


def failure(answer, route):
    """Return the error that an answer without success means."""
    fields = {
        "operation": route.operation,
        "http_status": answer.status,
        "service_reference": messages.service_reference(answer.payload),
        "details": messages.problem_details(answer.payload),
        "retry_after_seconds": retry_after_seconds(answer.headers),
    }
    build = _BY_STATUS.get(answer.status, _other)
    return build(answer, route, fields)


def _refused(answer, route, fields):
    if not isinstance(answer.payload, dict):
        return errors.KsefNoAnswer(**fields)
    problems = messages.problems(answer.payload)
    if any(problem.code in statuses.LOGIN_ENDED for problem in problems):
        first = problems[0]
        fields.update(code=first.code, details=first.details)
        return errors.KsefAuthError(**fields)
    if problems:
        fields.pop("details")
    return errors.KsefRefused(problems=problems, **fields)


def _unauthorized(answer, route, fields):
    return errors.KsefAuthError(**fields)


def _forbidden(answer, route, fields):
    """KSeF gives a reason; without one it was the firewall, and nobody knows."""
    facts = messages.forbidden(answer.payload)
    if facts["reason_code"] is None:
        return errors.KsefNoAnswer(**fields)
    return errors.KsefForbidden(**facts, **fields)


def _gone(answer, route, fields):
    return errors.KsefGone(**fields)


def _rate_limited(answer, route, fields):
    return errors.KsefRateLimited(group=route.group, **fields)


def _unavailable(answer, route, fields):
    return errors.KsefUnavailable(**fields)


def _other(answer, route, fields):
    """An unlisted 4xx in KSeF's own form is a wrong call; all else says nothing."""
    is_own = 400 <= answer.status < 500 and isinstance(answer.payload, dict)
    return (errors.KsefProtocolError if is_own else errors.KsefNoAnswer)(**fields)


_BY_STATUS = {
    400: _refused,
    401: _unauthorized,
    403: _forbidden,
    410: _gone,
    429: _rate_limited,
    503: _unavailable,
}
