"""Login with a KSeF token or a certificate, and refresh of the access token.

Source: KSeF API 2.0, sections on authentication with a KSeF token and with a
certificate. Both logins differ in their start alone.
"""

import itertools
import time
from dataclasses import dataclass
from datetime import datetime

from . import crypto, messages, routes, statuses, xades
from .errors import (
    KsefAuthError,
    KsefLoginPending,
    KsefLoginRefused,
    KsefNoAnswer,
    KsefRefused,
)
from .secret import Secret

MAX_WAIT_SECONDS = 30
# Logins with a token settle within about a second; the last pause repeats.
POLL_PAUSES_SECONDS = (0.2, 0.3, 0.5, 1, 1, 2)

_CURED_BY_A_NEW_START = frozenset(
    {
        statuses.LOGIN_TOKEN_REFUSED,
        statuses.CHALLENGE_REFUSED,
        statuses.KEY_WITHDRAWN,
    }
)


@dataclass(frozen=True)
class Credentials:
    """Result of a login; ``reference`` is that of the login at KSeF."""

    access: Secret
    access_valid_until: datetime
    refresh: Secret
    refresh_valid_until: datetime
    reference: str


def login_with_token(
    client, token, nip, *, wait=time.sleep, max_wait_seconds=MAX_WAIT_SECONDS
):
    """Log in and return :class:`Credentials`.

    A withdrawn key, a refused challenge, a disturbed login and a lost answer of
    the last step are tried once more, with new keys and a new challenge.

    :param token: :class:`~.secret.Secret`, the whole KSeF token
    :param nip: ten digits, the context
    :param wait: called with seconds between two polls
    :raises KsefLoginRefused: KSeF does not let this token in, at once
        (``http_status`` 400) or after its checks
    :raises KsefLoginPending: no decision within ``max_wait_seconds``
    :raises KsefError: a call failed
    """

    def start():
        return _start_with_token(client, token, nip)

    return _login(client, start, wait, max_wait_seconds)


def login_with_certificate(
    client, credential, nip, *, wait=time.sleep, max_wait_seconds=MAX_WAIT_SECONDS
):
    """Log in and return :class:`Credentials`.

    A refused challenge and a lost answer of the last step are tried once more,
    with a new challenge.

    :param credential: :class:`~.certificate.Credential`
    :param nip: ten digits, the context
    :param wait: called with seconds between two polls
    :raises KsefLoginRefused: KSeF does not let this certificate in, at once
        (``http_status`` 400) or after its checks
    :raises KsefLoginPending: no decision within ``max_wait_seconds``
    :raises KsefError: a call failed
    """

    def start():
        return _start_with_certificate(client, credential, nip)

    return _login(client, start, wait, max_wait_seconds)


def finish_login(
    client, started, *, wait=time.sleep, max_wait_seconds=MAX_WAIT_SECONDS
):
    """Go on with a login that was pending and return :class:`Credentials`.

    :param started: :class:`~.messages.LoginStarted`
    :raises KsefLoginRefused: KSeF decided against it
    :raises KsefLoginPending: still no decision within ``max_wait_seconds``
    :raises KsefAuthError: KSeF does not know this login any more
    :raises KsefError: a call failed
    """

    def finish():
        _await_login(client, started, wait, max_wait_seconds)
        return client.redeem(started.operation)

    pair = _as_login(finish)
    return Credentials(
        pair.access,
        pair.access_valid_until,
        pair.refresh,
        pair.refresh_valid_until,
        started.reference,
    )


def _login(client, start, wait, max_wait_seconds):
    def log_in():
        started = _as_login(start)
        return finish_login(
            client, started, wait=wait, max_wait_seconds=max_wait_seconds
        )

    try:
        return log_in()
    except (KsefLoginRefused, KsefNoAnswer, KsefAuthError) as error:
        if not _is_worth_another_try(error):
            raise
    return log_in()


def _is_worth_another_try(error):
    if isinstance(error, KsefLoginRefused):
        is_curable = error.code in _CURED_BY_A_NEW_START
        return is_curable and error.reason is statuses.LoginProblem.DISTURBED
    return error.operation == routes.REDEEM.operation


def _start_with_token(client, token, nip):
    challenge = client.challenge()
    key = crypto.choose_key(client.public_keys(), messages.USAGE_TOKEN, client.now())
    return client.login_token(
        messages.LoginRequest(
            challenge.challenge,
            nip,
            crypto.encrypt_token(token, challenge.timestamp_ms, key),
            key.public_key_id,
        )
    )


def _start_with_certificate(client, credential, nip):
    challenge = client.challenge()
    signed = xades.sign_login(challenge.challenge, nip, credential, client.now())
    return client.login_certificate(signed)


def _as_login(step):
    """Take a step of a login; a refused one is a refused login, no invoice is wrong."""
    try:
        return step()
    except KsefRefused as error:
        refusal = _as_login_refusal(error)
    raise refusal


def _as_login_refusal(error):
    """Return what a refused start means for the login, by the first code we know."""
    known = (
        (problem, statuses.login_error_problem(problem.code))
        for problem in error.problems
    )
    code, details, reason = error.code, error.details, statuses.LoginProblem.OTHER
    for problem, meaning in known:
        if meaning is not None:
            code, details, reason = problem.code, problem.details, meaning
            break
    return KsefLoginRefused(
        code=code,
        details=details,
        operation=error.operation,
        http_status=error.http_status,
        service_reference=error.service_reference,
        reason=reason,
    )


def _await_login(client, started, wait, max_wait_seconds):
    """Ask until KSeF has decided.

    :raises KsefLoginRefused: decided against
    :raises KsefLoginPending: not decided in time
    """
    last = itertools.repeat(POLL_PAUSES_SECONDS[-1])
    waited_seconds = 0
    for pause in itertools.chain(POLL_PAUSES_SECONDS, last):
        status = client.login_status(started.operation, started.reference)
        if status.code == statuses.LOGIN_DONE:
            return
        if status.code != statuses.LOGIN_PENDING:
            raise KsefLoginRefused(
                code=status.code,
                details=status.details,
                operation=routes.LOGIN_STATUS.operation,
                reason=statuses.login_problem(status.code, status.details),
            )
        if waited_seconds + pause > max_wait_seconds:
            raise KsefLoginPending(
                code=status.code,
                operation=routes.LOGIN_STATUS.operation,
                started=started,
            )
        wait(pause)
        waited_seconds += pause


def refresh_access(client, refresh):
    """Return ``(access, valid_until)`` for a refresh token.

    :raises KsefAuthError: the refresh token is of no use any more; log in anew
    """
    renewed = client.refresh(refresh)
    return renewed.access, renewed.valid_until
