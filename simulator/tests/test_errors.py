"""The shape of refusals, and the strictness about requests."""

import unittest

from .support import NIP, SimulatorCase

UNKNOWN = "20260101-SO-0000000000-0000000000-00"
NO_FORMAT = {"X-Error-Format": ""}


class ErrorFormatTest(SimulatorCase):
    """A 400 has two formats; 401, 403 and 410 are problems always."""

    def setUp(self):
        super().setUp()
        self.client.login()

    def test_problem_format_is_complete(self):
        answer = self.client.get(f"/sessions/{UNKNOWN}")
        self.assertIn("application/problem+json", answer.headers["Content-Type"])
        names = {"title", "status", "instance", "detail", "errors", "timestamp"}
        self.assertEqual(set(answer.json()), names | {"traceId"})

    def test_default_format_lists_exceptions(self):
        answer = self.client.get(f"/sessions/{UNKNOWN}", headers=NO_FORMAT)
        self.assertIn("application/json", answer.headers["Content-Type"])
        entry = answer.json()["exception"]["exceptionDetailList"][0]
        self.assertEqual(entry["exceptionCode"], 21173)
        self.assertIn(UNKNOWN, entry["details"][0])

    def test_unauthorized_is_always_a_problem(self):
        answer = self.client.get("/rate-limits", bearer=None, headers=NO_FORMAT)
        self.assertIn("application/problem+json", answer.headers["Content-Type"])
        self.assertEqual(answer.json()["status"], 401)

    def test_several_problems_are_told_at_once(self):
        answer = self.client.post("/sessions/online", {"formCode": {"value": 1}})
        details = answer.json()["errors"][0]["details"]
        self.assertGreater(len(details), 3)


class StrictnessTest(SimulatorCase):
    """What the API does not define is refused, not passed over."""

    def setUp(self):
        super().setUp()
        self.client.login()

    def test_undefined_query_is_refused(self):
        self.assert_refused(self.client.get("/rate-limits?verbose=1"), 21405, "verbose")

    def test_body_where_none_is_defined_is_refused(self):
        answer = self.client.post("/auth/challenge", {"a": 1}, bearer=None)
        self.assert_refused(answer, 21405)

    def test_broken_json_is_refused(self):
        twice = (
            '{"description": "Nowy token", "permissions": ["InvoiceRead"],'
            ' "permissions": ["InvoiceRead"]}'
        )
        for body in ("{", "[]", twice):
            answer = self.client.post(
                "/tokens", data=body, headers={"Content-Type": "application/json"}
            )
            self.assert_refused(answer, 21405)

    def test_other_content_type_is_refused(self):
        answer = self.client.post("/tokens", data="a=1")
        self.assert_refused(answer, 21405, "Content-Type")

    def test_misshapen_context_is_refused(self):
        token = self.simulator.control("tokens", {"nip": NIP})["token"]
        for kind, value in (("Nip", "123"), ("nip", NIP), ("InternalId", NIP)):
            with self.subTest(kind=kind):
                body = self.client.login_body(token)
                body["contextIdentifier"] = {"type": kind, "value": value}
                answer = self.client.post("/auth/ksef-token", body, bearer=None)
                self.assert_refused(answer, 21405)

    def test_unknown_addresses_and_methods_do_not_exist(self):
        self.assertEqual(self.client.get("/nothing").status_code, 404)
        self.assertEqual(self.client.delete("/rate-limits").status_code, 405)
        self.assertEqual(self.client.get("/../auth/challenge").status_code, 404)


if __name__ == "__main__":
    unittest.main()
