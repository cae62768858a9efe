"""One HTTP exchange as plain data: what came in, what goes out."""

import json
from dataclasses import dataclass, field
from datetime import datetime

JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json; charset=utf-8"
XML = "application/xml"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """``headers`` has lower-case names; ``query`` maps a name to its values.

    ``arrived`` is when it began; ``upload`` stands for ``body`` in a PUT.
    """

    method: str
    path: str
    query: dict
    headers: dict
    client_ip: str
    arrived: datetime
    body: bytes = b""
    upload: object = None

    @property
    def base_url(self):
        return f"http://{self.headers.get('host', self.client_ip)}"


@dataclass(frozen=True)
class Response:
    """``is_fault`` marks an answer that the real service would not define."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: dict = field(default_factory=dict)
    is_fault: bool = False


def without_nulls(value):
    """Drop None properties at every level; empty lists stay."""
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def json_response(status, payload, content_type=JSON, headers=None):
    body = json.dumps(without_nulls(payload), ensure_ascii=False).encode()
    return Response(status, body, content_type, headers or {})
