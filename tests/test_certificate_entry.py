"""A certificate is uploaded: each mistake its own sentence, nothing kept."""

import base64
import json
import os
from dataclasses import dataclass
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from odoo import Command, fields, http
from odoo.tests import HttpCase, new_test_user
from odoo.tools import format_date, mute_logger

from ..controllers.main import UPLOAD_MAX_BYTES
from ..ksef.certificate_files import FILE_LIMIT_BYTES
from ..models.l10n_pl_ksef_announcement import get_polish_date
from .certificate_common import (
    DAY,
    PASSPHRASE,
    Unchanged,
    encrypt_key,
    get_der,
    get_pair,
    issue,
    make_bundle,
)
from .common import BUYER_NIP, KsefCase
from .login_methods import ByToken

PASSWORD = "ksef_certificate_admin"
SETUP_LOGGER = "odoo.addons.l10n_pl_ksef.models.l10n_pl_ksef_setup"
ROUTE = "/l10n_pl_ksef/certificate"
PESEL = "90010112349"
# Shorter pieces of a file are found by chance.
PIECE = 16
NIPS = ("579-595-58-11", "526-000-12-46")


@dataclass
class Mistake:
    """An upload that is refused, and what is said of it.

    :ivar files: list of bytes
    :ivar words: part of the English sentence
    :ivar key: of the check that fails
    :ivar values: texts and times that every language names
    :ivar fault: what the simulator does wrong meanwhile
    """

    files: list
    words: str
    passphrase: str = ""
    key: str = "form"
    values: tuple = ()
    fault: dict | None = None


