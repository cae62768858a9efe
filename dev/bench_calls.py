"""How often KSeF is called for invoices that go one by one."""

from .common import Stop, say

MANY = 100
# One open, one POST each, one list, one status, one closing.
LEAST_CALLS = 104
LIMIT_RATIO = 1.2
LIMIT_ONE = 5
LIMIT_LOGINS = 1
LOGIN = (
    *("public_keys", "challenge", "login_token", "login_certificate"),
    *("login_status", "redeem", "refresh"),
)
NOT_CALLS = ("api_calls", "rate_limited", "upload_part", "upo_link")
INTERACTIVE_MAX = "l10n_pl_ksef.interactive_max"
# The session has had no work for long: the job closes it.
AGE = "UPDATE l10n_pl_ksef_session SET used_on = used_on - interval '2 hours'"


def measure(figures, bench):
    """Show the calls of a hundred invoices, and of one alone."""
    say(f"calls of {MANY} invoices one by one, and of one alone")
    bench.set_parameter(INTERACTIVE_MAX, 10 * MANY)
    for method in ("token", "certificate"):
        bench.login_method = method
        many = _count(bench, MANY, ends_access=True)
        calls = sum(many.values())
        print(f"    {dict(sorted(many.items()))}")
        what = f"{MANY} invoices, log-in by {method} too"
        figures.show(what, calls / LEAST_CALLS, LIMIT_RATIO, "x")
        logins = many.get(f"login_{method}", 0)
        figures.show("  log-ins", logins, LIMIT_LOGINS, "log-ins")
    bench.login_method = "token"
    one = _count(bench, 1)
    print(f"    {dict(sorted(one.items()))}")
    after_login = sum(count for name, count in one.items() if name not in LOGIN)
    figures.show("one invoice alone, after log-in", after_login, LIMIT_ONE, "calls")
    bench.set_parameter(INTERACTIVE_MAX, "")


def _count(bench, size, ends_access=False):
    """Send some, close the session; return the calls.

    :param ends_access: KSeF refuses the access token before the closing, which
        must lead to a refresh, not to another log-in
    """
    bench.renew({"rate_limits": None})
    bench.queue(size)
    before = bench.count_calls()
    task = {"lanes": [bench.get_lane(bench.companies[0])]}
    bench.run_workers([task])
    if ends_access:
        bench.demo.control("POST", "expire", {"what": "access"})
    bench.query(AGE)
    bench.run_workers([task | {"least_runs": 1}])
    if bench.count_finished() != size:
        raise Stop("Not all invoices were finished.", "read .dev/logs")
    after = bench.count_calls()
    return {
        name: count - before.get(name, 0)
        for name, count in after.items()
        if count > before.get(name, 0) and name not in NOT_CALLS
    }
