"""The proof of fidelity: a client that nobody here wrote works unmodified."""

import base64
import hashlib
import socket
import time
import unittest
from unittest import mock
from urllib.parse import urlsplit

from ksef_client import KsefClient, KsefClientOptions
from ksef_client.models import FormCode
from ksef_client.services.workflows import AuthCoordinator, OnlineSessionWorkflow
from lxml import etree

from .invoice import make_invoice
from .support import NIP, PATIENCE_SECONDS, POLL_SECONDS, SimulatorCase

HOST = "ksef.simulator.test"
UPO = "{http://upo.schematy.mf.gov.pl/KSeF/v4-3}"
_real_getaddrinfo = socket.getaddrinfo


def _resolve(host, *arguments, **options):
    """The client refuses loopback addresses in links, so it gets a name."""
    name = host.decode() if isinstance(host, bytes) else host
    address = "127.0.0.1" if name == HOST else host
    return _real_getaddrinfo(address, *arguments, **options)


class ForeignClientTest(SimulatorCase):
    """The PyPI package ksef-client logs in, sends, gets number and receipts."""

    def setUp(self):
        super().setUp()
        resolver = mock.patch("socket.getaddrinfo", _resolve)
        resolver.start()
        self.addCleanup(resolver.stop)
        port = urlsplit(self.simulator.url).port
        options = KsefClientOptions(
            base_url=f"http://{HOST}:{port}/v2", strict_presigned_url_validation=False
        )
        self.ksef = KsefClient(options)
        self.addCleanup(self.ksef.close)

    def _certificate(self, usage):
        return self.ksef.security.get_public_key_certificate(usage)

    def _log_in(self):
        token = self.simulator.control("tokens", {"nip": NIP})["token"]
        key = self._certificate("KsefTokenEncryption")
        return AuthCoordinator(self.ksef.auth).authenticate_with_ksef_token(
            token=token,
            public_certificate=key.certificate,
            public_key_id=key.public_key_id,
            context_identifier_type="nip",
            context_identifier_value=NIP,
            poll_interval_seconds=POLL_SECONDS,
        )

    def _open(self, access):
        key = self._certificate("SymmetricKeyEncryption")
        return OnlineSessionWorkflow(self.ksef.sessions).open_session(
            form_code=FormCode(system_code="FA (3)", schema_version="1-0E", value="FA"),
            public_certificate=key.certificate,
            public_key_id=key.public_key_id,
            access_token=access,
        )

    def _wait(self, ask):
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            answer = ask()
            if answer.status.code >= 200:
                return answer
            time.sleep(POLL_SECONDS)
        raise AssertionError("no final status")

    def test_login_by_token_is_refreshable(self):
        login = self._log_in()
        refreshed = self.ksef.auth.refresh_access_token(login.refresh_token)
        self.assertTrue(refreshed.access_token.token)

    def test_sent_invoice_gets_number_and_receipt(self):
        xml = make_invoice(number="FV/PROOF")
        session = self._open(self._log_in().access_token)
        sent = session.send_invoice(xml)
        status = self._wait(lambda: session.get_invoice_status(sent.reference_number))
        self.assertEqual(status.status.code, 200)
        self.assertEqual(status.invoice_number, "FV/PROOF")
        receipt = etree.fromstring(
            session.get_invoice_upo_by_ref(status.reference_number)
        )
        document = receipt.find(f"{UPO}Dokument")
        self.assertEqual(
            document.findtext(f"{UPO}NumerKSeFDokumentu"), status.ksef_number
        )
        self.assertEqual(
            document.findtext(f"{UPO}SkrotDokumentu"),
            base64.b64encode(hashlib.sha256(xml).digest()).decode(),
        )

    def test_receipt_is_the_same_by_number_and_by_link(self):
        session = self._open(self._log_in().access_token)
        sent = session.send_invoice(make_invoice())
        status = self._wait(lambda: session.get_invoice_status(sent.reference_number))
        by_number = session.get_invoice_upo_by_ksef(status.ksef_number)
        by_link = self.ksef.http_client.request(
            "GET", status.upo_download_url, skip_auth=True
        ).content
        self.assertEqual(by_number, by_link)

    def test_closed_session_has_a_collective_receipt(self):
        session = self._open(self._log_in().access_token)
        session.send_invoice(make_invoice())
        session.close()
        status = self._wait(session.get_status)
        self.assertEqual(status.status.code, 200)
        page = session.get_upo(status.upo.pages[0].reference_number)
        root = etree.fromstring(page)
        self.assertEqual(len(root.findall(f"{UPO}Dokument")), 1)
        self.assertEqual(len(session.list_invoices().invoices), 1)


if __name__ == "__main__":
    unittest.main()
