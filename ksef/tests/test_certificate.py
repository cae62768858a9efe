import hashlib
import traceback
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from ..certificate import (
    CertificateKind,
    Credential,
    CredentialError,
    CredentialProblem,
    read_credential,
    read_facts,
)
from ..certificate_files import FILE_LIMIT_BYTES
from ..secret import Secret
from .certificates import (
    AUTHORITY,
    COMMITTING,
    COMPANY,
    KEYS,
    NOBODY,
    ORGANIZATION_IDENTIFIER,
    PASSPHRASE,
    PERSON,
    PESEL,
    SIGNING,
    bundle,
    credential,
    der,
    ec_key,
    issue,
    key_der,
    key_pem,
    pem,
)
from .support import DAY, NIP, NOW, rsa_key


def read(*files, passphrase=None, now=NOW):
    return read_credential(files, passphrase and Secret(passphrase), now)


class CredentialCase(unittest.TestCase):
    """A certificate with its key, and files made of them."""

    def setUp(self):
        super().setUp()
        self.key = ec_key()
        self.certificate = issue(self.key)

    def refusal(self, kind, *files, **options):
        """Read files that must be refused for this reason; returns the error."""
        with self.assertRaises(CredentialError) as caught:
            read(*files, **options)
        self.assertIs(caught.exception.kind, kind)
        return caught.exception


class FormatTest(CredentialCase):
    """Every usual form gives the same certificate and key, in any order."""

    def assert_read(self, key, *files, passphrase=None):
        found = read(*files, passphrase=passphrase)
        self.assertEqual(found.certificate, der(issue(key)))
        loaded = serialization.load_der_private_key(found.key.reveal(), None)
        self.assertEqual(loaded.private_numbers(), key.private_numbers())

    def test_pem_and_der_with_every_form_of_a_key(self):
        for name, make in KEYS.items():
            key = make()
            for certificate in (pem(issue(key)), der(issue(key))):
                for is_old in (False, True):
                    for passphrase in (None, PASSPHRASE):
                        files = [certificate, key_pem(key, passphrase, is_old=is_old)]
                        with self.subTest(key=name, is_old=is_old):
                            self.assert_read(key, *files, passphrase=passphrase)
                            files.reverse()
                            self.assert_read(key, *files, passphrase=passphrase)

    def test_a_key_without_armour(self):
        for name, make in KEYS.items():
            key = make()
            for passphrase in (None, PASSPHRASE):
                files = [der(issue(key)), key_der(key, passphrase)]
                with self.subTest(key=name, passphrase=bool(passphrase)):
                    self.assert_read(key, *files, passphrase=passphrase)

    def test_one_text_with_both(self):
        both = (pem(self.certificate), key_pem(self.key, PASSPHRASE))
        for parts in (both, both[::-1]):
            self.assert_read(self.key, b"".join(parts), passphrase=PASSPHRASE)

    def test_pkcs12_with_and_without_a_passphrase(self):
        for name, make in KEYS.items():
            key = make()
            for passphrase in (None, PASSPHRASE):
                with self.subTest(key=name, passphrase=bool(passphrase)):
                    file = bundle(key, issue(key), passphrase)
                    self.assert_read(key, file, passphrase=passphrase)

    def test_a_passphrase_that_is_not_needed_does_no_harm(self):
        files = (pem(self.certificate), key_pem(self.key))
        self.assert_read(self.key, *files, passphrase=PASSPHRASE)
        file = bundle(self.key, self.certificate)
        self.assert_read(self.key, file, passphrase=PASSPHRASE)

    def test_an_empty_passphrase_counts_as_none(self):
        self.assert_read(self.key, bundle(self.key, self.certificate), passphrase="")
        files = (pem(self.certificate), key_pem(self.key, PASSPHRASE))
        missing = CredentialProblem.PASSPHRASE_MISSING
        with self.assertRaises(CredentialError) as caught:
            read_credential(files, Secret(""), NOW)
        self.assertIs(caught.exception.kind, missing)

    def test_line_ends_and_words_around_are_passed_over(self):
        text = b"\xef\xbb\xbfBag Attributes - none\n" + pem(self.certificate)
        text += b"words -- and more\n" + key_pem(self.key) + b"\n\n"
        self.assert_read(self.key, text.replace(b"\n", b"\r\n"))

    def test_of_a_chain_the_certificate_of_the_key_is_taken(self):
        chain = [issue(rsa_key("authority"), AUTHORITY), self.certificate]
        text = b"".join(map(pem, chain))
        self.assert_read(self.key, text, key_pem(self.key))
        self.assert_read(self.key, bundle(self.key, chain[1], None, chain[:1]))

    def test_parameters_of_a_curve_before_the_key_are_passed_over(self):
        head = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
        head += b"-----END EC PARAMETERS-----\n"
        key = head + key_pem(self.key, is_old=True)
        self.assert_read(self.key, pem(self.certificate), key)


