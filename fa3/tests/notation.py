"""The short notation of ``recipes.txt``, and a file put into the same form."""

from pathlib import Path

from lxml import etree

from .. import reader

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
