import base64
import unittest
from datetime import date, datetime, timezone

from .. import batch, crypto, messages, messages_batch
from ..secret import Secret
from ..wire import MessageError
from .support import NIP, key_entry

MOMENT = "2025-07-11T12:23:56.0154302+00:00"
PARSED = datetime(2025, 7, 11, 12, 23, 56, 15430, tzinfo=timezone.utc)
JWT = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"


class RequestTest(unittest.TestCase):
    """Requests hold the documented properties and no other."""

    def test_login_request_names_context_and_key(self):
        request = messages.LoginRequest("challenge", NIP, b"cipher", "key-id")
        self.assertEqual(
            request.to_json(),
            {
                "challenge": "challenge",
                "contextIdentifier": {"type": "Nip", "value": NIP},
                "encryptedToken": "Y2lwaGVy",
                "publicKeyId": "key-id",
            },
        )
        self.assertNotIn("cipher", repr(request).replace("encrypted", ""))

    def test_opening_names_the_form_with_its_blank(self):
        request = messages.OpenSessionRequest(b"wrapped", b"i" * 16, "key-id")
        self.assertEqual(
            request.to_json(),
            {
                "formCode": {
                    "systemCode": "FA (3)",
                    "schemaVersion": "1-0E",
                    "value": "FA",
                },
                "encryption": {
                    "encryptedSymmetricKey": base64.b64encode(b"wrapped").decode(),
                    "initializationVector": base64.b64encode(b"i" * 16).decode(),
                    "publicKeyId": "key-id",
                },
            },
        )

    def test_sending_declares_both_sizes_and_hashes(self):
        encrypted = crypto.encrypt_invoice(b"<x/>", crypto.new_session_key())
        sent = encrypted.to_json(offline=True)
        self.assertEqual(
            set(sent),
            {
                "invoiceHash",
                "invoiceSize",
                "encryptedInvoiceHash",
                "encryptedInvoiceSize",
                "encryptedInvoiceContent",
                "offlineMode",
            },
        )
        self.assertEqual((sent["invoiceSize"], sent["encryptedInvoiceSize"]), (4, 16))
        self.assertIs(sent["offlineMode"], True)
        self.assertEqual(
            base64.b64decode(sent["encryptedInvoiceContent"]), encrypted.content
        )

    def test_opening_of_a_batch_declares_archive_and_parts(self):
        part = batch.Part(1, 16048, "part-hash", None)
        for kind, name in (("tar_gz", "TarGz"), ("zip", "Zip")):
            package = batch.Package(
                16037, "hash", batch.Compression(kind), (part, part)
            )
            request = messages_batch.OpenBatchRequest(
                package, b"wrapped", b"i" * 16, "key-id"
            )
            sent = request.to_json()
            declared = {
                "ordinalNumber": 1,
                "fileSize": 16048,
                "fileHash": "part-hash",
            }
            self.assertEqual(
                sent["batchFile"],
                {
                    "fileSize": 16037,
                    "fileHash": "hash",
                    "compressionType": name,
                    "fileParts": [declared, declared],
                },
            )
            self.assertEqual(
                set(sent), {"formCode", "batchFile", "encryption", "offlineMode"}
            )
            self.assertIs(sent["offlineMode"], False)
            self.assertEqual(sent["encryption"]["publicKeyId"], "key-id")

    def test_list_of_sessions_names_kind_and_window(self):
        for kind, name in (("online", "Online"), ("batch", "Batch")):
            query = messages_batch.SessionQuery(kind, PARSED, PARSED).query()
            self.assertEqual(
                query,
                {
                    "sessionType": name,
                    "dateCreatedFrom": "2025-07-11T12:23:56.015+00:00",
                    "dateCreatedTo": "2025-07-11T12:23:56.015+00:00",
                    "pageSize": 1000,
                },
            )

    def test_search_leaves_out_what_is_not_asked(self):
        query = messages.MetadataQuery(PARSED, PARSED, invoice_number="FV/1")
        self.assertEqual(
            query.to_json(),
            {
                "subjectType": "Subject1",
                "dateRange": {
                    "dateType": "Invoicing",
                    "from": "2025-07-11T12:23:56.015+00:00",
                    "to": "2025-07-11T12:23:56.015+00:00",
                },
                "invoiceNumber": "FV/1",
            },
        )


