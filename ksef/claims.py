"""What an access token says of itself; for display and early words, never trusted.

Source: KSeF API 2.0, section on the content of its tokens (no documented contract).
"""

import base64
import json


def read_permissions(access):
    """Return the permissions named in an access token, None if it names none.

    :param access: :class:`~.secret.Secret`
    :returns: frozenset of names, e.g. ``Owner`` or ``InvoiceWrite``
    """
    try:
        body = access.reveal().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        named = claims["per"]
        # A list, or a text that holds one.
        listed = json.loads(named) if isinstance(named, str) else named
        listed = [listed] if isinstance(listed, str) else listed
        return frozenset(str(name) for name in listed)
    except (IndexError, KeyError, TypeError, ValueError):
        return None