class EntryCase(Unchanged, ByToken, KsefCase, HttpCase):
    """Base: a company that works with a token, and its KSeF administrator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.make_user(PASSWORD, "base.group_system")

    @classmethod
    def make_user(cls, login, groups, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login=login,
            password=login,
            groups=f"{groups},account.group_account_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def setUp(self):
        super().setUp()
        self.simulator.control("settings", {"rate_limits": None})
        self.token = self.connect()
        self.connection = self.env["l10n_pl_ksef.connection"]._get_for(self.company)
        self.before = self.read_rows()
        self.authenticate(PASSWORD, PASSWORD)

    def upload(self, files, passphrase="", **values):
        """Post files as the dialogue does; returns the answer."""
        data = {
            "company_id": self.company.id,
            "environment": "test",
            "passphrase": passphrase,
            "csrf_token": http.Request.csrf_token(self),
            **values,
        }
        parts = [
            ("files", (f"{number}.pem", file)) for number, file in enumerate(files)
        ]
        return self.url_open(ROUTE, data=data, files=parts)

    def check_refused_by_status(self, answer, status):
        self.assertEqual(answer.status_code, status)
        self.check_unchanged(self.before)
        self.assertEqual(self.simulator.count("login_certificate"), 0)


class TestCertificateForms(EntryCase):
    """Whatever form a certificate has, it is kept once KSeF let it in."""

    def check_accepted(self, files, passphrase="", kind="ksef"):
        """Check: kept, and what was kept logs in by itself."""
        logins = self.simulator.count("login_certificate")
        answer = self.upload(files, passphrase)
        self.assertTrue(answer.json()["connected"], answer.text)
        self.env.invalidate_all()
        self.assertEqual(self.connection.login_method, "certificate")
        self.assertEqual(self.connection.certificate_kind, kind)
        self.assertEqual(self.connection.state, "connected")
        self.assertEqual(self.connection.set_by_id, self.admin)
        self.assertFalse(self.connection.sealed_token)
        found = self.env["l10n_pl_ksef.setup"]._test(self.company)
        self.assertTrue(found["connected"], found)
        begun = self.simulator.count("login_certificate") - logins
        self.assertEqual(begun, 2, "the trial, and the test of what is stored")
        return answer.json()["checks"]

    def test_every_form_of_both_kinds_of_key(self):
        for kind in ("rsa", "ec"):
            made = self.make_certificate(key=kind)
            certificate, key = get_pair(made)
            forms = {
                "pair": ([certificate, key], ""),
                "pair, key first": ([key, certificate], ""),
                "one PEM": ([certificate + key], ""),
                "DER and PEM": ([get_der(made), key], ""),
                "encrypted key": ([certificate, encrypt_key(made)], PASSPHRASE),
                "PKCS#12": ([make_bundle(made)], PASSPHRASE),
                "PKCS#12, open": ([make_bundle(made, None)], ""),
                "needless passphrase": ([certificate, key], PASSPHRASE),
            }
            for form, (files, passphrase) in forms.items():
                with self.subTest(kind, form=form):
                    self.connect()
                    self.check_accepted(files, passphrase)

    def test_seal(self):
        made = self.make_certificate(type="Seal")
        self.check_accepted(get_pair(made), kind="seal")

    def test_certificate_of_a_person_who_may_issue(self):
        made = self.make_certificate(pesel=PESEL, permissions=["InvoiceWrite"])
        checks = self.check_accepted(get_pair(made))
        told = {check["key"]: check for check in checks}
        self.assertEqual(told["nip"]["level"], "note")
        self.assertIn("issue invoices", told["rights"]["text"])
        self.assertNotIn(PESEL, json.dumps(checks))

    def test_answer_holds_nothing_of_what_was_sent(self):
        made = self.make_certificate()
        answer = self.upload([make_bundle(made)], PASSPHRASE)
        self.assertTrue(answer.json()["connected"])
        for piece in get_pieces([make_bundle(made), *get_pair(made)], PASSPHRASE):
            self.assertNotIn(piece, get_shown(answer))


class TestCertificateRefusals(EntryCase):
    """What cannot log in is refused in its own words, and the token goes on."""

    def get_unreadable(self):
        """Return mistakes that show before anybody is asked."""
        made, other = self.make_certificate(), self.make_certificate()
        certificate, key = get_pair(made)
        locked = [certificate, encrypt_key(made)]
        large = b"x" * (FILE_LIMIT_BYTES + 1)
        short, odd = rsa.generate_private_key(65537, 1024), ed25519.Ed25519PrivateKey
        return {
            "wrong passphrase": Mistake(
                locked, "does not open", f"{PASSPHRASE}!", key="passphrase"
            ),
            "no passphrase": Mistake(
                locked, "protected by a password", key="passphrase"
            ),
            "another pair": Mistake(
                [certificate, get_pair(other)[1]], "belongs to another certificate"
            ),
            "no key": Mistake([certificate], "no private key"),
            "no certificate": Mistake([key], "no certificate"),
            "something else": Mistake([b"hello"], "neither a certificate nor a key"),
            "large": Mistake([large], "too large"),
            "three files": Mistake([certificate, key, key], "one file or two"),
            "short key": Mistake(issue(short), "too short"),
            "odd key": Mistake(issue(odd.generate()), "a key of this kind"),
        }

    def get_unfit(self):
        """Return mistakes of certificates that are whole, but not of use here."""
        offline = self.make_certificate(type="Offline")
        past = self.make_certificate(valid_from_days=-20, valid_days=9)
        future = self.make_certificate(valid_from_days=7)
        other = self.make_certificate(nip=BUYER_NIP)
        now = fields.Datetime.now()
        return {
            "offline": Mistake(get_pair(offline), "type 2 (Offline)", key="kind"),
            "expired": Mistake(
                get_pair(past), "ended on", key="end", values=(now - 11 * DAY,)
            ),
            "not yet valid": Mistake(
                get_pair(future), "valid only from", key="end", values=(now + 7 * DAY,)
            ),
            "another company": Mistake(
                get_pair(other),
                "The certificate is for NIP",
                key="nip",
                values=(*NIPS, self.company.name),
            ),
        }

    def get_refused(self):
        """Return mistakes that only KSeF can tell, and trouble on the way to it."""
        revoked = self.make_certificate()
        path = f"certificates/{revoked['serial']}"
        self.simulator.control(path, {"status": "Revoked"})
        stranger = ec.generate_private_key(ec.SECP256R1())
        nobody = self.make_certificate(pesel=PESEL)
        reader = self.make_certificate(pesel=PESEL[::-1], permissions=["InvoiceRead"])
        good, environment = get_pair(self.make_certificate()), ("Test",)
        away = {"operation": "challenge", "action": "status", "status": 503}
        silent = {"operation": "login_certificate", "action": "drop_before"}
        misuse = {"operation": "login_certificate", "action": "auth_status"}
        return {
            "revoked": Mistake(
                get_pair(revoked), "revoked", key="login", values=environment
            ),
            "stranger": Mistake(
                issue(stranger), "another environment", key="login", values=environment
            ),
            "nobody": Mistake(
                get_pair(nobody), "has no rights", key="login", values=NIPS[:1]
            ),
            "reader": Mistake(get_pair(reader), "Missing permission", key="rights"),
            "away": Mistake(
                good, "cannot be reached", key="login", values=environment, fault=away
            ),
            "silent": Mistake(good, "no usable answer", key="login", fault=silent),
            "misuse": Mistake(
                good, "suspects misuse", key="login", fault={**misuse, "code": 480}
            ),
        }

    def get_mistakes(self):
        return self.get_unreadable() | self.get_unfit() | self.get_refused()

    def play(self, mistake, work):
        """Do something while KSeF behaves as the mistake says."""
        if mistake.fault:
            self.simulator.control("faults", {**mistake.fault, "times": None})
        try:
            return work()
        finally:
            self.simulator.control("faults", method="DELETE")

    def get_error(self, result, mistake):
        """Return the sentence of the one check that failed."""
        self.assertFalse(result["connected"])
        errors = [check for check in result["checks"] if check["level"] == "error"]
        self.assertEqual([check["key"] for check in errors], [mistake.key])
        return errors[0]["text"]

    def try_in(self, lang, mistake):
        """Return what an administrator with another language reads."""
        setup = self.env["l10n_pl_ksef.setup"].with_user(self.admin)
        setup = setup.with_context(lang=lang)
        company = self.company.with_env(setup.env)
        given = (mistake.files, mistake.passphrase, "127.0.0.1")
        result = self.play(
            mistake, lambda: setup._connect_certificate(company, "test", *given)
        )
        return self.get_error(result, mistake)

    def test_each_mistake_is_named_and_changes_nothing(self):
        for name, mistake in self.get_mistakes().items():
            with self.subTest(name):
                answer = self.play(
                    mistake,
                    lambda mistake=mistake: self.upload(
                        mistake.files, mistake.passphrase
                    ),
                )
                self.assertIn(mistake.words, self.get_error(answer.json(), mistake))
                self.check_unchanged(self.before)
                for piece in get_pieces(mistake.files, mistake.passphrase):
                    self.assertNotIn(piece, get_shown(answer))
        self.assertTrue(self.env["l10n_pl_ksef.setup"]._test(self.company)["connected"])

    def test_sentences_differ_in_english_and_in_polish(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        said = {"en_US": {}, "pl_PL": {}}
        for name, mistake in self.get_mistakes().items():
            for lang, sentences in said.items():
                text = sentences[name] = self.try_in(lang, mistake)
                env = self.env(context={"lang": lang})
                with self.subTest(name, lang=lang):
                    for value in mistake.values:
                        self.assertIn(show(env, value), text)
                    for piece in get_pieces(mistake.files, mistake.passphrase):
                        self.assertNotIn(piece, text)
        for name, text in said["en_US"].items():
            with self.subTest(name):
                self.assertNotEqual(said["pl_PL"][name], text)
        for sentences in said.values():
            # KSeF has one code for both, and the sentence names both reasons.
            self.assertEqual(sentences["stranger"], sentences.pop("revoked"))
            self.assertEqual(len(set(sentences.values())), len(sentences))

    def test_no_file_at_all_is_said(self):
        for files in ([], [b""]):
            with self.subTest(files=files):
                result = self.upload(files).json()
                self.assertFalse(result["connected"])
                self.assertNotIn("There is a key", result["checks"][0]["text"])
                self.check_unchanged(self.before)

    def test_certificate_that_cannot_be_kept_safe_changes_nothing(self):
        pair = get_pair(self.make_certificate())
        no_key = patch.dict(os.environ, {"L10N_PL_KSEF_KEY": "not a key"})
        with no_key, mute_logger(SETUP_LOGGER):
            answer = self.upload(pair)
        self.assertEqual(answer.status_code, 200)
        checks = answer.json()["checks"]
        self.assertEqual((checks[-1]["key"], checks[-1]["level"]), ("seal", "error"))
        self.assertFalse(answer.json()["connected"])
        self.check_unchanged(self.before)


class TestCertificateRoute(EntryCase):
    """Only who may connect this company gets as far as KSeF."""

    def setUp(self):
        super().setUp()
        self.pair = get_pair(self.make_certificate())

    def test_upload_over_the_limit(self):
        large = b"x" * (UPLOAD_MAX_BYTES + 1)
        self.check_refused_by_status(self.upload([large]), 413)

    @mute_logger("odoo.http")
    def test_request_without_csrf_token(self):
        answer = self.upload(self.pair, csrf_token="wrong")
        self.check_refused_by_status(answer, 400)

    @mute_logger("odoo.http")
    def test_request_that_would_be_in_a_history(self):
        address = f"{ROUTE}?company_id={self.company.id}&environment=test"
        self.check_refused_by_status(self.url_open(address), 405)

    def test_user_without_the_group(self):
        self.make_user("ksef_certificate_accountant", "base.group_user")
        self.authenticate("ksef_certificate_accountant", "ksef_certificate_accountant")
        answer = self.upload(self.pair)
        self.check_refused_by_status(answer, 403)
        self.assertIn("KSeF administrator", answer.json()["error"])

    def test_administrator_of_another_company(self):
        company = self.env["res.company"].create({"name": "Obca firma"})
        self.make_user("ksef_certificate_stranger", "base.group_system", company)
        self.before = self.read_rows()
        self.authenticate("ksef_certificate_stranger", "ksef_certificate_stranger")
        self.check_refused_by_status(self.upload(self.pair), 403)

    def test_company_that_the_administrator_does_not_work_for(self):
        company = self.env["res.company"].create({"name": "Obca firma"})
        self.before = self.read_rows()
        answer = self.upload(self.pair, company_id=company.id)
        self.check_refused_by_status(answer, 403)

    def test_second_company_of_the_administrator_takes_no_certificate_of_the_first(
        self,
    ):
        company = self.env["res.company"].create(
            {"name": "Druga firma", "vat": f"PL{BUYER_NIP}"}
        )
        self.admin.company_ids += company
        self.before = self.read_rows()
        answer = self.upload(self.pair, company_id=company.id)
        self.assertIn("Druga firma has NIP", answer.text)
        self.check_refused_by_status(answer, 200)

    def test_environment_that_does_not_exist(self):
        answer = self.upload(self.pair, environment="staging")
        self.check_refused_by_status(answer, 403)

    def test_environment_that_this_server_cannot_reach(self):
        answer = self.upload(self.pair, environment="production")
        self.assertIn("another KSeF address", answer.text)
        self.check_refused_by_status(answer, 200)

    def test_customer_in_the_portal(self):
        new_test_user(
            self.env,
            login="ksef_certificate_portal",
            password="ksef_certificate_portal",
            groups="base.group_portal",
        )
        self.authenticate("ksef_certificate_portal", "ksef_certificate_portal")
        self.check_refused_by_status(self.upload(self.pair), 403)

    def test_visitor_is_sent_to_the_login(self):
        self.authenticate(None, None)
        answer = self.upload(self.pair)
        self.assertIn("/web/login", answer.url)
        self.check_refused_by_status(answer, 200)


def get_pieces(files, passphrase):
    """Return what must be shown nowhere: parts of the passphrase and of the files."""
    pieces = [part for part in passphrase.split("-") if part]
    for file in files:
        body = file.replace(b"\n", b"") if file.startswith(b"-----") else None
        text = body.decode() if body else base64.b64encode(file).decode()
        inner = [part for part in text.split("-----") if "E" not in part[:6]] or [text]
        pieces += [part[at : at + PIECE] for part in inner for at in (0, PIECE, 40)]
    return [piece for piece in pieces if piece]


def get_shown(answer):
    """Return all that comes back, body and headers."""
    return json.dumps([answer.json(), dict(answer.headers)], ensure_ascii=False)


def show(env, value):
    """Write a text as it is, a moment as the Polish day that it is in."""
    if isinstance(value, str):
        return value
    return format_date(env, get_polish_date(value))
