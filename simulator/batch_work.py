"""What KSeF does with a package once its session is closed.

One thread a package, so that whoever asks meanwhile is answered: the book's lock is
held for single invoices only. Source: KSeF API 2.0, section on the batch session.
"""

import hashlib
import tempfile
import threading
import time

from . import numbers
from .archives import BrokenArchiveError, read_files
from .crypto import base64_text, decrypt_chunks, read_chunks
from .decisions import accept, check_content, check_fate
from .document import RejectedError
from .faults import BATCH_INVOICE, fate_of
from .processing import conclude, session_pages, unwrap_key
from .state import Invoice
from .statuses import InvoiceCode, SessionCode, Status

TICK_SECONDS = 0.02
# Between some invoices the other threads are let in.
FILES_A_BREATH = 25
BREATH_SECONDS = 0.0005


class _BadPackageError(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.status = Status(code)


def start_work(system, session, now):
    """Close a batch session and begin with its package when that is due."""
    session.status = Status(SessionCode.IN_WORK)
    session.closed = session.updated = now
    due = now + system.settings.processing()
    worker = threading.Thread(target=_run, args=(_Work(system, session), due))
    worker.daemon = True
    worker.start()


def _run(work, due):
    while work.system.clock.now() < due:
        time.sleep(TICK_SECONDS)
    try:
        work.do()
    except _BadPackageError as bad:
        work.fail(bad.status)
    except BrokenArchiveError:
        work.fail(Status(SessionCode.ARCHIVE_ERROR))
    finally:
        work.session.package.discard()


class _Work:
    """A package on its way into the book of the time when it was closed."""

    def __init__(self, system, session):
        self.system = system
        self.session = session
        self._book = system.book

    def do(self):
        """Take the package apart; raises what is wrong with it as a whole."""
        fate = self.session.fate
        if fate and fate.code != SessionCode.NO_GOOD_INVOICE:
            return self.fail(fate)
        if not unwrap_key(self.system, self.session):
            raise _BadPackageError(SessionCode.KEY_ERROR)
        with tempfile.TemporaryFile() as archive:
            self._assemble(archive)
            self._check_number(archive)
            self._take_invoices(archive)
        return self._finish()

    def fail(self, status):
        with self.system.lock:
            self.session.updated = self.system.clock.now()
            self.session.status = status

    def _assemble(self, archive):
        """Decrypt the parts one after the other into ``archive``."""
        package, digest, size = self.session.package, hashlib.sha256(), 0
        for part in package.parts:
            received = (part.received_size, part.received_hash)
            if received != (part.size, part.hash):
                raise _BadPackageError(SessionCode.PACKAGE_ERROR)
            for piece in self._decrypted(part):
                archive.write(piece)
                digest.update(piece)
                size += len(piece)
        if (size, base64_text(digest.digest())) != (package.size, package.hash):
            raise _BadPackageError(SessionCode.PACKAGE_ERROR)

    def _decrypted(self, part):
        try:
            yield from decrypt_chunks(
                self.session.key, self.session.iv, read_chunks(part.file)
            )
        except ValueError:
            raise _BadPackageError(SessionCode.DECRYPTION_ERROR) from None

    def _check_number(self, archive):
        """Read the archive once in vain, so that a broken one leaves no invoices."""
        compression = self.session.package.compression
        for number, _ in enumerate(read_files(archive, compression), 1):
            if number > self.system.settings.max_invoices:
                raise _BadPackageError(SessionCode.TOO_MANY_INVOICES)
            _breathe(number)

    def _take_invoices(self, archive):
        files = read_files(archive, self.session.package.compression)
        for ordinal, file in enumerate(files, 1):
            self._take(ordinal, file)
            _breathe(ordinal)

    def _take(self, ordinal, file):
        now = self.system.clock.now()
        invoice = Invoice(
            reference=numbers.reference_number(numbers.INVOICE, now),
            session=self.session,
            ordinal=ordinal,
            received=self.session.created,
            due=now,
            invoice_hash=file.hash,
            invoice_size=len(file.content),
            file_name=file.name,
            offline=self.session.package.offline,
            fate=self._invoice_fate(),
            xml=file.content,
        )
        try:
            check_fate(invoice)
            check_content(self.system, invoice)
            with self.system.lock:
                accept(self.system.settings, self._book, invoice)
                self._book.add_invoice(invoice)
        except RejectedError as rejected:
            invoice.status, invoice.xml = rejected.status, b""
            with self.system.lock:
                self._book.add_invoice(invoice)

    def _invoice_fate(self):
        if self.session.fate:
            return Status(InvoiceCode.CONTENT_ERROR)
        return fate_of(self.system.faults.take(BATCH_INVOICE))

    def _finish(self):
        """The session stays in work while an invoice does."""
        session = self.session
        session.updated = self.system.clock.now()
        if len(session.finished()) < len(session.invoices):
            return
        pages = session_pages(self.system, session)
        with self.system.lock:
            conclude(session, pages)


def _breathe(number):
    if number % FILES_A_BREATH == 0:
        time.sleep(BREATH_SECONDS)
