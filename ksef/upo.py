"""Receipt of KSeF (UPO): bytes -> facts to compare with the invoice.

Source: UPO schema v4-3. Real receipts carry the Ministry's signature, and test
environments add words to the receiver's name, so the schema is not enforced.
The bytes are read, never written.
"""

from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from .errors import KsefProtocolError
from .routes import UPO_LIMIT_BYTES
from .times import parse_time

# Any version of the receipt; 4-3 is the current one.
NAMESPACE_START = "http://upo.schematy.mf.gov.pl/KSeF/"
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
    root = _receipt(_parse(data))
    namespace = etree.QName(root).namespace
    documents = root.findall(f"{{{namespace}}}{_DOCUMENT}")
    if len(documents) != 1:
        raise _not_understood("number of documents")
    texts = _texts(root, namespace, _HEAD_ELEMENTS)
    texts.update(_texts(documents[0], namespace, _DOCUMENT_ELEMENTS))
    return UpoFacts(**{name: _converted(name, text) for name, text in texts.items()})


def _parse(data):
    if len(data) > UPO_LIMIT_BYTES:
        raise _not_understood("length")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise _not_understood("XML")
    if root.getroottree().docinfo.internalDTD is not None:
        raise _not_understood("document type")
    return root


def _receipt(root):
    """Return the receipt's element; a signature may stand inside or around it."""
    if etree.QName(root).namespace == SIGNATURE_NAMESPACE:
        inside = [element for element in root.iter() if _is_receipt(element)]
        root = inside[0] if len(inside) == 1 else root
    if not _is_receipt(root):
        raise _not_understood("root element")
    return root


def _is_receipt(element):
    name = etree.QName(element)
    is_ours = (name.namespace or "").startswith(NAMESPACE_START)
    return is_ours and name.localname == _ROOT


def _texts(parent, namespace, elements):
    """Return the texts of direct children; each must be there once."""
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
