import unittest

from lxml import etree

from .. import errors
from ..auth import login_with_certificate
from ..secret import Secret
from ..statuses import LoginProblem
from .certificates import COMPANY, credential
from .support import DAY, NIP, NOW, ScriptedServer, client_for, drop, reply
from .test_auth import CHALLENGE, REDEEMED, STARTED, refusal, status
from .test_xades import NAMES, verify

STEPS = (CHALLENGE, STARTED, status(200), REDEEMED)
CALLS = [
    "POST /v2/auth/challenge",
    "POST /v2/auth/xades-signature",
    "GET /v2/auth/20250514-AU-2DFC46C000-3AC6D5877F-D4",
    "POST /v2/auth/token/redeem",
]
CERTIFICATE_CODES = (
    *(9101, 9102, 9103, 9104, 9105),
    *(21115, 21117, 21217, 21401, 21406),
)


class CertificateLoginCase(unittest.TestCase):
    """A login with a certificate against scripted answers."""

    def login(self, *steps, **options):
        """Log in against a server with these answers; pauses are collected."""
        self.server = ScriptedServer(*steps)
        self.addCleanup(self.server.close)
        self.pauses = []
        self.credential = credential(names=COMPANY, valid_to=NOW + 36_500 * DAY)
        client = client_for(self.server.url)
        self.addCleanup(client.transport.close)
        return login_with_certificate(
            client, self.credential, NIP, wait=self.pauses.append, **options
        )

    def refused(self, *steps):
        with self.assertRaises(errors.KsefLoginRefused) as caught:
            self.login(*steps)
        return caught.exception

    def calls(self):
        return [f"{method} {path}" for method, path, *_ in self.server.requests]


class CertificateLoginTest(CertificateLoginCase):
    """A signed document takes the place of the token; the rest is the same."""

    def test_login_gives_credentials(self):
        credentials = self.login(*STEPS)
        self.assertEqual(credentials.access, Secret("access.jwt"))
        self.assertEqual(credentials.refresh, Secret("refresh.jwt"))
        self.assertEqual(credentials.reference, "20250514-AU-2DFC46C000-3AC6D5877F-D4")
        self.assertEqual(self.calls(), CALLS)

    def test_the_signed_document_is_the_body(self):
        self.login(*STEPS)
        _method, _path, headers, body = self.server.requests[1]
        self.assertEqual(headers["content-type"], "application/xml")
        self.assertIn("application/json", headers["accept"])
        self.assertNotIn("authorization", headers)
        self.assertTrue(verify(body, self.credential))
        root = etree.fromstring(body)
        challenge = root.findtext("auth:Challenge", None, NAMES)
        self.assertEqual(challenge, "20250514-CR-226FB7B000-3ACF9BE4C0-10")
        self.assertEqual(root.findtext(".//auth:Nip", None, NAMES), NIP)

    def test_it_is_signed_by_the_clock_of_the_server(self):
        dated = CHALLENGE.replace(
            b"Connection: close",
            b"Connection: close\r\nDate: Fri, 20 Nov 2099 08:05:00 GMT",
        )
        self.login(dated, *STEPS[1:])
        root = etree.fromstring(self.server.requests[1][3])
        found = root.findtext(".//xades:SigningTime", None, NAMES)
        self.assertEqual(found[:15], "2099-11-20T08:0")

    def test_waiting_is_bounded(self):
        with self.assertRaises(errors.KsefLoginPending):
            self.login(*STEPS[:2], *[status(100)] * 50, max_wait_seconds=5)
        self.assertLessEqual(sum(self.pauses), 5)


class RefusedCertificateTest(CertificateLoginCase):
    """A refusal names the certificate; only a refused challenge is tried again."""

    def test_codes_about_the_certificate_are_told_at_once(self):
        for code in CERTIFICATE_CODES:
            with self.subTest(code=code):
                error = self.refused(CHALLENGE, refusal(code), *STEPS)
                self.assertIs(error.reason, LoginProblem.CERTIFICATE)
                self.assertEqual((error.code, error.http_status), (code, 400))
                self.assertEqual(error.operation, "login_certificate")
                self.assertEqual(len(self.server.requests), 2)

    def test_details_and_reference_are_kept(self):
        problem = {"code": 21401, "description": "words", "details": ["line 7"]}
        body = {"errors": [{"code": 1}, problem], "traceId": "00-ab-cd-00"}
        error = self.refused(CHALLENGE, reply(400, body))
        self.assertEqual(error.details, ("line 7",))
        self.assertEqual(error.service_reference, "00-ab-cd-00")
        self.assertNotIn("line 7", str(error))

    def test_statuses_name_their_reason(self):
        for code, reason in (
            (460, LoginProblem.CERTIFICATE),
            (415, LoginProblem.NO_RIGHTS),
            (470, LoginProblem.PERSON),
            (480, LoginProblem.BLOCKED),
            (500, LoginProblem.DISTURBED),
            (550, LoginProblem.DISTURBED),
        ):
            with self.subTest(code=code):
                error = self.refused(*STEPS[:2], status(code, "words"), *STEPS)
                self.assertIs(error.reason, reason)
                self.assertEqual(error.details, ("words",))
                self.assertEqual(len(self.server.requests), 3)

    def test_a_refused_challenge_is_replaced_once(self):
        self.assertTrue(self.login(CHALLENGE, refusal(21111), *STEPS).access)
        self.assertEqual(self.calls(), CALLS[:2] + CALLS)
        error = self.refused(CHALLENGE, refusal(21111), CHALLENGE, refusal(21111))
        self.assertIs(error.reason, LoginProblem.DISTURBED)

    def test_faults_of_the_program_do_not_blame_the_certificate(self):
        for code in (21001, 21405):
            error = self.refused(CHALLENGE, refusal(code), *STEPS)
            self.assertIs(error.reason, LoginProblem.OTHER)
            self.assertEqual(error.code, code)
            self.assertEqual(len(self.server.requests), 2)

    def test_lost_or_late_redeem_starts_a_new_login(self):
        for step in (drop, refusal(21301)):
            credentials = self.login(*STEPS[:3], step, *STEPS)
            self.assertEqual(credentials.access, Secret("access.jwt"))
            self.assertEqual(self.calls(), CALLS * 2)

    def test_lost_answer_to_the_document_is_left_to_the_caller(self):
        with self.assertRaises(errors.KsefNoAnswer):
            self.login(CHALLENGE, drop, *STEPS)
        self.assertEqual(len(self.server.requests), 2)
