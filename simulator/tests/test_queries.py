"""Metadata query and download: filters, pages, visibility, the high-water mark."""

import unittest
from datetime import datetime, time, timedelta, timezone

from simulator.clock import WARSAW

from .invoice import make_invoice, today
from .support import NIP, OTHER_NIP, Client, SimulatorCase, digest

BUYER_NIP = "1111111111"
UNKNOWN_NUMBER = "5265877635-20250826-0100001AF629-AF"


def _text(moment):
    return moment.isoformat()


class QueryCase(SimulatorCase):
    def setUp(self):
        super().setUp()
        settings = {"storage_seconds": 0, "hwm_seconds": 0}
        self.simulator.control("settings", settings)
        self.client.login()
        self.session = self.client.open()

    def send(self, **parts):
        xml = make_invoice(**parts)
        return xml, self.client.send(self.session, xml)

    def query(self, client=None, pages="", date_type="PermanentStorage", **filters):
        dates = {
            "dateType": date_type,
            "from": _text(datetime.now(timezone.utc) - timedelta(days=2)),
        }
        dates.update(filters.pop("dates", {}))
        body = {"subjectType": "Subject1", "dateRange": dates, **filters}
        path = f"/invoices/query/metadata{pages}"
        return (client or self.client).post(path, body)

    def numbers(self, **parts):
        answer = self.query(**parts)
        self.assertEqual(answer.status_code, 200, answer.text)
        return [item["invoiceNumber"] for item in answer.json()["invoices"]]


