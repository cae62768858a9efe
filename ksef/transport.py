"""One ``request()`` for every call of the API."""

import errno
import http.client
import io
import json
import logging
import re
import socket
import time
from datetime import datetime, timedelta, timezone

import requests
from requests.auth import AuthBase

from . import answers, messages
from .errors import KsefNoAnswer, KsefUnavailable

CONNECT_SECONDS = 5
READ_SECONDS = 20  # longest silence
TOTAL_SECONDS = 30  # from the start of a call until its last byte
# The last piece, or a repeated call, may begin just before the deadline.
LONGEST_CALL_SECONDS = TOTAL_SECONDS + CONNECT_SECONDS + READ_SECONDS

# The Date header has whole seconds; a smaller difference says nothing.
CLOCK_TOLERANCE_SECONDS = 2

PIECE_BYTES = 65_536
WARNINGS_MAX = 50
# Answers from here on are worth a line in an ordinary log.
FIRST_ERROR_STATUS = 400

_NOT_REACHED = (socket.gaierror, ConnectionRefusedError)
_NOT_REACHED_ERRNO = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}
)
_HEADER_VALUE = re.compile(r"[\x21-\x7e]+")

_logger = logging.getLogger(__name__)


class _Bearer(AuthBase):
    """Set the token of this call, or none at all.

    As a callable it also keeps ``requests`` from taking an entry of ``.netrc``.
    """

    def __init__(self, secret):
        self._secret = secret

    def __call__(self, request):
        request.headers.pop("Authorization", None)
        if self._secret is not None:
            request.headers["Authorization"] = f"Bearer {self._secret.reveal()}"
        return request


class _Body(io.BytesIO):
    """A request body that remembers whether any of it was taken to be sent."""

    is_taken = False

    def read(self, *args):
        self.is_taken = True
        return super().read(*args)


class _Unread(Exception):
    """The answer could not be read to its end."""

    def __init__(self, kind, is_dropped=False):
        super().__init__(kind)
        self.kind = kind
        self.is_dropped = is_dropped


class _Session(requests.Session):
    """Follows no redirect, nor reads its body behind our limits to see where to."""

    def get_redirect_target(self, resp):
        return None


class _TimedAdapter(requests.adapters.HTTPAdapter):
    """Gives every call the same time-outs, connect and read in seconds.

    They are set below ``Session.send``, because code that wraps that function may
    take the time-out for one number; a pair breaks Odoo's own test guard.
    """

    def __init__(self, timeouts):
        super().__init__()
        self._timeouts = timeouts

    def send(self, request, **options):
        return super().send(request, **{**options, "timeout": self._timeouts})


