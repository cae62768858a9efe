"""Files with something wrong in them, made from good ones by a seed."""

import copy
import random

from lxml import etree

from .. import writer
from ..structure import FA2_NAMESPACE, NAMESPACE
from . import recipes
from .common import SHARED
from .hostile import VALUES

_PIECES = (
    b"\0",
    b"\x80",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"&amp;",
    b"&unknown;",
    b"&#0;",
    b"&#x85;",
    b"&#xFFFE;",
    b"&#13;",
    b"<",
    b">",
    b"]]>",
    b"<![CDATA[<b>&]]>",
    b"<!-- < & -->",
    b"<!--",
    b"<?a b?>",
    b"<x/>",
    b"</Fa>",
    b' a="b"',
    b' xmlns="urn:x"',
    b"<!DOCTYPE a>",
    "\u0085\u2028\u00a0".encode(),
)
_ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "iso-8859-2", "utf-7", "cp037")
_MOST_COPIES = 200
_DEPTH = 300


def good_files():
    """Return the bytes of every recipe, then of the Ministry's samples found here."""
    samples = sorted((SHARED / "samples" / "fa3").glob("*.xml"))
    built = [writer.write(build()) for build in recipes.BUILDERS]
    return built + [path.read_bytes() for path in samples]


class Mutator:
    """Makes file number N of a seed from ``files``; the same one every time.

    ``prologs`` are beginnings of a file that may take the place of the right one.
    """

    def __init__(self, files, prologs, seed):
        self.files = list(files)
        self.prologs = prologs
        parser = etree.XMLParser(remove_comments=True, remove_pis=True)
        self.roots = [etree.fromstring(data, parser) for data in self.files]
        self.seed = seed

    def make(self, number):
        """Return (names of the changes, bytes)."""
        chance = random.Random(f"{self.seed}:{number}")
        root = copy.deepcopy(chance.choice(self.roots))
        names = []
        for _turn in range(chance.choice((0, 1, 1, 2, 3))):
            change = chance.choice(TREE_CHANGES)
            change(chance, root, self.roots)
            names.append(change.__name__)
        data = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
        for _turn in range(0 if names and chance.random() < 0.6 else 1):
            change = chance.choice(BYTE_CHANGES)
            data = change(chance, data, self)
            names.append(change.__name__)
        return "+".join(names), data


def _element(chance, root):
    return chance.choice([element for element in root.iter() if element is not root])


def remove_element(chance, root, _roots):
    if len(root):
        element = _element(chance, root)
        element.getparent().remove(element)


def duplicate_element(chance, root, _roots):
    if len(root):
        element = _element(chance, root)
        for _turn in range(chance.choice((1, 1, 2, chance.randint(1, _MOST_COPIES)))):
            element.addnext(copy.deepcopy(element))


def move_element(chance, root, _roots):
    if len(root):
        element = _element(chance, root)
        element.getparent().remove(element)
        place = chance.choice(list(root.iter()))
        place.insert(chance.randint(0, len(place)), element)


def take_from_another(chance, root, roots):
    if len(root):
        guest = copy.deepcopy(_element(chance, chance.choice(roots)))
        element = _element(chance, root)
        element.getparent().replace(element, guest)


def take_alike_from_another(chance, root, roots):
    if len(root):
        element = _element(chance, root)
        alike = [found for each in roots for found in each.iter(element.tag)]
        if alike:
            guest = copy.deepcopy(chance.choice(alike))
            element.getparent().replace(element, guest)


def rename_element(chance, root, roots):
    if len(root):
        other = _element(chance, chance.choice(roots)).tag
        names = (f"{{{NAMESPACE}}}Nowy", "{urn:x}P_1", "P_2", other)
        _element(chance, root).tag = chance.choice(names)


def change_value(chance, root, _roots):
    leaves = [element for element in root.iter() if not len(element)]
    chance.choice(leaves).text = chance.choice(VALUES)


def change_values_of_one_kind(chance, root, _roots):
    leaves = [element for element in root.iter() if not len(element)]
    value = chance.choice(VALUES)
    for element in root.iter(chance.choice(leaves).tag):
        element.text = value


def add_text(chance, root, _roots):
    element = chance.choice(list(root.iter()))
    element.tail = chance.choice(("", " ", "tekst"))
    element.text = (element.text or "") + chance.choice((" ", "\n", "tekst"))


def add_attribute(chance, root, _roots):
    names = ("a", "{urn:x}a", "Typ", "kodSystemowy", f"{{{NAMESPACE}}}Typ")
    element = chance.choice(list(root.iter()))
    element.set(chance.choice(names), chance.choice(("", "txt", "b & c", 'd"')))


def nest_deeply(chance, root, _roots):
    element = chance.choice(list(root.iter()))
    for _turn in range(chance.choice((3, 50, _DEPTH))):
        element = etree.SubElement(element, chance.choice((element.tag, "x")))


def flip_bytes(chance, data, _mutator):
    data = bytearray(data)
    for _turn in range(chance.choice((1, 1, 2, 5, 20))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def cut(chance, data, _mutator):
    return data[: chance.randrange(len(data))]


def remove_bytes(chance, data, _mutator):
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.choice((1, 2, 10, 500)) :]


def repeat_bytes(chance, data, _mutator):
    start = chance.randrange(len(data))
    piece = data[start : start + chance.choice((1, 5, 50, 500))]
    return data[:start] + piece * chance.choice((2, 3, 50)) + data[start:]


def insert_piece(chance, data, _mutator):
    start = chance.randrange(len(data))
    return data[:start] + chance.choice(_PIECES) + data[start:]


def mix_files(chance, data, mutator):
    other = chance.choice(mutator.files)
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


def change_encoding(chance, data, _mutator):
    encoding = chance.choice(_ENCODINGS)
    text = data.decode()
    if chance.random() < 0.5:
        text = text.replace("UTF-8", encoding, 1)
    return text.encode(encoding, "replace")


def change_form(chance, data, _mutator):
    forms = (FA2_NAMESPACE, "", "urn:x", f" {NAMESPACE}")
    return data.replace(NAMESPACE.encode(), chance.choice(forms).encode())


def put_before(chance, data, mutator):
    _declaration, _end, rest = data.partition(b"?>")
    asked = chance.choice((b"", b"&x;", b"&l11;"))
    return chance.choice(mutator.prologs) + rest.replace(b"<P_2>", b"<P_2>" + asked)


def leave(_chance, data, _mutator):
    return data


TREE_CHANGES = (
    remove_element,
    duplicate_element,
    move_element,
    take_from_another,
    take_alike_from_another,
    rename_element,
    change_value,
    change_value,
    change_values_of_one_kind,
    add_text,
    add_attribute,
    nest_deeply,
)
BYTE_CHANGES = (
    flip_bytes,
    flip_bytes,
    cut,
    remove_bytes,
    repeat_bytes,
    insert_piece,
    insert_piece,
    mix_files,
    change_encoding,
    change_form,
    put_before,
    leave,
)
