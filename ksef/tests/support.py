"""What the tests share: own tokens and keys, a scripted HTTP server, the simulator."""

import base64
import datetime
import functools
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request
import uuid
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from .. import crypto, messages
from ..client import KsefClient
from ..environments import Environment, endpoint_for
from ..secret import Secret
from ..transport import Transport

ROOT = Path(__file__).resolve().parents[2]
NIP = "5265877635"
REFERENCE = "20251010-EC-1DCE3E3000-12ECB5B36E-45"
HEX_SECRET = "0123456789abcdef" * 4
TOKEN = f"{REFERENCE}|nip-{NIP}|{HEX_SECRET}"
NOW = datetime.datetime(2026, 11, 20, 8, 0, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


# -- keys of a pretended Ministry ----------------------------------------------


@functools.cache
def rsa_key(name="first", bits=2048):
    """A private key for the run of the tests, one per name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certificate(key, name="Ministerstwo Finansów", valid_from=None, valid_to=None):
    """A self-signed certificate (DER) of a private key."""
    today = datetime.datetime.now(datetime.timezone.utc)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    alternatives = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from or today - 365 * DAY)
        .not_valid_after(valid_to or today + 365 * DAY)
        .add_extension(alternatives, critical=False)
        .sign(key, None if isinstance(key, Ed25519PrivateKey) else hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.DER)


def key_entry(usage, key=None, der=None, **changes):
    """One element of the list of public keys, as JSON."""
    key = key or rsa_key()
    today = datetime.datetime.now(datetime.timezone.utc)
    entry = {
        "certificate": base64.b64encode(der or certificate(key)).decode(),
        "certificateId": "A" * 43 + "=",
        "publicKeyId": crypto.public_key_id(key.public_key()),
        "validFrom": (today - DAY).isoformat(),
        "validTo": (today + DAY).isoformat(),
        "usage": [usage],
    }
    return {**entry, **changes}


def public_key(usage=messages.USAGE_TOKEN, **changes):
    """The same as a :class:`PublicKey`."""
    return messages.PublicKey.from_json(key_entry(usage, **changes))


# -- scripted server -------------------------------------------------------------


def reply(status=200, payload=None, *, body=None, kind="application/json", **headers):
    """Return the bytes of an HTTP answer; header names with ``_`` for ``-``."""
    if body is None:
        body = b"" if payload is None else json.dumps(payload).encode()
    lines = [f"HTTP/1.1 {status} Scripted", "Connection: close"]
    if kind:
        lines.append(f"Content-Type: {kind}")
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given.setdefault("Content-Length", str(len(body)))
    lines += [f"{name}: {value}" for name, value in given.items() if value is not None]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def drop(connection):
    """Step: close without a word."""


def stay_silent(connection):
    """Step: say nothing until the other side gives up."""
    connection.recv(1)


def drip(connection):
    """Step: promise much, then send it byte by byte until the other side leaves."""
    connection.sendall(reply(body=b"", Content_Length="1000000"))
    pause = threading.Event()
    try:
        while True:
            connection.sendall(b" ")
            pause.wait(0.01)
    except OSError:
        return


class ScriptedServer:
    """Answers one request after the other with the given steps.

    A step is the bytes to answer or a function that gets the connection. The
    connection ends after each. What came in stands in ``requests``.
    """

    def __init__(self, *steps, tls=None, reads=True):
        self.requests = []
        self._steps = list(steps)
        self._tls = tls
        self._reads = reads
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/v2"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self):
        for step in self._steps:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                self._answer(connection, step)

    def _answer(self, connection, step):
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            if self._reads:
                self.requests.append(_read_request(connection))
            if callable(step):
                step(connection)
            else:
                connection.sendall(step)
            if self._tls:
                connection.close()
        except OSError:
            return


def _read_request(connection):
    """Return ``(method, path, headers, body)`` with header names in lower case."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    while len(body) < int(headers.get("content-length", 0)):
        body += _received(connection)
    method, path, _version = first.split(" ")
    return method, path, headers, body


def _received(connection):
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionError("the other side left")
    return piece


def server_tls():
    """A TLS context with a certificate nobody trusts."""
    key = rsa_key()
    pem = ssl.DER_cert_to_PEM_cert(certificate(key, "localhost"))
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(pem + secret)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def client_for(url, environment=Environment.TEST, **options):
    """A client of any address."""
    return KsefClient(
        Transport(endpoint_for(environment, url), "ksef-tests", **options)
    )


# -- simulator -------------------------------------------------------------------


class Simulator:
    """The simulator as a process of its own."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "simulator", "--port", "0", *arguments]
        record_dir = os.environ.get("KSEF_SIMULATOR_RECORD_DIR")
        if record_dir:
            command += ["--record", f"{record_dir}/ksef-{uuid.uuid4().hex}.jsonl"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", line)
        if not found:
            self.close()
            raise RuntimeError("the simulator did not start")
        self.address = found.group()
        self.url = f"{self.address}/v2"

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()

    def control(self, path, payload=None, method=None):
        """Call the control interface; returns its JSON."""
        request = urllib.request.Request(
            f"{self.address}/control/{path}",
            data=None if payload is None else json.dumps(payload).encode(),
            headers={"Content-Type": "application/json"},
            method=method or ("GET" if payload is None else "POST"),
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def token(self, nip=NIP, **fields):
        """Make a KSeF token; returns it with its reference."""
        made = self.control("tokens", {"nip": nip, **fields})
        return Secret(made["token"]), made["reference"]

    def fault(self, operation, action, **fields):
        self.control("faults", {"operation": operation, "action": action, **fields})

    def count(self, operation):
        return self.control("requests").get(operation, 0)


INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Faktura xmlns="http://crd.gov.pl/wzor/2025/06/25/13775/"><Naglowek>
<KodFormularza kodSystemowy="FA (3)" wersjaSchemy="1-0E">FA</KodFormularza>
<WariantFormularza>3</WariantFormularza>
<DataWytworzeniaFa>{day}T08:00:00Z</DataWytworzeniaFa></Naglowek>
<Podmiot1><DaneIdentyfikacyjne><NIP>{nip}</NIP><Nazwa>Sprzedawca</Nazwa>
</DaneIdentyfikacyjne><Adres><KodKraju>PL</KodKraju><AdresL1>ul. Prosta 1</AdresL1>
</Adres></Podmiot1>
<Podmiot2><DaneIdentyfikacyjne><BrakID>1</BrakID><Nazwa>Nabywca</Nazwa>
</DaneIdentyfikacyjne><JST>2</JST><GV>2</GV></Podmiot2>
<Fa><KodWaluty>PLN</KodWaluty><P_1>{day}</P_1><P_2>{number}</P_2>
<P_13_1>100.00</P_13_1><P_14_1>23.00</P_14_1><P_15>123.00</P_15>
<Adnotacje><P_16>2</P_16><P_17>2</P_17><P_18>2</P_18><P_18A>2</P_18A>
<Zwolnienie><P_19N>1</P_19N></Zwolnienie>
<NoweSrodkiTransportu><P_22N>1</P_22N></NoweSrodkiTransportu><P_23>2</P_23>
<PMarzy><P_PMarzyN>1</P_PMarzyN></PMarzy></Adnotacje>
<RodzajFaktury>VAT</RodzajFaktury>
<FaWiersz><NrWierszaFa>1</NrWierszaFa><P_7>Towar</P_7><P_8B>1</P_8B>
<P_9A>100.00</P_9A><P_11>100.00</P_11><P_12>23</P_12></FaWiersz></Fa></Faktura>
"""


def invoice(number, nip=NIP, day=None):
    """Bytes of a small invoice that the official schema takes."""
    # Any day that has begun in Warsaw; KSeF refuses a later one.
    day = day or datetime.datetime.now(datetime.timezone.utc).date()
    return INVOICE.format(number=number, nip=nip, day=day).encode()
