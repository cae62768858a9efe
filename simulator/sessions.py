"""Handlers: opening and closing interactive sessions; showing and listing all.

Source: KSeF API 2.0, sections on the interactive and on the batch session.
"""

import base64

from . import numbers
from .auth import check_key_id
from .clock import to_text
from .crypto import sha256_base64
from .document import FORMS
from .exchange import XML, Response, json_response
from .keys import SYMMETRIC_USAGE
from .links import HASH_HEADER
from .paging import page
from .problems import Code, forbidden, invalid, refusal
from .processing import close_session
from .state import Session
from .statuses import SessionCode, describe_session
from .storage import session_receipt_path

TEST_ONLY_FORMS = {"FA (2)"}
BATCH = "Batch"
SEES_ALL = {"Introspection", "EnforcementOperations"}
GROUPS = {
    SessionCode.OPEN: "InProgress",
    SessionCode.IN_WORK: "InProgress",
    SessionCode.CLOSED: "InProgress",
    SessionCode.SUCCESS: "Succeeded",
    SessionCode.CANCELLED: "Cancelled",
}


def _check_form(system, form):
    version, value, _ = FORMS.get(form["systemCode"], (None, None, None))
    is_known = (form["schemaVersion"], form["value"]) == (version, value)
    is_test_only = form["systemCode"] in TEST_ONLY_FORMS
    if not is_known or (is_test_only and system.settings.environment != "test"):
        raise invalid("Wskazany kod formularza nie jest wspierany.")


def new_session(system, call, kind):
    """Begin a session of ``kind``, the two letters of its reference."""
    encryption = call.body["encryption"]
    _check_form(system, call.body["formCode"])
    check_key_id(system, SYMMETRIC_USAGE, encryption.get("publicKeyId"))
    now = system.clock.now()
    session = Session(
        reference=numbers.reference_number(kind, now),
        form=call.body["formCode"],
        context=call.login.context,
        login=call.login,
        created=now,
        updated=now,
        valid_until=now + system.settings.session_life(),
        key_due=now + system.settings.processing() / 2,
        wrapped_key=base64.b64decode(encryption["encryptedSymmetricKey"]),
        iv=base64.b64decode(encryption["initializationVector"]),
        public_key_id=encryption.get("publicKeyId"),
        fate=call.fate,
    )
    system.book.sessions[session.reference] = session
    return session


def open_online(system, call):
    session = new_session(system, call, numbers.ONLINE_SESSION)
    answer = {
        "referenceNumber": session.reference,
        "validUntil": to_text(session.valid_until),
    }
    return json_response(201, answer)


def find_session(system, call, word="znaleziona"):
    """The session of the path; 21173 in another context, 403 for another subject."""
    reference = call.params["referenceNumber"]
    session = system.book.sessions.get(reference)
    if session is None or session.context != call.login.context:
        raise _no_session(reference, word)
    if not _sees(call, session):
        raise forbidden("insufficient-resource-access")
    return session


def _no_session(reference, word):
    detail = f"Sesja o numerze referencyjnym {reference} nie została {word}."
    return refusal(Code.NO_SESSION, detail)


def find_open_session(system, call, purpose, is_batch=False):
    """The session of the path if it is still open, else 21180."""
    word = "znaleziona" if is_batch else "odnaleziona"
    session = find_session(system, call, word)
    if session.is_batch != is_batch:
        raise _no_session(session.reference, word)
    if session.status.code != SessionCode.OPEN:
        detail = f"Status sesji ({session.status.code}) uniemożliwia {purpose}."
        raise refusal(Code.SESSION_STATUS, detail)
    return session


def _sees(call, session):
    is_own = session.login.subject == call.login.subject
    return is_own or bool(SEES_ALL & set(call.permissions))


def close_online(system, call):
    session = find_open_session(system, call, "jej zamknięcie")
    close_session(session, system.clock.now())
    return Response(204)


def _counts(session):
    accepted = len(session.accepted())
    return len(session.invoices), accepted, len(session.finished()) - accepted


def _upo_pages(system, call, session):
    pages = []
    for reference in session.upo_pages:
        path = session_receipt_path(session, reference)
        link = system.signer.read_link(call.request.base_url, path)
        pages.append(
            {
                "referenceNumber": reference,
                "downloadUrl": link[0],
                "downloadUrlExpirationDate": link[1],
            }
        )
    return {"pages": pages} if pages else None


def session_status(system, call):
    session = find_session(system, call)
    total, accepted, failed = _counts(session)
    answer = {
        "status": describe_session(call.fate or session.status, session.is_batch),
        "dateCreated": to_text(session.created),
        "dateUpdated": to_text(session.updated),
        "validUntil": to_text(session.valid_until),
        "upo": _upo_pages(system, call, session),
        "invoiceCount": total or None,
        "successfulInvoiceCount": accepted or None,
        "failedInvoiceCount": failed or None,
    }
    return json_response(200, answer)


def session_upo(system, call):
    session = find_session(system, call)
    reference = call.params["upoReferenceNumber"]
    content = session.upo_pages.get(reference)
    if content is None:
        detail = (
            f"UPO o numerze referencyjnym {reference} dla sesji"
            f" {session.reference} nie zostało znalezione."
        )
        raise refusal(Code.NO_UPO, detail)
    return xml_answer(content)


def xml_answer(content):
    """A document with the hash that clients check it against."""
    return Response(200, content, XML, {HASH_HEADER: sha256_base64(content)})


def _is_between(query, name, moment):
    first, last = query.get(f"date{name}From"), query.get(f"date{name}To")
    if moment is None:
        return first is None and last is None
    return (first is None or first <= moment) and (last is None or moment <= last)


def _matches(session, query):
    group = GROUPS.get(session.status.code, "Failed")
    return (
        query.get("referenceNumber", session.reference) == session.reference
        and group in query.get("statuses", (group,))
        and _is_between(query, "Created", session.created)
        and _is_between(query, "Closed", session.closed)
        and _is_between(query, "Modified", session.updated)
    )


def _describe_item(session):
    total, accepted, failed = _counts(session)
    return {
        "referenceNumber": session.reference,
        "status": describe_session(session.status, session.is_batch),
        "dateCreated": to_text(session.created),
        "dateUpdated": to_text(session.updated),
        "validUntil": to_text(session.valid_until),
        "totalInvoiceCount": total,
        "successfulInvoiceCount": accepted,
        "failedInvoiceCount": failed,
    }


def sessions_list(system, call):
    if "sessionType" not in call.query:
        raise invalid("'sessionType' is required.")
    found = [
        session
        for session in system.book.sessions.values()
        if session.is_batch == (call.query["sessionType"] == BATCH)
        and session.context == call.login.context
        and _sees(call, session)
        and _matches(session, call.query)
    ]
    found.sort(key=lambda session: session.created, reverse=True)
    sessions, following = page(found, call, "sessions")
    answer = {
        "continuationToken": following,
        "sessions": [_describe_item(session) for session in sessions],
    }
    return json_response(200, answer)
