"""`make lint`: ruff (rules and format) and pylint with the rules for Odoo."""

import subprocess

from .common import ADDON, ADDONS, ROOT, VENV, main, say
from .setup import prepare

# pylint-odoo knows an addon by its manifest, so it gets the addon's folder; the
# parts that print (development scripts, simulator) are left to ruff.
CHECKS = (
    ("ruff: rules", ["ruff", "check", "."], ROOT),
    ("ruff: format", ["ruff", "format", "--check", "."], ROOT),
    (
        "pylint for Odoo",
        ["pylint", f"--rcfile={ROOT / '.pylintrc'}", "--ignore=dev,simulator", ADDON],
        ADDONS,
    ),
)


def _work():
    prepare()
    failed = 0
    for name, words, folder in CHECKS:
        say(name)
        done = subprocess.run(
            [VENV / "bin" / words[0], *words[1:]], cwd=folder, check=False
        )
        failed += bool(done.returncode)
    say(f"{len(CHECKS) - failed} of {len(CHECKS)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    main(_work)
