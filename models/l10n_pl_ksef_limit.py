"""KSeF's rate limits: one budget for all workers and companies with one NIP."""

import logging
import time

from odoo import api, fields, models
from odoo.tools import SQL

from ..ksef import errors
from ..ksef.windows import Rate, trim
from .l10n_pl_ksef_connection import ConnectionObstacle
from .l10n_pl_ksef_gate import (
    COUNTED_WITH,
    DEFAULT_RATES,
    Gate,
    alone,
    naive,
    seconds,
    timestamp,
)
from .res_company import ENVIRONMENTS

_logger = logging.getLogger(__name__)

# Pause after a "too many requests" that names none.
LIMIT_PAUSE_SECONDS = 60


class Limit(models.Model):
    """What one group of calls may do in one context, and what it did lately.

    Written in cursors of its own alone, so that no transaction ever waits with a
    row locked.
    """

    _name = "l10n_pl_ksef.limit"
    _description = "KSeF rate limit"
    _rec_name = "rate_group"
    _log_access = False

    nip = fields.Char("NIP", required=True)
    environment = fields.Selection(ENVIRONMENTS, required=True)
    rate_group = fields.Char(required=True)
    per_second = fields.Integer(required=True, help="Calls allowed, -1 for no limit.")
    per_minute = fields.Integer(required=True, help="Calls allowed, -1 for no limit.")
    per_hour = fields.Integer(required=True, help="Calls allowed, -1 for no limit.")
    calls = fields.Json(help="Calls of the last hour, in milliseconds since 1970.")
    free_on = fields.Datetime(help="From then on one more call fits the limits.")
    blocked_until = fields.Datetime(help="KSeF said not to call before.")
    read_on = fields.Datetime(help="KSeF told the limits then.")
    asked_on = fields.Datetime(help="KSeF was asked for the limits then.")

    _group_uniq = models.Constraint(
        "UNIQUE(nip, environment, rate_group)",
        "Calls of one group are counted once for each NIP and environment.",
    )

    @api.private
    def _gate(self, connection):
        """Return what the transport calls with the rate group before each call.

        It counts the call, sleeps a short while if need be, or raises.

        :raises KsefRateLimited: the call does not fit the limits for longer
        """
        return Gate(self.env.registry, connection.nip, connection.environment)

    @api.private
    def _block(self, connection, group, retry_after_seconds):
        """Keep all workers from a group for as long as KSeF asked; return it in s."""
        pause = retry_after_seconds or LIMIT_PAUSE_SECONDS
        until = naive(time.time() + pause)
        gate = self._gate(connection)

        def block(cr):
            row = gate.lock(cr, group) or gate.make(cr, group)
            cr.execute(
                SQL(
                    "UPDATE l10n_pl_ksef_limit"
                    " SET blocked_until = GREATEST(blocked_until, %s) WHERE id = %s",
                    until,
                    row.id,
                )
            )

        alone(self.env.registry, block)
        return pause

    @api.private
    def _get_waits(self, connections):
        """Return {(connection, group): seconds} of what has to wait now."""
        contexts = {(one.nip, one.environment) for one in connections if one.nip}
        if not contexts:
            return {}
        now = time.time()
        waits = {
            key: until and timestamp(until) - now
            for key, until in self._get_free_times(contexts)
        }
        found = {}
        for connection in connections:
            context = (connection.nip, connection.environment)
            for group in DEFAULT_RATES:
                wait = waits.get((*context, group))
                if group in COUNTED_WITH and (*context, group) not in waits:
                    wait = waits.get((*context, COUNTED_WITH[group]))
                if wait and wait > 0:
                    found[connection, group] = wait
        return found

    @api.private
    def _get_free_times(self, contexts):
        """Yield ((nip, environment, group), time from which it is free or None)."""
        self.env.cr.execute(
            SQL(
                "SELECT nip, environment, rate_group, GREATEST(free_on, blocked_until)"
                " FROM l10n_pl_ksef_limit WHERE (nip, environment) IN %s",
                tuple(contexts),
            )
        )
        for *key, until in self.env.cr.fetchall():
            yield tuple(key), until

    @api.private
    def _get_seconds_to_wait(self, connection, group):
        """Return the seconds until a call of a group fits the limits."""
        return self._get_waits(connection).get((connection, group), 0)

    @api.private
    def _get_left(self, connection):
        """Tell what is left of each group's hour, for the status page.

        :returns: list of dicts ``group, left_in_hour, per_hour, blocked_until``
            (naive UTC or False)
        """
        rows = self.sudo().search(
            [
                ("nip", "=", connection.nip),
                ("environment", "=", connection.environment),
            ]
        )
        by_group = {row.rate_group: row for row in rows}
        now = time.time()
        left = []
        for group, rate in DEFAULT_RATES.items():
            row = by_group.get(group, self.browse())
            if not row and group in COUNTED_WITH:
                continue
            per_hour = row.per_hour if row else rate.per_hour
            made = len(trim(seconds(row.calls), now))
            is_blocked = row.blocked_until and timestamp(row.blocked_until) > now
            left.append(
                {
                    "group": group,
                    "left_in_hour": max(0, per_hour - made) if per_hour >= 0 else None,
                    "per_hour": per_hour,
                    "blocked_until": is_blocked and row.blocked_until,
                }
            )
        return left

    @api.private
    def _refresh_if_old(self, connection):
        """Ask KSeF for its limits about once a day; a failure changes nothing."""
        if connection._find_obstacle() or connection._get_seconds_to_retry():
            return
        gate = self._gate(connection)
        if not alone(self.env.registry, gate.claim_reading):
            return
        gateway = self.env["l10n_pl_ksef.gateway"]
        try:
            limits = gateway._get_rate_limits(connection)
        except (errors.KsefError, ConnectionObstacle) as failure:
            _logger.info("KSeF: limits of %s not read: %s", connection.id, failure)
            if isinstance(failure, errors.KsefError):
                self.env["ir.cron"]._commit_progress()
                connection._note_failure(failure)
            return
        rates = {
            group: Rate(**{name: -1 if n is None else n for name, n in told.items()})
            for group, told in limits.items()
            if group in DEFAULT_RATES
        }
        alone(self.env.registry, lambda cr: gate.store(cr, rates))