class ProblemTest(CredentialCase):
    """Each fault of the files has its own name."""

    def test_what_is_no_certificate_is_not_readable(self):
        whole = pem(self.certificate)
        damaged = whole.replace(b"MII", b"AAA", 1)
        for file in (b"", b"words", b"\x30", b"\x30\x82", whole[:-30], damaged):
            with self.subTest(file=file[:8]):
                self.refusal(CredentialProblem.NOT_READABLE, file)
        plain = key_pem(self.key).replace(b"MI", b"AA", 1)
        self.refusal(CredentialProblem.NOT_READABLE, whole, plain)

    def test_a_cut_bundle_is_not_blamed_on_the_passphrase(self):
        file = bundle(self.key, self.certificate, PASSPHRASE)[:-1]
        not_readable = CredentialProblem.NOT_READABLE
        self.refusal(not_readable, file, passphrase=PASSPHRASE)
        self.refusal(not_readable, file)

    def test_a_name_that_xml_cannot_carry_is_not_readable(self):
        names = {**COMPANY, NameOID.COMMON_NAME: "Firma\x01"}
        files = (pem(issue(self.key, names)), key_pem(self.key))
        self.refusal(CredentialProblem.NOT_READABLE, *files)

    def test_a_key_alone_has_no_certificate(self):
        no_certificate = CredentialProblem.NO_CERTIFICATE
        self.refusal(no_certificate, key_pem(self.key))
        self.refusal(no_certificate)
        self.refusal(no_certificate, bundle(self.key, None))

    def test_a_certificate_alone_has_no_key(self):
        no_key = CredentialProblem.NO_KEY
        self.refusal(no_key, pem(self.certificate))
        self.refusal(no_key, der(self.certificate))
        self.refusal(no_key, bundle(None, self.certificate))

    def test_a_locked_key_asks_for_its_passphrase(self):
        missing, wrong = (
            CredentialProblem.PASSPHRASE_MISSING,
            CredentialProblem.PASSPHRASE_WRONG,
        )
        for is_old in (False, True):
            key = key_pem(self.key, PASSPHRASE, is_old=is_old)
            self.refusal(missing, pem(self.certificate), key)
            self.refusal(wrong, pem(self.certificate), key, passphrase="other")
            self.refusal(wrong, pem(self.certificate), key, passphrase="a\0b")
        key = key_der(self.key, PASSPHRASE)
        self.refusal(missing, pem(self.certificate), key)
        self.refusal(wrong, pem(self.certificate), key, passphrase="other")
        file = bundle(self.key, self.certificate, PASSPHRASE)
        self.refusal(missing, file)
        self.refusal(wrong, file, passphrase="other")

    def test_a_key_of_another_certificate_is_named(self):
        for key in (ec_key("second"), rsa_key()):
            files = (pem(self.certificate), key_pem(key))
            self.refusal(CredentialProblem.NOT_TOGETHER, *files)

    def test_the_offline_kind_is_named_with_or_without_its_key(self):
        file = pem(issue(self.key, uses=(COMMITTING,)))
        self.refusal(CredentialProblem.OFFLINE, file, key_pem(self.key))
        self.refusal(CredentialProblem.OFFLINE, file)

    def test_foreign_kinds_of_keys_are_named(self):
        for key in (
            Ed25519PrivateKey.generate(),
            ec_key(curve=ec.SECP256K1),
            dsa.generate_private_key(2048),
        ):
            with self.subTest(key=type(key).__name__):
                files = (pem(issue(key)), key_pem(key))
                self.refusal(CredentialProblem.KEY_KIND, *files)

    def test_short_keys_are_named(self):
        for key in (rsa_key("short", 1024), ec_key(curve=ec.SECP224R1)):
            with self.subTest(key=type(key).__name__):
                files = (pem(issue(key)), key_pem(key))
                self.refusal(CredentialProblem.KEY_SHORT, *files)

    def test_dates_are_checked_and_told(self):
        files = (pem(self.certificate), key_pem(self.key))
        for kind, now in (
            (CredentialProblem.EXPIRED, NOW + 2 * DAY),
            (CredentialProblem.NOT_YET_VALID, NOW - 2 * DAY),
        ):
            error = self.refusal(kind, *files, now=now)
            told = (error.valid_from, error.valid_to)
            self.assertEqual(told, (NOW - DAY, NOW + DAY))

    def test_borders_of_the_dates_count(self):
        files = (pem(self.certificate), key_pem(self.key))
        self.assertTrue(read(*files, now=NOW + DAY))
        self.assertTrue(read(*files, now=NOW - DAY))

    def test_large_files_are_not_looked_at(self):
        whole = pem(self.certificate) + key_pem(self.key)
        full = whole.ljust(FILE_LIMIT_BYTES)
        self.assertTrue(read(full))
        self.refusal(CredentialProblem.TOO_LARGE, full + b" ")
        self.refusal(CredentialProblem.TOO_LARGE, whole, full + b" ")


