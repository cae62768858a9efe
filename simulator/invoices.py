"""Handlers: sending an invoice, its status, its receipt.

Source: KSeF API 2.0, section on the interactive session.
"""

import base64

from . import numbers
from .clock import to_text
from .crypto import sha256_base64
from .exchange import json_response
from .paging import page
from .problems import Code, invalid, refusal
from .sessions import find_open_session, find_session, xml_answer
from .state import Invoice
from .statuses import InvoiceCode, describe_invoice
from .storage import invoice_receipt_path
from .upo import invoice_upo

# Refused for a reason that a technical correction cannot cure.
NOT_CORRECTABLE = (InvoiceCode.NO_RIGHTS,)


def _check_content(body):
    content = base64.b64decode(body["encryptedInvoiceContent"])
    if len(content) != body["encryptedInvoiceSize"]:
        detail = "Długość treści nie zgadza się z rozmiarem pliku."
        raise refusal(Code.WRONG_SIZE, detail)
    if sha256_base64(content) != body["encryptedInvoiceHash"]:
        raise refusal(Code.WRONG_HASH, "Skrót treści nie zgadza się ze skrótem pliku.")
    return content


def _check_correction(system, call):
    """Refuse a technical correction of what is not a refused offline invoice."""
    corrected = call.body.get("hashOfCorrectedInvoice")
    if corrected is None:
        return
    if not call.body.get("offlineMode"):
        raise invalid("'hashOfCorrectedInvoice' requires 'offlineMode'.")
    own = [
        invoice
        for invoice in system.book.invoices.values()
        if invoice.session.context == call.login.context
    ]
    if any(i.ksef_number and i.corrected_hash == corrected for i in own):
        detail = "Faktura posiada już przetworzoną prawidłowo korektę techniczną."
        raise refusal(Code.ALREADY_CORRECTED, detail)
    originals = [invoice for invoice in own if invoice.invoice_hash == corrected]
    if not any(_is_correctable(invoice) for invoice in originals):
        detail = (
            "Nie można wysłać korekty technicznej do prawidłowo przetworzonej faktury."
        )
        raise refusal(Code.NOT_CORRECTABLE, detail)


def _is_correctable(invoice):
    code = invoice.status.code
    return invoice.status.is_failure and code not in NOT_CORRECTABLE


def send_invoice(system, call):
    session = find_open_session(system, call, "wysyłkę faktur")
    limit = system.settings.max_invoices
    if len(session.invoices) >= limit:
        detail = f"Sesja o numerze referencyjnym {session.reference} osiągnęła"
        raise refusal(
            Code.SESSION_FULL, f"{detail} dozwolony limit liczby faktur {limit}."
        )
    content = _check_content(call.body)
    _check_correction(system, call)
    now = system.clock.now()
    invoice = Invoice(
        reference=numbers.reference_number(numbers.INVOICE, now),
        session=session,
        ordinal=len(session.invoices) + 1,
        received=now,
        due=now + system.settings.processing(),
        invoice_hash=call.body["invoiceHash"],
        invoice_size=call.body["invoiceSize"],
        content=content,
        offline=call.body.get("offlineMode", False),
        corrected_hash=call.body.get("hashOfCorrectedInvoice"),
        fate=call.fate,
    )
    session.updated = now
    # Times may have been shortened since the session was opened.
    session.key_due = min(session.key_due, invoice.due)
    system.book.add_invoice(invoice)
    system.book.waiting.append(invoice)
    return json_response(202, {"referenceNumber": invoice.reference})


def _describe(system, call, invoice):
    def text(moment):
        return to_text(moment) if moment else None

    stored = invoice.stored
    if stored and stored > system.clock.now():
        stored = None
    link = (None, None)
    if invoice.ksef_number:
        path = invoice_receipt_path(invoice)
        link = system.signer.read_link(call.request.base_url, path)
    is_known = invoice.status.is_final
    return {
        "ordinalNumber": invoice.ordinal,
        "invoiceNumber": invoice.facts.get("invoiceNumber") if is_known else None,
        "ksefNumber": invoice.ksef_number,
        "referenceNumber": invoice.reference,
        "invoiceHash": invoice.invoice_hash,
        "invoiceFileName": invoice.file_name,
        "acquisitionDate": text(invoice.acquired),
        "invoicingDate": text(invoice.received),
        "permanentStorageDate": text(stored),
        "upoDownloadUrl": link[0],
        "upoDownloadUrlExpirationDate": link[1],
        "invoicingMode": invoice.mode,
        "status": describe_invoice(call.fate or invoice.status),
    }


def _answer_list(system, call, invoices, scope):
    session = find_session(system, call)
    invoices = invoices(session)
    shown, following = page(invoices, call, f"{scope}-{session.reference}")
    answer = {
        "continuationToken": following,
        "invoices": [_describe(system, call, invoice) for invoice in shown],
    }
    return json_response(200, answer)


def session_invoices(system, call):
    return _answer_list(system, call, lambda session: session.invoices, "invoices")


def failed_invoices(system, call):
    def failed(session):
        return [invoice for invoice in session.invoices if invoice.status.is_failure]

    return _answer_list(system, call, failed, "failed")


def _find_invoice(system, call):
    session = find_session(system, call)
    reference = call.params["invoiceReferenceNumber"]
    invoice = system.book.invoices.get(reference)
    if invoice is None or invoice.session is not session:
        detail = f"Faktura o numerze referencyjnym {reference} nie została znaleziona."
        raise invalid(detail)
    return invoice


def invoice_status(system, call):
    invoice = _find_invoice(system, call)
    return json_response(200, _describe(system, call, invoice))


def upo_by_reference(system, call):
    invoice = _find_invoice(system, call)
    if not invoice.ksef_number:
        detail = f"UPO dla faktury {invoice.reference} nie zostało znalezione."
        raise invalid(detail)
    return xml_answer(invoice_upo(invoice, system.settings.environment))


def upo_by_number(system, call):
    session_reference = call.params["referenceNumber"]
    number = call.params["ksefNumber"]
    invoice = system.book.by_ksef_number.get(number)
    if (
        invoice is None
        or invoice.session.reference != session_reference
        or invoice.session.context != call.login.context
    ):
        detail = (
            f"UPO o numerze KSeF {number} i numerze referencyjnym sesji"
            f" {session_reference} nie zostało znalezione."
        )
        raise refusal(Code.NO_UPO, detail)
    find_session(system, call)
    return xml_answer(invoice_upo(invoice, system.settings.environment))
