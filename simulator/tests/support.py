"""A simulator process for tests, and a bare client that says exactly what to send."""

import base64
import hashlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from importlib.util import find_spec

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from simulator import conformity

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(os.path.dirname(ROOT), "shared")
OPENAPI = os.path.join(SHARED, "ksef", "openapi-latest.json")
RECORD_DIR_VARIABLE = "KSEF_SIMULATOR_RECORD_DIR"
NIP = "5265877635"
OTHER_NIP = "1111111111"
FORM = {"systemCode": "FA (3)", "schemaVersion": "1-0E", "value": "FA"}
PROBLEM_FORMAT = {"X-Error-Format": "problem-details"}
POLL_SECONDS = 0.01
PATIENCE_SECONDS = 10
OAEP = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)

needs_shared = unittest.skipUnless(os.path.isdir(SHARED), "needs ../shared")


def fa3_schema_dir():
    """The schema folder inside the installed package ``ksef_client``."""
    package = os.path.dirname(find_spec("ksef_client").origin)
    return os.path.join(package, "documents", "fa3", "schemas")


def encoded(data):
    return base64.b64encode(data).decode()


def digest(data):
    return encoded(hashlib.sha256(data).digest())


class SimulatorProcess:
    """Starts the simulator; ``stop`` ends it."""

    def __init__(self, *options, uses_schema=True):
        folder = os.environ.get(RECORD_DIR_VARIABLE)
        self._folder = None if folder else tempfile.TemporaryDirectory()
        folder = folder or self._folder.name
        self.record = os.path.join(folder, f"{uuid.uuid4()}.jsonl")
        command = [sys.executable, "-m", "simulator", "--port", "0"]
        command += ["--record", self.record, *options]
        if uses_schema:
            command += ["--schema-dir", fa3_schema_dir()]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline()
        if "listening" not in line:
            self.token = line.strip()
            line = self._process.stdout.readline()
        self.url = line.split()[-1]
        self._session = requests.Session()

    def control(self, name, body=None, method="POST"):
        answer = self._session.request(method, f"{self.url}/control/{name}", json=body)
        answer.raise_for_status()
        return answer.json()

    def book(self):
        return self.control("book", method="GET")

    def stop(self):
        self._session.close()
        self._process.terminate()
        code = self._process.wait(PATIENCE_SECONDS)
        self._process.stdout.close()
        return code

    def clean_up(self):
        if self._folder:
            self._folder.cleanup()


class SimulatorCase(unittest.TestCase):
    """One simulator a class; at the end its exchanges are checked for conformity."""

    options = ("--processing-seconds", "0", "--login-seconds", "0")
    uses_schema = True

    @classmethod
    def setUpClass(cls):
        cls.simulator = SimulatorProcess(*cls.options, uses_schema=cls.uses_schema)
        cls.addClassCleanup(cls._stop_and_check)

    @classmethod
    def _stop_and_check(cls):
        cls.simulator.stop()
        complaints = []
        if os.path.exists(OPENAPI) and os.path.exists(cls.simulator.record):
            complaints = conformity.check([cls.simulator.record], OPENAPI)
        cls.simulator.clean_up()
        if complaints:
            raise AssertionError("\n".join(complaints))

    def setUp(self):
        self.simulator.control("reset")
        self.simulator.control("settings", {"rate_limits": None})
        self.client = Client(self.simulator)
        self.addCleanup(self.client.close)

    def assert_refused(self, answer, code, detail=None):
        """The answer is a 400 with that code (and that text in its details)."""
        self.assertEqual(answer.status_code, 400, answer.text)
        error = answer.json()["errors"][0]
        self.assertEqual(error["code"], code, error)
        if detail:
            self.assertIn(detail, " ".join(error["details"]))


