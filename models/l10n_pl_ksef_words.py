"""Tables of words: what a state, a reason or an answer is called, and who acts.

Only data. A sentence names what it needs as ``%(name)s``; where that comes from
stands in `l10n_pl_ksef_explain.py`, one ``_fact_name`` each.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)


class Line(NamedTuple):
    """The KSeF line of an invoice, or the connection's line in the settings.

    :ivar level: info, success, warning, danger, or muted (shown in the row only)
    :ivar icon: Font Awesome 4.7, without its prefix
    :ivar who: key of ``WHO``
    :ivar actions: keys of ``ACTIONS`` (in a list: Odoo's search for texts takes a
        tuple behind ``_lt`` for its argument)
    """

    badge: Any
    level: str
    icon: str
    sentence: Any
    who: str | None = None
    actions: Sequence = ()


class Action(NamedTuple):
    """What a link in a line does.

    :ivar type: method (of the invoice), client (its tag) or action (its XML id)
    :ivar group: who sees the link
    """

    label: Any
    type: str
    target: str
    group: str


INVOICING = "account.group_account_invoice"
ADMIN = "l10n_pl_ksef.group_admin"

WHO = {
    "odoo": _lt("Now: Odoo"),
    "ksef": _lt("Now: KSeF"),
    "invoicing": _lt("Now: invoicing"),
    "accountant": _lt("Now: accountant"),
    "administrator": _lt("Now: administrator"),
}

_SEND, _CHECK = "action_l10n_pl_ksef_send", "action_l10n_pl_ksef_check"
_CONNECT = "l10n_pl_ksef_connect"
_CERTIFICATE = "l10n_pl_ksef_certificate"
_SETTINGS = "account.action_account_config"
_STATUS = "l10n_pl_ksef.action_connection_status"
ACTIONS = {
    "send": Action(_lt("Send to KSeF now"), "method", _SEND, INVOICING),
    "send_again": Action(_lt("Send again"), "method", _SEND, INVOICING),
    "send_anyway": Action(_lt("Send to KSeF anyway"), "method", _SEND, INVOICING),
    "check": Action(_lt("Check now"), "method", _CHECK, INVOICING),
    "receipt": Action(_lt("Get UPO now"), "method", _CHECK, INVOICING),
    "connect": Action(_lt("Connect KSeF"), "client", _CONNECT, ADMIN),
    "replace": Action(_lt("Replace token"), "client", _CONNECT, ADMIN),
    "certificate": Action(_lt("Add certificate"), "client", _CERTIFICATE, ADMIN),
    "replace_certificate": Action(
        _lt("Replace certificate"), "client", _CERTIFICATE, ADMIN
    ),
    "settings": Action(_lt("KSeF settings"), "action", _SETTINGS, ADMIN),
    "status": Action(_lt("Connection status"), "action", _STATUS, INVOICING),
}

# What stands for an action with a token where another way of logging in is due.
CERTIFICATE_ACTIONS = {
    "connect": "certificate",
    "replace": "replace_certificate",
}
TOKEN_ENDED_ACTIONS = {"connect": "certificate", "replace": "certificate"}

_ON_HOLD = _lt("On hold")
_ACCEPTED = _lt("Accepted")
_SENT_BY_OTHER = _lt("Other module")

# Of an invoice that has no submission (any more).
MOVE_LINES = {
    "ready": Line(
        _lt("Ready"),
        "muted",
        "check",
        _lt("Nothing is missing for KSeF. It goes there when you confirm."),
        "invoicing",
    ),
    "ready_manual": Line(
        _lt("Ready"),
        "muted",
        "check",
        _lt("Nothing is missing for KSeF. It goes there by the button."),
        "invoicing",
    ),
    "ready_warned": Line(
        _lt("Ready"),
        "warning",
        "exclamation-triangle",
        _lt("It can go to KSeF. To look at: %(count)s. First: %(what)s"),
        "invoicing",
    ),
    "to_fix": Line(
        _lt("To fix"),
        "warning",
        "exclamation-triangle",
        _lt("To fix before KSeF can take it: %(count)s. First: %(what)s"),
        "invoicing",
    ),
    "not_sent": Line(
        _lt("Not sent yet"),
        "info",
        "clock-o",
        _lt("Not sent to KSeF yet. It goes there when somebody presses the button."),
        "invoicing",
        ["send"],
    ),
    "not_due": Line(
        _lt("Not required"),
        "muted",
        "minus-circle",
        _lt("Not sent to KSeF: %(reason)s."),
        None,
        ["send_anyway"],
    ),
    "left_out": Line(
        _lt("Not sent"),
        "muted",
        "minus-circle",
        _lt("Left out by the company's settings: %(reason)s."),
        None,
        ["send_anyway"],
    ),
    "other_accepted": Line(
        _SENT_BY_OTHER,
        "muted",
        "share",
        _lt("Sent by Odoo's own KSeF module, number %(number)s."),
    ),
    "other_sent": Line(
        _SENT_BY_OTHER,
        "warning",
        "share",
        _lt("Odoo's own KSeF module has it under way."),
        "accountant",
    ),
}

NOT_DUE_REASONS = {
    "dated_before": _lt("dated before %(date)s"),
    "private": _lt("private person"),
    "foreign": _lt("foreign buyer"),
    "polish": _lt("buyer in Poland"),
}

ADDRESS = _lt(
    "This server is set to another KSeF address, so nothing goes to production from it."
)
COPY = _lt(
    "This database is a copy, so it sends nothing. If it is the new server, connect it"
    " to KSeF again."
)
KEY = _lt(
    "The stored token or certificate cannot be opened on this server. Enter it again."
)
OTHER_MODULE = _lt(
    "Odoo's own KSeF module has a certificate (%(company)s). Only one module may send:"
    " press Take over in Settings or on the page Connection status."
)
NIP = _lt(
    "KSeF is connected for NIP %(token_nip)s; in Odoo the company has NIP %(own_nip)s."
)

# Of a submission: its state, or the state and what is special about it.
DOCUMENT_LINES = {
    "queued": Line(
        _lt("Queued"),
        "info",
        "clock-o",
        _lt("Waiting to be sent since %(since)s; next run about %(next)s."),
        "odoo",
        ["send"],
    ),
    "queued_outage": Line(
        _lt("Queued"),
        "warning",
        "clock-o",
        _lt(
            "KSeF has not answered since %(outage)s. The invoice stays in the queue;"
            " next try %(next)s."
        ),
        "ksef",
        ["send", "status"],
    ),
    "queued_stopped": Line(
        _lt("Queued"),
        "warning",
        "clock-o",
        _lt(
            "Waiting to be sent since %(since)s, but the background job stands still."
            ' "Send to KSeF now" still works.'
        ),
        "administrator",
        ["send", "status"],
    ),
    "queued_again": Line(
        _lt("Queued"),
        "info",
        "clock-o",
        _lt("%(happened)s Next try about %(next)s."),
        "odoo",
        ["send"],
    ),
    "queued_limit": Line(
        _lt("Queued"),
        "info",
        "clock-o",
        _lt("KSeF's limit of calls is used up; the queue goes on about %(next)s."),
        "odoo",
    ),
    "sending": Line(
        _lt("Sending"), "info", "paper-plane", _lt("Being sent now."), "odoo"
    ),
    "sending_package": Line(
        _lt("Sending"),
        "info",
        "paper-plane",
        _lt("Being sent in a package. Invoices in it: %(package)s."),
        "odoo",
    ),
    "interrupted": Line(
        _lt("Checking"),
        "warning",
        "question-circle",
        _lt(
            "Sending of its package was interrupted. KSeF releases it by %(release)s"
            " at the latest; nothing is sent twice."
        ),
        "ksef",
    ),
    "unknown": Line(
        _lt("Checking"),
        "warning",
        "question-circle",
        _lt(
            "KSeF may have taken it (sent %(sent)s). Odoo is asking KSeF. Do not"
            " issue it again."
        ),
        "odoo",
        ["check"],
    ),
    "processing": Line(
        _lt("Processing"),
        "info",
        "cog",
        _lt("KSeF has had it since %(since)s and is checking it."),
        "ksef",
        ["check"],
    ),
    "processing_package": Line(
        _lt("Processing"),
        "info",
        "cog",
        _lt(
            "KSeF has had its package since %(since)s and is checking it. Invoices in"
            " it: %(package)s."
        ),
        "ksef",
        ["check"],
    ),
    "processing_unknown": Line(
        _lt("Processing"),
        "warning",
        "cog",
        _lt("%(happened)s Odoo keeps asking, next about %(next)s."),
        "administrator",
        ["check"],
    ),
    "processing_long": Line(
        _lt("Processing"),
        "warning",
        "cog",
        _lt(
            "KSeF has been checking it for %(duration)s. Sending again would not help."
        ),
        "ksef",
        ["check"],
    ),
    "accepted_wanted": Line(
        _ACCEPTED,
        "success",
        "check-circle",
        _lt("In KSeF as %(number)s since %(given)s. The UPO is being fetched."),
        "odoo",
    ),
    "accepted_late": Line(
        _ACCEPTED,
        "warning",
        "check-circle",
        _lt(
            "In KSeF as %(number)s. The UPO is missing, time of waiting:"
            " %(duration)s. Odoo keeps asking."
        ),
        "accountant",
        ["receipt"],
    ),
    "accepted_doubtful": Line(
        _ACCEPTED,
        "warning",
        "check-circle",
        _lt(
            "The UPO does not match our invoice: %(differences)s. Download the UPO"
            " from Aplikacja Podatnika KSeF 2.0 and compare."
        ),
        "accountant",
    ),
    "rejected": Line(
        _lt("Rejected"),
        "danger",
        "times-circle",
        _lt(
            'KSeF says: "%(answer)s". Number %(doc)s stays free: fix it and send again.'
        ),
        "invoicing",
        ["send_again"],
    ),
    "rejected_right": Line(
        _lt("Rejected"),
        "danger",
        "times-circle",
        _lt("KSeF did not take it: no right to issue invoices (NIP %(nip)s)."),
        "administrator",
        ["settings", "send_again"],
    ),
    "rejected_other": Line(
        _lt("Rejected"),
        "danger",
        "times-circle",
        _lt("%(happened)s Number %(doc)s stays free: fix it and send again."),
        "invoicing",
        ["send_again"],
    ),
    "conflict": Line(
        _lt("To clear up"),
        "danger",
        "exclamation-circle",
        _lt(
            "KSeF already holds number %(doc)s as %(number)s, with other content. Not"
            " sent again. Look in Aplikacja Podatnika KSeF 2.0 which invoice is right."
        ),
        "accountant",
    ),
    "blocked_data": Line(
        _ON_HOLD,
        "danger",
        "pause-circle",
        _lt("Posted, not sent. To fix: %(count)s. First: %(what)s"),
        "invoicing",
        ["send_again"],
    ),
    "blocked_data_fixed": Line(
        _ON_HOLD,
        "warning",
        "pause-circle",
        _lt("Posted, not sent. What was missing is there now: send it again."),
        "invoicing",
        ["send_again"],
    ),
    "blocked_date": Line(
        _lt("Queued"),
        "info",
        "clock-o",
        _lt("Dated %(date)s: it is sent on that day."),
        "odoo",
    ),
    "blocked_original": Line(
        _lt("Waiting"),
        "info",
        "chain",
        _lt("Waits for the KSeF number of %(awaited)s, then goes by itself."),
        "odoo",
    ),
    "blocked_original_stuck": Line(
        _lt("Waiting"),
        "warning",
        "chain",
        _lt(
            "Waits for the KSeF number of %(stuck)s, which does not come by itself:"
            " see there what is to be done."
        ),
        "invoicing",
    ),
    "blocked_no_token": Line(
        _ON_HOLD,
        "danger",
        "pause-circle",
        _lt("KSeF is not connected (%(company)s). Waiting invoices: %(waiting)s."),
        "administrator",
        ["connect"],
    ),
    "blocked_token": Line(
        _ON_HOLD,
        "danger",
        "pause-circle",
        _lt("KSeF no longer accepts the token set on %(token_date)s: %(refusal)s."),
        "administrator",
        ["replace"],
    ),
    "blocked_token_ended": Line(
        _ON_HOLD,
        "danger",
        "pause-circle",
        _lt(
            "KSeF no longer accepts the token: by the regulation in force tokens work"
            " until %(token_end)s. Log in with a certificate instead."
        ),
        "administrator",
        ["certificate"],
    ),
    "blocked_certificate": Line(
        _ON_HOLD,
        "danger",
        "pause-circle",
        _lt(
            "KSeF no longer accepts the certificate set on %(token_date)s: %(refusal)s."
        ),
        "administrator",
        ["replace_certificate"],
    ),
    "blocked_right": Line(
        _ON_HOLD,
        "danger",
        "pause-circle",
        _lt("%(happened)s Waiting invoices: %(waiting)s."),
        "administrator",
        ["replace"],
    ),
    "blocked_nip": Line(
        _ON_HOLD,
        "danger",
        "pause-circle",
        NIP,
        "administrator",
        ["replace"],
    ),
    "blocked_clock": Line(
        _ON_HOLD,
        "warning",
        "pause-circle",
        _lt("The clock of the server is wrong. Sending goes on when it is right."),
        "administrator",
        ["status"],
    ),
    "blocked_copy": Line(
        _ON_HOLD, "warning", "pause-circle", COPY, "administrator", ["replace"]
    ),
    "blocked_key": Line(
        _ON_HOLD, "danger", "pause-circle", KEY, "administrator", ["replace"]
    ),
    "blocked_module": Line(
        _ON_HOLD, "warning", "pause-circle", OTHER_MODULE, "administrator", ["status"]
    ),
    "blocked_program": Line(
        _ON_HOLD,
        "danger",
        "pause-circle",
        _lt("%(happened)s Odoo stopped trying; the invoice is unchanged."),
        "administrator",
        ["send_again"],
    ),
    "blocked_address": Line(
        _ON_HOLD, "warning", "pause-circle", ADDRESS, "administrator"
    ),
}

# Facts in which a UPO may differ from the invoice (upo_differences).
UPO_FACTS = {
    "file": _lt("the file cannot be read"),
    "ksef_number": _lt("KSeF number"),
    "sha256": _lt("hash"),
    "nip": _lt("seller's NIP"),
    "invoice_number": _lt("invoice number"),
}

# Why an invoice may not be changed, by what KSeF may have of it.
REFUSED_CHANGES = {
    "accepted": _lt(
        "%(doc)s is in KSeF as %(number)s. What KSeF holds is final: issue the"
        " correction in Aplikacja Podatnika KSeF 2.0 (Odoo cannot send it yet)."
    ),
    "conflict": _lt(
        "KSeF already holds number %(doc)s as %(number)s. Clear that up first."
    ),
    "waiting": _lt(
        "KSeF may already hold %(doc)s. Wait for its answer; if a correction is"
        " needed, issue the correction in Aplikacja Podatnika KSeF 2.0 (Odoo cannot"
        " send it yet)."
    ),
}
