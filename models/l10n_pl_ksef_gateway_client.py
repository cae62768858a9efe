"""The protocol client of each thread, and the Ministry's keys of this process."""

import threading
import time

from odoo import release

from ..ksef import errors, statuses
from ..ksef.client import KsefClient
from ..ksef.transport import Transport

# A connection that was idle for longer may be closed at the other end.
CLIENT_IDLE_SECONDS = 20
# The Ministry's keys are asked for anew after this time (API 3: at least daily).
KEYS_SECONDS = 24 * 3600
LOGIN_CODES_OF_GOOD_KEYS = (statuses.LOGIN_DONE, statuses.LOGIN_PENDING)

_thread = threading.local()
# Endpoint -> (when they were fetched, the keys). They are public.
_keys = {}


class CachingClient(KsefClient):
    """A client that asks for the Ministry's keys at most once a day.

    What KSeF answers when a key is withdrawn makes it forget them.
    """

    def public_keys(self):
        endpoint = self.transport.endpoint
        fetched, keys = _keys.get(endpoint, (0, None))
        if keys is None or time.monotonic() - fetched > KEYS_SECONDS:
            keys = super().public_keys()
            _keys[endpoint] = (time.monotonic(), keys)
        return keys

    def login_token(self, request):
        try:
            return super().login_token(request)
        except errors.KsefRefused:
            forget_keys(self.transport.endpoint)
            raise

    def login_status(self, operation, reference):
        status = super().login_status(operation, reference)
        if status.code not in LOGIN_CODES_OF_GOOD_KEYS:
            forget_keys(self.transport.endpoint)
        return status


class _KeptClient:
    """A client with its transport, and when it was used last."""

    def __init__(self, endpoint):
        agent = f"l10n_pl_ksef Odoo/{release.series}"
        self.endpoint = endpoint
        self.client = CachingClient(Transport(endpoint, user_agent=agent))
        self.used = time.monotonic()

    def is_fresh(self):
        return time.monotonic() - self.used < CLIENT_IDLE_SECONDS

    def use(self):
        self.used = time.monotonic()
        # Whose calls are counted is said anew each time.
        self.client.transport.gate = None
        return self.client


def get_client(endpoint):
    """Return this thread's client of an endpoint; it holds no secret.

    Kept for a short while, to spare each call a new TLS handshake.
    """
    kept = vars(_thread).get("kept")
    if kept and kept.endpoint == endpoint and kept.is_fresh():
        return kept.use()
    if kept:
        kept.client.transport.close()
    _thread.kept = _KeptClient(endpoint)
    return _thread.kept.use()


def get_clock_offset(endpoint):
    """Return KSeF's clock minus ours in seconds, None if not heard of lately."""
    kept = vars(_thread).get("kept")
    if not kept or kept.endpoint != endpoint:
        return None
    return kept.client.transport.last_server_offset_seconds


def forget_keys(endpoint):
    """Ask for the Ministry's keys anew when they are wanted next."""
    _keys.pop(endpoint, None)
