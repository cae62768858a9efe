"""One HTTP exchange: a whole answer within limits, or the error it means.

Below the API (``transport``), temporary links (``storage``) and the availability
service (``lighthouse``), which say what an answer is worth.
"""

import errno
import http.client
import io
import logging
import socket
import threading
import time

import requests
from requests.auth import AuthBase

from . import answers, messages
from .errors import KsefNoAnswer, KsefUnavailable

PIECE_BYTES = 65_536
# Answers from here on are worth a line in an ordinary log.
FIRST_ERROR_STATUS = 400

_NOT_REACHED = (socket.gaierror, ConnectionRefusedError)
_NOT_REACHED_ERRNO = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL}
)
# They write whole addresses, temporary links included.
_TALKATIVE_LOGGERS = (
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.util.retry",
)

_thread = threading.local()
_logger = logging.getLogger(__name__)


class _OthersOnly(logging.Filter):
    """Keeps the library's own lines about our calls out of every log."""

    def filter(self, record):
        return not getattr(_thread, "is_calling", False)


_others_only = _OthersOnly()
for _name in _TALKATIVE_LOGGERS:
    logging.getLogger(_name).addFilter(_others_only)


class Bearer(AuthBase):
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


class BytesBody(io.BytesIO):
    """A request body that remembers whether any of it was taken to be sent."""

    is_taken = False

    def read(self, *args):
        self.is_taken = True
        return super().read(*args)


class FileBody:
    """The same for an open file, read in pieces while time is left.

    :param size: length of the file in bytes
    :param deadline: by the monotonic clock
    """

    is_taken = False

    def __init__(self, file, size, deadline):
        file.seek(0)
        self._file = file
        self._size = size
        self._deadline = deadline

    def __len__(self):
        return self._size

    def __iter__(self):
        while piece := self.read(PIECE_BYTES):
            yield piece

    # A file's method, not the ORM's.
    def read(self, amount=PIECE_BYTES):  # pylint: disable=method-required-super
        self.is_taken = True
        if time.monotonic() > self._deadline:
            raise _Unread("deadline passed")
        return self._file.read(amount)


class _Unread(Exception):
    """The exchange could not be brought to its end."""

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


class Exchanger:
    """Connections of one purpose, with its time-outs; not shared by threads.

    :param timeouts: pair of seconds: to connect, and the longest silence. While a
        body is sent, the first one limits each piece that goes to the system.
    :param is_loopback: the other side is this machine
    """

    def __init__(self, user_agent, timeouts, is_loopback, headers=None):
        # An environment's proxy cannot reach this machine's own address.
        self._proxies = {"no_proxy": "*"} if is_loopback else None
        self._session = _Session()
        adapter = _TimedAdapter(timeouts)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._session.headers.update(
            {
                "User-Agent": user_agent,
                "Accept-Encoding": "identity",
                **(headers or {}),
            }
        )

    def close(self):
        """Close the connections."""
        self._session.close()

    def ask(self, route, call, body, deadline):
        """Return an :class:`~.answers.Answer` of any status and log one line.

        :param call: address, headers and token, as ``requests`` names them
        :param body: :class:`BytesBody`, :class:`FileBody` or None
        :param deadline: by the monotonic clock
        :raises KsefUnavailable: surely nothing arrived
        :raises KsefNoAnswer: there is no whole answer
        """
        started = time.monotonic()
        _thread.is_calling = True
        try:
            outcome = self._exchange(route, call, body, deadline)
        finally:
            _thread.is_calling = False
        seconds = time.monotonic() - started
        name = (route.method, route.template)
        if isinstance(outcome, Exception):
            _logger.info("KSeF %s %s: %s, %.3f s", *name, outcome.details[0], seconds)
            raise outcome
        reference = messages.service_reference(outcome.payload) or "-"
        _logger.log(
            logging.DEBUG if outcome.status < FIRST_ERROR_STATUS else logging.INFO,
            "KSeF %s %s: HTTP %s, %.3f s, reference %s",
            *name,
            outcome.status,
            seconds,
            reference,
        )
        return outcome

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
        except _Unread as unread:
            return _unread(unread, route)
        try:
            content = _read(response, route.limit_bytes, deadline)
        except _Unread as unread:
            if 200 <= response.status_code < 300:
                return _unread(unread, route, response.status_code)
            content = b""
        return answers.Answer.build(response.status_code, response.headers, content)


def _unread(unread, route, http_status=None):
    return KsefNoAnswer(
        operation=route.operation,
        http_status=http_status,
        details=(unread.kind,),
        is_dropped=unread.is_dropped,
    )


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
