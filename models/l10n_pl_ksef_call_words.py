"""What a refused log-in, a refused or a failed call means to the reader.

Only data, as in `l10n_pl_ksef_code_words.py`. Source: KSeF API 2.0, sections on
authentication and errors, HTTP 400 answers of each operation.
"""

from odoo.tools.translate import LazyTranslate

from .l10n_pl_ksef_code_words import (
    INVOICE,
    SESSION_BATCH,
    SESSION_ONLINE,
    UNKNOWN_CODE,
    UNKNOWN_REASON,
    Words,
)

_lt = LazyTranslate(__name__)

_LOGIN_FAULT = _lt("KSeF could not finish the log-in because of a fault of its own.")
_LOGIN_DISTURBED = _lt("KSeF refused the encrypted log-in just now.")
_TOKEN_UNKNOWN = _lt(
    "KSeF does not know the token: it is cut, of KSeF 1.0 or of another environment."
)
_NO_RIGHTS = _lt("Who made the token has no rights for the company any more.")
_CERTIFICATE = _lt("KSeF does not accept the certificate of the log-in.")
_PERSON = _lt("KSeF closed the access of the person who made the token.")
_MISUSE = _lt("KSeF suspects misuse and blocked the company. Call the KSeF helpdesk.")

# Status of a log-in, or ksef.statuses.LoginProblem where that is told apart.
LOGIN = {
    "100": Words(_lt("KSeF is checking the log-in."), "ksef", "itself", "login"),
    "200": Words(_lt("KSeF accepted the log-in."), "odoo", "itself", "send"),
    "415": Words(_NO_RIGHTS, "administrator", "itself", "right"),
    "425": Words(
        _lt("The log-in was ended in KSeF by somebody."), "odoo", "itself", "login"
    ),
    "450": Words(_TOKEN_UNKNOWN, "administrator", "itself", "token"),
    "460": Words(_CERTIFICATE, "administrator", "itself", "token"),
    "470": Words(_PERSON, "administrator", "itself", "token"),
    "480": Words(_MISUSE, "administrator", "after", "stay", []),
    "500": Words(_LOGIN_FAULT, "ksef", "itself", "login"),
    "550": Words(
        _lt("KSeF broke off the log-in and asks for another one."),
        "odoo",
        "itself",
        "login",
    ),
    "revoked": Words(
        _lt("The token was revoked in KSeF."), "administrator", "itself", "token"
    ),
    "inactive": Words(
        _lt("The token is not active in KSeF yet, or was switched off there."),
        "administrator",
        "itself",
        "token",
    ),
    "unknown_token": Words(_TOKEN_UNKNOWN, "administrator", "itself", "token"),
    "wrong_context": Words(
        _lt("The token is for another company."), "administrator", "itself", "token"
    ),
    "disturbed": Words(_LOGIN_DISTURBED, "odoo", "itself", "login"),
    "no_rights": Words(_NO_RIGHTS, "administrator", "itself", "right", ["settings"]),
    "certificate": Words(_CERTIFICATE, "administrator", "itself", "token"),
    "person": Words(_PERSON, "administrator", "itself", "token"),
    "blocked": Words(_MISUSE, "administrator", "after", "stay", []),
}

_NOT_TAKEN = Words(
    _lt("KSeF no longer accepts the certificate, or it is of another environment."),
    "administrator",
    "itself",
    "certificate",
)
_HOLDER_RIGHTS = _lt("The holder of the certificate has no rights for the company.")
_HOLDER = _lt("KSeF closed the access of the holder of the certificate.")
# Where a log-in with a certificate needs other words than one with a token.
CERTIFICATE_LOGIN = {
    "415": Words(_HOLDER_RIGHTS, "administrator", "itself", "right"),
    "460": _NOT_TAKEN,
    "470": Words(_HOLDER, "administrator", "itself", "certificate"),
    "no_rights": Words(
        _HOLDER_RIGHTS, "administrator", "itself", "right", ["settings"]
    ),
    "certificate": _NOT_TAKEN,
    "person": Words(_HOLDER, "administrator", "itself", "certificate"),
}

