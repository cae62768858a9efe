"""Processes left running for the user: started, remembered, stopped by id.

A pid file in .dev/run holds the process id and its start time, so that a
process of somebody else that got the same id later is never touched.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

from .common import DEV, LOGS, say

RUN = DEV / "run"
STOP_SECONDS = 15
PAUSE_SECONDS = 0.1


def start(name, command, environment, folder):
    """Start a process in a session of its own, logging to .dev/logs; return it."""
    stop(name)
    LOGS.mkdir(parents=True, exist_ok=True)
    RUN.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("w") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    _pid_file(name).write_text(f"{process.pid} {_start_time(process.pid)}")
    return process


def stop(name):
    """Stop the process of that name if it still runs."""
    file = _pid_file(name)
    if not file.exists():
        return
    pid, _, started = file.read_text().partition(" ")
    if pid.isdigit() and started == _start_time(int(pid)):
        _end(int(pid), started)
    file.unlink()
    say(f"stopped {name}")


def stop_all():
    """Stop every process that has a pid file."""
    for file in sorted(RUN.glob("*.pid")):
        stop(file.stem)


def _end(pid, started):
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _start_time(pid) == started:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += STOP_SECONDS
        time.sleep(PAUSE_SECONDS)


def _pid_file(name):
    return RUN / f"{name}.pid"


def _start_time(pid):
    """Return the start time (clock ticks, text) of a live process, else ""."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    state, start_ticks = fields[0], fields[19]
    return "" if state == "Z" else start_ticks
