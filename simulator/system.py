"""The whole simulated service, and one call to it."""

import threading
from dataclasses import dataclass, field

from .certificates import Authority
from .clock import Clock
from .counters import Counters
from .exchange import Request
from .faults import Faults
from .jwt import Mint
from .keys import KeyRing
from .limits import RateLimits
from .links import Signer
from .state import Book, Login, Settings


class System:
    """Holds the parts together; whoever touches the book holds ``lock``.

    ``schema`` is the compiled FA(3) schema or None (then content is checked by
    the rules of the file only).
    """

    def __init__(self, settings: Settings, schema=None, clock=None, recorder=None):
        self.settings = settings
        self.initial_settings = dict(settings.__dict__)
        self.schema = schema
        self.clock = clock or Clock()
        self.recorder = recorder
        self.keys = KeyRing(self.clock.now())
        self.authority = Authority(settings.environment, self.clock.now())
        self.limits = RateLimits(self.clock)
        self.faults = Faults()
        self.counters = Counters()
        self.lock = threading.RLock()
        self.clear()

    def clear(self):
        """Forget all tokens, logins, sessions, invoices and links."""
        self.book = Book()
        self.mint = Mint(self.clock)
        self.signer = Signer(self.clock)


@dataclass
class Call:
    """A request on its way through a handler, with what was found out about it.

    ``body`` is the parsed JSON, or XML as it came, ``query`` the parsed query,
    ``params`` those of the path; ``login`` and ``permissions`` belong to the bearer
    token; ``fate`` is an injected outcome for what the call creates or shows.
    """

    request: Request
    params: dict
    body: object = None
    query: dict = field(default_factory=dict)
    login: Login | None = None
    permissions: tuple = ()
    fate: object = None
