"""Writing receipts (UPO v4-3) for one invoice or a page of a session.

Unsigned, like the official samples. Source: KSeF API 2.0, section on UPO v4-3.
"""

from lxml import etree

from .clock import WARSAW

NAMESPACE = "http://upo.schematy.mf.gov.pl/KSeF/v4-3"
RECEIVERS = {
    "production": "Ministerstwo Finansów",
    "demo": "Ministerstwo Finansów - środowisko przedprodukcyjne (TR)",
    "test": "Ministerstwo Finansów - środowisko testowe (TE)",
}
CONTEXT_ELEMENTS = {
    "Nip": "Nip",
    "InternalId": "IdWewnetrzny",
    "NipVatUe": "IdZlozonyVatUE",
    "PeppolId": "IdDostawcyUslugPeppol",
}


def _add(parent, name, text=None):
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    element.text = text
    return element


def _local_time(moment):
    return moment.astimezone(WARSAW).isoformat(timespec="milliseconds")


def _add_head(root, session, environment):
    _add(root, "NazwaPodmiotuPrzyjmujacego", RECEIVERS[environment])
    _add(root, "NumerReferencyjnySesji", session.reference)
    authentication = _add(root, "Uwierzytelnienie")
    kind, value = session.context
    _add(_add(authentication, "IdKontekstu"), CONTEXT_ELEMENTS[kind], value)
    if session.login.token:
        reference = session.login.token.reference
        _add(authentication, "NumerReferencyjnyTokenaKSeF", reference)
    else:
        document_hash = session.login.proof.document_hash
        _add(authentication, "SkrotDokumentuUwierzytelniajacego", document_hash)


def _add_page(root, page):
    number, pages, first, last, total = page
    description = _add(root, "OpisPotwierdzenia")
    _add(description, "Strona", str(number))
    _add(description, "LiczbaStron", str(pages))
    _add(description, "ZakresDokumentowOd", str(first))
    _add(description, "ZakresDokumentowDo", str(last))
    _add(description, "CalkowitaLiczbaDokumentow", str(total))


def _add_document(root, invoice):
    document = _add(root, "Dokument")
    _add(document, "NipSprzedawcy", invoice.facts["sellerNip"])
    _add(document, "NumerKSeFDokumentu", invoice.ksef_number)
    _add(document, "NumerFaktury", invoice.facts["invoiceNumber"])
    _add(document, "DataWystawieniaFaktury", invoice.facts["issueDate"])
    _add(document, "DataPrzeslaniaDokumentu", _local_time(invoice.received))
    _add(document, "DataNadaniaNumeruKSeF", _local_time(invoice.acquired))
    _add(document, "SkrotDokumentu", invoice.invoice_hash)
    _add(document, "TrybWysylki", invoice.mode)


def _write(session, invoices, environment, page=None):
    root = etree.Element(f"{{{NAMESPACE}}}Potwierdzenie", nsmap={None: NAMESPACE})
    _add_head(root, session, environment)
    if page:
        _add_page(root, page)
    code = session.form["systemCode"]
    version = session.form["schemaVersion"]
    name = f"Schemat_{code.replace(' ', '')}_v{version}.xsd"
    _add(root, "NazwaStrukturyLogicznej", name)
    _add(root, "KodFormularza", code)
    for invoice in invoices:
        _add_document(root, invoice)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def invoice_upo(invoice, environment):
    """The receipt of one accepted invoice, as bytes."""
    return _write(invoice.session, [invoice], environment)


def session_upo_pages(session, environment, page_size):
    """The pages of the collective receipt of a finished session, as bytes."""
    accepted = session.accepted()
    starts = range(0, len(accepted), page_size)
    pages = []
    for number, start in enumerate(starts, 1):
        part = accepted[start : start + page_size]
        page = (number, len(starts), start + 1, start + len(part), len(accepted))
        pages.append(_write(session, part, environment, page))
    return pages
