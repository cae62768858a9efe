"""`make demo`: the set-up if needed, then the journey (dev/demo_run.py).

`make demo ARGS=--check` stops everything after the journey; its exit code says
how it went. `make demo ARGS="--port 8080"` chooses Odoo's port.
"""

import argparse
import os
import socket

from . import processes
from .common import ROOT, VENV_PYTHON, Stop, main
from .setup import prepare

USUAL_PORT = 8069


def _arguments():
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--check", action="store_true", help="stop after the journey")
    parser.add_argument("--port", type=int, help="port of Odoo (8069 if it is free)")
    return parser.parse_args()


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _choose_port(asked):
    """Return the port asked for, or the usual one, or one that is free."""
    if asked:
        if not _is_free(asked):
            raise Stop(
                f"Port {asked} is taken by another program.",
                'choose another: make demo ARGS="--port 8070", or leave it out',
            )
        return asked
    if _is_free(USUAL_PORT):
        return USUAL_PORT
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _work():
    arguments = _arguments()
    environment = prepare(purposes=("demo",), kinds=("demo",))
    # A check leaves a running demo alone.
    name = "ksef_demo_check" if arguments.check else "ksef_demo"
    for part in ("odoo", "simulator"):
        processes.stop(f"{name}-{part}")
    words = [name, str(_choose_port(arguments.port))]
    words += ["--check"] if arguments.check else []
    os.chdir(ROOT)
    os.execve(
        VENV_PYTHON, [str(VENV_PYTHON), "-m", "dev.demo_run", *words], environment
    )


if __name__ == "__main__":
    main(_work)
