"""Injected faults: what goes wrong on purpose, before or after the processing."""

import dataclasses
import itertools
import json
import threading
import time

from .exchange import HTML, Response
from .problems import RefusedError, forbidden, refusal
from .statuses import Status

PAGE = b"<html><head><title>Request Rejected</title></head><body></body></html>"
FATES = ("session_status", "invoice_status", "auth_status")
WARNING_HEADER = "X-System-Warning"
EXTRA_FIELD = "propertyOfTheFuture"
HTTP_OK = 200
PROBLEM_STATUSES = (401, 403, 410, 429)
DEFAULT_DELAY_SECONDS = 1.0


class DroppedError(Exception):
    """The connection is to be closed without an answer."""


def _drop(fault, answer):
    raise DroppedError


def _delay(fault, answer):
    time.sleep(fault.get("seconds", DEFAULT_DELAY_SECONDS))
    return answer


def _html(fault, answer):
    return Response(HTTP_OK, PAGE, HTML, is_fault=True)


def _garbage(fault, answer):
    half = answer.body[: len(answer.body) // 2]
    return dataclasses.replace(answer, body=half, is_fault=True)


def _warning(fault, answer):
    headers = {**answer.headers, WARNING_HEADER: fault["text"]}
    return dataclasses.replace(answer, headers=headers)


def _extra_field(fault, answer):
    body = {**json.loads(answer.body), EXTRA_FIELD: {"new": True}}
    return dataclasses.replace(answer, body=json.dumps(body).encode(), is_fault=True)


def _status(fault, answer):
    status = fault.get("status", 503)
    if status in PROBLEM_STATUSES:
        raise _problem(status, fault)
    headers = {}
    if "retry_after" in fault:
        headers["Retry-After"] = str(fault["retry_after"])
    return Response(status, PAGE, HTML, headers, is_fault=True)


def _problem(status, fault):
    if status == 403:
        reason = fault.get("reason", "missing-permissions")
        return forbidden(reason, **fault.get("security", {}))
    retry_after = fault.get("retry_after", 1) if status == 429 else None
    return RefusedError(status, retry_after=retry_after)


def _error_code(fault, answer):
    raise refusal(fault["code"], *fault.get("details", ()))


BEFORE_ACTIONS = {
    "drop_before": _drop,
    "delay": _delay,
    "html": _html,
    "status": _status,
    "error_code": _error_code,
}
AFTER_ACTIONS = {
    "drop_after": _drop,
    "delay_after": _delay,
    "html_after": _html,
    "garbage": _garbage,
    "status_after": _status,
    "extra_field": _extra_field,
    "warning": _warning,
}
ACTIONS = (*BEFORE_ACTIONS, *AFTER_ACTIONS, *FATES)


def fate_of(fault):
    """The outcome that the fault prescribes, or None."""
    if not fault or fault["action"] not in FATES:
        return None
    return Status(fault["code"], tuple(fault.get("details", ())))


def before(fault):
    """Act before the processing; returns the answer if there is one already."""
    action = BEFORE_ACTIONS.get(fault["action"]) if fault else None
    return action(fault, None) if action else None


def after(fault, answer):
    """Act on the answer; returns the one to send."""
    action = AFTER_ACTIONS.get(fault["action"]) if fault else None
    return action(fault, answer) if action else answer


class Faults:
    """The faults waiting, oldest first; one request meets at most one of them."""

    def __init__(self):
        self._lock = threading.Lock()
        self._waiting = {}
        self._ids = itertools.count(1)

    def add(self, fault):
        """``times`` None means until it is deleted. Returns the id."""
        with self._lock:
            number = next(self._ids)
            self._waiting[number] = {"times": 1, "skip": 0, **fault}
            return number

    def clear(self):
        with self._lock:
            self._waiting.clear()

    def take(self, operation):
        """The fault that the next request of ``operation`` meets, or None."""
        with self._lock:
            for number, fault in self._waiting.items():
                if fault["operation"] == operation:
                    return self._use(number, fault)
        return None

    def _use(self, number, fault):
        if fault["skip"] > 0:
            fault["skip"] -= 1
            return None
        if fault["times"] is not None:
            fault["times"] -= 1
            if fault["times"] <= 0:
                del self._waiting[number]
        return dict(fault)
