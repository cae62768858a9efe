"""Words of a company's connection: how it does, and why KSeF refuses its log-in.

Only data, as in `l10n_pl_ksef_words.py`.
"""

from odoo.tools.translate import LazyTranslate

from .l10n_pl_ksef_words import ADDRESS, COPY, KEY, NIP, OTHER_MODULE, Line

_lt = LazyTranslate(__name__)

# Of the company's connection, in the settings; the key is the obstacle.
CONNECTION_LINES = {
    "connected": Line(
        _lt("Connected"), "success", "check-circle", _lt("Invoices go to KSeF.")
    ),
    "connected_trial": Line(
        _lt("Connected"),
        "success",
        "check-circle",
        _lt("What is sent has no legal effect."),
    ),
    "connected_manual": Line(
        _lt("Connected"),
        "success",
        "check-circle",
        _lt("Invoices are sent only by button."),
    ),
    "outage": Line(
        _lt("Connected"),
        "warning",
        "clock-o",
        _lt(
            "KSeF has not answered since %(outage)s; next try %(next)s. Waiting"
            " invoices: %(waiting)s."
        ),
    ),
    "address": Line(_lt("Not working"), "warning", "pause-circle", ADDRESS),
    "never": Line(
        _lt("Not connected"),
        "muted",
        "chain-broken",
        _lt("Invoices are not sent."),
    ),
    "no_token": Line(
        _lt("Not connected"),
        "danger",
        "chain-broken",
        _lt(
            "There is no token or certificate any more. Waiting invoices: %(waiting)s."
        ),
    ),
    "token": Line(
        _lt("Not working"),
        "danger",
        "times-circle",
        _lt(
            "KSeF no longer accepts the token: %(refusal)s, %(since)s. Waiting"
            " invoices: %(waiting)s."
        ),
    ),
    "token_ended": Line(
        _lt("Not working"),
        "danger",
        "times-circle",
        _lt(
            "KSeF no longer accepts the token (%(refusal)s, %(since)s). By the"
            " regulation in force tokens work until %(token_end)s: add a certificate."
            " Waiting invoices: %(waiting)s."
        ),
    ),
    "certificate": Line(
        _lt("Not working"),
        "danger",
        "times-circle",
        _lt(
            "KSeF no longer accepts the certificate: %(refusal)s, %(since)s. Waiting"
            " invoices: %(waiting)s."
        ),
    ),
    "right": Line(
        _lt("Not working"),
        "danger",
        "times-circle",
        _lt("%(happened)s Waiting invoices: %(waiting)s."),
    ),
    "nip": Line(
        _lt("Not working"),
        "danger",
        "times-circle",
        NIP,
    ),
    "clock": Line(
        _lt("Not working"),
        "danger",
        "times-circle",
        _lt("The clock of the server is wrong. Waiting invoices: %(waiting)s."),
    ),
    "copy": Line(
        _lt("Not working"),
        "warning",
        "pause-circle",
        COPY,
    ),
    "key": Line(
        _lt("Not working"),
        "danger",
        "times-circle",
        KEY,
    ),
    "module": Line(
        _lt("Not working"),
        "warning",
        "pause-circle",
        OTHER_MODULE,
    ),
}

# Why KSeF refuses a log-in (ksef.statuses.LoginProblem), inside a sentence.
_TOKEN_REFUSALS = {
    "revoked": _lt("it was revoked in KSeF"),
    "inactive": _lt("it is not active"),
    "unknown_token": _lt("KSeF does not know it"),
    "wrong_context": _lt("it is for another company"),
    "certificate": _lt("the certificate is not accepted"),
    "no_rights": _lt("who made it has no rights any more"),
    "person": _lt("KSeF closed the access of who made it"),
    "blocked": _lt("KSeF suspects misuse"),
}
_CERTIFICATE_REFUSALS = {
    "certificate": _lt("it was revoked or blocked, or is of another environment"),
    "no_rights": _lt("its holder has no rights any more"),
    "person": _lt("KSeF closed the access of its holder"),
    "blocked": _TOKEN_REFUSALS["blocked"],
}
# By method of the log-in.
REFUSALS = {"token": _TOKEN_REFUSALS, "certificate": _CERTIFICATE_REFUSALS}
CERTIFICATE_ENDED = _lt("it ended on %(date)s")
# When log-in by token ends, from some weeks before.
TOKEN_ENDS = _lt(
    "Token log-in ends on %(date)s, days left: %(days)s. The Ministry has proposed an"
    " extension. Prepare a certificate."
)
TOKEN_ENDS_TODAY = _lt(
    "By the regulation in force tokens work until today, %(date)s. Add a certificate."
)
TOKENS_ENDED = _lt(
    "By the regulation in force tokens worked until %(date)s. Add a certificate."
)
REFUSAL_UNKNOWN = _lt("KSeF gives no reason")
