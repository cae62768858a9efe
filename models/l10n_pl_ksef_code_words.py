"""What each status of KSeF means to the reader of an invoice. Only data.

Statuses of invoices, sessions and packages; those of log-ins, refusals and
failed calls are in `l10n_pl_ksef_call_words.py`. Who reads them on an invoice
stands in `l10n_pl_ksef_report.py`. Source: KSeF API 2.0, descriptions of the
status properties.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)


class Words(NamedTuple):
    """What one code means.

    :ivar what: what happened, one sentence; never says that KSeF has the invoice
        where that is not certain
    :ivar who: key of ``ACTORS``: who has to act now
    :ivar again: key of ``AGAIN``: whether sending again is safe
    :ivar then: key of ``NEXT``: what Odoo does, and when
    :ivar actions: keys of ``ACTIONS`` that help, None for those of the state
    """

    what: Any
    who: str
    again: str
    then: str
    actions: Sequence | None = None


REPORT_LABELS = {
    "what": _lt("What happened"),
    "who": _lt("Who acts"),
    "again": _lt("Sending again"),
    "then": _lt("What happens next"),
}

ACTORS = {
    None: _lt("Nobody"),
    "odoo": _lt("Nobody: Odoo goes on by itself"),
    "ksef": _lt("KSeF; nobody here has to do anything"),
    "invoicing": _lt("Whoever issues invoices"),
    "accountant": _lt("The accountant"),
    "administrator": _lt("The KSeF administrator"),
}

AGAIN = {
    "itself": _lt("Not needed: Odoo does it by itself."),
    "needless": _lt("Not needed."),
    "safe": _lt("Safe: KSeF did not take the invoice."),
    "after": _lt("Safe once the cause is gone: KSeF did not take the invoice."),
    "useless": _lt("Safe, but KSeF would refuse it again."),
    "taken": _lt("No: the invoice is in KSeF."),
    "checked": _lt("No: KSeF has the invoice and is checking it."),
    "maybe": _lt("No: KSeF may have the invoice already."),
    "number": _lt("No: KSeF already holds an invoice with this number."),
}

NEXT = {
    "nothing": _lt("Nothing more."),
    "send": _lt("Odoo sends it about %(next)s."),
    "resend": _lt("Odoo sends the same file again about %(next)s."),
    "repackage": _lt("Odoo sends it in a new package about %(next)s."),
    "ask": _lt("Odoo asks KSeF again about %(next)s."),
    "login": _lt("Odoo logs in anew about %(next)s and then goes on."),
    "receipt": _lt("Odoo fetches the UPO about %(next)s."),
    "answer": _lt("The answer comes within seconds. Without one Odoo asks KSeF."),
    "job": _lt(
        "Nothing before the background job runs again or somebody presses"
        ' "Send to KSeF now".'
    ),
    "release": _lt(
        "When KSeF has released it, %(release)s at the latest, Odoo sends it again."
    ),
    "fix": _lt('Nothing by itself. Once it is fixed, "Send again" sends it at once.'),
    "stopped": _lt(
        'Odoo stopped after attempts: %(attempts)s. It goes on after "Send again".'
    ),
    "recheck": _lt("Odoo checks the data again about %(next)s."),
    "day": _lt("Odoo sends it on %(date)s."),
    "original": _lt("Odoo sends it as soon as that number is there."),
    "token": _lt("It goes on by itself as soon as a working token is set."),
    "certificate": _lt("It goes on by itself as soon as a working certificate is set."),
    "connect": _lt("It goes on by itself as soon as KSeF is connected again."),
    "right": _lt("It goes on by itself as soon as KSeF accepts the log-in again."),
    "clock": _lt("It goes on by itself as soon as the clock is right."),
    "module": _lt("It goes on by itself as soon as that certificate is removed."),
    "address": _lt("It goes on by itself as soon as the right address is set."),
    "decide": _lt("Nothing before an accountant has decided."),
    "compare": _lt("Nothing by itself. The number stays valid."),
    "stay": _lt("Nothing by itself. The invoice stays as it is."),
}

# What the line of a submission leaves open: (again, then). None: as the code says.
SITUATIONS = {
    "queued": ("itself", "send"),
    "queued_again": (None, None),
    "queued_limit": ("itself", "send"),
    "queued_outage": ("itself", "send"),
    "queued_stopped": ("safe", "job"),
    "sending": ("maybe", "answer"),
    "sending_package": ("maybe", "ask"),
    "interrupted": ("maybe", "release"),
    "unknown": ("maybe", "ask"),
    "processing": ("checked", "ask"),
    "processing_long": ("checked", "ask"),
    "processing_package": ("checked", "ask"),
    "processing_unknown": ("maybe", "ask"),
    "accepted_wanted": ("taken", "receipt"),
    "accepted_late": ("taken", "receipt"),
    "accepted_doubtful": ("taken", "compare"),
    "rejected": (None, None),
    "rejected_other": (None, None),
    "rejected_right": (None, None),
    "conflict": ("number", "decide"),
    "blocked_data": ("after", "recheck"),
    "blocked_data_fixed": ("safe", "recheck"),
    "blocked_date": ("itself", "day"),
    "blocked_original": ("itself", "original"),
    "blocked_original_stuck": ("itself", "original"),
    "blocked_no_token": ("itself", "connect"),
    "blocked_token": (None, None),
    "blocked_token_ended": ("itself", "certificate"),
    "blocked_certificate": (None, None),
    "blocked_right": (None, None),
    "blocked_nip": ("itself", "connect"),
    "blocked_clock": ("itself", "clock"),
    "blocked_copy": ("itself", "connect"),
    "blocked_key": ("itself", "connect"),
    "blocked_module": ("itself", "module"),
    "blocked_address": ("itself", "address"),
    "blocked_program": (None, "stopped"),
}

# Lines whose sentence, person and help come from KSeF's code.
TOLD_BY_CODE = ("queued_again", "rejected_other", "blocked_right")
# Lines of which the code tells what happened; who acts is the line's.
EXPLAINED_BY_CODE = (
    *TOLD_BY_CODE,
    *("processing_unknown", "rejected", "rejected_right", "conflict"),
    *("blocked_token", "blocked_certificate", "blocked_program"),
)

# Of what KSeF may hold `SITUATIONS` says that it is asked for, not sent again.
UNKNOWN_CODE = Words(
    _lt(
        "KSeF answered with code %(code)s, which this version does not know:"
        ' "%(description)s".'
    ),
    "administrator",
    "itself",
    "resend",
)
UNKNOWN_REASON = Words(
    _lt(
        'KSeF refused access for the reason "%(code)s", which this version does not'
        " know."
    ),
    "administrator",
    "itself",
    "right",
    ["settings"],
)

INVOICE = {
    "100": Words(
        _lt("KSeF has taken the invoice in and will check it."),
        "ksef",
        "checked",
        "ask",
    ),
    "150": Words(_lt("KSeF is checking the invoice."), "ksef", "checked", "ask"),
    "200": Words(_lt("KSeF accepted the invoice."), None, "taken", "receipt"),
    "405": Words(
        _lt("KSeF broke off because of a fault around this invoice."),
        "odoo",
        "itself",
        "resend",
    ),
    "410": Words(
        _lt("The company may not issue invoices in the name of this seller."),
        "administrator",
        "after",
        "fix",
    ),
    "415": Words(
        _lt(
            "KSeF takes an attachment only after it was announced in e-Urząd Skarbowy."
        ),
        "accountant",
        "after",
        "fix",
    ),
    "430": Words(
        _lt("KSeF got the file damaged: size, hash or content did not fit."),
        "odoo",
        "itself",
        "resend",
    ),
    "435": Words(
        _lt("KSeF could not decrypt the file of the invoice."),
        "odoo",
        "itself",
        "resend",
    ),
    "440": Words(
        _lt("KSeF already holds an invoice of this seller with this number."),
        "accountant",
        "number",
        "decide",
    ),
    "450": Words(
        _lt("KSeF found a mistake in the content of the invoice."),
        "invoicing",
        "after",
        "fix",
    ),
    "500": Words(
        _lt("KSeF broke off because of a fault of its own."),
        "ksef",
        "itself",
        "resend",
    ),
    "550": Words(
        _lt("KSeF broke off and asks for the invoice once more."),
        "odoo",
        "itself",
        "resend",
    ),
}

_KEY = _lt("KSeF could not use the key of the encryption. Odoo fetches new keys.")
_SPOILT = _lt("KSeF got the package of invoices damaged, so it took none of them.")

SESSION_ONLINE = {
    "100": Words(_lt("KSeF is ready for invoices."), "odoo", "itself", "send"),
    "170": Words(_lt("KSeF is finishing what it was sent."), "ksef", "checked", "ask"),
    "200": Words(_lt("KSeF has finished what it was sent."), "odoo", "checked", "ask"),
    "415": Words(_KEY, "odoo", "itself", "resend"),
    "440": Words(
        _lt("KSeF ended the connection because no invoice came through it."),
        "odoo",
        "itself",
        "resend",
    ),
    "445": Words(
        _lt("KSeF accepted none of the invoices; each one shows its reason."),
        "invoicing",
        "after",
        "fix",
    ),
}

SESSION_BATCH = {
    "100": Words(
        _lt("The package of invoices is being sent to KSeF."), "odoo", "maybe", "ask"
    ),
    "150": Words(
        _lt("KSeF is checking the package of invoices."), "ksef", "checked", "ask"
    ),
    "200": Words(
        _lt("KSeF has finished the package; each invoice has its own result."),
        "odoo",
        "checked",
        "ask",
    ),
    "405": Words(_SPOILT, "odoo", "itself", "repackage"),
    "415": Words(_KEY, "odoo", "itself", "repackage"),
    "420": Words(
        _lt("The package had too many invoices, so KSeF took none of them."),
        "odoo",
        "itself",
        "repackage",
    ),
    "430": Words(_SPOILT, "odoo", "itself", "repackage"),
    "435": Words(
        _lt("KSeF could not decrypt the package, so it took no invoice of it."),
        "odoo",
        "itself",
        "repackage",
    ),
    "440": Words(
        _lt("KSeF dropped the package because it did not arrive whole in time."),
        "odoo",
        "itself",
        "repackage",
    ),
    "445": Words(
        _lt("KSeF accepted no invoice of the package; each one shows its reason."),
        "invoicing",
        "after",
        "fix",
    ),
    "500": Words(
        _lt("KSeF broke off the package because of a fault of its own."),
        "ksef",
        "itself",
        "repackage",
    ),
}
