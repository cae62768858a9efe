"""Temporary links of KSeF: parts go up, receipts come down.

Source: KSeF API 2.0, sections on batch sessions (upload) and on receipts
(download). A link is a secret: whoever has it needs no login. It goes without a
token, to no other host, into no log and no error.
"""

import re
import time
from urllib.parse import urlsplit

from . import answers, messages
from .crypto import sha256_b64
from .environments import LINK_DOMAIN, LOOPBACK_HOSTS
from .errors import (
    KsefLinkExpired,
    KsefNoAnswer,
    KsefProtocolError,
    KsefRefused,
    KsefUnavailable,
)
from .exchange import Bearer, Exchanger, FileBody
from .routes import DOWNLOAD, UPLOAD_PART

CONNECT_SECONDS = 5
READ_SECONDS = 60  # longest silence
DOWNLOAD_SECONDS = 60  # whole download
UPLOAD_SECONDS = 600  # whole upload of a part, where the caller says nothing

PART_TYPE = "application/octet-stream"
PART_STORED = 201
DOWNLOADED = 200

_ADDRESS = re.compile(r"[\x21-\x5b\x5d-\x7e]{1,8192}")  # printable, no backslash
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,1000}")
# What the call itself decides.
_OWN_HEADERS = frozenset(
    {"authorization", "connection", "content-length", "host", "transfer-encoding"}
)


class Storage:
    """Calls of temporary links of one environment; not shared by threads."""

    def __init__(
        self,
        endpoint,
        user_agent,
        *,
        connect_seconds=CONNECT_SECONDS,
        read_seconds=READ_SECONDS,
    ):
        self._endpoint = endpoint
        timeouts = (connect_seconds, read_seconds)
        self._exchanger = Exchanger(user_agent, timeouts, endpoint.is_loopback)

    def close(self):
        """Close the connections."""
        self._exchanger.close()

    def put(self, upload, part, total_seconds=UPLOAD_SECONDS):
        """Send one part of a package; doing it twice does no harm.

        The part is read in pieces while it goes out.

        :param upload: :class:`~.messages_batch.PartUpload`
        :param part: :class:`~.batch.Part`
        :param total_seconds: time for the whole part
        :raises KsefLinkExpired: the window is over
        :raises KsefRefused: KSeF does not take these bytes
        :raises KsefUnavailable: nothing arrived, or too much at once; try again
        :raises KsefNoAnswer: nobody knows; try again
        :raises KsefProtocolError: the link leads somewhere else
        """
        if upload.method != UPLOAD_PART.method:
            raise _not_ours(UPLOAD_PART, "method")
        call = {
            "url": self._checked(upload.url, UPLOAD_PART),
            "headers": _part_headers(upload.headers),
            "auth": Bearer(None),
        }
        deadline = time.monotonic() + total_seconds
        body = FileBody(part.file, part.size, deadline)
        answer = self._exchanger.ask(UPLOAD_PART, call, body, deadline)
        if answer.status != PART_STORED:
            raise _failure(answer, UPLOAD_PART)

    def get(self, link, total_seconds=DOWNLOAD_SECONDS):
        """Return the bytes behind a :class:`~.messages.Link`, hash checked.

        :raises KsefLinkExpired: ask for the status again, it brings a fresh link
        :raises KsefUnavailable: try again
        :raises KsefNoAnswer: try again; also when the bytes do not fit their hash
        :raises KsefProtocolError: the link leads somewhere else; no hash came
        """
        call = {
            "url": self._checked(link.url, DOWNLOAD),
            "headers": {"Accept": "*/*"},
            "auth": Bearer(None),
        }
        deadline = time.monotonic() + total_seconds
        answer = self._exchanger.ask(DOWNLOAD, call, None, deadline)
        if answer.status != DOWNLOADED or answers.is_page(answer):
            raise _failure(answer, DOWNLOAD)
        return checked_body(answer, DOWNLOAD)

    def _checked(self, url, route):
        """Return the address of a link after looking where it leads."""
        address = url.reveal()
        try:
            parts = urlsplit(address)
            host, _port = parts.hostname or "", parts.port
        except ValueError:
            raise _not_ours(route, "address") from None
        is_plain = _ADDRESS.fullmatch(address) and "@" not in parts.netloc
        if not (is_plain and self._is_allowed(parts.scheme, host)):
            raise _not_ours(route, "address")
        return address

    def _is_allowed(self, scheme, host):
        """An address of its own may have links anywhere; KSeF's lead to KSeF."""
        if self._endpoint.is_loopback and host in LOOPBACK_HOSTS:
            return scheme in ("http", "https")
        is_known = host == LINK_DOMAIN or host.endswith(f".{LINK_DOMAIN}")
        return scheme == "https" and (is_known or self._endpoint.is_override)


def checked_body(answer, route):
    """Return the bytes of a download after comparing them with their hash.

    :raises KsefNoAnswer: the bytes do not fit; ask again
    :raises KsefProtocolError: there is no hash header
    """
    fields = {"operation": route.operation, "http_status": answer.status}
    declared = answer.headers.get(messages.HASH_HEADER)
    if not declared:
        raise KsefProtocolError(details=("no hash header",), **fields)
    if sha256_b64(answer.body) != declared.strip():
        raise KsefNoAnswer(details=("hash differs",), **fields)
    return answer.body


def _part_headers(given):
    for name, value in given.items():
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
            raise _not_ours(UPLOAD_PART, "headers")
    headers = {
        name: value for name, value in given.items() if name.lower() not in _OWN_HEADERS
    }
    if "content-type" not in map(str.lower, headers):
        headers["Content-Type"] = PART_TYPE
    return headers


def _not_ours(route, what):
    return KsefProtocolError(operation=route.operation, details=(what,))


def _failure(answer, route):
    """Return the error of an answer without success.

    A page of the web firewall says nothing about the link, whatever its status.
    """
    fields = {
        "operation": route.operation,
        "http_status": answer.status,
        "retry_after_seconds": answers.retry_after_seconds(answer.headers),
    }
    if answer.status in (429, 503):
        return KsefUnavailable(**fields)
    if answers.is_page(answer):
        return KsefNoAnswer(**fields)
    return _BY_STATUS.get(answer.status, KsefNoAnswer)(**fields)


_BY_STATUS = {
    400: KsefRefused,
    401: KsefLinkExpired,
    403: KsefLinkExpired,
    404: KsefLinkExpired,
    409: KsefRefused,
    410: KsefLinkExpired,
    411: KsefRefused,
    413: KsefRefused,
}
