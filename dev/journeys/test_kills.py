"""A server is killed at each step of the way, also inside its commits."""

from .faults import FaultCase

# The simulator holds an answer back for longer than the server lives.
SILENCE_SECONDS = 30
KILL_BACKEND = "SELECT pg_terminate_backend(%s)"
NO_TRIGGERS = "DELETE FROM ir_cron_trigger"
INTENT = "NEW.state = 'sending'"
ANSWER = "OLD.state = 'sending' AND NEW.state = 'processing'"
NUMBER = "OLD.state = 'processing' AND NEW.state = 'accepted'"
RECEIPT = "NEW.upo_state = 'stored' AND OLD.upo_state <> 'stored'"


class TestKills(FaultCase):
    """Wherever it dies, the next server brings each invoice to one KSeF number."""

    def kill_inside_commit(self, condition, is_lost):
        """Confirm an invoice and kill the server inside a commit of it.

        :param is_lost: the database's process dies too, and the commit with it;
            otherwise the database completes it for nobody
        """
        self.hold_commits(condition)
        move = self.journey.confirm_invoice()
        backends = self.wait_for_held_commit()
        self.kill_odoo()
        if is_lost:
            for (backend,) in backends:
                self.query(KILL_BACKEND, backend)
        self.let_commits_go()
        return move

    def check_killed(self, condition, is_lost, state, posts=1):
        move = self.kill_inside_commit(condition, is_lost)
        self.assertEqual(self.get_row(move).state, state)
        self.restart()
        self.finish_same(move, posts=posts)

    def test_before_the_job_ran(self):
        self.demo.odoo_words = ("--max-cron-threads=0",)
        self.kill_odoo()
        self.restart()
        move = self.journey.confirm_invoice()
        self.kill_odoo()
        self.assertEqual(self.get_row(move).state, "queued")
        self.query(NO_TRIGGERS)
        self.query("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC'")
        self.demo.odoo_words = ()
        self.restart()
        self.wake_job()
        self.wait_until(
            lambda: self.get_row(move).state == "accepted", "found without a trigger"
        )
        self.finish_same(move)

    def test_while_a_session_is_opened(self):
        self.query("UPDATE l10n_pl_ksef_session SET state = 'failed'")
        self.inject("open_online", "delay_after", seconds=SILENCE_SECONDS)
        opened = self.count("open_online")
        move = self.journey.confirm_invoice()
        self.wait_until(lambda: self.count("open_online") > opened, "one is opened")
        self.kill_odoo()
        self.assertEqual(self.get_row(move).state, "queued")
        self.restart()
        self.finish_same(move)

    def count(self, operation):
        return self.demo.control("GET", "requests").get(operation, 0)

    def test_inside_the_commit_of_the_intent_which_fails(self):
        self.check_killed(INTENT, is_lost=True, state="queued")

    def test_inside_the_commit_of_the_intent_which_holds(self):
        self.check_killed(INTENT, is_lost=False, state="sending")

    def test_inside_the_commit_of_the_answer_which_fails(self):
        self.check_killed(ANSWER, is_lost=True, state="sending")

    def test_inside_the_commit_of_the_answer_which_holds(self):
        self.check_killed(ANSWER, is_lost=False, state="processing")

    def test_inside_the_commit_of_the_number_which_fails(self):
        self.check_killed(NUMBER, is_lost=True, state="processing")

    def test_inside_the_commit_of_the_number_which_holds(self):
        self.check_killed(NUMBER, is_lost=False, state="accepted")

    def test_inside_the_commit_of_the_receipt_which_fails(self):
        move = self.kill_inside_commit(RECEIPT, is_lost=True)
        self.assertNotEqual(self.get_row(move).upo_state, "stored")
        self.restart()
        self.finish_same(move)

    def test_after_ksef_took_the_third_of_five(self):
        before = len(self.get_book())
        self.inject("send_invoice", "delay_after", skip=2, seconds=SILENCE_SECONDS)
        moves = [self.journey.make_invoice() for _count in range(5)]
        self.odoo.call("account.move", "action_post", moves)
        self.wait_until(lambda: len(self.get_book()) == before + 3, "three are there")
        self.kill_odoo()
        states = [self.get_row(move).state for move in moves]
        self.assertEqual(states.count("sending"), 1)
        self.restart()
        self.finish_same(*moves)
        self.assertEqual(len(self.get_book()), before + 5)
