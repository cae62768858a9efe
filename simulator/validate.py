"""Strict checks of request values: small checks that combine into a body's shape.

A check takes (value, name) and returns a list of sentences, empty when all is well.
Unknown properties are wrong too: a client's misspelt field must not pass unseen.
"""

import base64
import binascii
import re

from .clock import from_text


def is_text(least=0, most=None, pattern=None):
    """A string of ``least`` to ``most`` characters, wholly matching ``pattern``."""

    def check(value, name):
        if not isinstance(value, str):
            return [f"'{name}' must be a string."]
        if len(value) < least or (most is not None and len(value) > most):
            return [f"'{name}' must have {least} to {most} characters."]
        if pattern and not re.fullmatch(pattern, value):
            return [f"'{name}' is not in the correct format."]
        return []

    return check


def is_one_of(values):
    def check(value, name):
        if value in values and isinstance(value, str):
            return []
        return [f"'{name}' has a range of values which does not include '{value}'."]

    return check


def is_whole(least, most=None):
    """An integer from ``least`` to ``most``."""

    def check(value, name):
        if not isinstance(value, int) or isinstance(value, bool):
            return [f"'{name}' must be an integer."]
        if value < least or (most is not None and value > most):
            return [f"'{name}' is out of range."]
        return []

    return check


def is_number(value, name):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return []
    return [f"'{name}' must be a number."]


def is_flag(value, name):
    return [] if isinstance(value, bool) else [f"'{name}' must be true or false."]


def is_moment(value, name):
    try:
        from_text(value)
    except (AttributeError, TypeError, ValueError):
        return [f"'{name}' must be a date and time."]
    return []


def is_base64(length=None, size=None):
    """Standard Base64: ``length`` characters, or ``size`` bytes when decoded."""

    def check(value, name):
        if not isinstance(value, str) or not value:
            return [f"'{name}' must not be empty."]
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return [f"'{name}' must be Base64."]
        if length is not None and len(value) != length:
            return [f"'{name}' must be {length} characters in length."]
        if size is not None and len(data) != size:
            return [f"'{name}' must be {size} bytes in length."]
        return []

    return check


def is_list(check_item, most=None):
    def check(value, name):
        if not isinstance(value, list):
            return [f"'{name}' must be a list."]
        if most is not None and len(value) > most:
            return [f"'{name}' must have at most {most} entries."]
        found = []
        for position, item in enumerate(value):
            found += check_item(item, f"{name}[{position}]")
        return found

    return check


def or_null(check_value):
    def check(value, name):
        return [] if value is None else check_value(value, name)

    return check


def is_record(required, optional=None):
    """An object with exactly these properties; ``optional`` ones may be missing."""
    known = {**required, **(optional or {})}

    def check(value, name):
        if not isinstance(value, dict):
            return [f"'{name}' must be an object."]
        prefix = f"{name}." if name else ""
        found = [f"'{prefix}{k}' is not known." for k in value if k not in known]
        found += [f"'{prefix}{k}' is required." for k in required if k not in value]
        for key, check_value in known.items():
            if key in value:
                found += check_value(value[key], prefix + key)
        return found

    return check
