"""Injected faults: what goes wrong on purpose, before or after the processing."""

import dataclasses
import itertools
import json
import random
import threading
import time

from .exchange import HTML, Response
from .paging import token_to_the_start
from .problems import RefusedError, forbidden, refusal
from .statuses import Status

BATCH_INVOICE = "batch_invoice"  # one invoice of a package, not a request
PAGE = b"<html><head><title>Request Rejected</title></head><body></body></html>"
FATES = ("session_status", "invoice_status", "auth_status")
WARNING_HEADER = "X-System-Warning"
ANY = "*"
EXTRA_FIELD = "propertyOfTheFuture"
HTTP_OK = 200
HTTP_FORBIDDEN = 403
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
    if not answer.body:
        return answer
    body = {**json.loads(answer.body), EXTRA_FIELD: {"new": True}}
    return dataclasses.replace(answer, body=json.dumps(body).encode(), is_fault=True)


def _list_omits(fault, answer):
    """Leave the invoice of one ordinal number out of a list."""
    if answer.status != HTTP_OK:
        return answer
    body = json.loads(answer.body)
    omitted = fault.get("ordinal", 1)
    body["invoices"] = [i for i in body["invoices"] if i["ordinalNumber"] != omitted]
    return dataclasses.replace(answer, body=json.dumps(body).encode())


def _loop_pages(fault, answer):
    """Let a list go on for ever, from its first page again."""
    if answer.status != HTTP_OK:
        return answer
    body = {**json.loads(answer.body), "continuationToken": token_to_the_start()}
    return dataclasses.replace(answer, body=json.dumps(body).encode())


def _page(fault, answer):
    """An answer of the caller's choice: by default a refusal that says nothing."""
    body, content_type = fault.get("body", ""), fault.get("content_type", "")
    status = fault.get("status", HTTP_FORBIDDEN)
    return Response(status, body.encode(), content_type, is_fault=True)


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
    "page": _page,
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
    "list_omits": _list_omits,
    "loop_pages": _loop_pages,
    "page_after": _page,
    "warning": _warning,
}
LIST_ACTIONS = ("list_omits", "loop_pages")
ACTIONS = (*BEFORE_ACTIONS, *AFTER_ACTIONS, *FATES)


def fate_of(fault):
    """The outcome that the fault prescribes, or None."""
    if not fault or fault["action"] not in FATES:
        return None
    details = tuple(fault.get("details", ()))
    return Status(fault["code"], details, fault.get("extensions"))


def before(fault):
    """Act before the processing; returns the answer if there is one already."""
    action = BEFORE_ACTIONS.get(fault["action"]) if fault else None
    return action(fault, None) if action else None


def after(fault, answer):
    """Act on the answer; returns the one to send."""
    action = AFTER_ACTIONS.get(fault["action"]) if fault else None
    return action(fault, answer) if action else answer


class _Waiting:
    """A fault that waits for its requests; a random one draws lots for each."""

    def __init__(self, fault):
        self._fault = fault
        self._random = random.Random(fault.get("seed"))
        self.is_random = "probability" in fault
        self._times = fault.get("times", None if self.is_random else 1)
        self._skip = fault.get("skip", 0)

    @property
    def is_used_up(self):
        return self._times is not None and self._times <= 0

    def is_meant(self, operation):
        """Whether it is this fault's turn with a request of ``operation``."""
        wanted = self._fault["operation"]
        if wanted != operation and (wanted != ANY or operation == BATCH_INVOICE):
            return False
        if not self.is_random:
            return True
        return self._random.random() < self._fault["probability"]

    def strike(self):
        """The fault to inject now, None while the first ones are let through."""
        if self._skip > 0:
            self._skip -= 1
            return None
        if self._times is not None:
            self._times -= 1
        fault = dict(self._fault)
        if "actions" in fault:
            fault["action"] = self._random.choice(fault["actions"])
        if isinstance(fault.get("status"), list):
            fault["status"] = self._random.choice(fault["status"])
        return fault


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
            self._waiting[number] = _Waiting(fault)
            return number

    def clear(self):
        with self._lock:
            self._waiting.clear()

    def take(self, operation):
        """The fault that the next request of ``operation`` meets, or None."""
        with self._lock:
            for number, waiting in self._waiting.items():
                if waiting.is_meant(operation):
                    fault = waiting.strike()
                    if waiting.is_used_up:
                        del self._waiting[number]
                    return fault
        return None
