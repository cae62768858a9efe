"""Reading a signed login request: safe parsing, one signature, the schema's rules.

Source: KSeF API 2.0, sections on the document and on accepted certificates; schema of
AuthTokenRequest 2.0 and 2.1.
"""

import re
from dataclasses import dataclass

from lxml import etree

from .problems import Code, refusal
from .request_shapes import ADDRESS, CONTEXT_PATTERNS, IP_LIST_LIMIT, MASK
from .xmldsig import DS, without

NAMESPACES = (
    "http://ksef.mf.gov.pl/auth/token/2.0",
    "http://ksef.mf.gov.pl/auth/token/2.1",
)
INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
ROOT = "AuthTokenRequest"
CHALLENGE = r"\d{8}-CR-[A-F0-9]{10}-[A-F0-9]{10}-[A-F0-9]{2}"
FINGERPRINT = "certificateFingerprint"
SUBJECT_KINDS = ("certificateSubject", FINGERPRINT)
FIELDS = ["Challenge", "ContextIdentifier", "SubjectIdentifierType"]
POLICY = "AuthorizationPolicy"
IP_LISTS = {  # name in JSON, pattern
    "Ip4Address": ("ip4Addresses", ADDRESS),
    "Ip4Range": ("ip4Ranges", f"{ADDRESS}-{ADDRESS}"),
    "Ip4Mask": ("ip4Masks", MASK),
}
ENCODING = "UTF-8"


@dataclass(frozen=True)
class LoginRequest:
    """``context`` is (type, value); ``allowed_ips`` has the lists of the JSON form."""

    challenge: str
    context: tuple
    by_fingerprint: bool
    allowed_ips: dict


def parse(body):
    """Return the only signature of the document; raises 21217, 21001, 9101 to 9103.

    No document type, no entities, nothing from outside.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        raise refusal(Code.BAD_ENCODING) from None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise refusal(Code.UNREADABLE) from None
    document = root.getroottree().docinfo
    if (document.encoding or ENCODING).upper() != ENCODING:
        raise refusal(Code.BAD_ENCODING)
    name = etree.QName(root)
    is_known = name.localname == ROOT and name.namespace in NAMESPACES
    if document.doctype or not is_known:
        raise refusal(Code.BAD_DOCUMENT)
    return _only_signature(root)


def _only_signature(root):
    signatures = list(root.iter(f"{DS}Signature"))
    if not signatures:
        raise refusal(Code.NO_SIGNATURE)
    if len(signatures) > 1:
        raise refusal(Code.TOO_MANY_SIGNATURES)
    if signatures[0].getparent() is not root:
        raise refusal(Code.BAD_SIGNATURE, "Podpis nie jest elementem żądania.")
    return signatures[0]


def read_request(signature):
    """Return the ``LoginRequest`` around the signature; raises 21401."""
    root = without(signature).getroot()
    fields = _children(root)
    names = [name for name, _ in fields]
    if names not in (FIELDS, [*FIELDS, POLICY]):
        raise _against_schema(ROOT)
    elements = dict(fields)
    kind = _text(elements[FIELDS[2]], FIELDS[2], "|".join(SUBJECT_KINDS)).strip()
    return LoginRequest(
        challenge=_text(elements[FIELDS[0]], FIELDS[0], CHALLENGE),
        context=_read_context(elements[FIELDS[1]]),
        by_fingerprint=kind == FINGERPRINT,
        allowed_ips=_read_policy(elements[POLICY]) if POLICY in elements else {},
    )


def _against_schema(name):
    detail = f"The element '{name}' has invalid content or an invalid value."
    return refusal(Code.AGAINST_SCHEMA, detail)


def _children(element):
    """(local name, element) pairs; text, attributes and foreign elements are wrong."""
    name = etree.QName(element)
    texts = [element.text, *(child.tail for child in element)]
    attributes = [key for key in element.attrib if not key.startswith(INSTANCE)]
    elements = [child for child in element if isinstance(child.tag, str)]
    is_foreign = any(etree.QName(e).namespace != name.namespace for e in elements)
    if any((text or "").strip() for text in texts) or attributes or is_foreign:
        raise _against_schema(name.localname)
    return [(etree.QName(child).localname, child) for child in elements]


def _text(element, name, pattern, is_token=True):
    """The value of a leaf; the schema's tokens may have white space around them."""
    if element.attrib or any(isinstance(child.tag, str) for child in element):
        raise _against_schema(name)
    # Not .text: a comment inside would cut the value short.
    text = element.xpath("string()")
    text = " ".join(text.split()) if is_token else text
    if not re.fullmatch(pattern, text):
        raise _against_schema(name)
    return text


def _read_context(element):
    fields = _children(element)
    if len(fields) != 1 or fields[0][0] not in CONTEXT_PATTERNS:
        raise _against_schema(FIELDS[1])
    kind, value = fields[0]
    return kind, _text(value, kind, CONTEXT_PATTERNS[kind], is_token=False)


def _read_policy(element):
    lists = _children(element)
    if [name for name, _ in lists] != ["AllowedIps"]:
        raise _against_schema(POLICY)
    entries = _children(lists[0][1])
    names = [name for name, _ in entries]
    order = list(IP_LISTS)
    is_known = set(names) <= set(order)
    if not is_known or names != sorted(names, key=order.index):
        raise _against_schema("AllowedIps")
    if any(names.count(name) > IP_LIST_LIMIT for name in order):
        raise _against_schema("AllowedIps")
    allowed = {json_name: [] for json_name, _ in IP_LISTS.values()}
    for name, entry in entries:
        json_name, pattern = IP_LISTS[name]
        allowed[json_name].append(_text(entry, name, pattern))
    return allowed
