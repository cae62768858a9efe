# Source this from the repository root: starts the database if needed and sets
# PGHOST, PGPORT, PGUSER, ODOO, ODOO_CONF and VENV.
if [ ! -f .dev/env ]; then
    echo "Run 'make setup' in the repository root first." >&2
    return 1 2>/dev/null || exit 1
fi
./dev/run start || return 1 2>/dev/null || exit 1
. ./.dev/env
