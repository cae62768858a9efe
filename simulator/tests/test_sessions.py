"""Interactive sessions: opening, closing, their status, who sees them."""

import unittest

from .invoice import make_invoice
from .support import FORM, NIP, OTHER_NIP, Client, SimulatorCase, encoded

UNKNOWN = "20260101-SO-0000000000-0000000000-00"


class OpenTest(SimulatorCase):
    """A session opens at once; what cannot be right is refused."""

    def setUp(self):
        super().setUp()
        self.client.login()

    def _open(self, **changes):
        return self.client.post(
            "/sessions/online", {**self.client.open_body(), **changes}
        )

    def test_open_session_has_status_and_no_counts(self):
        answer = self._open()
        self.assertEqual(answer.status_code, 201)
        found = self.client.get(f"/sessions/{answer.json()['referenceNumber']}").json()
        self.assertEqual(found["status"]["code"], 100)
        self.assertEqual(found["validUntil"], answer.json()["validUntil"])
        for name in ("invoiceCount", "successfulInvoiceCount", "upo"):
            self.assertNotIn(name, found)

    def test_unknown_form_is_refused(self):
        for changed in (
            {"systemCode": "FA(3)"},
            {"schemaVersion": "1"},
            {"value": "X"},
        ):
            answer = self._open(formCode={**FORM, **changed})
            self.assert_refused(answer, 21405, "kod formularza")

    def test_old_form_is_taken_in_the_test_environment(self):
        answer = self._open(formCode={**FORM, "systemCode": "FA (2)"})
        self.assertEqual(answer.status_code, 201)

    def test_vector_of_wrong_length_is_refused(self):
        body = self.client.open_body()
        body["encryption"]["initializationVector"] = encoded(b"x" * 15)
        self.assert_refused(self.client.post("/sessions/online", body), 21405, "16")

    def test_right_to_read_is_not_enough(self):
        reader = Client(self.simulator).login(permissions=["InvoiceRead"])
        self.addCleanup(reader.close)
        answer = reader.post("/sessions/online", reader.open_body())
        self.assertEqual(answer.status_code, 403)
        self.assertIn(
            "InvoiceWrite", answer.json()["security"]["requiredAnyOfPermissions"]
        )

    def test_bad_key_shows_later_and_stops_sending(self):
        wrapped = self.client.encrypted("KsefTokenEncryption", self.client.key)
        session = self.client.open(wrapped=wrapped)
        status = self.client.wait(f"/sessions/{session}")["status"]
        self.assertEqual(status["code"], 415)
        self.assertEqual(
            status["details"], ["Rozszyfrowania klucza symetrycznego zakończone błędem"]
        )
        body = self.client.send_body(make_invoice())
        answer = self.client.post(f"/sessions/online/{session}/invoices", body)
        self.assert_refused(
            answer, 21180, "Status sesji (415) uniemożliwia wysyłkę faktur."
        )

    def test_key_of_wrong_length_is_a_bad_key(self):
        wrapped = self.client.encrypted("SymmetricKeyEncryption", b"x" * 16)
        session = self.client.open(wrapped=wrapped)
        status = self.client.wait(f"/sessions/{session}")["status"]
        self.assertEqual(status["code"], 415)

    def test_invoice_sent_before_a_bad_key_shows_is_cancelled(self):
        self.simulator.control("settings", {"processing_seconds": 0.3})
        wrapped = self.client.encrypted("SymmetricKeyEncryption", b"x")
        session = self.client.open(wrapped=wrapped)
        found = self.client.send(session, make_invoice())
        self.assertEqual(found["status"]["code"], 405)