class AnswerTest(unittest.TestCase):
    """Answers are read leniently: more is ignored, optional may be missing."""

    def test_challenge_keeps_the_milliseconds(self):
        source = {
            "challenge": "c",
            "timestamp": MOMENT,
            "timestampMs": 1752236636015,
            "clientIp": "127.0.0.1",
            "news": {"a": 1},
        }
        self.assertEqual(
            messages.Challenge.from_json(source),
            messages.Challenge("c", 1752236636015, "127.0.0.1"),
        )

    def test_public_key_holds_decoded_bytes(self):
        entry = key_entry(messages.USAGE_TOKEN, validFrom=MOMENT)
        key = messages.PublicKey.from_json(entry)
        self.assertEqual(key.certificate, base64.b64decode(entry["certificate"]))
        self.assertEqual(key.valid_from, PARSED)
        self.assertEqual(key.usages, (messages.USAGE_TOKEN,))

    def test_login_answers_hold_secrets(self):
        token = {"token": JWT, "validUntil": MOMENT}
        started = messages.LoginStarted.from_json(
            {"referenceNumber": "r", "authenticationToken": token}
        )
        pair = messages.TokenPair.from_json(
            {"accessToken": token, "refreshToken": token}
        )
        renewed = messages.RefreshedAccess.from_json({"accessToken": token})
        self.assertEqual(started.operation, Secret(JWT))
        self.assertEqual((pair.access, pair.refresh), (Secret(JWT), Secret(JWT)))
        self.assertEqual((renewed.access, renewed.valid_until), (Secret(JWT), PARSED))
        self.assertNotIn(JWT, f"{started} {pair} {renewed}")

    def test_a_token_that_cannot_stand_in_a_header_is_refused(self):
        for value in ("", "a b", "a\r\nX: y", "ż"):
            with self.subTest(value=value), self.assertRaises(MessageError) as caught:
                messages.RefreshedAccess.from_json(
                    {"accessToken": {"token": value, "validUntil": MOMENT}}
                )
            self.assertEqual(str(caught.exception), "accessToken.token")

    def test_login_status_keeps_the_words(self):
        status = messages.LoginStatus.from_json(
            {"status": {"code": 450, "description": "d", "details": ["a", 5, "b"]}}
        )
        self.assertEqual((status.code, status.details), (450, ("a", "b")))

    def test_full_invoice_status_is_read(self):
        status = messages.InvoiceStatus.from_json(
            {
                "ordinalNumber": 1,
                "referenceNumber": "EE",
                "invoiceHash": "hash",
                "invoiceNumber": "FV/1",
                "ksefNumber": "number",
                "invoicingDate": MOMENT,
                "acquisitionDate": MOMENT,
                "permanentStorageDate": MOMENT,
                "invoicingMode": "Online",
                "upoDownloadUrl": "https://secret-link",
                "upoDownloadUrlExpirationDate": MOMENT,
                "status": {"code": 200, "description": "Sukces"},
            }
        )
        self.assertEqual(
            (status.reference, status.hash_b64, status.ksef_number, status.code),
            ("EE", "hash", "number", 200),
        )
        self.assertEqual(status.invoicing_on, PARSED)
        self.assertEqual(status.acquired_on, PARSED)
        self.assertEqual(status.stored_on, PARSED)
        self.assertEqual(status.mode, "Online")
        self.assertEqual(
            status.upo_link, messages.Link(Secret("https://secret-link"), PARSED)
        )
        self.assertNotIn("secret-link", f"{status!r} {status.upo_link}")
        self.assertIsInstance(hash(status), int)

    def test_duplicate_names_the_original(self):
        status = messages.InvoiceStatus.from_json(
            {
                "referenceNumber": "EE",
                "status": {
                    "code": 440,
                    "description": "Duplikat faktury",
                    "details": ["Duplikat"],
                    "extensions": {
                        "originalSessionReferenceNumber": "SO",
                        "originalKsefNumber": "number",
                    },
                },
            }
        )
        self.assertEqual(
            (status.original_ksef_number, status.original_session_reference),
            ("number", "SO"),
        )
        self.assertIsNone(status.hash_b64)

    def test_smallest_invoice_status_is_read(self):
        status = messages.InvoiceStatus.from_json(
            {"referenceNumber": "EE", "status": {"code": 150, "extensions": None}}
        )
        self.assertEqual(
            (status.code, status.description, status.details), (150, "", ())
        )
        self.assertIsNone(status.original_ksef_number)

    def test_absent_counters_of_a_session_are_zero(self):
        status = messages.SessionStatus.from_json(
            {"status": {"code": 100, "description": "d"}, "invoiceCount": 2}
        )
        self.assertEqual(
            (
                status.invoice_count,
                status.successful_invoice_count,
                status.failed_invoice_count,
            ),
            (2, 0, 0),
        )
        self.assertIsNone(status.valid_until)

    def test_an_odd_link_spoils_nothing(self):
        for url in (None, "", 5, []):
            status = messages.InvoiceStatus.from_json(
                {
                    "referenceNumber": "EE",
                    "status": {"code": 200},
                    "upoDownloadUrl": url,
                    "upoDownloadUrlExpirationDate": "tomorrow",
                }
            )
            self.assertIsNone(status.upo_link)
        page = messages.UpoPage.from_json(
            {
                "referenceNumber": "EU",
                "downloadUrl": "u",
                "downloadUrlExpirationDate": 5,
            }
        )
        self.assertEqual(page.link, messages.Link(Secret("u")))

    def test_receipts_of_a_session_are_read(self):
        entry = {
            "referenceNumber": "EU",
            "downloadUrl": "https://secret-link",
            "downloadUrlExpirationDate": MOMENT,
        }
        source = {"status": {"code": 200}, "upo": {"pages": [entry, entry]}}
        status = messages.SessionStatus.from_json(source)
        link = messages.Link(Secret("https://secret-link"), PARSED)
        self.assertEqual(status.upo_pages, (messages.UpoPage("EU", link),) * 2)
        self.assertNotIn("secret-link", repr(status))
        for nothing in ({}, {"upo": None}, {"upo": {"pages": None}}):
            status = messages.SessionStatus.from_json(
                {"status": {"code": 100}, **nothing}
            )
            self.assertEqual(status.upo_pages, ())

    def test_uploads_of_a_batch_come_in_order_and_hide_themselves(self):
        def entry(number):
            return {
                "ordinalNumber": number,
                "method": "PUT",
                "url": f"https://secret/{number}",
                "headers": {"x-ms-blob-type": "BlockBlob"},
            }

        opened = messages_batch.OpenBatch.from_json(
            {"referenceNumber": "SB", "partUploadRequests": [entry(2), entry(1)]}
        )
        self.assertEqual([upload.number for upload in opened.uploads], [1, 2])
        first = opened.uploads[0]
        self.assertEqual(first.url, Secret("https://secret/1"))
        self.assertEqual(first.headers, {"x-ms-blob-type": "BlockBlob"})
        self.assertNotIn("secret/", repr(opened))
        self.assertNotIn("BlockBlob", repr(opened))

    def test_sessions_of_the_list_are_read(self):
        page = messages_batch.SessionPage.from_json(
            {
                "sessions": [
                    {
                        "referenceNumber": "SB",
                        "status": {"code": 440, "details": ["late"]},
                        "dateCreated": MOMENT,
                        "dateUpdated": MOMENT,
                        "totalInvoiceCount": 3,
                        "successfulInvoiceCount": 2,
                        "failedInvoiceCount": 1,
                    },
                    {"referenceNumber": "SB2", "status": {"code": 100}},
                ]
            }
        )
        full, small = page.sessions
        self.assertEqual(
            (full.reference, full.code, full.details), ("SB", 440, ("late",))
        )
        self.assertEqual((full.created_on, full.updated_on), (PARSED, PARSED))
        self.assertEqual(
            (
                full.invoice_count,
                full.successful_invoice_count,
                full.failed_invoice_count,
            ),
            (3, 2, 1),
        )
        self.assertEqual((small.invoice_count, small.created_on), (0, None))
        self.assertEqual(page.next_page, "")

    def test_last_page_has_no_next(self):
        for ending in ({}, {"continuationToken": None}, {"continuationToken": ""}):
            page = messages.InvoicePage.from_json({"invoices": [], **ending})
            self.assertEqual((page.invoices, page.next_page), ((), ""))

    def test_token_metadata_reads_an_end_when_one_comes(self):
        source = {
            "referenceNumber": "EC",
            "authorIdentifier": {"type": "Pesel", "value": "1"},
            "contextIdentifier": {"type": "Nip", "value": NIP},
            "description": "words",
            "requestedPermissions": ["InvoiceRead", "InvoiceWrite"],
            "dateCreated": MOMENT,
            "status": "Active",
        }
        token = messages.TokenMetadata.from_json(source)
        self.assertEqual(token.permissions, ("InvoiceRead", "InvoiceWrite"))
        self.assertEqual((token.author_type, token.context_value), ("Pesel", NIP))
        self.assertEqual((token.created_on, token.last_used_on), (PARSED, None))
        self.assertIsNone(token.valid_until)
        for name in messages._TOKEN_END_NAMES:
            ending = messages.TokenMetadata.from_json({**source, name: MOMENT})
            self.assertEqual(ending.valid_until, PARSED)

    def test_limits_are_named_in_snake_case(self):
        limits = messages.rate_limits(
            {
                "onlineSession": {"perSecond": 10, "perMinute": 30, "perHour": 120},
                "global": {"perSecond": -1, "perMinute": -1, "perHour": -1},
                "newGroup": {"perSecond": 1},
            }
        )
        self.assertEqual(
            limits["online_session"],
            {"per_second": 10, "per_minute": 30, "per_hour": 120},
        )
        self.assertEqual(set(limits["global"].values()), {None})
        self.assertEqual(limits["new_group"]["per_second"], 1)

    def test_closing_counts_with_opening_on_an_older_server(self):
        older = {
            "onlineSession": {"perSecond": 1, "perMinute": 2, "perHour": 3},
            "batchSession": {"perSecond": 4, "perMinute": 5, "perHour": 6},
        }
        limits = messages.rate_limits(older)
        self.assertEqual(limits["online_session_close"], limits["online_session"])
        self.assertEqual(limits["batch_session_close"], limits["batch_session"])
        newer = {**older, "batchSessionClose": {"perSecond": 7, "perMinute": 8}}
        limits = messages.rate_limits(newer)
        self.assertEqual(limits["batch_session_close"]["per_second"], 7)
        self.assertEqual(set(messages.rate_limits({})), set())

    def test_found_invoices_hold_what_is_compared(self):
        found = messages.found_invoices(
            {
                "hasMore": False,
                "invoices": [
                    {
                        "ksefNumber": "number",
                        "invoiceNumber": "FV/1",
                        "issueDate": "2026-11-20",
                        "invoiceHash": "hash",
                        "seller": {"nip": NIP},
                        "invoiceType": "Vat",
                    }
                ],
            }
        )
        self.assertEqual(found[0].issue_date, date(2026, 11, 20))
        self.assertEqual((found[0].seller_nip, found[0].kind), (NIP, "Vat"))


