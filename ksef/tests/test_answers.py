import json
import unittest

from requests.structures import CaseInsensitiveDict

from .. import answers, errors, routes
from ..errors import Problem
from ..routes import Content

TRACE = "00-f79e8d1bb3f1851e2b6ace2fa305b8c1-f35e75d76ef07f39-00"
PROBLEM = "application/problem+json"
JSON = "application/json; charset=utf-8"
HTML = "text/html"


def answer(status, payload=None, kind=JSON, body=None, **headers):
    if body is None:
        body = json.dumps(payload).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if kind:
        given["Content-Type"] = kind
    return answers.Answer.build(status, CaseInsensitiveDict(given), body)


def failed(*args, route=routes.SEND_INVOICE, **kwargs):
    return answers.failure(answer(*args, **kwargs), route)


class FailureTest(unittest.TestCase):
    """Each HTTP failure becomes the one type that says what a caller may do."""

    def test_problem_details_of_a_refusal_are_read(self):
        error = failed(
            400,
            {
                "title": "Bad Request",
                "status": 400,
                "detail": "words",
                "errors": [
                    {"code": 21173, "description": "Brak sesji", "details": ["one"]},
                    {"code": 21405, "description": "Walidacja"},
                ],
                "traceId": TRACE,
            },
            PROBLEM,
        )
        self.assertIs(type(error), errors.KsefRefused)
        self.assertEqual(error.codes, (21173, 21405))
        self.assertEqual(error.problems[0], Problem(21173, "Brak sesji", ("one",)))
        self.assertEqual((error.code, error.details), (21173, ("one",)))
        self.assertEqual(error.service_reference, TRACE)
        self.assertEqual((error.operation, error.http_status), ("send_invoice", 400))

    def test_default_shape_of_a_refusal_is_read_too(self):
        detail = {"exceptionCode": 21155, "exceptionDescription": "Limit"}
        error = failed(
            400,
            {"exception": {"exceptionDetailList": [detail], "serviceCode": TRACE}},
        )
        self.assertEqual(error.problems, (Problem(21155, "Limit"),))
        self.assertEqual(error.service_reference, TRACE)

    def test_refusal_without_any_property_is_still_one(self):
        for payload in (
            {},
            {"errors": None},
            {"errors": "words"},
            {"exception": {"exceptionDetailList": [None, 5, {}]}},
            {"exception": []},
            {"traceId": "a\nb", "errors": [{"code": "21405", "details": {}}]},
        ):
            with self.subTest(payload=payload):
                error = failed(400, payload, PROBLEM)
                self.assertIs(type(error), errors.KsefRefused)
                self.assertIsNone(error.code)
                self.assertIsNone(error.service_reference)

    def test_refused_login_tokens_are_an_auth_error(self):
        for code in (21301, 21304, 21308):
            error = failed(
                400, {"errors": [{"code": code, "description": "d"}]}, PROBLEM
            )
            self.assertIs(type(error), errors.KsefAuthError)
            self.assertEqual((error.code, error.http_status), (code, 400))

    def test_unauthorized_is_an_auth_error_whatever_the_body(self):
        for body in (b"", b"<html>", b'{"title": "Unauthorized"}'):
            error = failed(401, body=body, kind=PROBLEM)
            self.assertIs(type(error), errors.KsefAuthError)

    def test_forbidden_says_which_right_is_missing(self):
        error = failed(
            403,
            {
                "title": "Forbidden",
                "detail": "Brak wymaganych uprawnień.",
                "reasonCode": "missing-permissions",
                "security": {
                    "requiredAnyOfPermissions": ["InvoiceWrite"],
                    "presentPermissions": ["InvoiceRead"],
                },
            },
            PROBLEM,
        )
        self.assertIs(type(error), errors.KsefForbidden)
        self.assertEqual(error.reason_code, "missing-permissions")
        self.assertEqual(error.required, ("InvoiceWrite",))
        self.assertEqual(error.present, ("InvoiceRead",))

    def test_forbidden_names_address_and_incident(self):
        error = failed(
            403,
            {
                "reasonCode": "security-service-blocked",
                "security": {"incidentId": "inc-1", "clientIp": "203.0.113.7"},
            },
            PROBLEM,
        )
        self.assertEqual((error.incident, error.client_ip), ("inc-1", "203.0.113.7"))

    def test_unknown_reason_is_kept(self):
        error = failed(403, {"reasonCode": "news", "security": None}, PROBLEM)
        self.assertEqual((error.reason_code, error.required), ("news", ()))

    def test_forbidden_without_reason_was_the_firewall(self):
        for args in (
            {"body": b"", "kind": None},
            {"body": b"<html>Incapsula</html>", "kind": HTML},
            {"payload": {"title": "Forbidden", "reasonCode": None}, "kind": PROBLEM},
        ):
            with self.subTest(args=args):
                error = failed(403, **args)
                self.assertIs(type(error), errors.KsefNoAnswer)
                self.assertEqual(error.http_status, 403)
                self.assertFalse(error.is_dropped)

    def test_statuses_decide_the_rest(self):
        for status, kind, expected in (
            (410, PROBLEM, errors.KsefGone),
            (503, HTML, errors.KsefUnavailable),
            (503, PROBLEM, errors.KsefUnavailable),
            (500, PROBLEM, errors.KsefNoAnswer),
            (500, HTML, errors.KsefNoAnswer),
            (502, HTML, errors.KsefNoAnswer),
            (504, HTML, errors.KsefNoAnswer),
            (400, HTML, errors.KsefNoAnswer),
            (404, PROBLEM, errors.KsefProtocolError),
            (405, PROBLEM, errors.KsefProtocolError),
            (404, HTML, errors.KsefNoAnswer),
            (302, HTML, errors.KsefNoAnswer),
            (307, JSON, errors.KsefNoAnswer),
        ):
            body = b"<html>" if kind == HTML else b"{}"
            with self.subTest(status=status, kind=kind):
                self.assertIs(type(failed(status, body=body, kind=kind)), expected)

    def test_cut_json_of_a_refusal_is_no_answer(self):
        self.assertIs(
            type(failed(400, body=b'{"errors": [', kind=PROBLEM)), errors.KsefNoAnswer
        )


