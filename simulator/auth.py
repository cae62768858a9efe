"""Handlers: published keys, challenge, login by token, redeem, refresh, auth sessions.

Source: KSeF API 2.0, section on authentication with a KSeF token.
"""

import base64
import json
import re
from datetime import timedelta

from . import numbers
from .certificates import INTERNAL, SEAL, SIGNATURE, details_of
from .clock import to_text
from .exchange import Response, json_response
from .jwt import ACCESS, OPERATION, REFRESH
from .keys import TOKEN_USAGE
from .paging import page
from .problems import Code, RefusedError, invalid, refusal
from .request_shapes import CONTEXT_PATTERNS, OWNER_PERMISSIONS
from .state import OWNER, Challenge, Login, TokenProof
from .statuses import LoginCode, Status, describe_login

CHALLENGE_LIFETIME = timedelta(minutes=10)
METHODS = {  # category, code, name
    "Token": ("Token", "token.ksef", "Token KSeF"),
    INTERNAL: ("XadesSignature", "xades.ksef-certificate", "Certyfikat KSeF"),
    SEAL: ("XadesSignature", "xades.qualified-seal", "Pieczęć kwalifikowana"),
    SIGNATURE: ("XadesSignature", "xades.qualified-signature", "Podpis kwalifikowany"),
}


def public_keys(system, call):
    return json_response(200, system.keys.listed())


def challenge(system, call):
    now = system.clock.now()
    made = Challenge(numbers.reference_number(numbers.CHALLENGE, now), now)
    system.book.challenges[made.reference] = made
    body = {
        "challenge": made.reference,
        "timestamp": to_text(now),
        "timestampMs": made.timestamp_ms,
        "clientIp": call.request.client_ip,
    }
    return json_response(200, body)


def check_key_id(system, usage, key_id):
    """Refuse the id of a key that is unknown, withdrawn or of another usage."""
    if key_id is not None and system.keys.find(usage, key_id) is None:
        detail = f"Klucz o identyfikatorze {key_id} nie jest wspierany."
        raise refusal(Code.UNKNOWN_KEY, detail)


def use_challenge(system, reference):
    made = system.book.challenges.get(reference)
    now = system.clock.now()
    if made is None or made.used or made.issued + CHALLENGE_LIFETIME <= now:
        raise refusal(Code.BAD_CHALLENGE)
    made.used = True
    return made


def login_token(system, call):
    body = call.body
    kind = body["contextIdentifier"]["type"]
    value = body["contextIdentifier"]["value"]
    if not re.fullmatch(CONTEXT_PATTERNS[kind], value):
        raise invalid("'contextIdentifier.value' is not in the correct format.")
    check_key_id(system, TOKEN_USAGE, body.get("publicKeyId"))
    made = use_challenge(system, body["challenge"])
    policy = body.get("authorizationPolicy") or {}
    ciphertext = base64.b64decode(body["encryptedToken"])
    proof = TokenProof(ciphertext, body.get("publicKeyId"))
    allowed_ips = policy.get("allowedIps") or {}
    return begin_login(system, call, (kind, value), proof, made, allowed_ips)


def begin_login(system, call, context, proof, challenge, allowed_ips):
    """Note a login that is still to be decided, and answer 202."""
    now = system.clock.now()
    login = Login(
        reference=numbers.reference_number(numbers.LOGIN, now),
        started=now,
        due=now + timedelta(seconds=system.settings.login_seconds),
        context=context,
        proof=proof,
        challenge=challenge,
        allowed_ips=allowed_ips,
        fate=call.fate,
    )
    system.book.logins[login.reference] = login
    answer = {
        "referenceNumber": login.reference,
        "authenticationToken": _issue(system, OPERATION, login),
    }
    return json_response(202, answer)


def _issue(system, kind, login, claims=None):
    text, valid_until = system.mint.issue(kind, login.reference, claims)
    return {"token": text, "validUntil": to_text(valid_until)}


def _rights(system, login):
    if login.token:
        return login.token.permissions
    return system.book.rights(login.context, login.subject)


