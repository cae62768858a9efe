"""What the job finds to do, and how long it may wait; asks the database alone."""

from collections import namedtuple
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .l10n_pl_ksef_connection import PROBLEMS
from .l10n_pl_ksef_document import OPEN_STATES
from .l10n_pl_ksef_session import PACKAGE_STATES, SESSION_IDLE, SESSION_USE

CONNECTION = "l10n_pl_ksef.connection"
DOCUMENT = "l10n_pl_ksef.document"
SESSION = "l10n_pl_ksef.session"

# Scheduled actions that share the companies out among themselves. Odoo runs each
# in one worker at a time, so that a company never has two and several companies
# are served at once.
LANES = 4
# Documents of one session that are asked about in one call, at the most.
GROUP_SIZE = 1000
# Rate groups of the calls that a step of a state makes (API 14); those of sending
# depend on how much is waiting.
RATE_GROUPS = {
    "unknown": ("session_invoice_list", "session_misc"),
    "processing": ("invoice_status", "session_invoice_list"),
    "accepted": ("session_misc",),
}
SINGLE_GROUPS = ("invoice_send", "online_session")
PACKAGE_GROUPS = ("batch_session",)
# A document in another state has no step, whatever date is on it.
DUE_STATES = Domain("state", "in", OPEN_STATES) | (
    Domain("state", "=", "accepted") & Domain("upo_state", "=", "wanted")
)
# Questions first, somebody may be looking at an open form; then packages; a single
# receipt last, since it uses up the calls that tell what became of an invoice.
TURNS = {"processing": 0, "accepted": 3}
PACKAGE_TURN, OTHER_TURN = 1, 2
# Why documents are held until the job finds that it is over.
RELEASED_REASONS = (*(problem for problem, _label in PROBLEMS), "date")
# A question due within this time is waited for inside the run, since a trigger
# set for later fires up to a minute late.
SHORT_WAIT_SECONDS = 20
# Each part reads a partial index that finished rows are not in.
BUSY = """
SELECT c.id FROM l10n_pl_ksef_connection c
 WHERE c.id %% %(lanes)s = %(lane)s
   AND (EXISTS (
        SELECT FROM l10n_pl_ksef_document d
         WHERE d.connection_id = c.id AND d.next_step_on <= %(soon)s)
    OR EXISTS (
        SELECT FROM l10n_pl_ksef_document d
         WHERE d.connection_id = c.id AND d.state = 'blocked'
           AND d.blocked_reason IN %(reasons)s)
    OR EXISTS (
        SELECT FROM l10n_pl_ksef_session s
         WHERE s.connection_id = c.id AND s.next_step_on <= %(soon)s)
    OR EXISTS (
        SELECT FROM l10n_pl_ksef_session s
         WHERE s.connection_id = c.id AND s.kind = 'online'
           AND (s.state = 'closing'
                OR s.state = 'open'
                   AND (s.used_on < %(idle)s OR s.opened_on < %(old)s))))
 ORDER BY c.id
"""
# The first document of each connection and state: one look into the index each.
FIRST = """
SELECT d.id, k.connection_id, k.state, d.next_step_on
  FROM unnest(%(connections)s::int[], %(states)s::varchar[]) AS k(connection_id, state)
 CROSS JOIN LATERAL (
        SELECT id, next_step_on FROM l10n_pl_ksef_document
         WHERE connection_id = k.connection_id AND state = k.state
           AND next_step_on IS NOT NULL
           AND (state != 'accepted' OR upo_state = 'wanted')
           AND NOT id = ANY(%(stuck)s)
         ORDER BY next_step_on, id
         LIMIT 1) AS d
"""
# What has a step of its own: a document of a state, or a package.
Entry = namedtuple("Entry", "turn record_id connection state moment")


