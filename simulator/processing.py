"""What KSeF does in its own time: deciding logins, sessions and invoices.

Packages have threads of their own; apart from these nothing runs in the background:
``settle`` catches up with the clock whenever somebody asks, and stamps each event
with the time at which it was due.
"""

from . import numbers
from .crypto import AES_KEY_BYTES, decrypt, sha256_base64
from .decisions import accept, check_content, check_fate
from .document import RejectedError
from .keys import SYMMETRIC_USAGE
from .login_check import decide_login
from .statuses import (
    NO_INVOICES,
    UPLOAD_TOO_LATE,
    InvoiceCode,
    SessionCode,
    Status,
)
from .upo import session_upo_pages


def settle(system):
    """Bring everything up to the present; the caller holds the lock."""
    now = system.clock.now()
    for login in system.book.logins.values():
        if not login.status.is_final and login.due <= now:
            decide_login(system, login)
    live = [s for s in system.book.sessions.values() if not s.status.is_final]
    for session in live:
        if not session.is_batch:
            _check_key(system, session, now)
        if session.status.code == SessionCode.OPEN:
            _settle_open(system, session, now)
    _settle_invoices(system, now)
    for session in live:
        if session.status.code == SessionCode.CLOSED:
            _settle_closed(system, session, now)


def _settle_open(system, session, now):
    if session.is_batch:
        _cancel_expired(session, now)
        return
    if session.valid_until <= now:
        close_session(session, session.valid_until)


def _cancel_expired(session, now):
    """A package that was never closed is given up, its parts are thrown away."""
    if session.valid_until > now:
        return
    is_empty = all(part.file is None for part in session.package.parts)
    detail = NO_INVOICES if is_empty else UPLOAD_TOO_LATE
    session.status = Status(SessionCode.CANCELLED, (detail,))
    session.updated = session.valid_until
    session.package.discard()


def unwrap_key(system, session):
    """Decrypt the session's key; whether it is one."""
    try:
        session.key = system.keys.decrypt(
            SYMMETRIC_USAGE, session.public_key_id, session.wrapped_key
        )
    except ValueError:
        session.key = b""
    return len(session.key) == AES_KEY_BYTES


def _check_key(system, session, now):
    if session.key or session.key_due > now:
        return
    if not unwrap_key(system, session):
        session.fate = Status(SessionCode.KEY_ERROR)
    if session.fate:
        session.status = session.fate
        session.updated = session.key_due


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
        check_fate(invoice)
        _check_sent(invoice)
        check_content(system, invoice)
        accept(system.settings, system.book, invoice)
    except RejectedError as rejected:
        invoice.status = rejected.status


def _check_sent(invoice):
    """What only an invoice that came singly can be wrong about."""
    session = invoice.session
    try:
        invoice.xml = decrypt(session.key, session.iv, invoice.content)
    except ValueError:
        raise RejectedError(InvoiceCode.DECRYPTION_ERROR) from None
    if len(invoice.xml) != invoice.invoice_size:
        detail = "Rozmiar faktury nie zgadza się z zadeklarowanym."
        raise RejectedError(InvoiceCode.FILE_ERROR, detail)
    if sha256_base64(invoice.xml) != invoice.invoice_hash:
        raise RejectedError(
            InvoiceCode.FILE_ERROR, "Skrót faktury nie zgadza się z zadeklarowanym."
        )


def _settle_closed(system, session, now):
    done = session.closed + system.settings.processing()
    if now < done or len(session.finished()) < len(session.invoices):
        return
    session.updated = max(session.updated, done)
    conclude(session, session_pages(system, session))


def session_pages(system, session):
    """The pages of the session's receipt by their new references."""
    settings = system.settings
    written = session_upo_pages(session, settings.environment, settings.upo_page_size)
    moment = session.updated
    return {
        numbers.reference_number(numbers.SESSION_UPO, moment): page for page in written
    }


def conclude(session, pages):
    """Give the final status that a session's invoices earned it."""
    session.upo_pages = pages
    if not session.invoices:
        session.status = Status(SessionCode.CANCELLED)
    elif not session.accepted():
        session.status = Status(SessionCode.NO_GOOD_INVOICE)
    else:
        session.status = Status(SessionCode.SUCCESS)
