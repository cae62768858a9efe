"""What invoices hold that FA(3) asks for, read for many of them at once."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from ..fa3 import codes
from ..fa3.text import clean

MOVE_FIELDS = (
    *("name", "move_type", "state", "invoice_date", "invoice_date_due", "narration"),
    *("delivery_date", "taxable_supply_date", "invoice_currency_rate"),
    *("amount_total_in_currency_signed", "company_id", "currency_id"),
    *("partner_id", "commercial_partner_id", "partner_bank_id"),
    *("invoice_payment_term_id", "reversed_entry_id", "line_ids"),
    *("l10n_pl_vat_b_spv", "l10n_pl_vat_b_spv_dostawa", "l10n_pl_vat_b_mpv_prowizja"),
)
LINE_FIELDS = (
    *("move_id", "display_type", "sequence", "name", "quantity", "price_unit"),
    *("discount", "price_subtotal", "price_total", "amount_currency", "balance"),
    *("tax_ids", "tax_line_id", "product_id", "product_uom_id", "date_maturity"),
)
PARTNER_FIELDS = (
    *("name", "vat", "is_company", "ref", "email", "phone", "street", "street2"),
    *("zip", "city", "state_id", "country_id", "type"),
    *("l10n_pl_links_with_customer", "global_location_number"),
)
TAX_FIELDS = (
    *("amount", "amount_type", "tax_exigibility"),
    *("price_include_override", "company_id"),
    *("l10n_pl_ksef_rate", "l10n_pl_ksef_procedure"),
    *("l10n_pl_ksef_exemption_kind", "l10n_pl_ksef_exemption_basis"),
)
POLISH = "pl_PL"
# Rows of an invoice that are read; the others are bookkeeping.
TEXT_TYPES = ("line_section", "line_subsection", "line_note")

# Units by the name of their external id. Source: common Polish abbreviations.
UNITS = {
    "product_uom_unit": "szt.",
    "product_uom_dozen": "tuz.",
    "product_uom_kgm": "kg",
    "product_uom_gram": "g",
    "product_uom_ton": "t",
    "product_uom_litre": "l",
    "product_uom_milliliter": "ml",
    "product_uom_millimeter": "mm",
    "product_uom_cm": "cm",
    "product_uom_meter": "m",
    "product_uom_km": "km",
    "product_uom_square_meter": "m2",
    "product_uom_cubic_meter": "m3",
    "product_uom_minute": "min",
    "product_uom_hour": "godz.",
    "product_uom_day": "dni",
    "product_uom_kwh": "kWh",
}
NO_UNIT = "szt."


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
    comments: list = field(default_factory=list)


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
    is_foreign: bool
    kind: Any = codes.InvoiceKind.INVOICE
    originals: tuple = ()  # ``Related`` invoices that this one corrects
    advances: tuple = ()  # ``Related`` advance invoices that this one settles
    written: list | None = None  # rows in the file, where they are not ``rows``

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
        taxes=_read_taxes(lines.tax_ids | lines.tax_line_id),
        units=_read_units(lines.product_uom_id),
        names=_read_names(lines),
    )
    return {move: _gather_one(move, shared) for move in moves}


class _Shared(NamedTuple):
    """What the invoices of a batch have in common, by record id."""

    taxes: dict
    units: dict
    names: dict


def _prefetch(moves):
    """Read all that is needed with one statement for each table."""
    moves.fetch(MOVE_FIELDS)
    lines = moves.line_ids
    extra = [name for name in ("is_downpayment",) if name in lines._fields]
    lines.fetch([*LINE_FIELDS, *extra])
    partners = moves.partner_id | moves.commercial_partner_id
    partners |= moves.company_id.partner_id
    known = partners._fields.keys()
    partners.fetch([name for name in PARTNER_FIELDS if name in known])
    lines.product_id.fetch(["default_code", "barcode", "product_tmpl_id"])
    lines.product_id.product_tmpl_id.fetch(["l10n_pl_vat_gtu"])
    return lines


def _read_taxes(taxes):
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
    """A rate that is a percentage counts only if the tax has that percentage."""
    percent, rate = exact(tax.amount), tax.l10n_pl_ksef_rate or ""
    is_true = not rate.isdigit() or Decimal(rate) == percent
    return TaxFact(tax, rate if is_true else "", percent, tax.price_include)


def _read_units(uoms):
    """Return {id of a unit: its abbreviation, else its Polish name}."""
    units = uoms.env["l10n_pl_ksef.fa3.export"]._get_units()
    others = _in_polish(uoms.filtered(lambda uom: uom.id not in units))
    return units | {uom.id: clean(uom.name) for uom in others}


def _read_names(lines):
    """Return {id of a product: Polish name} for lines that have no text."""
    nameless = lines.filtered(lambda line: line.product_id and not line.name)
    products = _in_polish(nameless.product_id)
    return {product.id: product.name for product in products}


def _in_polish(records):
    """Return the records in Polish, if the database has that language."""
    if not records or not records.env["res.lang"]._get_data(code=POLISH):
        return records
    return records.with_context(lang=POLISH)


def _gather_one(move, shared):
    rows, comments = _read_rows(move, shared)
    by_type = {}
    for line in move.line_ids:
        by_type.setdefault(line.display_type, []).append(line)
    company = move.company_id
    return Facts(
        move=move,
        seller=company.partner_id,
        buyer=move.commercial_partner_id,
        tax_id=move.commercial_partner_id._l10n_pl_ksef_tax_id(),
        rows=rows,
        tax_lines=[
            (shared.taxes[line.tax_line_id.id][0], line)
            for line in by_type.get("tax", ())
        ],
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
    return Row(
        line=line,
        number=number,
        text=clean(line.name or shared.names.get(line.product_id.id) or ""),
        tax=tax,
        rate=tax.rate if tax else "",
        unit=shared.units.get(line.product_uom_id.id, NO_UNIT),
        quantity=exact(line.quantity),
        price=exact(line.price_unit),
        discount=exact(line.discount),
        # The ledger has the sign of a correction, the price has not.
        net=money(-line.amount_currency),
        gross=money(-line.move_id.direction_sign * line.price_total),
    )


def _choose_method(rows):
    """Price the rows of one rate all gross, or all net."""
    methods = {}
    for row in rows:
        if row.tax:
            methods.setdefault(row.rate, set()).add(row.tax.is_gross)
    for row in rows:
        row.is_gross = methods.get(row.rate) == {True}
