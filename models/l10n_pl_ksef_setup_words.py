"""Words of the dialogues that take a secret; placeholders are filled by `setup`."""

from odoo.tools.translate import LazyTranslate

from ..ksef.certificate import CertificateKind, CredentialProblem
from ..ksef.statuses import LoginProblem
from ..ksef.token import TokenProblem

_lt = LazyTranslate(__name__)

TITLES = {
    "form": _lt("Form"),
    "passphrase": _lt("Password of the private key"),
    "nip": _lt("Tax number (NIP)"),
    "module": _lt("Odoo's own KSeF module"),
    "login": _lt("Log-in"),
    "kind": _lt("Kind of certificate"),
    "state": _lt("State"),
    "rights": _lt("Rights"),
    "author": _lt("Made by"),
    "end": _lt("Valid until"),
    "seal": _lt("Kept safe"),
    "law": _lt("Token law"),
}
PERMISSIONS = {
    "InvoiceWrite": _lt("issue invoices"),
    "InvoiceRead": _lt("view invoices"),
    "CredentialsRead": _lt("view permissions"),
    "CredentialsManage": _lt("manage permissions"),
    "SubunitManage": _lt("manage subunits"),
    "EnforcementOperations": _lt("enforcement operations"),
    "Introspection": _lt("view sessions of others"),
    "CollectiveIdentifierManage": _lt("manage collective identifiers"),
}
FORM_PROBLEMS = {
    TokenProblem.EMPTY: _lt("Nothing was pasted. Paste the whole token."),
    TokenProblem.KSEF_1: _lt(
        "This is a KSeF 1.0 token. It does not work in KSeF 2.0 and was not carried"
        " over. Make a new one in Aplikacja Podatnika KSeF 2.0."
    ),
    TokenProblem.CUT: _lt(
        "A token has three parts, NUMBER|nip-…|SECRET. Part %(part)s is missing or"
        " cut short. Copy the whole token."
    ),
    TokenProblem.NOT_A_TOKEN: _lt(
        "This is not a KSeF token. A token has three parts, NUMBER|nip-…|SECRET."
    ),
    TokenProblem.NOT_A_NIP: _lt(
        "This token belongs to an internal identifier, not to a NIP. Make a token"
        " for the company itself."
    ),
}
_TOKEN_PROBLEMS = {
    LoginProblem.REVOKED: _lt("This token was revoked in KSeF. Make a new one."),
    LoginProblem.INACTIVE: _lt(
        "KSeF has not activated this token, or switched it off. Make a new one."
    ),
    LoginProblem.UNKNOWN_TOKEN: _lt(
        "KSeF (%(environment)s) does not know this token. Was it cut, or made in"
        " another environment (%(others)s)?"
    ),
    LoginProblem.WRONG_CONTEXT: _lt(
        "KSeF says that the token is for another company than NIP %(nip)s."
    ),
    LoginProblem.DISTURBED: _lt(
        "KSeF refuses the encrypted log-in just now. Try again in a few minutes."
    ),
    LoginProblem.NO_RIGHTS: _lt(
        "Who made the token has no rights for NIP %(nip)s any more."
    ),
    LoginProblem.CERTIFICATE: _lt("KSeF does not accept the certificate."),
    LoginProblem.PERSON: _lt(
        "KSeF closed the access of the person who made the token. Make a new one."
    ),
    LoginProblem.BLOCKED: _lt(
        "KSeF suspects misuse and blocked the company. Call the helpdesk of KSeF."
    ),
    LoginProblem.OTHER: _lt("KSeF refused the log-in (code %(code)s)."),
}
NO_CONNECTION = _lt(
    "KSeF (%(environment)s) cannot be reached. Check the network and try again."
)
NO_END = _lt(
    "KSeF gives no date. By the regulation in force tokens work until %(date)s."
)
TOKEN_LAW = _lt(
    "By the regulation in force tokens work until %(date)s. Close this window and press"
    " Add certificate."
)
NO_ANSWER = _lt("KSeF gave no usable answer. Try again in a few minutes.")
FILE_COUNT = _lt(
    "Choose one file or two: the certificate and its private key, together or apart."
)
FILE_PROBLEMS = {
    CredentialProblem.NOT_READABLE: _lt(
        "This is neither a certificate nor a key. Choose files in the format PEM or"
        " PKCS#12 (.pem, .crt, .key, .p12, .pfx)."
    ),
    CredentialProblem.NO_CERTIFICATE: _lt(
        "There is a key but no certificate. Choose the certificate's file too."
    ),
    CredentialProblem.NO_KEY: _lt(
        "There is a certificate but no private key. Choose the key's file too; it was"
        " made with the request for the certificate."
    ),
    CredentialProblem.PASSPHRASE_MISSING: _lt(
        "The private key is protected by a password. Type it in."
    ),
    CredentialProblem.PASSPHRASE_WRONG: _lt(
        "The password does not open the private key."
    ),
    CredentialProblem.NOT_TOGETHER: _lt(
        "The private key belongs to another certificate."
    ),
    CredentialProblem.OFFLINE: _lt(
        "This is a KSeF certificate of type 2 (Offline). It marks invoices issued"
        " offline and cannot log in. Choose one of type 1 (Authentication)."
    ),
    CredentialProblem.KEY_KIND: _lt(
        "KSeF does not take a key of this kind. It takes RSA and elliptic curve P-256."
    ),
    CredentialProblem.KEY_SHORT: _lt(
        "The key is too short. KSeF takes RSA from 2048 bits on."
    ),
    CredentialProblem.EXPIRED: _lt(
        "The certificate ended on %(valid_to)s. Get a new one in Aplikacja Podatnika"
        " KSeF 2.0."
    ),
    CredentialProblem.NOT_YET_VALID: _lt(
        "The certificate is valid only from %(valid_from)s on."
    ),
    CredentialProblem.TOO_LARGE: _lt(
        "The file is too large for a certificate or a key."
    ),
}
# What such a problem is about, a key of `TITLES`; the form otherwise.
FILE_PROBLEM_TITLES = {
    CredentialProblem.PASSPHRASE_MISSING: "passphrase",
    CredentialProblem.PASSPHRASE_WRONG: "passphrase",
    CredentialProblem.OFFLINE: "kind",
    CredentialProblem.EXPIRED: "end",
    CredentialProblem.NOT_YET_VALID: "end",
}
CERTIFICATE_KINDS = {
    CertificateKind.KSEF: _lt("KSeF certificate, type 1 (Authentication)"),
    CertificateKind.OFFLINE: _lt("KSeF certificate, type 2 (Offline)"),
    CertificateKind.SEAL: _lt("qualified seal"),
    CertificateKind.SIGNATURE: _lt("qualified signature"),
    CertificateKind.OTHER: _lt("another one; KSeF decides whether it takes it"),
}
# Where a certificate needs other words than a token.
_CERTIFICATE_PROBLEMS = {
    LoginProblem.CERTIFICATE: _lt(
        "KSeF (%(environment)s) does not accept this certificate. Was it revoked, or"
        " made in another environment (%(others)s)?"
    ),
    LoginProblem.NO_RIGHTS: _lt(
        "The holder of the certificate has no rights for NIP %(nip)s. Grant the"
        " permission to issue invoices in Aplikacja Podatnika KSeF 2.0."
    ),
    LoginProblem.PERSON: _lt(
        "KSeF closed the access of the holder of the certificate."
    ),
}
# By method of the log-in.
LOGIN_PROBLEMS = {
    "token": _TOKEN_PROBLEMS,
    "certificate": _TOKEN_PROBLEMS | _CERTIFICATE_PROBLEMS,
}
