"""A log-in with a certificate is explained, offered in time, and its end is told."""

import json
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import TransactionCase, tagged
from odoo.tools import format_date

from ..ksef.statuses import LoginProblem
from ..models import l10n_pl_ksef_connection_words as connection_words
from ..models import l10n_pl_ksef_health_words as health_words
from ..models import l10n_pl_ksef_setup_words as setup_words
from ..models import l10n_pl_ksef_words as words
from ..models.l10n_pl_ksef_announcement import get_polish_date
from ..models.l10n_pl_ksef_call_words import CODE_WORDS, FAMILIES
from ..models.l10n_pl_ksef_explain_connection import OFFER_DAYS
from ..models.l10n_pl_ksef_facts import TOKEN_END_PARAMETER
from ..models.l10n_pl_ksef_gateway_login import LOGIN_PROBLEMS
from ..models.l10n_pl_ksef_warning_words import SUBJECTS
from .common import SELLER_NIP, KsefCase
from .test_words import names

ADD = "l10n_pl_ksef_certificate"
CONNECT = "l10n_pl_ksef_connect"


class CertificateCase(KsefCase):
    """Base of tests with a company that logs in with a certificate."""

    def set_token_end(self, days):
        """Let tokens work for so many more days."""
        last = get_polish_date(fields.Datetime.now()) + timedelta(days=days)
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param(TOKEN_END_PARAMETER, fields.Date.to_string(last))

    def connect_certificate(self, **values):
        made = self.simulator.control("certificates", {"nip": SELLER_NIP, **values})
        files = [made["certificate"].encode(), made["key"].encode()]
        result = self.env["l10n_pl_ksef.setup"]._connect_certificate(
            self.company, "test", files, "", "127.0.0.1"
        )
        self.assertTrue(result["connected"], result)
        return made

    @property
    def connection(self):
        return self.env["l10n_pl_ksef.connection"]._get_for(self.company)

    def get_settings(self):
        settings = self.env["res.config.settings"].with_company(self.company)
        return settings.create({"company_id": self.company.id})

    def get_line(self, invoice):
        invoice.invalidate_recordset(["l10n_pl_ksef_line"])
        return invoice.l10n_pl_ksef_line

    def get_targets(self, line):
        return [action["target"] for action in line["actions"]]

    def hold(self, problem, code):
        """Refuse the log-in while an invoice waits; return the invoice."""
        invoice, document = self.post_invoice()
        self.connection._set_problem(problem, code)
        document._block(problem)
        return invoice