class SilenceTest(CredentialCase):
    """Neither key nor passphrase nor file shows, whatever goes wrong."""

    def assert_silent(self, text):
        files = (pem(self.certificate), key_pem(self.key))
        contents = [file.decode().splitlines()[1][:20] for file in files]
        secret = self.key.private_numbers().private_value
        words = (PASSPHRASE, "other-that-must-not-show", str(secret), f"{secret:x}")
        for piece in (*contents, *words):
            self.assertNotIn(piece, text)

    def test_errors_hold_their_kind_alone(self):
        certificate, locked = pem(self.certificate), key_pem(self.key, PASSPHRASE)
        file = bundle(self.key, self.certificate, PASSPHRASE)
        for files, passphrase in (
            ([certificate, locked], "other-that-must-not-show"),
            ([certificate, locked], None),
            ([file], "other-that-must-not-show"),
            ([file[:-1]], PASSPHRASE),
            ([certificate, key_der(self.key, PASSPHRASE)], None),
            ([certificate, key_der(self.key, PASSPHRASE)[:-3]], PASSPHRASE),
            ([key_pem(self.key)], None),
            ([certificate, key_pem(self.key).replace(b"MI", b"AA", 1)], None),
            ([certificate[:-30]], None),
            ([pem(issue(self.key, {NameOID.COMMON_NAME: "\x01"}))], None),
        ):
            with self.assertRaises(CredentialError) as caught:
                read(*files, passphrase=passphrase)
            error = caught.exception
            with self.subTest(kind=error.kind):
                self.assertEqual(error.args, (error.kind.value,))
                self.assertIsNone(error.__cause__)
                self.assertIsNone(error.__context__)
                whole = traceback.TracebackException.from_exception(error)
                self.assert_silent("".join(whole.format()) + repr(vars(error)))

    def test_a_credential_shows_its_facts_alone(self):
        found = read(pem(self.certificate), key_pem(self.key))
        for text in (repr(found), str(found), f"{found}"):
            self.assert_silent(text)
            self.assertNotIn(repr(found.certificate)[:20], text)
            self.assertIn(NIP, text)


