"""Paths, messages and subprocesses shared by the scripts behind the Makefile."""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDON = "l10n_pl_ksef"
DEV = ROOT / ".dev"
LOGS = DEV / "logs"
VENV = DEV / "venv"
VENV_PYTHON = VENV / "bin" / "python"
ODOO_SCRIPT = DEV / "odoo"
ODOO_CONF = DEV / "odoo.conf"
ADDONS = DEV / "addons"
DATA = DEV / "data"
ENVIRONMENT = DEV / "env"
LOCK_FILE = ROOT / "requirements-dev.txt"
SHARED = ROOT.parent / "shared"
CACHE = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "l10n_pl_ksef-dev"
)
CHECKOUT_ID = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
TAIL_LINES = 15
GIGABYTE = 1024**3


class Stop(Exception):
    """The work cannot go on: a sentence saying why, and what to do next."""

    def __init__(self, sentence, next_step):
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step


def say(text):
    """Print a progress line at once."""
    print(f"==> {text}", flush=True)


def disk_full(where):
    """Return the Stop for a full disk."""
    return Stop(
        f"There is no space left on the disk of {where}.",
        "free some space (about 4 GB are needed in all) and run the command again",
    )


def require_space(folder, gigabytes, what):
    """Raise Stop when the disk of `folder` has less than `gigabytes` free."""
    existing = folder
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free / GIGABYTE
    if free < gigabytes:
        raise Stop(
            f"{what} needs {gigabytes} GB in {folder}, {free:.1f} GB are free.",
            "free some space, or set XDG_CACHE_HOME (downloads) or TMPDIR "
            "(database) to a folder on a larger disk",
        )


def run(command, log_name, failed, next_step=None, **options):
    """Run a command with its output in .dev/logs; raise Stop when it fails.

    `failed` is the sentence for the user; the last lines of the log are shown
    before it. Other options go to subprocess.run.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{log_name}.log"
    with log.open("w") as output:
        done = subprocess.run(
            [str(word) for word in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            **options,
        )
    if done.returncode == 0:
        return
    text = log.read_text(errors="replace")
    print("\n".join(text.splitlines()[-TAIL_LINES:]), file=sys.stderr)
    if "No space left on device" in text:
        raise disk_full(f"{CACHE}, {DEV} or the temporary folder")
    raise Stop(failed, next_step or f"read {log.relative_to(ROOT)}, then try again")


def output_of(command):
    """Return what a command prints, or "" when it fails or does not exist."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""


@contextlib.contextmanager
def one_at_a_time(work="set-up", folder=DEV):
    """Let only one such work go on in this folder; the others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{work}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another {work} is running, waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main(work):
    """Run `work` and turn what can go wrong into a sentence and an exit code."""
    try:
        code = work()
    except Stop as stop:
        print(f"\nStopped: {stop.sentence}\nNext: {stop.next_step}.", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\nStopped by Ctrl-C. Next: run the command again.", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        # Whoever read our lines has gone; Python must not write more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        stop = explain_os_error(error)
        print(f"\nStopped: {stop.sentence}\nNext: {stop.next_step}.", file=sys.stderr)
        code = 1
    sys.exit(code)


def explain_os_error(error):
    """Return the Stop for an error of the operating system."""
    where = error.filename or "a file"
    if error.errno == errno.ENOSPC:
        return disk_full(where)
    return Stop(
        f"The system refused {where}: {error.strerror or error}.",
        "look at the owner and the rights of it; `make clean` starts afresh",
    )