def _access_token(system, login):
    kind, value = login.subject
    subject = {"subjectIdentifier": {"type": kind, "value": value}}
    if not login.token:
        subject.update(details_of(login.proof.certificate))
    permissions = _rights(system, login)
    effective = OWNER_PERMISSIONS if OWNER in permissions else permissions
    claims = {
        "cit": login.context[0],
        "civ": login.context[1],
        "aum": login.proof.method,
        "sud": json.dumps(subject),
        "per": json.dumps(permissions),
        "pec": "[]",
        "rol": "[]",
        "pep": json.dumps(effective),
        "iop": json.dumps(login.allowed_ips),
    }
    return _issue(system, ACCESS, login, claims)


def _describe(login):
    def text(moment):
        return to_text(moment) if moment else None

    category, code, name = METHODS[login.proof.method]
    method = {"category": category, "code": code, "displayName": name}
    return {
        "startDate": to_text(login.started),
        "authenticationMethod": login.proof.method,
        "authenticationMethodInfo": method,
        "status": describe_login(login.status),
        "isTokenRedeemed": login.redeemed if login.status.is_final else None,
        "lastTokenRefreshDate": text(login.last_refresh),
        "refreshTokenValidUntil": text(login.refresh_valid_until),
    }


def login_status(system, call):
    reference = call.params["referenceNumber"]
    if reference != call.login.reference:
        detail = (
            f"Operacja uwierzytelniania o numerze referencyjnym {reference}"
            " nie została znaleziona."
        )
        raise refusal(Code.NO_LOGIN, detail)
    if call.login.gone:
        raise RefusedError(410)
    answer = _describe(call.login)
    if call.fate:
        answer["status"] = describe_login(call.fate)
    return json_response(200, answer)


def _check_usable(login, purpose):
    if login.status.code != LoginCode.SUCCESS:
        detail = f"Status uwierzytelniania ({login.status.code}) nie pozwala na"
        raise refusal(Code.NOT_AUTHORIZED, f"{detail} {purpose}.")
    if login.token and login.token.status != "Active":
        raise refusal(Code.NOT_AUTHORIZED, "Token KSeF został unieważniony.")


def redeem(system, call):
    login = call.login
    if login.redeemed:
        detail = f"Tokeny dla operacji uwierzytelniania {login.reference}"
        raise refusal(Code.NOT_AUTHORIZED, f"{detail} zostały już pobrane.")
    _check_usable(login, "pobranie tokenów")
    login.redeemed = True
    text, valid_until = system.mint.issue(REFRESH, login.reference)
    login.refresh_valid_until = valid_until
    answer = {
        "accessToken": _access_token(system, login),
        "refreshToken": {"token": text, "validUntil": to_text(valid_until)},
    }
    return json_response(200, answer)


def refresh(system, call):
    _check_usable(call.login, "odświeżenie tokenu dostępowego")
    call.login.last_refresh = system.clock.now()
    return json_response(200, {"accessToken": _access_token(system, call.login)})


def _subject(login):
    return login.context, login.subject


def auth_session_list(system, call):
    mine = [
        login
        for login in system.book.logins.values()
        if login.subject and _subject(login) == _subject(call.login)
    ]
    mine.sort(key=lambda login: login.started, reverse=True)
    items, following = page(mine, call, "auth-sessions")
    answer = {
        "continuationToken": following,
        "items": [
            {
                "referenceNumber": login.reference,
                "isCurrent": login is call.login,
                **_describe(login),
            }
            for login in items
        ],
    }
    return json_response(200, answer)


def logout(system, call):
    call.login.status = Status(LoginCode.ENDED_BY_USER)
    return Response(204)


def auth_session_delete(system, call):
    reference = call.params["referenceNumber"]
    login = system.book.logins.get(reference)
    if login is None or _subject(login) != _subject(call.login):
        detail = f"Sesja uwierzytelnienia {reference} nie została znaleziona."
        raise invalid(detail)
    login.status = Status(LoginCode.ENDED_BY_USER)
    return Response(204)
