"""What a seed decides of a randomised run: bursts, kills and faults."""

import random
from dataclasses import dataclass

COMPANIES = 2
WORKERS = 2
# Bursts up to INTERACTIVE_MAX of the addon go one by one, larger ones as packages.
SMALL_SIZES = (1, 12)
LARGE_SIZES = (35, 150)
SMALL_SHARE = 0.6
FIRST_SIZE = 40
# A burst comes when no more invoices than this are under way.
BACKLOGS = (0, 5, 25, 1000)
# Who is killed: the one that wrote last, the other one, or both.
VICTIMS = ("busy", "busy", "busy", "other", "both")
# A kill comes so many requests after its burst, so that it meets its work.
LARGE_KILL_REQUESTS = (1, 6)
REQUESTS_PER_SMALL = 1.5
DOMAIN_SHARE = 0.4
# Shares of all calls; together five of a hundred.
UNCERTAIN_SHARE, REFUSED_SHARE = 0.035, 0.015
# Shorter than any time-out of the client. A dead worker's request may hang so long.
DELAY_SECONDS = 0.5
UNCERTAIN_ACTIONS = (
    *("drop_before", "drop_after", "html", "html_after", "garbage"),
    *("delay", "delay_after", "status", "status_after"),
)


@dataclass(frozen=True)
class Kill:
    """SIGKILL of one of VICTIMS, so many requests of KSeF's after the burst."""

    requests: int
    victim: str


@dataclass(frozen=True)
class Burst:
    """Invoices of one company, posted in one transaction.

    ``control`` are calls of the simulator's control interface made just before.
    """

    company: int
    size: int
    backlog: int
    control: tuple
    kills: tuple


def make_random_faults(seed):
    """Return the faults that meet calls at random, for ``/control/faults``."""
    everywhere = {"operation": "*", "seconds": DELAY_SECONDS}
    return [
        {
            **everywhere,
            "actions": list(UNCERTAIN_ACTIONS),
            "status": [500, 502, 504],
            "probability": UNCERTAIN_SHARE,
            "seed": seed,
        },
        {
            **everywhere,
            "action": "status",
            "status": [500, 502, 503, 503, 504, 429],
            "probability": REFUSED_SHARE,
            "seed": seed + 1,
        },
    ]


def make_plan(seed, invoices, kills):
    """Return the bursts of a run, the same for the same seed."""
    lots = random.Random(seed)
    sizes = list(_draw_sizes(lots, invoices))
    killed = [lots.randrange(len(sizes)) for _kill in range(kills)]
    return [
        Burst(
            company=lots.randrange(COMPANIES),
            size=size,
            backlog=lots.choice(BACKLOGS),
            control=_draw_control(lots),
            kills=tuple(_draw_kill(lots, size) for _kill in range(killed.count(index))),
        )
        for index, size in enumerate(sizes)
    ]


def _draw_sizes(lots, left):
    size = min(left, FIRST_SIZE)
    while left:
        yield size
        left -= size
        span = SMALL_SIZES if lots.random() < SMALL_SHARE else LARGE_SIZES
        size = min(left, lots.randint(*span))


def _draw_kill(lots, size):
    most = 1 + round(size * REQUESTS_PER_SMALL)
    span = (1, most) if size <= SMALL_SIZES[1] else LARGE_KILL_REQUESTS
    return Kill(lots.randint(*span), lots.choice(VICTIMS))


def _draw_control(lots):
    if lots.random() >= DOMAIN_SHARE:
        return ()
    return tuple(lots.choice(DOMAIN_FAULTS)(lots))


def _expire(what):
    return lambda lots: [("expire", {"what": what})]


def _rotate(lots):
    return [("rotate-keys", {"keep_old": lots.random() < 0.5})]


def _fault(operation, action, **values):
    return ("faults", {"operation": operation, "action": action, **values})


def _break_off_invoices(lots):
    """KSeF breaks some invoices off, whichever way they came."""
    fate = {"code": lots.choice((405, 500, 550)), "times": lots.randint(1, 3)}
    skip = lots.randint(0, 4)
    return [
        _fault(operation, "invoice_status", skip=skip, **fate)
        for operation in ("send_invoice", "batch_invoice")
    ]


def _refuse_session(lots):
    return [_fault("send_invoice", "error_code", code=lots.choice((21155, 21184)))]


def _end_package(lots):
    code = lots.choice((405, 415, 430, 435, 440, 500))
    return [_fault("close_batch", "session_status", code=code)]


def _lose_parts(lots):
    return [_fault("upload_part", "status", status=500, times=3)]


def _limit(lots):
    operation = lots.choice(
        ("send_invoice", "invoice_status", "session_invoices", "open_batch")
    )
    return [_fault(operation, "status", status=429, retry_after=2)]


def _go_down(lots):
    return [_fault("*", "status", status=503, times=lots.randint(3, 8))]


def _disturb_login(lots):
    code = lots.choice((500, 550))
    return [
        ("expire", {"what": "access"}),
        ("expire", {"what": "refresh"}),
        _fault("login_token", "auth_status", code=code),
    ]


# Each returns calls of the control interface: (path, body).
DOMAIN_FAULTS = (
    _expire("access"),
    _expire("refresh"),
    _expire("sessions"),
    _expire("links"),
    _expire("uploads"),
    _expire("challenge"),
    _rotate,
    _break_off_invoices,
    _refuse_session,
    _end_package,
    _lose_parts,
    _limit,
    _go_down,
    _disturb_login,
)
