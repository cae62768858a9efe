"""Seal and open the company's secrets; the only place that holds the key."""

import base64
import hashlib
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from odoo import api, models
from odoo.tools import config

FORMAT_VERSION = "v1"
# AES-256-GCM: key and nonce in bytes (NIST SP 800-38D recommends 96-bit nonces).
KEY_BYTES = 32
NONCE_BYTES = 12
# Hexadecimal digits of the key's SHA-256 that name it inside a sealed text.
KEY_ID_DIGITS = 8

ENVIRONMENT_VARIABLE = "L10N_PL_KSEF_KEY"
CONFIG_OPTION = "l10n_pl_ksef_key"
KEY_FILE = "l10n_pl_ksef.key"


class VaultError(Exception):
    """A secret cannot be sealed or opened; the text never holds the secret."""


class KeyMissing(VaultError):
    """This server has no key, or not the one that sealed the secret."""


class SealBroken(VaultError):
    """The sealed text was altered or belongs to another record or database."""


class Vault(models.AbstractModel):
    _name = "l10n_pl_ksef.vault"
    _description = "KSeF vault"

    @api.private
    def _seal(self, binding, secret):
        """Encrypt bytes for one place only.

        :param list binding: texts that say where the secret belongs (database,
            company, NIP, environment, purpose); needed again to open it
        :param bytes secret: clear text
        :returns: ``version.key id.base64``, safe to store
        :raises KeyMissing: no key, and secrets of a lost key are still stored
        """
        keys = self._get_keys() or [self._make_key_file()]
        key = keys[0]
        key_id = _key_id(key)
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, secret, _associated(key_id, binding))
        return ".".join(
            (FORMAT_VERSION, key_id, base64.b64encode(nonce + sealed).decode())
        )

    @api.private
    def _open(self, binding, sealed):
        """Decrypt what :meth:`_seal` made.

        :raises KeyMissing: the key that sealed it is not on this server
        :raises SealBroken: text altered, or opened for another binding
        """
        try:
            version, key_id, payload = sealed.split(".")
            data = base64.b64decode(payload, validate=True)
        except ValueError:
            raise SealBroken("not a sealed text") from None
        if version != FORMAT_VERSION:
            raise SealBroken("unknown format of a sealed text")
        key = {_key_id(key): key for key in self._get_keys()}.get(key_id)
        if key is None:
            raise KeyMissing(f"no key {key_id} on this server")
        nonce, content = data[:NONCE_BYTES], data[NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, content, _associated(key_id, binding))
        except InvalidTag:
            raise SealBroken("the seal does not fit") from None

    @api.model
    @api.private
    def _get_database_identity(self):
        """Name this very database, so that a copy of it is told apart.

        ``database.uuid`` is copied by every dump and template, therefore the
        name, the object id and the cluster's identifier count too.
        """
        self.env.cr.execute(
            "SELECT d.datname, d.oid, s.system_identifier"
            "  FROM pg_database d, pg_control_system() s"
            " WHERE d.datname = current_database()"
        )
        facts = [str(fact) for fact in self.env.cr.fetchone()]
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return hashlib.sha256(json.dumps([uuid, *facts]).encode()).hexdigest()

    @api.private
    def _get_keys(self):
        return self._find_keys()[1]

    @api.private
    def _find_keys(self):
        """Return the source and its keys, newest first; a comma parts them."""
        for source, text in (
            ("environment", os.environ.get(ENVIRONMENT_VARIABLE)),
            ("configuration", config.get(CONFIG_OPTION)),
            ("file", _read_key_file()),
        ):
            if text:
                return source, [_decode_key(part) for part in text.split(",")]
        return "none", []

    @api.private
    def _make_key_file(self):
        """Create the server's key on the first sealing, never after a loss."""
        connections = self.env["l10n_pl_ksef.connection"].sudo()
        if connections.search_count(
            ["|", ("sealed_token", "!=", False), ("sealed_certificate", "!=", False)],
            limit=1,
        ):
            raise KeyMissing("the key of the stored secrets is not on this server")
        key = os.urandom(KEY_BYTES)
        draft = _key_path().with_suffix(f".{os.getpid()}")
        try:
            _write_private(draft, base64.b64encode(key) + b"\n")
            # Linked whole or not at all, and never over a key that is there.
            os.link(draft, _key_path())
        except FileExistsError:
            # Another worker was faster; its key is the server's key.
            key = self._get_keys()[0]
        except OSError as error:
            raise KeyMissing(f"no key file can be made: {error.strerror}") from None
        finally:
            draft.unlink(missing_ok=True)
        return key


def _key_path():
    return Path(config["data_dir"]) / KEY_FILE


def _read_key_file():
    try:
        return _key_path().read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise KeyMissing("the key file cannot be read") from None


def _write_private(path, data):
    """Write a file that only its owner may read, down to the disk."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _decode_key(text):
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyMissing("the configured key is not 32 bytes in Base64")
    return key


def _key_id(key):
    return hashlib.sha256(key).hexdigest()[:KEY_ID_DIGITS]


def _associated(key_id, binding):
    return json.dumps([FORMAT_VERSION, key_id, *binding]).encode()
