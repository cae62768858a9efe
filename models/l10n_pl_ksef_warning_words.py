"""Words of the warnings: what is wrong, who is told, and what helps. Only data."""

from typing import Any, NamedTuple

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)


class Subject(NamedTuple):
    """What one warning is about.

    :ivar who: ``admin`` (KSeF administrator) or ``accountant``
    """

    title: Any
    sentence: Any
    who: str


_RENEW = _lt(
    "After that invoices wait. Get a new certificate of type 1 in Aplikacja Podatnika"
    " KSeF 2.0 and replace it in the settings."
)
_CHANGE = _lt(
    "The date comes from the token itself or from the regulation on tokens; the"
    " settings name it. Add a KSeF certificate there, or a new token if those still"
    " work."
)
SUBJECTS = {
    "token": Subject(
        _lt("KSeF no longer accepts the token"),
        _lt("Invoices wait until the token is replaced in the settings."),
        "admin",
    ),
    "token_ended": Subject(
        _lt("KSeF no longer accepts tokens"),
        _lt("Invoices wait until a KSeF certificate is added in the settings."),
        "admin",
    ),
    "token_60": Subject(
        _lt("Log-in to KSeF with the token ends within 60 days"), _CHANGE, "admin"
    ),
    "token_30": Subject(
        _lt("Log-in to KSeF with the token ends within 30 days"), _CHANGE, "admin"
    ),
    "token_7": Subject(
        _lt("Log-in to KSeF with the token ends within a week"), _CHANGE, "admin"
    ),
    "certificate": Subject(
        _lt("KSeF no longer accepts the certificate"),
        _lt("Invoices wait until the certificate is replaced in the settings."),
        "admin",
    ),
    "certificate_60": Subject(
        _lt("The KSeF certificate ends within 60 days"), _RENEW, "admin"
    ),
    "certificate_30": Subject(
        _lt("The KSeF certificate ends within 30 days"), _RENEW, "admin"
    ),
    "certificate_7": Subject(
        _lt("The KSeF certificate ends within a week"), _RENEW, "admin"
    ),
    "right": Subject(
        _lt("The right to issue invoices in KSeF is missing"),
        _lt(
            "Invoices wait. A token's rights cannot be changed: make a new one with"
            " the permission to issue invoices. For a certificate, grant it to the"
            " holder."
        ),
        "admin",
    ),
    "no_token": Subject(
        _lt("KSeF is not connected"),
        _lt("Invoices wait until the company is connected in the settings."),
        "admin",
    ),
    "nip": Subject(
        _lt("The KSeF connection belongs to another NIP"),
        _lt("Invoices wait until company and connection have the same NIP."),
        "admin",
    ),
    "clock": Subject(
        _lt("The clock of the server is wrong"),
        _lt("Invoices wait until it is right. Ask who runs the server."),
        "admin",
    ),
    "copy": Subject(
        _lt("This database is a copy and sends nothing to KSeF"),
        _lt("If it is the new server, connect it to KSeF again."),
        "admin",
    ),
    "key": Subject(
        _lt("The KSeF token or certificate cannot be opened on this server"),
        _lt("Invoices wait until it is entered again."),
        "admin",
    ),
    "module": Subject(
        _lt("Two modules could send to KSeF"),
        _lt(
            "Odoo's own KSeF module has a certificate, so nothing is sent. Take over on"
            " the page Connection status."
        ),
        "admin",
    ),
    "address": Subject(
        _lt("This server is set to another KSeF address"),
        _lt("Invoices wait; nothing goes to production from here."),
        "admin",
    ),
    "program": Subject(
        _lt("KSeF did not understand what Odoo sent"),
        _lt("The invoices are kept and unchanged. Ask who supports this module."),
        "admin",
    ),
    "outage": Subject(
        _lt("KSeF has not answered for an hour"),
        _lt(
            "The queue waits and goes on by itself. If the Ministry announces no"
            " break, let your network be checked."
        ),
        "admin",
    ),
    "job": Subject(
        _lt("The background job of KSeF stands still"),
        _lt(
            "Invoices are sent only by button. Start the job on the page Connection"
            " status."
        ),
        "admin",
    ),
    "late": Subject(
        _lt("Invoices are late for KSeF"),
        _lt(
            "Their legal deadline is over. They are still sent; look why they wait and"
            " judge what it means for the books."
        ),
        "accountant",
    ),
    "rejected": Subject(
        _lt("Invoices that KSeF did not take"),
        _lt("Rejected for more than a day, or to be cleared up. Each says why."),
        "accountant",
    ),
    "slow": Subject(
        _lt("KSeF has not decided for an hour"),
        _lt("Odoo keeps asking. Do not issue these invoices again."),
        "accountant",
    ),
    "receipt": Subject(
        _lt("UPO missing or to be checked"),
        _lt(
            "KSeF has these invoices, but their UPO is missing for more than a day or"
            " does not match."
        ),
        "accountant",
    ),
}
# Reasons of a hold that are nobody's fault, or that the invoice itself shows.
QUIET_REASONS = ("data", "date", "original")
