"""Bytes to document, for files of anybody: FA(3), and FA(2) as far as it is alike.

Unknown elements are left out, unknown codes kept as text, missing parts are ``None``.
"""

from lxml import etree

from .document import Invoice
from .structure import ROOT_ELEMENT, elements


class UnreadableError(ValueError):
    """The file cannot be read as an invoice; ``element`` names the place if known."""

    def __init__(self, element=None):
        super().__init__(element)
        self.element = element


def read(data):
    """Return the :class:`document.Invoice` in the bytes ``data``.

    :raises UnreadableError: not XML, a DOCTYPE, another document, a bad value.
    """
    root = parse(data)
    if etree.QName(root).localname != ROOT_ELEMENT:
        raise UnreadableError(etree.QName(root).localname)
    return _node(Invoice, root)


def parse(data):
    """Return the root element of ``data``; nothing outside the bytes is read.

    :raises UnreadableError: not well-formed, or with a DOCTYPE.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableError() from error
    if root.getroottree().docinfo.doctype:
        raise UnreadableError("DOCTYPE")
    return root


def _node(node_class, parent):
    children = {}
    for child in parent:
        children.setdefault(etree.QName(child).localname, []).append(child)
    values = {}
    for attribute, element in elements(node_class):
        found = [_value(element, child) for child in children.get(element.name, ())]
        if element.is_list:
            values[attribute] = tuple(found)
        else:
            values[attribute] = found[0] if found else None
    return node_class(**values)


def _value(element, child):
    if element.is_parent:
        return _node(element.kind, child)
    try:
        return element.kind.from_text(child.text or "")
    except ValueError as error:
        raise UnreadableError(element.name) from error
