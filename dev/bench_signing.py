"""What it takes to sign a log-in with a certificate."""

import statistics
import time
from datetime import datetime, timezone

from ksef.certificate import Credential, read_credential
from ksef.xades import sign_login

from .bench_base import OTHER_NIP
from .common import say

KINDS = ("rsa", "ec")
ROUNDS = 15
SIGNATURES = 10
LIMIT_MS = 20
# As long as KSeF's challenges are (API 6.1).
CHALLENGE = "20261120-CR-0123456789-ABCDEF0123-45"


def measure(figures, bench):
    """Show the time of a signed log-in, from the stored bytes to those sent."""
    say(f"signing a log-in, {ROUNDS} rounds of {SIGNATURES} for each kind of key")
    stored = {kind: _make(bench, kind) for kind in KINDS}
    taken = {kind: [] for kind in KINDS}
    for _round in range(ROUNDS):
        for kind, data in stored.items():
            taken[kind].append(_time(data))
    for kind, values in taken.items():
        middle = statistics.median(values)
        print(f"    {kind}: {min(values):.2f} to {max(values):.2f} ms")
        figures.show(f"a signed log-in, {kind}", middle, LIMIT_MS, "ms")


def _make(bench, kind):
    """Return what is sealed of a certificate of the simulator."""
    values = {"nip": OTHER_NIP, "key": kind}
    made = bench.demo.control("POST", "certificates", values)
    files = [made["certificate"].encode(), made["key"].encode()]
    return read_credential(files, None, datetime.now(timezone.utc)).dump()


def _time(data):
    """Return milliseconds of one of several signatures."""
    before = time.perf_counter()
    for _signature in range(SIGNATURES):
        credential = Credential.load(data)
        sign_login(CHALLENGE, OTHER_NIP, credential, datetime.now(timezone.utc))
    return 1000 * (time.perf_counter() - before) / SIGNATURES
