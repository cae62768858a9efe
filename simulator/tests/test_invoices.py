"""What becomes of an invoice: every status code, and how it is reached."""

import os
import unittest
from datetime import timedelta

from .invoice import make_invoice, today
from .support import OTHER_NIP, SimulatorCase, digest

UNKNOWN = "20260101-EE-0000000000-0000000000-00"
XML_SPACE = b" "


class SendTest(SimulatorCase):
    """What can be checked at once is refused at once."""

    def setUp(self):
        super().setUp()
        self.client.login()
        self.session = self.client.open()
        self.path = f"/sessions/online/{self.session}/invoices"

    def _send(self, **changes):
        body = {**self.client.send_body(make_invoice()), **changes}
        return self.client.post(self.path, body)

    def test_answer_is_a_reference(self):
        answer = self._send()
        self.assertEqual(answer.status_code, 202)
        self.assertRegex(answer.json()["referenceNumber"], r"^\d{8}-EE-")

    def test_wrong_size_of_content_is_refused(self):
        self.assert_refused(self._send(encryptedInvoiceSize=1), 21402)

    def test_wrong_hash_of_content_is_refused(self):
        answer = self._send(encryptedInvoiceHash=digest(b"other"))
        self.assert_refused(answer, 21403)

    def test_unknown_and_missing_and_mistyped_fields_are_refused(self):
        self.assert_refused(self._send(offlinemode=True), 21405, "offlinemode")
        self.assert_refused(self._send(invoiceSize="1"), 21405, "invoiceSize")
        self.assert_refused(self._send(invoiceSize=0), 21405, "invoiceSize")
        self.assert_refused(self._send(offlineMode=None), 21405, "offlineMode")
        body = self.client.send_body(make_invoice())
        del body["invoiceHash"]
        self.assert_refused(self.client.post(self.path, body), 21405, "invoiceHash")

    def test_every_post_is_an_attempt(self):
        self._send()
        self._send(encryptedInvoiceSize=1)
        attempts = self.simulator.book()["attempts"]
        self.assertEqual([item["outcome"] for item in attempts], ["202", "400"])
        self.assertEqual(attempts[0]["sessionReference"], self.session)


