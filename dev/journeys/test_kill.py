"""A worker dies between sending and the answer."""

from .common import ServerCase

# The simulator holds its answer back for this long after it took the invoice.
SILENCE_SECONDS = 20


class TestKill(ServerCase):
    """A killed worker leaves a state from which one KSeF number follows."""

    def test_worker_killed_between_post_and_answer_sends_once(self):
        self.demo.control(
            "POST",
            "faults",
            {
                "operation": "send_invoice",
                "action": "delay_after",
                "seconds": SILENCE_SECONDS,
            },
        )
        move = self.journey.confirm_invoice()
        self.wait_until(self.get_book, "KSeF has taken the invoice")
        self.kill_odoo()
        state, number, attempts = self.get_document(move)
        self.assertEqual((state, number, attempts), ("sending", None, 1))

        self.make_old()
        self.demo.start_odoo()
        self.wake_job()
        self.wait_until(lambda: self.get_document(move)[1], "there is a KSeF number")
        [entry] = self.get_book()
        state, number, attempts = self.get_document(move)
        self.assertEqual((state, number), ("accepted", entry["ksefNumber"]))
        self.assertEqual(attempts, 1, "it was asked for, not sent again")
        sent = self.demo.control("GET", "requests")["send_invoice"]
        self.assertEqual(sent, 1)
        self.check_no_error_logged()

    def make_old(self):
        """Let the time pass after which nobody can be at it any more."""
        self.query(
            "UPDATE l10n_pl_ksef_document SET next_step_on = now() AT TIME ZONE 'UTC'"
        )
