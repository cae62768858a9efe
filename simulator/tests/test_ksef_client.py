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
from ksef_client.services.workflows import (
    AuthCoordinator,
    BatchSessionWorkflow,
    OnlineSessionWorkflow,
)
from ksef_client.services.xades import XadesKeyPair
from lxml import etree

from .invoice import make_invoice
from .package import named, tar_archive, zip_archive
from .signer import foreign_signed
from .support import (
    NIP,
    OTHER_NIP,
    PATIENCE_SECONDS,
    POLL_SECONDS,
    SimulatorCase,
    digest,
)

HOST = "ksef.simulator.test"
UPO = "{http://upo.schematy.mf.gov.pl/KSeF/v4-3}"
FORM = FormCode(system_code="FA (3)", schema_version="1-0E", value="FA")
_real_getaddrinfo = socket.getaddrinfo


def _resolve(host, *arguments, **options):
    """The client refuses loopback addresses in links, so it gets a name."""
    name = host.decode() if isinstance(host, bytes) else host
    address = "127.0.0.1" if name == HOST else host
    return _real_getaddrinfo(address, *arguments, **options)


class ForeignClientCase(SimulatorCase):
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
            form_code=FORM,
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

    def _linked(self, url):
        return self.ksef.http_client.request("GET", url, skip_auth=True).content


class ForeignClientTest(ForeignClientCase):
    """The PyPI package ksef-client logs in, sends, gets number and receipts."""

    def test_login_by_token_is_refreshable(self):
        login = self._log_in()
        refreshed = self.ksef.auth.refresh_access_token(login.refresh_token)
        self.assertTrue(refreshed.access_token.token)

    def test_login_by_certificate_is_refreshable(self):
        for kind in ("rsa", "ec"):
            with self.subTest(kind):
                login = self._log_in_by_certificate(kind)
                refreshed = self.ksef.auth.refresh_access_token(login.refresh_token)
                self.assertTrue(refreshed.access_token.token)

    def _log_in_by_certificate(self, kind):
        given = {"nip": NIP, "key": kind}
        made = self.simulator.control("certificates", given)
        # Its own signer needs xmlsec, which is no dependency here.
        signer = "ksef_client.services.xades.sign_xades_enveloped"
        with mock.patch(signer, foreign_signed):
            return AuthCoordinator(self.ksef.auth).authenticate_with_xades_key_pair(
                key_pair=XadesKeyPair(made["certificate"], made["key"]),
                context_identifier_type="nip",
                context_identifier_value=NIP,
                subject_identifier_type="certificateSubject",
                verify_certificate_chain=False,
                poll_interval_seconds=POLL_SECONDS,
            )

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
        self.assertEqual(by_number, self._linked(status.upo_download_url))

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


class ForeignBatchTest(ForeignClientCase):
    """ksef-client sends a package of either kind and collects its receipts."""

    def setUp(self):
        super().setUp()
        self.access = self._log_in().access_token

    def _send(self, archive, kind):
        """Return (session handle, final status) of a package sent in one go."""
        key = self._certificate("SymmetricKeyEncryption")
        workflow = BatchSessionWorkflow(self.ksef.sessions, self.ksef.http_client)
        session = workflow.open_session(
            form_code=FORM,
            archive_bytes=archive,
            compression_type=kind,
            public_certificate=key.certificate,
            public_key_id=key.public_key_id,
            access_token=self.access,
        )
        session.upload_parts()
        session.close()
        return session, self._wait(session.get_status)

    def test_package_brings_collective_and_single_receipts(self):
        for kind, pack in (("Zip", zip_archive), ("TarGz", tar_archive)):
            with self.subTest(kind):
                sent = [make_invoice() for _ in range(3)]
                session, status = self._send(pack(named(sent)), kind)
                self.assertEqual(status.status.code, 200)
                self.assertEqual(status.successful_invoice_count, 3)
                self._check_page(session, status.upo.pages[0], sent)
                self._check_invoices(session, sent)

    def _check_page(self, session, page, sent):
        content = session.get_upo(page.reference_number)
        self.assertEqual(content, self._linked(page.download_url))
        documents = etree.fromstring(content).findall(f"{UPO}Dokument")
        hashes = [document.findtext(f"{UPO}SkrotDokumentu") for document in documents]
        self.assertEqual(hashes, [digest(xml) for xml in sent])

    def _check_invoices(self, session, sent):
        invoices = session.list_invoices().invoices
        self.assertEqual([i.invoice_hash for i in invoices], list(map(digest, sent)))
        for invoice in invoices:
            receipt = self.ksef.sessions.get_session_invoice_upo_by_ksef(
                session.reference_number,
                invoice.ksef_number,
                access_token=self.access,
            )
            self.assertEqual(receipt, self._linked(invoice.upo_download_url))
            self.assertIn(invoice.invoice_hash.encode(), receipt)

    def test_bad_invoice_is_among_the_failed(self):
        archive = zip_archive(named([make_invoice(), make_invoice(seller=OTHER_NIP)]))
        session, status = self._send(archive, "Zip")
        self.assertEqual(status.failed_invoice_count, 1)
        (failed,) = session.list_failed_invoices().invoices
        self.assertEqual((failed.status.code, failed.invoice_file_name), (410, "2.xml"))


if __name__ == "__main__":
    unittest.main()