class Client:
    """Speaks the API without any convenience; ``access`` is the bearer by default."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.access = None
        self._http = requests.Session()
        self._http.trust_env = False
        self.key = secrets.token_bytes(32)
        self.iv = secrets.token_bytes(16)

    def close(self):
        self._http.close()

    def call(self, method, path, body=None, bearer="access", headers=None, **extra):
        """``bearer`` None sends no Authorization; a text is sent as it is."""
        bearer = self.access if bearer == "access" else bearer
        headers = {**PROBLEM_FORMAT, **(headers or {})}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        url = f"{self.simulator.url}/v2{path}"
        return self._http.request(method, url, json=body, headers=headers, **extra)

    def get(self, path, **extra):
        return self.call("GET", path, **extra)

    def post(self, path, body=None, **extra):
        return self.call("POST", path, body, **extra)

    def delete(self, path, **extra):
        return self.call("DELETE", path, **extra)

    def public_key(self, usage):
        """Return (key, id) of the newest certificate with that usage."""
        listed = self.get("/security/public-key-certificates", bearer=None).json()
        fitting = [key for key in listed if usage in key["usage"]]
        newest = max(fitting, key=lambda key: key["validFrom"])
        der = base64.b64decode(newest["certificate"])
        key = x509.load_der_x509_certificate(der).public_key()
        return key, newest["publicKeyId"]

    def encrypted(self, usage, plain):
        key, _ = self.public_key(usage)
        return encoded(key.encrypt(plain, OAEP))

    def challenge(self):
        return self.post("/auth/challenge", bearer=None).json()

    def login_body(self, token, nip=NIP, challenge=None, plain=None):
        challenge = challenge or self.challenge()
        plain = plain or f"{token}|{challenge['timestampMs']}".encode()
        return {
            "challenge": challenge["challenge"],
            "contextIdentifier": {"type": "Nip", "value": nip},
            "encryptedToken": self.encrypted("KsefTokenEncryption", plain),
        }

    def begin_login(self, token, **parts):
        """Return (reference, operation token)."""
        body = self.login_body(token, **parts)
        answer = self.post("/auth/ksef-token", body, bearer=None)
        assert answer.status_code == 202, answer.text
        found = answer.json()
        return found["referenceNumber"], found["authenticationToken"]["token"]

    def login_status(self, token, **parts):
        """The final status object of a login."""
        reference, operation = self.begin_login(token, **parts)
        return self.wait(f"/auth/{reference}", bearer=operation)["status"]

    def login(self, nip=NIP, permissions=("InvoiceRead", "InvoiceWrite"), **token):
        """Make a token, log in with it, keep the access token."""
        body = {"nip": nip, "permissions": list(permissions), **token}
        made = self.simulator.control("tokens", body)
        reference, operation = self.begin_login(made["token"], nip=nip)
        self.wait(f"/auth/{reference}", bearer=operation)
        answer = self.post("/auth/token/redeem", bearer=operation).json()
        self.access = answer["accessToken"]["token"]
        self.refresh = answer["refreshToken"]["token"]
        self.token_reference = made["reference"]
        return self

    def wait(self, path, **extra):
        """Poll until the status is final; returns the whole answer."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            answer = self.get(path, **extra).json()
            if answer["status"]["code"] >= 200:
                return answer
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"{path} stayed {json.dumps(answer['status'])}")

    def open_body(self, wrapped=None):
        wrapped = wrapped or self.encrypted("SymmetricKeyEncryption", self.key)
        encryption = {
            "encryptedSymmetricKey": wrapped,
            "initializationVector": encoded(self.iv),
        }
        return {"formCode": FORM, "encryption": encryption}

    def open(self, **parts):
        answer = self.post("/sessions/online", self.open_body(**parts))
        assert answer.status_code == 201, answer.text
        return answer.json()["referenceNumber"]

    def encrypt(self, xml):
        padder = padding.PKCS7(128).padder()
        padded = padder.update(xml) + padder.finalize()
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(self.iv)).encryptor()
        return encryptor.update(padded) + encryptor.finalize()

    def send_body(self, xml, content=None):
        content = self.encrypt(xml) if content is None else content
        return {
            "invoiceHash": digest(xml),
            "invoiceSize": len(xml),
            "encryptedInvoiceHash": digest(content),
            "encryptedInvoiceSize": len(content),
            "encryptedInvoiceContent": encoded(content),
        }

    def send(self, session, xml, content=None, **changes):
        """Send and return the invoice's status once it is final."""
        body = {**self.send_body(xml, content), **changes}
        answer = self.post(f"/sessions/online/{session}/invoices", body)
        assert answer.status_code == 202, answer.text
        reference = answer.json()["referenceNumber"]
        return self.wait(f"/sessions/{session}/invoices/{reference}")

    def close_session(self, session):
        return self.post(f"/sessions/online/{session}/close")
