"""Checks before sending: named, all at once, each with the record to open."""

from typing import NamedTuple

from odoo import api, models

from . import (
    l10n_pl_ksef_check_advances,
    l10n_pl_ksef_check_correction,
    l10n_pl_ksef_check_currency,
    l10n_pl_ksef_check_general,
    l10n_pl_ksef_check_lines,
    l10n_pl_ksef_check_parties,
    l10n_pl_ksef_check_payment,
    l10n_pl_ksef_check_statements,
    l10n_pl_ksef_check_terms,
    l10n_pl_ksef_check_third_parties,
    l10n_pl_ksef_check_totals,
)

STOP = "stop"
# What stops the invoice is said first.
LEVELS = (STOP, "warn", "note")


class Problem(NamedTuple):
    """Something to fix (``stop``), to look at (``warn``) or to know (``note``)."""

    key: str
    level: str
    message: str
    record: tuple  # (model, id) to open
    field: str  # label of the field to look at


class Check(models.AbstractModel):
    _name = "l10n_pl_ksef.check"
    _description = "KSeF checks before sending"

    @api.model
    @api.private
    def _get_checks(self):
        """Return {key: (level, function)}; other addons may add to it.

        A function takes the environment and the facts of an invoice, and yields
        (message, record, label of the field).
        """
        return (
            l10n_pl_ksef_check_parties.CHECKS
            | l10n_pl_ksef_check_lines.CHECKS
            | l10n_pl_ksef_check_statements.CHECKS
            | l10n_pl_ksef_check_totals.CHECKS
            | l10n_pl_ksef_check_currency.CHECKS
            | l10n_pl_ksef_check_advances.CHECKS
            | l10n_pl_ksef_check_third_parties.CHECKS
            | l10n_pl_ksef_check_payment.CHECKS
            | l10n_pl_ksef_check_terms.CHECKS
            | l10n_pl_ksef_check_correction.CHECKS
            | l10n_pl_ksef_check_general.CHECKS
        )

    @api.model
    @api.private
    def _check_facts(self, facts):
        """Return the list of :class:`Problem` of an invoice, what stops it first.

        What cannot be written at all is said alone: the other checks are not meant
        for it.
        """
        checks = self._get_checks()
        unsupported = self._run("not_supported", checks, facts)
        if unsupported:
            return unsupported
        problems = [
            problem for key in checks for problem in self._run(key, checks, facts)
        ]
        return sorted(problems, key=lambda problem: LEVELS.index(problem.level))

    @api.model
    @api.private
    def _run(self, key, checks, facts):
        level, function = checks[key]
        return [
            Problem(key, level, message, (record._name, record._origin.id), label)
            for message, record, label in function(self.env, facts)
        ]

    @api.model
    @api.private
    def _explain_xml(self, found, move):
        """Return the :class:`Problem` for what the XML rules or the schema refuse."""
        if found.kind in ("size", "lines"):
            message = self.env._(
                "The file is too large (%(size)s; limit 1 MB) or has over 10,000"
                " lines. Split the invoice.",
                size=found.value,
            )
        elif found.kind == "forbidden_character":
            message = self.env._(
                'Field %(field)s: forbidden character at "%(around)s".',
                field=found.element,
                around=found.value,
            )
        else:
            message = self.env._(
                'Field %(field)s: value "%(value)s" does not fit (%(why)s).',
                field=found.element,
                value=found.value,
                why=self._explain_reason(found.reason),
            )
        record = (move._name, move.id)
        return Problem(found.kind.value, STOP, message, record, found.element)

    @api.model
    @api.private
    def _explain_reason(self, reason):
        reasons = {
            "unexpected": self.env._("something before it is missing"),
            "empty": self.env._("it is too short"),
            "too_long": self.env._("it is too long"),
            "range": self.env._("it is out of range"),
            "pattern": self.env._("its form is wrong"),
            "not_listed": self.env._("it is not in the official list"),
        }
        return reasons.get(reason.value, self.env._("the official schema refuses it"))
