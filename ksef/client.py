"""One short method per endpoint; the access token is given with each call."""

import logging
from datetime import timedelta

from . import crypto, messages, routes
from .environments import Environment
from .errors import KsefNoAnswer, KsefProtocolError
from .wire import MessageError

# 10 000 invoices of a session in pages of 1000, and one more that ends the list.
SESSION_PAGES_MAX = 11
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
        found, page = [], ""
        for _number in range(SESSION_PAGES_MAX):
            answer = self._ask(
                routes.SESSION_INVOICES,
                messages.InvoicePage.from_json,
                bearer=access,
                values={"session": session_reference},
                query=messages.InvoicePage.query(),
                headers={messages.CONTINUATION_HEADER: page} if page else None,
            )
            found.extend(answer.invoices)
            if not answer.next_page:
                return found
            page = answer.next_page
        raise KsefProtocolError(
            operation=routes.SESSION_INVOICES.operation, details=("endless pages",)
        )

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
        declared = answer.headers.get(messages.HASH_HEADER)
        fields = {
            "operation": routes.INVOICE_UPO.operation,
            "http_status": answer.status,
        }
        if not declared:
            raise KsefProtocolError(details=("no hash header",), **fields)
        if crypto.sha256_b64(answer.body) != declared.strip():
            raise KsefNoAnswer(details=("hash differs",), **fields)
        return answer.body

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
