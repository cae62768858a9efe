"""Yesterday's backup on the same server, and a copy beside it."""

from .. import databases
from ..demo_parts import Demo
from .common import free_port
from .faults import FaultCase

CHANGED_PRICE = 99.0


class DatabaseCase(FaultCase):
    """Base: databases of the journey are copied while no server is on them."""

    @classmethod
    def copy_database(cls, source, target):
        """Copy a database that nobody uses, as a dump and its restore do."""
        cursor = databases.connect()
        databases.clone(cursor, source, target)

    def stop_odoo(self):
        self.demo.odoo.terminate()
        self.demo.odoo.wait(timeout=60)

    def get_calls(self):
        return self.demo.control("GET", "requests")

    def get_reason(self, move):
        rows = self.query(
            "SELECT state, blocked_reason FROM l10n_pl_ksef_document"
            " WHERE move_id = %s ORDER BY id DESC LIMIT 1",
            move,
        )
        return rows[0]

    def wait_for_reason(self, move, reason):
        def is_there():
            self.call_job()
            return self.get_reason(move) == ("blocked", reason)

        self.wait_until(is_there, f"held: {reason}")


class TestRestoredBackup(DatabaseCase):
    """What was sent after the backup is found at KSeF, and not sent again."""

    def setUp(self):
        super().setUp()
        self.backup = f"{self.demo.name}_backup"
        self.addCleanup(databases.drop, databases.connect(), self.backup)

    def restart_without_job(self):
        self.demo.odoo_words = ("--max-cron-threads=0",)
        self.demo.start_odoo()

    def restart_with_job(self):
        self.demo.odoo_words = ()
        self.demo.start_odoo()

    def test_backup_of_yesterday(self):
        old = self.journey.confirm_invoice()
        self.finish_same(old)
        self.stop_odoo()
        self.restart_without_job()
        same, changed = (self.journey.confirm_invoice() for _count in range(2))
        self.stop_odoo()
        self.copy_database(self.demo.name, self.backup)
        self.restart_with_job()
        self.finish_same(old, same, changed)
        numbers = {move: self.get_row(move).ksef_number for move in (same, changed)}
        book = self.get_book()
        self.stop_odoo()

        self.copy_database(self.backup, self.demo.name)
        self.restart_with_job()
        calls = self.get_calls()
        self.wait_for_reason(same, "copy")
        self.assertEqual(self.get_calls(), calls, "another database: not a call")
        self.change(changed)
        self.journey.connect()
        self.finish(same)
        self.assertEqual(self.get_row(same).ksef_number, numbers[same])
        self.wait_until(
            lambda: self.get_reason(changed)[0] == "conflict", "other content is told"
        )
        [[shown]] = self.query(
            "SELECT original_ksef_number FROM l10n_pl_ksef_document"
            " WHERE move_id = %s ORDER BY id DESC LIMIT 1",
            changed,
        )
        self.assertEqual(shown, numbers[changed])
        self.finish_same(old)
        self.check_same_result(same, posts=2)
        self.assertEqual(self.get_book(), book, "nothing new at KSeF")

    def change(self, move):
        """Change an invoice that the restored database thinks is not sent."""
        self.odoo.call("account.move", "button_draft", [move])
        [lines] = self.odoo.call("account.move", "read", [move], ["invoice_line_ids"])
        values = {"price_unit": CHANGED_PRICE}
        self.odoo.call(
            "account.move.line", "write", lines["invoice_line_ids"][:1], values
        )
        self.odoo.call("account.move", "action_post", [move])


class TestCopiedDatabase(DatabaseCase):
    """A copy that is not neutralised makes no call, whatever is pressed in it."""

    def test_copy_on_the_same_server(self):
        move = self.journey.confirm_invoice()
        self.finish_same(move)
        self.stop_odoo()
        self.demo.odoo_words = ("--max-cron-threads=0",)
        self.demo.start_odoo()
        waiting = self.journey.confirm_invoice()
        self.stop_odoo()
        copy = Demo(f"{self.demo.name}_copy", free_port())
        self.addCleanup(copy.stop)
        self.copy_database(self.demo.name, copy.name)
        copy.simulator_address = self.demo.simulator_address
        calls = self.get_calls()
        copy.start_odoo()
        self.use_copy(copy, waiting)
        self.assertEqual(self.get_calls(), calls)
        copy.odoo.terminate()
        copy.odoo.wait(timeout=60)
        self.demo.odoo_words = ()
        self.demo.start_odoo()
        self.finish_same(waiting)

    def use_copy(self, copy, move):
        """Press all buttons in the copy, and wait until its job has run."""
        original, type(self).demo = self.demo, copy
        try:
            odoo = self.journey_class(copy).odoo
            odoo.call("account.move", "action_l10n_pl_ksef_send", [move])
            odoo.call("account.move", "action_l10n_pl_ksef_check", [move])
            self.wait_for_reason(move, "copy")
            odoo.call("account.move", "action_l10n_pl_ksef_send", [move])
            self.wait_for_reason(move, "copy")
        finally:
            type(self).demo = original
