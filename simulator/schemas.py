"""The FA(3) schema, compiled from a folder; imports are resolved by file name only."""

import os
import threading
from urllib.parse import unquote

from lxml import etree

# A schema keeps the messages of its last check: one check at a time.
_checking = threading.Lock()
FA3_FILE = "schemat_FA(3)_v1-0E.xsd"


class _FolderResolver(etree.Resolver):
    def __init__(self, folder):
        super().__init__()
        self._folder = folder

    def resolve(self, url, public_id, context):
        name = unquote(os.path.basename(url))
        return self.resolve_filename(os.path.join(self._folder, name), context)


def compile_schema(folder, name=FA3_FILE):
    """Compile ``name`` of ``folder``; raises ``OSError`` or ``XMLSchemaParseError``."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(_FolderResolver(folder))
    with open(os.path.join(folder, name), "rb") as file:
        document = etree.parse(file, parser)
    return etree.XMLSchema(document)


def schema_problems(schema, root):
    """The validator's sentences, at most a handful; empty when valid or no schema."""
    if schema is None:
        return []
    with _checking:
        if schema.validate(root):
            return []
        return [entry.message for entry in list(schema.error_log)[:5]]
