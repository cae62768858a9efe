"""What KSeF does in its own time: deciding logins, sessions and invoices.

Nothing runs in the background: ``settle`` catches up with the clock whenever
somebody asks, and stamps each event with the time at which it was due.
"""

import base64
import hashlib

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from . import numbers
from .clock import warsaw_day
from .document import INVALID_XML, RejectedError, read_document
from .keys import SYMMETRIC_USAGE
from .login_check import decide_login
from .metadata import metadata_facts
from .statuses import InvoiceCode, SessionCode, Status
from .upo import invoice_upo, session_upo_pages

AES_BLOCK_BITS = 128
AES_KEY_BYTES = 32


def sha256_base64(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def settle(system):
    """Bring everything up to the present; the caller holds the lock."""
    now = system.clock.now()
    for login in system.book.logins.values():
        if not login.status.is_final and login.due <= now:
            decide_login(system, login)
    live = [s for s in system.book.sessions.values() if not s.status.is_final]
    for session in live:
        _check_key(system, session, now)
        _close_expired(session, now)
    _settle_invoices(system, now)
    for session in live:
        if session.status.code == SessionCode.CLOSED:
            _finish_session(system, session, now)


def _check_key(system, session, now):
    if session.key or session.key_due > now:
        return
    try:
        session.key = system.keys.decrypt(
            SYMMETRIC_USAGE, session.public_key_id, session.wrapped_key
        )
    except ValueError:
        session.key = b""
    if len(session.key) != AES_KEY_BYTES:
        session.fate = Status(SessionCode.KEY_ERROR)
    if session.fate:
        session.status = session.fate
        session.updated = session.key_due


def _close_expired(session, now):
    if session.status.code == SessionCode.OPEN and session.valid_until <= now:
        close_session(session, session.valid_until)


def close_session(session, moment):
    session.status = Status(SessionCode.CLOSED)
    session.closed = session.updated = moment


def _settle_invoices(system, now):
    waiting = system.book.waiting
    due = sorted((i for i in waiting if i.due <= now), key=lambda i: i.due)
    for invoice in due:
        waiting.remove(invoice)
        _decide_invoice(system, invoice)
    for invoice in waiting:
        if now >= invoice.received + (invoice.due - invoice.received) / 2:
            invoice.status = Status(InvoiceCode.IN_WORK)


def _decide_invoice(system, invoice):
    session = invoice.session
    session.updated = max(session.updated, invoice.due)
    if session.status.is_failure:
        invoice.status = Status(InvoiceCode.SESSION_ERROR)
        return
    try:
        _check_invoice(system, invoice)
        _accept(system, invoice)
    except RejectedError as rejected:
        invoice.status = rejected.status


def _check_invoice(system, invoice):
    if invoice.fate:
        raise RejectedError(invoice.fate.code, *invoice.fate.details)
    invoice.xml = _decrypt(invoice)
    if len(invoice.xml) != invoice.invoice_size:
        detail = "Rozmiar faktury nie zgadza się z zadeklarowanym."
        raise RejectedError(InvoiceCode.FILE_ERROR, detail)
    if sha256_base64(invoice.xml) != invoice.invoice_hash:
        raise RejectedError(
            InvoiceCode.FILE_ERROR, "Skrót faktury nie zgadza się z zadeklarowanym."
        )
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
    _check_duplicate(system.book, invoice)


def _decrypt(invoice):
    session = invoice.session
    decryptor = Cipher(algorithms.AES(session.key), modes.CBC(session.iv)).decryptor()
    unpadder = padding.PKCS7(AES_BLOCK_BITS).unpadder()
    try:
        padded = decryptor.update(invoice.content) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise RejectedError(InvoiceCode.DECRYPTION_ERROR) from None


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


def _accept(system, invoice):
    invoice.acquired = invoice.due
    invoice.stored = invoice.due + system.settings.storage()
    is_late = invoice.facts["issueDate"] < str(warsaw_day(invoice.received))
    invoice.mode = "Offline" if invoice.offline or is_late else "Online"
    invoice.ksef_number = numbers.ksef_number(
        invoice.facts["sellerNip"], invoice.received
    )
    invoice.status = Status(InvoiceCode.SUCCESS)
    invoice.upo = invoice_upo(invoice, system.settings.environment)
    system.book.accept(invoice)


def _finish_session(system, session, now):
    done = session.closed + system.settings.processing()
    if now < done or len(session.finished()) < len(session.invoices):
        return
    session.updated = max(session.updated, done)
    if not session.invoices:
        session.status = Status(SessionCode.CANCELLED)
        return
    if not session.accepted():
        session.status = Status(SessionCode.NO_GOOD_INVOICE)
        return
    session.status = Status(SessionCode.SUCCESS)
    for page in session_upo_pages(session, system.settings.environment):
        reference = numbers.reference_number(numbers.SESSION_UPO, done)
        session.upo_pages[reference] = page
