"""What the job finds to do, and how long it may wait; asks the database alone."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .l10n_pl_ksef_connection import PROBLEMS
from .l10n_pl_ksef_document import OPEN_STATES
from .l10n_pl_ksef_session import SESSION_IDLE, SESSION_USE

CONNECTION = "l10n_pl_ksef.connection"
DOCUMENT = "l10n_pl_ksef.document"
SESSION = "l10n_pl_ksef.session"

# Scheduled actions that share the companies out among themselves. Odoo runs each
# in one worker at a time, so that a company never has two and several companies
# are served at once.
LANES = 4
# Documents of one session that are asked about in one call, at the most.
GROUP_SIZE = 1000
# Rate groups of the calls that a step of a state makes (API 14).
RATE_GROUPS = (
    ("queued", "invoice_send"),
    ("queued", "online_session"),
    ("unknown", "session_invoice_list"),
    ("unknown", "session_misc"),
    ("processing", "invoice_status"),
    ("processing", "session_invoice_list"),
    ("accepted", "session_misc"),
)
# A document in another state has no step, whatever date is on it.
DUE_STATES = Domain("state", "in", OPEN_STATES) | (
    Domain("state", "=", "accepted") & Domain("upo_state", "=", "wanted")
)
# Documents that a question answers; somebody may be looking at an open form.
ASKED_STATES = ("processing",)
OTHER_STATES = ("queued", "sending", "unknown", "blocked", "accepted")
# Why documents are held until the job finds that it is over.
RELEASED_REASONS = (*(problem for problem, _label in PROBLEMS), "date")
# A question due within this time is waited for inside the run, since a trigger
# set for later fires up to a minute late.
SHORT_WAIT_SECONDS = 60
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
DUE = """
SELECT id FROM l10n_pl_ksef_document
 WHERE connection_id IN %(connections)s AND state IN %(states)s
   AND next_step_on <= %(now)s
   AND (state != 'accepted' OR upo_state = 'wanted')
   AND id NOT IN %(stuck)s AND (connection_id, state) NOT IN %(spared)s
 ORDER BY next_step_on, id
 LIMIT 1
"""


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
    def _find_sending(self, connections):
        """Return the connections that have something to send now."""
        found = self.env["l10n_pl_ksef.document"]._read_group(
            [
                ("connection_id", "in", connections.ids),
                ("state", "=", "queued"),
                ("next_step_on", "<=", fields.Datetime.now()),
            ],
            ["connection_id"],
        )
        busy = {connection.id for (connection,) in found}
        return connections.filtered(lambda one: one.id in busy)

    @api.private
    def _find_due(self, connections, paused, stuck, states):
        """Return a document in one of these states that is due and may be asked for.

        :param paused: keys (connection, state) that KSeF must be spared now
        :param stuck: ids of documents that are left out
        """
        documents = self.env[DOCUMENT]
        documents.flush_model()
        spared = [(connection.id, state) for connection, state in paused]
        found = self.env.execute_query(
            SQL(
                DUE,
                connections=tuple(connections.ids) or (0,),
                states=tuple(states),
                now=fields.Datetime.now(),
                stuck=tuple(stuck) or (0,),
                spared=tuple(spared) or ((0, ""),),
            )
        )
        return documents.browse(row_id for (row_id,) in found)

    @api.private
    def _find_due_package(self, connections):
        now = fields.Datetime.now()
        ready = connections.filtered(lambda one: not one._get_seconds_to_retry())
        return self.env["l10n_pl_ksef.session"].search(
            [
                ("connection_id", "in", ready.ids),
                ("kind", "=", "batch"),
                ("next_step_on", "<=", now),
            ],
            order="next_step_on, id",
            limit=1,
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
            for state, group in RATE_GROUPS:
                wait = max(outage, waits.get((connection, group), 0))
                if wait > 0:
                    key = (connection, state)
                    paused[key] = max(wait, paused.get(key, 0))
        return paused

    @api.private
    def _get_pause(self, connections):
        """Return seconds until some step is due, None when there is none."""
        waits = self._get_paused(connections)
        now = fields.Datetime.now()
        groups = self.env["l10n_pl_ksef.document"]._read_group(
            DUE_STATES
            & Domain("connection_id", "in", connections.ids)
            & Domain("next_step_on", "!=", False),
            ["connection_id", "state"],
            ["next_step_on:min"],
        )
        packages = self.env["l10n_pl_ksef.session"]._read_group(
            [
                ("connection_id", "in", connections.ids),
                ("kind", "=", "batch"),
                ("next_step_on", "!=", False),
            ],
            ["connection_id"],
            ["next_step_on:min"],
        )
        pauses = [
            max((moment - now).total_seconds(), waits.get((connection, state), 0))
            for connection, state, moment in groups
        ]
        pauses += [
            max((moment - now).total_seconds(), connection._get_seconds_to_retry())
            for connection, moment in packages
        ]
        return min(pauses, default=None)