class VerdictTest(SimulatorCase):
    """The asynchronous verdict on an invoice."""

    def setUp(self):
        super().setUp()
        self.client.login()
        self.session = self.client.open()

    def _send(self, xml=None, **changes):
        return self.client.send(self.session, xml or make_invoice(), **changes)

    def assert_code(self, found, code, detail=None):
        self.assertEqual(found["status"]["code"], code, found)
        if detail:
            self.assertIn(detail, " ".join(found["status"]["details"]))

    def test_good_invoice_is_accepted_online(self):
        xml = make_invoice(number="FV/GOOD")
        found = self._send(xml)
        self.assert_code(found, 200)
        self.assertEqual(found["invoiceNumber"], "FV/GOOD")
        self.assertEqual(found["invoicingMode"], "Online")
        self.assertEqual(found["invoiceHash"], digest(xml))
        self.assertTrue(found["ksefNumber"].startswith("5265877635-"))
        book = self.simulator.book()["invoices"]
        self.assertEqual([item["xml"].encode() for item in book], [xml])

    def test_stored_later_than_numbered(self):
        self.simulator.control("settings", {"storage_seconds": 60})
        found = self._send()
        self.assertNotIn("permanentStorageDate", found)
        self.simulator.control("clock", {"seconds": 61})
        path = f"/sessions/{self.session}/invoices/{found['referenceNumber']}"
        found = self.client.get(path).json()
        self.assertGreater(found["permanentStorageDate"], found["acquisitionDate"])

    def test_waits_then_works_then_ends(self):
        self.simulator.control("settings", {"processing_seconds": 100})
        body = self.client.send_body(make_invoice())
        sent = self.client.post(
            f"/sessions/online/{self.session}/invoices", body
        ).json()
        path = f"/sessions/{self.session}/invoices/{sent['referenceNumber']}"
        codes = []
        for seconds in (0, 60, 60):
            self.simulator.control("clock", {"seconds": seconds})
            codes.append(self.client.get(path).json()["status"]["code"])
        self.assertEqual(codes, [100, 150, 200])

    def test_date_before_today_makes_it_offline(self):
        found = self._send(make_invoice(issued=today() - timedelta(days=1)))
        self.assertEqual(found["invoicingMode"], "Offline")

    def test_declared_offline_stays_offline(self):
        self.assertEqual(self._send(offlineMode=True)["invoicingMode"], "Offline")

    def test_date_after_today_is_refused(self):
        found = self._send(make_invoice(issued=today() + timedelta(days=1)))
        self.assert_code(found, 450, "P_1")

    def test_other_seller_is_refused(self):
        found = self._send(make_invoice(seller=OTHER_NIP))
        self.assert_code(found, 410, "Brak uprawnienia fakturowego")

    def test_same_number_is_a_duplicate_that_names_the_original(self):
        first = self._send(make_invoice(number="FV/TWICE"))
        found = self._send(make_invoice(number="FV/TWICE", buyer=OTHER_NIP))
        self.assert_code(found, 440, first["ksefNumber"])
        self.assertEqual(
            found["status"]["extensions"],
            {
                "originalKsefNumber": first["ksefNumber"],
                "originalSessionReferenceNumber": self.session,
            },
        )
        self.assertEqual(found["invoiceNumber"], "FV/TWICE")
        self.assertEqual(len(self.simulator.book()["invoices"]), 1)

    def test_same_number_of_another_kind_is_no_duplicate(self):
        self._send(make_invoice(number="FV/KIND"))
        found = self._send(make_invoice(number="FV/KIND", kind="UPR"))
        self.assert_code(found, 200)

    def test_number_of_a_refused_invoice_is_free(self):
        late = make_invoice(number="FV/FREE", issued=today() + timedelta(days=1))
        self.assert_code(self._send(late), 450)
        self.assert_code(self._send(make_invoice(number="FV/FREE")), 200)

    def test_wrong_plain_size_or_hash_is_a_file_error(self):
        self.assert_code(self._send(invoiceSize=5), 430)
        self.assert_code(self._send(invoiceHash=digest(b"other")), 430)

    def test_content_under_another_key_does_not_decrypt(self):
        found = self.client.send(self.session, make_invoice(), content=os.urandom(64))
        self.assert_code(found, 435)
        found = self.client.send(self.session, make_invoice(), content=b"x" * 15)
        self.assert_code(found, 435)

    def test_too_large_file_is_a_file_error(self):
        xml = make_invoice()
        at_limit = xml + b"\n" * (1_000_000 - len(xml))
        self.assert_code(self._send(at_limit), 200)
        beyond = make_invoice() + b"\n" * 1_000_000
        self.assert_code(self._send(beyond), 430)
        self.assert_code(self._send(make_invoice() + b"\n" * 3_000_000), 430)

    def test_attachment_is_not_allowed_online(self):
        attachment = (
            "<Zalacznik><BlokDanych><MetaDane><ZKlucz>a</ZKlucz><ZWartosc>b</ZWartosc>"
            "</MetaDane></BlokDanych></Zalacznik></Faktura>"
        )
        xml = make_invoice().replace(b"</Faktura>", attachment.encode())
        self.assert_code(self._send(xml), 415)

    def test_injected_end_is_kept(self):
        for code in (405, 500, 550):
            fault = {"operation": "send_invoice", "action": "invoice_status"}
            self.simulator.control("faults", {**fault, "code": code})
            found = self._send()
            self.assert_code(found, code)
            path = f"/sessions/{self.session}/invoices/{found['referenceNumber']}"
            self.assert_code(self.client.get(path).json(), code)

    def test_unknown_code_is_described(self):
        fault = {"operation": "send_invoice", "action": "invoice_status", "code": 599}
        self.simulator.control("faults", fault)
        self.assertEqual(self._send()["status"]["description"], "Nieznany błąd (599)")

    def test_unknown_reference_is_invalid(self):
        path = f"/sessions/{self.session}/invoices/{UNKNOWN}"
        self.assert_refused(self.client.get(path), 21405, UNKNOWN)
        self.assert_refused(self.client.get(f"{path}/upo"), 21405, UNKNOWN)

    def test_invoice_of_another_session_is_unknown(self):
        found = self._send()
        other = self.client.open()
        path = f"/sessions/{other}/invoices/{found['referenceNumber']}"
        self.assert_refused(self.client.get(path), 21405)


class DocumentRuleTest(SimulatorCase):
    """The rules of the file: each broken one is a 450 with a reason."""

    def setUp(self):
        super().setUp()
        self.client.login()
        self.session = self.client.open()

    def test_broken_rules_are_refused(self):
        xml = make_invoice()
        declaration = b'<?xml version="1.0" encoding="UTF-8"?>'
        latin = xml.replace(b'"UTF-8"', b'"ISO-8859-2"')
        doctype = declaration + b"<!DOCTYPE Faktura [<!ENTITY a 'b'>]>"
        style = declaration + b"<?xml-stylesheet href='a.xsl'?>"
        broken = {
            "BOM": b"\xef\xbb\xbf" + xml,
            "not UTF-8": xml.replace(b"Papier", b"Papier\xff"),
            "control character": xml.replace(b"Papier", "a\x80b".encode()),
            "non-character": xml.replace(b"Papier", "a\U0001ffffb".encode()),
            "other encoding": latin,
            "document type": xml.replace(declaration, doctype),
            "instruction before": xml.replace(declaration, style),
            "instruction inside": xml.replace(b"<Fa>", b"<Fa><?a b?>"),
            "not well-formed": xml[:-5],
            "no XML": b"Faktura",
            "other namespace": xml.replace(b"2025/06/25/13775", b"2023/06/29/12648"),
            "other form": xml.replace(b'"FA (3)"', b'"FA (2)"'),
            "missing element": xml.replace(b"<P_15>123.00</P_15>", b""),
            "wrong value": xml.replace(b"<P_12>23<", b"<P_12>24<"),
            "two-digit date": xml.replace(str(today()).encode(), b"26-01-01"),
        }
        for name, content in broken.items():
            with self.subTest(name):
                self.assertNotEqual(content, xml)
                found = self.client.send(self.session, content)
                self.assertEqual(found["status"]["code"], 450, found)
                self.assertTrue(found["status"]["details"])

    def test_allowed_oddities_are_accepted(self):
        declaration = b'<?xml version="1.0" encoding="UTF-8"?>\n'
        oddities = {
            "no declaration": make_invoice().replace(declaration, b""),
            "next line": make_invoice().replace(b"Papier", "a\u0085b".encode()),
            "comment": make_invoice().replace(b"<Fa>", b"<!-- a --><Fa><!-- b -->"),
            "bad check digit": make_invoice(buyer="5265877636"),
        }
        for name, content in oddities.items():
            with self.subTest(name):
                found = self.client.send(self.session, content)
                self.assertEqual(found["status"]["code"], 200, found)

    def test_refusal_names_the_invoice_once_readable(self):
        xml = make_invoice(number="FV/READ").replace(b"<P_15>123.00</P_15>", b"")
        found = self.client.send(self.session, xml)
        self.assertEqual(found["invoiceNumber"], "FV/READ")


