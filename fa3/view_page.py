"""The sections of an invoice as HTML that holds nothing but escaped text.

For A4 paper and for windows down to 320 pixels; no script, nothing loaded.
"""

from html import escape

from .view import sections, title

# Of paper; said again to a printer of the server, which takes itself for a window.
PAPER_STYLE = """
.fa3 { padding: 0; max-width: none; }
.fa3 .scroll { overflow: visible; }
.fa3 .halves { margin-right: -4mm; }
.fa3 .half { display: inline-block; width: 48%; margin-right: 1.5%; }
.fa3 .watermark { font-size: 34pt; }
.fa3 thead { display: table-header-group; }
.fa3 tr { page-break-inside: avoid; break-inside: avoid; }
"""
STYLE = (
    """
.fa3 { font: 10pt/1.4 "DejaVu Sans", "Noto Sans", Arial, sans-serif; color: #1b1b1b;
  background: #fff; max-width: 190mm; margin: 0 auto; padding: 8mm; position: relative;
  overflow-wrap: anywhere; box-sizing: border-box; }
.fa3 header { border-bottom: 2px solid #1b1b1b; margin-bottom: 4mm; }
.fa3 header p { margin: 0 0 1mm; }
.fa3 h1 { font-size: 15pt; margin: 0 0 1mm; font-weight: 700; }
.fa3 h2 { font-size: 11pt; margin: 5mm 0 1.5mm; border-bottom: 1px solid #8a8a8a;
  page-break-after: avoid; break-after: avoid; font-weight: 700; }
.fa3 .notice { border: 1px solid #9a6700; background: #fff8e1; padding: 2mm 3mm;
  margin: 0 0 3mm; }
.fa3 .halves { margin-right: -4mm; }
.fa3 .half { display: inline-block; vertical-align: top; width: 48%;
  margin-right: 1.5%; }
.fa3 dl { margin: 0; }
.fa3 dl div { padding: .3mm 0; }
.fa3 dt { display: inline; color: #595959; font-weight: 400; }
.fa3 dt::after { content: ": "; }
.fa3 dd { display: inline; margin: 0; white-space: pre-wrap; }
.fa3 .scroll { overflow-x: auto; }
.fa3 table { border-collapse: collapse; width: 100%; margin: 0 0 2mm;
  font-size: 8.5pt; }
.fa3 caption { text-align: left; color: #595959; padding: 1mm 0; caption-side: top; }
.fa3 th, .fa3 td { border: 1px solid #b5b5b5; padding: 1mm 1.5mm; text-align: left;
  vertical-align: top; white-space: pre-line; }
.fa3 th { background: #f0f0f0; font-weight: 700; overflow-wrap: normal; }
.fa3 .n { text-align: right; }
.fa3 .w { min-width: 38mm; }
.fa3 td.n { white-space: nowrap; }
.fa3 .text { white-space: pre-wrap; margin: 0 0 1.5mm; }
.fa3 .total { text-align: right; font-size: 12pt; margin: 2mm 0; font-weight: 700; }
.fa3 .watermark { position: fixed; top: 100mm; left: 0; width: 100%; text-align: center;
  font-size: 34pt; font-weight: 700; color: #c62828; opacity: .16;
  transform: rotate(-30deg); -webkit-transform: rotate(-30deg); pointer-events: none;
  z-index: 2; }
@media (max-width: 600px) {
  .fa3 { padding: 3mm; }
  .fa3 .halves, .fa3 .half { margin-right: 0; }
  .fa3 .half { display: block; width: auto; }
  .fa3 .watermark { font-size: 22pt; }
}
nav { font: 11pt/1.4 "DejaVu Sans", "Noto Sans", Arial, sans-serif; margin: 0 auto;
  padding: 3mm 8mm 0; max-width: 190mm; box-sizing: border-box; }
nav a, .fa3 a { color: #0b5394; }
nav a { margin-right: 5mm; display: inline-block; padding: 1mm 0; }
.fa3 li { padding: 1mm 0; }
@page { size: A4; margin: 12mm; }
@media print { nav { display: none; } }
"""
    f"@media print {{{PAPER_STYLE}}}"
)


