import base64
import hashlib
import unittest
from datetime import timedelta

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .. import crypto, messages
from ..errors import KsefProtocolError
from ..secret import Secret
from .support import DAY, NOW, TOKEN, certificate, key_entry, public_key, rsa_key

OAEP = padding.OAEP(
    mgf=padding.MGF1(algorithm=hashes.SHA256()), algorithm=hashes.SHA256(), label=None
)


class InvoiceCipherTest(unittest.TestCase):
    """An invoice is encrypted with AES-256-CBC and PKCS#7, the IV kept apart."""

    def test_known_vector_comes_out(self):
        # NIST SP 800-38A F.2.5, first block; the second is its PKCS#7 padding.
        key = crypto.SessionKey(
            Secret(
                bytes.fromhex(
                    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
                )
            ),
            bytes.fromhex("000102030405060708090a0b0c0d0e0f"),
        )
        plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")
        encrypted = crypto.encrypt_invoice(plain, key)
        self.assertEqual(
            encrypted.content[:16].hex(), "f58c4c04d6e5f1ba779eabfb5f7bfbd6"
        )
        self.assertEqual(encrypted.encrypted_size, 32)

    def test_decryption_gives_the_same_bytes_back(self):
        key = crypto.new_session_key()
        for size in (1, 15, 16, 17, 6480):
            with self.subTest(size=size):
                xml = b"x" * size
                encrypted = crypto.encrypt_invoice(xml, key)
                cipher = Cipher(algorithms.AES(key.key.reveal()), modes.CBC(key.iv))
                padded = cipher.decryptor().update(encrypted.content)
                self.assertEqual(padded[: -padded[-1]], xml)

    def test_sizes_and_hashes_describe_both_files(self):
        encrypted = crypto.encrypt_invoice(b"x" * 6480, crypto.new_session_key())
        self.assertEqual(
            (encrypted.invoice_size, encrypted.encrypted_size), (6480, 6496)
        )
        plain_hash = base64.b64encode(hashlib.sha256(b"x" * 6480).digest()).decode()
        cipher_hash = base64.b64encode(hashlib.sha256(encrypted.content).digest())
        self.assertEqual(encrypted.invoice_hash_b64, plain_hash)
        self.assertEqual(encrypted.encrypted_hash_b64, cipher_hash.decode())


class SessionKeyTest(unittest.TestCase):
    """A session key is random, survives sealing and does not show itself."""

    def test_two_keys_differ(self):
        first, second = crypto.new_session_key(), crypto.new_session_key()
        self.assertNotEqual(first.key, second.key)
        self.assertNotEqual(first.iv, second.iv)

    def test_dump_and_load_are_inverse(self):
        key = crypto.new_session_key()
        self.assertEqual(len(key.dump()), 48)
        self.assertEqual(crypto.SessionKey.load(key.dump()), key)

    def test_other_lengths_are_refused(self):
        for size in (0, 32, 47, 49):
            with self.subTest(size=size), self.assertRaises(ValueError):
                crypto.SessionKey.load(b"x" * size)

    def test_repr_shows_neither_key_nor_iv(self):
        key = crypto.SessionKey(Secret(b"k" * 32), b"i" * 16)
        self.assertNotIn("kkk", repr(key))
        self.assertNotIn("iii", repr(key))