class RateLimitTest(unittest.TestCase):
    """429 names the group and the pause in whatever form it came."""

    def test_pause_is_read_from_seconds_and_dates(self):
        date = "Fri, 20 Nov 2026 08:00:00 GMT"
        for headers, seconds in (
            ({"Retry_After": "5"}, 5),
            ({"Retry_After": " 2492 "}, 2492),
            ({"Retry_After": "0"}, 0),
            ({"Retry_After": "1.2"}, 2),
            ({"Retry_After": "Fri, 20 Nov 2026 08:01:30 GMT", "Date": date}, 90),
            ({"Retry_After": "Fri, 20 Nov 2026 07:00:00 GMT", "Date": date}, 0),
            ({"Retry_After": "99999999"}, answers.LONGEST_RETRY_AFTER_SECONDS),
            ({"Retry_After": "soon"}, None),
            ({"Retry_After": "-5"}, None),
            ({"Retry_After": ""}, None),
            ({}, None),
        ):
            with self.subTest(headers=headers):
                error = failed(429, {}, PROBLEM, **headers)
                self.assertIs(type(error), errors.KsefRateLimited)
                self.assertEqual(error.retry_after_seconds, seconds)
                self.assertEqual(error.group, "invoice_send")

    def test_both_bodies_and_none_are_a_limit(self):
        for body in (
            b'{"status": {"code": 429, "description": "Too Many Requests"}}',
            b'{"title": "Too Many Requests", "detail": "words"}',
            b"",
            b"<html>",
        ):
            error = failed(429, body=body)
            self.assertIs(type(error), errors.KsefRateLimited)

    def test_pause_of_an_outage_is_kept(self):
        error = failed(503, body=b"", kind=HTML, Retry_After="30")
        self.assertEqual(error.retry_after_seconds, 30)


class SuccessTest(unittest.TestCase):
    """A success counts only with the right status, type and shape."""

    def check(self, given, content):
        route = routes.Route("any", "GET", "/any", "other", content)
        return answers.check(given, route)

    def test_good_answers_pass(self):
        for given, content in (
            (answer(200, {"a": 1}), Content.JSON),
            (answer(202, []), Content.JSON),
            (answer(201, {}, "Application/JSON"), Content.JSON),
            (answer(200, body=b"<a/>", kind="application/xml"), Content.XML),
            (answer(200, body=b"<a/>", kind="text/xml; charset=utf-8"), Content.XML),
            (answer(204, body=b"", kind=None), Content.NOTHING),
        ):
            with self.subTest(given=given):
                self.assertIs(self.check(given, content), given)

    def test_pages_and_damage_do_not_pass(self):
        for given, content in (
            (answer(200, body=b"<html></html>", kind=HTML), Content.JSON),
            (answer(200, body=b'{"a": 1}', kind=HTML), Content.JSON),
            (answer(200, body=b'{"a": 1}', kind=None), Content.JSON),
            (answer(200, body=b'{"a": '), Content.JSON),
            (answer(200, body=b""), Content.JSON),
            (answer(200, body=b"null"), Content.JSON),
            (answer(200, body=b"\xff\xfe{"), Content.JSON),
            (answer(200, body=b"[" * 100_000), Content.JSON),
            (answer(200, body=b"<html></html>", kind=HTML), Content.XML),
            (answer(200, body=b"", kind="application/xml"), Content.XML),
            (answer(200, {"a": 1}), Content.XML),
            (answer(200, body=b"<html></html>", kind=HTML), Content.NOTHING),
            (answer(200, body=b"", kind=None), Content.NOTHING),
        ):
            with (
                self.subTest(body=given.body[:20], content=content),
                self.assertRaises(errors.KsefNoAnswer),
            ):
                self.check(given, content)


class WarningTest(unittest.TestCase):
    """KSeF's technical notices are taken apart."""

    def test_notices_are_read_by_code(self):
        found = answers.system_warnings(
            CaseInsensitiveDict({"x-system-warning": "[a]: one, two | [b-2]: three"})
        )
        self.assertEqual(found, {"a": "one, two", "b-2": "three"})

    def test_other_texts_give_nothing(self):
        for text in ("", "words", "[]: ", "[a]"):
            headers = CaseInsensitiveDict({"X-System-Warning": text})
            self.assertEqual(answers.system_warnings(headers), {})


class ClockTest(unittest.TestCase):
    """The Date header gives KSeF's time or nothing."""

    def test_dates_that_are_none_give_nothing(self):
        for text in (None, "", "yesterday", "Fri, 99 Nov 2026 08:00:00 GMT"):
            headers = CaseInsensitiveDict({} if text is None else {"Date": text})
            self.assertIsNone(answers.server_time(headers))