def page(invoice, *, links=(), **what):
    """Return a whole HTML page; the rest as in :func:`content`.

    :param links: pairs of words and address, above the invoice and not printed
    """
    number = (invoice.body and invoice.body.number) or ""
    return frame(f"{title(invoice)} {number}", content(invoice, **what), links)


def frame(name, inside, links=()):
    """Return a whole HTML page around HTML that is made here."""
    bar = "".join(
        f'<a href="{escape(address)}">{escape(words)}</a> ' for words, address in links
    )
    nav = f"<nav>{bar}</nav>" if bar else ""
    return (
        '<!DOCTYPE html>\n<html lang="pl"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{escape(name)}</title><style>{STYLE}</style>"
        f"</head><body>{nav}{inside}</body></html>"
    )


def problems(name, sentences):
    """Return HTML that says why there is no invoice to show.

    :param sentences: pairs of what to do and the address where, "" for none
    """
    items = "".join(f"<li>{_linked(*each)}</li>" for each in sentences)
    return f'<div class="fa3"><h1>{escape(name)}</h1><ul>{items}</ul></div>'


def _linked(words, address):
    if not address:
        return escape(words)
    return f'<a href="{escape(address)}">{escape(words)}</a>'


def content(invoice, *, ksef_number=None, notices=(), watermark=None):
    """Return the HTML of an invoice, to be put into a page with ``STYLE``.

    :param ksef_number: number given by KSeF, if there is one
    :param notices: sentences above the invoice
    :param watermark: words across the page
    """
    heading = f"<p>Krajowy System e-Faktur</p><h1>{escape(title(invoice))}</h1>"
    number = (invoice.body and invoice.body.number) or ""
    heading += f"<p>Numer faktury: <strong>{escape(number)}</strong></p>"
    if ksef_number:
        heading += f"<p>Numer KSeF: <strong>{escape(ksef_number)}</strong></p>"
    mark = f'<div class="watermark">{escape(watermark)}</div>' if watermark else ""
    said = "".join(f'<p class="notice">{escape(each)}</p>' for each in notices)
    return (
        f'<div class="fa3">{mark}{said}'
        f"<header>{heading}</header>{_sections(sections(invoice))}</div>"
    )


def _sections(made):
    parts, halves = [], []
    for section in made:
        if section.is_half:
            halves.append(_section(section))
            continue
        parts += _side_by_side(halves)
        halves = []
        parts.append(_section(section))
    return "".join(parts + _side_by_side(halves))


def _side_by_side(halves):
    return [f'<div class="halves">{"".join(halves)}</div>'] if halves else []


def _section(section):
    name = "half" if section.is_half else "whole"
    inside = _facts(section.facts) + "".join(map(_table, section.tables))
    inside += "".join(
        f'<p class="text">{escape(text)}</p>' for text in section.texts if text
    )
    if section.total:
        what, amount = section.total
        inside += f'<p class="total">{escape(what)}: {escape(amount)}</p>'
    return f'<section class="{name}"><h2>{escape(section.title)}</h2>{inside}</section>'


def _facts(facts):
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>"
        for name, text in facts
    )
    return f"<dl>{rows}</dl>" if rows else ""


def _table(table):
    marks = [_mark(table, index) for index in range(_width(table))]
    head = "".join(
        f"<th{mark}>{escape(text)}</th>"
        for mark, text in zip(marks, table.headings, strict=False)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{mark}>{escape(text)}</td>"
            for mark, text in zip(marks, row, strict=False)
        )
        + "</tr>"
        for row in table.rows
    )
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    return (
        f'<div class="scroll"><table>{caption}<thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _mark(table, index):
    if index in table.numeric:
        return ' class="n"'
    return ' class="w"' if index == table.wide else ""


def _width(table):
    return max(len(table.headings), *map(len, table.rows), 1)
