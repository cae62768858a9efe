"""Run the simulator: ``python3 -m simulator --port 0``."""

import argparse
import signal
import sys

from lxml import etree

from . import control
from .clock import Clock
from .record import Recorder
from .schemas import compile_schema
from .server import Server
from .state import Settings
from .system import System
from .upo import RECEIVERS


def _arguments():
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--schema-dir", help="folder of the FA(3) XSD files")
    parser.add_argument("--processing-seconds", type=float, default=0.2)
    parser.add_argument("--login-seconds", type=float, default=0.1)
    parser.add_argument("--environment", choices=sorted(RECEIVERS), default="test")
    parser.add_argument("--record", help="file to append each exchange to")
    parser.add_argument("--clock-offset", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--token-nip", help="make a KSeF token of this NIP, print it")
    return parser.parse_args()


def _make_system(arguments):
    settings = Settings(
        environment=arguments.environment,
        processing_seconds=arguments.processing_seconds,
        login_seconds=arguments.login_seconds,
    )
    try:
        schema = compile_schema(arguments.schema_dir) if arguments.schema_dir else None
    except (OSError, etree.LxmlError) as error:
        sys.exit(f"simulator: no FA(3) schema in {arguments.schema_dir}: {error}")
    recorder = Recorder(arguments.record) if arguments.record else None
    return System(settings, schema, Clock(arguments.clock_offset), recorder)


def main():
    arguments = _arguments()
    system = _make_system(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        server = Server(system, arguments.port)
    except OSError as error:
        sys.exit(f"simulator: cannot listen on port {arguments.port}: {error.strerror}")
    if arguments.token_nip:
        print(control.make_token(system, {"nip": arguments.token_nip})["token"])
    print(f"simulator listening on {server.url}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