FORBIDDEN = {
    "missing-permissions": Words(
        _lt("The token may not issue invoices."), "administrator", "itself", "token"
    ),
    "ip-not-allowed": Words(
        _lt("KSeF does not let in the network address of this server."),
        "administrator",
        "itself",
        "right",
        ["settings"],
    ),
    "insufficient-resource-access": Words(
        _lt("The token has no access to what another log-in sent to KSeF."),
        "administrator",
        "itself",
        "right",
    ),
    "auth-method-not-allowed": Words(
        _lt("KSeF does not let a token log in here. A certificate is the other way."),
        "administrator",
        "itself",
        "certificate",
        ["certificate"],
    ),
    "context-type-not-allowed": Words(
        _lt("KSeF does not allow this here for the kind of identifier of the token."),
        "administrator",
        "itself",
        "token",
    ),
    "security-service-blocked": Words(_MISUSE, "administrator", "after", "stay", []),
}
CERTIFICATE_FORBIDDEN = {
    "missing-permissions": Words(
        _lt("The holder of the certificate may not issue invoices."),
        "administrator",
        "itself",
        "right",
        ["settings"],
    ),
    "insufficient-resource-access": Words(
        _lt("The certificate has no access to what another log-in sent to KSeF."),
        "administrator",
        "itself",
        "right",
    ),
    "auth-method-not-allowed": Words(
        _lt("KSeF does not allow this way of logging in here."),
        "administrator",
        "itself",
        "right",
        ["settings"],
    ),
    "context-type-not-allowed": Words(
        _lt("KSeF does not allow this here for the kind of identifier of the company."),
        "administrator",
        "itself",
        "right",
        ["settings"],
    ),
}

_DAMAGED = _lt("The file reached KSeF damaged, so KSeF did not take it.")
_NOT_UNDERSTOOD = _lt(
    "KSeF did not understand what Odoo asked: a fault of the program."
)
_PACKAGE_REFUSED = _lt("KSeF refused the package because its parts did not fit.")
_LOGIN_ENDED = _lt("KSeF has ended the log-in.")
_CORRECTION = _lt("The file is in KSeF already; only a correction can change it.")
_LOGIN_UNREADABLE = _lt("KSeF could not read the signed log-in.")
_LATER = _lt("KSeF is busy with other downloads of the company.")

