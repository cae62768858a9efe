"""The official FA(3) schema: files that are what they should be, compiled.

The Ministry's files are not part of this project. Whoever has them hands them in;
each is recognised by the SHA-256 of its normalised text, so nobody has to be trusted.
"""

import hashlib
import re

from lxml import etree

MAIN_FILE = "schemat_FA(3)_v1-0E.xsd"

# File name -> SHA-256 of its normalised text, see normalise().
# Source: schema files of FA(3) 1-0E published by the Ministry of Finance, June 2025.
PINS = {
    MAIN_FILE: "81ca6773693f71d02c7dede90696d7e31b3e2c5d34c547de9eab35be02263143",
    "StrukturyDanych_v10-0E.xsd": (
        "b8a4cc039f991136451f3f2658d409ceb4d74418eb5c547eb8008a7b1477ab0b"
    ),
    "ElementarneTypyDanych_v10-0E.xsd": (
        "48cf81938979cfcc3bee39b3e66502357d508ea3bad06ce4b24d2f0397de8924"
    ),
    "KodyKrajow_v10-0E.xsd": (
        "b07a6169fc54a7dee0e1a89f28fc44e54d57429f3e0d8a692f270b1c6c0e0410"
    ),
}

_LOCATION = re.compile(r'schemaLocation="(?:[^"]*/)?([^"/]+)"')

_compiled = []


def compile_schema(candidates):
    """Return the compiled schema, or ``None`` if not every file was found.

    ``candidates`` yields mappings of file name to bytes; the files may come from
    several of them. It is not touched once a schema was compiled in this process.
    """
    texts = {}
    if not _compiled:
        for files in candidates:
            texts = verified(files) | texts
            if len(texts) == len(PINS):
                _compiled.append(_compile(texts))
                break
    return _compiled[0] if _compiled else None


def verified(files):
    """Return {name: normalised bytes} of those ``files`` that are the official ones."""
    texts = {name: normalise(files[name]) for name in PINS if name in files}
    return {
        name: text
        for name, text in texts.items()
        if hashlib.sha256(text).hexdigest() == PINS[name]
    }


def normalise(data):
    """Undo what copies in circulation differ in, and nothing else.

    Line ends, blanks at the end of lines, the folder part of ``schemaLocation``.
    """
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    text = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
    return _LOCATION.sub(r'schemaLocation="\1"', text).encode()


class _ByName(etree.Resolver):
    """Finds an imported file by its name among the verified ones, nowhere else."""

    def __init__(self, texts):
        super().__init__()
        self._texts = texts

    def resolve(self, system_url, public_id, context):
        return self.resolve_string(self._texts[system_url.rsplit("/", 1)[-1]], context)


def _compile(texts):
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(_ByName(texts))
    return etree.XMLSchema(etree.fromstring(texts[MAIN_FILE], parser))
