import pickle
import unittest

from .. import errors
from ..errors import Problem
from ..statuses import LoginProblem

ALL = (
    errors.KsefUnavailable,
    errors.KsefNoAnswer,
    errors.KsefRateLimited,
    errors.KsefAuthError,
    errors.KsefForbidden,
    errors.KsefRefused,
    errors.KsefGone,
    errors.KsefLoginRefused,
    errors.KsefLoginPending,
    errors.KsefProtocolError,
)
FIELDS = {
    "code": 21180,
    "http_status": 400,
    "service_reference": "00-ab-cd-00",
    "details": ("a body text",),
    "operation": "send_invoice",
}


class ErrorTextTest(unittest.TestCase):
    """The text of an error names code, call, status, reference, and nothing else."""

    def test_text_holds_the_facts(self):
        for kind in ALL:
            error = kind(**FIELDS)
            with self.subTest(kind=kind.__name__):
                self.assertIsInstance(error, errors.KsefError)
                self.assertEqual(
                    str(error),
                    "send_invoice, code 21180, HTTP 400, reference 00-ab-cd-00",
                )
                self.assertEqual(repr(error), f"{kind.__name__}({error})")
                self.assertNotIn("a body text", f"{error} {error!r} {error.args}")

    def test_missing_facts_are_left_out(self):
        self.assertEqual(str(errors.KsefNoAnswer()), "")
        self.assertEqual(str(errors.KsefNoAnswer(operation="redeem")), "redeem")

    def test_words_of_problems_are_not_in_the_text(self):
        problem = Problem(21405, "description words", ("detail words",))
        error = errors.KsefRefused(problems=(problem,), operation="open_online")
        self.assertEqual(str(error), "open_online, code 21405")
        self.assertEqual(error.details, ("detail words",))

    def test_types_are_apart(self):
        for kind in ALL:
            parents = [other for other in ALL if other is not kind]
            self.assertFalse(issubclass(kind, tuple(parents)), kind.__name__)

    def test_an_error_survives_pickling(self):
        error = errors.KsefRateLimited(
            group="invoice_send", retry_after_seconds=5, **FIELDS
        )
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual(vars(again), vars(error))
        self.assertEqual(str(again), str(error))

    def test_a_refused_login_has_a_reason(self):
        error = errors.KsefLoginRefused(code=450, reason=LoginProblem.REVOKED)
        self.assertIs(error.reason, LoginProblem.REVOKED)
        self.assertIs(errors.KsefLoginRefused().reason, LoginProblem.OTHER)
