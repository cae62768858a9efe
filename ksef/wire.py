"""How a JSON answer becomes a frozen dataclass: one line per property.

A field made by :func:`wire` names its place in the JSON and the reader of its
value. Unknown properties are ignored; null counts as missing.
"""

import base64
import re
from dataclasses import field, fields
from datetime import date

from .secret import Secret
from .times import parse_time

REQUIRED = object()

# Anything else could not stand in a header.
_BEARER = re.compile(r"[\x21-\x7e]+")


class MessageError(ValueError):
    """An answer lacks a property or holds another type there.

    :ivar name: place of the property, never its value
    """

    def __init__(self, name):
        super().__init__(name)
        self.name = name


def wire(path, read, default=REQUIRED, **options):
    """Return a dataclass field read from ``path`` (dots between levels).

    An empty path means the whole object.

    :param read: function value -> value, raising ValueError for another type
    :param default: for a missing property; without it the answer is refused
    :param options: passed on to ``dataclasses.field``
    """
    metadata = {"path": path, "read": read, "default": default}
    return field(metadata=metadata, **options)


class FromJson:
    """Base of answers: fills its fields from a JSON object."""

    @classmethod
    def from_json(cls, source):
        """Return the message; raises :class:`MessageError`."""
        specs = {each.name: each.metadata for each in fields(cls) if each.metadata}
        return cls(**{name: get(source, **spec) for name, spec in specs.items()})


def get(source, path, read, default=REQUIRED):
    """Return one value of a JSON object; parameters as for :func:`wire`.

    :raises MessageError: missing without default, or of another type
    """
    value = source
    for name in filter(None, path.split(".")):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        if default is REQUIRED:
            raise MessageError(path)
        return default
    try:
        return read(value)
    except MessageError as error:
        inner = error.name
    except ValueError:
        inner = ""
    raise MessageError(f"{path}.{inner}".rstrip("."))


def get_or_none(source, path, read):
    """Like :func:`get` for bodies of errors, where nothing may fail."""
    try:
        return get(source, path, read, None)
    except MessageError:
        return None


def _typed(kind):
    def read(value):
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValueError("another type")
        return value

    return read


text = _typed(str)
number = _typed(int)
listing = _typed(list)


def time(value):
    """Read a date and time as aware UTC."""
    return parse_time(text(value))


def day(value):
    """Read a date."""
    return date.fromisoformat(text(value))


def texts(value):
    """Read a list of texts as a tuple; other entries are left out."""
    return tuple(entry for entry in listing(value) if isinstance(entry, str))


def data(value):
    """Read Base64 as bytes."""
    return base64.b64decode(text(value), validate=True)


def bearer(value):
    """Read a token as :class:`~.secret.Secret`."""
    if not _BEARER.fullmatch(text(value)):
        raise ValueError("not a token")
    return Secret(value)


def secret(value):
    """Read a text, not an empty one, as :class:`~.secret.Secret`."""
    if not text(value):
        raise ValueError("an empty text")
    return Secret(value)


def text_map(value):
    """Read an object whose values are texts, as a dict."""
    if not isinstance(value, dict):
        raise ValueError("another type")
    return {name: text(entry) for name, entry in value.items()}


def many(message):
    """Return a reader for a list of messages, as a tuple."""
    return lambda value: tuple(map(message.from_json, listing(value)))