# Codes of HTTP 400: KSeF read the request and did nothing.
REFUSED = {
    "21001": Words(_NOT_UNDERSTOOD, "administrator", "useless", "stay"),
    "21111": Words(_LOGIN_DISTURBED, "odoo", "itself", "login"),
    "21115": Words(_CERTIFICATE, "administrator", "itself", "certificate"),
    "21117": Words(
        _lt("The certificate does not fit the kind of identifier of the company."),
        "administrator",
        "itself",
        "certificate",
    ),
    "21155": Words(
        _lt("KSeF takes no more invoices in this transmission; Odoo starts a new one."),
        "odoo",
        "itself",
        "resend",
    ),
    "21157": Words(_PACKAGE_REFUSED, "odoo", "itself", "repackage"),
    "21161": Words(_PACKAGE_REFUSED, "odoo", "itself", "repackage"),
    "21164": Words(
        _lt("KSeF has no such invoice for this company."),
        "accountant",
        "after",
        "fix",
    ),
    "21165": Words(_lt("KSeF is still storing the invoice."), "ksef", "itself", "ask"),
    "21166": Words(_CORRECTION, "accountant", "taken", "stay"),
    "21167": Words(_CORRECTION, "accountant", "taken", "stay"),
    "21173": Words(
        _lt("KSeF does not know the transmission any more; Odoo starts a new one."),
        "odoo",
        "itself",
        "resend",
    ),
    "21175": Words(
        _lt("KSeF does not know the download any more."), "odoo", "needless", "ask"
    ),
    "21178": Words(_lt("KSeF has not made the UPO yet."), "ksef", "taken", "receipt"),
    "21180": Words(
        _lt("KSeF had closed the transmission; Odoo starts a new one."),
        "odoo",
        "itself",
        "resend",
    ),
    "21181": Words(
        _lt("KSeF does not allow this download for the company."),
        "administrator",
        "needless",
        "stay",
    ),
    "21182": Words(_LATER, "ksef", "needless", "ask"),
    "21183": Words(
        _lt("KSeF has nothing newer to download yet."), "ksef", "needless", "ask"
    ),
    "21184": Words(
        _lt("KSeF took the transmission out of service; Odoo starts a new one."),
        "odoo",
        "itself",
        "resend",
    ),
    "21205": Words(
        _lt("A part of the package is missing at KSeF."), "odoo", "itself", "repackage"
    ),
    "21208": Words(
        _lt("The time for sending the parts of the package was over."),
        "odoo",
        "itself",
        "repackage",
    ),
    "21217": Words(_LOGIN_UNREADABLE, "administrator", "useless", "stay"),
    "21301": Words(_LOGIN_ENDED, "odoo", "itself", "login"),
    "21304": Words(_LOGIN_ENDED, "odoo", "itself", "login"),
    "21308": Words(_PERSON, "administrator", "itself", "token"),
    "21401": Words(_LOGIN_UNREADABLE, "administrator", "useless", "stay"),
    "21402": Words(_DAMAGED, "odoo", "itself", "resend"),
    "21403": Words(_DAMAGED, "odoo", "itself", "resend"),
    "21405": Words(_NOT_UNDERSTOOD, "administrator", "useless", "stay"),
    "21406": Words(
        _lt("The signature of the log-in does not fit its certificate."),
        "administrator",
        "itself",
        "certificate",
    ),
    "21418": Words(
        _lt("KSeF lost the place in a long list; Odoo reads it from the beginning."),
        "odoo",
        "itself",
        "ask",
    ),
    "21470": Words(
        _lt("KSeF has changed its key. Odoo fetches the new one."),
        "odoo",
        "itself",
        "resend",
    ),
    "25001": Words(
        _lt("KSeF gives no certificate to a log-in with a token."),
        "administrator",
        "needless",
        "stay",
    ),
    "25002": Words(
        _lt("KSeF gives no certificate to this log-in."),
        "administrator",
        "needless",
        "stay",
    ),
    "25003": Words(
        _lt("The name in the request differs from the one that KSeF gave."),
        "administrator",
        "needless",
        "stay",
    ),
    "25004": Words(
        _lt("KSeF cannot read the request for a certificate, or its signature."),
        "administrator",
        "needless",
        "stay",
    ),
    "25005": Words(
        _lt("KSeF does not know the request for a certificate."),
        "administrator",
        "needless",
        "stay",
    ),
    "25006": Words(
        _lt("KSeF takes no more requests for certificates."),
        "administrator",
        "needless",
        "stay",
    ),
    "25007": Words(
        _lt("The company has as many certificates as KSeF allows."),
        "administrator",
        "needless",
        "stay",
    ),
    "25008": Words(
        _lt("KSeF does not know the certificate."), "administrator", "needless", "stay"
    ),
    "25009": Words(
        _lt("KSeF cannot revoke the certificate."), "administrator", "needless", "stay"
    ),
    "25010": Words(
        _lt("KSeF does not accept the kind or length of the key."),
        "administrator",
        "needless",
        "stay",
    ),
    "25011": Words(
        _lt("KSeF does not accept the kind of signature of the request."),
        "administrator",
        "needless",
        "stay",
    ),
    "26001": Words(
        _lt("A token can hold no permission that its maker does not have."),
        "administrator",
        "needless",
        "stay",
    ),
    "26002": Words(
        _lt("KSeF makes tokens only for a NIP or an internal identifier."),
        "administrator",
        "needless",
        "stay",
    ),
}

