"""Where a secret could leak to, searched after a whole journey.

With a token here; `test_secrets_certificate.py` runs the same with a certificate.
"""

import base64
import contextlib
import json
import os
import subprocess
import tempfile
import urllib.parse
from pathlib import Path
from unittest.mock import patch

import psycopg2
import requests

from ..cluster import SERVER_LOG
from ..common import ROOT
from ..demo_client import OdooClient, Refused
from ..demo_run import Journey
from .common import ServerCase

# Records of a model that are read; a leak would be in the newest ones.
MOST_RECORDS = 200
# Log-in and password of the demo data's bookkeeper.
ACCOUNTANT = ("demo", "demo")
SEALED_COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_name LIKE 'l10n_pl_ksef_%%' AND column_name LIKE 'sealed_%%'"
)
# Base64 of at least so many bytes is told from chance.
LEAST_BYTES = 12


def spellings(raw):
    """Return the forms, as bytes, in which some bytes may stand in a text or dump."""
    return {
        raw,
        urllib.parse.quote(raw, safe="").encode(),
        urllib.parse.quote_plus(raw).encode(),
        raw.hex().encode(),
        raw.hex().upper().encode(),
        repr(raw)[2:-1].encode(),
        *_spell_text(raw),
        *(_inner_base64(raw, shift) for shift in range(3)),
    }


def _spell_text(raw):
    """Return how JSON and Python write the text, nothing where it is none."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return ()
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    return json.dumps(text)[1:-1].encode(), plain.encode(), repr(text)[1:-1].encode()


def _inner_base64(raw, shift):
    """Return Base64 of the bytes as it stands inside that of a larger value.

    The first and last characters depend on what stands around, so they are cut.
    """
    if len(raw) < LEAST_BYTES:
        raise ValueError("too short to be told from chance")
    return base64.b64encode(bytes(shift) + raw)[4:-4]


class TokenJourney(Journey):
    """Keeps the token that it pasted, to search for it."""

    token = None

    def make_token(self, nip):
        self.token = super().make_token(nip)
        return self.token

    def make_mistakes(self):
        """Do what is refused, with the real secret; return Odoo's answers."""
        wrong = {"token": f"{self.token}0"}
        return [self.odoo.enter_secret("token", self.company, "test", wrong)]

    def get_secrets(self):
        """Return what must be found nowhere, as bytes."""
        secret = self.token.split("|")[2]
        return spellings(self.token.encode()) | spellings(secret.encode())


class TestSecrets(ServerCase):
    """What was entered is in no table, file, log or answer in clear."""

    odoo_words = ("--log-level=debug", "--log-handler=odoo.service.model:DEBUG")
    journey_class = TokenJourney

    @classmethod
    def prepare_database(cls):
        cls.log_start = SERVER_LOG.stat().st_size
        cls.query(f"ALTER DATABASE \"{cls.demo.name}\" SET log_statement = 'all'")

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.temporary = Path(temporary.name)
        # What the servers write beside their own folders comes here.
        own_folder = patch.dict(os.environ, TMPDIR=temporary.name)
        own_folder.start()
        cls.addClassCleanup(own_folder.stop)
        super().setUpClass()
        cls.answers = cls.journey.make_mistakes()
        cls.move = cls.journey.confirm_invoice()
        cls.journey.wait_for(cls.move)
        cls.secrets = cls.journey.get_secrets()

    def check_clean(self, content, where):
        """Check text or bytes; says the beginning alone of what it found."""
        content = content.encode() if isinstance(content, str) else content
        found = [secret[:4] for secret in self.secrets if secret in content]
        self.assertEqual(found, [], f"a secret stands in {where}")

    def test_search_itself_finds_every_spelling(self):
        self.assertGreater(len(self.secrets), 1)
        for secret in self.secrets:
            with self.subTest(secret[:4]), self.assertRaises(AssertionError):
                self.check_clean(b"x " + secret + b" y", "this text")

    def test_login_is_the_one_that_was_meant(self):
        [(method,)] = self.query("SELECT login_method FROM l10n_pl_ksef_connection")
        self.assertEqual(method, self.journey.login_method)
        counts = self.demo.control("GET", "requests")
        logins = {
            name for name in counts if name in ("login_token", "login_certificate")
        }
        self.assertEqual(logins, {f"login_{method}"})

    def test_database_dump(self):
        dump = subprocess.run(
            ["pg_dump", "--no-owner", self.demo.name], capture_output=True, check=True
        )
        self.assertIn(b"l10n_pl_ksef_connection", dump.stdout)
        self.check_clean(dump.stdout, "the dump")

    def test_statement_log_of_the_database_server(self):
        with SERVER_LOG.open("rb") as log:
            log.seek(self.log_start)
            content = log.read()
        self.assertIn(b"sealed_token", content, "statements are logged")
        self.check_clean(content, "the statement log")

    def test_logs_of_odoo_at_debug(self):
        text = self.get_odoo_log()
        self.assertIn(" DEBUG ", text)
        self.assertIn("action_post", text, "RPC calls are logged")
        self.check_clean(text, "Odoo's log")

    def test_answers_to_what_was_entered(self):
        text = json.dumps(self.journey.connect_answer)
        self.check_clean(text, "the answer")
        for answer in self.answers:
            with self.subTest(status=answer.status_code):
                self.assertNotIn(b'"connected": true', answer.content)
                self.check_clean(answer.content, "the answer")
                self.check_clean(str(answer.headers), "its headers")

    def test_files_of_the_server(self):
        store = Path(self.demo.data_dir, "filestore", self.demo.name)
        sessions = Path(self.demo.data_dir, "sessions")
        for folder in (store, sessions):
            files = [file for file in folder.rglob("*") if file.is_file()]
            self.assertTrue(files, folder)
            for file in files:
                self.check_clean(file.read_bytes(), file)

    def test_no_temporary_file_is_left(self):
        files = [file for file in self.temporary.rglob("*") if file.is_file()]
        self.assertEqual(files, [])

    def test_neutralized_database_has_not_even_what_is_sealed(self):
        script = ROOT / "data" / "neutralize.sql"
        columns = self.query(SEALED_COLUMNS)
        self.assertIn(("l10n_pl_ksef_connection", "sealed_certificate"), columns)
        connection = psycopg2.connect(dbname=self.demo.name)
        # Rolled back when it is closed: the other tests need the secrets.
        with contextlib.closing(connection), connection.cursor() as cursor:
            method = self.journey.login_method
            sealed = f"SELECT sealed_{method} FROM l10n_pl_ksef_connection"
            cursor.execute(sealed)
            self.assertTrue(all(value for (value,) in cursor.fetchall()))
            cursor.execute(script.read_text(encoding="utf-8"))
            for table, column in columns:
                cursor.execute(f"SELECT count({column}) FROM {table}")
                self.assertEqual(cursor.fetchone(), (0,), column)

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
