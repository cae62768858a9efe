"""Checks of the number and of each line."""

from collections import Counter
from decimal import Decimal

from ..fa3.codes import MARGIN, InvoiceKind, VatRate
from ..fa3.text import FORBIDDEN, SURELY_ALLOWED, clean
from .l10n_pl_ksef_fa3_currency import amount_text
from .l10n_pl_ksef_fa3_facts import exact, is_fitting
from .l10n_pl_ksef_fa3_lines import TEXT_LENGTH, prices
from .l10n_pl_ksef_fa3_products import CODE_LENGTH, NO_PRODUCT, in_polish

NUMBER_LENGTH = 256
# So many characters beside a forbidden one are shown.
AROUND = 10
# A price has 8 decimals, so quantity x price may be off by this for each piece.
PRICE_STEP = Decimal("0.00000001")
CENT = Decimal("0.01")
# Where a whole rate is rounded at once, one line bears what its lines were rounded.
HALF_CENT = Decimal("0.005")
# Fields that stand in the file as people type them.
PRODUCT_TEXTS = (
    *("default_code", "l10n_pl_ksef_pkwiu", "l10n_pl_ksef_cn", "l10n_pl_ksef_pkob"),
)
BASIS = "l10n_pl_ksef_exemption_basis"
MOVE_TEXTS = (BASIS, "l10n_pl_ksef_correction_reason", "l10n_pl_ksef_corrected_period")
EXEMPT = VatRate.EXEMPT.value
UNIT_TEXTS = ("l10n_pl_ksef_abbreviation", "name")


def number(env, facts):
    move = facts.move
    text = move.name or ""
    is_final = text not in ("", "/") and len(text) <= NUMBER_LENGTH
    if move.state == "posted" and not is_final:
        message = env._(
            "The invoice has no final number, or it is longer than 256 characters."
        )
        yield message, move, env._("Number")


def no_lines(env, facts):
    if facts.rows or facts.move.l10n_pl_ksef_is_data_correction:
        return
    if facts.settled:
        message = env._(
            "Only amounts outside VAT: such a document does not go to KSeF."
        )
    else:
        message = env._("The invoice has no lines.")
    yield message, facts.move, env._("Invoice Lines")


def one_rate(env, facts):
    for row in facts.rows:
        if row.tax or _find_unfit(row):
            continue
        fees = _fees(row)
        if fees:
            message = env._(
                "Line %(n)s: %(tax)s stands beside VAT, and KSeF has no place for it."
                " Charge it on a line of its own.",
                n=row.number,
                tax=", ".join(fees.mapped("name")),
            )
        elif _is_of_deposit(row, facts):
            message = env._(
                "The advance includes amounts outside VAT (deposit). Take that line"
                " off the advance."
            )
        else:
            message = env._(
                "Line %(n)s: choose exactly one VAT rate known to KSeF.", n=row.number
            )
        yield message, facts.move, env._("Taxes")


def _is_of_deposit(row, facts):
    """Tell whether Odoo put a part of a deposit on the order into an advance."""
    is_advance = facts.kind == InvoiceKind.ADVANCE
    return is_advance and facts.advance.order.has_settled and not row.line.tax_ids


def _fees(row):
    """Return what is charged beside the VAT of a row, like environment fees."""
    taxes = row.line.tax_ids.flatten_taxes_hierarchy()
    rated = taxes.filtered("l10n_pl_ksef_rate")
    return taxes - rated if rated else rated


def _find_unfit(row):
    """Return the only tax of a row, if its percentage is not that of its rate."""
    taxes = row.line.tax_ids.flatten_taxes_hierarchy()
    rate = taxes.l10n_pl_ksef_rate if len(taxes) == 1 and not row.tax else False
    return taxes if rate and not is_fitting(rate, exact(taxes.amount)) else None


def tax_percent(env, facts):
    """The margin scheme has a sentence of its own, see ``margin_price``."""
    for row in facts.rows:
        tax = _find_unfit(row)
        if tax and tax.l10n_pl_ksef_rate != MARGIN:
            message = env._(
                "Line %(n)s: %(tax)s is a tax of %(percent)s%%, which cannot be"
                " %(rate)s in KSeF. Correct its rate in KSeF.",
                n=row.number,
                tax=tax.name,
                percent=f"{tax.amount:g}",
                rate=tax.l10n_pl_ksef_rate,
            )
            yield message, tax, env._("VAT rate in KSeF")


def description(env, facts):
    for row in facts.rows:
        if not row.text:
            message = env._("Line %(n)s: description is missing.", n=row.number)
            yield message, facts.move, env._("Label")


def long_description(env, facts):
    for row in facts.rows:
        if len(row.text) > TEXT_LENGTH:
            message = env._(
                "Line %(n)s: description has %(len)s characters; past 512 it goes to"
                " the additional notes.",
                n=row.number,
                len=len(row.text),
            )
            yield message, facts.move, env._("Label")
    for number, rest in facts.long_texts:
        message = env._(
            "Line %(n)s of the order: description has %(len)s characters; past 512 it"
            " goes to the additional notes.",
            n=number,
            len=TEXT_LENGTH + len(rest),
        )
        yield message, facts.move, env._("Sales order")


