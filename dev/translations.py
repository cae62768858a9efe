"""Export the texts of the addon and compare the Polish translation with them.

Odoo looks for texts in every file below the addon, so it is given a copy of the
tracked and new files alone. Runs in the virtual environment (polib).
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import polib

from . import databases, templates
from .common import ADDON, DATA, ODOO_SCRIPT, ROOT, VENV_PYTHON, main, run, say

DATABASE = "l10n_pl_ksef_i18n"
TEMPLATE = ROOT / "i18n" / f"{ADDON}.pot"
POLISH = ROOT / "i18n" / "pl.po"
# Words of a text that must come back in its translation.
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]")
# Dates and versions would make every export look like a change.
STABLE_HEADER = {
    "Project-Id-Version": f"{ADDON} 19.0",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}


def _work():
    export()
    complaints = compare(polib.pofile(TEMPLATE), polib.pofile(POLISH))
    print("\n".join(complaints))
    print(f"{len(polib.pofile(TEMPLATE))} texts, {len(complaints)} complaints")
    return 1 if complaints else 0


def export():
    """Write the template of all texts from a freshly installed addon."""
    cursor = databases.connect()
    databases.clone(cursor, templates.ensure(cursor, "full"), DATABASE)
    try:
        with tempfile.TemporaryDirectory() as folder:
            _export_from(Path(folder))
    finally:
        databases.drop(cursor, DATABASE)


def _export_from(folder):
    _copy_addon(folder / "addons" / ADDON)
    conf = folder / "odoo.conf"
    conf.write_text(
        f"[options]\naddons_path = {folder / 'addons'}\ndata_dir = {DATA}\n"
    )
    odoo = [VENV_PYTHON, ODOO_SCRIPT]
    common = ["-c", conf, "-d", DATABASE]
    say("installing the addon to export its texts")
    run(
        [*odoo, *common, "-i", ADDON, "--stop-after-init", "--no-http"],
        "i18n-install",
        "The addon could not be installed.",
    )
    output = folder / "texts.pot"
    run(
        [*odoo, "i18n", "export", *common, "-l", "pot", "-o", output, ADDON],
        "i18n-export",
        "The texts could not be exported.",
    )
    texts = polib.pofile(output)
    texts.metadata = STABLE_HEADER
    texts.header = "Texts of the Odoo addon l10n_pl_ksef."
    texts.save(TEMPLATE)


def _copy_addon(target):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def compare(texts, polish):
    """Return what is wrong with a translation, a line each."""
    known = {(entry.msgctxt, entry.msgid): entry for entry in polish}
    wanted = {(entry.msgctxt, entry.msgid) for entry in texts}
    complaints = [
        f"not in pl.po: {text!r}" for _c, text in sorted(wanted - known.keys(), key=str)
    ]
    complaints += [
        f"no longer used: {text!r}"
        for _c, text in sorted(known.keys() - wanted, key=str)
    ]
    for entry in polish:
        if entry.fuzzy or not entry.msgstr:
            complaints.append(f"not translated: {entry.msgid!r}")
        elif _names(entry.msgid) != _names(entry.msgstr):
            complaints.append(f"other placeholders: {entry.msgid!r}")
    return complaints


def _names(text):
    return sorted(match.group() for match in _PLACEHOLDER.finditer(text))


if __name__ == "__main__":
    main(_work)
