"""Blocks of data, texts and tables attached to an invoice (Zalacznik)."""

from . import codes
from .kinds import TEXT, Cell, Code, Text
from .structure import attribute, node, optional, repeated, required

_LONG = Text(512)
_CELL = Cell(256)


@node
class Fact:
    """Key and value of a block (MetaDane)."""

    key: str = required("ZKlucz", TEXT)
    value: str = required("ZWartosc", TEXT)


@node
class Paragraphs:
    """Text of a block (Tekst)."""

    items: tuple[str, ...] = repeated("Akapit", _LONG)


@node
class TableFact:
    """Key and value of a table (TMetaDane)."""

    key: str = required("TKlucz", TEXT)
    value: str = required("TWartosc", TEXT)


@node
class Column:
    """Name of a column and the type of what stands in it (Kol)."""

    kind: codes.ColumnType = attribute("Typ", Code(codes.ColumnType))
    name: str = required("NKom", _CELL)


@node
class TableHead:
    """The columns of a table (TNaglowek)."""

    columns: tuple[Column, ...] = repeated("Kol", Column)


@node
class TableRow:
    """One row: a text for each column, "" where there is none (Wiersz)."""

    cells: tuple[str, ...] = repeated("WKom", _CELL)


@node
class TableTotals:
    """The last row: a text for each column, "" where there is none (Suma)."""

    cells: tuple[str, ...] = repeated("SKom", _CELL)


@node
class Table:
    """A table of a block (Tabela)."""

    facts: tuple[TableFact, ...] = repeated("TMetaDane", TableFact)
    description: str | None = optional("Opis", _LONG)
    head: TableHead = required("TNaglowek", TableHead)
    rows: tuple[TableRow, ...] = repeated("Wiersz", TableRow)
    totals: TableTotals | None = optional("Suma", TableTotals)


@node
class Block:
    """One block of data (BlokDanych)."""

    heading: str | None = optional("ZNaglowek", _LONG)
    facts: tuple[Fact, ...] = repeated("MetaDane", Fact)
    text: Paragraphs | None = optional("Tekst", Paragraphs)
    tables: tuple[Table, ...] = repeated("Tabela", Table)


@node
class Attachment:
    """The attachment; only for data of the tax invoice itself (Zalacznik)."""

    blocks: tuple[Block, ...] = repeated("BlokDanych", Block)
