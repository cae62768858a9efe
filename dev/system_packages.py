"""Debian packages that the development environment needs, and their installation."""

import ctypes.util
import os
import shutil
import subprocess
from pathlib import Path

from .common import LOGS, Stop, run, say


def _postgres():
    return next(Path("/usr/lib/postgresql").glob("*/bin/initdb"), None)


def _fonts():
    return next(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"), None)


# package, how to see that it is there, what needs it
PACKAGES = (
    ("postgresql", _postgres, "database"),
    ("libmagic1", lambda: ctypes.util.find_library("magic"), "demo"),
    # The driver inside the PyPI package playwright is linked against it.
    ("libatomic1", lambda: ctypes.util.find_library("atomic"), "test"),
    ("chromium", lambda: shutil.which("chromium"), "test"),
    ("wkhtmltopdf", lambda: shutil.which("wkhtmltopdf"), "test"),
    ("zbar-tools", lambda: shutil.which("zbarimg"), "test"),
    ("poppler-utils", lambda: shutil.which("pdftoppm"), "test"),
    ("fonts-dejavu-core", _fonts, "test"),
)


def missing(purposes):
    """Return the names of the packages that `purposes` need and that are absent."""
    return [
        name
        for name, present, purpose in PACKAGES
        if purpose in purposes and not present()
    ]


def ensure(purposes):
    """Install what is missing when root, else stop with the one command to run."""
    names = missing(purposes)
    if not names:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *names]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Stop(
            f"System packages are missing: {', '.join(names)}.",
            f"sudo {' '.join(command)}",
        )
    say(f"installing system packages with apt: {' '.join(names)}")
    _install(command)
    if still := missing(purposes):
        raise Stop(
            f"apt installed without complaint, still not found: {', '.join(still)}.",
            f"read {LOGS / 'apt-install.log'} and look at PATH",
        )


def _install(command):
    """Refresh the lists and install; both verify what they fetch by signature."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(
        ["apt-get", "-q", "update"],
        "apt-update",
        "apt could not fetch its package lists.",
        "check the network and the proxy settings of apt, then try again",
        env=environment,
    )
    run(
        command,
        "apt-install",
        "apt could not install the system packages.",
        f"run by hand to see why: {' '.join(command)}",
        env=environment,
        stdin=subprocess.DEVNULL,
    )
