"""What the metadata query shows of an invoice, read from its FA document.

Source: OpenAPI of KSeF 2.0, schema InvoiceMetadata.
"""

from decimal import Decimal, InvalidOperation

from lxml import etree

YES = "1"
NAME_LIMIT = 512
INVOICE_TYPES = {
    "VAT": "Vat",
    "ZAL": "Zal",
    "KOR": "Kor",
    "ROZ": "Roz",
    "UPR": "Upr",
    "KOR_ZAL": "KorZal",
    "KOR_ROZ": "KorRoz",
}
BUYER_IDENTIFIERS = {"NIP": "Nip", "NrVatUE": "VatUe", "NrID": "Other"}
THIRD_IDENTIFIERS = {"NIP": "Nip", "IDWew": "InternalId", **BUYER_IDENTIFIERS}
NET_PREFIX = "P_13_"
TAX_PREFIX = "P_14_"
IN_POLISH_CURRENCY = "W"


def _child_text(element, path):
    steps = "/".join(f"{{*}}{step}" for step in path.split("/"))
    return (element.findtext(steps) or "").strip() or None


def _identifier(party, kinds):
    for element, kind in kinds.items():
        value = _child_text(party, f"DaneIdentyfikacyjne/{element}")
        if value:
            prefix = _child_text(party, "DaneIdentyfikacyjne/KodUE") or ""
            return {"type": kind, "value": prefix + value}
    return {"type": "None"}


def _name(party):
    name = _child_text(party, "DaneIdentyfikacyjne/Nazwa")
    return name and name[:NAME_LIMIT]


def _number(text):
    try:
        return Decimal(text or "")
    except InvalidOperation:
        raise ValueError(f"{text} is no number") from None


def _sum(invoice, prefix):
    """Add up the amounts of one kind, taking the one in zloty where both stand."""
    amounts = {}
    for element in invoice:
        if element.tag is etree.Comment:
            continue
        name = etree.QName(element).localname
        if name.startswith(prefix):
            amounts[name] = _number(element.text)
    for name in [name for name in amounts if name.endswith(IN_POLISH_CURRENCY)]:
        amounts[name[: -len(IN_POLISH_CURRENCY)]] = amounts.pop(name)
    return float(sum(amounts.values()))


def _third_subjects(root):
    return [
        {
            "identifier": _identifier(party, THIRD_IDENTIFIERS),
            "name": _name(party),
            "role": int(_child_text(party, "Rola") or 0),
        }
        for party in root.findall("{*}Podmiot3")
    ]


def _authorized_subject(root):
    party = root.find("{*}PodmiotUpowazniony")
    if party is None:
        return None
    return {
        "nip": _child_text(party, "DaneIdentyfikacyjne/NIP"),
        "name": _name(party),
        "role": int(_child_text(party, "RolaPU") or 0),
    }


def metadata_facts(root):
    """The parts of the metadata record that only the document tells.

    Raises ``ValueError`` when a needed part is missing or no number.
    """
    invoice = root.find("{*}Fa")
    buyer = root.find("{*}Podmiot2")
    if invoice is None or buyer is None:
        raise ValueError("a part is missing")
    return {
        "buyer": {
            "identifier": _identifier(buyer, BUYER_IDENTIFIERS),
            "name": _name(buyer),
        },
        "netAmount": _sum(invoice, NET_PREFIX),
        "vatAmount": _sum(invoice, TAX_PREFIX),
        "grossAmount": float(_number(_child_text(invoice, "P_15"))),
        "currency": _child_text(invoice, "KodWaluty"),
        "isSelfInvoicing": _child_text(invoice, "Adnotacje/P_17") == YES,
        "thirdSubjects": _third_subjects(root),
        "authorizedSubject": _authorized_subject(root),
    }