class Transport:
    """HTTP to one environment; one instance per job, not shared by threads.

    :ivar last_server_offset_seconds: KSeF's clock minus ours, None before the
        first answer
    :ivar system_warnings: KSeF's technical notices so far, code -> text
    """

    def __init__(
        self,
        endpoint,
        user_agent,
        *,
        connect_seconds=CONNECT_SECONDS,
        read_seconds=READ_SECONDS,
        total_seconds=TOTAL_SECONDS,
    ):
        self.endpoint = endpoint
        self.last_server_offset_seconds = None
        self.system_warnings = {}
        self._total_seconds = total_seconds
        # An environment's proxy cannot reach this machine's own address.
        self._proxies = {"no_proxy": "*"} if endpoint.is_loopback else None
        self._session = _Session()
        adapter = _TimedAdapter((connect_seconds, read_seconds))
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._session.headers.update(
            {
                "User-Agent": user_agent,
                "Accept-Encoding": "identity",
                "X-Error-Format": "problem-details",
            }
        )

    def close(self):
        """Close the connections."""
        self._session.close()

    def server_now(self):
        """Return the time by KSeF's clock, as far as an answer told it."""
        offset = self.last_server_offset_seconds or 0
        if abs(offset) < CLOCK_TOLERANCE_SECONDS:
            offset = 0
        return datetime.now(timezone.utc) + timedelta(seconds=offset)

    def request(
        self, route, *, bearer=None, values=None, query=None, headers=None, payload=None
    ):
        """Do one call and return its checked :class:`~.answers.Answer`.

        :param route: a :class:`~.routes.Route`
        :param bearer: :class:`~.secret.Secret`, or None for a public call
        :param values: dict of the path's values
        :param payload: JSON-able body, or None for an empty one
        :raises KsefError: the fitting subclass
        """
        call = {
            "url": self.endpoint.api_url + route.path(**(values or {})),
            "params": query,
            "headers": {**(headers or {}), **_content_headers(route, payload)},
            "auth": _Bearer(bearer),
        }
        deadline = time.monotonic() + self._total_seconds
        try:
            return self._once(route, call, payload, deadline)
        except KsefNoAnswer as error:
            is_worth_it = error.is_dropped and route.is_repeatable
            if not is_worth_it or time.monotonic() > deadline:
                raise
        return self._once(route, call, payload, deadline)

    def _once(self, route, call, payload, deadline):
        started = time.monotonic()
        body = None if payload is None else _Body(json.dumps(payload).encode())
        outcome = self._exchange(route, call, body, deadline)
        seconds = time.monotonic() - started
        name = (route.method, route.template)
        if isinstance(outcome, Exception):
            _logger.info("KSeF %s %s: %s, %.3f s", *name, outcome.details[0], seconds)
            raise outcome
        self._note(outcome)
        reference = messages.service_reference(outcome.payload) or "-"
        _logger.log(
            logging.DEBUG if outcome.status < FIRST_ERROR_STATUS else logging.INFO,
            "KSeF %s %s: HTTP %s, %.3f s, reference %s",
            *name,
            outcome.status,
            seconds,
            reference,
        )
        return answers.check(outcome, route)

    def _exchange(self, route, call, body, deadline):
        """Return an answer, or the error to raise.

        Errors of the library are never raised on nor chained: they hold the
        request with its headers and address.
        """
        try:
            response = self._session.request(
                route.method,
                data=body,
                stream=True,
                proxies=self._proxies,
                **call,
            )
        except requests.RequestException as error:
            return _lost(error, route, body)
        try:
            content = _read(response, route.limit_bytes, deadline)
        except _Unread as unread:
            if 200 <= response.status_code < 300:
                return KsefNoAnswer(
                    operation=route.operation,
                    http_status=response.status_code,
                    details=(unread.kind,),
                    is_dropped=unread.is_dropped,
                )
            content = b""
        return answers.Answer.build(response.status_code, response.headers, content)

    def _note(self, answer):
        moment = answers.server_time(answer.headers)
        if moment is not None:
            offset = moment - datetime.now(timezone.utc)
            self.last_server_offset_seconds = offset.total_seconds()
        for code, text in answers.system_warnings(answer.headers).items():
            if code in self.system_warnings:
                continue
            if len(self.system_warnings) < WARNINGS_MAX:
                self.system_warnings[code] = text
                _logger.warning("KSeF gives a technical notice, code %s", code)


def _content_headers(route, payload):
    accept = {"xml": "application/xml", "json": "application/json"}
    # Errors come as JSON whatever the success would be.
    wanted = accept.get(route.content.value)
    headers = {"Accept": f"{wanted}, application/problem+json" if wanted else "*/*"}
    if payload is not None:
        headers["Content-Type"] = "application/json"
    return headers


def _lost(error, route, body):
    """Return the error for a call that got no answer at all.

    With a body: nothing of it was taken means that KSeF cannot have acted. Without
    one only failures of connecting are certain.
    """
    fields = {"operation": route.operation, "details": (type(error).__name__,)}
    if _is_certain(error, body):
        return KsefUnavailable(**fields)
    is_dropped = not isinstance(error, requests.Timeout)
    return KsefNoAnswer(is_dropped=is_dropped, **fields)


def _is_certain(error, body):
    if body is not None:
        return not body.is_taken
    connecting = (
        requests.exceptions.ConnectTimeout,
        requests.exceptions.SSLError,
        requests.exceptions.ProxyError,
    )
    return isinstance(error, connecting) or any(map(_is_not_reached, _causes(error)))


def _is_not_reached(error):
    if isinstance(error, _NOT_REACHED):
        return True
    return isinstance(error, OSError) and error.errno in _NOT_REACHED_ERRNO


def _causes(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _read(response, limit_bytes, deadline):
    """Return the body, read as it comes.

    The library has no time limit for a whole answer, and its own reading waits
    for full pieces; the connection underneath gives what is there.
    """
    source = response.raw._original_response
    declared = source.length
    content = bytearray()
    try:
        while piece := source.read1(PIECE_BYTES):
            content += piece
            if len(content) > limit_bytes:
                raise _Unread("too long")
            if time.monotonic() > deadline:
                raise _Unread("deadline passed")
        if declared is not None and len(content) < declared:
            raise _Unread("cut", is_dropped=True)
    except TimeoutError:
        response.close()
        raise _Unread("silence") from None
    except (OSError, http.client.HTTPException) as error:
        response.close()
        raise _Unread(type(error).__name__, is_dropped=True) from None
    except _Unread:
        response.close()
        raise
    response.raw.release_conn()
    return bytes(content)
