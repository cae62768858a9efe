"""Two processes work on one database at once."""

import subprocess
import time
from pathlib import Path

from ..common import DATA, DEV, LOGS, ODOO_SCRIPT, VENV_PYTHON
from .common import LOOK_SECONDS, WAIT_SECONDS
from .faults import DONE, HURRY, FaultCase

INVOICES = 20
# What the script says when its loop begins.
READY = "worker is ready"
SCRIPT = Path(__file__).parent / "worker.py"


class TestWorkers(FaultCase):
    """However many are at it, KSeF gets each invoice once."""

    odoo_words = ("--max-cron-threads=0",)

    def setUp(self):
        super().setUp()
        self.demo.control("POST", "settings", {"rate_limits": None})
        self.login = f"login_{self.journey.login_method}"
        self.workers = []
        self.addCleanup(self.stop_workers)

    def start_workers(self, count=2):
        for number in range(count):
            log = LOGS / f"{self.demo.name}-worker-{number}.log"
            with SCRIPT.open() as script, log.open("w") as output:
                worker = subprocess.Popen(
                    [
                        *(VENV_PYTHON, ODOO_SCRIPT, "shell", "--no-http"),
                        *("-c", DEV / f"{self.demo.name}.conf"),
                        *("-d", self.demo.name),
                    ],
                    stdin=script,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=DATA,
                )
            self.workers.append((worker, log))
        for _worker, log in self.workers:
            self.wait_until(lambda log=log: READY in log.read_text(), "a worker starts")

    def stop_workers(self):
        for worker, _log in self.workers:
            worker.kill()
            worker.wait(timeout=WAIT_SECONDS)
        self.workers.clear()

    def make_moves(self, count=INVOICES):
        moves = [self.journey.make_invoice() for _count in range(count)]
        self.odoo.call("account.move", "action_post", moves)
        return moves

    def finish(self, *moves):
        """Wait for the workers; nothing but time is given to them."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            rows = [self.get_row(move) for move in moves]
            if all((row.state, row.upo_state) == DONE for row in rows):
                return
            self.check_workers_live()
            self.query(HURRY)
            time.sleep(5 * LOOK_SECONDS)
        self.fail(f"after {WAIT_SECONDS} s: {[row[:5] for row in rows]}")

    def check_workers_live(self):
        for worker, log in self.workers:
            self.assertIsNone(worker.poll(), log.read_text()[-2000:])

    def test_two_processes_share_the_work(self):
        moves = self.make_moves()
        self.demo.control("POST", "expire", {"what": "access"})
        before = self.demo.control("GET", "requests")
        self.start_workers()
        self.finish_same(*moves)
        after = self.demo.control("GET", "requests")
        self.assertEqual(after["refresh"] - before.get("refresh", 0), 1)
        self.assertEqual(after[self.login], before[self.login])

    def test_two_processes_log_in_once(self):
        moves = self.make_moves()
        for what in ("access", "refresh"):
            self.demo.control("POST", "expire", {"what": what})
        before = self.demo.control("GET", "requests")[self.login]
        self.start_workers()
        self.finish_same(*moves)
        after = self.demo.control("GET", "requests")[self.login]
        self.assertEqual(after - before, 1)

    def test_buttons_and_processes_get_in_each_others_way(self):
        moves = self.make_moves()
        self.start_workers()
        for _press in range(3):
            for move in moves:
                self.odoo.call("account.move", "action_l10n_pl_ksef_send", [move])
                self.odoo.call("account.move", "action_l10n_pl_ksef_check", [move])
        self.finish_same(*moves)

    def test_one_of_two_is_killed(self):
        self.inject("send_invoice", "delay_after", skip=4, seconds=30)
        moves = self.make_moves()
        book = len(self.get_book())
        self.start_workers()
        self.wait_until(lambda: len(self.get_book()) >= book + 5, "five are there")
        worker, _log = self.workers.pop(0)
        worker.kill()
        worker.wait(timeout=WAIT_SECONDS)
        self.finish_same(*moves)
