import base64
import json
import unittest

from ..claims import read_permissions
from ..secret import Secret


def token(claims):
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    return Secret(f"e30.{body.decode()}.signature")


class PermissionsTest(unittest.TestCase):
    """Permissions are read in either form; anything else says nothing."""

    def test_a_list_and_a_text_with_a_list_are_read(self):
        names = ["InvoiceRead", "InvoiceWrite"]
        for named in (names, json.dumps(names)):
            found = read_permissions(token({"per": named}))
            self.assertEqual(found, frozenset(names))
        self.assertEqual(read_permissions(token({"per": []})), frozenset())

    def test_a_text_with_one_name_is_one_permission(self):
        found = read_permissions(token({"per": json.dumps("Owner")}))
        self.assertEqual(found, {"Owner"})

    def test_other_tokens_say_nothing(self):
        for access in (
            *(Secret("access"), Secret("a.b"), Secret("a.żó.c"), Secret("a.e30.c")),
            *(token([1]), token({"per": None}), token({"per": "words"})),
            *(token({"per": 7}), token({"per": "7"})),
        ):
            self.assertIsNone(read_permissions(access))
