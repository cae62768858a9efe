"""Bytes to document, for files of anybody: FA(3), and FA(2) as far as it is alike.

Missing parts and empty elements are ``None``, unknown codes stay texts. Whatever has
no field is kept in ``Invoice.unknown``: nothing is dropped in silence. FA(2) has a
term in words as one text, for instance; it is found there.
"""

import functools
from typing import Any, NamedTuple

from lxml import etree

from .document import Invoice, Unknown
from .source import ReadProblem, UnreadableError, parse, parse_repaired
from .structure import (
    FA2_NAMESPACE,
    NAMESPACE,
    ROOT_ELEMENT,
    attributes,
    elements,
)

__all__ = ["MAX_UNKNOWN", "ReadProblem", "UnreadableError", "parse", "read"]

# A file with more things that FA(3) does not know is no invoice.
MAX_UNKNOWN = 1000

# Written by tools to find the schema; says nothing about the invoice.
_HINTS = {
    f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}"
    for name in ("schemaLocation", "noNamespaceSchemaLocation")
}
# Form -> its fixed attributes that are not those of FA(3). Source: FA(2) schema.
_FIXED = {NAMESPACE: (), FA2_NAMESPACE: (("kodSystemowy", "FA (2)"),)}


class _Slot(NamedTuple):
    """Where the content of one element goes."""

    attribute: str
    kind: Any
    is_list: bool
    is_parent: bool
    fixed: tuple


class _Plan(NamedTuple):
    """How the elements of a part become the values of its class."""

    empty: dict
    slots: dict
    lists: tuple
    attributes: dict


def read(data):
    """Return the :class:`document.Invoice` in the bytes ``data``.

    :raises UnreadableError: see :class:`ReadProblem`; a bad value names its place.
    """
    root, is_damaged = parse_repaired(data)
    name = etree.QName(root)
    if name.localname != ROOT_ELEMENT:
        raise UnreadableError(ReadProblem.OTHER_DOCUMENT, name.localname)
    if name.namespace not in _FIXED:
        raise UnreadableError(
            ReadProblem.OTHER_DOCUMENT, name.localname, value=name.namespace
        )
    reading = _Reading(name.namespace)
    values = reading.values(Invoice, root, "")
    return Invoice(
        **values,
        unknown=tuple(reading.unknown),
        is_damaged=is_damaged,
        namespace=name.namespace,
    )


class _Reading:
    """One file being read; ``unknown`` grows with what has no field."""

    def __init__(self, namespace):
        self.prefix = f"{{{namespace}}}"
        self.fixed = _FIXED[namespace]
        self.unknown = []

    def values(self, node_class, parent, place):
        """Return {attribute: value} of a part; ``place`` ends in "/" or is empty."""
        plan, cut = _plan(node_class), len(self.prefix)
        values = plan.empty | {attribute: [] for attribute in plan.lists}
        self._keep_text(place, parent.text)
        if parent.attrib:
            values |= self._attributes(plan.attributes, parent, place)
        for child in parent:
            tag = child.tag
            slot = plan.slots.get(tag[cut:]) if tag.startswith(self.prefix) else None
            if child.tail and not child.tail.isspace():
                self._keep_text(place, child.tail)
            if slot is None or not self._take(slot, child, values, place):
                self._keep(place + self._name(tag), _all_text(child))
        for attribute in plan.lists:
            values[attribute] = tuple(values[attribute])
        return values

    def _take(self, slot, child, values, place):
        """Put the content of ``child`` in its place; tell whether there was room."""
        if slot.is_list:
            taken = values[slot.attribute]
            if slot.is_parent:
                number = f"[{len(taken) + 1}]"
                taken.append(self._part(slot, child, place, number))
                return True
            value = self._leaf(slot, child, place)
            if value is not None:
                taken.append(value)
            return True
        if values[slot.attribute] is not None:
            return False
        get = self._part if slot.is_parent else self._leaf
        values[slot.attribute] = get(slot, child, place)
        return True

    def _part(self, slot, child, place, number=""):
        place = f"{place}{child.tag[len(self.prefix) :]}{number}/"
        return slot.kind(**self.values(slot.kind, child, place))

    def _leaf(self, slot, child, place):
        text = child.text or ""
        if len(child) or child.attrib:
            self._keep_inside(slot, child, place + self._name(child.tag))
        if not slot.kind.keeps_empty and (not text or text.isspace()):
            return None
        try:
            return slot.kind.from_text(text)
        except ValueError as error:
            raise self._bad_value(child, place + self._name(child.tag)) from error

    def _bad_value(self, element, place):
        return UnreadableError(
            ReadProblem.BAD_VALUE,
            self._name(element.tag),
            place=place,
            line=element.sourceline,
            value=" ".join(element.text.split()),
        )

    def _attributes(self, known, element, place):
        values = {}
        for name, text in element.attrib.items():
            if name not in known:
                self._keep_attribute(place, name, text)
                continue
            attribute, kind = known[name]
            values[attribute] = kind.from_text(text)
        return values

    def _keep_inside(self, slot, leaf, place):
        for name, text in leaf.attrib.items():
            if (name, text) not in slot.fixed + self.fixed:
                self._keep_attribute(f"{place}/", name, text)
        for child in leaf:
            self._keep(f"{place}/{self._name(child.tag)}", _all_text(child))
            self._keep_text(f"{place}/", child.tail)

    def _keep_attribute(self, place, name, text):
        if name not in _HINTS:
            self._keep(f"{place}@{name}", text)

    def _keep_text(self, place, text):
        if text and not text.isspace():
            self._keep(f"{place}text()", " ".join(text.split()))

    def _keep(self, place, text):
        if len(self.unknown) >= MAX_UNKNOWN:
            raise UnreadableError(ReadProblem.TOO_MUCH_UNKNOWN, place=place)
        self.unknown.append(Unknown(place, text))

    def _name(self, tag):
        return tag.removeprefix(self.prefix)


def _all_text(element):
    """Return all that an element says: names, attributes and texts below it."""
    if not len(element) and not element.attrib:
        return " ".join((element.text or "").split())
    said = []
    for item in element.iter():
        name = "" if item is element else etree.QName(item).localname
        said += [f"{name}@{key}: {text}" for key, text in item.attrib.items()]
        text = " ".join((item.text or "").split())
        if text:
            said.append(f"{name}: {text}" if name else text)
        tail = "" if item is element else " ".join((item.tail or "").split())
        if tail:
            said.append(tail)
    return "; ".join(said)


@functools.cache
def _plan(node_class):
    slots, empty, lists = {}, {}, []
    for attribute, element in elements(node_class):
        slots[element.name] = _Slot(
            attribute,
            element.kind,
            element.is_list,
            element.is_parent,
            element.attributes,
        )
        if element.is_list:
            lists.append(attribute)
        else:
            empty[attribute] = None
    known = {}
    for attribute, (name, kind) in attributes(node_class):
        known[name] = (attribute, kind)
        empty[attribute] = None
    return _Plan(empty, slots, tuple(lists), known)