class MetadataTest(QueryCase):
    """Accepted invoices are found by their data, by whom they concern, page by page."""

    def test_record_tells_the_invoice(self):
        xml, sent = self.send(number="FV/META", buyer=BUYER_NIP)
        record = self.query().json()["invoices"][0]
        self.assertEqual(record["ksefNumber"], sent["ksefNumber"])
        self.assertEqual(record["invoiceHash"], digest(xml))
        self.assertEqual(record["issueDate"], str(today()))
        self.assertEqual(record["seller"], {"nip": NIP, "name": "Sprzedawca"})
        buyer = {"identifier": {"type": "Nip", "value": BUYER_NIP}, "name": "Nabywca"}
        self.assertEqual(record["buyer"], buyer)
        amounts = [record[f"{name}Amount"] for name in ("net", "vat", "gross")]
        self.assertEqual(amounts, [100.0, 23.0, 123.0])
        self.assertEqual((record["currency"], record["invoiceType"]), ("PLN", "Vat"))

    def test_filters_are_exact(self):
        _, sent = self.send(number="FV/A")
        self.send(number="FV/B", kind="UPR")
        only_a = (
            {"ksefNumber": sent["ksefNumber"]},
            {"invoiceNumber": "FV/A"},
            {"invoiceTypes": ["Vat"]},
        )
        both = (
            {"sellerNip": NIP},
            {"buyerIdentifier": {"type": "Nip", "value": BUYER_NIP}},
            {"currencyCodes": ["PLN", "EUR"]},
            {"amount": {"type": "Brutto", "from": 123, "to": 123}},
            {"invoicingMode": "Online"},
            {"formType": "FA"},
            {"isSelfInvoicing": False, "hasAttachment": False},
        )
        none = (
            {"sellerNip": OTHER_NIP},
            {"invoiceNumber": "FV"},
            {"amount": {"type": "Netto", "from": 100.01}},
            {"buyerIdentifier": {"type": "None"}},
            {"hasAttachment": True},
        )
        cases = ((only_a, ["FV/A"]), (both, ["FV/A", "FV/B"]), (none, []))
        for filters, expected in cases:
            for chosen in filters:
                with self.subTest(chosen):
                    self.assertEqual(self.numbers(**chosen), expected)

    def test_buyer_sees_it_as_buyer_only(self):
        self.send(number="FV/SEEN", buyer=OTHER_NIP)
        buyer = Client(self.simulator).login(nip=OTHER_NIP)
        self.addCleanup(buyer.close)
        self.assertEqual(self.numbers(client=buyer), [])
        found = self.numbers(client=buyer, subjectType="Subject2")
        self.assertEqual(found, ["FV/SEEN"])

    def test_pages_by_offset_and_order(self):
        for position in range(12):
            self.send(number=f"FV/{position:02d}")
        answer = self.query(pages="?pageSize=10").json()
        self.assertTrue(answer["hasMore"])
        self.assertFalse(answer["isTruncated"])
        second = self.query(pages="?pageSize=10&pageOffset=1").json()
        self.assertFalse(second["hasMore"])
        found = [i["invoiceNumber"] for i in answer["invoices"] + second["invoices"]]
        self.assertEqual(found, [f"FV/{position:02d}" for position in range(12)])
        newest = self.numbers(pages="?pageSize=10&sortOrder=Desc")
        self.assertEqual(newest[0], "FV/11")

    def test_range_is_by_the_chosen_date(self):
        yesterday = today() - timedelta(days=1)
        self.send(number="FV/OLD", issued=yesterday)
        start = datetime.combine(yesterday, time.min, WARSAW)
        end = start + timedelta(hours=23)
        dates = {"from": _text(start), "to": _text(end)}
        self.assertEqual(self.numbers(date_type="Issue", dates=dates), ["FV/OLD"])
        self.assertEqual(self.numbers(date_type="Invoicing", dates=dates), [])

    def test_impossible_ranges_are_refused(self):
        now = datetime.now(timezone.utc)
        wrong = (
            {"from": _text(now - timedelta(days=100))},
            {"from": _text(now), "to": _text(now - timedelta(days=1))},
            {"from": "yesterday"},
        )
        for dates in wrong:
            with self.subTest(dates):
                self.assert_refused(self.query(dates=dates), 21405)
        answer = self.query(
            date_type="Issue", dates={"restrictToPermanentStorageHwmDate": True}
        )
        self.assert_refused(answer, 21405)

    def test_restriction_hides_what_is_above_the_mark(self):
        self.send(number="FV/FRESH")
        self.simulator.control("settings", {"hwm_seconds": 3600})
        self.assertEqual(self.numbers(), ["FV/FRESH"])
        restricted = {"restrictToPermanentStorageHwmDate": True}
        self.assertEqual(self.numbers(dates=restricted), [])
        beyond = {**restricted, "from": _text(datetime.now(timezone.utc))}
        self.assert_refused(self.query(dates=beyond), 21183)

    def test_unstored_invoice_is_not_found_by_any_date(self):
        self.simulator.control("settings", {"storage_seconds": 60})
        self.send()
        self.assertEqual(self.numbers(date_type="Invoicing"), [])

    def test_mark_is_shown_for_storage_dates_only(self):
        self.assertIn("permanentStorageHwmDate", self.query().json())
        answer = self.query(date_type="Invoicing").json()
        self.assertNotIn("permanentStorageHwmDate", answer)

    def test_right_to_send_is_not_enough(self):
        writer = Client(self.simulator).login(permissions=["InvoiceWrite"])
        self.addCleanup(writer.close)
        self.assertEqual(self.query(client=writer).status_code, 403)


class DownloadTest(QueryCase):
    """An invoice is downloaded by its number, by those whom it concerns."""

    def test_downloaded_invoice_is_what_was_sent(self):
        xml, sent = self.send()
        answer = self.client.get(f"/invoices/ksef/{sent['ksefNumber']}")
        self.assertEqual(answer.content, xml)
        self.assertEqual(answer.headers["x-ms-meta-hash"], digest(xml))

    def test_unstored_invoice_is_not_yet_there(self):
        self.simulator.control("settings", {"storage_seconds": 60})
        _, sent = self.send()
        answer = self.client.get(f"/invoices/ksef/{sent['ksefNumber']}")
        self.assert_refused(answer, 21165)

    def test_unknown_and_foreign_numbers_do_not_exist(self):
        answer = self.client.get(f"/invoices/ksef/{UNKNOWN_NUMBER}")
        self.assert_refused(answer, 21164, UNKNOWN_NUMBER)
        _, sent = self.send()
        foreign = Client(self.simulator).login(nip="9999999999")
        self.addCleanup(foreign.close)
        answer = foreign.get(f"/invoices/ksef/{sent['ksefNumber']}")
        self.assert_refused(answer, 21164)

    def test_misshapen_number_is_invalid(self):
        self.assert_refused(self.client.get("/invoices/ksef/" + "1" * 35), 21405)


if __name__ == "__main__":
    unittest.main()
