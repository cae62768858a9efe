"""Where a token could leak to, searched after a whole journey."""

import base64
import contextlib
import json
import subprocess
import urllib.parse
from pathlib import Path

import requests

from ..cluster import SERVER_LOG
from ..demo_client import OdooClient, Refused
from ..demo_run import Journey
from .common import ServerCase

# Records of a model that are read; a leak would be in the newest ones.
MOST_RECORDS = 200
# Log-in and password of the demo data's bookkeeper.
ACCOUNTANT = ("demo", "demo")


def spellings(secret):
    """Return the forms in which a secret may stand in a text or a dump."""
    raw = secret.encode()
    return {
        secret,
        urllib.parse.quote(secret, safe=""),
        raw.hex(),
        json.dumps(secret)[1:-1],
        *(_inner_base64(raw, shift) for shift in range(3)),
    }


def _inner_base64(raw, shift):
    """Return Base64 of the bytes as it stands inside that of a larger value.

    The first and last characters depend on what stands around, so they are cut.
    """
    text = base64.b64encode(bytes(shift) + raw).decode()
    return text[4:-4]


class RememberingJourney(Journey):
    """Keeps the token that it pasted, to search for it."""

    token = None

    def make_token(self, nip):
        type(self).token = super().make_token(nip)
        return self.token


class TestSecrets(ServerCase):
    """The token is in no table, log or answer in clear."""

    odoo_words = ("--log-level=debug", "--log-handler=odoo.service.model:DEBUG")
    journey_class = RememberingJourney

    @classmethod
    def prepare_database(cls):
        cls.log_start = SERVER_LOG.stat().st_size
        cls.query(f"ALTER DATABASE \"{cls.demo.name}\" SET log_statement = 'all'")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls.journey.confirm_invoice()
        cls.journey.wait_for(cls.move)
        cls.token = RememberingJourney.token
        cls.secrets = spellings(cls.token) | spellings(cls.token.split("|")[2])

    def check_clean(self, text, where):
        found = [secret[:4] for secret in self.secrets if secret in text]
        self.assertEqual(found, [], f"the token stands in {where}")

    def test_search_itself_finds_a_token(self):
        with self.assertRaises(AssertionError):
            self.check_clean(f"x {self.token} y", "this text")

    def test_database_dump(self):
        dump = subprocess.run(
            ["pg_dump", "--no-owner", self.demo.name], capture_output=True, check=True
        )
        text = dump.stdout.decode(errors="replace")
        self.assertIn("l10n_pl_ksef_connection", text)
        self.check_clean(text, "the dump")

    def test_statement_log_of_the_database_server(self):
        with SERVER_LOG.open("rb") as log:
            log.seek(self.log_start)
            text = log.read().decode(errors="replace")
        self.assertIn("sealed_token", text, "statements are logged")
        self.check_clean(text, "the statement log")

    def test_logs_of_odoo_at_debug(self):
        text = self.get_odoo_log()
        self.assertIn(" DEBUG ", text)
        self.assertIn("action_post", text, "RPC calls are logged")
        self.check_clean(text, "Odoo's log")

    def test_answer_to_the_paste(self):
        text = json.dumps(self.journey.connect_answer)
        self.check_clean(text, "the answer to the paste")

    def test_every_field_that_the_administrator_can_read(self):
        self.check_readable(self.odoo)

    def test_every_field_that_an_accountant_can_read(self):
        user = self.odoo.reference("base.user_demo")
        group = self.odoo.reference("account.group_account_user")
        company = self.journey.company
        values = {"group_ids": [(4, group)], "company_ids": [(4, company)]}
        self.odoo.call("res.users", "write", [user], values)
        self.odoo.call("res.users", "write", [user], {"company_id": company})
        client = OdooClient(self.demo.address, self.demo.name, *ACCOUNTANT)
        client.context = {"allowed_company_ids": [company]}
        self.check_readable(client)

    def check_readable(self, client):
        models = self.odoo.call("ir.model", "search_read", [], ["model"])
        names = [model["model"] for model in models]
        readable = [name for name in names if self.read_all(client, name)]
        self.assertIn("res.company", readable)
        self.assertIn("l10n_pl_ksef.document", readable)
        self.assertNotIn("l10n_pl_ksef.connection", readable)
        self.assertNotIn("l10n_pl_ksef.session", readable)

    def read_all(self, client, model):
        """Read every field of a model and search it; False without access."""
        try:
            names = client.call(model, "fields_get", [], ["type"])
            self.search(client, model, ["display_name"])
        except Refused:
            return False
        try:
            self.search(client, model, list(names))
        except (requests.HTTPError, Refused):
            # Some field has no JSON form: all the others one by one.
            for name in names:
                with contextlib.suppress(requests.HTTPError, Refused):
                    self.search(client, model, [name])
        return True

    def search(self, client, model, names):
        """Search records, read these fields, and look for the secrets in them."""
        options = {"limit": MOST_RECORDS, "order": "id desc"}
        found = client.call(model, "search_read", [], names, **options)
        self.check_clean(json.dumps(found), f"{model}: {names}")

    def test_key_of_the_server_is_not_in_the_dump(self):
        key = Path(self.demo.data_dir, "l10n_pl_ksef.key").read_text().strip()
        dump = subprocess.run(
            ["pg_dump", self.demo.name], capture_output=True, check=True
        )
        self.assertNotIn(key, dump.stdout.decode(errors="replace"))
