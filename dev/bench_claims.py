"""Finding work among very many finished documents, and finding none."""

from .common import say

FEW, MANY = 1_000, 1_000_000
WAITING = 20
DOCUMENTS_PER_SESSION = 100
LIMIT_CLAIM_MS, LIMIT_RATIO = 1, 1.5
LIMIT_IDLE_MS, LIMIT_STATEMENTS = 20, 8
# Finished documents have the same few bytes of XML; what counts is their number.
FILL_SESSIONS = """
INSERT INTO l10n_pl_ksef_session (connection_id, company_id, kind, reference,
    state, opened_on, used_on, sent_count, step_count)
SELECT %(connection)s, %(company)s, 'online', 'FILL-' || number, 'closed',
    now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', %(each)s, 0
  FROM generate_series(%(first)s, %(last)s, %(each)s) AS number
"""
FILL_DOCUMENTS = """
INSERT INTO l10n_pl_ksef_document (company_id, move_id, generation, connection_id,
    environment, nip, invoice_number, issue_date, state, state_since, upo_state,
    session_id, session_reference, reference, ksef_number, sha256, xml,
    attempt_count, step_count, create_date, create_uid, write_date, write_uid)
SELECT model.company_id, model.move_id, 1000 + number, model.connection_id,
    model.environment, model.nip, 'FILL/' || number, model.issue_date, 'accepted',
    model.state_since, 'stored', session.id, session.reference, 'FILL-' || number,
    'FILL-' || number, model.sha256, 'eA==', 1, 0,
    model.create_date, 1, model.create_date, 1
  FROM (SELECT * FROM l10n_pl_ksef_document WHERE company_id = %(company)s
         ORDER BY id LIMIT 1) AS model,
       generate_series(%(first)s, %(last)s) AS number
  JOIN l10n_pl_ksef_session AS session ON session.reference = 'FILL-'
       || (%(first)s + (number - %(first)s) / %(each)s * %(each)s)
"""
# A session that is in use: what the job finds most of the time.
OPEN_SESSION = """
INSERT INTO l10n_pl_ksef_session (connection_id, company_id, kind, reference,
    state, opened_on, used_on, sent_count, step_count)
VALUES (%(connection)s, %(company)s, 'online', 'OPEN', 'open',
    now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', 1, 0)
"""


def measure(figures, bench):
    """Show what finding work costs with few and with many finished documents."""
    bench.renew()
    company = bench.companies[0]
    names = {"company": company, "connection": bench.get_connection(company)}
    bench.query(OPEN_SESSION, **names)
    _fill(bench, names, 1, FEW)
    few = _look(bench, company)
    _fill(bench, names, FEW + 1, MANY)
    many = _look(bench, company)
    figures.show(f"claiming among {MANY}", many["claim_ms"], LIMIT_CLAIM_MS, "ms")
    ratio = many["claim_ms"] / few["claim_ms"]
    figures.show("  to that among the few", ratio, LIMIT_RATIO, f"x {FEW}")
    figures.show("a run without work", many["idle_ms"], LIMIT_IDLE_MS, "ms")
    statements = many["idle_statements"]
    figures.show("  statements", statements, LIMIT_STATEMENTS, "statements")
    figures.show("  calls of KSeF", many["calls"], 0, "calls")
    figures.show("  big tables read whole", many["scans"], 0, "times")


def _fill(bench, names, first, last):
    say(f"{last} finished documents")
    words = {**names, "first": first, "last": last, "each": DOCUMENTS_PER_SESSION}
    bench.query(FILL_SESSIONS, **words)
    bench.query(FILL_DOCUMENTS, **words)
    for table in ("document", "session"):
        bench.query(f"VACUUM ANALYZE l10n_pl_ksef_{table}")


def _look(bench, company):
    """Return what a fresh worker measured."""
    before = bench.count_calls()
    task = {"lane": bench.get_lane(company), "company": company, "waiting": WAITING}
    found = bench.shell("bench_look.py", task)
    calls = sum(bench.count_calls().values()) - sum(before.values())
    print(f"    {found}")
    return found | {"calls": calls}
