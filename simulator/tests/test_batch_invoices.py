"""The invoices of a package: verdicts, lists, receipts."""

import time
import unittest
from datetime import timedelta

import requests
from lxml import etree

from simulator.clock import from_text

from .invoice import make_invoice, today
from .package import BatchClient, named, tar_archive, zip_archive
from .support import NIP, OTHER_NIP, POLL_SECONDS, Client, SimulatorCase, digest

UPO = "{http://upo.schematy.mf.gov.pl/KSeF/v4-3}"


class BatchInvoiceCase(SimulatorCase):
    def setUp(self):
        super().setUp()
        self.client.close()
        self.client = BatchClient(self.simulator)
        self.client.login()

    def _send(self, invoices, **options):
        """Send a package; returns (status, invoices) once it is through."""
        self.reference = self.client.send_batch(invoices, **options)
        found = self.client.settled(self.reference)
        return found, self.client.invoices(self.reference)

    def _fault(self, operation, action, **extra):
        fault = {"operation": operation, "action": action, **extra}
        self.simulator.control("faults", fault)

    def _codes(self, invoices):
        return [invoice["status"]["code"] for invoice in invoices]


class VerdictTest(BatchInvoiceCase):
    """Each invoice has a verdict of its own, in either kind of archive."""

    def test_both_archives_bring_all_invoices_in(self):
        for pack in (zip_archive, tar_archive):
            with self.subTest(pack.__name__):
                sent = [make_invoice() for _ in range(4)]
                found, invoices = self._send(sent, count=3, pack=pack)
                self.assertEqual(found["status"]["code"], 200)
                self.assertEqual(found["invoiceCount"], 4)
                hashes = [invoice["invoiceHash"] for invoice in invoices]
                self.assertEqual(hashes, [digest(xml) for xml in sent])
                names = [invoice["invoiceFileName"] for invoice in invoices]
                self.assertEqual(names, [name for name, _ in named(sent)])

    def test_bad_invoices_leave_the_good_ones_alone(self):
        good = make_invoice(number="FV/GOOD")
        bad = (
            make_invoice(seller=OTHER_NIP),
            make_invoice().replace(b"<P_15>123.00</P_15>", b""),
            b"no invoice",
            b"x" * 3_500_000,
            good,
        )
        found, invoices = self._send([good, *bad])
        self.assertEqual(self._codes(invoices), [200, 410, 450, 450, 430, 440])
        self.assertEqual(invoices[4]["invoiceHash"], digest(bad[3]))
        names = ("invoiceCount", "successfulInvoiceCount", "failedInvoiceCount")
        self.assertEqual([found[name] for name in names], [6, 1, 5])
        failed = self.client.invoices(self.reference, failed=True)
        self.assertEqual([i["ordinalNumber"] for i in failed], [2, 3, 4, 5, 6])

    def test_duplicate_names_its_original(self):
        xml = make_invoice()
        original = self.client.send(self.client.open(), xml)
        _, (duplicate,) = self._send([xml])
        number = duplicate["status"]["extensions"]["originalKsefNumber"]
        self.assertEqual(number, original["ksefNumber"])
        _, (again,) = self._send([xml])
        self.assertEqual(again["status"]["code"], 440)

    def test_book_knows_the_invoices_of_a_package(self):
        xml = make_invoice()
        _, (sent,) = self._send([xml])
        (entry,) = self.simulator.book()["invoices"]
        self.assertEqual(entry["ksefNumber"], sent["ksefNumber"])
        self.assertEqual(entry["xml"], xml.decode())
        self.assertEqual(entry["sessionReference"], self.reference)

    def test_book_knows_the_packages(self):
        self._send([make_invoice() for _ in range(3)], count=2, pack=tar_archive)
        expected = {
            "sessionReference": self.reference,
            "code": 200,
            "compressionType": "TarGz",
            "parts": 2,
            "invoices": 3,
        }
        self.assertEqual(self.simulator.book()["packages"], [expected])

    def test_folders_are_walked_through(self):
        archive = zip_archive([("folder/", b""), ("folder/1.xml", make_invoice())])
        reference = self.client.send_archive(archive)
        self.client.settled(reference)
        (invoice,) = self.client.invoices(reference)
        self.assertEqual(invoice["invoiceFileName"], "folder/1.xml")

    def test_invoices_are_dated_by_the_opening(self):
        archive = zip_archive(named([make_invoice()]))
        part = self.client.encrypt(archive)
        reference, (request,) = self.client.open_batch(archive, [part])
        self.simulator.control("clock", {"seconds": 600})
        self.client.upload(request, part)
        self.client.close_batch(reference)
        found = self.client.settled(reference)
        (invoice,) = self.client.invoices(reference)
        self.assertEqual(invoice["invoicingDate"], found["dateCreated"])
        later = from_text(invoice["acquisitionDate"]) - timedelta(seconds=600)
        self.assertGreaterEqual(later, from_text(invoice["invoicingDate"]))

    def test_mode_is_declared_or_follows_from_the_date(self):
        yesterday = today() - timedelta(days=1)
        _, invoices = self._send([make_invoice(), make_invoice(issued=yesterday)])
        modes = [invoice["invoicingMode"] for invoice in invoices]
        self.assertEqual(modes, ["Online", "Offline"])
        archive = zip_archive(named([make_invoice()]))
        part = self.client.encrypt(archive)
        body = self.client.batch_body(archive, [part])
        opened = self.client.post("/sessions/batch", {**body, "offlineMode": True})
        (request,) = opened.json()["partUploadRequests"]
        self.client.upload(request, part)
        reference = opened.json()["referenceNumber"]
        self.client.close_batch(reference)
        self.client.settled(reference)
        (invoice,) = self.client.invoices(reference)
        self.assertEqual(invoice["invoicingMode"], "Offline")

    def test_chosen_invoices_end_as_prescribed(self):
        for code in (405, 500, 550):
            self._fault("batch_invoice", "invoice_status", code=code, skip=1, times=2)
            found, invoices = self._send([make_invoice() for _ in range(4)])
            self.assertEqual(self._codes(invoices), [200, code, code, 200])
            self.assertEqual(found["failedInvoiceCount"], 2)

    def test_invoice_in_work_for_ever_holds_its_session(self):
        self._fault("batch_invoice", "invoice_status", code=150)
        reference = self.client.send_batch([make_invoice(), make_invoice()])
        while len(self.client.invoices(reference)) < 2:
            self.assertEqual(self._status(reference)["status"]["code"], 150)
        self.assertEqual(self._codes(self.client.invoices(reference)), [150, 200])
        found = self._status(reference)
        self.assertEqual(found["status"]["code"], 150)
        self.assertEqual(found["successfulInvoiceCount"], 1)

    def _status(self, reference):
        return self.client.get(f"/sessions/{reference}").json()

    def test_random_faults_do_not_strike_inside_a_package(self):
        archive = zip_archive(named([make_invoice()]))
        part = self.client.encrypt(archive)
        reference, (request,) = self.client.open_batch(archive, [part])
        self.client.upload(request, part)
        self._fault("*", "html", probability=1, skip=1, times=1)
        self.client.close_batch(reference)
        while not self.simulator.book()["sent"]:
            time.sleep(POLL_SECONDS)
        answer = self.client.get(f"/sessions/{reference}")
        self.assertIn("text/html", answer.headers["Content-Type"])

    def test_prescribed_duplicate_may_name_any_original(self):
        extensions = {"originalKsefNumber": "5265877635-20250826-0100001AF629-AF"}
        self._fault("batch_invoice", "invoice_status", code=440, extensions=extensions)
        _, (invoice,) = self._send([make_invoice()])
        self.assertEqual(invoice["status"]["extensions"], extensions)

    def test_package_of_before_a_reset_is_forgotten(self):
        self.simulator.control("settings", {"processing_seconds": 60})
        self.client.send_batch([make_invoice(number="FV/OLD")])
        self.simulator.control("reset")
        self.simulator.control("clock", {"seconds": 61})
        self.simulator.control("settings", {"processing_seconds": 0})
        self.client.login()
        self._send([make_invoice(number="FV/NEW") for _ in range(50)])
        book = self.simulator.book()
        numbers = {invoice["invoiceNumber"] for invoice in book["sent"]}
        self.assertEqual(numbers, {"FV/NEW"})
        self.assertEqual(len(book["invoices"]), 1)


