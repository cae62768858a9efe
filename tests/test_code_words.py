"""Every code that KSeF may answer with has words, and an invoice shows them."""

import re
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from unittest import skipUnless

from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..ksef import errors, statuses
from ..ksef.statuses import LoginProblem, Verdict
from ..models import l10n_pl_ksef_call_words as call_words
from ..models import l10n_pl_ksef_code_words as code_words
from ..models.l10n_pl_ksef_call_words import CODE_WORDS, UNLISTED
from ..models.l10n_pl_ksef_words import ACTIONS, DOCUMENT_LINES, WHO
from .common import KsefCase
from .test_words import names

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "ksef-api.md"
# Rows of the reference's error table that name no code -> family and code.
SIGNALS = {
    "network error / timeout before send completes": ("call", "KsefNoAnswer"),
    "HTTP 5xx, HTML body": ("call", "KsefUnavailable"),
    "429": ("call", "KsefRateLimited"),
    "401": ("call", "KsefAuthError"),
    "410": ("call", "KsefGone"),
    "pre-signed 403": ("call", "KsefLinkExpired"),
    "hash header mismatch": ("call", "damaged"),
    "X-System-Warning": ("call", "notice"),
    "MAINTENANCE / FAILURE in Latarnia": ("announced", "maintenance"),
    "TOTAL_FAILURE (PRD)": ("announced", "total_failure"),
}
# What goes before codes in a row -> family; a session is of one of two kinds.
FAMILIES = {
    "auth": ["login"],
    "session": ["session_online", "session_batch"],
    "invoice": ["invoice"],
    "export": ["export"],
    "400": ["refused"],
}
TOKEN = re.compile(
    r"(auth|session|invoice|export|400(?=/))|(\d{5})(?:-(\d{5}))?|\b(\d{3})\b"
)
# Codes of HTTP 400 wherever they are mentioned.
REFUSAL = re.compile(r"(?<![\w.#-])2[156]\d{3}(?![\w-])")
REASON = re.compile("[a-z]+-[a-z-]+")
# What KSeF may say with status 450 of a log-in.
TOKEN_REASONS = (
    "Nieprawidłowe wyzwanie autoryzacyjne",
    "Nieprawidłowy token",
    "Nieprawidłowy czas tokena",
    "Token unieważniony",
    "Token nieaktywny",
    "Nieprawidłowe szyfrowanie tokena",
    "Nieprawidłowe kodowanie tokena",
    "Token nie może być użyty w kontekście NIP 5260001246",
    "Invalid token encoding.",
)


def table_rows(text, heading):
    """Return the first cells of the first table at or below a heading."""
    below = text.split(f"\n{heading}", 1)[1]
    body = re.split(r"\n\| ?---.*\n", below, maxsplit=1)[1].splitlines()
    rows = takewhile(lambda line: line.startswith("|"), body)
    return [row.split("|")[1].strip() for row in rows]


def read_signal(signal):
    """Return ``(families, code)`` pairs that a row of the error table names."""
    if signal in SIGNALS:
        family, code = SIGNALS[signal]
        return [([family], code)]
    found, families = [], []
    if signal.startswith("403 "):
        found = [(["forbidden"], reason) for reason in REASON.findall(signal)]
        signal = signal.removeprefix("403 ")
    for kind, first, last, status in TOKEN.findall(signal.split("other")[0]):
        families = FAMILIES[kind] if kind else families
        if status:
            found.append((families, status))
        elif first:
            numbers = range(int(first), int(last or first) + 1)
            found += [(["refused"], str(number)) for number in numbers]
    return found


