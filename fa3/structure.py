"""What a field of a document says about its element, and the plan of a class."""

import dataclasses
import functools
from typing import Any, NamedTuple

# Source: FA(3) schema, targetNamespace.
NAMESPACE = "http://crd.gov.pl/wzor/2025/06/25/13775/"
# The form before it, alike in most. Source: FA(2) schema, targetNamespace.
FA2_NAMESPACE = "http://crd.gov.pl/wzor/2023/06/29/12648/"
ROOT_ELEMENT = "Faktura"

_KEY = "element"
_ATTRIBUTE_KEY = "attribute"

node = dataclasses.dataclass(frozen=True, kw_only=True, slots=True)


class Element(NamedTuple):
    """Element of one field: name, kind of its text or class of its children."""

    name: str
    kind: Any
    is_list: bool
    is_required: bool
    attributes: tuple

    @property
    def is_parent(self):
        """True when ``kind`` is the class of a nested part."""
        return dataclasses.is_dataclass(self.kind) and isinstance(self.kind, type)


def required(name, kind, *, default=dataclasses.MISSING, attributes=()):
    """Field of an element that must be there."""
    metadata = {_KEY: Element(name, kind, False, True, attributes)}
    return dataclasses.field(default=default, metadata=metadata)


def optional(name, kind):
    """Field of an element that may be missing (``None``)."""
    metadata = {_KEY: Element(name, kind, False, False, ())}
    return dataclasses.field(default=None, metadata=metadata)


def repeated(name, kind):
    """Field of an element that may stand many times (a tuple)."""
    metadata = {_KEY: Element(name, kind, True, False, ())}
    return dataclasses.field(default=(), metadata=metadata)


def attribute(name, kind):
    """Field of an XML attribute of the part itself; a code, which needs no escape."""
    return dataclasses.field(metadata={_ATTRIBUTE_KEY: (name, kind)})


@functools.cache
def elements(node_class):
    """Return ((attribute, Element), ...) of a class in schema order."""
    return _described(node_class, _KEY)


@functools.cache
def attributes(node_class):
    """Return ((attribute, (name, kind)), ...) of the XML attributes of a class."""
    return _described(node_class, _ATTRIBUTE_KEY)


def _described(node_class, key):
    return tuple(
        (field.name, field.metadata[key])
        for field in dataclasses.fields(node_class)
        if key in field.metadata
    )