class WrappingTest(unittest.TestCase):
    """RSAES-OAEP with SHA-256 twice and an empty label, size by the key."""

    def test_session_key_is_wrapped_as_its_raw_bytes(self):
        key = crypto.new_session_key()
        for name, bits in (("first", 2048), ("large", 4096)):
            with self.subTest(bits=bits):
                private = rsa_key(name, bits)
                wrapped = crypto.wrap_key(key, public_key(key=private))
                self.assertEqual(len(wrapped), bits // 8)
                self.assertEqual(private.decrypt(wrapped, OAEP), key.key.reveal())

    def test_token_is_followed_by_the_timestamp_as_it_came(self):
        encrypted = crypto.encrypt_token(Secret(TOKEN), 1752236636015, public_key())
        plain = rsa_key().decrypt(encrypted, OAEP).decode()
        self.assertEqual(plain, f"{TOKEN}|1752236636015")


class KeyChoiceTest(unittest.TestCase):
    """The key has the right usage, is valid now, and is the newest of those."""

    def key(self, usage=messages.USAGE_TOKEN, begins=-10, ends=10, name=""):
        return messages.PublicKey(
            b"", name, NOW + begins * DAY, NOW + ends * DAY, (usage,)
        )

    def chosen(self, *keys, usage=messages.USAGE_TOKEN):
        return crypto.choose_key(keys, usage, NOW).public_key_id

    def test_newest_of_two_valid_ones_is_taken(self):
        old, new = self.key(begins=-300, name="old"), self.key(begins=-1, name="new")
        self.assertEqual(self.chosen(old, new), "new")
        self.assertEqual(self.chosen(new, old), "new")

    def test_other_usage_does_not_count(self):
        newer = self.key(messages.USAGE_SESSION, begins=-1, name="session")
        older = self.key(begins=-5, name="token")
        self.assertEqual(self.chosen(newer, older), "token")
        self.assertEqual(
            self.chosen(newer, older, usage=messages.USAGE_SESSION), "session"
        )

    def test_one_key_may_have_both_usages(self):
        both = messages.PublicKey(
            b"",
            "both",
            NOW - DAY,
            NOW + DAY,
            (messages.USAGE_SESSION, messages.USAGE_TOKEN),
        )
        self.assertEqual(self.chosen(both), "both")

    def test_keys_of_the_past_and_the_future_do_not_count(self):
        past = self.key(begins=-10, ends=-1, name="past")
        future = self.key(begins=1, name="future")
        self.assertEqual(self.chosen(past, self.key(name="now"), future), "now")

    def test_borders_of_validity_count(self):
        self.assertEqual(self.chosen(self.key(begins=0, name="first")), "first")
        self.assertEqual(self.chosen(self.key(ends=0, name="last")), "last")

    def test_without_a_key_there_is_an_error_at_once(self):
        for keys in ((), (self.key(ends=-1),), (self.key(messages.USAGE_SESSION),)):
            with self.assertRaises(KsefProtocolError):
                crypto.choose_key(keys, messages.USAGE_TOKEN, NOW)


class CertificateCheckTest(unittest.TestCase):
    """A listed certificate must be what the list says; its issuer does not matter."""

    def test_a_good_one_passes_everywhere(self):
        self.assertTrue(crypto.is_trustworthy(public_key(), True))
        self.assertTrue(crypto.is_trustworthy(public_key(), False))

    def test_only_production_demands_the_ministry_by_name(self):
        other = public_key(der=certificate(rsa_key(), "Somebody"))
        self.assertFalse(crypto.is_trustworthy(other, True))
        self.assertTrue(crypto.is_trustworthy(other, False))

    def test_an_identifier_of_another_key_is_refused(self):
        wrong = public_key(publicKeyId="A" * 43 + "=")
        self.assertFalse(crypto.is_trustworthy(wrong, False))

    def test_bytes_that_are_no_certificate_are_refused(self):
        self.assertFalse(crypto.is_trustworthy(public_key(der=b"nothing"), False))

    def test_a_short_key_is_refused(self):
        short = rsa_key("short", 1024)
        self.assertFalse(crypto.is_trustworthy(public_key(key=short), False))

    def test_a_key_that_is_not_rsa_is_refused(self):
        for key in (
            ec.generate_private_key(ec.SECP256R1()),
            Ed25519PrivateKey.generate(),
        ):
            self.assertFalse(crypto.is_trustworthy(public_key(key=key), False))

    def test_a_certificate_outside_the_listed_dates_is_refused(self):
        past = certificate(
            rsa_key(), valid_from=NOW - 900 * DAY, valid_to=NOW - 800 * DAY
        )
        self.assertFalse(crypto.is_trustworthy(public_key(der=past), False))

    def test_releases_without_aware_dates_are_served(self):
        class Old:
            not_valid_before = (NOW - DAY).replace(tzinfo=None)
            not_valid_after = (NOW + DAY).replace(tzinfo=None)

        self.assertEqual(crypto.validity(Old()), (NOW - DAY, NOW + DAY))

    def test_identifier_is_the_hash_of_the_key_alone(self):
        der = (
            rsa_key()
            .public_key()
            .public_bytes(
                serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
        )
        expected = base64.b64encode(hashlib.sha256(der).digest()).decode()
        self.assertEqual(key_entry("any")["publicKeyId"], expected)

    def test_validity_is_a_window_of_time(self):
        begins, ends = crypto.validity(
            crypto.x509.load_der_x509_certificate(certificate(rsa_key()))
        )
        self.assertEqual(begins.utcoffset(), timedelta(0))
        self.assertLess(begins, ends)
