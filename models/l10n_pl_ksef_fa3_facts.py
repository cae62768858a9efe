"""What invoices hold that FA(3) asks for, read for many of them at once."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from ..fa3 import codes
from ..fa3.text import clean
from .l10n_pl_ksef_fa3_outside import take_out
from .l10n_pl_ksef_fa3_products import (
    NO_PRODUCT,
    NO_UNIT,
    ProductFact,
    read_names,
    read_products,
    read_units,
)

# What a person may decide on the invoice itself.
STATEMENT_FIELDS = (
    *("l10n_pl_ksef_cash_accounting", "l10n_pl_ksef_self_billing"),
    *("l10n_pl_ksef_reverse_charge", "l10n_pl_ksef_split_payment"),
    *("l10n_pl_ksef_exemption_kind", "l10n_pl_ksef_exemption_basis"),
    *("l10n_pl_ksef_new_transport", "l10n_pl_ksef_triangular"),
    "l10n_pl_ksef_margin_kind",
)
MOVE_FIELDS = (
    *("name", "move_type", "state", "invoice_date", "invoice_date_due", "narration"),
    *("date", "delivery_date", "taxable_supply_date", "invoice_currency_rate"),
    *("amount_total_in_currency_signed", "company_id", "currency_id"),
    *("partner_id", "commercial_partner_id", "partner_bank_id"),
    *("invoice_payment_term_id", "reversed_entry_id", "line_ids"),
    *("l10n_pl_ksef_correction_reason", "l10n_pl_ksef_correction_effect"),
    *("l10n_pl_ksef_row_style", "l10n_pl_ksef_corrected_period"),
    *("l10n_pl_ksef_covers_all", "l10n_pl_ksef_right_number"),
    *("l10n_pl_ksef_is_data_correction", "l10n_pl_ksef_buyer_before"),
    *("l10n_pl_vat_b_spv", "l10n_pl_vat_b_spv_dostawa", "l10n_pl_vat_b_mpv_prowizja"),
    *STATEMENT_FIELDS,
    *("l10n_pl_ksef_local_government", "l10n_pl_ksef_vat_group"),
    *("l10n_pl_ksef_is_for_receipt", "l10n_pl_ksef_is_excise_refund", "payment_state"),
    *("preferred_payment_method_line_id", "invoice_incoterm_id"),
    "incoterm_location",
    *("l10n_pl_ksef_period_start", "l10n_pl_ksef_period_end"),
    *("l10n_pl_ksef_order", "l10n_pl_ksef_is_simplified"),
    *("l10n_pl_ksef_settles_payments", "l10n_pl_ksef_document_id"),
)
LINE_FIELDS = (
    "l10n_pl_ksef_corrected_line_id",
    *("move_id", "display_type", "sequence", "name", "quantity", "price_unit"),
    *("discount", "price_subtotal", "price_total", "amount_currency", "balance"),
    *("tax_ids", "tax_line_id", "product_id", "product_uom_id", "date_maturity"),
    *("l10n_pl_ksef_is_annex_15", "l10n_pl_ksef_supplied_on", "l10n_pl_ksef_excise"),
)
PARTNER_FIELDS = (
    *("name", "vat", "is_company", "ref", "email", "phone", "street", "street2"),
    *("zip", "city", "state_id", "country_id", "type"),
    *("l10n_pl_links_with_customer", "global_location_number"),
    *("commercial_partner_id", "parent_id", "l10n_pl_ksef_eori"),
    *("l10n_pl_ksef_is_local_government", "l10n_pl_ksef_is_vat_group"),
)
TAX_FIELDS = (
    *("amount", "amount_type", "tax_exigibility"),
    *("price_include_override", "company_id"),
    *("l10n_pl_ksef_rate", "l10n_pl_ksef_procedure"),
    *("l10n_pl_ksef_exemption_kind", "l10n_pl_ksef_exemption_basis"),
    *("l10n_pl_ksef_margin_kind", "l10n_pl_ksef_buyer_accounts"),
    "l10n_pl_ksef_is_travel",
)
CENT, HUNDRED = Decimal("0.01"), Decimal(100)
# Rows of an invoice that are read; the others are bookkeeping.
TEXT_TYPES = ("line_section", "line_subsection", "line_note")


class TaxFact(NamedTuple):
    """What one tax means in FA(3); ``rate`` is empty for a tax it does not know."""

    tax: Any
    rate: str
    percent: Decimal
    is_gross: bool


@dataclass
class Row:
    """One product line as it will be written; amounts in the invoice's currency."""

    line: Any
    number: int
    text: str
    tax: Any  # the one VAT of the line, None if it is not exactly one known
    rate: str  # key of ``fa3.codes.TOTALS``, empty without ``tax``
    unit: str
    quantity: Decimal
    price: Decimal  # of one unit, before the discount
    discount: Decimal  # percent
    net: Decimal
    gross: Decimal
    is_gross: bool = False
    is_before: bool = False  # as it stood before a correction
    is_price_change: bool = False  # of a correction: its price is a difference
    product: ProductFact = NO_PRODUCT
    is_annex_15: bool = False
    excise: Decimal | None = None
    supplied_on: Any = None  # date of sale of this row alone
    key: str = ""  # identifier that corrections repeat
    comments: list = field(default_factory=list)
    typed: str = ""  # the text before it was cleaned

    @property
    def value(self):
        """Quantity x price after the discount, not rounded."""
        return self.quantity * self.price * (1 - self.discount / HUNDRED)


