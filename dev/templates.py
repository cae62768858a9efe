"""Template databases: Odoo with what the addon depends on, demo data, assets.

Runs in the virtual environment. "full" has everything that installs itself
beside the dependencies (Odoo's own KSeF module too), "bare" has not.
"""

import argparse
import os

from . import databases
from .common import (
    ADDON,
    LOGS,
    ODOO_CONF,
    ODOO_SCRIPT,
    VENV_PYTHON,
    Stop,
    main,
    one_at_a_time,
    run,
    say,
)
from .template_key import (
    DEMO,
    FINISH_SCRIPT,
    FULL,
    KINDS,
    PREFIX,
    modules,
    name_of,
)

FILL_OPTIONS = ("--with-demo", "--http-port=0", "--stop-after-init")
READY = "template is ready"


def ensure(cursor, kind):
    """Build the template unless it is there; return its name."""
    name = name_of(kind)
    if not databases.exists(cursor, name):
        with one_at_a_time("template"):
            _build(cursor, kind, name)
    return name


def _build(cursor, kind, name):
    if databases.exists(cursor, name):
        return
    temporary = f"{name}_tmp"
    names = _fill(cursor, kind, temporary)
    say("generating its web assets (15 s)")
    with FINISH_SCRIPT.open() as script:
        _odoo(
            f"assets-{kind}",
            ["shell", "-d", temporary, "--no-http"],
            stdin=script,
            env={**os.environ, "KSEF_TEMPLATE_MODULES": names},
        )
    if READY not in (LOGS / f"assets-{kind}.log").read_text():
        raise Stop(
            "The template database could not be finished.",
            f"read .dev/logs/assets-{kind}.log, then `make clean`",
        )
    databases.rename(cursor, temporary, name)
    _drop_old(cursor, name)


def _fill(cursor, kind, temporary):
    """Make a database and install what belongs in it; return the modules."""
    if kind == DEMO:
        full = name_of(FULL)
        _build(cursor, FULL, full)
        databases.clone(cursor, full, temporary)
        say("installing the addon in the demo database (10 s)")
        names, options = ADDON, ("--http-port=0", "--stop-after-init")
    else:
        databases.create(cursor, temporary)
        say(f"building the template database: Odoo and demo data ({kind}, 1 min)")
        names, options = ",".join(modules(kind)), (*FILL_OPTIONS, *KINDS[kind])
    words = ["server", "-d", temporary, "-i", names, *options]
    _odoo(f"template-{kind}", words)
    return names


def _drop_old(cursor, newest):
    current = {newest, *map(name_of, KINDS)}
    for name in databases.owned(cursor):
        if name.startswith(PREFIX) and name not in current:
            databases.drop(cursor, name)


def _odoo(log_name, words, **options):
    """Run a command of Odoo: its name, then its options."""
    command, *rest = words
    run(
        [VENV_PYTHON, ODOO_SCRIPT, command, "-c", ODOO_CONF, "--log-level=warn", *rest],
        log_name,
        "Odoo could not build the template database.",
        f"read .dev/logs/{log_name}.log; `make clean` starts afresh",
        **options,
    )


def _work():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="+", choices=sorted(KINDS))
    cursor = databases.connect()
    databases.check(cursor)
    for kind in parser.parse_args().kinds:
        ensure(cursor, kind)
    return 0


if __name__ == "__main__":
    main(_work)