class UnreadableAnswerTest(unittest.TestCase):
    """A missing or odd required property is named, its value is not."""

    def test_wrong_shapes_are_refused_by_name(self):
        for message, source, name in (
            (messages.OpenSession, None, "referenceNumber"),
            (messages.OpenSession, [], "referenceNumber"),
            (messages.OpenSession, {"referenceNumber": 5}, "referenceNumber"),
            (messages.OpenSession, {"referenceNumber": "r"}, "validUntil"),
            (
                messages.OpenSession,
                {"referenceNumber": "r", "validUntil": "tomorrow"},
                "validUntil",
            ),
            (messages.LoginStatus, {"status": {"code": "200"}}, "status.code"),
            (messages.LoginStatus, {"status": {"code": True}}, "status.code"),
            (messages.LoginStatus, {"status": 200}, "status.code"),
            (messages.InvoicePage, {"invoices": {}}, "invoices"),
            (messages.InvoicePage, {"invoices": [{}]}, "invoices.referenceNumber"),
            (messages.PublicKey, {"certificate": "***"}, "certificate"),
            (
                messages_batch.OpenBatch,
                {"referenceNumber": "r"},
                "partUploadRequests",
            ),
            (messages_batch.PartUpload, {"ordinalNumber": 1, "method": "PUT"}, "url"),
            (
                messages_batch.PartUpload,
                {"ordinalNumber": 1, "method": "PUT", "url": ""},
                "url",
            ),
            (
                messages_batch.PartUpload,
                {"ordinalNumber": 1, "method": "PUT", "url": "u", "headers": {"a": 1}},
                "headers",
            ),
            (messages_batch.SessionPage, {}, "sessions"),
        ):
            with self.subTest(name=name, source=source):
                with self.assertRaises(MessageError) as caught:
                    message.from_json(source)
                self.assertEqual(caught.exception.name, name)
                self.assertIsNone(caught.exception.__cause__)