@dataclass
class Facts:
    """One invoice: its rows, its tax lines, its parties."""

    move: Any
    seller: Any
    buyer: Any
    tax_id: Any
    rows: list
    tax_lines: list  # (TaxFact, line)
    terms: list  # due dates
    roundings: list
    has_early_discount_lines: bool
    comments: list  # notes that stand above the first row
    note_lines: list  # lines of the invoice that are notes
    is_foreign: bool
    kind: Any = codes.InvoiceKind.INVOICE
    originals: tuple = ()  # ``Related`` invoices that this one corrects
    advances: tuple = ()  # ``Related`` advance invoices that this one settles
    correction: Any = None  # `Correction` that it is, by fa3_correction.read
    written: list | None = None  # rows in the file, where they are not ``rows``
    parties: tuple = ()  # third parties
    settled: list = field(default_factory=list)  # rows that are no part of the sale
    paid: tuple = ()  # ``Paid`` before the file is made
    details: tuple = ()  # ``Detail``: notes, orders, contracts, delivery notes
    statements: dict | None = None  # made once, by fa3_statements.decisions
    sent_statements: tuple = ()  # ``Annotations`` of the invoices that it corrects
    advance: Any = None  # ``Advances``, by fa3_advances.read
    long_texts: tuple = ()  # (number, rest of its text) of rows of the order
    rate: Any = None  # ``Rate`` of a foreign currency, by fa3_currency.read
    supply: Any = None  # ``Supply`` of the invoice it corrects, None: its own
    today: Any = None  # date in Poland of the look; None: dates are not compared
    sending: Any = None  # ``Sending``, by fa3_sending.read

    @property
    def lines(self):
        """Rows as they stand in the file; totals are of ``rows``."""
        return self.rows if self.written is None else self.written

    @property
    def awaited(self):
        """Invoices whose KSeF number has to come first."""
        related = (*self.originals, *self.advances)
        return [each.move for each in related if each.is_awaited]

    @property
    def rates(self):
        """Rates of all rows that have one."""
        return {row.rate for row in self.rows if row.tax}


def money(amount):
    """Return a booked amount as a ``Decimal`` with two places."""
    return Decimal(f"{amount:.2f}")


def exact(number):
    """Return a quantity or price with the digits that the user sees."""
    return Decimal(repr(number))


def gather(moves):
    """Return {move: :class:`Facts`}; the number of statements does not depend on lines.

    Reads as superuser, because the document is the same whoever makes it.
    """
    moves = moves.sudo()
    lines = _prefetch(moves)
    shared = _Shared(
        taxes=read_taxes(lines.tax_ids | lines.tax_line_id),
        units=read_units(lines.product_uom_id),
        names=read_names(lines),
        products=read_products(lines.product_id),
    )
    found = {move: _gather_one(move, shared) for move in moves}
    for facts in found.values():
        take_out(facts)
    return found


class _Shared(NamedTuple):
    """What the invoices of a batch have in common, by record id."""

    taxes: dict
    units: dict
    names: dict
    products: dict


def _prefetch(moves):
    """Read all that is needed with one statement for each table."""
    moves.fetch([*MOVE_FIELDS, *known_names(moves, ("debit_origin_id",))])
    lines = moves.line_ids
    lines.fetch([*LINE_FIELDS, *known_names(lines, ("is_downpayment",))])
    partners = moves.partner_id | moves.commercial_partner_id
    partners |= moves.company_id.partner_id
    known = partners._fields.keys()
    partners.fetch([name for name in PARTNER_FIELDS if name in known])
    return lines


def known_names(records, names):
    """Return those of the names that are fields: the module of others is missing."""
    return [name for name in names if name in records._fields]


def read_taxes(taxes):
    """Return {id of a tax: [TaxFact of it, or of each tax of the group]}."""
    taxes.fetch(TAX_FIELDS)
    return {
        tax.id: [
            _read_tax(part)
            for part in (tax.children_tax_ids if tax.amount_type == "group" else tax)
        ]
        for tax in taxes
    }


