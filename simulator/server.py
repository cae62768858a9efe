"""HTTP: reading requests, writing answers, one thread a connection."""

import contextlib
import logging
import socket
import sys
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from . import control, pipeline, routing
from .batches import PART_MAX_BYTES
from .exchange import Request, Response
from .faults import DroppedError
from .uploads import receive

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 16_000_000
WRITE_BUFFER_BYTES = 65536
NO_BODY_STATUSES = (204,)
_logger = logging.getLogger(__name__)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "KSeF"
    sys_version = ""
    wbufsize = WRITE_BUFFER_BYTES
    disable_nagle_algorithm = True

    def _handle(self):
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            return self._refuse(411)
        if int(length) > (PART_MAX_BYTES if self._is_upload else MAX_BODY_BYTES):
            return self._refuse(413)
        request = self._read_request(int(length))
        if request.path.startswith(control.PREFIX):
            return self._write(control.answer(self.server.system, request))
        return self._answer(request)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _handle

    @property
    def _is_upload(self):
        return self.command == "PUT"

    def _read_request(self, length):
        parts = urlsplit(self.path)
        arrived = self.server.system.clock.now()
        if self._is_upload:
            content = {"upload": receive(self.rfile, length)}
        else:
            content = {"body": self.rfile.read(length)}
        return Request(
            method=self.command,
            path=unquote(parts.path),
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            client_ip=self.client_address[0],
            arrived=arrived,
            **content,
        )

    def _answer(self, request):
        system = self.server.system
        operation, params = routing.find(request.method, request.path)
        if operation is None:
            is_path = routing.is_path(request.path)
            self._write(Response(405 if is_path else 404))
            return
        attempt = control.note_request(system, operation, request)
        try:
            response = pipeline.answer(system, operation, params, request)
        except DroppedError:
            response = None
        control.note_answer(system, attempt, response)
        if system.recorder and operation.is_api:
            system.recorder.add(self.path, request, response)
        self._write(response) if response else self._drop()

    def _refuse(self, status):
        self.close_connection = True
        self._write(Response(status))

    def _write(self, response):
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.content_type:
            self.send_header("Content-Type", response.content_type)
        if response.status not in NO_BODY_STATUSES:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def _drop(self):
        self.close_connection = True
        with contextlib.suppress(OSError):  # the client may have gone already
            self.connection.shutdown(socket.SHUT_RDWR)

    def date_time_string(self, timestamp=None):
        """The Date header follows the simulated clock."""
        return format_datetime(self.server.system.clock.now(), usegmt=True)

    def log_message(self, format, *args):
        _logger.debug(format, *args)


class Server(ThreadingHTTPServer):
    """Listens on the loopback address only; port 0 picks a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, system, port):
        self.system = system
        super().__init__((LOOPBACK, port), _Handler)

    def handle_error(self, request, client_address):
        """A client that hangs up is its own affair; all else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self):
        return f"http://{LOOPBACK}:{self.server_port}"
