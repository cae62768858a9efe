"""What an FA(3) document says, in Polish words, section by section: for readers.

``sections`` puts a document into words and tables, ``view_page`` makes HTML of them.
Everything that a document holds appears: elements without a place of their own stand
with their names, and so does what the form does not know.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from . import codes
from .kinds import AMOUNT, Flag, Integer, Number, YesNo
from .parties import Address
from .structure import elements
from .view_words import CODES, KINDS, LABELS, TOTALS

# KSeF's day and hour are those of Poland.
POLISH_TIME = ZoneInfo("Europe/Warsaw")
YES, NO = "tak", "nie"
# Marks of what there is not, where others say what there is.
ABSENT = {"is_not_exempt", "is_absent"}
_THOUSANDS = "\u00a0"
# What a row says of its goods beside name, quantity and price.
_BELOW_NAME = {
    *("key", "supplied_on", "product_code", "gtin", "pkwiu", "cn", "pkob"),
    *("is_annex_15", "excise", "gtu", "procedure", "currency_rate"),
}


class Table(NamedTuple):
    """Headings and rows of texts.

    :ivar numeric: indexes of columns to the right
    :ivar wide: index of the column that holds long texts
    """

    headings: tuple
    rows: tuple
    numeric: frozenset = frozenset()
    caption: str = ""
    wide: int | None = None


class Section(NamedTuple):
    """One part of the page: pairs of label and text, tables, texts."""

    title: str
    facts: tuple = ()
    tables: tuple = ()
    texts: tuple = ()
    total: tuple = ()  # label and text of the sum that closes the section
    is_half: bool = False  # stands beside another one


def title(invoice):
    """Return what kind of invoice it is, in words."""
    kind = invoice.body.kind if invoice.body else None
    return KINDS.get(kind, str(kind or "Faktura"))


def say(kind, value):
    """Return the text for a value of one element, as it is shown."""
    if isinstance(kind, (Flag, YesNo)):
        return YES if value else NO
    if isinstance(value, Decimal):
        return _say_number(value, kind)
    if isinstance(value, datetime):
        value = value.astimezone(POLISH_TIME) if value.tzinfo else value
        return value.strftime("%d.%m.%Y %H:%M:%S")
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    words = CODES.get(type(value))
    if words:
        return words[value]
    return str(getattr(value, "value", value))


def _say_number(value, kind):
    """Return the number as the file has it, with a comma and groups of digits."""
    text = format(Decimal(kind.to_text(value)), ",f")
    return text.replace(",", _THOUSANDS).replace(".", ",")


def label(name):
    """Return the words for an element."""
    return LABELS.get(name, name)


def _facts(node, skip=()):
    """Return (label, text) of what a part says itself, and of the parts in it.

    :param skip: attributes that stand elsewhere
    """
    if node is None:
        return ()
    found = []
    for attribute, element in elements(type(node)):
        value = getattr(node, attribute)
        if attribute in skip or value is None or value == ():
            continue
        values = value if element.is_list else (value,)
        for each in values:
            if isinstance(each, Address):
                found += _address(label(element.name), each)
            elif element.is_parent:
                found += _facts(each, skip)
            else:
                found.append((label(element.name), say(element.kind, each)))
    return tuple(found)


def _address(name, address):
    parts = (address.line_1, address.line_2, address.country)
    found = [(name, ", ".join(filter(None, parts)))]
    return found + ([("GLN", address.gln)] if address.gln else [])


def _table(nodes, caption="", skip=(), more=()):
    """Return a table of equal parts: the columns that any of them fills.

    :param more: columns (heading, function of a part) for what stands in it
    """
    if not nodes:
        return ()
    columns = [
        (attribute, element)
        for attribute, element in elements(type(nodes[0]))
        if attribute not in skip
        and not element.is_parent
        and any(getattr(node, attribute) is not None for node in nodes)
    ]
    rows = tuple(
        tuple(_cell(node, attribute, element) for attribute, element in columns)
        + tuple(function(node) for _heading, function in more)
        for node in nodes
    )
    headings = [label(element.name) for _attribute, element in columns]
    numeric = {
        index
        for index, (_attribute, element) in enumerate(columns)
        if isinstance(element.kind, (Number, Integer))
    }
    headings += [heading for heading, _function in more]
    return (Table(tuple(headings), rows, frozenset(numeric), caption),)


def _cell(node, attribute, element):
    value = getattr(node, attribute)
    return "" if value is None else say(element.kind, value)


def _rows(nodes, caption=""):
    """Return the table of rows of goods; codes stand below the name of the goods."""
    if not nodes:
        return ()
    (table,) = _table(nodes, caption, skip=_BELOW_NAME)
    name = dict(elements(type(nodes[0])))["name"].name
    headings = list(table.headings)
    if label(name) not in headings:
        headings.insert(1, label(name))
        table = _with_column(table, headings)
    place = headings.index(label(name))
    rows = tuple(
        (*row[:place], _with_codes(row[place], node), *row[place + 1 :])
        for row, node in zip(table.rows, nodes, strict=True)
    )
    return (table._replace(rows=rows, wide=place),)


def _with_column(table, headings):
    rows = tuple((row[0], "", *row[1:]) for row in table.rows)
    numeric = frozenset(index + (index > 0) for index in table.numeric)
    return table._replace(headings=tuple(headings), rows=rows, numeric=numeric)


def _with_codes(name, node):
    known = {attribute for attribute, _element in elements(type(node))}
    said = _only(node, known & _BELOW_NAME)
    below = "; ".join(f"{what}: {text}" for what, text in said)
    return "\n".join(filter(None, (name, below)))


def sections(invoice):
    """Return the :class:`Section` list of a ``document.Invoice``, in reading order.

    Of a file that breaks the form parts may be missing; the others are shown.
    """
    body = invoice.body
    made = [
        *_parties(invoice),
        *(part for make in _BODY if body for part in make(body)),
        _footer(invoice.footer),
        *_attachment(invoice.attachment),
        _unknown(invoice.unknown),
        Section("Informacje o pliku", _facts(invoice.header)),
    ]
    return [each for each in made if any((each.facts, each.tables, *each[3:5]))]


def _parties(invoice):
    yield Section("Sprzedawca", _facts(invoice.seller), is_half=True)
    yield Section("Nabywca", _facts(invoice.buyer), is_half=True)
    for number, party in enumerate(invoice.third_parties, 1):
        yield Section(f"Podmiot trzeci {number}", _facts(party), is_half=True)
    yield Section("Podmiot upoważniony", _facts(invoice.authorized_party), is_half=True)


def _correction(body):
    own = (
        *("correction_reason", "correction_effect", "corrected_period"),
        *("corrected_number", "total_before", "rate_before"),
    )
    yield Section(
        "Dane faktury korygowanej",
        _only(body, own),
        _table(body.corrected_invoices, "Faktury korygowane"),
    )
    yield Section("Sprzedawca przed korektą", _facts(body.seller_before), is_half=True)
    for buyer in body.buyers_before:
        yield Section("Nabywca przed korektą", _facts(buyer), is_half=True)


def _details(body):
    own = (
        *("issued_on", "issued_at", "supplied_on", "currency"),
        *("advance_rate", "delivery_notes", "is_for_receipt", "is_related_party"),
        "is_excise_refund",
    )
    tables = _table(body.received_parts, "Otrzymane zapłaty")
    tables += _table(body.advance_invoices, "Faktury zaliczkowe")
    facts = _only(body, own) + _facts(body.period)
    yield Section("Szczegóły", facts, tables)


def _lines(body):
    is_gross = any(line.gross_price is not None for line in body.lines)
    prices = "brutto" if is_gross else "netto"
    caption = f"Ceny {prices}, waluta: {body.currency or ''}" if body.lines else ""
    total = ()
    if body.total is not None:
        amount = f"{_say_number(body.total, AMOUNT)} {body.currency or ''}"
        total = (label("P_15"), amount)
    yield Section("Pozycje", tables=_rows(body.lines, caption), total=total)
    if body.order:
        yield Section(
            "Zamówienie",
            _facts(body.order, skip={"lines"}),
            _rows(body.order.lines),
        )


def _totals(body):
    groups = list(dict.fromkeys(codes.TOTALS.values()))
    rows = [
        (
            TOTALS[group.net],
            *(_amount(body, name) for name in (group.net, group.tax, group.tax_pln)),
        )
        for group in groups
        if any(name and getattr(body, name) is not None for name in group)
    ]
    if rows:
        headings = ("Stawka VAT", "Wartość netto", "Kwota VAT", "Kwota VAT w PLN")
        is_pln_shown = any(row[-1] for row in rows)
        cut = len(headings) if is_pln_shown else len(headings) - 1
        rows = tuple(row[:cut] for row in rows)
        table = Table(headings[:cut], rows, frozenset(range(1, cut)))
        yield Section("Podsumowanie stawek VAT", tables=(table,))


def _amount(body, name):
    value = getattr(body, name) if name else None
    return "" if value is None else _say_number(value, AMOUNT)


def _annotations(body):
    """Say what is so; of what is not so, one sentence at the end."""
    said = body.annotations
    if said is None:
        return
    new = said.new_transport
    facts = _facts(said, skip={"new_transport", *ABSENT})
    facts += _facts(new, skip={"vehicles", *ABSENT})
    vehicles = _table(new.vehicles, "Nowe środki transportu") if new else ()
    yes = tuple(fact for fact in facts if fact[1] != NO)
    no = [name for name, text in facts if text == NO]
    for part in (said.exemption, new, said.margin):
        no += [name for name, _text in _only(part, ABSENT)] if part else []
    texts = (f"Nie dotyczy: {', '.join(map(_in_sentence, no))}.",) if no else ()
    yield Section("Adnotacje", yes, vehicles, texts)


def _in_sentence(name):
    return name[:1].lower() + name[1:]


def _payment(body):
    if body.settlement:
        settled = body.settlement
        tables = _table(settled.charges, "Obciążenia")
        tables += _table(settled.deductions, "Odliczenia")
        yield Section(
            "Rozliczenie", _facts(settled, skip={"charges", "deductions"}), tables
        )
    paid = body.payment
    if paid:
        words = ("Termin słownie", _say_term)
        has_words = any(term.in_words for term in paid.terms)
        tables = _table(paid.terms, "Terminy", more=(words,) if has_words else ())
        tables += _table(paid.paid_parts, "Zapłaty częściowe")
        tables += _table(paid.accounts, "Rachunki bankowe")
        tables += _table(paid.factor_accounts, "Rachunki bankowe faktora")
        skip = {"terms", "paid_parts", "accounts", "factor_accounts"}
        yield Section("Płatność", _facts(paid, skip=skip), tables)


def _say_term(term):
    words = term.in_words
    parts = (words.count, words.unit, words.event) if words else ()
    return " ".join(str(part) for part in parts if part is not None)


def _terms(body):
    terms = body.terms
    if not terms:
        return
    tables = _table(terms.contracts, "Umowy") + _table(terms.orders, "Zamówienia")
    skip = {"contracts", "orders", "transports"}
    yield Section("Warunki transakcji", _facts(terms, skip=skip), tables)
    for transport in terms.transports:
        yield Section("Transport", _facts(transport))


def _notes(body):
    yield Section("Dodatkowy opis", tables=_table(body.notes))


def _footer(footer):
    if not footer:
        return Section("Stopka")
    texts = tuple(each.text for each in footer.texts if each.text)
    return Section("Stopka", tables=_table(footer.registers, "Rejestry"), texts=texts)


def _attachment(attachment):
    for number, block in enumerate(attachment.blocks if attachment else (), 1):
        tables = tuple(_attached(table) for table in block.tables)
        name = f"Załącznik, część {number}"
        heading = f"{name}: {block.heading}" if block.heading else name
        texts = block.text.items if block.text else ()
        yield Section(
            heading,
            tuple((fact.key, fact.value) for fact in block.facts),
            tables,
            texts,
        )


def _attached(table):
    columns = table.head.columns if table.head else ()
    rows = tuple(row.cells for row in table.rows)
    rows += (table.totals.cells,) if table.totals else ()
    caption = "; ".join(
        [*filter(None, [table.description])]
        + [f"{fact.key}: {fact.value}" for fact in table.facts]
    )
    kinds = (codes.ColumnType.DECIMAL, codes.ColumnType.INTEGER)
    numeric = {index for index, each in enumerate(columns) if each.kind in kinds}
    headings = tuple(column.name for column in columns)
    return Table(headings, rows, frozenset(numeric), caption)


def _unknown(unknown):
    rows = tuple((each.place, each.text) for each in unknown)
    table = Table(("Miejsce w pliku", "Treść"), rows)
    return Section("Dane spoza wzoru FA(3)", tables=(table,) if rows else ())


def _only(node, names):
    """Return (label, text) of some attributes."""
    others = {name for name, _element in elements(type(node))} - set(names)
    return _facts(node, skip=others)


# Parts of the body in the order in which they are read.
_BODY = (
    *(_correction, _details, _lines, _totals, _annotations, _payment),
    *(_terms, _notes),
)
