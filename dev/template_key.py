"""Names of the template databases, keyed by what goes into them."""

import ast
import hashlib
import os
from pathlib import Path

from .common import CHECKOUT_ID, LOCK_FILE, ROOT

BARE = "--skip-auto-install"
# Modules that the addon works with but does not need; "bare" has none of them.
EXTRA = ("account_debit_note", "sale_stock")
FULL = "full"
DEMO = "demo"
# kind -> words for Odoo: everything that installs itself, and without it, and
# the former with the addon
KINDS = {FULL: [], "bare": [BARE], DEMO: []}
NOT_ADDON = {".dev", ".git", "dev", "simulator", "tests"}
ADDON_SUFFIXES = {".csv", ".js", ".po", ".py", ".scss", ".sql", ".svg", ".xml"}
PREFIX = f"ksef_tpl_{CHECKOUT_ID}_"
FINISH_SCRIPT = Path(__file__).parent / "template_finish.py"


def dependencies():
    """Return the modules that the addon's manifest depends on."""
    return ast.literal_eval((ROOT / "__manifest__.py").read_text())["depends"]


def modules(kind):
    """Return the modules that a template of that kind has beside what they bring."""
    return [*dependencies(), *(EXTRA if kind == FULL else ())]


def _addon_state():
    """Return a hash of the files that Odoo loads when it installs the addon."""
    digest = hashlib.sha256()
    parts = [path for path in ROOT.iterdir() if path.name not in NOT_ADDON]
    files = [file for part in parts for file in (part, *part.rglob("*"))]
    for file in sorted(files):
        if file.suffix in ADDON_SUFFIXES:
            digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def name_of(kind):
    """Return the name of the template of that kind in the present state.

    The Odoo tree is taken from KSEF_ODOO_TREE, which the set-up exports.
    """
    parts = (
        os.environ["KSEF_ODOO_TREE"],
        ",".join(sorted(modules(FULL))),
        LOCK_FILE.read_text(),
        FINISH_SCRIPT.read_text(),
        _addon_state() if kind == DEMO else "",
    )
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
    return f"{PREFIX}{key}_{kind}"