class Agenda(models.AbstractModel):
    _name = "l10n_pl_ksef.agenda"
    _description = "KSeF agenda"

    @api.private
    def _get_lane(self, connection):
        """Return the number of the scheduled action that serves a connection."""
        return connection.id % LANES

    @api.private
    def _find_busy(self, lane):
        """Return the connections of a lane that have something to do now or soon.

        One statement for all, since most runs find nothing. What is due later
        has woken the job for its time already.
        """
        now = fields.Datetime.now()
        for model in (CONNECTION, DOCUMENT, SESSION):
            self.env[model].flush_model()
        statement = SQL(
            BUSY,
            lanes=LANES,
            lane=lane,
            soon=now + timedelta(seconds=SHORT_WAIT_SECONDS),
            reasons=RELEASED_REASONS,
            idle=now - SESSION_IDLE,
            old=now - SESSION_USE,
        )
        found = self.env.execute_query(statement)
        return self.env[CONNECTION].browse(row_id for (row_id,) in found)

    @api.private
    def _get_lane_connections(self, lane):
        """Return all connections of a lane, whether or not they have work."""
        found = self.env.execute_query(
            SQL(
                "SELECT id FROM l10n_pl_ksef_connection WHERE id %% %s = %s",
                LANES,
                lane,
            )
        )
        return self.env[CONNECTION].browse(row_id for (row_id,) in found)

    @api.private
    def _look(self, connections, run):
        """Return what comes first of each connection and state, due or later.

        :param run: what the run leaves out, see ``Run.get_left_out`` in the job
        :returns: list of ``Entry``; its moment counts what KSeF asked us to wait
        """
        waits = self._get_paused(connections)
        entries = [
            Entry(
                TURNS.get(state, OTHER_TURN),
                document_id,
                connection,
                state,
                _not_before(moment, waits.get((connection, state), 0)),
            )
            for document_id, connection, state, moment in self._get_first(
                connections, run.get_left_out(DOCUMENT)
            )
        ]
        packages = self._find_packages(connections)
        left_out = run.get_left_out(SESSION)
        for session in packages.filtered(lambda one: one.id not in left_out):
            connection = session.connection_id
            wait = connection._get_seconds_to_retry()
            moment = _not_before(session.next_step_on, wait)
            entries.append(
                Entry(PACKAGE_TURN, session.id, connection, "package", moment)
            )
        return entries

    @api.private
    def _get_first(self, connections, stuck):
        """Yield (document id, connection, state, moment), one of each kind."""
        self.env[DOCUMENT].flush_model()
        keys = [
            (connection.id, state)
            for connection in connections
            for state in (*OPEN_STATES, "accepted")
        ]
        if not keys:
            return
        ids, states = zip(*keys, strict=True)
        statement = SQL(
            FIRST, connections=list(ids), states=list(states), stuck=list(stuck)
        )
        for row_id, connection_id, state, moment in self.env.execute_query(statement):
            yield row_id, connections.browse(connection_id), state, moment

    @api.private
    def _find_packages(self, connections):
        return self.env[SESSION].search(
            [
                ("connection_id", "in", connections.ids),
                ("kind", "=", "batch"),
                ("state", "in", PACKAGE_STATES),
                ("next_step_on", "!=", False),
            ],
            order="next_step_on, id",
        )

    @api.private
    def _choose(self, entries, served):
        """Return the entry whose turn it is, None when nothing is due.

        :param served: {connection: steps taken in this run}: a company with a
            great deal of work does not keep the others waiting
        """
        now = fields.Datetime.now()
        due = [entry for entry in entries if entry.moment <= now]
        return min(
            due,
            key=lambda entry: (
                entry.turn if entry.turn == 0 else 1,
                served.get(entry.connection, 0),
                entry.turn,
                entry.moment,
                entry.record_id,
            ),
            default=None,
        )

    @api.private
    def _get_pause(self, entries):
        """Return seconds until some step is due, None when there is none."""
        now = fields.Datetime.now()
        return min(
            ((entry.moment - now).total_seconds() for entry in entries), default=None
        )

    @api.private
    def _widen(self, document):
        """Return all documents in the same state that one list would answer for."""
        if not document.session_reference:
            return document
        return self.env["l10n_pl_ksef.document"].search(
            [
                ("connection_id", "=", document.connection_id.id),
                ("session_reference", "=", document.session_reference),
                ("state", "=", document.state),
                ("next_step_on", "!=", False),
            ],
            order="next_step_on, id",
            limit=GROUP_SIZE,
        )

    @api.private
    def _get_paused(self, connections):
        """Return {(connection, state): seconds} KSeF must be spared now."""
        waits = self.env["l10n_pl_ksef.limit"]._get_waits(connections)
        paused = {}
        for connection in connections:
            outage = connection._get_seconds_to_retry()
            groups = RATE_GROUPS | {"queued": self._get_send_groups(connection, waits)}
            for state, names in groups.items():
                own = (waits.get((connection, name), 0) for name in names)
                if (wait := max(outage, *own)) > 0:
                    paused[connection, state] = wait
        return paused

    @api.private
    def _get_send_groups(self, connection, waits):
        """Return the rate groups that sending needs: alone or as a package."""
        if not any(
            (connection, group) in waits for group in SINGLE_GROUPS + PACKAGE_GROUPS
        ):
            return SINGLE_GROUPS
        is_package = self.env["l10n_pl_ksef.batch"]._is_worth_it(connection)
        return PACKAGE_GROUPS if is_package else SINGLE_GROUPS


def _not_before(moment, wait):
    """Return a moment, put off by what has to be waited from now on."""
    if wait <= 0:
        return moment
    return max(moment, fields.Datetime.now() + timedelta(seconds=wait))
