"""Document to canonical bytes: the same document always gives the same file.

UTF-8 with declaration, no byte order mark, no blanks between elements. Whatever has
nothing in it is left out, because FA(3) refuses empty elements; only a cell of a table
may be empty. What a reader did not know (``Invoice.unknown``) is not written.
"""

import functools
from typing import Any, NamedTuple

from .structure import NAMESPACE, ROOT_ELEMENT, attributes, elements

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


class UnwritableError(ValueError):
    """A value does not fit its field; ``place`` is the way to it ("Fa/P_1")."""

    def __init__(self, place):
        super().__init__(place)
        self.place = place


class _Step(NamedTuple):
    """How one attribute of a class is written."""

    attribute: str
    is_list: bool
    opening: str
    closing: str
    to_text: Any
    keeps_empty: bool
    name: str


def write(invoice):
    """Return the file of a :class:`document.Invoice` as bytes.

    :raises UnwritableError: a value does not fit its field (no zone, unknown code).
    """
    content = _content(invoice)
    text = (
        f'{_DECLARATION}<{ROOT_ELEMENT} xmlns="{NAMESPACE}">{content}</{ROOT_ELEMENT}>'
    )
    return text.encode()


def _content(node):
    parts = []
    for step in _plan(type(node)):
        value = getattr(node, step.attribute)
        if value is not None:
            _add(parts, step, value if step.is_list else (value,))
    return "".join(parts)


def _add(parts, step, items):
    _attribute, _is_list, opening, closing, to_text, keeps_empty, name = step
    try:
        for item in items:
            text = to_text(item)
            if text or keeps_empty:
                parts += (opening, text, closing)
    except UnwritableError as error:
        raise UnwritableError(f"{name}/{error.place}") from error
    except ValueError as error:
        raise UnwritableError(name) from error


@functools.cache
def _plan(node_class):
    return tuple(_step(*pair) for pair in elements(node_class))


def _step(attribute, element):
    fixed = "".join(f' {name}="{value}"' for name, value in element.attributes)
    opening = f"<{element.name}{fixed}>"
    to_text = functools.partial(_escaped, element.kind)
    keeps_empty = not element.is_parent and element.kind.keeps_empty
    if element.is_parent:
        to_text = _content
        if attributes(element.kind):
            opening, to_text = f"<{element.name}", _content_with_attributes
    return _Step(
        attribute,
        element.is_list,
        opening,
        f"</{element.name}>",
        to_text,
        keeps_empty,
        element.name,
    )


def _content_with_attributes(node):
    parts = []
    for attribute, (name, kind) in attributes(type(node)):
        value = getattr(node, attribute)
        if value is not None:
            parts.append(f' {name}="{kind.to_text(value)}"')
    return f"{''.join(parts)}>{_content(node)}"


def _escaped(kind, value):
    text = kind.to_text(value)
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text
