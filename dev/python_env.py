"""The virtual environment: the locked packages and the Odoo tree."""

import hashlib
import os
import shutil
import subprocess
import sys

from .common import CACHE, LOCK_FILE, VENV, VENV_PYTHON, Stop, require_space, run, say

MARKER = VENV / ".complete"
SPACE_GIGABYTES = 0.8
# Barcode images need a wheel that exists up to this version only.
LAST_WITH_BARCODES = (3, 12)


def ensure(odoo_path):
    """Bring .dev/venv to the state of the lock file, with Odoo importable."""
    if not _starts():
        _create()
    _install()
    _point_to(odoo_path)


def _starts():
    """Tell whether the environment's Python runs and still has pip."""
    if not VENV_PYTHON.exists():
        return False
    done = subprocess.run(
        [VENV_PYTHON, "-c", "import pip"], capture_output=True, check=False
    )
    return done.returncode == 0


def _create():
    require_space(VENV.parent, SPACE_GIGABYTES, "The Python environment")
    version = ".".join(map(str, sys.version_info[:2]))
    say(f"creating the Python {version} environment in .dev/venv")
    if sys.version_info[:2] > LAST_WITH_BARCODES:
        say("note: barcode images do not work on this Python; 3.11 or 3.12 is better")
    shutil.rmtree(VENV, ignore_errors=True)
    run(
        [sys.executable, "-m", "venv", VENV],
        "venv",
        "The Python environment could not be created.",
        "install python3-venv, or set PYTHON to another Python 3.11 to 3.13",
    )


def _install():
    """Install the lock file; pip compares every file with its SHA-256 there."""
    key = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()
    if MARKER.exists() and MARKER.read_text() == key:
        return
    say("installing the locked Python packages, each checked by SHA-256 (30 s)")
    MARKER.unlink(missing_ok=True)
    run(
        [
            VENV_PYTHON,
            "-m",
            "pip",
            "install",
            "-q",
            "--require-hashes",
            "--disable-pip-version-check",
            "-r",
            LOCK_FILE,
        ],
        "pip",
        "The Python packages could not be installed.",
        "check the network and pip's settings, then try again",
        env={"PIP_CACHE_DIR": str(CACHE / "pip"), **os.environ},
    )
    MARKER.write_text(key)


def _point_to(odoo_path):
    """Make the Odoo tree importable through a .pth file."""
    packages = next((VENV / "lib").glob("python3*/site-packages"), None)
    if packages is None:
        raise Stop("The Python environment is incomplete.", "run `make clean`")
    (packages / "odoo-tree.pth").write_text(f"{odoo_path}\n")