@tagged("post_install_l10n", "post_install", "-at_install")
class TestCertificateTexts(TransactionCase):
    """Whatever is said of a certificate is there in English and Polish."""

    def test_every_problem_of_a_log_in_has_words_for_both_methods(self):
        for method in FAMILIES:
            told = setup_words.LOGIN_PROBLEMS[method]
            for problem in LoginProblem:
                with self.subTest(method, problem=problem):
                    self.assertIn(problem, told)

    def test_every_lasting_refusal_is_explained_for_both_methods(self):
        for family, _later in FAMILIES.values():
            for problem in LOGIN_PROBLEMS:
                with self.subTest(family, problem=problem):
                    self.assertIn(problem.value, CODE_WORDS[family])

    def test_words_for_a_certificate_do_not_speak_of_a_token(self):
        families = FAMILIES["certificate"]
        refusals = [problem.value for problem in connection_refusals()]
        texts = [
            CODE_WORDS[families[0]][code].what for code in ("415", "460", *refusals)
        ]
        texts += [entry.what for entry in CODE_WORDS[families[1]].values()]
        texts += connection_words.REFUSALS["certificate"].values()
        for text in map(str, texts):
            with self.subTest(text):
                self.assertNotIn("token", text.lower())

    def test_polish_is_complete_and_names_the_same_facts(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        polish = self.env(context={"lang": "pl_PL"})
        english = self.env(context={"lang": "en_US"})
        tables = (
            setup_words.FILE_PROBLEMS,
            setup_words.CERTIFICATE_KINDS,
            setup_words.LOGIN_PROBLEMS["certificate"],
            connection_words.REFUSALS["certificate"],
        )
        texts = [text for table in tables for text in table.values()]
        texts += [setup_words.TOKEN_LAW, connection_words.CERTIFICATE_ENDED]
        texts += [connection_words.TOKEN_ENDS, connection_words.TOKENS_ENDED]
        texts += [connection_words.TOKEN_ENDS_TODAY]
        texts += [part for one in SUBJECTS.values() for part in one[:2]]
        texts += [action.label for action in words.ACTIONS.values()]
        findings = health_words.FINDINGS
        texts += [findings[key].text for key in findings if "certificate" in key]
        for text in texts:
            source = english._(text)
            with self.subTest(source):
                self.assertNotEqual(polish._(text), source)
                self.assertEqual(names(polish._(text)), names(source))


def connection_refusals():
    """Return what KSeF may say of a certificate at the log-in."""
    return (LoginProblem.CERTIFICATE, LoginProblem.NO_RIGHTS, LoginProblem.PERSON)


class TestCertificateOffer(CertificateCase):
    """A certificate is offered before tokens end, and is the way out after that."""

    def setUp(self):
        super().setUp()
        self.connect()

    def test_certificate_is_offered_from_sixty_days_before_the_end(self):
        for days, is_offered in (
            (OFFER_DAYS + 1, False),
            (OFFER_DAYS, True),
            (1, True),
            (0, True),
            (-1, True),
        ):
            with self.subTest(days=days):
                self.set_token_end(days)
                offer = self.get_settings().l10n_pl_ksef_token_offer
                self.assertEqual(bool(offer), is_offered)
        self.set_token_end(41)
        self.assertIn("days left: 41", self.get_settings().l10n_pl_ksef_token_offer)

    def test_offer_comes_by_the_clock_alone(self):
        end = self.env["l10n_pl_ksef.explain"]._get_token_end()
        last = fields.Datetime.to_datetime(end) + timedelta(hours=12)
        for days, is_offered in ((OFFER_DAYS + 1, False), (OFFER_DAYS, True)):
            with self.subTest(days=days), freeze_time(last - timedelta(days=days)):
                offer = self.get_settings().l10n_pl_ksef_token_offer
                self.assertEqual(bool(offer), is_offered)

    def test_page_of_the_connection_offers_it_too(self):
        health = self.env["l10n_pl_ksef.health"].with_company(self.company)
        for days, expected in ((OFFER_DAYS + 1, []), (OFFER_DAYS, [ADD]), (-1, [ADD])):
            with self.subTest(days=days):
                self.set_token_end(days)
                rows = health.get_status(self.company.id)["rows"]
                law = next(row for row in rows if row["key"] == "law")
                self.assertEqual(self.get_targets(law), expected)

    def test_certificate_in_use_is_not_offered_again(self):
        self.set_token_end(1)
        self.connect_certificate()
        settings = self.get_settings()
        self.assertFalse(settings.l10n_pl_ksef_token_offer)
        self.assertEqual(settings.l10n_pl_ksef_login_method, "certificate")

    def test_date_that_cannot_be_read_leaves_the_law_in_force(self):
        explain = self.env["l10n_pl_ksef.explain"]
        for value in ("next year", ""):
            parameters = self.env["ir.config_parameter"].sudo()
            parameters.set_param(TOKEN_END_PARAMETER, value)
            last = explain._get_token_end()
            self.assertEqual(last, fields.Date.to_date("2026-12-31"))

    def test_button_opens_the_dialogue_for_the_company(self):
        action = self.get_settings().action_l10n_pl_ksef_certificate()
        self.assertEqual(action["tag"], ADD)
        self.assertEqual(action["params"], {"company_id": self.company.id})

    def get_present(self):
        settings = self.env["res.config.settings"].with_company(self.company)
        facts = settings.l10n_pl_ksef_get_connect_facts(self.company.id)
        return facts["connected_to"], facts["login_method"]

    def test_dialogues_know_which_log_in_they_replace(self):
        self.assertEqual(self.get_present(), ("test", "token"))
        self.connect_certificate()
        self.assertEqual(self.get_present(), ("test", "certificate"))
        self.connection._set_problem("certificate", "certificate")
        self.assertEqual(self.get_present(), ("test", "certificate"))

    def test_company_that_would_begin_to_send_replaces_nothing(self):
        nothing = (False, False)
        branch = self.env["res.company"].create(
            {"name": "Oddział", "parent_id": self.company.id}
        )
        self.env.user.company_ids += branch
        settings = self.env["res.config.settings"].with_company(branch)
        facts = settings.l10n_pl_ksef_get_connect_facts(branch.id)
        self.assertEqual((facts["connected_to"], facts["login_method"]), nothing)
        self.connection.database_identity = "of another database"
        self.assertEqual(self.get_present(), nothing)
        self.env["l10n_pl_ksef.setup"]._disconnect(self.company)
        self.assertEqual(self.get_present(), nothing)

    def test_refused_token_is_replaced_before_the_end(self):
        self.set_token_end(1)
        line = self.get_line(self.hold("token", "revoked"))
        self.assertEqual(self.get_targets(line), [CONNECT])
        self.assertNotIn("certificate", line["sentence"])

    def test_refused_token_is_explained_by_the_end_from_that_day_on(self):
        invoice = self.hold("token", "inactive")
        for days in (0, -1):
            with self.subTest(days=days):
                self.set_token_end(days)
                line = self.get_line(invoice)
                self.assertEqual(self.get_targets(line), [ADD])
                self.assertIn("regulation", line["sentence"])
                self.assertIn("certificate", line["sentence"])
                status = self.get_settings().l10n_pl_ksef_status
                self.assertIn("add a certificate", status["sentence"])

    def test_removed_token_is_followed_by_a_certificate_after_the_end(self):
        invoice, document = self.post_invoice()
        self.env["l10n_pl_ksef.setup"]._disconnect(self.company)
        document._block("no_token")
        for days, target in ((1, CONNECT), (-1, ADD)):
            with self.subTest(days=days):
                self.set_token_end(days)
                self.assertEqual(self.get_targets(self.get_line(invoice)), [target])

    def test_dialogue_explains_a_refusal_from_that_day_on(self):
        token = self.simulator.make_token(SELLER_NIP, status="Revoked")
        for days, is_explained in ((1, False), (0, True)):
            with self.subTest(days=days):
                self.set_token_end(days)
                result = self.env["l10n_pl_ksef.setup"]._connect(
                    self.company, "test", token, "127.0.0.1"
                )
                self.assertFalse(result["connected"])
                keys = [check["key"] for check in result["checks"]]
                self.assertEqual("law" in keys, is_explained)

    def test_dialogue_explains_a_ban_of_tokens_whenever_it_comes(self):
        self.set_token_end(100)
        body = {"reasonCode": "auth-method-not-allowed", "status": 403}
        self.simulator.inject(
            "login_token",
            "page",
            status=403,
            content_type="application/problem+json",
            body=json.dumps(body),
        )
        result = self.env["l10n_pl_ksef.setup"]._connect(
            self.company,
            "test",
            self.simulator.make_token(SELLER_NIP),
            "127.0.0.1",
        )
        texts = {check["key"]: check["text"] for check in result["checks"]}
        self.assertFalse(result["connected"])
        self.assertIn("does not let a token log in", texts["login"])
        self.assertIn("Add certificate", texts["law"])

    def test_ban_of_tokens_is_explained_whenever_it_comes(self):
        self.set_token_end(100)
        invoice = self.hold("right", "auth-method-not-allowed")
        line = self.get_line(invoice)
        self.assertEqual(self.get_targets(line), [ADD])
        self.assertIn("certificate", line["sentence"])


class TestCertificateSpoken(CertificateCase):
    """What is said of a connection is said of what it logs in with."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.made = self.connect_certificate()
        self.health = self.env["l10n_pl_ksef.health"].with_company(self.company)

    def get_row(self, key):
        rows = self.health.get_status(self.company.id)["rows"]
        return next((row for row in rows if row["key"] == key), None)

    def test_settings_show_the_certificate_and_nothing_of_the_token(self):
        facts = self.get_settings().l10n_pl_ksef_status["facts"]
        facts = {fact["label"]: fact["value"] for fact in facts}
        serial = self.made["serial"]
        self.assertEqual(facts["Serial number"], f"{serial[:4]}…{serial[-4:]}")
        self.assertIn("type 1", facts["Kind of certificate"])
        self.assertTrue(facts["Holder"])
        self.assertTrue(facts["Valid until"])
        self.assertNotIn("Token", facts)
        self.assertNotIn("Made by", facts)

    def test_settings_say_how_soon_the_certificate_ends(self):
        for left, remark in (
            ({"days": 60}, "days left: 60"),
            ({"days": 61}, None),
            ({"minutes": -1}, "it has ended"),
        ):
            with self.subTest(left=left):
                end = fields.Datetime.now() + timedelta(**left)
                self.connection.certificate_valid_until = end
                facts = self.get_settings().l10n_pl_ksef_status["facts"]
                facts = {fact["label"]: fact["value"] for fact in facts}
                date = format_date(self.env, end)
                self.assertTrue(facts["Valid until"].startswith(date))
                self.assertIn(remark or date, facts["Valid until"])
                self.assertEqual(facts["Valid until"] == date, remark is None)

    def test_page_speaks_of_the_certificate(self):
        self.assertIn(self.made["serial"][:4], self.get_row("login")["text"])
        self.assertIsNone(self.get_row("law"))
        self.assertEqual(self.get_row("certificate")["level"], "success")
        end = fields.Datetime.now() + timedelta(days=20, hours=1)
        self.connection.certificate_valid_until = end
        row = self.get_row("certificate")
        self.assertEqual((row["level"], self.get_targets(row)), ("warning", [ADD]))
        self.connection.certificate_valid_until = end - timedelta(days=30)
        todo = self.health.get_status(self.company.id)["todo"]
        self.assertEqual(self.get_targets(todo[0]), [ADD])

    def test_refused_certificate_is_to_be_replaced(self):
        line = self.get_line(self.hold("certificate", "certificate"))
        self.assertIn("certificate", line["sentence"])
        self.assertIn("revoked", line["sentence"])
        self.assertEqual(self.get_targets(line), [ADD])
        report = " ".join(row["text"] for row in line["report"])
        self.assertNotIn("token", report)
        todo = self.health.get_status(self.company.id)["todo"]
        self.assertEqual(todo[0]["actions"][0]["label"], "Replace certificate")

    def test_certificate_that_ended_is_said_to_have_ended(self):
        self.connection.certificate_valid_until = fields.Datetime.now()
        self.connection.certificate_valid_until -= timedelta(days=2)
        line = self.get_line(self.hold("certificate", "certificate"))
        self.assertIn("it ended on", line["sentence"])

    def test_missing_right_is_that_of_the_holder(self):
        for code in ("no_rights", "missing-permissions"):
            with self.subTest(code):
                line = self.get_line(self.hold("right", code))
                self.assertIn("holder", line["sentence"])
                self.assertNotIn("token", line["sentence"])

    def test_other_obstacles_lead_to_the_certificate(self):
        invoice, document = self.post_invoice()
        for reason in ("no_token", "nip", "copy", "key"):
            with self.subTest(reason):
                document._block(reason)
                self.assertEqual(self.get_targets(self.get_line(invoice)), [ADD])

    def test_removed_certificate_is_not_shown(self):
        self.env["l10n_pl_ksef.setup"]._disconnect(self.company)
        settings = self.get_settings()
        self.assertFalse(settings.l10n_pl_ksef_login_method)
        self.assertEqual(settings.l10n_pl_ksef_status["facts"], [])


class TestCertificateWarnings(CertificateCase):
    """The end of a certificate is told three times, each once, until it is replaced."""

    def setUp(self):
        super().setUp()
        self.connect_certificate()

    def let_end(self, **left):
        """Move the end of the certificate; return the subjects that are open then."""
        self.connection.certificate_valid_until = fields.Datetime.now() + timedelta(
            **left
        )
        return self.refresh()

    def refresh(self):
        warnings = self.env["l10n_pl_ksef.warning"].sudo()
        warnings._refresh()
        self.env.invalidate_all()
        domain = [("company_id", "=", self.company.id), ("closed_on", "=", False)]
        return warnings.search(domain).mapped("subject")

    def test_end_is_told_at_sixty_thirty_and_seven_days(self):
        for left, subjects in (
            ({"days": 61}, []),
            ({"days": 60}, ["certificate_60"]),
            ({"days": 31}, ["certificate_60"]),
            ({"days": 30}, ["certificate_30"]),
            ({"days": 7}, ["certificate_7"]),
            ({"hours": 1}, ["certificate_7"]),
            ({"hours": -1}, ["certificate"]),
        ):
            with self.subTest(left=left):
                self.assertEqual(self.let_end(**left), subjects)
                self.assertEqual(self.refresh(), subjects)
        raised = self.env["l10n_pl_ksef.warning"].sudo().search([])
        subjects = raised.filtered(lambda one: one.company_id == self.company)
        self.assertEqual(len(subjects), 4)

    def test_activity_goes_to_who_set_it_and_away_when_it_is_replaced(self):
        self.let_end(days=5)
        warning = self.env["l10n_pl_ksef.warning"].sudo().search([], limit=1)
        self.assertEqual(warning.activity_ids.user_id, self.env.user)
        self.connect_certificate()
        self.assertEqual(self.refresh(), [])
        self.assertFalse(warning.activity_ids)

    def test_end_of_a_certificate_that_is_no_longer_here_is_not_told(self):
        self.let_end(days=5)
        self.connect()
        self.assertEqual(self.refresh(), [])

    def test_refusal_of_an_ended_certificate_is_told_once(self):
        self.connection._set_problem("certificate", "certificate")
        self.assertEqual(self.let_end(hours=-1), ["certificate"])
