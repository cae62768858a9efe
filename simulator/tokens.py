"""Handlers: metadata and revocation of KSeF tokens.

Source: KSeF API 2.0, sections on KSeF tokens and on who sees and revokes what.
"""

from .clock import to_text
from .exchange import Response, json_response
from .paging import page
from .problems import forbidden, invalid

SEES_ALL = {"CredentialsManage", "CredentialsRead"}
REVOKES_ALL = {"CredentialsManage"}


def _describe(token):
    return {
        "referenceNumber": token.reference,
        "authorIdentifier": {"type": token.author[0], "value": token.author[1]},
        "contextIdentifier": {"type": token.context[0], "value": token.context[1]},
        "description": token.description,
        "requestedPermissions": list(token.permissions),
        "dateCreated": to_text(token.created),
        "lastUseDate": to_text(token.last_used) if token.last_used else None,
        "status": token.status,
        "statusDetails": [],
    }


def _may(call, token, enough):
    """A token login sees its own token, any other login those that it made."""
    if call.login.token:
        is_own = token is call.login.token
    else:
        is_own = token.author == call.login.subject
    is_enough = is_own or bool(enough & set(call.permissions))
    return token.context == call.login.context and is_enough


def _find(system, call, enough):
    reference = call.params["referenceNumber"]
    token = system.book.tokens.get(reference)
    if token is None:
        raise invalid(f"Token o numerze {reference} nie został znaleziony.")
    if not _may(call, token, enough):
        raise forbidden("insufficient-resource-access")
    return token


def token_create(system, call):
    raise forbidden("auth-method-not-allowed", authenticationMethodCategory="Token")


def token_get(system, call):
    return json_response(200, _describe(_find(system, call, SEES_ALL)))


def token_revoke(system, call):
    _find(system, call, REVOKES_ALL).status = "Revoked"
    return Response(204)


def _matches(token, query):
    return (
        token.status in query.get("status", (token.status,))
        and query.get("description", "").lower() in token.description.lower()
        and query.get("authorIdentifier", "") in token.author[1]
        and query.get("authorIdentifierType", token.author[0]) == token.author[0]
    )


def token_list(system, call):
    visible = [
        token
        for token in system.book.tokens.values()
        if _may(call, token, SEES_ALL) and _matches(token, call.query)
    ]
    visible.sort(key=lambda token: token.created, reverse=True)
    tokens, following = page(visible, call, "tokens")
    answer = {
        "continuationToken": following,
        "tokens": [_describe(token) for token in tokens],
    }
    return json_response(200, answer)
