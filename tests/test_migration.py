"""What an older version of the addon left behind."""

import base64
from pathlib import Path

from odoo.modules.migration import load_script

from .common import KsefCase

SCRIPT = (
    Path(__file__).resolve().parents[1]
    / "migrations"
    / "19.0.1.1.0"
    / "pre-migration.py"
)
RECEIPT = b"<UPO>signed by KSeF</UPO>"
OLD_NAMES = ("ir_cron_run", "ir_cron_run_ir_actions_server")


class TestFirstVersion(KsefCase):
    """Receipts of the first version are kept; its job and its limits are gone."""

    def setUp(self):
        super().setUp()
        self.connect()
        _invoice, self.document = self.post_invoice()

    def migrate(self):
        """Run the script as an update does, before the models are loaded."""
        self.env.flush_all()
        load_script(str(SCRIPT), "ksef_pre_migration").migrate(
            self.env.cr, "19.0.1.0.0"
        )
        self.env.invalidate_all()

    def change_documents(self, change):
        self.env.flush_all()
        self.env.cr.execute(f"ALTER TABLE l10n_pl_ksef_document {change}")
        self.env.cr.execute(
            "UPDATE l10n_pl_ksef_document SET upo = %s WHERE id = %s",
            [base64.b64encode(RECEIPT), self.document.id],
        )

    def has_column(self, table, column):
        self.env.cr.execute(
            "SELECT FROM information_schema.columns"
            " WHERE table_name = %s AND column_name = %s",
            [table, column],
        )
        return bool(self.env.cr.rowcount)

    def make_old_job(self):
        """Make the scheduled action as the first version did."""
        cron = self.env["ir.cron"].create(
            {
                "name": "KSeF: send invoices and collect receipts",
                "model_id": self.env["ir.model"]._get("l10n_pl_ksef.job").id,
                "state": "code",
                "code": "model._cron_run()",
                "interval_number": 5,
                "interval_type": "minutes",
            }
        )
        cron._trigger()
        records = (cron, cron.ir_actions_server_id)
        self.env["ir.model.data"]._update_xmlids(
            [
                {
                    "xml_id": f"l10n_pl_ksef.{name}",
                    "record": record,
                    "noupdate": True,
                }
                for name, record in zip(OLD_NAMES, records, strict=True)
            ]
        )
        return records

    def test_receipt_is_kept_byte_for_byte(self):
        self.change_documents("RENAME COLUMN upo_single TO upo")
        self.migrate()
        self.assertEqual(self.document._get_upo(), RECEIPT)
        self.assertFalse(self.has_column("l10n_pl_ksef_document", "upo"))

    def test_receipt_is_kept_where_the_new_column_was_made_already(self):
        self.change_documents("ADD COLUMN upo bytea")
        self.migrate()
        self.assertEqual(self.document._get_upo(), RECEIPT)
        self.assertFalse(self.has_column("l10n_pl_ksef_document", "upo"))

    def test_newer_receipt_is_not_overwritten(self):
        newer = b"<UPO>newer</UPO>"
        self.document.upo_single = base64.b64encode(newer)
        self.change_documents("ADD COLUMN upo bytea")
        self.migrate()
        self.assertEqual(self.document._get_upo(), newer)

    def test_old_job_is_gone_and_the_lanes_stay(self):
        lanes = self.env["l10n_pl_ksef.job"]._get_crons()
        cron, action = self.make_old_job()
        self.migrate()
        self.assertFalse(cron.exists())
        self.assertFalse(action.exists())
        data = self.env["ir.model.data"].search([("module", "=", "l10n_pl_ksef")])
        self.assertFalse(data.filtered(lambda one: one.name in OLD_NAMES))
        self.assertEqual(lanes.exists(), lanes)
        self.assertTrue(lanes.ir_actions_server_id)

    def test_old_limits_are_gone(self):
        self.env.cr.execute("ALTER TABLE l10n_pl_ksef_connection ADD limits jsonb")
        self.migrate()
        self.assertFalse(self.has_column("l10n_pl_ksef_connection", "limits"))

    def test_second_run_changes_nothing(self):
        self.change_documents("RENAME COLUMN upo_single TO upo")
        self.make_old_job()
        self.migrate()
        self.migrate()
        self.assertEqual(self.document._get_upo(), RECEIPT)