def _read_tax(tax):
    """A rate counts only if the tax has its percentage.

    In the margin scheme the price is gross: no tax is on top of it.
    """
    percent, rate = exact(tax.amount), tax.l10n_pl_ksef_rate or ""
    is_gross = rate == codes.MARGIN or tax.price_include
    return TaxFact(tax, rate if is_fitting(rate, percent) else "", percent, is_gross)


def is_fitting(rate, percent):
    """Tell whether a tax of that percentage can mean a rate of FA(3)."""
    if not rate or rate == codes.OSS:
        return True
    return percent == (Decimal(rate) if rate.isdigit() else 0)


def _gather_one(move, shared):
    rows, comments = _read_rows(move, shared)
    by_type = {}
    for line in move.line_ids:
        by_type.setdefault(line.display_type, []).append(line)
    company = move.company_id
    tax_lines = [
        (shared.taxes[line.tax_line_id.id][0], line) for line in by_type.get("tax", ())
    ]
    settle_gross(rows, tax_lines, -move.direction_sign)
    return Facts(
        move=move,
        seller=company.partner_id,
        buyer=move.commercial_partner_id,
        tax_id=move.commercial_partner_id._l10n_pl_ksef_tax_id(),
        rows=rows,
        tax_lines=tax_lines,
        terms=sorted(
            {
                line.date_maturity
                for line in by_type.get("payment_term", ())
                if line.date_maturity
            }
        ),
        roundings=by_type.get("rounding", []),
        has_early_discount_lines="epd" in by_type,
        comments=comments,
        note_lines=by_type.get("line_note", []),
        is_foreign=move.currency_id != company.currency_id,
    )


def _read_rows(move, shared):
    """Return the rows in printed order, and the notes above the first of them."""
    lines = [
        line
        for line in move.line_ids
        if line.display_type == "product" or line.display_type in TEXT_TYPES
    ]
    # A line that is being typed has no id yet; it stands last.
    lines.sort(key=lambda line: (line.sequence, not line._origin, line._origin.id))
    rows, comments = [], []
    for line in lines:
        if line.display_type == "line_note":
            (rows[-1].comments if rows else comments).append(clean(line.name or ""))
        elif line.display_type == "product" and line.quantity:
            rows.append(_read_row(line, len(rows) + 1, shared))
    _choose_method(rows)
    return rows, comments


def _read_row(line, number, shared):
    taxes = [fact for tax in line.tax_ids for fact in shared.taxes[tax.id]]
    tax = taxes[0] if len(taxes) == 1 and taxes[0].rate else None
    sign = -line.move_id.direction_sign
    excise = line.l10n_pl_ksef_excise
    typed = line.name or shared.names.get(line.product_id.id) or ""
    return Row(
        line=line,
        number=number,
        text=clean(typed),
        tax=tax,
        rate=tax.rate if tax else "",
        unit=shared.units.get(line.product_uom_id.id, NO_UNIT),
        quantity=exact(line.quantity),
        price=exact(line.price_unit),
        discount=exact(line.discount),
        # The ledger has the sign of a correction, the price has not.
        net=money(-line.amount_currency),
        gross=money(sign * line.price_total),
        product=shared.products.get(line.product_id.id, NO_PRODUCT),
        is_annex_15=line.l10n_pl_ksef_is_annex_15,
        excise=money(sign * excise) if excise else None,
        supplied_on=line.l10n_pl_ksef_supplied_on or None,
        typed=typed,
    )


def _choose_method(rows):
    """Price the rows of one rate all gross, or all net."""
    methods = {}
    for row in rows:
        if row.tax:
            methods.setdefault(row.rate, set()).add(row.tax.is_gross)
    for row in rows:
        row.is_gross = methods.get(row.rate) == {True}


def settle_gross(rows, tax_lines, sign):
    """Make the gross values of one rate add up to what is booked, to the grosz.

    Tax that is rounded for a whole rate leaves the rounded values of its rows some
    grosze apart. Those go to the rows whose value was rounded most; a difference
    that rounding does not explain stays, for a check to find.

    :param sign: 1, or -1 where amounts are those of a correction, quantities are not
    """
    groups = {}
    for row in rows:
        if row.is_gross:
            groups.setdefault(row.rate, []).append(row)
    for rate, group in groups.items():
        missing = sum(row.net - row.gross for row in group)
        missing += sum(
            money(-line.amount_currency)
            for fact, line in tax_lines
            if fact.rate == rate
        )
        if not missing or abs(missing) > CENT * len(group):
            continue
        step = CENT.copy_sign(missing)
        group.sort(key=lambda row: step * (row.gross - sign * row.value))
        for row in group[: int(abs(missing) / CENT)]:
            row.gross += step