class ListTest(BatchInvoiceCase):
    """Sessions and their invoices are listed, by kind, group and page."""

    def test_sessions_are_listed_by_kind(self):
        online = self.client.open()
        self._send([make_invoice(), make_invoice(seller=OTHER_NIP)])
        for kind, reference in (("Online", online), ("Batch", self.reference)):
            answer = self.client.get(f"/sessions?sessionType={kind}").json()
            (found,) = answer["sessions"]
            self.assertEqual(found["referenceNumber"], reference)
        counts = ("totalInvoiceCount", "successfulInvoiceCount", "failedInvoiceCount")
        self.assertEqual([found[name] for name in counts], [2, 1, 1])

    def test_sessions_of_every_state_are_grouped(self):
        self._send([make_invoice()])
        self._fault("open_batch", "session_status", code=415)
        self._send([make_invoice()])
        self._send([])
        archive = zip_archive(named([make_invoice()]))
        self.client.open_batch(archive, [self.client.encrypt(archive)])
        self.simulator.control("settings", {"processing_seconds": 60})
        self.client.send_batch([make_invoice()])
        groups = {"Succeeded": 1, "Failed": 1, "Cancelled": 1, "InProgress": 2}
        for group, count in groups.items():
            path = f"/sessions?sessionType=Batch&statuses={group}"
            found = self.client.get(path).json()["sessions"]
            self.assertEqual(len(found), count, group)

    def test_invoices_come_in_pages(self):
        _, invoices = self._send([make_invoice() for _ in range(25)])
        path = f"/sessions/{self.reference}/invoices?pageSize=10"
        found, headers = [], {}
        while headers is not None:
            answer = self.client.get(path, headers=headers).json()
            found.append([i["ordinalNumber"] for i in answer["invoices"]])
            token = answer.get("continuationToken")
            headers = {"x-continuation-token": token} if token else None
        self.assertEqual([len(page) for page in found], [10, 10, 5])
        shown = [ordinal for page in found for ordinal in page]
        self.assertEqual(shown, [i["ordinalNumber"] for i in invoices])

    def test_single_status_is_that_of_the_list(self):
        _, (invoice,) = self._send([make_invoice()])
        path = f"/sessions/{self.reference}/invoices/{invoice['referenceNumber']}"
        single = self.client.get(path).json()
        for name in ("ksefNumber", "invoiceFileName", "invoiceHash", "ordinalNumber"):
            self.assertEqual(single[name], invoice[name])

    def test_other_context_sees_nothing(self):
        self._send([make_invoice()])
        other = Client(self.simulator).login(nip=OTHER_NIP)
        self.addCleanup(other.close)
        answer = other.get(f"/sessions/{self.reference}/invoices")
        self.assert_refused(answer, 21173)
        self.assertEqual(
            other.get("/sessions?sessionType=Batch").json()["sessions"], []
        )


