"""The control interface for tests and demo: JSON under /control, no login.

It makes tokens, injects faults, changes times and limits, expires things, rotates
keys, and shows what came in and what was accepted.
"""

import dataclasses
import json

from . import faults, jwt, routing
from .clock import to_text
from .exchange import json_response
from .processing import settle
from .request_shapes import TOKEN_PERMISSIONS, TOKEN_STATUSES
from .state import Settings

PREFIX = "/control/"
DEFAULT_DESCRIPTION = "Token testowy"
DEFAULT_PERMISSIONS = ("InvoiceRead", "InvoiceWrite")
DEFAULT_WAIT_SECONDS = 10
SEND = "send_invoice"
SETTINGS = {field.name for field in dataclasses.fields(Settings)} - {"environment"}


class _BadControlError(Exception):
    """The control request makes no sense; the text says why."""


def _check(condition, sentence):
    if not condition:
        raise _BadControlError(sentence)


def _check_token(given):
    permissions = given.get("permissions", [])
    known = set(permissions) <= set(TOKEN_PERMISSIONS)
    _check(known, f"unknown permission in {permissions}")
    status = given.get("status", "Active")
    _check(status in TOKEN_STATUSES, f"unknown status {status}")


def make_token(system, given):
    """Make a KSeF token of a NIP context; its author is that NIP unless given."""
    _check_token(given)
    author = given.get("author", {"type": "Nip", "value": given["nip"]})
    token = system.book.add_token(
        system.clock.now(),
        ("Nip", given["nip"]),
        (author["type"], author["value"]),
        list(given.get("permissions", DEFAULT_PERMISSIONS)),
        given.get("description", DEFAULT_DESCRIPTION),
    )
    token.status = given.get("status", "Active")
    return {"token": token.text, "reference": token.reference}


def _change_token(system, given, reference):
    token = system.book.tokens.get(reference)
    _check(token is not None, f"no token {reference}")
    _check_token(given)
    token.status = given.get("status", token.status)
    token.permissions = list(given.get("permissions", token.permissions))
    return {}


def _add_fault(system, given):
    operation, action = given.get("operation"), given.get("action")
    _check(operation in routing.NAMES, f"unknown operation {operation}")
    _check(action in faults.ACTIONS, f"unknown action {action}")
    needs_code = action in (*faults.FATES, "error_code")
    _check(not needs_code or isinstance(given.get("code"), int), "code is missing")
    return {"id": system.faults.add(given)}


def _clear_faults(system, given):
    system.faults.clear()
    return {}


def _change_settings(system, given):
    given = dict(given)
    if "rate_limits" in given:
        system.limits.configure(given.pop("rate_limits"))
    unknown = set(given) - SETTINGS
    _check(not unknown, f"unknown settings {sorted(unknown)}")
    for name, value in given.items():
        setattr(system.settings, name, value)
    return {}


def _expire_sessions(system):
    for session in system.book.sessions.values():
        session.valid_until = min(session.valid_until, system.clock.now())


def _expire_operations(system):
    for login in system.book.logins.values():
        login.gone = True


EXPIRIES = {
    "access": lambda system: system.mint.void(jwt.ACCESS),
    "refresh": lambda system: system.mint.void(jwt.REFRESH),
    "operation": lambda system: system.mint.void(jwt.OPERATION),
    "operation_status": _expire_operations,
    "challenge": lambda system: system.book.challenges.clear(),
    "sessions": _expire_sessions,
    "links": lambda system: system.links.clear(),
}


def _expire(system, given):
    what = given.get("what")
    _check(what in EXPIRIES, f"unknown {what}")
    EXPIRIES[what](system)
    return {}


def _rotate_keys(system, given):
    system.keys.rotate(given.get("keep_old", False))
    return {}


def _advance_clock(system, given):
    system.clock.advance(given["seconds"])
    return {}


def _describe_accepted(invoice):
    return {
        "ksefNumber": invoice.ksef_number,
        "invoiceHash": invoice.invoice_hash,
        "nip": invoice.facts["sellerNip"],
        "invoiceNumber": invoice.facts["invoiceNumber"],
        "invoiceType": invoice.facts["kind"],
        "issueDate": invoice.facts["issueDate"],
        "sessionReference": invoice.session.reference,
        "invoiceReference": invoice.reference,
        "xml": invoice.xml.decode(),
        "upo": invoice.upo.decode(),
    }


def _describe_sent(invoice):
    return {
        "invoiceReference": invoice.reference,
        "sessionReference": invoice.session.reference,
        "invoiceHash": invoice.invoice_hash,
        "invoiceNumber": invoice.facts.get("invoiceNumber"),
        "code": invoice.status.code,
        "details": list(invoice.status.details),
        "ksefNumber": invoice.ksef_number,
    }


def _show_book(system, given):
    settle(system)
    book = system.book
    return {
        "invoices": [_describe_accepted(i) for i in book.by_ksef_number.values()],
        "sent": [_describe_sent(i) for i in book.invoices.values()],
        "attempts": book.attempts,
    }


def _show_requests(system, given):
    return system.counters.snapshot()


def _reset(system, given):
    system.clock.reset()
    system.clear()
    system.faults.clear()
    system.counters.clear()
    system.keys.forget_old()
    system.settings.__dict__.update(system.initial_settings)
    system.limits.configure("default")
    return {}


ACTIONS = {
    ("POST", "tokens"): make_token,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "settings"): _change_settings,
    ("POST", "expire"): _expire,
    ("POST", "rotate-keys"): _rotate_keys,
    ("POST", "clock"): _advance_clock,
    ("GET", "book"): _show_book,
    ("GET", "requests"): _show_requests,
    ("POST", "reset"): _reset,
}


def _run(system, request, given):
    name, _, reference = request.path[len(PREFIX) :].partition("/")
    if reference and (request.method, name) == ("POST", "tokens"):
        return _change_token(system, given, reference)
    action = ACTIONS.get((request.method, name))
    _check(action is not None, f"no {request.method} {request.path}")
    return action(system, given)


def _wait(system, given):
    """Long poll, without the lock: the requests waited for need it."""
    seconds = given.get("seconds", DEFAULT_WAIT_SECONDS)
    _check(given.get("operation") in routing.NAMES, "unknown operation")
    came = system.counters.wait(given["operation"], given.get("count", 1), seconds)
    return json_response(200 if came else 408, {})


def answer(system, request):
    """Answer a control request; 400 with a sentence when it makes no sense."""
    try:
        given = json.loads(request.body) if request.body else {}
        _check(isinstance(given, dict), "the body must be an object")
        if request.path == PREFIX + "wait":
            return _wait(system, given)
        with system.lock:
            return json_response(200, _run(system, request, given))
    except _BadControlError as problem:
        return json_response(400, {"error": str(problem)})
    except (KeyError, TypeError, ValueError) as problem:
        return json_response(400, {"error": repr(problem)})


def _read_sent_hash(request):
    try:
        return json.loads(request.body).get("invoiceHash")
    except (AttributeError, ValueError):
        return None


def note_attempt(system, operation, request):
    """Keep a line about each POST of an invoice as it comes in, and return it."""
    attempt = {
        "hash": _read_sent_hash(request),
        "at": to_text(system.clock.now()),
        "sessionReference": request.path.split("/")[-2],
        "outcome": "arrived",
    }
    if operation.name == SEND:
        with system.lock:
            system.book.attempts.append(attempt)
    return attempt