def forbidden_characters(env, facts):
    for row in facts.rows:
        around = find_forbidden(row.typed)
        if around is not None:
            message = env._(
                "Line %(n)s: characters that KSeF forbids are left out at"
                ' "%(around)s".',
                n=row.number,
                around=around,
            )
            yield message, facts.move, env._("Label")


def find_forbidden(text):
    """Return what stands around the first forbidden character, None without one."""
    found = not SURELY_ALLOWED.fullmatch(text) and FORBIDDEN.search(text)
    if not found:
        return None
    return clean(text[max(0, found.start() - AROUND) : found.end() + AROUND])


def forbidden_beside_lines(env, facts):
    """Say the same of notes, units, codes, and of what an invoice gives as reason."""
    for record, source, name in _typed_texts(facts):
        around = find_forbidden(source[name] or "")
        if around is None:
            continue
        label = source._fields[name].get_description(env, ["string"])["string"]
        message = env._(
            "%(record)s, %(field)s: characters that KSeF forbids are left out at"
            ' "%(around)s".',
            record=clean(record.display_name or ""),
            field=label,
            around=around,
        )
        yield message, record, label


def _typed_texts(facts):
    """Return [(record to open, record that has the text, name of its field)]."""
    move = facts.move
    typed = [(move, line, "name") for line in facts.note_lines]
    typed += [(move, move, name) for name in MOVE_TEXTS]
    for row in {row.unit: row for row in facts.rows}.values():
        unit = in_polish(row.line.product_uom_id)
        name = next((name for name in UNIT_TEXTS if unit[name]), "name")
        typed.append((unit, unit, name))
    for row in _by_product(facts).values():
        product = row.line.product_id
        typed += [(product, product, name) for name in PRODUCT_TEXTS]
    taxes = {row.tax.tax: None for row in facts.rows if row.rate == EXEMPT}
    typed += [(tax, tax, BASIS) for tax in taxes]
    typed += [(line.order_id, line, "name") for line in _order_lines(facts)]
    return typed


def _order_lines(facts):
    """Return the lines of the sales order that an advance invoice shows."""
    lines = facts.move.line_ids
    if facts.kind != InvoiceKind.ADVANCE or "sale_line_ids" not in lines._fields:
        return ()
    sold = lines.sale_line_ids.order_id.order_line
    return sold.filtered(lambda line: not (line.display_type or line.is_downpayment))


def _by_product(facts):
    """Return {what a product says: first row of it}, of those that say something."""
    return {
        row.product: row
        for row in reversed(facts.rows)
        if row.product is not NO_PRODUCT
    }


def long_codes(env, facts):
    for row in _by_product(facts).values():
        code = clean(row.line.product_id.default_code or "")
        if len(code) > CODE_LENGTH:
            message = env._(
                "Line %(n)s: product code has %(len)s characters; 50 are sent.",
                n=row.number,
                len=len(code),
            )
            yield message, row.line.product_id, env._("Internal Reference")


def nothing_to_pay(env, facts):
    total = sum(abs(row.gross) for row in facts.rows)
    if facts.rows and not total:
        message = env._("All lines are 0.00. Check that KSeF should get this invoice.")
        yield message, facts.move, env._("Invoice Lines")


def line_value(env, facts):
    method = facts.move.company_id.tax_calculation_rounding_method
    shared = Counter(row.rate for row in facts.lines)
    for row in facts.lines:
        if not row.tax:
            continue
        price, discount = prices(row)
        computed = row.quantity * (price - (discount or 0))
        booked = row.gross if row.is_gross else row.net
        tolerance = CENT + abs(row.quantity) * PRICE_STEP
        if method == "round_globally":
            tolerance += HALF_CENT * shared[row.rate]
        if abs(computed - booked) > tolerance:
            message = env._(
                "Line %(n)s: quantity × price gives %(a)s, not %(b)s.",
                n=row.number,
                a=amount_text(env, computed, facts.move.currency_id),
                b=amount_text(env, booked, facts.move.currency_id),
            )
            yield message, facts.move, env._("Invoice Lines")


CHECKS = {
    "number": ("stop", number),
    "no_lines": ("stop", no_lines),
    "one_rate": ("stop", one_rate),
    "tax_percent": ("stop", tax_percent),
    "description": ("stop", description),
    "long_description": ("warn", long_description),
    "forbidden_characters": ("warn", forbidden_characters),
    "forbidden_beside_lines": ("warn", forbidden_beside_lines),
    "long_codes": ("warn", long_codes),
    "nothing_to_pay": ("warn", nothing_to_pay),
    "line_value": ("warn", line_value),
}
