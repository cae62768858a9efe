"""The Ministry's public availability service ("Latarnia"), never trusted alone.

Source: KSeF API 2.0, section on the availability service. It was seen down while
KSeF worked, and its test copy announced a failure for months: the answer picks
words and the legal mode of an outage that our own calls found, nothing else.
"""

# ruff: noqa: RUF009 (wire() gives a dataclass field)

import time as clock
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from . import answers, routes
from .errors import KsefError
from .exchange import Bearer, Exchanger
from .wire import FromJson, MessageError, get_or_none, listing, text, time, wire

CONNECT_SECONDS = 3
READ_SECONDS = 5  # longest silence
TOTAL_SECONDS = 8  # each of the two calls
NOTICES_MAX = 20  # ours: the newest ones
NAME_CHARACTERS = 100  # ours
TITLE_CHARACTERS = 300  # ours
TEXT_CHARACTERS = 4000  # ours


class AvailabilityState(str, Enum):
    """What the service says about KSeF."""

    AVAILABLE = "available"
    MAINTENANCE = "maintenance"  # planned
    FAILURE = "failure"
    TOTAL_FAILURE = "total_failure"
    UNKNOWN = "unknown"  # no service, no answer, or a word we do not know


def _plain(characters):
    """Return a reader of a bounded text of printable characters and line ends."""

    def read(value):
        kept = (one for one in text(value) if one.isprintable() or one == "\n")
        return "".join(kept)[:characters]

    return read


@dataclass(frozen=True)
class Notice(FromJson):
    """One announcement; its texts are foreign, so show them as plain text.

    :ivar kind: e.g. ``FAILURE_START``, ``MAINTENANCE_ANNOUNCEMENT``
    :ivar category: e.g. ``FAILURE``, ``MAINTENANCE``
    :ivar ends_on: None while nobody knows
    """

    identifier: str = wire("id", _plain(NAME_CHARACTERS), "")
    category: str = wire("category", _plain(NAME_CHARACTERS), "")
    kind: str = wire("type", _plain(NAME_CHARACTERS), "")
    title: str = wire("title", _plain(TITLE_CHARACTERS), "")
    text: str = wire("text", _plain(TEXT_CHARACTERS), "")
    starts_on: datetime | None = wire("start", time, None)
    ends_on: datetime | None = wire("end", time, None)
    published_on: datetime | None = wire("published", time, None)


@dataclass(frozen=True)
class Availability:
    """State of KSeF and its announcements, newest first."""

    state: AvailabilityState
    messages: tuple[Notice, ...] = ()


def read_status(transport):
    """Return the :class:`Availability`; never raises an error of the network.

    :param transport: :class:`~.transport.Transport` of the environment asked
        about; its address and name are used, its connections are not
    """
    base = transport.endpoint.lighthouse_url
    if not base:
        return Availability(AvailabilityState.UNKNOWN)
    exchanger = Exchanger(
        transport.user_agent,
        (CONNECT_SECONDS, READ_SECONDS),
        transport.endpoint.is_loopback,
    )
    try:
        payload = _ask(exchanger, base, routes.LIGHTHOUSE_STATUS)
        word = get_or_none(payload, "status", text)
        state = _STATES.get(word, AvailabilityState.UNKNOWN)
        if state is AvailabilityState.UNKNOWN:
            return Availability(state)
        announced = get_or_none(payload, "messages", listing)
        if not announced:
            announced = _ask(exchanger, base, routes.LIGHTHOUSE_MESSAGES)
        return Availability(state, _notices(announced))
    finally:
        exchanger.close()


_STATES = {state.value.upper(): state for state in AvailabilityState}


def _ask(exchanger, base, route):
    """Return the JSON of an answer, or None."""
    call = {
        "url": base + route.path(),
        "headers": {"Accept": "application/json"},
        "auth": Bearer(None),
    }
    deadline = clock.monotonic() + TOTAL_SECONDS
    try:
        answer = exchanger.ask(route, call, None, deadline)
        return answers.check(answer, route).payload
    except KsefError:
        return None


def _notices(announced):
    entries = announced if isinstance(announced, list) else ()
    found = [notice for notice in map(_read, entries) if notice is not None]
    found.sort(key=_moment, reverse=True)
    return tuple(found[:NOTICES_MAX])


def _moment(notice):
    moment = notice.published_on or notice.starts_on
    return moment.timestamp() if moment else 0


def _read(entry):
    """Return the notice, or None where there is nothing to show."""
    try:
        notice = Notice.from_json(entry)
    except MessageError:
        return None
    return notice if notice.title or notice.text else None
