"""Set up all that development, tests and demo need; what is there is kept.

`dev/run setup [demo] [bare]`: everything for the tests by default; "demo" asks
for fewer system packages, "bare" adds the second template database.
"""

import os
import shlex
import subprocess
import sys

from . import cluster, odoo_tree, python_env, system_packages
from .common import (
    ADDON,
    ADDONS,
    DATA,
    ENVIRONMENT,
    ODOO_CONF,
    ODOO_SCRIPT,
    ROOT,
    VENV,
    VENV_PYTHON,
    main,
    one_at_a_time,
    say,
)  # fmt: skip
from .template_key import name_of

_LAUNCHER = """\
import odoo.cli

if __name__ == "__main__":
    odoo.cli.main()
"""


def prepare(purposes=("demo", "test"), kinds=("full",)):
    """Bring the environment up to date and return its variables.

    `purposes`: "demo" and "test" ask for the system packages of each. `kinds`:
    the template databases to have.
    """
    with one_at_a_time():
        wanted = {*purposes, "database"} if cluster.is_private() else set(purposes)
        system_packages.ensure(wanted)
        odoo_path = odoo_tree.ensure()
        os.environ["KSEF_ODOO_TREE"] = str(odoo_path)
        python_env.ensure(odoo_path)
        _write_odoo_files(odoo_path)
        cluster.ensure()
        values = {**cluster.connection(), "KSEF_ODOO_TREE": str(odoo_path)}
        environment = {**os.environ, **values}
        environment.pop("DATABASE_URL", None)
        done = subprocess.run(
            [VENV_PYTHON, "-m", "dev.templates", *kinds],
            cwd=ROOT,
            env=environment,
            check=False,
        )
        if done.returncode:
            sys.exit(done.returncode)
        _write_environment(values)
    return environment


def _write_odoo_files(odoo_path):
    """Write what Odoo is started with: script, configuration, addons folder."""
    ADDONS.mkdir(parents=True, exist_ok=True)
    (DATA / "filestore").mkdir(parents=True, exist_ok=True)
    link = ADDONS / ADDON
    if not link.is_symlink() or link.readlink() != ROOT:
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT)
    # A script, not `python -m odoo`: with workers the latter cannot restart itself.
    ODOO_SCRIPT.write_text(_LAUNCHER)
    folders = [str(ADDONS)]
    if (odoo_path / "addons/account/__manifest__.py").exists():
        folders.insert(0, str(odoo_path / "addons"))
    ODOO_CONF.write_text(
        f"[options]\naddons_path = {','.join(folders)}\ndata_dir = {DATA}\n"
        "http_interface = 127.0.0.1\nlist_db = False\n"
    )


def _write_environment(values):
    """Write .dev/env, which dev/env.sh reads; closed to others (password)."""
    values = {
        **values,
        "KSEF_TEMPLATE": name_of("full"),
        "KSEF_PG_LOG": str(cluster.SERVER_LOG) if cluster.is_private() else "",
        "VENV": str(VENV),
        "ODOO": f"{VENV_PYTHON} {ODOO_SCRIPT}",
        "ODOO_CONF": str(ODOO_CONF),
    }
    lines = [f"export {key}={shlex.quote(value)}" for key, value in values.items()]
    ENVIRONMENT.touch(mode=0o600)
    ENVIRONMENT.write_text("\n".join(lines) + "\n")


def _work():
    purposes = ("demo",) if "demo" in sys.argv[1:] else ("demo", "test")
    kinds = ("full", "bare") if "bare" in sys.argv[1:] else ("full",)
    prepare(purposes, kinds)
    say("the set-up is complete (`make test`, `make demo`; `. dev/env.sh` in a shell)")
    return 0


if __name__ == "__main__":
    main(_work)
