"""Makes many posted invoices of a few: rows copied by SQL, with numbers of their own.

Only for measuring what comes after posting: the copies have no lines, but a file of
their own that KSeF takes.
"""

COLUMNS = """
SELECT quote_ident(column_name) FROM information_schema.columns
 WHERE table_schema = current_schema() AND table_name = %s
   AND column_name != ALL(%s)
"""
OWN = ("move_id", "invoice_number", "sha256", "xml")
MOVES = """
INSERT INTO account_move (name, l10n_pl_ksef_document_id, {columns})
SELECT name || '/' || number, NULL, {columns}
  FROM account_move, generate_series(1, %s) AS number
 WHERE id IN (SELECT move_id FROM l10n_pl_ksef_document WHERE company_id = %s)
"""
DOCUMENTS = """
INSERT INTO l10n_pl_ksef_document (move_id, invoice_number, sha256, xml, {names})
SELECT copy.id, copy.name, encode(sha256(file), 'base64'),
    convert_to(replace(encode(file, 'base64'), E'\\n', ''), 'UTF8'), {columns}
  FROM l10n_pl_ksef_document AS document
 CROSS JOIN generate_series(1, %s) AS number
  JOIN account_move AS copy ON copy.company_id = document.company_id
       AND copy.name = document.invoice_number || '/' || number
 CROSS JOIN LATERAL (SELECT convert_to(replace(
       convert_from(decode(convert_from(document.xml, 'UTF8'), 'base64'), 'UTF8'),
       '>' || document.invoice_number || '<', '>' || copy.name || '<'), 'UTF8')
       AS file) AS made
 WHERE document.company_id = %s
"""
NEWEST = """
UPDATE account_move SET l10n_pl_ksef_document_id = document.id
  FROM l10n_pl_ksef_document AS document
 WHERE document.move_id = account_move.id
   AND account_move.l10n_pl_ksef_document_id IS NULL
"""


def multiply(bench, company, times):
    """Make copies of all posted invoices of a company, so many of each."""
    move, document = "account_move", "l10n_pl_ksef_document"
    columns = _get_columns(bench, move, ("name", "l10n_pl_ksef_document_id"))
    bench.query(MOVES.format(columns=", ".join(columns)), times, company)
    bench.query(f"ANALYZE {move}")
    columns = _get_columns(bench, document, OWN)
    statement = DOCUMENTS.format(
        names=", ".join(columns),
        columns=", ".join(f"document.{column}" for column in columns),
    )
    bench.query(statement, times, company)
    bench.query(NEWEST)
    bench.query(f"VACUUM ANALYZE {document}")


def _get_columns(bench, table, own):
    """Return the columns of a table that a copy takes over."""
    return [name for (name,) in bench.query(COLUMNS, table, ["id", *own])]
