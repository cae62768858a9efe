"""A Polish company, its buyers, and a local KSeF that it is connected to."""

import os
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from ..models.l10n_pl_ksef_facts import TOKEN_END_PARAMETER
from ..models.l10n_pl_ksef_run import Run
from .simulator_process import SimulatorProcess

SELLER_NIP = "5795955811"
BUYER_NIP = "5260001246"
# 32 bytes in Base64, for these tests alone.
TEST_KEY = "bDEwbl9wbF9rc2VmIHRlc3Qga2V5LCAzMiBieXRlcyE="


@tagged("post_install_l10n", "post_install", "-at_install")
class KsefCase(AccountTestInvoicingCommon):
    """Base of the tests that talk to the simulator over HTTP."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("pl")
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = SimulatorProcess()
        cls.addClassCleanup(cls.simulator.stop)
        cls.startClassPatcher(
            patch.dict(
                os.environ,
                {"L10N_PL_KSEF_URL": cls.simulator.url, "L10N_PL_KSEF_KEY": TEST_KEY},
            )
        )
        cls.company = cls.company_data["company"]
        cls.company.write(
            {
                "name": "Sprzedawca Sp. z o.o.",
                "vat": f"PL{SELLER_NIP}",
                "street": "ul. Prosta 1",
                "zip": "00-001",
                "city": "Warszawa",
            }
        )
        cls.buyer = cls.env["res.partner"].create(
            {
                "name": "Nabywca S.A.",
                "is_company": True,
                "vat": f"PL{BUYER_NIP}",
                "street": "ul. Długa 5",
                "zip": "30-001",
                "city": "Kraków",
                "country_id": cls.env.ref("base.pl").id,
            }
        )
        cls.env.user.group_ids += cls.env.ref("l10n_pl_ksef.group_admin")
        # What the law says of tokens is not what most tests are about.
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param(TOKEN_END_PARAMETER, "2099-12-31")
        # No scheduled action runs while tests do, which may take long.
        crons = cls.env["l10n_pl_ksef.job"]._get_crons()
        crons.nextcall = fields.Datetime.now()
        cls.tax_23 = cls.env["account.chart.template"].ref("vs_kraj_23")

    def setUp(self):
        super().setUp()
        self.simulator.control("reset", {})

    @classmethod
    def connect(cls, **token_values):
        """Connect the company with a fresh token; returns the token's text."""
        token = cls.simulator.make_token(SELLER_NIP, **token_values)
        result = cls.env["l10n_pl_ksef.setup"]._connect(
            cls.company, "test", token, "127.0.0.1"
        )
        if not result["connected"]:
            raise AssertionError(result)
        return token

    def make_invoice(self, **values):
        """Make a draft invoice of 2 x 100 PLN at 23 %, dated today."""
        line = {
            "name": "Usługa",
            "quantity": 2,
            "price_unit": 100,
            "tax_ids": [Command.set(self.tax_23.ids)],
        }
        return self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": self.company.id,
                "partner_id": self.buyer.id,
                "invoice_date": fields.Date.context_today(self.env.user),
                "invoice_line_ids": [Command.create(line)],
                **values,
            }
        )

    def post_invoice(self, **values):
        """Post an invoice; returns it and its outbox row."""
        invoice = self.make_invoice(**values)
        invoice.action_post()
        return invoice, invoice.sudo().l10n_pl_ksef_document_id

    def run_job(self):
        """Run the background job once, as the scheduler does."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            for cron in self.env["l10n_pl_ksef.job"]._get_crons():
                cron.method_direct_trigger()
        self.env.invalidate_all()

    def advance(self, document, *states, most=25):
        """Let the job take steps, each due at once, until a state is reached.

        Skips the pauses; tests of pauses use :meth:`step` or :meth:`run_job`.
        """
        for _step in range(most):
            if document.state in states:
                return
            document.connection_id.retry_on = False
            self.env["l10n_pl_ksef.limit"].sudo().search([]).unlink()
            if document.session_id.next_step_on:
                document.session_id.next_step_on = fields.Datetime.now()
            if document.state != "blocked" and not document._is_in_package():
                document.next_step_on = fields.Datetime.now()
            self.step()
        self.fail(f"still {document.state} ({document.status_code}) after {most} steps")

    def step(self):
        """Let the job take one round of steps."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            job = self.env(cr=cr, user=1, su=True)["l10n_pl_ksef.job"]
            connections = job.env["l10n_pl_ksef.connection"].search([])
            run = Run()
            for connection in connections:
                job._release_held(connection, run)
            job._run_next(connections, run)
            for session in job.env["l10n_pl_ksef.session"]._find_to_close(connections):
                job._close_session(session)
        self.env.invalidate_all()
