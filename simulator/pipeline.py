"""The way of a request: fault, identity, limits, rights, shape, handler, fault."""

import dataclasses
import json
import time

from . import bearer, faults, routing
from .exchange import XML
from .problems import RefusedError, invalid, render
from .processing import settle
from .request_shapes import read_query
from .system import Call
from .validate import is_text

WANTED_WARNING_HEADER = "x-test-system-warning"
WARNING_HEADER = faults.WARNING_HEADER
JSON_TYPE = "application/json"


def answer(system, operation, params, request):
    """Answer a request of a known operation; raises ``faults.DroppedError``."""
    if operation.is_api:
        time.sleep(system.settings.latency_seconds)
    fault = system.faults.take(operation.name)
    call = Call(request, params, fate=faults.fate_of(fault))
    try:
        early = faults.before(fault)
        if early is not None:
            return early
        result = _process_refusing(system, operation, call)
        return faults.after(fault, _with_wanted_warning(request, result))
    except RefusedError as refused:
        return render(refused, request, system.clock.now())


def _with_wanted_warning(request, response):
    """TEST sends back the warning that a request asks for."""
    text = request.headers.get(WANTED_WARNING_HEADER)
    if text is None:
        return response
    headers = {**response.headers, WARNING_HEADER: text}
    return dataclasses.replace(response, headers=headers)


def _process_refusing(system, operation, call):
    try:
        with system.lock:
            settle(system)
            return _process(system, operation, call)
    except RefusedError as refused:
        return render(refused, call.request, system.clock.now())


def _process(system, operation, call):
    if operation.bearers:
        bearer.identify(system, call, operation.bearers)
    if operation.group:
        context = call.login.context if call.login else None
        address = call.request.client_ip
        system.limits.hit(context, address, operation.group, operation.name)
    bearer.require_any(call, operation.rights)
    if operation.is_api:
        _check_request(operation, call)
    return operation.handler(system, call)


def _check_request(operation, call):
    problems = []
    for name, value in call.params.items():
        least, most, pattern = routing.PARAMETER_PATTERNS.get(
            name, routing.REFERENCE_PATTERN
        )
        problems += is_text(least, most, pattern)(value, name)
    call.query, found = read_query(operation.query, call.request.query)
    problems += found
    if operation.takes_xml:
        call.body = _check_type(call.request, XML)
    elif operation.body:
        call.body = _read_body(call.request)
        problems += operation.body(call.body, "")
    elif call.request.body:
        problems.append("The request takes no body.")
    if problems:
        raise invalid(*problems)


def _check_type(request, wanted):
    """The body, if it is of the media type wanted."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type.lower() != wanted:
        raise invalid(f"Content-Type must be {wanted}.")
    return request.body


def _read_body(request):
    body = _check_type(request, JSON_TYPE)
    try:
        return json.loads(body, object_pairs_hook=_without_repeats)
    except ValueError:
        raise invalid("The body is no valid JSON.") from None


def _without_repeats(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a property stands twice")
    return dict(pairs)
