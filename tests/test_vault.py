"""Secrets at rest."""

import base64
import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged
from odoo.tools import config

from ..models.l10n_pl_ksef_vault import KEY_FILE, KeyMissing, SealBroken

OLD_KEY = base64.b64encode(b"o" * 32).decode()
NEW_KEY = base64.b64encode(b"n" * 32).decode()
BINDING = ["database", "1", "5795955811", "test", "token"]


@tagged("post_install_l10n", "post_install", "-at_install")
class TestVault(TransactionCase):
    """A sealed secret opens only with its key and in its own place."""

    def setUp(self):
        super().setUp()
        self.vault = self.env["l10n_pl_ksef.vault"]

    def use_keys(self, *keys):
        values = {"L10N_PL_KSEF_KEY": ",".join(keys)}
        self.startPatcher(patch.dict(os.environ, values))

    def test_sealed_secret_opens_again(self):
        self.use_keys(NEW_KEY)
        sealed = self.vault._seal(BINDING, b"secret")
        self.assertNotIn("secret", sealed)
        self.assertEqual(self.vault._open(BINDING, sealed), b"secret")

    def test_same_secret_is_sealed_differently_each_time(self):
        self.use_keys(NEW_KEY)
        sealed = {self.vault._seal(BINDING, b"secret") for _count in range(5)}
        self.assertEqual(len(sealed), 5)

    def test_each_part_of_the_binding_counts(self):
        self.use_keys(NEW_KEY)
        sealed = self.vault._seal(BINDING, b"secret")
        for index in range(len(BINDING)):
            other = [*BINDING]
            other[index] += "x"
            with self.subTest(part=BINDING[index]), self.assertRaises(SealBroken):
                self.vault._open(other, sealed)

    def test_parts_are_joined_unambiguously(self):
        self.use_keys(NEW_KEY)
        sealed = self.vault._seal(["ab", "c"], b"secret")
        with self.assertRaises(SealBroken):
            self.vault._open(["a", "bc"], sealed)

    def test_altered_text_does_not_open(self):
        self.use_keys(NEW_KEY)
        sealed = self.vault._seal(BINDING, b"secret")
        payload = bytearray(base64.b64decode(sealed.split(".")[2]))
        payload[-1] ^= 1
        altered = sealed.rsplit(".", 1)[0] + "." + base64.b64encode(payload).decode()
        for text in (altered, "nonsense", "v9." + sealed[3:]):
            with self.subTest(text=text[:8]), self.assertRaises(SealBroken):
                self.vault._open(BINDING, text)

    def test_older_key_still_opens_and_the_newest_writes(self):
        self.use_keys(OLD_KEY)
        old = self.vault._seal(BINDING, b"secret")
        self.use_keys(NEW_KEY, OLD_KEY)
        self.assertEqual(self.vault._open(BINDING, old), b"secret")
        new = self.vault._seal(BINDING, b"secret")
        self.assertNotEqual(old.split(".")[1], new.split(".")[1])

    def test_missing_key_says_so_and_loses_nothing(self):
        self.use_keys(OLD_KEY)
        sealed = self.vault._seal(BINDING, b"secret")
        self.use_keys(NEW_KEY)
        with self.assertRaises(KeyMissing):
            self.vault._open(BINDING, sealed)

    def test_key_file_is_made_once_and_only_for_its_owner(self):
        self.use_keys("")
        with tempfile.TemporaryDirectory() as folder:
            self.startPatcher(patch.dict(config.options, {"data_dir": folder}))
            sealed = self.vault._seal(BINDING, b"secret")
            file = Path(folder) / KEY_FILE
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)
            before = file.read_bytes()
            self.vault._seal(BINDING, b"another")
            self.assertEqual(file.read_bytes(), before)
            self.assertEqual(self.vault._open(BINDING, sealed), b"secret")

    def test_lost_key_file_is_never_replaced_silently(self):
        self.use_keys("")
        self.env["l10n_pl_ksef.connection"].create(
            {
                "company_id": self.env.company.id,
                "environment": "test",
                "sealed_token": "v1.00000000.AAAA",
            }
        )
        with tempfile.TemporaryDirectory() as folder:
            self.startPatcher(patch.dict(config.options, {"data_dir": folder}))
            with self.assertRaises(KeyMissing):
                self.vault._seal(BINDING, b"secret")
            self.assertFalse((Path(folder) / KEY_FILE).exists())

    def test_database_identity_is_of_this_very_database(self):
        identity = self.vault._get_database_identity()
        self.assertEqual(identity, self.vault._get_database_identity())
        self.env["ir.config_parameter"].set_param("database.uuid", "another")
        self.assertNotEqual(identity, self.vault._get_database_identity())
