"""The corrections of an invoice, and what corrects those: one statement for all."""

from odoo.tools import SQL

from .l10n_pl_ksef_fa3_facts import MOVE_FIELDS, known_names

# What links a correction to what it corrects; the first where module
# account_debit_note is.
LINKS = ("debit_origin_id", "reversed_entry_id")
READ_FIELDS = ("state", "l10n_pl_ksef_is_data_correction")


def find_families(roots):
    """Return {corrected invoice: its posted corrections of amounts, and theirs}.

    A credit note made from nothing counts if it lists this invoice alone.
    """
    moves = roots.env["account.move"]
    families = dict.fromkeys(roots, moves)
    if not families:
        return families
    names = known_names(moves, LINKS)
    moves.flush_model([*names, *READ_FIELDS])
    roots.env["l10n_pl_ksef.corrected.invoice"].flush_model(["move_id", "invoice_id"])
    rows = roots.env.execute_query(_query(tuple(roots.ids), names))
    members = moves.browse({move_id for _root_id, move_id in rows})
    # Lines are read for all that are corrected and correct, together.
    members.fetch([name for name in (*MOVE_FIELDS, *names) if name != "line_ids"])
    for root_id, move_id in rows:
        families[moves.browse(root_id)] |= members.browse(move_id)
    return families


def _query(root_ids, names):
    links = SQL(" UNION ALL ").join(
        SQL(
            "SELECT id FROM account_move WHERE %s = family.move_id",
            SQL.identifier(name),
        )
        for name in names
    )
    unlinked = SQL(" AND ").join(
        SQL("%s IS NULL", SQL.identifier("correction", name)) for name in names
    )
    return SQL(
        """
        WITH RECURSIVE family AS (
            SELECT id AS root_id, id AS move_id
              FROM account_move WHERE id IN %(root_ids)s
         UNION
            SELECT family.root_id, move.id
              FROM family
              JOIN LATERAL (
                   %(links)s
                   UNION ALL
                   SELECT correction.id
                     FROM l10n_pl_ksef_corrected_invoice listed
                     JOIN account_move correction ON correction.id = listed.move_id
                    WHERE listed.invoice_id = family.move_id
                      AND %(unlinked)s
                      AND NOT EXISTS (
                          SELECT FROM l10n_pl_ksef_corrected_invoice other
                           WHERE other.move_id = listed.move_id
                             AND other.id != listed.id)) link ON TRUE
              JOIN account_move move ON move.id = link.id
             WHERE move.state = 'posted'
               AND move.l10n_pl_ksef_is_data_correction IS NOT TRUE)
        SELECT root_id, move_id FROM family WHERE root_id != move_id
        """,
        root_ids=root_ids,
        links=links,
        unlinked=unlinked,
    )
