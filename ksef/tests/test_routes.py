import unittest

from .. import routes


class RouteTest(unittest.TestCase):
    """Paths are built safely, and only harmless calls may be repeated."""

    def test_values_are_quoted(self):
        path = routes.INVOICE_STATUS.path(session="a/../b", invoice="c?d=1#e")
        self.assertEqual(path, "/sessions/a%2F..%2Fb/invoices/c%3Fd%3D1%23e")

    def test_empty_and_climbing_values_are_refused(self):
        for value in ("", ".", "..", None):
            with self.subTest(value=value), self.assertRaises(ValueError):
                routes.TOKEN_GET.path(token=value)

    def test_operations_are_unique(self):
        names = [route.operation for route in routes.ALL_ROUTES]
        self.assertEqual(len(names), len(set(names)))

    def test_what_changes_something_is_never_repeated(self):
        for route in (
            routes.LOGIN_TOKEN,
            routes.LOGIN_CERTIFICATE,
            routes.REDEEM,
            routes.OPEN_ONLINE,
            routes.SEND_INVOICE,
            routes.CLOSE_ONLINE,
            routes.OPEN_BATCH,
            routes.CLOSE_BATCH,
            routes.TOKEN_REVOKE,
            routes.QUERY_METADATA,
        ):
            self.assertFalse(route.is_repeatable, route.operation)

    def test_every_reading_call_may_be_repeated(self):
        for route in routes.ALL_ROUTES:
            if route.method == "GET":
                self.assertTrue(route.is_repeatable, route.operation)

    def test_the_allow_list_names_real_calls(self):
        names = {route.operation for route in routes.ALL_ROUTES}
        self.assertLessEqual(routes.MAY_BE_REPEATED, names)

    def test_opening_and_closing_count_apart(self):
        groups = [
            route.group
            for route in (
                routes.OPEN_ONLINE,
                routes.CLOSE_ONLINE,
                routes.OPEN_BATCH,
                routes.CLOSE_BATCH,
                routes.SESSIONS,
            )
        ]
        self.assertEqual(
            groups,
            [
                "online_session",
                "online_session_close",
                "batch_session",
                "batch_session_close",
                "session_list",
            ],
        )

    def test_every_api_call_has_a_rate_group(self):
        for route in routes.ALL_ROUTES:
            self.assertTrue(route.group, route.operation)
