"""`dev/db clone NAME | drop NAME | list | clear`: databases of this checkout.

`clone` copies the template, `clear` drops all of them, templates too.
"""

import argparse

from . import databases, templates
from .common import main, say


def _work():
    parser = argparse.ArgumentParser(prog="dev/db", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    for action in ("clone", "drop"):
        actions.add_parser(action).add_argument("name")
    for action in ("list", "clear"):
        actions.add_parser(action)
    options = parser.parse_args()
    cursor = databases.connect()
    if options.action == "list":
        print("\n".join(databases.owned(cursor)))
    elif options.action == "clear":
        for name in databases.owned(cursor):
            databases.drop(cursor, name)
    elif options.action == "drop":
        databases.drop(cursor, options.name)
    else:
        template = templates.ensure(cursor, "full")
        databases.clone(cursor, template, options.name)
        say(f"database {options.name} is ready")
    return 0


if __name__ == "__main__":
    main(_work)
