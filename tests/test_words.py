"""Every state and reason has its words, and every word its fact."""

import re

from odoo.tests import TransactionCase, tagged

from ..models import l10n_pl_ksef_words as words
from ..models.l10n_pl_ksef_connection import PROBLEMS
from ..models.l10n_pl_ksef_connection_words import CONNECTION_LINES
from ..models.l10n_pl_ksef_document import BLOCKED_REASONS, STATES

# States of which nothing is said: no work is left, or the invoice says it.
SILENT = {"accepted", "withdrawn"}
# What a sentence about an invoice without a submission is given at hand.
GIVEN = {"count", "what", "reason", "number", "date"}
CONNECTION_FACTS = {
    *("outage", "next", "since", "waiting", "refusal"),
    *("token_nip", "own_nip", "company", "happened", "token_end"),
}


def names(text):
    return set(re.findall(r"%\((\w+)\)s", str(text)))


@tagged("post_install_l10n", "post_install", "-at_install")
class TestWords(TransactionCase):
    """Whatever the models can say, a person can read."""

    def test_every_state_and_reason_has_a_line(self):
        keys = {state for state, _label in STATES} - SILENT - {"blocked"}
        keys |= {f"blocked_{reason}" for reason, _label in BLOCKED_REASONS}
        self.assertLessEqual(keys, set(words.DOCUMENT_LINES))

    def test_every_problem_of_a_connection_has_a_line(self):
        problems = {problem for problem, _label in PROBLEMS}
        self.assertLessEqual(problems, set(CONNECTION_LINES))

    def test_lines_name_known_facts_people_and_actions(self):
        explain = self.env["l10n_pl_ksef.explain"]
        facts = {
            name.removeprefix("_fact_")
            for name in dir(type(explain))
            if name.startswith("_fact_")
        }
        tables = (
            (words.DOCUMENT_LINES, facts | {"count", "what"}),
            (words.MOVE_LINES, GIVEN),
            (CONNECTION_LINES, CONNECTION_FACTS),
        )
        for lines, known in tables:
            for key, line in lines.items():
                with self.subTest(key):
                    self.assertLessEqual(names(line.sentence), known)
                    self.assertIn(line.who, {None, *words.WHO})
                    self.assertLessEqual(set(line.actions), set(words.ACTIONS))

    def test_polish_is_complete_and_names_the_same_facts(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        polish = self.env(context={"lang": "pl_PL"})
        english = self.env(context={"lang": "en_US"})
        for lines in (words.DOCUMENT_LINES, words.MOVE_LINES, CONNECTION_LINES):
            for key, line in lines.items():
                with self.subTest(key):
                    translated = polish._(line.sentence)
                    self.assertNotEqual(translated, english._(line.sentence))
                    self.assertEqual(names(translated), names(line.sentence))
