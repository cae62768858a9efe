"""One ``request()`` for every call of the API."""

import json
import logging
import time
from datetime import datetime, timedelta, timezone

from . import answers
from .errors import KsefNoAnswer
from .exchange import Bearer, BytesBody, Exchanger
from .routes import Content
from .storage import Storage

CONNECT_SECONDS = 5
READ_SECONDS = 20  # longest silence
TOTAL_SECONDS = 30  # from the start of a call until its last byte
# The last piece, or a repeated call, may begin just before the deadline.
LONGEST_CALL_SECONDS = TOTAL_SECONDS + CONNECT_SECONDS + READ_SECONDS

# The Date header has whole seconds; a smaller difference says nothing.
CLOCK_TOLERANCE_SECONDS = 2

WARNINGS_MAX = 50

_MEDIA_TYPES = {Content.XML: "application/xml", Content.JSON: "application/json"}

_logger = logging.getLogger(__name__)


class Transport:
    """HTTP to one environment; one instance per job, not shared by threads.

    :ivar gate: called with the rate group just before each request of the API,
        repeated ones included; it may wait, or raise to keep the request back.
        None lets everything pass. Temporary links do not come by it.
    :ivar storage: :class:`~.storage.Storage` for the temporary links
    :ivar last_server_offset_seconds: KSeF's clock minus ours, None before the
        first answer
    :ivar system_warnings: KSeF's technical notices so far, code -> text
    """

    def __init__(
        self,
        endpoint,
        user_agent,
        gate=None,
        *,
        connect_seconds=CONNECT_SECONDS,
        read_seconds=READ_SECONDS,
        total_seconds=TOTAL_SECONDS,
    ):
        self.endpoint = endpoint
        self.user_agent = user_agent
        self.gate = gate
        self.storage = Storage(endpoint, user_agent)
        self.last_server_offset_seconds = None
        self.system_warnings = {}
        self._total_seconds = total_seconds
        self._exchanger = Exchanger(
            user_agent,
            (connect_seconds, read_seconds),
            endpoint.is_loopback,
            {"X-Error-Format": "problem-details"},
        )

    def close(self):
        """Close the connections."""
        self._exchanger.close()
        self.storage.close()

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
        :param payload: JSON-able body; bytes for a route that sends XML; None for
            an empty one
        :raises KsefError: the fitting subclass; whatever the gate raises
        """
        call = {
            "url": self.endpoint.api_url + route.path(**(values or {})),
            "params": query,
            "headers": {**(headers or {}), **_content_headers(route, payload)},
            "auth": Bearer(bearer),
        }
        self._pass_gate(route)
        deadline = time.monotonic() + self._total_seconds
        try:
            return self._once(route, call, payload, deadline)
        except KsefNoAnswer as error:
            is_worth_it = error.is_dropped and route.is_repeatable
            if not is_worth_it or time.monotonic() > deadline:
                raise
        self._pass_gate(route)
        return self._once(route, call, payload, deadline)

    def _pass_gate(self, route):
        if self.gate is not None:
            self.gate(route.group)

    def _once(self, route, call, payload, deadline):
        body = None if payload is None else BytesBody(_serialized(route, payload))
        answer = self._exchanger.ask(route, call, body, deadline)
        self._note(answer)
        return answers.check(answer, route)

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


def _serialized(route, payload):
    return json.dumps(payload).encode() if route.sends is Content.JSON else payload


def _content_headers(route, payload):
    # Errors come as JSON whatever the success would be.
    wanted = _MEDIA_TYPES.get(route.content)
    headers = {"Accept": f"{wanted}, application/problem+json" if wanted else "*/*"}
    if payload is not None:
        headers["Content-Type"] = _MEDIA_TYPES[route.sends]
    return headers
