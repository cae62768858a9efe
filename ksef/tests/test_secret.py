import copy
import io
import json
import logging
import pickle
import traceback
import unittest
from dataclasses import asdict, dataclass

from ..secret import REDACTED, Secret

VALUE = "value-that-must-not-show"


@dataclass(frozen=True)
class Holder:
    secret: Secret


class SecretTest(unittest.TestCase):
    """A secret shows itself to nobody but the caller of reveal()."""

    def setUp(self):
        super().setUp()
        self.secret = Secret(VALUE)

    def test_every_text_form_shows_a_placeholder(self):
        holder = Holder(self.secret)
        for text in (
            repr(self.secret),
            str(self.secret),
            f"{self.secret}",
            f"{self.secret!r:>20}",
            "%s %r" % (self.secret, self.secret),  # noqa: UP031
            "{:10}".format(self.secret),  # noqa: UP032
            repr(holder),
            str(asdict(holder)),
            str([self.secret]),
            json.dumps({"token": self.secret}, default=str),
        ):
            self.assertNotIn(VALUE, text)
            self.assertIn(REDACTED, text)

    def test_reveal_gives_text_and_bytes_back(self):
        self.assertEqual(self.secret.reveal(), VALUE)
        self.assertEqual(Secret(b"\x00\x01").reveal(), b"\x00\x01")
        self.assertEqual(Secret(self.secret).reveal(), VALUE)

    def test_other_types_are_refused_without_naming_the_value(self):
        with self.assertRaises(TypeError) as caught:
            Secret(12345)
        self.assertNotIn("12345", str(caught.exception))

    def test_pickling_is_refused_in_every_protocol(self):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with self.assertRaises(TypeError):
                pickle.dumps(self.secret, protocol)
        with self.assertRaises(TypeError):
            self.secret.__getstate__()

    def test_json_refuses_the_type(self):
        with self.assertRaises(TypeError):
            json.dumps(self.secret)

    def test_a_copy_is_the_same_object(self):
        self.assertIs(copy.copy(self.secret), self.secret)
        self.assertIs(copy.deepcopy({"a": self.secret})["a"], self.secret)

    def test_there_is_no_dictionary_of_attributes(self):
        with self.assertRaises(TypeError):
            vars(self.secret)
        with self.assertRaises(AttributeError):
            self.secret._value = "other"
        with self.assertRaises(AttributeError):
            del self.secret._value

    def test_equality_compares_values_of_one_type(self):
        self.assertEqual(self.secret, Secret(VALUE))
        self.assertNotEqual(self.secret, Secret("other"))
        self.assertNotEqual(self.secret, Secret(VALUE.encode()))
        self.assertNotEqual(self.secret, VALUE)
        self.assertEqual(Secret("ąę"), Secret("ąę"))

    def test_it_cannot_be_a_dictionary_key(self):
        with self.assertRaises(TypeError):
            hash(self.secret)

    def test_truth_is_that_of_the_value(self):
        self.assertTrue(self.secret)
        self.assertFalse(Secret(""))

    def test_logs_and_tracebacks_show_a_placeholder(self):
        stream = io.StringIO()
        logger = logging.Logger("secret-test")
        logger.addHandler(logging.StreamHandler(stream))
        try:
            raise ValueError(self.secret)
        except ValueError as error:
            logger.exception("failed with %s, %r", self.secret, error)
            stream.write(traceback.format_exc())
        self.assertNotIn(VALUE, stream.getvalue())
        self.assertIn(REDACTED, stream.getvalue())
