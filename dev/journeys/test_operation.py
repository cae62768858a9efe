"""The job stands still, or takes longer than the server allows."""

from .common import free_port
from .faults import FaultCase

SILENCE_SECONDS = 60
LIMIT_SECONDS = 12


class TestNoJob(FaultCase):
    """Without any worker of jobs the button does its work, and the form says so."""

    odoo_words = ("--max-cron-threads=0",)

    def test_button_sends_while_no_job_runs(self):
        move = self.journey.confirm_invoice()
        self.query(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' - interval '1 h'"
        )
        [shown] = self.odoo.call("account.move", "read", [move], ["l10n_pl_ksef_line"])
        self.assertIn(shown["l10n_pl_ksef_line"]["level"], ("warning", "danger"))
        self.odoo.call("account.move", "action_l10n_pl_ksef_send", [move])

        def ask():
            self.odoo.call("account.move", "action_l10n_pl_ksef_check", [move])
            return self.get_row(move).upo_state == "stored"

        self.wait_until(ask, "the buttons alone bring number and receipt")
        self.check_same_result(move)


class TestTimeLimit(FaultCase):
    """A job that takes too long is killed by the server, and goes on after it."""

    odoo_words = (
        *("--workers=2", "--max-cron-threads=1", f"--gevent-port={free_port()}"),
        f"--limit-time-real-cron={LIMIT_SECONDS}",
    )

    def test_job_over_its_time_limit(self):
        self.inject("send_invoice", "delay_after", seconds=SILENCE_SECONDS)
        moves = [self.journey.make_invoice() for _count in range(3)]
        self.odoo.call("account.move", "action_post", moves)
        self.wait_until(lambda: "timeout after" in self.get_odoo_log(), "it is killed")
        self.finish_same(*moves)
