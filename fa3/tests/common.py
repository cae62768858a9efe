"""Where the tests find the Ministry's files, and small helpers."""

import importlib.util
import unittest
from decimal import Decimal
from pathlib import Path

from .. import schema

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "ksef"

needs_shared = unittest.skipUnless(SHARED.is_dir(), "needs ../shared")


def schema_files():
    """Return {name: bytes} of the official schema, from wherever it lies here."""
    spec = importlib.util.find_spec("ksef_client")
    places = [SHARED / "xsd" / "fa3"]
    if spec:
        package = Path(spec.submodule_search_locations[0])
        places.append(package / "documents" / "fa3" / "schemas")
    for place in places:
        if place.is_dir():
            return {path.name: path.read_bytes() for path in place.glob("*.xsd")}
    raise AssertionError("no schema: make setup installs the package with the files")


def official_schema():
    """Return the compiled schema."""
    return schema.compile_schema([schema_files()])


def money(text):
    """Short for ``Decimal``."""
    return Decimal(text)
