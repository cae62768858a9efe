"""From a connection to answers of KSeF; the only user of the protocol client."""

import itertools
import logging
import os

from odoo import api, models
from odoo.tools import config

from ..ksef import batch, crypto, errors, lighthouse, links, messages, statuses, upo
from ..ksef.environments import Environment, endpoint_for
from . import l10n_pl_ksef_gateway_client as clients

_logger = logging.getLogger(__name__)

URL_VARIABLE = "L10N_PL_KSEF_URL"
URL_OPTION = "l10n_pl_ksef_url"


class Gateway(models.AbstractModel):
    _name = "l10n_pl_ksef.gateway"
    _description = "KSeF gateway"

    @api.private
    def _get_endpoint(self, environment):
        """Return the fixed address of an environment, or the configured one.

        :raises ValueError: an own address is configured and production asked for
        """
        url = os.environ.get(URL_VARIABLE) or config.get(URL_OPTION) or None
        return endpoint_for(Environment(environment), url)

    @api.private
    def _has_address(self, environment):
        """Tell whether this server may reach an environment at all."""
        try:
            self._get_endpoint(environment)
        except ValueError:
            return False
        return True

    @api.private
    def _get_client(self, environment):
        """Return this thread's client of an environment; it holds no secret."""
        return clients.get_client(self._get_endpoint(environment))

    @api.private
    def _get_clock_offset(self, environment):
        """Return KSeF's clock minus ours in seconds, None if not heard of lately."""
        return clients.get_clock_offset(self._get_endpoint(environment))

    @api.private
    def _forget_keys(self, connection):
        """Ask for the Ministry's keys anew: a session was refused for its key."""
        clients.forget_keys(self._get_endpoint(connection.environment))

    @api.private
    def _call(self, connection, operation):
        """Run ``operation(client, access)`` with a valid access token.

        A refused access token means that KSeF did not act, so it is renewed and
        the operation repeated once, whatever it is.

        :raises KsefError: KSeF refused, or gave no usable answer
        :raises ConnectionObstacle: KSeF must not be called for this company
        """
        client = self._get_client(connection.environment)
        access = self._get_access(connection.id, client)
        try:
            return operation(client, access)
        except errors.KsefAuthError:
            access = self._get_access(connection.id, client, rejected=access)
            return operation(client, access)
        except errors.KsefForbidden:
            # A person may have replaced the login meanwhile; KSeF did not act.
            newest = self._get_access(connection.id, client)
            if newest == access:
                raise
            return operation(client, newest)

    @api.private
    def _open_session(self, client, access):
        """Open an interactive session; the caller holds the connection's row.

        :returns: ``(OpenSession, SessionKey)``
        :raises KsefError: KSeF refused, or gave no usable answer
        """
        session_key = crypto.new_session_key()
        opened = _with_newest_key(
            client, lambda key: client.open_online_session(access, session_key, key)
        )
        return opened, session_key

    @api.private
    def _make_session_key(self):
        """Return a new ``ksef.crypto.SessionKey``."""
        return crypto.new_session_key()

    @api.private
    def _build_package(self, files, session_key, compression, part_bytes=None):
        """Return a ``ksef.batch.Package``, a context manager.

        :param files: iterable of (name, bytes of the XML)
        :param str compression: ``tar_gz`` or ``zip``
        :param part_bytes: where to cut it; without it at KSeF's limit
        :raises PackageTooLarge: too many invoices, bytes or parts
        """
        most = batch.PART_MAX_BYTES
        return batch.build_package(
            files,
            session_key,
            batch.Compression(compression),
            min(part_bytes or most, most),
        )

    @api.private
    def _open_batch(self, connection, package, session_key):
        """Announce a package; return ``ksef.messages_batch.OpenBatch``."""
        return self._call(
            connection,
            lambda client, access: _with_newest_key(
                client,
                lambda key: client.open_batch_session(
                    access, package, session_key, key
                ),
            ),
        )

    @api.private
    def _upload_part(self, connection, upload, part, seconds):
        """Send one part of a package; its address allows that, no login.

        :param seconds: the most that it may take
        """
        client = self._get_client(connection.environment)
        client.upload_part(upload, part, total_seconds=seconds)

    @api.private
    def _close_batch(self, connection, reference):
        """Hand a package over for processing."""
        self._call(
            connection,
            lambda client, access: client.close_batch_session(access, reference),
        )

    @api.private
    def _send_invoice(self, connection, session_reference, encrypted):
        """POST one invoice; the only place that does. Return its reference."""
        return self._call(
            connection,
            lambda client, access: client.send_invoice(
                access, session_reference, encrypted
            ),
        )

    @api.private
    def _get_session_status(self, connection, session_reference):
        return self._call(
            connection,
            lambda client, access: client.session_status(access, session_reference),
        )

    @api.private
    def _get_session_invoices(self, connection, session_reference):
        """Return ``ksef.messages.InvoiceStatus`` of every invoice of a session."""
        return self._call(
            connection,
            lambda client, access: client.session_invoices(access, session_reference),
        )

    @api.private
    def _get_session_pages(self, connection, reference):
        """Yield the same in tuples of up to 1000, each asked for when wanted."""
        client = self._get_client(connection.environment)
        access = self._get_access(connection.id, client)
        gate, given = client.transport.gate, 0
        for is_last_try in (False, True):
            pages = client.session_invoice_pages(access, reference)
            pages = itertools.islice(pages, given, None)
            try:
                while (page := next(pages, None)) is not None:
                    given += 1
                    yield page
                    # Between two pages the client may have served another NIP.
                    client.transport.gate = gate
            except errors.KsefAuthError:
                if is_last_try:
                    raise
                access = self._get_access(connection.id, client, rejected=access)
            else:
                return

    @api.private
    def _get_sessions(self, connection, kind, created_from, created_to):
        """Return ``ksef.messages_batch.SessionSummary`` of sessions, newest first.

        :param str kind: ``online`` or ``batch``
        :param created_from: aware datetime
        :param created_to: aware datetime
        """
        return self._call(
            connection,
            lambda client, access: client.sessions(
                access, kind, created_from, created_to
            ),
        )

    @api.private
    def _find_by_number(self, connection, invoice_number, seller_nip):
        """Return ``ksef.messages.InvoiceMetadata`` of invoices of three months."""
        return self._call(
            connection,
            lambda client, access: client.query_metadata(
                access, invoice_number=invoice_number, seller_nip=seller_nip
            ),
        )

    @api.private
    def _get_rate_limits(self, connection):
        """Return the limits in force, see ``ksef.messages.rate_limits``."""
        return self._call(connection, lambda client, access: client.rate_limits(access))

    @api.private
    def _get_invoice_status(self, connection, session_reference, reference):
        return self._call(
            connection,
            lambda client, access: client.invoice_status(
                access, session_reference, reference
            ),
        )

    @api.private
    def _get_upo(self, connection, session_reference, reference):
        """Return the bytes of one invoice's UPO, checked against their hash."""
        return self._call(
            connection,
            lambda client, access: client.invoice_upo(
                access, session_reference, reference
            ),
        )

    @api.private
    def _download(self, connection, link):
        """Return the receipt behind a temporary link; costs no call of the API."""
        return self._get_client(connection.environment).download(link)

    @api.private
    def _download_page(self, connection, session_reference, page):
        """Return a page of a session's receipt, by its link or else by the API.

        :param page: ``ksef.messages.UpoPage``
        """
        if page.link:
            try:
                return self._download(connection, page.link)
            except errors.KsefError:
                _logger.info("KSeF: receipt %s not behind its link", page.reference)
        return self._call(
            connection,
            lambda client, access: client.session_upo(
                access, session_reference, page.reference
            ),
        )

    @api.private
    def _close_session(self, connection, session_reference):
        self._call(
            connection,
            lambda client, access: client.close_online_session(
                access, session_reference
            ),
        )

    @api.private
    def _read_upo(self, data):
        """Return ``ksef.upo.UpoFacts``, or None if it is no readable UPO."""
        try:
            return upo.read_upo(data)
        except errors.KsefProtocolError:
            return None

    @api.private
    def _read_upo_page(self, data):
        """Return ``ksef.upo.UpoFacts`` of all entries, or None if not readable."""
        try:
            return tuple(upo.read_upo_page(data))
        except errors.KsefProtocolError:
            return None

    @api.private
    def _read_lighthouse(self, environment):
        """Return ``ksef.lighthouse.Availability``; it picks words, no more."""
        return lighthouse.read_status(self._get_client(environment).transport)

    @api.private
    def _get_link(self, environment, nip, issue_date, sha256):
        """Return the address under which anybody can verify an invoice."""
        qr_url = endpoint_for(Environment(environment)).qr_url
        return links.verification_link(qr_url, nip, issue_date, sha256)


def _with_newest_key(client, open_session):
    """Return ``open_session(public_key)``, once more if the key was withdrawn."""
    for is_last_try in (False, True):
        keys = client.public_keys()
        key = crypto.choose_key(keys, messages.USAGE_SESSION, client.now())
        try:
            return open_session(key)
        except errors.KsefRefused as error:
            if is_last_try or statuses.KEY_WITHDRAWN not in error.codes:
                raise
            clients.forget_keys(client.transport.endpoint)
    return None
