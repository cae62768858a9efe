"""Document to canonical bytes: the same document always gives the same file.

UTF-8 with declaration, no byte order mark, no blanks between elements. Whatever has
nothing in it is left out, because FA(3) refuses empty elements.
"""

import functools
from typing import Any, NamedTuple

from .structure import NAMESPACE, ROOT_ELEMENT, elements

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


class _Step(NamedTuple):
    """How one attribute of a class is written."""

    attribute: str
    is_list: bool
    opening: str
    closing: str
    to_text: Any


def write(invoice):
    """Return the file of a :class:`document.Invoice` as bytes.

    :raises ValueError: a value does not fit its field (no zone, unknown code).
    """
    content = _content(invoice)
    text = (
        f'{_DECLARATION}<{ROOT_ELEMENT} xmlns="{NAMESPACE}">{content}</{ROOT_ELEMENT}>'
    )
    return text.encode()


def _content(node):
    parts = []
    for attribute, is_list, opening, closing, to_text in _plan(type(node)):
        value = getattr(node, attribute)
        if value is None:
            continue
        for item in value if is_list else (value,):
            text = to_text(item)
            if text:
                parts += (opening, text, closing)
    return "".join(parts)


@functools.cache
def _plan(node_class):
    return tuple(_step(*pair) for pair in elements(node_class))


def _step(attribute, element):
    attributes = "".join(f' {name}="{value}"' for name, value in element.attributes)
    return _Step(
        attribute,
        element.is_list,
        f"<{element.name}{attributes}>",
        f"</{element.name}>",
        _content if element.is_parent else functools.partial(_escaped, element.kind),
    )


def _escaped(kind, value):
    text = kind.to_text(value)
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text
