"""A test case that logs in by certificate."""

from .signer import Signer, read_identity, request_xml
from .support import NIP, SimulatorCase

PATH = "/auth/xades-signature"
XML = "application/xml"


class CertificateCase(SimulatorCase):
    uses_schema = False

    def certificate(self, **given):
        """A new identity; without parts the owner's of ``NIP``."""
        made = self.simulator.control("certificates", {"nip": NIP, **given})
        self.serial = made["serial"]
        return read_identity(made)

    def request(self, nip=NIP, **parts):
        return request_xml(self.client.challenge()["challenge"], nip, **parts)

    def signed(self, identity, change=None, **changes):
        return Signer(identity, **changes).sign(self.request(), change)

    def post(self, signed, query="", content_type=XML):
        headers = {"Content-Type": content_type}
        path = PATH + query
        return self.client.post(path, bearer=None, data=signed, headers=headers)

    def outcome(self, answer):
        """What the login shows once it is decided; keeps its operation token."""
        self.assertEqual(answer.status_code, 202, answer.text)
        begun = answer.json()
        self.operation = begun["authenticationToken"]["token"]
        path = f"/auth/{begun['referenceNumber']}"
        return self.client.wait(path, bearer=self.operation)

    def log_in(self, identity, nip=NIP):
        """Log in and keep the tokens; returns the signed bytes."""
        signed = Signer(identity).sign(self.request(nip=nip))
        shown = self.outcome(self.post(signed))
        self.assertEqual(shown["status"]["code"], 200, shown)
        answer = self.client.post("/auth/token/redeem", bearer=self.operation)
        self.client.access = answer.json()["accessToken"]["token"]
        self.client.refresh = answer.json()["refreshToken"]["token"]
        return signed

    def assert_status(self, answer, code, detail=None):
        status = self.outcome(answer)["status"]
        found = (status["code"], status.get("details"))
        self.assertEqual(found, (code, [detail] if detail else None))
