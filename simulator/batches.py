"""Handlers: opening and closing batch sessions.

Source: KSeF API 2.0, section on the batch session.
"""

from datetime import timedelta

from . import numbers
from .archives import ZIP
from .batch_work import start_work
from .exchange import Response, json_response
from .problems import Code, invalid, refusal
from .sessions import find_open_session, new_session
from .state import Package, Part
from .storage import BLOB_HEADER, BLOB_TYPE, part_path

PARTS_MAX = 50
PART_MAX_BYTES = 100_000_016  # 100 MB of archive and the padding of the cipher
PART_WINDOW = timedelta(minutes=20)


def _read_parts(declared):
    ordinals = [part["ordinalNumber"] for part in declared]
    if not declared or ordinals != list(range(1, len(declared) + 1)):
        raise invalid("'batchFile.fileParts' must be numbered from 1 on.")
    if len(declared) > PARTS_MAX:
        detail = f"Liczba części przekracza dozwolony limit {PARTS_MAX}."
        raise refusal(Code.TOO_MANY_PARTS, detail)
    for part in declared:
        if part["fileSize"] > PART_MAX_BYTES:
            detail = f"Część {part['ordinalNumber']} jest większa niż 100 MB."
            raise refusal(Code.PART_SIZE, detail)
    return [Part(p["ordinalNumber"], p["fileSize"], p["fileHash"]) for p in declared]


def _upload_request(system, call, session, part):
    path = part_path(session, part.ordinal)
    end = session.package.upload_until
    return {
        "ordinalNumber": part.ordinal,
        "method": "PUT",
        "url": system.signer.write_link(call.request.base_url, path, end),
        "headers": {BLOB_HEADER: BLOB_TYPE},
    }


def open_batch(system, call):
    declared = call.body["batchFile"]
    parts = _read_parts(declared["fileParts"])
    session = new_session(system, call, numbers.BATCH_SESSION)
    session.package = Package(
        size=declared["fileSize"],
        hash=declared["fileHash"],
        compression=declared.get("compressionType") or ZIP,
        parts=parts,
        offline=call.body.get("offlineMode", False),
        upload_until=session.created + len(parts) * PART_WINDOW,
    )
    requests = [_upload_request(system, call, session, part) for part in parts]
    answer = {"referenceNumber": session.reference, "partUploadRequests": requests}
    return json_response(201, answer)


def _check_parts(session, now):
    """Refuse to close what did not come in whole."""
    package = session.package
    for part in package.parts:
        if part.file is None and now >= package.upload_until:
            detail = "Sesja anulowana, przekroczony czas wysyłki."
            raise refusal(Code.UPLOAD_TOO_LATE, detail)
        if part.file is None:
            detail = f"Nie przesłano zadeklarowanej '{part.ordinal}' części pliku."
            raise refusal(Code.PART_MISSING, detail)
        if part.received_size != part.size:
            detail = (
                f"Zadeklarowany rozmiar części '{part.ordinal}' nie zgadza się"
                " z rzeczywistym."
            )
            raise refusal(Code.PART_SIZE, detail)


def close_batch(system, call):
    session = find_open_session(system, call, "jej zamknięcie", is_batch=True)
    now = system.clock.now()
    _check_parts(session, now)
    session.fate = call.fate or session.fate
    start_work(system, session, now)
    return Response(204)
