"""Certificates in the forms that people have them in, and what must stay as it was."""

import contextlib
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from odoo.tools import SQL

from .common import SELLER_NIP
from .login_methods import ByToken
from .matrix_common import MatrixCase

PASSPHRASE = "Wq7xZ-Łódź-9vTrM"
FOREIGN_ISSUER = "Obcy urząd"
DAY = timedelta(days=1)
# Whole rows of these are compared; what is queued or logged in is all there.
TABLES = (
    *("l10n_pl_ksef_connection", "l10n_pl_ksef_session"),
    *("l10n_pl_ksef_document", "res_company"),
)
QUEUE = ("l10n_pl_ksef_document",)
OTHER = {"token": "certificate", "certificate": "token"}
LOGINS = {"token": "login_token", "certificate": "login_certificate"}
USES = (
    *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def get_pair(made):
    """Return certificate and key, PEM both, as the simulator issued them."""
    return [made["certificate"].encode(), made["key"].encode()]


def encrypt_key(made, passphrase=PASSPHRASE):
    """Return the key as PKCS#8 that a passphrase opens."""
    return _write_key(_load(made)[1], passphrase)


def get_der(made):
    """Return the certificate alone, in DER."""
    return _load(made)[0].public_bytes(serialization.Encoding.DER)


def make_bundle(made, passphrase=PASSPHRASE):
    """Return certificate and key as PKCS#12."""
    certificate, key = _load(made)
    encryption = _get_encryption(passphrase)
    return pkcs12.serialize_key_and_certificates(
        b"ksef", key, certificate, None, encryption
    )


def issue(key, issuer=FOREIGN_ISSUER):
    """Return the PEM pair of a company's certificate that KSeF did not issue."""
    now = datetime.now(timezone.utc)
    subject = _name(
        (NameOID.COMMON_NAME, "Firma"),
        (x509.ObjectIdentifier("2.5.4.97"), f"VATPL-{SELLER_NIP}"),
    )
    usage = x509.KeyUsage(digital_signature=True, **dict.fromkeys(USES, False))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_name((NameOID.COMMON_NAME, issuer)))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(usage, critical=True)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return [certificate.public_bytes(serialization.Encoding.PEM), _write_key(key)]


def _load(made):
    certificate, key = get_pair(made)
    return (
        x509.load_pem_x509_certificate(certificate),
        serialization.load_pem_private_key(key, None),
    )


def _name(*pairs):
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in pairs])


def _write_key(key, passphrase=None):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        _get_encryption(passphrase),
    )


def _get_encryption(passphrase):
    if not passphrase:
        return serialization.NoEncryption()
    return serialization.BestAvailableEncryption(passphrase.encode())


class Unchanged:
    """Mixin of a KsefCase: compares what is stored with what was stored before."""

    def read_rows(self, *tables):
        """Return every row of these tables as it is in the database."""
        self.env.flush_all()
        found = {}
        for table in tables or TABLES:
            self.env.cr.execute(
                SQL("SELECT to_jsonb(t) FROM %s t ORDER BY id", SQL.identifier(table))
            )
            found[table] = [row for (row,) in self.env.cr.fetchall()]
        return found

    def check_unchanged(self, before):
        """Check that every row is as it was; names the columns that are not."""
        after = self.read_rows(*before)
        changed = []
        for table, rows in before.items():
            self.assertEqual(len(after[table]), len(rows), f"rows of {table}")
            for old, new in zip(rows, after[table], strict=True):
                names = [name for name in old if old[name] != new[name]]
                changed += [f"{table}.{name} of {old['id']}" for name in names]
        self.assertEqual(changed, [])


class ChangeCase(Unchanged, ByToken, MatrixCase):
    """Base: the company works with a token, and may change to a certificate."""

    def change(self):
        """Change to the other way of logging in; check what that leaves alone."""
        old = self.connection.login_method
        before = self.read_rows(*QUEUE)
        self.connect(OTHER[old])
        self.check_unchanged(before)
        self.assertEqual(self.connection.login_method, OTHER[old])
        self.assertEqual(self.connection.state, "connected")
        self.assertFalse(self.connection[f"sealed_{old}"])
        self.assertTrue(self.connection[f"sealed_{OTHER[old]}"])

    def change_both_ways(self, prepare, finish):
        """Change with a document in some state, there and then back again."""
        for method in ("certificate", "token"):
            with self.subTest(to=method):
                documents = prepare()
                self.change()
                finish(documents)

    def count(self, method):
        return self.simulator.count(LOGINS[method])

    def end_login(self):
        """Let what the last login gave be of no use any more."""
        self.simulator.control("expire", {"what": "access"})
        self.simulator.control("expire", {"what": "refresh"})

    def kill_secret(self):
        """Revoke at KSeF what the company logs in with."""
        connection = self.connection
        if connection.login_method == "token":
            path = f"tokens/{connection.token_reference}"
        else:
            path = f"certificates/{connection.certificate_serial}"
        self.simulator.control(path, {"status": "Revoked"})
        self.end_login()

    def queue(self):
        return self.post_invoice()[1]

    def post_in(self, state):
        """Post an invoice and take one step; return its document in this state."""
        document = self.queue()
        self.step()
        self.assertEqual(document.state, state)
        return document

    @contextlib.contextmanager
    def killed(self, model, **methods):
        """Let a worker die: these methods return without doing their work."""
        with contextlib.ExitStack() as stack:
            for name, work in methods.items():
                target = self.registry[model]
                stack.enter_context(patch.object(target, name, work))
            yield

    def mend(self):
        self.simulator.control("faults", method="DELETE")
        self.connection.retry_on = False
