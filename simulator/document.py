"""Reading an invoice as KSeF does: the rules of the file, then what it says.

Source: KSeF API 2.0, section on what KSeF verifies in an invoice.
"""

import re
from datetime import date

from lxml import etree

from .schemas import schema_problems
from .statuses import InvoiceCode, Status

MEGABYTE = 1_000_000
MAX_SIZE = 1 * MEGABYTE
MAX_SIZE_WITH_ATTACHMENT = 3 * MEGABYTE
BOM = b"\xef\xbb\xbf"
NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
NIP_MODULUS = 11
FORMS = {
    "FA (2)": ("1-0E", "FA", "http://crd.gov.pl/wzor/2023/06/29/12648/"),
    "FA (3)": ("1-0E", "FA", "http://crd.gov.pl/wzor/2025/06/25/13775/"),
}
SCHEMA_FORM = "FA (3)"
# Forbidden in addition to what XML 1.0 forbids.
FORBIDDEN = re.compile(
    "[\x7f-\x84\x86-\x9f\ufdd0-\ufdef"
    + "".join(f"{chr(p * 65536 + 65534)}{chr(p * 65536 + 65535)}" for p in range(1, 17))
    + "]"
)
INVALID_XML = "Nieprawidłowy XML"
TOO_LARGE = "Rozmiar pliku faktury przekracza dopuszczalny limit."


class RejectedError(Exception):
    """The invoice is refused with ``status``."""

    def __init__(self, code, *details, extensions=None):
        super().__init__(code, details)
        self.status = Status(code, details, extensions)


def _check_bytes(xml):
    if xml.startswith(BOM):
        raise RejectedError(
            InvoiceCode.CONTENT_ERROR, "Plik faktury nie może zawierać znacznika BOM."
        )
    try:
        text = xml.decode("utf-8")
    except UnicodeDecodeError:
        raise RejectedError(
            InvoiceCode.CONTENT_ERROR, "Plik faktury nie jest zapisany w UTF-8."
        ) from None
    if FORBIDDEN.search(text):
        raise RejectedError(
            InvoiceCode.CONTENT_ERROR, "Plik faktury zawiera niedozwolone znaki."
        )


def _parse(xml):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        raise RejectedError(InvoiceCode.CONTENT_ERROR, INVALID_XML) from None
    info = root.getroottree().docinfo
    if info.doctype:
        raise RejectedError(InvoiceCode.CONTENT_ERROR, INVALID_XML)
    if (info.encoding or "UTF-8").upper() != "UTF-8":
        raise RejectedError(
            InvoiceCode.CONTENT_ERROR, "Deklarowane kodowanie pliku musi być UTF-8."
        )
    if root.xpath("//processing-instruction()"):
        raise RejectedError(
            InvoiceCode.CONTENT_ERROR, "Instrukcje przetwarzania XML są niedozwolone."
        )
    return root


def _finder(root):
    names = {"f": etree.QName(root).namespace or "none:"}

    def find(path):
        steps = "/".join(f"f:{step}" for step in path.split("/"))
        text = root.findtext(steps, namespaces=names)
        return text.strip() if text is not None else None

    return find


def read_facts(root):
    """What KSeF keeps of an invoice; a value that is not there is None."""
    find = _finder(root)
    return {
        "sellerNip": find("Podmiot1/DaneIdentyfikacyjne/NIP"),
        "sellerName": find("Podmiot1/DaneIdentyfikacyjne/Nazwa"),
        "invoiceNumber": find("Fa/P_2"),
        "issueDate": find("Fa/P_1"),
        "kind": find("Fa/RodzajFaktury"),
        "hasAttachment": find("Zalacznik") is not None,
    }


def _check_size(xml, has_attachment):
    limit = MAX_SIZE_WITH_ATTACHMENT if has_attachment else MAX_SIZE
    if len(xml) > limit:
        raise RejectedError(InvoiceCode.FILE_ERROR, TOO_LARGE)


def _check_form(root, form):
    _, value, namespace = FORMS[form]
    if etree.QName(root).namespace != namespace:
        raise RejectedError(
            InvoiceCode.CONTENT_ERROR,
            "Przestrzeń nazw nie odpowiada formularzowi sesji.",
        )
    code = root.find("f:Naglowek/f:KodFormularza", {"f": namespace})
    if code is None or (code.get("kodSystemowy"), code.text) != (form, value):
        raise RejectedError(
            InvoiceCode.CONTENT_ERROR,
            "Kod formularza nie odpowiada formularzowi sesji.",
        )


def _check_schema(root, form, schema):
    problems = schema_problems(schema if form == SCHEMA_FORM else None, root)
    if problems:
        raise RejectedError(InvoiceCode.CONTENT_ERROR, " ".join(problems))


def is_nip(text):
    """Whether the check digit of a ten-digit NIP is right."""
    if not re.fullmatch(r"\d{10}", text or ""):
        return False
    total = sum(
        int(digit) * weight for digit, weight in zip(text, NIP_WEIGHTS, strict=False)
    )
    return total % NIP_MODULUS == int(text[-1])


def _check_nips(root):
    for element in root.iter("{*}NIP"):
        if not is_nip((element.text or "").strip()):
            raise RejectedError(
                InvoiceCode.CONTENT_ERROR, f"Nieprawidłowy NIP: {element.text}"
            )


def _check_dates(facts, today):
    try:
        issued = date.fromisoformat(facts["issueDate"] or "")
    except ValueError:
        raise RejectedError(
            InvoiceCode.CONTENT_ERROR, "Nieprawidłowa data wystawienia (P_1)."
        ) from None
    if issued > today:
        detail = "Data wystawienia (P_1) nie może być późniejsza niż data przyjęcia."
        raise RejectedError(InvoiceCode.CONTENT_ERROR, detail)


def _check_complete(facts):
    for name in ("sellerNip", "invoiceNumber", "kind"):
        if not facts[name]:
            raise RejectedError(
                InvoiceCode.CONTENT_ERROR, f"Brak wymaganej wartości: {name}"
            )


def read_document(xml, form, schema, today, checks_nip, facts):
    """Check an online invoice and return its root.

    ``facts`` is filled as soon as the file is readable, so that a refusal can name
    the invoice number. Raises ``RejectedError``.
    """
    if len(xml) > MAX_SIZE_WITH_ATTACHMENT:
        raise RejectedError(InvoiceCode.FILE_ERROR, TOO_LARGE)
    _check_bytes(xml)
    root = _parse(xml)
    facts.update(read_facts(root))
    _check_size(xml, facts["hasAttachment"])
    _check_form(root, form)
    _check_schema(root, form, schema)
    _check_complete(facts)
    if checks_nip:
        _check_nips(root)
    _check_dates(facts, today)
    return root
