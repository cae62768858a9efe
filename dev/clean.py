"""`make stop`, `make clean`, `make distclean`: back to a working start.

Stops what this checkout started (demo, private PostgreSQL), and with `clean`
removes its databases and .dev; with `--cache` the downloads too.
"""

import os
import shutil
import subprocess
import sys

from . import cluster, processes
from .common import CACHE, DEV, ROOT, VENV_PYTHON, main, say


def _drop_databases():
    """Drop this checkout's databases in a PostgreSQL that is not private."""
    environment = {**os.environ, **cluster.connection()}
    done = subprocess.run(
        [VENV_PYTHON, "-m", "dev.database_command", "clear"],
        cwd=ROOT,
        env=environment,
        check=False,
    )
    if done.returncode:
        say("the databases of this checkout could not be dropped; drop them yourself")


def _remove(folder):
    if folder.exists():
        shutil.rmtree(folder)


def _work():
    processes.stop_all()
    if "--stop" in sys.argv[1:]:
        cluster.stop()
        say("stopped")
        return 0
    if not cluster.is_private() and VENV_PYTHON.exists():
        _drop_databases()
    cluster.remove()
    _remove(DEV)
    say("removed .dev and its databases")
    if "--cache" in sys.argv[1:]:
        _remove(CACHE)
        say(f"removed {CACHE}")
    return 0


if __name__ == "__main__":
    main(_work)
