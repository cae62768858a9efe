import ast
import re
import unittest
from pathlib import Path

from odoo.tests import tagged

from .fa3_common import Fa3Case

ADDON = Path(__file__).resolve().parent.parent
SCREENS = ADDON.parent / "shared" / "reference" / "screens.md"
HEADING = "## 4. Checks before sending"
LEVELS = {"S": "stop", "W": "warn", "I": "note"}
# Row of the table -> checks that say it. XML rules speak when the file is made.
ROWS = {
    1: ("seller_nip",),
    2: ("seller_address",),
    3: ("already_sent",),
    4: ("date_in_future",),
    5: ("date_is_over",),
    6: ("number",),
    7: ("number_was_sent",),
    8: ("buyer_name",),
    9: ("buyer_address",),
    10: ("buyer_without_nip",),
    11: ("buyer_nip",),
    12: ("buyer_eu_number",),
    13: ("eu_number_needed",),
    14: ("foreign_rate_for_polish_buyer",),
    15: ("same_nip",),
    16: ("no_lines",),
    17: ("one_rate",),
    18: ("description",),
    19: ("long_description",),
    20: ("exemption_basis",),
    21: ("basis_without_exemption",),
    22: ("lines_and_totals",),
    23: ("tax_of_rate",),
    24: ("total_is_sum",),
    25: ("line_value",),
    26: ("split_payment",),
    27: ("split_payment_account",),
    28: ("currency_rate",),
    29: ("legal_rate",),
    30: ("tax_in_pln",),
    31: ("corrected_invoice",),
    32: ("original_awaited",),
    33: ("corrected_buyer",),
    34: ("corrected_currency",),
    35: ("corrected_too_much", "line_returned"),
    36: ("corrected_rate",),
    37: ("correction_reason",),
    38: ("advance_without_order",),
    39: ("advance_awaited",),
    40: ("advances_and_order",),
    41: ("unit",),
    42: ("supply_date",),
    43: ("bank_account", "bank_account_owner"),
    44: ("due_date",),
    45: ("contacts",),
    46: ("size", "lines", "too_many_lines"),
    47: ("simplified",),
    48: ("currency",),
    49: ("margin_kind",),
    50: (
        "forbidden_character",
        "forbidden_characters",
        "forbidden_in_party",
        "forbidden_beside_lines",
    ),
    53: ("early_discount",),
    54: ("rounding_as_tax",),
    55: ("eu_goods_advance",),
    56: ("amount_to_pay",),
    57: ("shares",),
    58: ("not_supported",),
}
# The register of VAT payers comes with another issue.
LATER = {51, 52}
XML_RULES = {"size", "lines", "forbidden_character"}
# Where the level is another one on purpose, and why.
OTHER_LEVELS = {
    "date_in_future": "note",  # the invoice waits for its day by itself
    "forbidden_characters": "warn",  # they are left out of the file
    "forbidden_in_party": "warn",
    "forbidden_beside_lines": "warn",
    "advances_and_order": "stop",  # as the mapping's list has it
}
# Rows whose words say more than the table, for the case at hand.
OTHER_WORDS = {29, 50, 58}


def normal(text):
    """Return a sentence with every placeholder alike."""
    text = re.sub(r"%\((\w+)\)s|\{(\w+)\}", "{}", text.replace("%%", "%"))
    return text.strip()


def read_table():
    """Return {row: (level, English words)} of the table in the reference."""
    text = SCREENS.read_text().split(HEADING)[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (\w) \| (.*?) \| ", text, re.MULTILINE)
    return {int(row): (level, words) for row, level, words in rows}


def read_sentences():
    """Return all texts of the modules with checks."""
    found = set()
    for path in (ADDON / "models").glob("l10n_pl_ksef_check*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(normal(node.value))
    return found


@tagged("post_install_l10n", "post_install", "-at_install")
class TestFa3CheckTable(Fa3Case):
    """Every row of the table of checks is a check with its level and its words."""

    def setUp(self):
        super().setUp()
        if not SCREENS.is_file():
            raise unittest.SkipTest("needs ../shared")
        self.checks = self.env["l10n_pl_ksef.check"]._get_checks()

    def test_every_row_has_its_check(self):
        self.assertEqual(read_table().keys(), ROWS.keys() | LATER)
        keys = {key for keys in ROWS.values() for key in keys}
        self.assertEqual(keys - self.checks.keys(), XML_RULES)

    def test_levels_are_those_of_the_table(self):
        for row, (letter, _words) in read_table().items():
            for key in set(ROWS.get(row, ())) - XML_RULES:
                level = OTHER_LEVELS.get(key, LEVELS[letter])
                self.assertEqual(self.checks[key][0], level, key)

    def test_words_are_those_of_the_table(self):
        sentences = read_sentences()
        missing = {
            row: words
            for row, (_letter, words) in read_table().items()
            if row not in LATER | OTHER_WORDS and normal(words) not in sentences
        }
        self.assertEqual(missing, {})
