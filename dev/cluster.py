"""PostgreSQL: the one that PGHOST or DATABASE_URL names, else a private cluster.

The private cluster listens on a Unix socket in a folder of mode 0700 below the
temporary folder: a socket path is limited to 107 bytes, and as root the
unprivileged user that PostgreSQL needs may not enter this repository.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from .common import CHECKOUT_ID, DEV, Stop, require_space, run, say

# Remembers the folder, so that another TMPDIR later does not lose the cluster.
LINK = DEV / "cluster"
FOLDER = (
    LINK.readlink()
    if LINK.is_symlink()
    else Path(tempfile.gettempdir()) / f"l10n_pl_ksef-pg-{os.getuid()}-{CHECKOUT_ID}"
)
DATA = FOLDER / "data"
SERVER_LOG = FOLDER / "log"
SPACE_GIGABYTES = 1.5
MAX_SOCKET_FOLDER = 90
MIN_VERSION = 13
# Data that can be made anew in a minute: speed before safety.
OPTIONS = (
    "listen_addresses=''",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=256MB",
    "max_connections=300",
)


def is_private():
    """Tell whether no PostgreSQL was given from outside."""
    given = os.environ.get("PGHOST")
    return not os.environ.get("DATABASE_URL") and given in (None, "", str(FOLDER))


def connection():
    """Return the variables (PGHOST, PGPORT ...) of the PostgreSQL to use."""
    if is_private():
        return {"PGHOST": str(FOLDER), "PGPORT": "5433", "PGUSER": "odoo"}
    if url := os.environ.get("DATABASE_URL"):
        return _split(url)
    names = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSSLMODE")
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _split(url):
    """Return a database address as the PG* variables that Odoo reads."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if parts.scheme not in ("postgres", "postgresql"):
        raise Stop(
            "DATABASE_URL is not the address of a PostgreSQL.",
            "write it as postgresql://user:password@host:port/, or unset it",
        )
    values = {
        "PGHOST": unquote(parts.hostname or "") or query.get("host", ["localhost"])[0],
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGSSLMODE": query.get("sslmode", [""])[0],
    }
    return {name: value for name, value in values.items() if value}


def ensure():
    """Have a PostgreSQL answer; a private cluster is made and started if needed."""
    if not is_private() or _running():
        return
    if len(str(FOLDER)) > MAX_SOCKET_FOLDER:
        raise Stop(
            f"The path {FOLDER} is too long for a socket.",
            "set TMPDIR to a shorter path, for instance /tmp",
        )
    _claim_folder()
    if not DATA.exists():
        _create()
    say(f"starting PostgreSQL in {FOLDER}")
    # Without files of their own pg_ctl and the server would hold our pipes open.
    settings = " ".join(f"-c {option}" for option in OPTIONS)
    _as_owner(
        [
            _binary("pg_ctl"),
            "-D",
            DATA,
            "-l",
            SERVER_LOG,
            "-w",
            "-o",
            f"-k {FOLDER} -p 5433 {settings}",
            "start",
        ],
        "postgres-start",
        "PostgreSQL did not start.",
        f"read {SERVER_LOG}; `make clean` removes this database and starts afresh",
    )


def stop():
    """Stop the private cluster if it runs."""
    if _running():
        _as_owner(
            [_binary("pg_ctl"), "-D", DATA, "-m", "fast", "stop"],
            "postgres-stop",
            "PostgreSQL did not stop.",
            f"read {SERVER_LOG}, end the process that it names, then try again",
        )


def remove():
    """Stop the private cluster and remove all of it."""
    if FOLDER.exists():
        if _binary("pg_ctl", required=False):
            stop()
        shutil.rmtree(FOLDER)


def _claim_folder():
    """Make the folder, owned by the server's user and closed to all others."""
    owner = _owner()
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    if FOLDER.stat().st_uid not in (os.getuid(), owner.pw_uid):
        raise Stop(
            f"{FOLDER} belongs to somebody else.", "set TMPDIR to a folder of your own"
        )
    if not LINK.is_symlink():
        LINK.symlink_to(FOLDER)
    os.chown(FOLDER, owner.pw_uid, owner.pw_gid)
    FOLDER.chmod(0o700)


def _create():
    require_space(FOLDER, SPACE_GIGABYTES, "PostgreSQL")
    say("creating a private PostgreSQL cluster")
    fresh = FOLDER / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _as_owner(
        [
            _binary("initdb"),
            "-D",
            fresh,
            "-U",
            "odoo",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        ],
        "postgres-create",
        "The PostgreSQL cluster could not be created.",
    )
    fresh.rename(DATA)


def _running():
    if not DATA.exists() or not _binary("pg_ctl", required=False):
        return False
    done = subprocess.run(
        [*_switch(), _binary("pg_ctl"), "-D", DATA, "status"],
        capture_output=True,
        cwd="/",
        check=False,
    )
    return done.returncode == 0


def _binary(name, required=True):
    """Return the newest installed PostgreSQL program of that name."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: int(path.parts[4]),
    )
    if found and int(found[-1].parts[4]) >= MIN_VERSION:
        return found[-1]
    if not required:
        return None
    raise Stop(
        f"PostgreSQL {MIN_VERSION} or newer is not installed.",
        "sudo apt-get install postgresql, or name a running one in PGHOST",
    )


def _owner():
    """Return the user the server runs as: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise Stop(
            "The system user postgres does not exist.", "apt-get install postgresql"
        ) from None


def _switch():
    """Return the words that turn root into the server's user."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


def _as_owner(command, log_name, failed, next_step=None):
    run([*_switch(), *command], log_name, failed, next_step, cwd="/")
