"""What a person decides about the statements and the sale on an invoice for KSeF.

Beside each choice stands a sentence: what the invoice says, and who decided it.
"""

from odoo import api, fields, models
from odoo.tools import formatLang
from odoo.tools.sql import column_exists, create_column

from .account_tax import EXEMPTION_KINDS, MARGIN_KINDS
from .l10n_pl_ksef_fa3_facts import STATEMENT_FIELDS
from .l10n_pl_ksef_fa3_statements import RULES, decide, read_file
from .l10n_pl_ksef_outbox import SENT_MOVE_TYPES
from .l10n_pl_ksef_statement_words import ABROAD, IN_FILE, REASONS

CHOICES = [("auto", "Automatic"), ("yes", "Yes"), ("no", "No")]
PERIOD_FIELDS = ("l10n_pl_ksef_period_start", "l10n_pl_ksef_period_end")
POLAND = "PL"
STATEMENTS = (*RULES, "exemption", "margin")
# What the sentences are made of, beside the choices themselves.
REASON_DEPENDS = (
    *("move_type", "state", "company_id", "partner_id", "currency_id", "amount_total"),
    *("invoice_currency_rate", "l10n_pl_ksef_document_id"),
    *("invoice_line_ids.tax_ids", "invoice_line_ids.product_id"),
    "invoice_line_ids.l10n_pl_ksef_is_annex_15",
)


def _choice(label, description):
    return fields.Selection(
        CHOICES,
        string=label,
        default="auto",
        copy=False,
        tracking=True,
        help=description,
    )


def _reason():
    return fields.Char(
        compute="_compute_l10n_pl_ksef_reasons", export_string_translation=False
    )


class AccountMove(models.Model):
    _inherit = "account.move"

    l10n_pl_ksef_cash_accounting = _choice(
        "Cash accounting", "VAT is due when the buyer pays (P_16)."
    )
    l10n_pl_ksef_reverse_charge = _choice(
        "Reverse charge", "The buyer accounts for VAT (P_18)."
    )
    l10n_pl_ksef_split_payment = _choice(
        "Split payment", "The buyer has to pay VAT to the VAT account (P_18A)."
    )
    l10n_pl_ksef_triangular = _choice(
        "Triangular sale",
        "Simplified procedure, the seller is the second of three (P_23).",
    )
    l10n_pl_ksef_new_transport = _choice(
        "New means of transport",
        "Sold to another EU country (P_22); Odoo cannot send its data yet.",
    )
    l10n_pl_ksef_self_billing = fields.Boolean(
        "Issued by the buyer",
        copy=False,
        tracking=True,
        help="Self-billing (P_17): the buyer sends this invoice to KSeF, not Odoo.",
    )
    l10n_pl_ksef_exemption_kind = fields.Selection(
        EXEMPTION_KINDS, "Exempt under", copy=False, tracking=True
    )
    l10n_pl_ksef_exemption_basis = fields.Char(
        "Legal basis of the exemption",
        copy=False,
        tracking=True,
        help="Only to say another one than the tax does (P_19).",
    )
    l10n_pl_ksef_margin_kind = fields.Selection(
        MARGIN_KINDS,
        "Kind of margin scheme",
        copy=False,
        tracking=True,
        help="Only to say another one than the tax does.",
    )
    l10n_pl_ksef_period_start = fields.Date(
        "Sold from",
        copy=False,
        help="First day of a supply that lasts, like rent, media or a subscription.",
    )
    l10n_pl_ksef_period_end = fields.Date(
        "Sold until", copy=False, help="Last day; it counts as the date of sale."
    )

    l10n_pl_ksef_cash_accounting_reason = _reason()
    l10n_pl_ksef_reverse_charge_reason = _reason()
    l10n_pl_ksef_split_payment_reason = _reason()
    l10n_pl_ksef_triangular_reason = _reason()
    l10n_pl_ksef_new_transport_reason = _reason()
    l10n_pl_ksef_exemption_reason = _reason()
    l10n_pl_ksef_margin_reason = _reason()

    def _auto_init(self):
        # EXTENDS account: no choice on old invoices is automatic, and needs no pass.
        for name in RULES:
            column = f"l10n_pl_ksef_{name}"
            if not column_exists(self.env.cr, self._table, column):
                create_column(self.env.cr, self._table, column, "varchar")
        return super()._auto_init()

    def _l10n_pl_ksef_file_fields(self):
        # EXTENDS l10n_pl_ksef
        return super()._l10n_pl_ksef_file_fields() | {*STATEMENT_FIELDS, *PERIOD_FIELDS}

    @api.depends_context("lang")
    @api.depends(*REASON_DEPENDS, *STATEMENT_FIELDS)
    def _compute_l10n_pl_ksef_reasons(self):
        shown = self.filtered(
            lambda move: (
                move.move_type in SENT_MOVE_TYPES
                and (move.l10n_pl_ksef_is_due or move.l10n_pl_ksef_state)
            )
        )
        made = decide(shown)
        for move in self:
            decisions = made.get(move, {})
            document = move.sudo().l10n_pl_ksef_document_id
            xml = decisions and document.with_context(bin_size=False).xml
            sent = read_file(xml) if xml else None
            for name in STATEMENTS:
                reason = name in decisions and move._l10n_pl_ksef_reason(
                    name, decisions[name], sent
                )
                move[f"l10n_pl_ksef_{name}_reason"] = reason

    def _l10n_pl_ksef_reason(self, name, decision, sent):
        """Return the sentence of one statement: what it says, and who decided it.

        None of what nobody would ask of this invoice.

        :param sent: statements in the file for KSeF, None without one
        """
        if sent and name in RULES:
            answer = getattr(sent, RULES[name].attribute)
            if answer in (True, False) and answer != decision.value:
                return self.env._(IN_FILE[answer])
        if decision.reason in ABROAD and self._l10n_pl_ksef_is_domestic():
            return False
        return self._l10n_pl_ksef_put_in_words(decision)

    def _l10n_pl_ksef_is_domestic(self):
        return self.commercial_partner_id.country_code in (False, POLAND)

    def _l10n_pl_ksef_put_in_words(self, decision):
        named = dict(decision.named)
        pln = self.company_id.currency_id
        for key in {"total", "limit"} & named.keys():
            named[key] = formatLang(self.env, float(named[key]), currency_obj=pln)
        if "tax" in named:
            named["tax"] = named["tax"].with_env(self.env).sudo().name
        if "kind" in named:
            kinds = self._fields["l10n_pl_ksef_margin_kind"]
            named["kind"] = dict(kinds._description_selection(self.env))[named["kind"]]
        words = self.env._(REASONS[decision.reason])
        return words % named
