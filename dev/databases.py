"""Databases of this checkout: clone of a template, empty, drop, list.

Runs in the virtual environment (psycopg2). Every database made here carries a
comment naming this checkout, so that cleaning up a shared PostgreSQL touches
no other.
"""

import os
import shutil
import time

import psycopg2
from psycopg2 import errors, sql

from .common import CHECKOUT_ID, DATA, Stop

MARK = f"l10n_pl_ksef development {CHECKOUT_ID}"
RETRIES = 20
PAUSE_SECONDS = 0.5


def connect():
    """Return an autocommit cursor on the database postgres."""
    try:
        connection = psycopg2.connect(dbname="postgres", connect_timeout=10)
    except psycopg2.OperationalError as error:
        raise Stop(
            f"PostgreSQL does not answer: {str(error).strip().splitlines()[0]}",
            "look at PGHOST, PGPORT, PGUSER, PGPASSWORD (or DATABASE_URL); "
            "unset them to use a private one",
        ) from None
    connection.autocommit = True
    return connection.cursor()


def check(cursor):
    """Raise Stop when the role cannot do what Odoo needs."""
    cursor.execute(
        "SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles"
        " WHERE rolname = current_user"
    )
    name, may_create = cursor.fetchone()
    if name == "postgres":
        raise Stop(
            "Odoo refuses to work as the database user postgres.",
            "create another role with CREATEDB and name it in PGUSER",
        )
    if not may_create:
        raise Stop(
            f"The database role {name} may not create databases.",
            f"run in psql: ALTER ROLE {name} CREATEDB",
        )


def exists(cursor, name):
    """Tell whether a database and its file store are there."""
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return bool(cursor.fetchone()) and (DATA / "filestore" / name).is_dir()


def clone(cursor, template, name):
    """Make `name` a copy of `template`: rows by PostgreSQL, files by hard links."""
    _make_room(cursor, name)
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    for attempt in range(RETRIES):
        try:
            cursor.execute(statement)
            break
        except errors.ObjectInUse:
            # Another clone is being made from the same template.
            if attempt == RETRIES - 1:
                raise Stop(
                    f"Somebody is connected to the template {template}.",
                    "end that connection, then try again",
                ) from None
            time.sleep(PAUSE_SECONDS)
        except errors.DiskFull:
            raise Stop(
                "The disk of PostgreSQL is full.", "free some space, then try again"
            ) from None
    mark(cursor, name)
    shutil.copytree(
        DATA / "filestore" / template,
        DATA / "filestore" / name,
        copy_function=os.link,
        dirs_exist_ok=True,
    )


def create(cursor, name):
    """Make an empty database for Odoo to fill."""
    _make_room(cursor, name)
    cursor.execute(
        sql.SQL(
            "CREATE DATABASE {} ENCODING 'UTF8' LC_COLLATE 'C' TEMPLATE template0"
        ).format(sql.Identifier(name))
    )
    mark(cursor, name)


def _make_room(cursor, name):
    """Drop the old database; its new file store claims the name for this checkout.

    The comment can only follow after CREATE DATABASE; a process killed between
    the two must not leave a database that nobody dares to drop.
    """
    drop(cursor, name)
    (DATA / "filestore" / name).mkdir(parents=True)


def mark(cursor, name):
    """Note in the database that it belongs to this checkout."""
    cursor.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(
            sql.Identifier(name), sql.Literal(MARK)
        )
    )


def owned(cursor):
    """Return the names of the databases that this checkout made."""
    cursor.execute(
        "SELECT datname FROM pg_database"
        " WHERE shobj_description(oid, 'pg_database') = %s",
        [MARK],
    )
    return [row[0] for row in cursor.fetchall()]


def drop(cursor, name):
    """Remove a database of this checkout and its file store, if there."""
    files = DATA / "filestore" / name
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    if cursor.fetchone():
        if name not in owned(cursor) and not files.is_dir():
            raise Stop(
                f"The database {name} was not made by this checkout.",
                "choose another name, or drop it yourself",
            )
        cursor.execute(
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        )
    if files.is_dir():
        shutil.rmtree(files)


def rename(cursor, old, new):
    """Give a database and its file store their final name."""
    drop(cursor, new)
    (DATA / "filestore" / old).rename(DATA / "filestore" / new)
    cursor.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(old), sql.Identifier(new)
        )
    )
