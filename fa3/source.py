"""Bytes of anybody to XML elements, in bounded time and memory.

Nothing outside the bytes is read, and a document type is refused before parsing, so
no entity is ever expanded. Bytes that are not UTF-8 are replaced, since KSeF has let
some pass.
"""

import re
from enum import Enum

from lxml import etree

# KSeF takes 3 MB with an attachment; a file of others may have more white space.
MAX_BYTES = 5_000_000
# The parser keeps every name it met for as long as the process lives. FA(3) has some
# 340 names of 12 characters.
MAX_NAMES = 1000
MAX_NAMES_BYTES = 20_000
_VALUE_SHOWN = 100  # characters of a bad value that an error shows

_BOM = b"\xef\xbb\xbf"
_ENCODING = re.compile(rb"""<\?xml\s[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_BLANKS = re.compile(rb"\s*")
# What may stand before the root element, beside a document type.
_SKIPPED = ((b"<?", b"?>"), (b"<!--", b"-->"))
# Every repetition is bounded or ends where the next one begins: linear time.
_NAME = re.compile(rb"""<\??([^\s/<>?!][^\s/<>]*)|\s([^\s<>="']+)\s*=\s*["']""")
_NAMESPACE = re.compile(rb"""xmlns[^=<>]{0,200}=\s*["']([^"']*)""")


class ReadProblem(str, Enum):
    """Why a file cannot be read."""

    TOO_LARGE = "too_large"
    ENCODING = "encoding"
    DOCTYPE = "doctype"
    NOT_XML = "not_xml"
    TOO_MANY_NAMES = "too_many_names"
    OTHER_DOCUMENT = "other_document"
    BAD_VALUE = "bad_value"
    TOO_MUCH_UNKNOWN = "too_much_unknown"


class UnreadableError(ValueError):
    """The file cannot be read as an invoice.

    ``problem`` is a :class:`ReadProblem`; where known, ``element`` is the name,
    ``place`` the way to it ("Fa/FaWiersz[2]/P_8B"), ``line`` the line of the file,
    ``value`` the beginning of what stands there.
    """

    def __init__(self, problem, element=None, *, place=None, line=None, value=None):
        super().__init__(problem.value, place or element, line)
        self.problem = problem
        self.element = element
        self.place = place
        self.line = line
        self.value = value and value[:_VALUE_SHOWN]


def parse(data):
    """Return the root element of ``data``.

    :raises UnreadableError: see :class:`ReadProblem`.
    """
    return parse_repaired(data)[0]


def parse_repaired(data):
    """Return (root element, whether bytes had to be replaced).

    :raises UnreadableError: see :class:`ReadProblem`.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableError(ReadProblem.TOO_LARGE)
    text, is_damaged = _in_utf8(data)
    if _has_doctype(text):
        raise UnreadableError(ReadProblem.DOCTYPE)
    _limit_names(text)
    try:
        return etree.fromstring(text, _make_parser()), is_damaged
    except etree.XMLSyntaxError as error:
        raise UnreadableError(ReadProblem.NOT_XML, line=error.lineno) from error


def _make_parser():
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )


def _in_utf8(data):
    """Return (UTF-8 without byte order mark, whether bytes were replaced)."""
    data = data.removeprefix(_BOM)
    declared = _ENCODING.match(data)
    is_wide = b"\0" in data[:4] or data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if is_wide or (declared and declared[1].upper() not in (b"UTF-8", b"UTF8")):
        raise UnreadableError(ReadProblem.ENCODING)
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="replace").encode(), True
    return data, False


def _has_doctype(data):
    """Tell whether what comes before the root element is a document type."""
    position = 0
    while position >= 0:
        position = _BLANKS.match(data, position).end()
        opened = next((p for p in _SKIPPED if data.startswith(p[0], position)), None)
        if opened is None:
            return data.startswith(b"<!DOCTYPE", position)
        end = data.find(opened[1], position + len(opened[0]))
        position = end if end < 0 else end + len(opened[1])
    return False


def _limit_names(data):
    names = {tag or attribute for tag, attribute in _NAME.findall(data)}
    names.update(_NAMESPACE.findall(data))
    if len(names) > MAX_NAMES or sum(map(len, names)) > MAX_NAMES_BYTES:
        raise UnreadableError(ReadProblem.TOO_MANY_NAMES)
