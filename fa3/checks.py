"""What KSeF checks in the bytes of an invoice: rules of XML, then the schema.

Problems are named by element and value; the words are found elsewhere.
"""

import itertools
import re
import threading
from enum import Enum
from typing import NamedTuple

from lxml import etree

from .source import UnreadableError, parse
from .text import FORBIDDEN, SURELY_ALLOWED

# Source: KSeF API 2.0, limits of an invoice without and with attachment.
MAX_BYTES = 1_000_000
MAX_BYTES_WITH_ATTACHMENT = 3_000_000
# Source: FA(3) schema, maxOccurs of FaWiersz.
MAX_LINES = 10_000

# A file of others may break a rule in every line: nobody reads more than these.
MAX_PROBLEMS = 100

_DECLARATION = re.compile(
    rb"""<\?xml\s+version=["']1\.0["'](?:\s+encoding=["']([^"']+)["'])?[^?]*\?>"""
)
_LINE_NAME = b"FaWiersz"
_LINE_OPENING = re.compile(rb"<(?:\w+:)?FaWiersz[ >]")
_OPENING = re.compile(r"<(?:\w+:)?([A-Za-z]\w*)")
_ATTACHMENT_OPENING = re.compile(rb"<(?:\w+:)?Zalacznik[ >]")
# In a path of the parser: a name with a prefix, which a path cannot be asked for.
_PREFIXED = re.compile(r"(?<=/)[^/\[\]*@()]+:[^/\[\]*@()]+")
_AROUND = 15  # characters shown on each side of a bad one
_BEFORE = 10_000  # characters before a bad one in which its element is looked for
# A validator keeps its findings in itself: one thread at a time.
_lock = threading.Lock()


class XmlRule(str, Enum):
    """Rule that a file breaks."""

    SIZE = "size"
    LINES = "lines"
    ENCODING = "encoding"
    STRUCTURE = "structure"
    FORBIDDEN_CHARACTER = "forbidden_character"
    SCHEMA = "schema"


class Reason(str, Enum):
    """What is wrong with the value of an element."""

    UNEXPECTED = "unexpected"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    RANGE = "range"
    PATTERN = "pattern"
    NOT_LISTED = "not_listed"
    OTHER = "other"


class XmlProblem(NamedTuple):
    """A broken rule: element's name and value where one is meant."""

    kind: XmlRule
    element: str = ""
    value: str = ""
    reason: Reason = Reason.OTHER


_TYPES = etree.ErrorTypes
# libxml2's kind of finding -> reason; a pattern finding repeats as "datatype".
_REASONS = {
    _TYPES.SCHEMAV_CVC_MINLENGTH_VALID: Reason.EMPTY,
    _TYPES.SCHEMAV_CVC_MAXLENGTH_VALID: Reason.TOO_LONG,
    _TYPES.SCHEMAV_CVC_MININCLUSIVE_VALID: Reason.RANGE,
    _TYPES.SCHEMAV_CVC_MAXINCLUSIVE_VALID: Reason.RANGE,
    _TYPES.SCHEMAV_CVC_MINEXCLUSIVE_VALID: Reason.RANGE,
    _TYPES.SCHEMAV_CVC_MAXEXCLUSIVE_VALID: Reason.RANGE,
    _TYPES.SCHEMAV_CVC_TOTALDIGITS_VALID: Reason.RANGE,
    _TYPES.SCHEMAV_CVC_FRACTIONDIGITS_VALID: Reason.RANGE,
    _TYPES.SCHEMAV_CVC_PATTERN_VALID: Reason.PATTERN,
    _TYPES.SCHEMAV_CVC_ENUMERATION_VALID: Reason.NOT_LISTED,
    _TYPES.SCHEMAV_CVC_DATATYPE_VALID_1_2_1: Reason.PATTERN,
    _TYPES.SCHEMAV_ELEMENT_CONTENT: Reason.UNEXPECTED,
    _TYPES.SCHEMAV_CVC_COMPLEX_TYPE_2_3: Reason.UNEXPECTED,
}


def check_xml(data, schema=None):
    """Return the list of :class:`XmlProblem` of a file; empty if there is none.

    ``schema`` is a compiled schema (see ``schema.compile_schema``); without it the
    rules of XML alone are checked. Of each rule the first ``MAX_PROBLEMS`` are told.
    """
    problems = _check_bytes(data)
    try:
        root = parse(data)
    except UnreadableError:
        return problems or [XmlProblem(XmlRule.STRUCTURE)]
    if not problems and schema is not None:
        problems = _check_schema(root, schema)
    return problems


def _check_bytes(data):
    checks = (_check_size, _check_encoding, _check_instructions, _check_characters)
    return [problem for check in checks for problem in check(data)]


def _check_size(data):
    has_attachment = len(data) > MAX_BYTES and _ATTACHMENT_OPENING.search(data)
    if len(data) > (MAX_BYTES_WITH_ATTACHMENT if has_attachment else MAX_BYTES):
        yield XmlProblem(XmlRule.SIZE, value=str(len(data)))
    if data.count(_LINE_NAME) <= MAX_LINES:
        return
    lines = len(_LINE_OPENING.findall(data))
    if lines > MAX_LINES:
        yield XmlProblem(XmlRule.LINES, value=str(lines))


def _check_encoding(data):
    declared = _DECLARATION.match(data)
    encoding = declared[1] if declared and declared[1] else b"UTF-8"
    if data.startswith(b"\xef\xbb\xbf") or encoding.upper() != b"UTF-8":
        yield XmlProblem(XmlRule.ENCODING)


def _check_instructions(data):
    declared = _DECLARATION.match(data)
    if b"<?" in data[declared.end() if declared else 0 :]:
        yield XmlProblem(XmlRule.STRUCTURE)


def _check_characters(data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        yield XmlProblem(XmlRule.ENCODING)
        return
    if SURELY_ALLOWED.fullmatch(text):
        return
    for found in itertools.islice(FORBIDDEN.finditer(text), MAX_PROBLEMS):
        yield _forbidden(text, found.start())


def _forbidden(text, position):
    opened = _OPENING.findall(text, max(0, position - _BEFORE), position)
    start = max(text.rfind(">", 0, position) + 1, position - _AROUND)
    around = text[start : position + _AROUND].split("<")[0]
    return XmlProblem(
        XmlRule.FORBIDDEN_CHARACTER,
        opened[-1] if opened else "",
        FORBIDDEN.sub("\ufffd", around),
    )


def _check_schema(root, schema):
    with _lock:
        if schema.validate(root):
            return []
        findings = list(itertools.islice(schema.error_log, MAX_PROBLEMS))
    problems = {}
    for finding in findings:
        problem = _schema_problem(root, finding)
        problems.setdefault((finding.path, problem.element), problem)
    return list(problems.values())


def _schema_problem(root, finding):
    # Some versions of the parser name the attribute, others the element alone.
    path, _bar, attribute = (finding.path or "/*").partition("/@")
    node = root.getroottree().xpath(_PREFIXED.sub(r'*[name()="\g<0>"]', path))[0]
    value = node.get(attribute) if attribute else node.text
    return XmlProblem(
        XmlRule.SCHEMA,
        attribute or etree.QName(node).localname,
        " ".join((value or "").split()),
        _REASONS.get(finding.type, Reason.OTHER),
    )
