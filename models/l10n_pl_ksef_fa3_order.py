"""The order of an advance invoice: read from sales orders, kept as JSON.

What an advance invoice says of its order is fixed when it is posted: the order may
change, the invoice may not.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from itertools import count
from typing import NamedTuple

from ..fa3.advances import OrderLine
from ..fa3.codes import OSS, Procedure
from ..fa3.text import clean
from .l10n_pl_ksef_fa3_facts import exact, money, read_taxes
from .l10n_pl_ksef_fa3_lines import KEY_PREFIX_LENGTH, TEXT_LENGTH, UNRATED
from .l10n_pl_ksef_fa3_outside import is_settled
from .l10n_pl_ksef_fa3_products import NO_PRODUCT, NO_UNIT, read_products, read_units

READ_FIELDS = (
    *("display_type", "is_downpayment", "sequence", "name", "product_id"),
    *("product_uom_id", "product_uom_qty", "price_unit", "discount", "tax_ids"),
    *("price_subtotal", "price_tax", "order_id"),
)
PRICE_PLACES = Decimal("0.00000001")
ZERO = Decimal("0.00")
NUMBERS = frozenset({"quantity", "net_price", "net", "tax", "oss_percent"})
# Not in the list for orders. Source: FA(3) schema, TOznaczenieProceduryZ.
NOT_ON_ORDERS = {
    Procedure.IMPORT_THEN_EU_42.value,
    Procedure.IMPORT_THEN_EU_63.value,
}


class OrderRow(NamedTuple):
    """One line of a sales order.

    :ivar id: of the ``sale.order.line``; 0 if it was read from a file
    :ivar text: the whole text; ``line`` has what fits
    :ivar line: fa3 ``OrderLine``
    """

    id: int
    text: str
    line: OrderLine


class OrderFacts(NamedTuple):
    """Sales orders of one advance invoice.

    :ivar earlier: ids of invoices to name
    :ivar has_settled: they have lines outside VAT, which are left out
    """

    rows: tuple = ()
    names: str = ""
    currency: str = ""
    is_rated: bool = True
    earlier: tuple = ()
    has_settled: bool = False

    @property
    def gross(self):
        """Value of the order: net and tax of its rows."""
        return gross(row.line for row in self.rows)


NO_ORDER = OrderFacts()


def gross(lines):
    """Return the value of fa3 ``OrderLine`` s."""
    return sum((line.net + line.tax for line in lines), ZERO)


def read_orders(orders_of: Mapping):
    """Return {move: :class:`OrderFacts`} for {move: its sales orders}."""
    orders = next(iter(orders_of.values())).union(*orders_of.values())
    lines = orders.order_line
    lines.fetch(READ_FIELDS)
    lines = lines.filtered(_is_ordered).sorted(lambda line: (line.sequence, line.id))
    shared = _Shared(
        taxes=read_taxes(lines.tax_ids),
        units=read_units(lines.product_uom_id),
        products=read_products(lines.product_id),
        prefix=(orders.env["ir.config_parameter"].get_param("database.uuid") or "")[
            :KEY_PREFIX_LENGTH
        ],
    )
    by_order = {order: [] for order in orders}
    for line in lines:
        by_order[line.order_id].append(line)
    return {
        move: _read_one(own, by_order, shared) for move, own in orders_of.items() if own
    }


def dump(facts):
    """Return :class:`OrderFacts` as a value for JSON."""
    rows = [
        {"id": row.id, "text": row.text, "line": _dump_line(row.line)}
        for row in facts.rows
    ]
    return facts._asdict() | {"rows": rows}


def load(stored):
    """Return the :class:`OrderFacts` in a value of JSON."""
    rows = tuple(
        OrderRow(row["id"], row["text"], _load_line(row["line"]))
        for row in stored["rows"]
    )
    return OrderFacts(**stored | {"rows": rows, "earlier": tuple(stored["earlier"])})


def before_and_after(before, after):
    """Return the fa3 lines of an order as it was and as it is, in pairs.

    A row that went has a second one of 0, a row that came has only that.
    """
    now = {row.id: row.line for row in number_on(before, after)}
    lines = []
    for row in before:
        line = now.pop(row.id, None) or _nothing(row.line)
        lines += [replace(row.line, is_before=True), replace(line, key=row.line.key)]
    return (*lines, *now.values())


def number_on(before, after):
    """Return the rows of an order as it is, with the numbers that they had before."""
    known = {row.id: row.line.number for row in before}
    new = count(max(known.values(), default=0) + 1)
    numbers = (known.get(row.id) or next(new) for row in after)
    return tuple(
        row._replace(line=replace(row.line, number=number))
        for row, number in zip(after, numbers, strict=True)
    )


class _Shared(NamedTuple):
    taxes: dict
    units: dict
    products: dict
    prefix: str


def _is_ordered(line):
    return not line.display_type and not line.is_downpayment and line.product_uom_qty


def _read_one(orders, by_order, shared):
    ordered = [line for order in orders.sorted("id") for line in by_order[order]]
    lines = [line for line in ordered if _get_tax(line, shared) or not is_settled(line)]
    rows = tuple(_read_row(line, n, shared) for n, line in enumerate(lines, 1))
    return OrderFacts(
        rows=rows,
        names=", ".join(orders.sorted("id").mapped("name")),
        currency=" ".join(sorted(set(orders.currency_id.mapped("name")))),
        is_rated=all(_get_tax(line, shared) for line in lines),
        has_settled=len(lines) < len(ordered),
    )


def _get_tax(line, shared):
    """Return the one tax of a line that FA(3) knows, or None."""
    taxes = [fact for tax in line.tax_ids for fact in shared.taxes[tax.id]]
    return taxes[0] if len(taxes) == 1 and taxes[0].rate else None


def _read_row(line, number, shared):
    tax = _get_tax(line, shared)
    rate = tax.rate if tax else None
    product = shared.products.get(line.product_id.id, NO_PRODUCT)
    text = clean(line.name or "")
    has_keys = line.order_id.company_id.l10n_pl_ksef_line_keys
    procedure = (tax and tax.tax.l10n_pl_ksef_procedure) or None
    return OrderRow(
        line.id,
        text,
        OrderLine(
            number=number,
            key=f"{shared.prefix}-sol-{line.id}" if has_keys else None,
            name=text[:TEXT_LENGTH].rstrip(),
            product_code=product.code,
            gtin=product.gtin,
            pkwiu=product.pkwiu,
            cn=product.cn,
            pkob=product.pkob,
            unit=shared.units.get(line.product_uom_id.id, NO_UNIT),
            quantity=exact(line.product_uom_qty),
            net_price=_net_price(line, tax),
            net=money(line.price_subtotal),
            tax=money(line.price_tax),
            rate=None if rate in UNRATED else rate,
            oss_percent=tax.percent if rate == OSS else None,
            is_annex_15=product.is_annex_15 or None,
            gtu=product.gtu,
            procedure=procedure if procedure not in NOT_ON_ORDERS else None,
        ),
    )


def _net_price(line, tax):
    """Return the net price of one unit after the discount."""
    if not line.discount and not (tax and tax.is_gross):
        return exact(line.price_unit)
    price = money(line.price_subtotal) / exact(line.product_uom_qty)
    return price.quantize(PRICE_PLACES)


def _nothing(line):
    return replace(line, quantity=Decimal(0), net=ZERO, tax=ZERO)


def _dump_line(line):
    values = {name: value for name, value in asdict(line).items() if value is not None}
    return {
        name: str(value) if name in NUMBERS else value for name, value in values.items()
    }


def _load_line(stored):
    return OrderLine(
        **{
            name: Decimal(value) if name in NUMBERS else value
            for name, value in stored.items()
        }
    )
