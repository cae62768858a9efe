"""Metadata of KSeF tokens: who sees and who revokes what."""

import unittest

from .support import NIP, OTHER_NIP, Client, SimulatorCase


class TokenMetadataTest(SimulatorCase):
    """A token login sees its own token; more only with rights on credentials."""

    def setUp(self):
        super().setUp()
        self.client.login(description="Program księgowy")
        self.other = self.simulator.control("tokens", {"nip": NIP})["reference"]

    def _manager(self, *permissions):
        manager = Client(self.simulator).login(permissions=permissions)
        self.addCleanup(manager.close)
        return manager

    def test_own_token_is_described(self):
        found = self.client.get(f"/tokens/{self.client.token_reference}").json()
        self.assertEqual(found["description"], "Program księgowy")
        self.assertEqual(found["status"], "Active")
        self.assertEqual(found["requestedPermissions"], ["InvoiceRead", "InvoiceWrite"])
        self.assertEqual(found["contextIdentifier"], {"type": "Nip", "value": NIP})
        self.assertEqual(found["authorIdentifier"], {"type": "Nip", "value": NIP})

    def test_other_token_is_forbidden(self):
        for method in ("GET", "DELETE"):
            answer = self.client.call(method, f"/tokens/{self.other}")
            self.assertEqual(answer.status_code, 403)
            self.assertEqual(
                answer.json()["reasonCode"], "insufficient-resource-access"
            )

    def test_unknown_token_is_invalid(self):
        self.assert_refused(self.client.get("/tokens/" + "X" * 36), 21405)
        self.assert_refused(self.client.get("/tokens/short"), 21405)

    def test_reader_of_credentials_sees_but_does_not_revoke(self):
        reader = self._manager("CredentialsRead")
        self.assertEqual(reader.get(f"/tokens/{self.other}").status_code, 200)
        self.assertEqual(reader.delete(f"/tokens/{self.other}").status_code, 403)

    def test_manager_of_credentials_revokes(self):
        manager = self._manager("CredentialsManage")
        self.assertEqual(manager.delete(f"/tokens/{self.other}").status_code, 204)
        found = manager.get(f"/tokens/{self.other}").json()
        self.assertEqual(found["status"], "Revoked")

    def test_tokens_of_another_context_stay_hidden(self):
        foreign = self.simulator.control("tokens", {"nip": OTHER_NIP})["reference"]
        manager = self._manager("CredentialsManage")
        self.assertEqual(manager.get(f"/tokens/{foreign}").status_code, 403)

    def test_list_shows_what_may_be_seen(self):
        own = self.client.get("/tokens").json()["tokens"]
        self.assertEqual(
            [token["referenceNumber"] for token in own], [self.client.token_reference]
        )
        everything = self._manager("CredentialsRead").get("/tokens").json()["tokens"]
        self.assertEqual(len(everything), 3)

    def test_list_filters(self):
        manager = self._manager("CredentialsRead")
        self.simulator.control(f"tokens/{self.other}", {"status": "Revoked"})
        counts = {
            "status=Revoked": 1,
            "status=Revoked&status=Active": 3,
            "description=KSIĘGOWY": 1,
            f"authorIdentifier={NIP[:4]}": 3,
            "authorIdentifierType=Pesel": 0,
        }
        for query, expected in counts.items():
            with self.subTest(query):
                found = manager.get(f"/tokens?{query}").json()["tokens"]
                self.assertEqual(len(found), expected)

    def test_list_pages_by_continuation_token(self):
        for _ in range(10):
            self.simulator.control("tokens", {"nip": NIP})
        manager = self._manager("CredentialsRead")
        first = manager.get("/tokens?pageSize=10").json()
        token = first["continuationToken"]
        headers = {"x-continuation-token": token}
        second = manager.get("/tokens?pageSize=10", headers=headers).json()
        seen = [t["referenceNumber"] for t in first["tokens"] + second["tokens"]]
        self.assertEqual((len(seen), len(set(seen))), (13, 13))
        self.assertNotIn("continuationToken", second)

    def test_bad_continuation_token_is_refused(self):
        for token in ("garbage", "WzEsMl0="):
            answer = self.client.get("/tokens", headers={"x-continuation-token": token})
            self.assert_refused(answer, 21418)

    def test_token_login_cannot_make_tokens(self):
        body = {"permissions": ["InvoiceRead"], "description": "Nowy token"}
        answer = self.client.post("/tokens", body)
        self.assertEqual(answer.status_code, 403)
        self.assertEqual(answer.json()["reasonCode"], "auth-method-not-allowed")


if __name__ == "__main__":
    unittest.main()
