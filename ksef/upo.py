"""Receipt of KSeF (UPO): bytes -> facts to compare with the invoices.

Source: UPO schema v4-3. Real receipts carry the Ministry's signature, and test
environments add words to the receiver's name, so the schema is not enforced.
The bytes are read, never written.
"""

import io
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from lxml import etree

from .errors import KsefProtocolError
from .routes import UPO_LIMIT_BYTES, UPO_PAGE_LIMIT_BYTES
from .times import parse_time

# Any version of the receipt; 4-3 is the current one.
NAMESPACE_START = "http://upo.schematy.mf.gov.pl/KSeF/"
PAGE_MAX_DOCUMENTS = 10_000  # source: section on receipts
SIGNATURE_NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"

_ROOT = "Potwierdzenie"
_DOCUMENT = "Dokument"
_HEAD_ELEMENTS = {
    "receiver_name": "NazwaPodmiotuPrzyjmujacego",
    "session_reference": "NumerReferencyjnySesji",
}
_DOCUMENT_ELEMENTS = {
    "seller_nip": "NipSprzedawcy",
    "ksef_number": "NumerKSeFDokumentu",
    "invoice_number": "NumerFaktury",
    "issue_date": "DataWystawieniaFaktury",
    "sent_on": "DataPrzeslaniaDokumentu",
    "numbered_on": "DataNadaniaNumeruKSeF",
    "invoice_hash_b64": "SkrotDokumentu",
    "mode": "TrybWysylki",
}
_CONVERSIONS = {
    "issue_date": date.fromisoformat,
    "sent_on": parse_time,
    "numbered_on": parse_time,
}


@dataclass(frozen=True)
class UpoFacts:
    """What the receipt of one invoice says; times are aware UTC."""

    ksef_number: str
    invoice_hash_b64: str
    seller_nip: str
    invoice_number: str
    issue_date: date
    sent_on: datetime
    numbered_on: datetime
    mode: str
    session_reference: str
    receiver_name: str


def read_upo(data):
    """Return the :class:`UpoFacts` of the receipt of one invoice.

    :param data: bytes as KSeF sent them
    :raises KsefProtocolError: not a receipt, not of exactly one invoice, too
        long, or with a document type declaration
    """
    found = list(islice(_facts(data, UPO_LIMIT_BYTES), 2))
    if len(found) != 1:
        raise _not_understood("number of documents")
    return found[0]


def read_upo_page(data):
    """Yield the :class:`UpoFacts` of each invoice on a page of a session's receipt.

    One entry at a time is held in memory; a fault of the page may show only when
    entries before it have been given out.

    :param data: bytes as KSeF sent them, with up to 10 000 entries
    :raises KsefProtocolError: not a receipt, without entries or with too many, too
        long, or with a document type declaration
    """
    number = 0
    for facts in _facts(data, UPO_PAGE_LIMIT_BYTES):
        number += 1
        if number > PAGE_MAX_DOCUMENTS:
            raise _not_understood("number of documents")
        yield facts
    if not number:
        raise _not_understood("number of documents")


def _facts(data, limit_bytes):
    """Yield the facts of every document of the receipt."""
    receipt, head = None, None
    for event, element in _events(data, limit_bytes):
        if event == "start":
            receipt = _receipt(element, receipt)
        elif _is_document(element, receipt):
            head = head or _texts(receipt, _HEAD_ELEMENTS)
            yield _document_facts(element, head)
            element.clear()
    if receipt is None:
        raise _not_understood("root element")


def _receipt(element, known):
    """Return the receipt's element once it has begun.

    It is the root, or the only one in a signature around it.
    """
    parent = element.getparent()
    if not _is_receipt(element):
        is_signature = etree.QName(element).namespace == SIGNATURE_NAMESPACE
        if parent is None and not is_signature:
            raise _not_understood("root element")
        return known
    if known is None:
        return element
    if known.getparent() is not None:
        raise _not_understood("root element")
    return known


def _document_facts(element, head):
    texts = {**head, **_texts(element, _DOCUMENT_ELEMENTS)}
    return UpoFacts(**{name: _converted(name, text) for name, text in texts.items()})


def _events(data, limit_bytes):
    """Yield the parser's events (start or end, element) of a harmless document."""
    if len(data) > limit_bytes:
        raise _not_understood("length")
    parser = etree.iterparse(
        io.BytesIO(data),
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    event = _next(parser)
    if event and event[1].getroottree().docinfo.internalDTD is not None:
        raise _not_understood("document type")
    while event:
        yield event
        event = _next(parser)


def _next(parser):
    with suppress(etree.XMLSyntaxError, ValueError):
        return next(parser, None)
    raise _not_understood("XML")


def _is_receipt(element):
    name = etree.QName(element)
    is_ours = (name.namespace or "").startswith(NAMESPACE_START)
    return is_ours and name.localname == _ROOT


def _is_document(element, receipt):
    if receipt is None or element.getparent() is not receipt:
        return False
    namespace = etree.QName(receipt).namespace
    return element.tag == f"{{{namespace}}}{_DOCUMENT}"


def _texts(parent, elements):
    """Return the texts of direct children; each must be there once."""
    namespace = etree.QName(parent).namespace
    texts = {}
    for name, element in elements.items():
        found = parent.findall(f"{{{namespace}}}{element}")
        if len(found) != 1 or not (found[0].text or "").strip():
            raise _not_understood(name)
        texts[name] = found[0].text.strip()
    return texts


def _converted(name, text):
    try:
        value = _CONVERSIONS.get(name, str)(text)
    except ValueError:
        value = None
    if value is None:
        raise _not_understood(name)
    return value


def _not_understood(what):
    return KsefProtocolError(operation="read_upo", details=(what,))
