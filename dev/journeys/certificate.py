"""The journey of a company that logs in with a certificate."""

import secrets

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from ..certificate_files import make_files
from ..demo_run import Journey

# What forms and logs may change, escape or cut stands in it on purpose. Another one
# each time: sessions of other servers lie in the same folder.
PASSPHRASE = f'zażółć "gęślą" %s & jaźń={secrets.token_hex(4)}'


class CertificateJourney(Journey):
    """Uploads a certificate of the simulator with its encrypted key.

    Remembers both, for whoever searches for them.

    :cvar key_kind: ``ec`` or ``rsa``
    :cvar is_one_file: both in one PKCS#12 file, else two PEM files
    """

    login_method = "certificate"
    key_kind = "ec"
    is_one_file = False
    key = None
    files = ()

    def enter_secret(self, nip):
        values = {"nip": nip, "key": self.key_kind}
        made = self.demo.control("POST", "certificates", values)
        self.key = serialization.load_pem_private_key(made["key"].encode(), None)
        self.files = self.make_files(made)
        return self.upload(self.files, PASSPHRASE).json()

    def make_files(self, made):
        """Return what a person got from the Ministry, as bytes of files."""
        if not self.is_one_file:
            return list(make_files(made, PASSPHRASE).values())
        encryption = serialization.BestAvailableEncryption(PASSPHRASE.encode())
        certificate = x509.load_pem_x509_certificate(made["certificate"].encode())
        parts = (b"ksef", self.key, certificate, None)
        return [pkcs12.serialize_key_and_certificates(*parts, encryption)]

    def upload(self, files, passphrase):
        """Hand files in as the dialogue does; return the HTTP answer."""
        values = {"passphrase": passphrase}
        return self.odoo.enter_secret(
            "certificate", self.company, "test", values, files
        )


class RsaJourney(CertificateJourney):
    """The same with an RSA key, in one PKCS#12 file."""

    key_kind = "rsa"
    is_one_file = True
