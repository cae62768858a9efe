"""Words of the page "Connection status"; placeholders are filled by its rows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

READERS = "account.group_account_invoice,account.group_account_readonly"
ADMIN = "l10n_pl_ksef.group_admin"


class Finding(NamedTuple):
    """What one row of the page says.

    :ivar level: success, warning, danger or muted
    :ivar todo: what a person should do, one sentence; None when nothing
    :ivar who: key of `l10n_pl_ksef_words.WHO`, with ``todo``
    :ivar actions: keys of ``ACTIONS``
    """

    level: str
    text: Any
    todo: Any = None
    who: str | None = None
    actions: Sequence = ()


class Action(NamedTuple):
    """What a button of the page does.

    :ivar type: ``call`` (public method of the page's model), ``client`` (tag) or
        ``list`` (invoices found by a key of ``LISTS``)
    :ivar group: who may press it
    :ivar confirm: question asked before
    """

    label: Any
    type: str
    target: str
    group: str
    confirm: Any = None


TITLES = {
    "answers": _lt("KSeF answers"),
    "login": _lt("Log-in"),
    "module": _lt("Odoo's own KSeF module"),
    "queue": _lt("Queue"),
    "job": _lt("Background job"),
    "announcement": _lt("Ministry announcements"),
    "limits": _lt("Limits"),
    "law": _lt("Token law"),
    "certificate": _lt("Certificate"),
    "clock": _lt("Clock"),
    "key": _lt("Key of the secrets"),
    "schema": _lt("Official schema"),
}

_CONNECT = "l10n_pl_ksef_connect"
_CERTIFICATE = "l10n_pl_ksef_certificate"
ACTIONS = {
    "connect": Action(_lt("Connect KSeF"), "client", _CONNECT, ADMIN),
    "replace": Action(_lt("Replace token"), "client", _CONNECT, ADMIN),
    "certificate": Action(_lt("Add certificate"), "client", _CERTIFICATE, ADMIN),
    "replace_certificate": Action(
        _lt("Replace certificate"), "client", _CERTIFICATE, ADMIN
    ),
    "test": Action(_lt("Test connection"), "call", "test_connection", ADMIN),
    "start": Action(_lt("Start job"), "call", "start_job", ADMIN),
    "ask": Action(_lt("Ask now"), "call", "ask_announcements", READERS),
    "download": Action(_lt("Download schema"), "call", "download_schema", ADMIN),
    "take_over": Action(
        _lt("Take over"),
        "call",
        "take_over",
        ADMIN,
        _lt(
            "From now on this module alone sends for the company. Odoo's own KSeF"
            " module loses its certificate for it; the certificate itself stays in"
            " Odoo. Invoices that it has under way: %(under_way)s; it goes on asking"
            " about them."
        ),
    ),
    "late": Action(_lt("Open list"), "list", "waiting", READERS),
    "refused": Action(_lt("Open list"), "list", "refused", READERS),
}

FINDINGS = {
    "answers_never": Finding("muted", _lt("not asked yet")),
    "answers_ok": Finding("success", _lt("last success %(success)s")),
    "answers_outage": Finding(
        "warning",
        _lt("no answer since %(outage)s; next try %(next)s"),
        _lt("KSeF does not answer. The queue waits and goes on by itself."),
        "ksef",
    ),
    "answers_network": Finding(
        "danger",
        _lt("no answer since %(outage)s; next try %(next)s"),
        _lt(
            "No connection for long, and the Ministry announced no break. Let the"
            " network be checked: %(host)s must be reachable."
        ),
        "administrator",
        ["test"],
    ),
    "login_ok": Finding("success", _lt("token %(token)s, checked %(checked)s")),
    "login_certificate": Finding(
        "success", _lt("certificate %(serial)s, checked %(checked)s")
    ),
    "announcement_none": Finding("muted", _lt("none for this environment")),
    "announcement_never": Finding("muted", _lt("not asked yet"), actions=["ask"]),
    "announcement_unknown": Finding(
        "muted",
        _lt("unknown: the service did not answer (asked %(asked)s)"),
        actions=["ask"],
    ),
    "announcement_available": Finding(
        "success", _lt("none (asked %(asked)s; not decisive)"), actions=["ask"]
    ),
    "announcement_maintenance": Finding(
        "warning", _lt("planned break: %(title)s (asked %(asked)s)"), actions=["ask"]
    ),
    "announcement_failure": Finding(
        "warning",
        _lt(
            "failure: %(title)s (asked %(asked)s). Deadline: 7 working days after its"
            " end"
        ),
        actions=["ask"],
    ),
    "announcement_total_failure": Finding(
        "danger",
        _lt("total failure: %(title)s (asked %(asked)s)"),
        _lt(
            "The Ministry announced a total failure: invoices of this time do not go"
            " to KSeF. Decide whether sending is to be stopped."
        ),
        "accountant",
        ["ask"],
    ),
    "announcement_trial": Finding(
        "muted",
        _lt("%(title)s (asked %(asked)s; says nothing about this environment)"),
        actions=["ask"],
    ),
    "law_ok": Finding("success", _lt("tokens work until %(date)s")),
    "law_near": Finding(
        "warning",
        _lt("tokens work until %(date)s, days left: %(days)s"),
        actions=["certificate"],
    ),
    "law_over": Finding(
        "warning",
        _lt("by the regulation in force tokens worked until %(date)s"),
        actions=["certificate"],
    ),
    "certificate_ok": Finding("success", _lt("valid until %(date)s")),
    "certificate_near": Finding(
        "warning",
        _lt("valid until %(date)s, days left: %(days)s"),
        actions=["replace_certificate"],
    ),
    "certificate_over": Finding(
        "danger",
        _lt("ended on %(date)s"),
        _lt(
            "The certificate has ended. Get a new one in Aplikacja Podatnika KSeF 2.0"
            " and replace it."
        ),
        "administrator",
        ["replace_certificate"],
    ),
    "job_new": Finding("muted", _lt("waits for its first run")),
    "job_ok": Finding("success", _lt("ran %(last)s, next %(next)s")),
    "job_stopped": Finding(
        "danger",
        _lt("not running since %(last)s"),
        _lt('The background job stands still. "Send to KSeF now" still works.'),
        "administrator",
        ["start"],
    ),
    "clock_unknown": Finding("muted", _lt("compared when KSeF answers")),
    "clock_ok": Finding("success", _lt("off by %(seconds)s s")),
    "clock_wrong": Finding(
        "warning",
        _lt("off by %(seconds)s s"),
        _lt("The clock of the server is wrong. Ask who runs the server."),
        "administrator",
    ),
    "queue_empty": Finding("success", _lt("nothing is waiting")),
    "queue_waiting": Finding(
        "success",
        _lt(
            "without KSeF number: %(count)s; oldest of %(date)s,"
            " legal deadline %(deadline)s"
        ),
    ),
    "queue_today": Finding(
        "warning",
        _lt("without KSeF number: %(count)s; oldest of %(date)s, legal deadline today"),
        _lt("Invoices must be in KSeF today. Look why they wait."),
        "accountant",
        ["late"],
    ),
    "queue_late": Finding(
        "danger",
        _lt(
            "without KSeF number: %(count)s; oldest of %(date)s,"
            " legal deadline %(deadline)s is"
            " over"
        ),
        _lt(
            "Invoices are late. They are still sent; look why they wait and judge what"
            " it means for the books."
        ),
        "accountant",
        ["late"],
    ),
    "queue_failure": Finding(
        "warning",
        _lt(
            "without KSeF number: %(count)s; oldest of %(date)s,"
            " legal deadline 7 working days"
            " after the end of the failure"
        ),
    ),
    "queue_maintenance": Finding(
        "warning",
        _lt(
            "without KSeF number: %(count)s; oldest of %(date)s,"
            " legal deadline on the next working"
            " day after the break"
        ),
    ),
    "queue_total_failure": Finding(
        "warning",
        _lt(
            "without KSeF number: %(count)s; oldest of %(date)s,"
            " no duty to send because of the"
            " total failure"
        ),
    ),
    "limits_unknown": Finding("muted", _lt("read when the next invoice is sent")),
    "limits_ok": Finding("success", _lt("left this hour: %(list)s")),
    "limits_blocked": Finding(
        "warning", _lt("KSeF wants a pause until %(until)s (%(group)s)")
    ),
    "key_ok": Finding("success", _lt("%(source)s, id %(id)s")),
    "key_none": Finding("muted", _lt("made at the first connection")),
    "key_missing": Finding(
        "danger",
        _lt("missing on this server"),
        _lt("The key that sealed the token or certificate is not on this server."),
        "administrator",
        ["replace"],
    ),
    "schema_ok": Finding("success", _lt("FA(3) is here")),
    "schema_missing": Finding(
        "warning",
        _lt("missing; own checks run"),
        actions=["download"],
    ),
    "module_both": Finding(
        "danger",
        _lt("has a certificate for this company"),
        _lt(
            "Two modules could send for this company, so nothing is sent. Let this one"
            " take over."
        ),
        "administrator",
        ["take_over"],
    ),
    "module_alone": Finding(
        "warning",
        _lt("has a certificate and sends for this company"),
        actions=["take_over"],
    ),
}
# An obstacle of the connection -> what a person may press (login row); "replace"
# is what the connection logs in with.
OBSTACLE_ACTIONS = {
    "never": ["connect"],
    "no_token": ["connect"],
    "token": ["replace"],
    "certificate": ["replace"],
    "right": ["replace"],
    "nip": ["replace"],
    "copy": ["replace"],
    "key": ["replace"],
}
REFUSED = Finding(
    "danger",
    None,
    _lt("Rejected, or to clear up: %(count)s. Each invoice says why."),
    "accountant",
    ["refused"],
)
NOTHING = _lt("Nothing to do.")
NOTHING_URGENT = _lt("Nothing urgent. What is worth a look is marked below.")
NOTHING_TOLD = _lt("Nothing to do. Odoo tells %(admins)s when that changes.")


class List(NamedTuple):
    """A group of submissions that is counted, and opens as a list of invoices.

    :ivar domain: of the submissions
    """

    label: Any
    level: str
    icon: str
    domain: Domain


_FREE = Domain("blocked_reason", "in", ("date", "original"))
LISTS = {
    "waiting": List(
        _lt("Queued"),
        "info",
        "clock-o",
        # The states come first, for the index of unfinished submissions.
        Domain("state", "in", ("queued", "blocked"))
        & (Domain("state", "=", "queued") | _FREE),
    ),
    "sent": List(
        _lt("At KSeF"),
        "info",
        "cog",
        Domain("state", "in", ("sending", "unknown", "processing")),
    ),
    "held": List(
        _lt("On hold"),
        "danger",
        "pause-circle",
        Domain("state", "=", "blocked") & ~_FREE,
    ),
    "refused": List(
        _lt("Rejected or to clear up"),
        "danger",
        "times-circle",
        Domain("state", "in", ("rejected", "conflict")),
    ),
    "no_upo": List(
        _lt("UPO missing or to check"),
        "warning",
        "exclamation-triangle",
        Domain("upo_state", "in", ("wanted", "doubtful")),
    ),
}
KEY_SOURCES = {
    "environment": _lt("environment variable"),
    "configuration": _lt("server configuration"),
    "file": _lt("file on the server"),
}
# Rate groups that a person may care for, in the order of a day's work.
GROUPS = {
    "invoice_send": _lt("invoices one by one"),
    "online_session": _lt("sessions"),
    "batch_session": _lt("packages"),
    "invoice_status": _lt("questions about an invoice"),
    "session_invoice_list": _lt("lists"),
    "session_misc": _lt("session states and UPO"),
}