EXPORT = {
    "100": Words(_lt("KSeF is preparing the download."), "ksef", "needless", "ask"),
    "200": Words(_lt("The download is ready."), "odoo", "needless", "ask"),
    "210": Words(
        _lt("KSeF does not keep the download any more."), "odoo", "needless", "ask"
    ),
    "415": Words(
        _lt("KSeF could not use the key of the download."), "odoo", "needless", "ask"
    ),
    "420": Words(
        _lt("KSeF has nothing newer to download yet."), "ksef", "needless", "ask"
    ),
    "500": Words(
        _lt("KSeF could not prepare the download."), "ksef", "needless", "ask"
    ),
    "550": Words(
        _lt("KSeF broke off the download and asks to repeat it."),
        "odoo",
        "needless",
        "ask",
    ),
}

# Failures without a code of KSeF's: the name of the error in ksef.errors.
CALL = {
    "KsefUnavailable": Words(_lt("KSeF cannot be reached."), "ksef", "itself", "send"),
    "KsefNoAnswer": Words(
        _lt("KSeF gave no usable answer; it may have the invoice."),
        "odoo",
        "maybe",
        "ask",
    ),
    "KsefRateLimited": Words(
        _lt("KSeF's limit of calls is used up."), "odoo", "itself", "send"
    ),
    "KsefAuthError": Words(_LOGIN_ENDED, "odoo", "itself", "login"),
    "KsefForbidden": UNKNOWN_REASON,
    "KsefRefused": Words(
        _lt('KSeF could not use what Odoo sent: "%(answer)s".'),
        "administrator",
        "safe",
        "stay",
    ),
    "KsefGone": Words(
        _lt("KSeF does not keep this answer any more; Odoo asks in another way."),
        "odoo",
        "maybe",
        "ask",
    ),
    "KsefLinkExpired": Words(
        _lt("A temporary link of KSeF had expired; Odoo asks for a new one."),
        "odoo",
        "itself",
        "ask",
    ),
    "KsefLoginRefused": Words(_LOGIN_DISTURBED, "odoo", "itself", "login"),
    "KsefLoginPending": Words(
        _lt("KSeF has not finished the log-in yet."), "ksef", "itself", "login"
    ),
    "KsefProtocolError": Words(
        _lt("KSeF answered in a form that this version does not know."),
        "administrator",
        "maybe",
        "ask",
    ),
    "damaged": Words(
        _lt("A file of KSeF arrived damaged; Odoo fetches it again."),
        "odoo",
        "taken",
        "receipt",
    ),
    "notice": Words(
        _lt("KSeF gives a technical notice. The invoices need nothing."),
        "administrator",
        "needless",
        "nothing",
    ),
}

# The Ministry's announcements by state; what is known of KSeF itself goes before them.
ANNOUNCED = {
    "maintenance": Words(
        _lt("The Ministry announced a break of KSeF. The invoices wait."),
        "ksef",
        "itself",
        "send",
    ),
    "failure": Words(
        _lt("The Ministry announced a failure of KSeF. The invoices wait."),
        "ksef",
        "itself",
        "send",
    ),
    "total_failure": Words(
        _lt(
            "The Ministry announced a total failure: invoices of it stay outside KSeF."
        ),
        "accountant",
        "after",
        "decide",
    ),
}

# Family of codes -> code -> words.
CODE_WORDS = {
    "login": LOGIN,
    "certificate_login": LOGIN | CERTIFICATE_LOGIN,
    "session_online": SESSION_ONLINE,
    "session_batch": SESSION_BATCH,
    "invoice": INVOICE,
    "refused": REFUSED,
    "forbidden": FORBIDDEN,
    "certificate_forbidden": FORBIDDEN | CERTIFICATE_FORBIDDEN,
    "export": EXPORT,
    "call": CALL,
    "announced": ANNOUNCED,
}
# Families of what KSeF says of a log-in, by its method: at the log-in, and later.
FAMILIES = {
    "token": ("login", "forbidden"),
    "certificate": ("certificate_login", "certificate_forbidden"),
}
# What an unlisted code of a family means.
UNLISTED = dict.fromkeys(CODE_WORDS, UNKNOWN_CODE) | dict.fromkeys(
    ("forbidden", "certificate_forbidden"), UNKNOWN_REASON
)
