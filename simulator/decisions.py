"""Whether an invoice is taken: its content, then whether it was there before.

Source: KSeF API 2.0, section on what KSeF verifies in an invoice.
"""

from . import numbers
from .clock import warsaw_day
from .document import INVALID_XML, RejectedError, read_document
from .metadata import metadata_facts
from .statuses import InvoiceCode, Status


def check_fate(invoice):
    """Raise ``RejectedError`` where the invoice has a prescribed end."""
    fate = invoice.fate
    if fate:
        raise RejectedError(fate.code, *fate.details, extensions=fate.extensions)


def check_content(system, invoice):
    """Read the facts of the invoice; raises ``RejectedError``. Needs no lock."""
    root = read_document(
        invoice.xml,
        invoice.session.form["systemCode"],
        system.schema,
        warsaw_day(invoice.received),
        system.settings.environment == "production",
        invoice.facts,
    )
    if invoice.facts["hasAttachment"] and not invoice.corrected_hash:
        raise RejectedError(InvoiceCode.ATTACHMENT)
    if ("Nip", invoice.facts["sellerNip"]) != invoice.session.context:
        raise RejectedError(InvoiceCode.NO_RIGHTS, "Brak uprawnienia fakturowego")
    try:
        invoice.facts.update(metadata_facts(root))
    except ValueError:
        raise RejectedError(InvoiceCode.CONTENT_ERROR, INVALID_XML) from None


def accept(settings, book, invoice):
    """Number the invoice as of its due time; raises ``RejectedError`` for a duplicate.

    The caller holds the lock.
    """
    _check_duplicate(book, invoice)
    invoice.acquired = invoice.due
    invoice.stored = invoice.due + settings.storage()
    is_late = invoice.facts["issueDate"] < str(warsaw_day(invoice.received))
    invoice.mode = "Offline" if invoice.offline or is_late else "Online"
    invoice.ksef_number = numbers.ksef_number(
        invoice.facts["sellerNip"], invoice.received
    )
    invoice.status = Status(InvoiceCode.SUCCESS)
    book.accept(invoice)


def _check_duplicate(book, invoice):
    original = book.by_duplicate_key.get(invoice.duplicate_key)
    if original is None:
        return
    detail = (
        f"Duplikat faktury. Faktura o numerze KSeF: {original.ksef_number} została"
        f" już prawidłowo przesłana do systemu w sesji: {original.session.reference}"
    )
    extensions = {
        "originalSessionReferenceNumber": original.session.reference,
        "originalKsefNumber": original.ksef_number,
    }
    raise RejectedError(InvoiceCode.DUPLICATE, detail, extensions=extensions)