@tagged("post_install_l10n", "post_install", "-at_install")
class TestCodeWords(TransactionCase):
    """No code of KSeF is without words, in English and in Polish."""

    def assert_words(self, families, code):
        words = next(
            (CODE_WORDS[name][code] for name in families if code in CODE_WORDS[name]),
            None,
        )
        self.assertTrue(words, f"no words for {families[0]} {code}")

    def test_every_listed_status_has_words(self):
        for families, table in (
            (["invoice"], statuses._INVOICE),
            (["session_online", "session_batch"], statuses._SESSION),
            (["refused"], statuses._ERROR),
            (["refused"], statuses.LOGIN_ENDED),
            (["login"], statuses._LOGIN),
        ):
            for code in table:
                with self.subTest(families[0], code=code):
                    self.assert_words(families, str(code))

    def test_every_failure_of_a_call_has_words(self):
        for error in errors.KsefError.__subclasses__():
            with self.subTest(error.__name__):
                self.assert_words(["call"], error.__name__)

    def test_every_reason_of_a_refused_token_has_words(self):
        for text in TOKEN_REASONS:
            with self.subTest(text):
                problem = statuses.login_problem(450, [text])
                self.assertIsNot(problem, LoginProblem.OTHER)
                self.assert_words(["login"], problem.value)

    def test_what_is_said_of_sending_again_follows_the_verdict(self):
        allowed = {
            Verdict.PENDING: {"checked"},
            Verdict.ACCEPTED: {"taken"},
            Verdict.REJECTED: {"after"},
            Verdict.RESEND: {"itself"},
            Verdict.REBUILD: {"itself"},
            Verdict.DUPLICATE: {"number"},
        }
        for code, words in code_words.INVOICE.items():
            with self.subTest(code):
                verdict = statuses.invoice_verdict(int(code))
                self.assertIn(words.again, allowed[verdict])

    @skipUnless(REFERENCE.is_file(), "needs ../shared")
    def test_every_code_of_the_reference_has_words(self):
        text = REFERENCE.read_text()
        pairs = []
        for signal in table_rows(text, "## 17. "):
            with self.subTest(signal):
                found = read_signal(signal)
                self.assertTrue(found, "this row is not understood")
                pairs += found
        for heading, families in (
            ("### 4.2 ", ["login"]),
            ("| Online code ", ["session_online"]),
            ("| Batch code ", ["session_batch"]),
            ("| Code | Description ", ["invoice"]),
            ("| code | meaning ", ["export"]),
        ):
            pairs += [
                (families, code)
                for row in table_rows(f"\n{text}", heading)
                for code in re.findall(r"^\d{3}$", row)
            ]
        reasons = text.split("403 `reasonCode`", 1)[1].split("Parse", 1)[0]
        pairs += [(["forbidden"], reason) for reason in REASON.findall(reasons)]
        pairs += [(["refused"], code) for code in REFUSAL.findall(text)]
        for families, code in pairs:
            with self.subTest(families[0], code=code):
                self.assert_words(families, code)

    def test_words_name_known_people_phrases_and_facts(self):
        explain = self.env["l10n_pl_ksef.explain"]
        facts = {
            name.removeprefix("_fact_")
            for name in dir(type(explain))
            if name.startswith("_fact_")
        }
        people = set(WHO) | {None}
        for family, table in CODE_WORDS.items():
            for code, words in {**table, "other": UNLISTED[family]}.items():
                with self.subTest(family, code=code):
                    self.assertLessEqual(names(words.what), facts - {"happened"})
                    self.assertIn(words.who, people & set(code_words.ACTORS))
                    self.assertIn(words.again, code_words.AGAIN)
                    self.assertIn(words.then, code_words.NEXT)
                    self.assertLessEqual(set(words.actions or ()), set(ACTIONS))
        for key, text in code_words.NEXT.items():
            with self.subTest(key):
                self.assertLessEqual(names(text), facts)

    def test_every_line_of_a_submission_has_a_situation(self):
        self.assertEqual(set(code_words.SITUATIONS), set(DOCUMENT_LINES))
        for key, (again, then) in code_words.SITUATIONS.items():
            with self.subTest(key):
                self.assertIn(again, {None, *code_words.AGAIN})
                self.assertIn(then, {None, *code_words.NEXT})
                is_explained = key in code_words.EXPLAINED_BY_CODE
                self.assertTrue(is_explained or (again and then))

    def test_polish_is_complete_and_names_the_same_facts(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        polish = self.env(context={"lang": "pl_PL"})
        english = self.env(context={"lang": "en_US"})
        tables = (*CODE_WORDS.values(), {"unlisted": UNLISTED["invoice"]})
        texts = [words.what for table in tables for words in table.values()]
        texts.append(UNLISTED["forbidden"].what)
        for table in (
            code_words.ACTORS,
            code_words.AGAIN,
            code_words.NEXT,
            code_words.REPORT_LABELS,
        ):
            texts += table.values()
        for text in texts:
            source = english._(text)
            with self.subTest(source):
                self.assertNotEqual(polish._(text), source)
                self.assertEqual(names(polish._(text)), names(source))

    def test_sentences_are_short(self):
        tables = (*CODE_WORDS.values(), UNLISTED)
        for words in (words for table in tables for words in table.values()):
            with self.subTest(str(words.what)):
                self.assertLessEqual(len(str(words.what).split()), 20)

    def test_no_code_of_a_table_is_named_in_its_own_sentence(self):
        for table in (call_words.LOGIN, call_words.REFUSED, code_words.INVOICE):
            for code, words in table.items():
                with self.subTest(code):
                    if code.isdigit():
                        self.assertNotIn(code, str(words.what))


@tagged("post_install_l10n", "post_install", "-at_install")
class TestReport(KsefCase):
    """An invoice says what happened, who acts, whether again is safe, what is next."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.invoice, self.document = self.post_invoice()
        moment = fields.Datetime.now() + timedelta(minutes=20)
        self.later = moment.replace(second=30)

    def get_texts(self, **values):
        """Return the invoice's line and its report as a dict of texts by name."""
        self.document.write(values)
        self.invoice.invalidate_recordset(["l10n_pl_ksef_line"])
        line = self.invoice.l10n_pl_ksef_line
        texts = [row["text"] for row in line["report"]]
        return line, dict(zip(code_words.REPORT_LABELS, texts, strict=True))

    def put_into_package(self, state, **values):
        session = (
            self.env["l10n_pl_ksef.session"]
            .sudo()
            .create(
                {
                    "connection_id": self.document.connection_id.id,
                    "kind": "batch",
                    "state": state,
                    "opened_on": fields.Datetime.now(),
                    "next_step_on": self.later,
                    **values,
                }
            )
        )
        self.document.write({"session_id": session.id, "next_step_on": False})
        return session

    def say(self, key):
        for table in (code_words.ACTORS, code_words.AGAIN, code_words.NEXT):
            if key in table:
                return str(table[key])
        raise KeyError(key)

    def test_known_status_of_a_queued_invoice_is_told_with_the_next_try(self):
        line, report = self.get_texts(status_code="550", next_step_on=self.later)
        explain = self.env["l10n_pl_ksef.explain"]
        self.assertEqual(report["what"], str(code_words.INVOICE["550"].what))
        self.assertEqual(report["who"], self.say("odoo"))
        self.assertEqual(report["again"], self.say("itself"))
        self.assertIn(explain._format_time(self.later), report["then"])
        self.assertIn(explain._format_time(self.later), line["sentence"])
        self.assertIn(report["what"], line["sentence"])

    def test_status_on_the_way_is_forgotten_in_the_queue(self):
        line, _report = self.get_texts(status_code="150")
        self.assertNotIn(str(code_words.INVOICE["150"].what), line["sentence"])

    def test_unknown_status_is_shown_whole_and_alarms_the_administrator(self):
        line, report = self.get_texts(
            state="processing",
            status_code="987",
            status_description="Nowy status",
            status_details="Szczegół jeden\nSzczegół dwa",
        )
        shown = "KSeF answered with code 987, which this version does not know"
        self.assertIn(f'{shown}: "Nowy status".', line["sentence"])
        self.assertEqual(line["level"], "warning")
        self.assertEqual(line["who_key"], "administrator")
        self.assertIn("KSeF may have", report["again"])
        told = [detail["text"] for detail in line["details"]]
        self.assertEqual(told[:3], ["Nowy status", "Szczegół jeden", "Szczegół dwa"])

    def test_unknown_refusal_holds_the_invoice_in_red(self):
        line, report = self.get_texts(
            state="blocked",
            blocked_reason="program",
            return_state="queued",
            status_code="29999",
            status_description="Nieznany błąd",
        )
        self.assertIn("code 29999", line["sentence"])
        self.assertIn("Nieznany błąd", line["sentence"])
        self.assertEqual((line["level"], line["who_key"]), ("danger", "administrator"))
        self.assertEqual(report["again"], self.say("safe"))

    def test_held_invoice_that_ksef_may_have_is_never_called_safe(self):
        for state in ("sending", "unknown", "processing"):
            for reason, code in (
                ("program", "21173"),
                ("token", False),
                ("key", False),
            ):
                with self.subTest(reason, state=state):
                    _line, report = self.get_texts(
                        state="blocked",
                        blocked_reason=reason,
                        return_state=state,
                        status_code=code,
                    )
                    self.assertEqual(report["again"], self.say("maybe"))

    def test_refused_attachment_goes_to_the_accountant(self):
        line, report = self.get_texts(state="rejected", status_code="415")
        self.assertIn("e-Urząd Skarbowy", line["sentence"])
        self.assertEqual(line["who_key"], "accountant")
        self.assertEqual(report["then"], self.say("fix"))

    def test_reason_of_refused_access_is_told(self):
        connection = self.document.connection_id
        held = {"state": "blocked", "blocked_reason": "right", "return_state": "queued"}
        for reason, words in call_words.FORBIDDEN.items():
            with self.subTest(reason):
                connection.write({"problem": "right", "problem_code": reason})
                line, report = self.get_texts(**held)
                self.assertIn(str(words.what), line["sentence"])
                self.assertEqual(report["what"], str(words.what))
        connection.problem_code = "moon-phase"
        line, _report = self.get_texts(**held)
        self.assertIn('"moon-phase"', line["sentence"])
        self.assertEqual(line["who_key"], "administrator")

    def test_refused_login_that_passes_is_told_while_it_lasts(self):
        self.document.connection_id.write(
            {"outage_since": fields.Datetime.now(), "problem_code": "987"}
        )
        line, _report = self.get_texts(status_code=False)
        self.assertIn("code 987", line["sentence"])
        self.assertEqual((line["level"], line["who_key"]), ("warning", "administrator"))

    def test_invoice_in_a_package_says_so_and_when_it_is_looked_at(self):
        self.put_into_package("processing")
        moment = self.env["l10n_pl_ksef.explain"]._format_time(self.later)
        for state, word in (("sending", "in a package"), ("processing", "package")):
            with self.subTest(state):
                line, report = self.get_texts(state=state)
                self.assertIn(word, line["sentence"])
                self.assertIn(": 1.", line["sentence"])
                self.assertIn(moment, report["then"])

    def test_interrupted_package_says_when_ksef_releases_it(self):
        release = fields.Datetime.now() + timedelta(hours=3)
        self.put_into_package("abandoned", valid_until=release)
        moment = self.env["l10n_pl_ksef.explain"]._format_time(release)
        line, report = self.get_texts(state="sending")
        self.assertIn(moment, line["sentence"])
        self.assertIn("nothing is sent twice", line["sentence"])
        self.assertIn(moment, report["then"])
        self.assertEqual(report["again"], self.say("maybe"))

    def test_package_refused_as_a_whole_is_told_and_goes_again(self):
        self.put_into_package(
            "failed", status_code="430", status_details="Błąd dekompresji"
        )
        line, report = self.get_texts(next_step_on=self.later, status_code="405")
        self.assertEqual(report["what"], str(code_words.SESSION_BATCH["430"].what))
        self.assertIn("in a new package", report["then"])
        self.assertIn("Błąd dekompresji", [one["text"] for one in line["details"]])

    def test_package_that_could_not_be_closed_tells_the_refusal(self):
        self.put_into_package("failed", status_code="21205")
        line, _report = self.get_texts()
        self.assertIn(str(call_words.REFUSED["21205"].what), line["sentence"])
        self.assertEqual(line["level"], "info")

    def test_spent_limit_is_told_with_the_end_of_the_pause(self):
        connection = self.document.connection_id
        self.env["l10n_pl_ksef.limit"].sudo().create(
            {
                "nip": connection.nip,
                "environment": connection.environment,
                "rate_group": "invoice_send",
                **dict.fromkeys(("per_second", "per_minute", "per_hour"), 10),
                "blocked_until": self.later,
            }
        )
        line, report = self.get_texts(next_step_on=fields.Datetime.now())
        moment = self.env["l10n_pl_ksef.explain"]._format_time(self.later)
        self.assertIn("limit", line["sentence"])
        # Seconds are rounded on the way.
        self.assertIn(moment.rpartition(":")[0], line["sentence"])
        self.assertIn(moment.rpartition(":")[0], report["then"])

    def test_unknown_status_of_a_package_alarms(self):
        self.put_into_package("failed", status_code="499")
        line, _report = self.get_texts()
        self.assertIn("code 499", line["sentence"])
        self.assertEqual((line["level"], line["who_key"]), ("warning", "administrator"))

    def test_waiting_for_the_clock_or_the_original_has_words(self):
        for reason in ("clock", "original"):
            with self.subTest(reason):
                line, report = self.get_texts(
                    state="blocked", blocked_reason=reason, return_state="queued"
                )
                self.assertTrue(line["sentence"])
                self.assertEqual(report["then"], self.say(reason))

    def test_whoever_may_not_act_is_told_whom_to_ask(self):
        self.env.user.group_ids -= self.env.ref("l10n_pl_ksef.group_admin")
        self.env.user.group_ids -= self.env.ref("base.group_system")
        _line, report = self.get_texts(
            state="blocked", blocked_reason="no_token", return_state="queued"
        )
        self.assertIn("Ask: ", report["who"])
