"""One short method per endpoint; the access token is given with each call."""

import logging
from datetime import timedelta

from . import crypto, messages, messages_batch, routes
from .environments import Environment
from .errors import KsefNoAnswer, KsefProtocolError
from .storage import UPLOAD_SECONDS, checked_body
from .wire import MessageError

# 10 000 invoices of a session in pages of 1000, and one more that ends the list.
SESSION_PAGES_MAX = 11
# Ours: of the newest 10 000 sessions.
SESSION_LIST_PAGES_MAX = 10
# Window of a search; KSeF takes three months at most, the shortest has 89 days.
SEARCH_DAYS = 89

_logger = logging.getLogger(__name__)


class KsefClient:
    """Calls of the KSeF API 2.0 over one :class:`~.transport.Transport`."""

    def __init__(self, transport):
        self._transport = transport

    @property
    def transport(self):
        """The transport, for its clock offset and notices."""
        return self._transport

    def now(self):
        """Return the time by KSeF's clock, aware UTC."""
        return self._transport.server_now()

    # -- login ---------------------------------------------------------------

    def public_keys(self):
        """Return the Ministry's certificates that pass the checks, as a list."""
        keys = self._ask(routes.PUBLIC_KEYS, _readable_keys)
        is_production = self._transport.endpoint.environment is Environment.PRODUCTION
        good = [key for key in keys if crypto.is_trustworthy(key, is_production)]
        if len(good) < len(keys):
            _logger.warning("KSeF: %s public keys set aside", len(keys) - len(good))
        return good

    def challenge(self):
        """Return a new :class:`~.messages.Challenge`."""
        return self._ask(routes.CHALLENGE, messages.Challenge.from_json)

    def login_token(self, request):
        """Start a login; takes a :class:`~.messages.LoginRequest`."""
        return self._ask(
            routes.LOGIN_TOKEN,
            messages.LoginStarted.from_json,
            payload=request.to_json(),
        )

    def login_certificate(self, signed):
        """Start a login; takes the bytes of a signed login, see ``xades``."""
        return self._ask(
            routes.LOGIN_CERTIFICATE, messages.LoginStarted.from_json, payload=signed
        )

    def login_status(self, operation, reference):
        """Return the :class:`~.messages.LoginStatus` of a login under way."""
        return self._ask(
            routes.LOGIN_STATUS,
            messages.LoginStatus.from_json,
            bearer=operation,
            values={"reference": reference},
        )

    def redeem(self, operation):
        """Return the :class:`~.messages.TokenPair` of a finished login, once."""
        return self._ask(routes.REDEEM, messages.TokenPair.from_json, bearer=operation)

    def refresh(self, refresh):
        """Return a :class:`~.messages.RefreshedAccess`."""
        return self._ask(
            routes.REFRESH, messages.RefreshedAccess.from_json, bearer=refresh
        )

    # -- interactive session -------------------------------------------------

    def open_online_session(self, access, session_key, public_key):
        """Open a session for FA(3) invoices.

        :param public_key: chosen for ``messages.USAGE_SESSION``
        :returns: :class:`~.messages.OpenSession`
        """
        request = messages.OpenSessionRequest(
            crypto.wrap_key(session_key, public_key),
            session_key.iv,
            public_key.public_key_id,
        )
        return self._ask(
            routes.OPEN_ONLINE,
            messages.OpenSession.from_json,
            bearer=access,
            payload=request.to_json(),
        )

    def send_invoice(self, access, session_reference, encrypted, offline=False):
        """Send one invoice and return its reference number.

        Never repeated here. :class:`~.errors.KsefNoAnswer` means that KSeF may
        have taken it.
        """
        sent = self._ask(
            routes.SEND_INVOICE,
            messages.SentInvoice.from_json,
            bearer=access,
            values={"session": session_reference},
            payload=encrypted.to_json(offline),
        )
        return sent.reference

    def close_online_session(self, access, session_reference):
        """Close a session; after a failure its status tells what happened."""
        self._transport.request(
            routes.CLOSE_ONLINE, bearer=access, values={"session": session_reference}
        )

    def session_status(self, access, session_reference):
        """Return the :class:`~.messages.SessionStatus`."""
        return self._ask(
            routes.SESSION_STATUS,
            messages.SessionStatus.from_json,
            bearer=access,
            values={"session": session_reference},
        )

    def session_invoices(self, access, session_reference):
        """Return :class:`~.messages.InvoiceStatus` of all invoices, as a list.

        :raises KsefProtocolError: the pages do not come to an end
        """
        pages = self.session_invoice_pages(access, session_reference)
        return [status for page in pages for status in page]

    def session_invoice_pages(self, access, session_reference):
        """Yield the same page by page: tuples of up to 1000.

        Each page is a call of its own, made when it is wanted.

        :raises KsefProtocolError: the pages do not come to an end
        """
        return self._invoice_pages(routes.SESSION_INVOICES, access, session_reference)

    def failed_invoice_pages(self, access, session_reference):
        """Yield the invoices that KSeF did not accept, as the method above."""
        return self._invoice_pages(routes.FAILED_INVOICES, access, session_reference)

    def _invoice_pages(self, route, access, session_reference):
        pages = self._pages(
            route,
            messages.InvoicePage.from_json,
            SESSION_PAGES_MAX,
            bearer=access,
            values={"session": session_reference},
            query=messages.InvoicePage.query(),
        )
        return (page.invoices for page in pages)

    def invoice_status(self, access, session_reference, invoice_reference):
        """Return the :class:`~.messages.InvoiceStatus` of one invoice."""
        return self._ask(
            routes.INVOICE_STATUS,
            messages.InvoiceStatus.from_json,
            bearer=access,
            values={"session": session_reference, "invoice": invoice_reference},
        )

    def invoice_upo(self, access, session_reference, invoice_reference):
        """Return the receipt of one invoice, byte for byte.

        :raises KsefNoAnswer: the bytes do not fit their hash header; ask again
        :raises KsefProtocolError: there is no hash header
        """
        answer = self._transport.request(
            routes.INVOICE_UPO,
            bearer=access,
            values={"session": session_reference, "invoice": invoice_reference},
        )
        return checked_body(answer, routes.INVOICE_UPO)

    def download(self, link):
        """Return the receipt behind a :class:`~.messages.Link`, byte for byte.

        Costs no call of the API; errors as :meth:`.storage.Storage.get`.
        """
        return self._transport.storage.get(link)

    # -- batch session -------------------------------------------------------

    def open_batch_session(
        self, access, package, session_key, public_key, offline=False
    ):
        """Announce a package of FA(3) invoices.

        :param package: :class:`~.batch.Package` made with the same session key
        :param public_key: chosen for ``messages.USAGE_SESSION``
        :returns: :class:`~.messages_batch.OpenBatch`, one upload for each part
        :raises KsefNoAnswer: a session may be open that nobody can use; KSeF
            processes nothing of it
        """
        request = messages_batch.OpenBatchRequest(
            package,
            crypto.wrap_key(session_key, public_key),
            session_key.iv,
            public_key.public_key_id,
            offline,
        )
        opened = self._ask(
            routes.OPEN_BATCH,
            messages_batch.OpenBatch.from_json,
            bearer=access,
            payload=request.to_json(),
        )
        wanted = [part.number for part in package.parts]
        if [upload.number for upload in opened.uploads] != wanted:
            raise KsefNoAnswer(
                operation=routes.OPEN_BATCH.operation, details=("uploads",)
            )
        return opened

    def upload_part(self, upload, part, total_seconds=UPLOAD_SECONDS):
        """Send one part; sending it twice does no harm.

        Costs no call of the API; errors as :meth:`.storage.Storage.put`.
        """
        self._transport.storage.put(upload, part, total_seconds)

    def close_batch_session(self, access, session_reference):
        """Hand the package over for processing.

        After a failure the session's status tells what happened: while it is
        still open, close it again.
        """
        self._transport.request(
            routes.CLOSE_BATCH, bearer=access, values={"session": session_reference}
        )

    def session_upo(self, access, session_reference, upo_reference):
        """Return one page of a session's receipt, byte for byte.

        :raises KsefNoAnswer: the bytes do not fit their hash header; ask again
        :raises KsefProtocolError: there is no hash header
        """
        answer = self._transport.request(
            routes.SESSION_UPO,
            bearer=access,
            values={"session": session_reference, "upo": upo_reference},
        )
        return checked_body(answer, routes.SESSION_UPO)

    def sessions(self, access, session_type, created_from, created_to):
        """Return the sessions made by this login's subject, newest first.

        :param session_type: ``online`` or ``batch``
        :param created_from: aware datetime
        :param created_to: aware datetime
        :returns: list of :class:`~.messages_batch.SessionSummary`
        :raises KsefProtocolError: the pages do not come to an end
        """
        query = messages_batch.SessionQuery(session_type, created_from, created_to)
        pages = self._pages(
            routes.SESSIONS,
            messages_batch.SessionPage.from_json,
            SESSION_LIST_PAGES_MAX,
            bearer=access,
            query=query.query(),
        )
        return [session for page in pages for session in page.sessions]

    # -- token, limits, search -----------------------------------------------

    def token_metadata(self, access, token_reference):
        """Return the :class:`~.messages.TokenMetadata` of a KSeF token."""
        return self._ask(
            routes.TOKEN_GET,
            messages.TokenMetadata.from_json,
            bearer=access,
            values={"token": token_reference},
        )

    def revoke_token(self, access, token_reference):
        """Revoke a KSeF token for good."""
        self._transport.request(
            routes.TOKEN_REVOKE, bearer=access, values={"token": token_reference}
        )

    def rate_limits(self, access):
        """Return the limits in force, see :func:`~.messages.rate_limits`."""
        return self._ask(routes.RATE_LIMITS, messages.rate_limits, bearer=access)

    def query_metadata(
        self,
        access,
        ksef_number=None,
        invoice_number=None,
        seller_nip=None,
        received_from=None,
        received_to=None,
    ):
        """Search invoices issued by this company; returns the first page.

        :param received_from: aware datetime; default: 89 days before the end
        :param received_to: aware datetime; default: now
        :returns: list of :class:`~.messages.InvoiceMetadata`
        """
        received_to = received_to or self.now()
        received_from = received_from or received_to - timedelta(days=SEARCH_DAYS)
        query = messages.MetadataQuery(
            received_from, received_to, ksef_number, invoice_number, seller_nip
        )
        return self._ask(
            routes.QUERY_METADATA,
            messages.found_invoices,
            bearer=access,
            query=query.query(),
            payload=query.to_json(),
        )

    def _pages(self, route, build, most, **call):
        """Yield the pages of a list, each asked for when it is wanted."""
        headers = None
        for _number in range(most):
            page = self._ask(route, build, headers=headers, **call)
            yield page
            if not page.next_page:
                return
            headers = {messages.CONTINUATION_HEADER: page.next_page}
        raise KsefProtocolError(operation=route.operation, details=("endless pages",))

    def _ask(self, route, build, **call):
        answer = self._transport.request(route, **call)
        try:
            return build(answer.payload)
        except MessageError as error:
            missing = error.name
        # After a POST the work may be done although its answer is of no use.
        kind = KsefProtocolError if route.method == "GET" else KsefNoAnswer
        raise kind(
            operation=route.operation, http_status=answer.status, details=(missing,)
        )


def _readable_keys(source):
    """Read the list of keys; one odd entry does not spoil the others."""
    if not isinstance(source, list):
        raise MessageError("publicKeys")
    keys = []
    for entry in source:
        try:
            keys.append(messages.PublicKey.from_json(entry))
        except MessageError as error:
            _logger.warning("KSeF: public key without usable %s", error.name)
    return keys
