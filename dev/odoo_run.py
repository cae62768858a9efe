"""Run the addon's Odoo tests in a clone of a template, and say how it went.

`dev/odoo-test DATABASE TAGS [more words for Odoo]`: clones the template "full"
(with `--skip-auto-install` among the words: "bare"), installs the addon, prints
the verdict and what failed, drops the database. Runs in the virtual environment.
"""

import argparse
import os
import subprocess

from . import databases, templates
from .common import ADDON, LOGS, ODOO_CONF, ODOO_SCRIPT, ROOT, SHARED, VENV_PYTHON, main
from .template_key import BARE
from .verdict import close, judge


def run(database, tags, words):
    """Run the tests that `tags` match in a fresh database; return the Verdict."""
    cursor = databases.connect()
    kind = "bare" if BARE in words else "full"
    databases.clone(cursor, templates.ensure(cursor, kind), database)
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"test-{database}.log"
    command = [
        VENV_PYTHON, ODOO_SCRIPT, "-c", ODOO_CONF, "-d", database, "-i", ADDON,
        "--test-tags", tags, "--http-port=0", "--stop-after-init", *words,
    ]  # fmt: skip
    try:
        with log.open("w") as output:
            done = subprocess.run(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=os.sep,
                check=False,
            )
    finally:
        databases.drop(cursor, database)
    lines = log.read_text(errors="replace").splitlines()
    return judge(lines, done.returncode, SHARED.is_dir())


def _work():
    parser = argparse.ArgumentParser(prog="dev/odoo-test", description=__doc__)
    parser.add_argument("database")
    parser.add_argument("tags")
    options, words = parser.parse_known_args()
    verdict = run(options.database, options.tags, words)
    print(f"log: {(LOGS / f'test-{options.database}.log').relative_to(ROOT)}")
    return close(verdict)


if __name__ == "__main__":
    main(_work)
