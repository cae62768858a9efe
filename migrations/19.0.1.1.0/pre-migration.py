"""From one job to four lanes, and from receipts of one invoice to those of many."""

OLD_JOB = "ir_cron_run"
# Odoo names the server action below a scheduled action by itself.
OLD_ACTION = "ir_cron_run_ir_actions_server"


def migrate(cr, version):
    """Keep the receipts, and remove the old job and the old limits."""
    keep_receipts(cr)
    remove_job(cr)
    # KSeF's limits are kept per NIP in a table of their own now.
    cr.execute("ALTER TABLE l10n_pl_ksef_connection DROP COLUMN IF EXISTS limits")


def keep_receipts(cr):
    """Move the receipts, which are evidence, to where they are read from now on."""
    columns = find_columns(cr, "l10n_pl_ksef_document")
    if "upo" not in columns:
        return
    if "upo_single" not in columns:
        cr.execute("ALTER TABLE l10n_pl_ksef_document RENAME COLUMN upo TO upo_single")
        return
    # Some version in between has made the new column, and left it empty.
    cr.execute(
        "UPDATE l10n_pl_ksef_document SET upo_single = upo"
        " WHERE upo_single IS NULL AND upo IS NOT NULL"
    )
    cr.execute("ALTER TABLE l10n_pl_ksef_document DROP COLUMN upo")


def find_columns(cr, table):
    """Return the names of a table's columns."""
    cr.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema AND table_name = %s",
        [table],
    )
    return {name for (name,) in cr.fetchall()}


def remove_job(cr):
    """Remove the one job: it does not know the lanes, and would fail for ever."""
    # Not updated with the addon's data, so that Odoo would leave it there.
    cr.execute(
        "DELETE FROM ir_model_data WHERE module = 'l10n_pl_ksef' AND model = 'ir.cron'"
        " AND name = %s RETURNING res_id",
        [OLD_JOB],
    )
    for (job_id,) in cr.fetchall():
        cr.execute(
            "DELETE FROM ir_cron WHERE id = %s RETURNING ir_actions_server_id",
            [job_id],
        )
        actions = tuple(action_id for (action_id,) in cr.fetchall())
        if actions:
            cr.execute("DELETE FROM ir_act_server WHERE id IN %s", [actions])
    cr.execute(
        "DELETE FROM ir_model_data WHERE module = 'l10n_pl_ksef' AND name = %s",
        [OLD_ACTION],
    )
