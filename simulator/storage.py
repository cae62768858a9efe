"""Handlers of the storage beside the API: parts of packages in, receipts out.

Source: KSeF API 2.0, sections on the batch session and on UPO download.
"""

from .crypto import sha256_base64
from .exchange import XML, Response
from .links import HASH_HEADER, READ, WRITE
from .statuses import SessionCode
from .upo import invoice_upo

PARTS = "batch-parts"
SESSION_RECEIPTS = "session-upo"
INVOICE_RECEIPTS = "invoice-upo"
READ_ROOT = "01"
WRITE_ROOT = "00"
BLOB_HEADER = "x-ms-blob-type"
BLOB_TYPE = "BlockBlob"
BEARER_HEADER = "authorization"
ENDING = ".xml"
ERROR = '<?xml version="1.0" encoding="utf-8"?><Error><Code>{}</Code></Error>'


def part_path(session, ordinal):
    return f"{WRITE_ROOT}/{session.reference}/{PARTS}/{ordinal}"


def session_receipt_path(session, reference):
    return f"{READ_ROOT}/{session.reference}/{SESSION_RECEIPTS}/{reference}{ENDING}"


def invoice_receipt_path(invoice):
    reference, number = invoice.session.reference, invoice.ksef_number
    return f"{READ_ROOT}/{reference}/{INVOICE_RECEIPTS}/{number}{ENDING}"


def _refuse(status, code):
    return Response(status, ERROR.format(code).encode(), XML)


def _find_receipt(system, path):
    """The receipt stored under ``path``, or None."""
    _, session, kind, name = path.split("/")
    name = name.removesuffix(ENDING)
    if kind == SESSION_RECEIPTS:
        session = system.book.sessions.get(session)
        return session.upo_pages.get(name) if session else None
    invoice = system.book.by_ksef_number.get(name)
    return invoice_upo(invoice, system.settings.environment) if invoice else None


def download(system, call):
    """Answer a link's GET; a bearer token is as wrong here as a bad signature."""
    path, request = call.params["name"], call.request
    is_right = system.signer.allows(path, request.query, READ, request.arrived)
    if not is_right or BEARER_HEADER in request.headers:
        return _refuse(403, "AuthenticationFailed")
    content = _find_receipt(system, path)
    if content is None:
        return _refuse(404, "BlobNotFound")
    return Response(200, content, XML, {HASH_HEADER: sha256_base64(content)})


def upload_part(system, call):
    """Keep a part; the window counts at the start of the request only."""
    path, request = call.params["name"], call.request
    if BEARER_HEADER in request.headers:
        return _refuse(401, "InvalidAuthenticationInfo")
    if not system.signer.allows(path, request.query, WRITE, request.arrived):
        return _refuse(403, "AuthenticationFailed")
    if request.headers.get(BLOB_HEADER) != BLOB_TYPE or not request.upload.size:
        return _refuse(400, "InvalidHeaderValue")
    _, reference, _, ordinal = path.split("/")
    session = system.book.sessions.get(reference)
    if session is None or not _takes_parts(session, request.arrived):
        return _refuse(403, "AuthorizationPermissionMismatch")
    _keep(system, session, session.package.parts[int(ordinal) - 1], request.upload)
    return Response(201)


def _takes_parts(session, moment):
    is_open = session.status.code == SessionCode.OPEN
    return is_open and moment < session.package.upload_until


def _keep(system, session, part, upload):
    if part.file:
        part.file.close()
    part.file = upload.file
    part.received_size, part.received_hash = upload.size, upload.hash
    # A batch session ends after hours without activity, an interactive one anyhow.
    session.updated = system.clock.now()
    session.valid_until = session.updated + system.settings.session_life()