class FactsTest(CredentialCase):
    """What a certificate says is read as it stands there."""

    def facts(self, names=COMPANY, uses=(SIGNING,), **options):
        return read_facts(der(issue(self.key, names, uses, **options)))

    def test_facts_of_a_company(self):
        facts = self.facts()
        self.assertEqual(facts.serial, "0321C82DA41B4362")
        self.assertEqual(facts.holder, "Firma & Syn")
        self.assertEqual(facts.issuer_name, "CN=Urząd\\, próbny,C=PL")
        self.assertEqual(facts.valid_from, NOW - DAY)
        self.assertEqual(facts.valid_to, NOW + DAY)
        self.assertEqual((facts.nip, facts.pesel_known), (NIP, False))
        digest = hashlib.sha256(der(self.certificate)).hexdigest()
        self.assertEqual(facts.fingerprint, digest.upper())

    def test_identifiers_are_found_as_the_documentation_writes_them(self):
        serial, organization = NameOID.SERIAL_NUMBER, ORGANIZATION_IDENTIFIER
        for oid, text, expected in (
            (organization, f"VATPL-{NIP}", (NIP, False)),
            (organization, f"VATPL{NIP}", (NIP, False)),
            (organization, f"VATDE-{NIP}", (None, False)),
            (organization, f"VATPL-{NIP}1", (None, False)),
            (serial, f"TINPL-{NIP}", (NIP, False)),
            (serial, f"NIP: {NIP}", (NIP, False)),
            (serial, f"PNOPL-{PESEL}", (None, True)),
            (serial, f"PESEL: {PESEL}", (None, True)),
            (serial, f"PNOPL-{PESEL[:-1]}", (None, False)),
            (serial, f"PNODE-{PESEL}", (None, False)),
            (serial, NIP, (None, False)),
        ):
            with self.subTest(text=text):
                facts = self.facts({**NOBODY, oid: text})
                self.assertEqual((facts.nip, facts.pesel_known), expected)

    def test_the_holder_is_named_without_a_number(self):
        person = {NameOID.GIVEN_NAME: "Jan", NameOID.SURNAME: "Nowak"}
        common, organization = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME
        for names, expected in (
            ({common: "Jan Nowak", organization: "Nowak S.A."}, "Jan Nowak"),
            ({organization: "Nowak S.A.", **person}, "Nowak S.A."),
            (person, "Jan Nowak"),
            ({common: f"Nowak {PESEL}", **person}, "Jan Nowak"),
            ({common: PESEL, NameOID.SERIAL_NUMBER: f"PNOPL-{PESEL}"}, ""),
        ):
            with self.subTest(names=names):
                facts = self.facts(names, issuer=names)
                self.assertEqual(facts.holder, expected)
                self.assertNotIn(PESEL, repr(facts))

    def test_the_kind_follows_use_and_then_names(self):
        kinds, both = CertificateKind, (SIGNING, COMMITTING)
        own, qualified = {"issuer": COMPANY}, {"qualified": True}
        for expected, names, uses, options in (
            (kinds.KSEF, COMPANY, (SIGNING,), {}),
            (kinds.KSEF, NOBODY, (SIGNING,), {}),
            (kinds.SIGNATURE, PERSON, (SIGNING, "key_encipherment"), {}),
            (kinds.OTHER, NOBODY, (SIGNING, "key_encipherment"), {}),
            (kinds.OFFLINE, COMPANY, (COMMITTING,), {}),
            (kinds.OFFLINE, PERSON, (COMMITTING,), {}),
            (kinds.SEAL, COMPANY, both, {}),
            (kinds.SEAL, COMPANY, (COMMITTING,), qualified),
            (kinds.SEAL, COMPANY, (SIGNING,), qualified),
            (kinds.SEAL, COMPANY, None, {}),
            (kinds.SEAL, COMPANY, (SIGNING,), own),
            (kinds.SEAL, COMPANY, (COMMITTING,), own),
            (kinds.SIGNATURE, PERSON, both, {}),
            (kinds.SIGNATURE, PERSON, (COMMITTING,), qualified),
            (kinds.OTHER, NOBODY, both, {}),
            (kinds.OTHER, NOBODY, None, {}),
            (kinds.OTHER, NOBODY, (), {}),
        ):
            with self.subTest(expected=expected, uses=uses, **options):
                found = self.facts(names, uses, **options).kind
                self.assertIs(found, expected)

    def test_a_long_serial_is_kept_whole(self):
        serial = int("7F" * 20, 16)
        self.assertEqual(self.facts(serial=serial).serial, "7F" * 20)

    def test_an_identifier_in_bits_is_written_too(self):
        unique = x509.ObjectIdentifier("2.5.4.45")
        attribute = x509.NameAttribute(
            unique, b"\x00\xab", x509.name._ASN1Type.BitString
        )
        built = issue(self.key)
        found = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([attribute]))
            .issuer_name(built.issuer)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + DAY)
            .sign(self.key, built.signature_hash_algorithm)
        )
        facts = read_facts(der(found))
        self.assertEqual((facts.holder, facts.nip), ("", None))


class StoredTest(unittest.TestCase):
    """A credential comes back whole from its stored bytes, and from no others."""

    def test_stored_bytes_give_the_same_credential(self):
        for name, make in KEYS.items():
            with self.subTest(key=name):
                made = credential(make())
                self.assertEqual(Credential.load(made.dump()), made)

    def test_other_bytes_are_refused(self):
        whole = credential().dump()
        length = int.from_bytes(whole[:4], "big")
        damaged = whole[:8] + b"\x00" * 8 + whole[16:]
        for data in (b"", whole[:3], whole[:4], whole[: 4 + length], damaged):
            with self.subTest(length=len(data)):
                with self.assertRaises(ValueError) as caught:
                    Credential.load(data)
                self.assertIsNone(caught.exception.__context__)
