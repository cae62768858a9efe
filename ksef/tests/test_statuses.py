import unittest

from .. import statuses
from ..statuses import LoginProblem, Verdict

INVOICE = {
    100: Verdict.PENDING,
    150: Verdict.PENDING,
    200: Verdict.ACCEPTED,
    405: Verdict.RESEND,
    410: Verdict.REJECTED,
    415: Verdict.REJECTED,
    430: Verdict.REBUILD,
    435: Verdict.REBUILD,
    440: Verdict.DUPLICATE,
    450: Verdict.REJECTED,
    500: Verdict.RESEND,
    550: Verdict.RESEND,
    0: Verdict.UNKNOWN,
    199: Verdict.UNKNOWN,
    201: Verdict.UNKNOWN,
    999: Verdict.UNKNOWN,
    None: Verdict.UNKNOWN,
}

SESSION = {
    100: (Verdict.PENDING, False),
    150: (Verdict.PENDING, False),
    170: (Verdict.PENDING, False),
    200: (Verdict.ACCEPTED, True),
    405: (Verdict.REBUILD, True),
    415: (Verdict.NEW_SESSION, True),
    420: (Verdict.SPLIT, True),
    430: (Verdict.REBUILD, True),
    435: (Verdict.REBUILD, True),
    440: (Verdict.NOT_TAKEN, True),
    445: (Verdict.SEE_INVOICES, True),
    500: (Verdict.SEE_LIST, True),
    180: (Verdict.UNKNOWN, False),
    399: (Verdict.UNKNOWN, False),
    400: (Verdict.SEE_LIST, True),
    499: (Verdict.SEE_LIST, True),
    999: (Verdict.SEE_LIST, True),
}

ERROR = {
    21001: Verdict.UNKNOWN,
    21111: Verdict.RESEND,
    21155: Verdict.NEW_SESSION,
    21157: Verdict.REBUILD,
    21161: Verdict.REBUILD,
    21164: Verdict.REJECTED,
    21165: Verdict.PENDING,
    21166: Verdict.REJECTED,
    21167: Verdict.REJECTED,
    21173: Verdict.NEW_SESSION,
    21175: Verdict.RESEND,
    21178: Verdict.PENDING,
    21180: Verdict.NEW_SESSION,
    21181: Verdict.UNKNOWN,
    21182: Verdict.PENDING,
    21183: Verdict.PENDING,
    21184: Verdict.NEW_SESSION,
    21205: Verdict.REBUILD,
    21208: Verdict.REBUILD,
    21402: Verdict.REBUILD,
    21403: Verdict.REBUILD,
    21405: Verdict.UNKNOWN,
    21418: Verdict.RESEND,
    21470: Verdict.NEW_SESSION,
    1: Verdict.UNKNOWN,
    None: Verdict.UNKNOWN,
}

LOGIN_ERROR = {
    9101: LoginProblem.CERTIFICATE,
    9102: LoginProblem.CERTIFICATE,
    9103: LoginProblem.CERTIFICATE,
    9104: LoginProblem.CERTIFICATE,
    9105: LoginProblem.CERTIFICATE,
    21111: LoginProblem.DISTURBED,
    21115: LoginProblem.CERTIFICATE,
    21117: LoginProblem.CERTIFICATE,
    21217: LoginProblem.CERTIFICATE,
    21401: LoginProblem.CERTIFICATE,
    21406: LoginProblem.CERTIFICATE,
    21001: None,
    21405: None,
    21470: LoginProblem.DISTURBED,
    None: None,
}

LOGIN = (
    (415, ("Brak przypisanych uprawnień",), LoginProblem.NO_RIGHTS),
    (425, (), LoginProblem.DISTURBED),
    (450, ("Nieprawidłowe wyzwanie autoryzacyjne",), LoginProblem.DISTURBED),
    (450, ("Nieprawidłowy token",), LoginProblem.UNKNOWN_TOKEN),
    (450, ("Nieprawidłowy czas tokena",), LoginProblem.DISTURBED),
    (450, ("Token unieważniony",), LoginProblem.REVOKED),
    (450, ("Token nieaktywny",), LoginProblem.INACTIVE),
    (450, ("Nieprawidłowe szyfrowanie tokena",), LoginProblem.DISTURBED),
    (450, ("Nieprawidłowe kodowanie tokena",), LoginProblem.UNKNOWN_TOKEN),
    (450, ("Invalid token encoding.",), LoginProblem.UNKNOWN_TOKEN),
    (
        450,
        ("Token nie może być użyty w kontekście Nip: 5265877635",),
        LoginProblem.WRONG_CONTEXT,
    ),
    (450, (), LoginProblem.UNKNOWN_TOKEN),
    (450, ("Coś nowego",), LoginProblem.UNKNOWN_TOKEN),
    (450, ("Coś nowego", " TOKEN UNIEWAŻNIONY"), LoginProblem.REVOKED),
    (460, ("Certyfikat odwołany",), LoginProblem.CERTIFICATE),
    (470, (), LoginProblem.PERSON),
    (480, (), LoginProblem.BLOCKED),
    (500, (), LoginProblem.DISTURBED),
    (550, (), LoginProblem.DISTURBED),
    (499, ("Token unieważniony",), LoginProblem.OTHER),
)


class VerdictTableTest(unittest.TestCase):
    """Every documented code has one verdict; of the others a session's list decides
    where the session failed, and everything else is UNKNOWN."""

    def test_invoice_codes_have_their_verdict(self):
        for code, verdict in INVOICE.items():
            with self.subTest(code=code):
                self.assertIs(statuses.invoice_verdict(code), verdict)

    def test_session_codes_have_their_verdict_and_end(self):
        for code, expected in SESSION.items():
            with self.subTest(code=code):
                found = (
                    statuses.session_verdict(code),
                    statuses.is_session_final(code),
                )
                self.assertEqual(found, expected)

    def test_error_codes_have_their_verdict(self):
        for code, verdict in ERROR.items():
            with self.subTest(code=code):
                self.assertIs(statuses.error_verdict(code), verdict)

    def test_login_codes_and_texts_have_their_problem(self):
        for code, details, problem in LOGIN:
            with self.subTest(code=code, details=details):
                self.assertIs(statuses.login_problem(code, details), problem)

    def test_codes_of_a_refused_signed_login_have_their_problem(self):
        for code, problem in LOGIN_ERROR.items():
            with self.subTest(code=code):
                self.assertIs(statuses.login_error_problem(code), problem)

    def test_no_code_is_missing_here(self):
        for table, rows in (
            (statuses._INVOICE, INVOICE),
            (statuses._SESSION, SESSION),
            (statuses._ERROR, ERROR),
            (statuses._LOGIN_ERROR, LOGIN_ERROR),
        ):
            self.assertLessEqual(set(table), set(rows))
        self.assertLessEqual(set(statuses._LOGIN), {row[0] for row in LOGIN})