class ReceiptTest(BatchInvoiceCase):
    """The receipt comes in pages of the session and for each invoice, lasting."""

    def setUp(self):
        super().setUp()
        self.simulator.control("settings", {"upo_page_size": 2})
        sent = [make_invoice() for _ in range(5)]
        sent.insert(1, make_invoice(seller=OTHER_NIP))
        self.found, self.invoices = self._send(sent)
        self.pages = self.found["upo"]["pages"]

    def _documents(self, content):
        return etree.fromstring(content).findall(f"{UPO}Dokument")

    def test_pages_hold_every_good_invoice_once(self):
        numbers = []
        for number, page in enumerate(self.pages, 1):
            content = requests.get(page["downloadUrl"], timeout=5).content
            root = etree.fromstring(content)
            place = [element.text for element in root.find(f"{UPO}OpisPotwierdzenia")]
            first = 2 * number - 1
            last = min(first + 1, 5)
            self.assertEqual(place, [str(n) for n in (number, 3, first, last, 5)])
            self.assertEqual(
                root.findtext(f"{UPO}NumerReferencyjnySesji"), self.reference
            )
            found = self._documents(content)
            numbers += [d.findtext(f"{UPO}NumerKSeFDokumentu") for d in found]
        good = [i["ksefNumber"] for i in self.invoices if "ksefNumber" in i]
        self.assertEqual(numbers, good)

    def test_page_is_the_same_by_link_and_by_reference(self):
        for page in self.pages:
            by_link = requests.get(page["downloadUrl"], timeout=5)
            path = f"/sessions/{self.reference}/upo/{page['referenceNumber']}"
            by_reference = self.client.get(path)
            self.assertEqual(by_link.content, by_reference.content)
            for answer in (by_link, by_reference):
                found = answer.headers["x-ms-meta-hash"]
                self.assertEqual(found, digest(answer.content))

    def test_receipt_of_an_invoice_is_the_same_in_three_ways(self):
        invoice = self.invoices[0]
        path = f"/sessions/{self.reference}/invoices"
        contents = {
            requests.get(invoice["upoDownloadUrl"], timeout=5).content,
            self.client.get(f"{path}/{invoice['referenceNumber']}/upo").content,
            self.client.get(f"{path}/ksef/{invoice['ksefNumber']}/upo").content,
        }
        (content,) = contents
        (document,) = self._documents(content)
        expected = {"NipSprzedawcy": NIP, "SkrotDokumentu": invoice["invoiceHash"]}
        for name, value in expected.items():
            self.assertEqual(document.findtext(UPO + name), value)

    def test_bad_invoice_has_no_receipt(self):
        bad = self.invoices[1]
        self.assertNotIn("upoDownloadUrl", bad)
        path = f"/sessions/{self.reference}/invoices/{bad['referenceNumber']}/upo"
        self.assert_refused(self.client.get(path), 21405)

    def test_expired_link_is_replaced_with_the_next_status(self):
        self.simulator.control("expire", {"what": "links"})
        url = self.pages[0]["downloadUrl"]
        self.assertEqual(requests.get(url, timeout=5).status_code, 403)
        fresh = self.client.settled(self.reference)["upo"]["pages"][0]["downloadUrl"]
        self.assertEqual(requests.get(fresh, timeout=5).status_code, 200)
        self.assertNotEqual(fresh, url)

    def test_page_by_reference_can_fail(self):
        page = self.pages[0]["referenceNumber"]
        path = f"/sessions/{self.reference}/upo/{page}"
        self._fault("session_upo", "error_code", code=21178)
        self.assert_refused(self.client.get(path), 21178)
        self.assertEqual(self.client.get(path).status_code, 200)


if __name__ == "__main__":
    unittest.main()