class CloseTest(SimulatorCase):
    """Closing starts the collective receipt; the verdict depends on the invoices."""

    def setUp(self):
        super().setUp()
        self.client.login()
        self.session = self.client.open()

    def _closed(self):
        self.assertEqual(self.client.close_session(self.session).status_code, 204)
        return self.client.wait(f"/sessions/{self.session}")

    def test_session_with_invoices_counts_them(self):
        self.client.send(self.session, make_invoice())
        self.client.send(self.session, make_invoice(seller=OTHER_NIP))
        found = self._closed()
        self.assertEqual(found["status"]["code"], 200)
        names = ("invoiceCount", "successfulInvoiceCount", "failedInvoiceCount")
        self.assertEqual([found[name] for name in names], [2, 1, 1])
        self.assertEqual(len(found["upo"]["pages"]), 1)

    def test_empty_session_is_cancelled(self):
        status = self._closed()["status"]
        self.assertEqual(status["code"], 440)
        self.assertEqual(status["details"], ["Nie przesłano faktur"])

    def test_session_without_good_invoice_fails(self):
        self.client.send(self.session, make_invoice(seller=OTHER_NIP))
        found = self._closed()
        self.assertEqual(found["status"]["code"], 445)
        self.assertNotIn("upo", found)

    def test_closed_session_waits_for_its_invoices(self):
        self.simulator.control("settings", {"processing_seconds": 60})
        body = self.client.send_body(make_invoice())
        self.client.post(f"/sessions/online/{self.session}/invoices", body)
        self.simulator.control("settings", {"processing_seconds": 0})
        self.client.close_session(self.session)
        found = self.client.get(f"/sessions/{self.session}").json()
        self.assertEqual(found["status"]["code"], 170)
        self.simulator.control("clock", {"seconds": 61})
        found = self.client.get(f"/sessions/{self.session}").json()
        self.assertEqual(found["status"]["code"], 200)

    def test_closed_session_takes_nothing_more(self):
        self.client.close_session(self.session)
        self.assert_refused(
            self.client.close_session(self.session),
            21180,
            "uniemożliwia jej zamknięcie",
        )
        body = self.client.send_body(make_invoice())
        path = f"/sessions/online/{self.session}/invoices"
        self.assert_refused(self.client.post(path, body), 21180)

    def test_expired_session_is_closed_by_itself(self):
        self.client.send(self.session, make_invoice())
        self.simulator.control("expire", {"what": "sessions"})
        found = self.client.wait(f"/sessions/{self.session}")
        self.assertEqual(found["status"]["code"], 200)

    def test_session_lives_twelve_hours(self):
        self.client.send(self.session, make_invoice())
        path = "/auth/token/refresh"
        for seconds, expected in ((12 * 3600 - 60, 100), (120, 200)):
            self.simulator.control("clock", {"seconds": seconds})
            refreshed = self.client.post(path, bearer=self.client.refresh).json()
            self.client.access = refreshed["accessToken"]["token"]
            found = self.client.get(f"/sessions/{self.session}").json()
            self.assertEqual(found["status"]["code"], expected)

    def test_full_session_is_refused(self):
        self.simulator.control("settings", {"max_invoices": 1})
        self.client.send(self.session, make_invoice())
        body = self.client.send_body(make_invoice())
        path = f"/sessions/online/{self.session}/invoices"
        self.assert_refused(
            self.client.post(path, body), 21155, "limit liczby faktur 1"
        )

    def test_injected_verdict_is_shown_once(self):
        fault = {"operation": "session_status", "action": "session_status", "code": 500}
        self.simulator.control("faults", fault)
        path = f"/sessions/{self.session}"
        codes = [self.client.get(path).json()["status"]["code"] for _ in range(2)]
        self.assertEqual(codes, [500, 100])

    def test_session_born_with_a_verdict_keeps_it(self):
        fault = {"operation": "open_online", "action": "session_status", "code": 500}
        self.simulator.control("faults", fault)
        session = self.client.open()
        status = self.client.wait(f"/sessions/{session}")["status"]
        self.assertEqual(status["description"], "Nieznany błąd (500)")


