"""The control interface for tests and demo: JSON under /control, no login.

It makes tokens and certificates, injects faults, changes times and limits, expires
things, rotates keys, and shows what came in and what was accepted.
"""

import dataclasses
import itertools
import json

from . import control_certificates, faults, jwt, routing
from .clock import from_text, to_text
from .exchange import json_response
from .processing import settle
from .request_shapes import TOKEN_PERMISSIONS, TOKEN_STATUSES
from .state import Settings
from .upo import invoice_upo

PREFIX = "/control/"
RATE_LIMITED = "rate_limited"
TOO_MANY_REQUESTS = 429
DEFAULT_DESCRIPTION = "Token testowy"
DEFAULT_PERMISSIONS = ("InvoiceRead", "InvoiceWrite")
DEFAULT_WAIT_SECONDS = 10
SEND = "send_invoice"
LISTS = ("session_invoices", "failed_invoices")
SETTINGS = {field.name for field in dataclasses.fields(Settings)} - {"environment"}
TOKEN_END = "token_login_ends"
RATE_GROUPS = {"2.7": False, "2.8": True}


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
    operation = given.get("operation")
    actions = given.get("actions") or [given.get("action")]
    known = {*routing.NAMES, faults.ANY, faults.BATCH_INVOICE}
    _check(operation in known, f"unknown operation {operation}")
    for action in actions:
        _check(action in faults.ACTIONS, f"unknown action {action}")
        needs_code = action in (*faults.FATES, "error_code")
        has_code = isinstance(given.get("code"), int)
        _check(not needs_code or has_code, "code is missing")
    is_for_lists = bool(set(actions) & set(faults.LIST_ACTIONS))
    _check(operation in LISTS or not is_for_lists, f"{operation} is no list")
    return {"id": system.faults.add(given)}


def _clear_faults(system, given):
    system.faults.clear()
    return {}


def _change_settings(system, given):
    given = dict(given)
    if "rate_limits" in given:
        system.limits.configure(given.pop("rate_limits"))
    if "rate_groups" in given:
        system.limits.has_new_groups = RATE_GROUPS[given.pop("rate_groups")]
    if given.get(TOKEN_END):
        from_text(given[TOKEN_END])
    unknown = set(given) - SETTINGS
    _check(not unknown, f"unknown settings {sorted(unknown)}")
    for name, value in given.items():
        setattr(system.settings, name, value)
    return {}


def _expire_sessions(system):
    for session in system.book.sessions.values():
        session.valid_until = min(session.valid_until, system.clock.now())


def _expire_uploads(system):
    for session in system.book.sessions.values():
        if session.is_batch:
            session.package.upload_until = system.clock.now()


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
    "links": lambda system: system.signer.void(),
    "uploads": _expire_uploads,
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


def _describe_accepted(system, invoice, has_documents):
    documents = {}
    if has_documents:
        receipt = invoice_upo(invoice, system.settings.environment)
        documents = {"xml": invoice.xml.decode(), "upo": receipt.decode()}
    return {
        "ksefNumber": invoice.ksef_number,
        "invoiceHash": invoice.invoice_hash,
        "nip": invoice.facts["sellerNip"],
        "invoiceNumber": invoice.facts["invoiceNumber"],
        "invoiceType": invoice.facts["kind"],
        "issueDate": invoice.facts["issueDate"],
        "sessionReference": invoice.session.reference,
        "invoiceReference": invoice.reference,
        **documents,
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


def _describe_package(session):
    return {
        "sessionReference": session.reference,
        "code": session.status.code,
        "compressionType": session.package.compression,
        "parts": len(session.package.parts),
        "invoices": len(session.invoices),
    }


def _show_book(system, query):
    """What was accepted, sent and tried; ``xml=0`` leaves XML and receipts out.

    ``offset`` and ``limit`` cut each of these three lists, not that of the packages.
    """
    settle(system)
    book = system.book
    first = int(query.get("offset", 0))
    last = first + int(query["limit"]) if "limit" in query else None
    has_documents = query.get("xml", "1") != "0"

    def cut(items):
        return itertools.islice(items, first, last)

    return {
        "invoices": [
            _describe_accepted(system, invoice, has_documents)
            for invoice in cut(book.by_ksef_number.values())
        ],
        "sent": [_describe_sent(i) for i in cut(book.invoices.values())],
        "attempts": list(cut(book.attempts)),
        "packages": [_describe_package(s) for s in book.sessions.values() if s.package],
    }


def _show_requests(system, given):
    """Requests by operation, those to the API in all, those answered with 429."""
    counts = system.counters.snapshot()
    api_calls = sum(count for name, count in counts.items() if name in routing.API)
    return {RATE_LIMITED: 0, **counts, "api_calls": api_calls}


def _reset(system, given):
    system.clock.reset()
    system.clear()
    system.faults.clear()
    system.counters.clear()
    system.keys.forget_old()
    system.settings.__dict__.update(system.initial_settings)
    system.limits.configure("default")
    system.limits.has_new_groups = True
    return {}


ACTIONS = {
    ("POST", "tokens"): make_token,
    ("POST", "certificates"): control_certificates.make_certificate,
    ("POST", "permissions"): control_certificates.grant,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "settings"): _change_settings,
    ("POST", "expire"): _expire,
    ("POST", "rotate-keys"): _rotate_keys,
    ("POST", "clock"): _advance_clock,
    ("GET", "requests"): _show_requests,
    ("POST", "reset"): _reset,
}

CHANGES = {
    "tokens": _change_token,
    "certificates": control_certificates.change_certificate,
}


def _run(system, request, given):
    name, _, reference = request.path[len(PREFIX) :].partition("/")
    if reference and request.method == "POST" and name in CHANGES:
        return CHANGES[name](system, given, reference)
    if (request.method, name) == ("GET", "book"):
        query = {name: values[-1] for name, values in request.query.items()}
        return _show_book(system, query)
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


def note_request(system, operation, request):
    """Count a request as it comes in; returns the line kept about a sent invoice."""
    system.counters.add(operation.name)
    if operation.name != SEND:
        return {}
    attempt = {
        "hash": _read_sent_hash(request),
        "at": to_text(request.arrived),
        "sessionReference": request.path.split("/")[-2],
        "outcome": "arrived",
    }
    with system.lock:
        system.book.attempts.append(attempt)
    return attempt


def note_answer(system, attempt, response):
    """Note how a request ended; ``response`` None was dropped."""
    attempt["outcome"] = str(response.status) if response else "dropped"
    if response and response.status == TOO_MANY_REQUESTS:
        system.counters.add(RATE_LIMITED)
