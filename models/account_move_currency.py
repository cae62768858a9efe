"""Invoices: where the exchange rate comes from, and the one that the law asks for."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .account_move import INVOICING
from .account_move_statements import REASON_DEPENDS
from .l10n_pl_ksef_fa3_currency import rate_text
from .l10n_pl_ksef_fa3_related import find_corrected
from .l10n_pl_ksef_outbox import SENT_MOVE_TYPES

SHOWN = (
    *("l10n_pl_ksef_rate_text", "l10n_pl_ksef_rate_source"),
    *("l10n_pl_ksef_rate_legal", "l10n_pl_ksef_has_legal_rate"),
    *("l10n_pl_ksef_rate_other", "l10n_pl_ksef_has_other_rate"),
)


class AccountMove(models.Model):
    _inherit = "account.move"

    l10n_pl_ksef_rate_text = fields.Char(
        "Exchange rate", compute="_compute_l10n_pl_ksef_rate"
    )
    l10n_pl_ksef_rate_source = fields.Char(
        "Where it comes from", compute="_compute_l10n_pl_ksef_rate"
    )
    l10n_pl_ksef_rate_legal = fields.Char(
        "Rate required by law", compute="_compute_l10n_pl_ksef_rate"
    )
    l10n_pl_ksef_has_legal_rate = fields.Boolean(
        "Another rate is required and known", compute="_compute_l10n_pl_ksef_rate"
    )
    l10n_pl_ksef_rate_other = fields.Char(
        "Or for rent, media, leasing, telecoms",
        compute="_compute_l10n_pl_ksef_rate",
        help="Where the invoice makes VAT due, not the end of the period.",
    )
    l10n_pl_ksef_has_other_rate = fields.Boolean(
        "The other rate may be used and is known", compute="_compute_l10n_pl_ksef_rate"
    )

    @api.depends_context("lang")
    @api.depends(
        *REASON_DEPENDS,
        *("invoice_date", "taxable_supply_date", "delivery_date"),
        *("l10n_pl_ksef_period_start", "l10n_pl_ksef_period_end"),
        *("l10n_pl_ksef_received_ids", "invoice_line_ids.l10n_pl_ksef_supplied_on"),
        "company_id.l10n_pl_ksef_rate_day",
    )
    def _compute_l10n_pl_ksef_rate(self):
        for name in SHOWN:
            self[name] = False
        shown = self.filtered(
            lambda move: (
                move.move_type in SENT_MOVE_TYPES
                and move.country_code == "PL"
                and move.currency_id != move.company_currency_id
            )
        )
        for move, rate in shown._l10n_pl_ksef_read_rates().items():
            move.update(move._l10n_pl_ksef_rate_words(rate))

    def _l10n_pl_ksef_read_rates(self):
        """Return {move: ``Rate``} of these invoices in a foreign currency."""
        if not self:
            return {}
        # All of it: an advance counts from its payment, which is not on the invoice.
        export = self.env["l10n_pl_ksef.fa3.export"].sudo()
        found = export.with_context(bin_size=False)._gather(self)
        return {move: found[move].rate for move in self if found[move].rate}

    def _l10n_pl_ksef_rate_words(self, rate):
        origin = find_corrected(self)
        words = {
            "l10n_pl_ksef_rate_text": f"1 {self.currency_id.name} ="
            f" {rate_text(self.env, rate.used)} {self.company_currency_id.name}",
            "l10n_pl_ksef_rate_source": self._l10n_pl_ksef_source_words(rate, origin),
        }
        if origin or not rate.legal_on:
            return words
        other, is_offered = rate.by_service, self.state == "draft" and not rate.is_right
        if other:
            words["l10n_pl_ksef_rate_other"] = self._l10n_pl_ksef_legal_words(other)
            words["l10n_pl_ksef_has_other_rate"] = is_offered and bool(other.legal)
        return words | {
            "l10n_pl_ksef_rate_legal": self._l10n_pl_ksef_legal_words(rate),
            "l10n_pl_ksef_has_legal_rate": is_offered and bool(rate.legal),
        }

    def _l10n_pl_ksef_legal_words(self, rate):
        named = {
            "day": format_date(self.env, rate.legal_on),
            "before": format_date(self.env, rate.counts_from),
        }
        if rate.legal:
            return self.env._(
                "%(rate)s of %(day)s, the last working day before %(before)s.",
                rate=rate_text(self.env, rate.legal),
                **named,
            )
        return self.env._(
            "Of %(day)s, the last working day before %(before)s. Odoo has no rate"
            " of that day.",
            **named,
        )

    def _l10n_pl_ksef_source_words(self, rate, origin):
        if origin:
            return self.env._("That of %(invoice)s.", invoice=origin.display_name)
        if rate.found_on:
            return self.env._(
                "Odoo's currency rates, entered under %(day)s. Odoo does not keep which"
                " bank published it.",
                day=format_date(self.env, rate.found_on),
            )
        return self.env._("Typed on the invoice: Odoo has no such rate.")

    def action_l10n_pl_ksef_use_legal_rate(self):
        """Take over the rate that the law asks for, on a draft."""
        self._l10n_pl_ksef_use_rate(lambda rate: rate)

    def action_l10n_pl_ksef_use_other_rate(self):
        """Take over the rate of an invoice that makes VAT due, on a draft."""
        self._l10n_pl_ksef_use_rate(lambda rate: rate.by_service)

    def _l10n_pl_ksef_use_rate(self, choose):
        self._l10n_pl_ksef_check_group(INVOICING)
        self.check_access("write")
        for move, rate in self._l10n_pl_ksef_read_rates().items():
            if move.state != "draft":
                raise UserError(
                    self.env._("Reset %(invoice)s to draft first.", invoice=move.name)
                )
            chosen = choose(rate)
            if chosen and chosen.legal:
                day = chosen.legal_entered_on
                move.invoice_currency_rate = move._get_expected_currency_rate_at(day)
