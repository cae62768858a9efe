"""Checks recorded exchanges against the OpenAPI document, unknown properties too.

``python3 -m simulator.conformity --openapi FILE RECORD...`` prints what does not
conform, then ``N passed, N failed``: one for each operation and status that was met,
however often. Needs the development package ``openapi-core``.
"""

import argparse
import base64
import copy
import functools
import json
import sys
from urllib.parse import parse_qs, urlsplit

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

# Groups of API 2.8; the newest description to be had is that of 2.7.
NEW_RATE_GROUPS = ("onlineSessionClose", "batchSessionClose", "anonymous", "global")
RATE_VALUES = {"$ref": "#/components/schemas/EffectiveApiRateLimitValues"}
HOST = "http://simulator.invalid"
PREFIX = "/v2"


def _as_text(data, **parameters):
    return data.decode()


def _as_json(data, **parameters):
    return json.loads(data)


# The document calls XML a string, the library would parse it; it knows no problems.
DESERIALIZERS = {"application/xml": _as_text, "application/problem+json": _as_json}


class _Request:
    """A recorded request in the shape that ``openapi-core`` wants."""

    def __init__(self, entry):
        parts = urlsplit(entry["path"])
        query = parse_qs(parts.query, keep_blank_values=True)
        pairs = [(name, value) for name, values in query.items() for value in values]
        headers = Headers(entry["request_headers"])
        self.host_url = HOST
        self.path = parts.path
        self.method = entry["method"].lower()
        self.body = _body(entry, "request_body") or None
        self.content_type = headers.get("content-type", "")
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(pairs), header=headers
        )


class _Response:
    def __init__(self, entry):
        self.headers = Headers(entry["response_headers"])
        self.status_code = entry["status"]
        self.data = _body(entry, "response_body")
        self.content_type = self.headers.get("content-type", "")


def _body(entry, name):
    if f"{name}_b64" in entry:
        return base64.b64decode(entry[f"{name}_b64"])
    return entry[name].encode()


def _close_objects(node):
    """Forbid unknown properties in every object that names its properties."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            node.setdefault("additionalProperties", False)
        for value in node.values():
            _close_objects(value)
    elif isinstance(node, list):
        for value in node:
            _close_objects(value)


def _bring_up_to_date(schemas):
    groups = schemas["EffectiveApiRateLimits"]["properties"]
    groups.update(dict.fromkeys(NEW_RATE_GROUPS, RATE_VALUES))


class Conformity:
    """The closed document, and checks of single exchanges against it."""

    def __init__(self, openapi_path):
        with open(openapi_path, encoding="utf-8") as file:
            document = json.load(file)
        _bring_up_to_date(document["components"]["schemas"])
        _close_objects(document["components"]["schemas"])
        document["servers"] = [{"url": HOST + PREFIX}]
        self._document = document
        config = Config(extra_media_type_deserializers=DESERIALIZERS)
        self._api = OpenAPI.from_dict(copy.deepcopy(document), config=config)

    def complaints(self, entry):
        """What is wrong with one exchange; the request counts only when accepted.

        A refused request was perhaps wrong on purpose, so then only the answer is
        checked; an answer marked as an injected fault is not checked at all.
        """
        if entry["fault"]:
            return []
        request = _Request(entry)
        found = self._answer_complaints(request, _Response(entry))
        if entry["status"] < 300:
            found += self._request_complaints(request)
        name = f"{entry['method']} {entry['path']} -> {entry['status']}"
        return [f"{name}: {complaint}" for complaint in found]

    def kind(self, entry):
        """Name what was asked and answered: operation and status."""
        summary = self._operation(_Request(entry)).get("summary", entry["path"])
        return entry["method"], summary, entry["status"]

    def _answer_complaints(self, request, response):
        if response.status_code == 204:
            return ["204 with a body"] if response.data else []
        return _run(self._api.validate_response, request, response)

    def _request_complaints(self, request):
        found = _run(self._api.validate_request, request)
        operation = self._operation(request)
        known = {item["name"] for item in operation.get("parameters", [])}
        given = set(request.parameters.query) - known
        found += [f"unknown query parameter {name}" for name in sorted(given)]
        if request.body and "requestBody" not in operation:
            found.append("a body where none is defined")
        return found

    def _operation(self, request):
        """The operation of the address; constant steps win over parameters."""
        steps = request.path.removeprefix(PREFIX).split("/")
        fitting = [
            (template.count("{"), methods[request.method])
            for template, methods in self._document["paths"].items()
            if request.method in methods and _fits(template.split("/"), steps)
        ]
        return min(fitting, key=lambda item: item[0], default=(0, {}))[1]


def _fits(template, steps):
    return len(template) == len(steps) and all(
        wanted.startswith("{") or wanted == step
        for wanted, step in zip(template, steps, strict=True)
    )


def _run(validate, *arguments):
    try:
        validate(*arguments)
    except OpenAPIError as error:
        return [_explain(error)]
    return []


def _explain(error):
    """All sentences along the chain of causes."""
    sentences = []
    while error is not None:
        inner = getattr(error, "schema_errors", ())
        sentences += [str(error), *(item.message for item in inner)]
        error = error.__cause__
    return "; ".join(sentence for sentence in sentences if sentence)


@functools.lru_cache
def _conformity(openapi_path):
    # Loading takes most of a second; a test run asks for it once a class.
    return Conformity(openapi_path)


def inspect(record_files, openapi_path):
    """Return one list of complaints for each exchange of the files."""
    conformity = _conformity(openapi_path)
    results = []
    for name in record_files:
        with open(name, encoding="utf-8") as file:
            results += [conformity.complaints(json.loads(line)) for line in file]
    return results


def check(record_files, openapi_path):
    """Return all complaints about the exchanges of the files."""
    return [text for found in inspect(record_files, openapi_path) for text in found]


def main():
    parser = argparse.ArgumentParser(prog="simulator.conformity", description=__doc__)
    parser.add_argument("--openapi", required=True)
    parser.add_argument("records", nargs="+")
    arguments = parser.parse_args()
    kinds = _inspect_kinds(arguments.records, arguments.openapi)
    failed = sum(kinds.values())
    print(f"{len(kinds) - failed} passed, {failed} failed")
    return 1 if failed or not kinds else 0


def _inspect_kinds(record_files, openapi_path):
    """Print all complaints; return {kind of exchange: whether one was wrong}."""
    conformity = _conformity(openapi_path)
    kinds = {}
    for name in record_files:
        with open(name, encoding="utf-8") as file:
            for entry in map(json.loads, file):
                complaints = conformity.complaints(entry)
                print(*complaints, sep="\n", end="\n" if complaints else "")
                kind = conformity.kind(entry)
                kinds[kind] = kinds.get(kind, False) or bool(complaints)
    return kinds


if __name__ == "__main__":
    sys.exit(main())
