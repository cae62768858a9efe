"""Published keys, rotation, and key ids."""

import base64
import hashlib
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from .support import SimulatorCase

TOKEN_USAGE = "KsefTokenEncryption"
SYMMETRIC_USAGE = "SymmetricKeyEncryption"


class PublishedKeysTest(SimulatorCase):
    """One certificate for each usage, with ids that follow from its bytes."""

    def _listed(self):
        return self.client.get("/security/public-key-certificates", bearer=None).json()

    def test_usages_have_different_keys(self):
        listed = self._listed()
        self.assertEqual(
            sorted(key["usage"][0] for key in listed), [TOKEN_USAGE, SYMMETRIC_USAGE]
        )
        self.assertEqual(len({key["publicKeyId"] for key in listed}), 2)

    def test_ids_are_hashes_of_certificate_and_key(self):
        for entry in self._listed():
            der = base64.b64decode(entry["certificate"])
            key = x509.load_der_x509_certificate(der).public_key()
            spki = key.public_bytes(
                serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
            for data, name in ((der, "certificateId"), (spki, "publicKeyId")):
                expected = base64.b64encode(hashlib.sha256(data).digest()).decode()
                self.assertEqual(entry[name], expected)

    def test_planned_rotation_lists_both_and_newest_is_later(self):
        old = {key["publicKeyId"]: key["validFrom"] for key in self._listed()}
        self.simulator.control("rotate-keys", {"keep_old": True})
        listed = self._listed()
        self.assertEqual(len(listed), 4)
        new = [key for key in listed if key["publicKeyId"] not in old]
        self.assertTrue(all(key["validFrom"] > max(old.values()) for key in new))

    def test_emergency_rotation_refuses_the_old_id(self):
        self.client.login()
        _, old_id = self.client.public_key(SYMMETRIC_USAGE)
        self.simulator.control("rotate-keys", {"keep_old": False})
        body = self.client.open_body()
        body["encryption"]["publicKeyId"] = old_id
        answer = self.client.post("/sessions/online", body)
        self.assert_refused(answer, 21470, old_id)

    def test_id_of_the_other_usage_is_unknown(self):
        token = self.simulator.control("tokens", {"nip": "5265877635"})["token"]
        body = self.client.login_body(token)
        _, body["publicKeyId"] = self.client.public_key(SYMMETRIC_USAGE)
        answer = self.client.post("/auth/ksef-token", body, bearer=None)
        self.assert_refused(answer, 21470)

    def test_refused_key_id_leaves_the_challenge_usable(self):
        token = self.simulator.control("tokens", {"nip": "5265877635"})["token"]
        body = self.client.login_body(token)
        wrong = {**body, "publicKeyId": "A" * 43 + "="}
        self.assert_refused(
            self.client.post("/auth/ksef-token", wrong, bearer=None), 21470
        )
        answer = self.client.post("/auth/ksef-token", body, bearer=None)
        self.assertEqual(answer.status_code, 202)

    def test_without_id_the_previous_key_is_meant(self):
        self.client.login()
        self.simulator.control("rotate-keys", {"keep_old": True})
        session = self.client.open()
        status = self.client.wait(f"/sessions/{session}")["status"]
        self.assertEqual(status["code"], 415)


if __name__ == "__main__":
    unittest.main()