class ProductionTest(SimulatorCase):
    """Production checks check digits of NIP and takes the current form only."""

    options = (*SimulatorCase.options, "--environment", "production")

    def setUp(self):
        super().setUp()
        self.client.login()

    def test_wrong_check_digit_is_refused(self):
        session = self.client.open()
        found = self.client.send(session, make_invoice(buyer="5265877636"))
        self.assertEqual(found["status"]["code"], 450)
        self.assertIn("5265877636", found["status"]["details"][0])
        self.assertEqual(
            self.client.send(session, make_invoice())["status"]["code"], 200
        )

    def test_old_form_is_refused(self):
        body = self.client.open_body()
        body["formCode"] = {**body["formCode"], "systemCode": "FA (2)"}
        self.assert_refused(self.client.post("/sessions/online", body), 21405)


class WithoutSchemaTest(SimulatorCase):
    """Without the schema the rules of the file still hold."""

    uses_schema = False

    def test_incomplete_documents_are_refused_and_good_ones_accepted(self):
        self.client.login()
        session = self.client.open()
        xml = make_invoice()
        missing = {
            "seller": xml.replace(b"Podmiot1", b"Podmiot9"),
            "buyer": xml.replace(b"Podmiot2", b"Podmiot9"),
            "number": xml.replace(b"P_2>", b"P_9>"),
            "date": xml.replace(b"P_1>", b"P_9>"),
            "total": xml.replace(b"P_15>", b"P_9>"),
            "amount": xml.replace(b"<P_13_1>100.00", b"<P_13_1>a lot"),
            "form": xml.replace(b'"FA (3)"', b'"FA (2)"'),
            "namespace": xml.replace(b"2025/06/25/13775", b"2023/06/29/12648"),
        }
        for name, content in missing.items():
            with self.subTest(name):
                found = self.client.send(session, content)
                self.assertEqual(found["status"]["code"], 450)
        self.assertEqual(self.client.send(session, xml)["status"]["code"], 200)


class TechnicalCorrectionTest(SimulatorCase):
    """A refused offline invoice may be sent again with the hash of the refused one."""

    def setUp(self):
        super().setUp()
        self.client.login()
        self.session = self.client.open()

    def _send(self, xml, corrected=None):
        body = self.client.send_body(xml)
        extra = {"offlineMode": True}
        if corrected:
            extra["hashOfCorrectedInvoice"] = corrected
        path = f"/sessions/online/{self.session}/invoices"
        return self.client.post(path, {**body, **extra})

    def _refused_hash(self):
        bad = make_invoice().replace(b"<P_15>123.00</P_15>", b"")
        self.client.send(self.session, bad, offlineMode=True)
        return digest(bad)

    def test_correction_of_a_refused_invoice_is_taken_once(self):
        corrected = self._refused_hash()
        self.assertEqual(self._send(make_invoice(), corrected).status_code, 202)
        self.assert_refused(self._send(make_invoice(), corrected), 21166)

    def test_correction_of_an_accepted_invoice_is_refused(self):
        good = make_invoice()
        self.client.send(self.session, good, offlineMode=True)
        self.assert_refused(self._send(make_invoice(), digest(good)), 21167)

    def test_correction_after_a_refusal_for_rights_is_refused(self):
        bad = make_invoice(seller=OTHER_NIP)
        self.client.send(self.session, bad, offlineMode=True)
        self.assert_refused(self._send(make_invoice(), digest(bad)), 21167)

    def test_correction_is_offline_only(self):
        corrected = self._refused_hash()
        body = self.client.send_body(make_invoice())
        body["hashOfCorrectedInvoice"] = corrected
        path = f"/sessions/online/{self.session}/invoices"
        self.assert_refused(self.client.post(path, body), 21405)


if __name__ == "__main__":
    unittest.main()
