import unittest
from pathlib import Path

from lxml import etree

from .. import checks, reader, writer
from . import recipes
from .common import official_schema

RECIPES = Path(__file__).with_name("recipes.txt").read_text(encoding="utf-8")
ANNOTATIONS = [
    ["P_16", "2"],
    ["P_17", "2"],
    ["P_18", "2"],
    ["P_18A", "2"],
    ["Zwolnienie", [["P_19N", "1"]]],
    ["NoweSrodkiTransportu", [["P_22N", "1"]]],
    ["P_23", "2"],
    ["PMarzy", [["P_PMarzyN", "1"]]],
]
# Not repeated in the recipes unless they differ.
PLAIN = {
    "Podmiot1": {"DaneIdentyfikacyjne", "Adres"},
    "Podmiot2": {"NIP", "Nazwa", "Adres"},
    "Fa": {"P_1", "P_2"},
}
PLAIN_PAIRS = (["JST", "2"], ["GV", "2"], ["KodWaluty", "PLN"])


def parse_recipe(text):
    """Return [[name, text or children], ...] of the notation of recipes.txt."""
    items, depth, start = [], 0, 0
    for position, character in enumerate(text + ";"):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ";" and not depth:
            items.append(text[start:position].strip())
            start = position + 1
    return [_parse_item(item) for item in items]


def _parse_item(item):
    name, has_children, inner = item.partition("(")
    if not has_children or " " in name:
        return item.split(" ", 1)
    children = parse_recipe(inner[:-1]) if inner != ")" else []
    if name != "ADN":
        return [name, children]
    special = {child[0]: child for child in children}
    return ["Adnotacje", [special.get(pair[0], pair) for pair in ANNOTATIONS]]


def tree(element):
    """Return [name, text or children] of an XML element."""
    children = [tree(child) for child in element]
    return [etree.QName(element).localname, children or element.text]


def special_parts(data):
    """Return what a recipe would say about a file."""
    parts = []
    for name, content in tree(reader.parse(data))[1]:
        if name == "Podmiot3":
            parts.append([name, content])
            continue
        flat = []
        for child, value in content:
            is_identity = child == "DaneIdentyfikacyjne" and name == "Podmiot2"
            flat += value if is_identity else [[child, value]]
        prefix = f"{name}/" if name in ("Podmiot1", "Podmiot2") else ""
        parts += [
            [prefix + child, value]
            for child, value in flat
            if child not in PLAIN.get(name, {child})
            and [child, value] not in PLAIN_PAIRS
        ]
    return parts


class TestRecipes(unittest.TestCase):
    """Every case of the mapping comes out with exactly its elements and values."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema = official_schema()
        cls.recipes = RECIPES.splitlines()

    def test_every_recipe_has_its_elements_and_validates(self):
        self.assertEqual(len(self.recipes), len(recipes.BUILDERS))
        for recipe, build in zip(self.recipes, recipes.BUILDERS, strict=True):
            title, _bar, notation = recipe.partition(" | ")
            with self.subTest(title):
                data = writer.write(build())
                self.assertEqual(special_parts(data), parse_recipe(notation))
                self.assertEqual(checks.check_xml(data, self.schema), [])

    def test_every_recipe_is_read_back_as_it_was_built(self):
        for build in recipes.BUILDERS:
            with self.subTest(build.__name__):
                data = writer.write(build())
                self.assertEqual(writer.write(reader.read(data)), data)
                self.assertEqual(reader.read(data).body.total, build().body.total)

    def test_totals_of_every_recipe_add_up(self):
        for build in recipes.BUILDERS:
            with self.subTest(build.__name__):
                body = build().body
                parts = [
                    getattr(body, name) or 0
                    for name in body.__slots__
                    if name.startswith(("net_", "tax_", "gross_margin"))
                    and not name.endswith("_pln")
                ]
                self.assertEqual(sum(parts), body.total)
