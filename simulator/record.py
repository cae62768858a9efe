"""Writing each API exchange as one JSON line, for the conformity check."""

import base64
import json
import threading

from .exchange import XML, Response

NOTHING = Response(0)

# Receipts and files are texts to the description: their beginning is enough.
DOCUMENT_LIMIT = 4096


def _document_start(response):
    """The body to keep of an answer: the first whole characters of a document."""
    if response.content_type != XML:
        return response.body
    return response.body[:DOCUMENT_LIMIT].decode(errors="ignore").encode()


def _body_fields(name, body):
    try:
        return {name: body.decode("utf-8")}
    except UnicodeDecodeError:
        return {f"{name}_b64": base64.b64encode(body).decode()}


class Recorder:
    """Appends to one file; thread-safe."""

    def __init__(self, path):
        self._path = path
        self._lock = threading.Lock()

    def add(self, target, request, response):
        """``target`` is path with query; ``response`` None was dropped."""
        entry = {
            "method": request.method,
            "path": target,
            "request_headers": request.headers,
            **_body_fields("request_body", request.body),
            "status": response.status if response else None,
            "response_headers": _response_headers(response) if response else {},
            **_body_fields("response_body", _document_start(response or NOTHING)),
            "fault": response is None or response.is_fault,
        }
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        with self._lock, open(self._path, "a", encoding="utf-8") as file:
            file.write(line)


def _response_headers(response):
    headers = dict(response.headers)
    if response.content_type:
        headers["Content-Type"] = response.content_type
    return headers
