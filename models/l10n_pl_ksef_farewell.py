"""Leaving: files go to their invoices first, only then may the addon be removed."""

import time

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

ADDON = "l10n_pl_ksef"
# One round keeps a request short and a transaction small.
ROUND_SIZE = 200
ROUND_SECONDS = 5
# What KSeF got, or may have got, and what it gave for it.
SENT = Domain("attempt_count", ">", 0)
HAS_UPO = Domain("upo_state", "in", ("stored", "doubtful"))
NOT_HANDED = SENT & (
    Domain("xml_attachment_id", "=", False)
    | (HAS_UPO & Domain("upo_attachment_id", "=", False))
)
# Of these more is to come; what test environments hold is not waited for, they
# are emptied from time to time.
UNFINISHED = (
    SENT
    & Domain("environment", "=", "production")
    & (
        Domain("state", "in", ("sending", "unknown", "processing"))
        | (Domain("state", "=", "accepted") & Domain("upo_state", "=", "wanted"))
    )
)
MIMETYPE = "application/xml"
SHOWN_COMPANIES = 5


class Document(models.Model):
    _inherit = "l10n_pl_ksef.document"

    # Indexed for the attachments' sake: each one deleted is looked for here.
    xml_attachment_id = fields.Many2one(
        "ir.attachment",
        "XML handed over",
        copy=False,
        index="btree_not_null",
        groups="base.group_no_one",
    )
    upo_attachment_id = fields.Many2one(
        "ir.attachment",
        "UPO handed over",
        copy=False,
        index="btree_not_null",
        groups="base.group_no_one",
    )


class Farewell(models.AbstractModel):
    _name = "l10n_pl_ksef.farewell"
    _description = "KSeF: handing files over"

    @api.private
    def _get_progress(self, company):
        """Return how many submissions of a company there are, and are handed over."""
        documents = self.env["l10n_pl_ksef.document"].sudo()
        own = Domain("company_id", "child_of", company.id)
        total = documents.search_count(own & SENT)
        left = total and documents.search_count(own & NOT_HANDED)
        return {"total": total, "done": total - left}

    @api.private
    def _hand_over(self, company):
        """Attach XML and UPO of some submissions to their invoices.

        Takes one round; called again until ``done`` is ``total``. A file that is
        attached already is not attached again.

        :returns: as :meth:`_get_progress`
        :raises AccessError: not a KSeF administrator of this company
        """
        self.env["l10n_pl_ksef.setup"]._check_admin(company)
        documents = self.env["l10n_pl_ksef.document"].sudo()
        own = Domain("company_id", "child_of", company.id)
        found = documents.search(own & NOT_HANDED, order="id", limit=ROUND_SIZE)
        stop = time.monotonic() + ROUND_SECONDS
        page = _Page()
        for document in found:
            self._hand_over_one(document, page)
            if time.monotonic() > stop:
                break
        return self._get_progress(company)

    @api.private
    def _hand_over_one(self, document, page):
        if not document.xml_attachment_id:
            document.xml_attachment_id = self._attach(
                document, document.xml_filename, document._get_xml()
            )
        has_upo = bool(document.filtered_domain(HAS_UPO))
        if has_upo and not document.upo_attachment_id:
            document.upo_attachment_id = self._attach(
                document, document.upo_filename, page.get_bytes(document)
            )
        # The next one needs the memory.
        self.env.flush_all()
        self.env.invalidate_all()

    @api.private
    def _attach(self, document, name, data):
        return (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": name,
                    "raw": data,
                    "mimetype": MIMETYPE,
                    "res_model": "account.move",
                    "res_id": document.move_id.id,
                    "company_id": document.company_id.id,
                }
            )
        )

    @api.private
    def _check_removal(self):
        """:raises UserError: submissions whose files only this addon keeps"""
        documents = self.env["l10n_pl_ksef.document"].sudo()
        if unfinished := documents.search_count(UNFINISHED):
            raise UserError(
                self.env._(
                    "KSeF has not answered for all invoices yet, or their UPO is still"
                    " missing: %(count)s. Wait for that before you uninstall.",
                    count=unfinished,
                )
            )
        groups = documents._read_group(NOT_HANDED, ["company_id"], ["__count"])
        if not groups:
            return
        lines = [
            self.env._(
                "%(company)s: %(count)s", company=company.display_name, count=count
            )
            for company, count in groups[:SHOWN_COMPANIES]
        ]
        raise UserError(
            self.env._(
                "Invoices were sent to KSeF, and their XML files and UPO would be lost"
                " with this module. Hand them over to the invoices first: menu KSeF,"
                " Connection status, Before uninstalling.\n"
                "Submissions not handed over yet:\n%(companies)s",
                companies="\n".join(lines),
            )
        )


class Module(models.Model):
    _inherit = "ir.module.module"

    def button_uninstall(self):
        # EXTENDS base: also asked when a module below is removed.
        removed = self + self.downstream_dependencies()
        if ADDON in removed.mapped("name"):
            self.env["l10n_pl_ksef.farewell"]._check_removal()
        return super().button_uninstall()


class _Page:
    """Reads receipts; one that the next submission shares is read once."""

    def __init__(self):
        self.receipt_id = False
        self.data = b""

    def get_bytes(self, document):
        receipt_id = document.receipt_id.id
        if not receipt_id or receipt_id != self.receipt_id:
            self.receipt_id, self.data = receipt_id, document._get_upo()
        return self.data
