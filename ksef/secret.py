"""A value that does not show itself."""

import hmac

REDACTED = "<secret>"


class Secret:
    """Hold a token or a key so that only :meth:`reveal` gives it away.

    ``repr``, ``str`` and f-strings show a placeholder; pickling is refused, JSON
    encoders do not know the type, comparison takes constant time.
    """

    __slots__ = ("_value",)

    def __init__(self, value):
        if isinstance(value, Secret):
            value = value.reveal()
        if not isinstance(value, (str, bytes)):
            raise TypeError("a secret is str or bytes")
        object.__setattr__(self, "_value", value)

    def reveal(self):
        """Return the wrapped ``str`` or ``bytes``; call it next to its use."""
        return self._value

    def __setattr__(self, name, value):
        raise AttributeError("a secret is immutable")

    def __delattr__(self, name):
        raise AttributeError("a secret is immutable")

    def __repr__(self):
        return REDACTED

    __str__ = __repr__

    def __format__(self, spec):
        return format(REDACTED, spec)

    def __bool__(self):
        return bool(self._value)

    def __eq__(self, other):
        if not isinstance(other, Secret):
            return NotImplemented
        if type(self._value) is not type(other._value):
            return False
        return hmac.compare_digest(_as_bytes(self._value), _as_bytes(other._value))

    # A hash would let a dictionary of guesses find the value.
    __hash__ = None

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __getstate__(self):
        raise TypeError("a secret cannot be pickled")


def _as_bytes(value):
    return value.encode() if isinstance(value, str) else value
