"""Codes and texts are those of the OpenAPI document, all of them."""

import json
import re
import unittest

from simulator import limits, problems, routing, statuses
from simulator.clock import Clock

from .support import OPENAPI, needs_shared

ROW = re.compile(r"^\|\s*(\d{3,5})\s*\|\s*([^|]+?)\s*\|\s*([^|]*?)\s*\|", re.MULTILINE)
ONLINE_TABLE = "Sesja interaktywna:"
STATUS_TABLES = (
    ("AuthenticationOperationStatusResponse", -1, statuses.LOGIN_TEXTS),
    ("SessionStatusResponse", 0, statuses.BATCH_TEXTS),
    ("SessionStatusResponse", -1, statuses.SESSION_TEXTS),
    ("SessionInvoiceStatusResponse", -1, statuses.INVOICE_TEXTS),
)


@needs_shared
class OfficialTextTest(unittest.TestCase):
    """What the document lists, the simulator says in the same words."""

    @classmethod
    def setUpClass(cls):
        with open(OPENAPI, encoding="utf-8") as file:
            cls.document = json.load(file)

    def test_status_codes_and_texts_are_the_documented_ones(self):
        schemas = self.document["components"]["schemas"]
        for name, table, texts in STATUS_TABLES:
            description = schemas[name]["properties"]["status"]["description"]
            rows = ROW.findall(description.split(ONLINE_TABLE)[table])
            self.assertTrue(rows)
            for code, text, _ in rows:
                with self.subTest(name=name, table=table, code=code):
                    known = texts.get(int(code), statuses.UNKNOWN)
                    known = known.replace("{code}", "{statusCode}")
                    self.assertEqual(known, text)

    def test_login_refusals_have_the_documented_details(self):
        schema = self.document["components"]["schemas"][STATUS_TABLES[0][0]]
        rows = ROW.findall(schema["properties"]["status"]["description"])
        token_details = {detail for code, _, detail in rows if code == "450"}
        ours = {
            statuses.BAD_CHALLENGE,
            statuses.BAD_TOKEN,
            statuses.BAD_TOKEN_TIME,
            statuses.TOKEN_REVOKED,
            statuses.TOKEN_INACTIVE,
            statuses.BAD_TOKEN_ENCRYPTION,
            statuses.BAD_TOKEN_ENCODING,
            statuses.WRONG_CONTEXT.format(context="{contextIdentifier}"),
        }
        self.assertEqual(ours, token_details)
        certificate_details = {detail for code, _, detail in rows if code == "460"}
        ours = {
            statuses.CERTIFICATE_NOT_VALID,
            statuses.BROKEN_CHAIN,
            statuses.UNTRUSTED_CHAIN,
            statuses.CERTIFICATE_REVOKED,
            statuses.CERTIFICATE_BLOCKED,
            statuses.WRONG_CERTIFICATE,
        }
        self.assertEqual(ours, certificate_details)

    def _described_operations(self):
        for operation in routing.OPERATIONS:
            if operation.is_api:
                path = operation.path.removeprefix(routing.PREFIX)
                methods = self.document["paths"][path]
                yield operation, methods[operation.method.lower()]

    def test_error_codes_and_texts_are_the_documented_ones(self):
        for operation, described in self._described_operations():
            table = described["responses"]["400"]["description"]
            for code, text, _ in ROW.findall(table):
                with self.subTest(operation=operation.name, code=code):
                    self.assertEqual(problems.ERRORS[int(code)], text)

    def test_rights_are_the_documented_ones(self):
        for operation, described in self._described_operations():
            with self.subTest(operation=operation.name):
                rights = described.get("x-required-permissions", [])
                self.assertEqual(sorted(operation.rights), sorted(rights))
                is_protected = bool(described.get("security"))
                self.assertEqual(bool(operation.bearers), is_protected)

    def test_rate_limits_are_the_documented_ones(self):
        older = limits.RateLimits(Clock())
        older.has_new_groups = False
        for operation, described in self._described_operations():
            with self.subTest(operation=operation.name):
                values = limits.default_limits()[older.group_of(operation.group)]
                limited = {k: v for k, v in values.items() if v != limits.UNLIMITED}
                self.assertEqual(limited, described["x-rate-limits"])

    def test_queries_are_the_documented_ones(self):
        for operation, described in self._described_operations():
            with self.subTest(operation=operation.name):
                names = {
                    parameter["name"]
                    for parameter in described.get("parameters", [])
                    if parameter["in"] == "query"
                }
                self.assertEqual(set(operation.query), names)


if __name__ == "__main__":
    unittest.main()
