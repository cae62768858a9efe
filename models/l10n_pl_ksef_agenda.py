"""What the job finds to do, and how long it may wait; asks the database alone."""

from odoo import api, fields, models
from odoo.fields import Domain

from .l10n_pl_ksef_document import OPEN_STATES

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


class Agenda(models.AbstractModel):
    _name = "l10n_pl_ksef.agenda"
    _description = "KSeF agenda"

    @api.private
    def _get_lane(self, connection):
        """Return the number of the scheduled action that serves a connection."""
        return connection.id % LANES

    @api.private
    def _find_busy(self, lane):
        """Return the connections of a lane that have anything under way."""
        connections = self.env["l10n_pl_ksef.connection"].search([])
        connections = connections.filtered(lambda one: self._get_lane(one) == lane)
        if not connections:
            return connections
        documents = self.env["l10n_pl_ksef.document"]._read_group(
            Domain("connection_id", "in", connections.ids)
            & (Domain("next_step_on", "!=", False) | Domain("state", "=", "blocked")),
            ["connection_id"],
        )
        sessions = self.env["l10n_pl_ksef.session"]._read_group(
            [
                ("connection_id", "in", connections.ids),
                "|",
                ("next_step_on", "!=", False),
                "&",
                ("kind", "=", "online"),
                ("state", "in", ("open", "closing")),
            ],
            ["connection_id"],
        )
        busy = {connection.id for (connection,) in documents + sessions}
        return connections.filtered(lambda one: one.id in busy)

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
    def _find_due(self, connections, paused, domain):
        """Return a document whose step is due and whose KSeF may be asked."""
        domain = Domain(domain) & DUE_STATES
        domain &= Domain("connection_id", "in", connections.ids)
        domain &= Domain("next_step_on", "<=", fields.Datetime.now())
        for connection, state in paused:
            domain &= Domain("connection_id", "!=", connection.id) | Domain(
                "state", "!=", state
            )
        return self.env["l10n_pl_ksef.document"].search(
            domain, order="next_step_on, id", limit=1
        )

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