class VisibilityTest(SimulatorCase):
    """A session is seen in its context by its subject, and by introspection."""

    def setUp(self):
        super().setUp()
        self.client.login()
        self.session = self.client.open()

    def _other(self, **parts):
        other = Client(self.simulator).login(**parts)
        self.addCleanup(other.close)
        return other

    def test_unknown_session_is_refused(self):
        for method, path in (
            ("GET", f"/sessions/{UNKNOWN}"),
            ("GET", f"/sessions/{UNKNOWN}/invoices"),
            ("POST", f"/sessions/online/{UNKNOWN}/close"),
        ):
            self.assert_refused(self.client.call(method, path), 21173, UNKNOWN)

    def test_session_of_another_context_is_unknown(self):
        answer = self._other(nip=OTHER_NIP).get(f"/sessions/{self.session}")
        self.assert_refused(answer, 21173)

    def test_other_subject_needs_introspection(self):
        author = {"type": "Pesel", "value": "22271569167"}
        plain = self._other(author=author)
        self.assertEqual(plain.get(f"/sessions/{self.session}").status_code, 403)
        self.assertEqual(
            plain.get("/sessions?sessionType=Online").json()["sessions"], []
        )
        rights = ["InvoiceWrite", "Introspection"]
        sees = self._other(author=author, permissions=rights)
        self.assertEqual(sees.get(f"/sessions/{self.session}").status_code, 200)

    def test_list_needs_the_type(self):
        self.assert_refused(self.client.get("/sessions"), 21405, "sessionType")
        answer = self.client.get("/sessions?sessionType=Batch").json()
        self.assertEqual(answer["sessions"], [])

    def test_list_filters(self):
        other = self.client.open()
        self.client.close_session(other)
        self.client.wait(f"/sessions/{other}")
        counts = {
            "": 2,
            "&statuses=InProgress": 1,
            "&statuses=Cancelled&statuses=InProgress": 2,
            "&statuses=Failed": 0,
            f"&referenceNumber={other}": 1,
            "&dateCreatedFrom=2000-01-01T00:00:00Z": 2,
            "&dateCreatedTo=2000-01-01T00:00:00Z": 0,
            "&dateClosedFrom=2000-01-01T00:00:00Z": 1,
        }
        for query, expected in counts.items():
            with self.subTest(query):
                answer = self.client.get(f"/sessions?sessionType=Online{query}")
                self.assertEqual(len(answer.json()["sessions"]), expected)

    def test_list_pages_newest_first(self):
        for _ in range(10):
            self.client.open()
        path = "/sessions?sessionType=Online&pageSize=10"
        first = self.client.get(path).json()
        headers = {"x-continuation-token": first["continuationToken"]}
        second = self.client.get(path, headers=headers).json()
        found = [s["referenceNumber"] for s in first["sessions"] + second["sessions"]]
        self.assertEqual(len(set(found)), 11)
        self.assertEqual(found[-1], self.session)

    def test_page_size_has_bounds(self):
        for size in ("9", "1001", "x"):
            answer = self.client.get(f"/sessions?sessionType=Online&pageSize={size}")
            self.assert_refused(answer, 21405, "pageSize")

    def test_token_of_one_listing_does_not_fit_another(self):
        for _ in range(10):
            self.client.send(self.session, make_invoice())
        self.client.send(self.session, make_invoice(seller=OTHER_NIP))
        path = f"/sessions/{self.session}/invoices"
        first = self.client.get(path).json()
        self.assertEqual(len(first["invoices"]), 10)
        headers = {"x-continuation-token": first["continuationToken"]}
        self.assertEqual(
            len(self.client.get(path, headers=headers).json()["invoices"]), 1
        )
        self.assert_refused(self.client.get(f"{path}/failed", headers=headers), 21418)
        failed = self.client.get(f"{path}/failed").json()["invoices"]
        self.assertEqual([invoice["ordinalNumber"] for invoice in failed], [11])

    def test_author_is_the_nip_by_default(self):
        self.assertEqual(
            self._other(nip=NIP).get(f"/sessions/{self.session}").status_code, 200
        )


if __name__ == "__main__":
    unittest.main()
