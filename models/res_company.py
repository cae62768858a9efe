"""What a company decides about KSeF; secrets live in the connection."""

from odoo import fields, models

ENVIRONMENTS = [
    ("production", "Production"),
    ("demo", "Demo"),
    ("test", "Test"),
]


class ResCompany(models.Model):
    _inherit = "res.company"

    l10n_pl_ksef_environment = fields.Selection(
        ENVIRONMENTS,
        string="KSeF environment",
        readonly=True,
        copy=False,
        help="Set by connecting the company to KSeF; empty means not connected.",
    )
    l10n_pl_ksef_send_mode = fields.Selection(
        [("auto", "When confirmed"), ("manual", "Only by button")],
        string="Send to KSeF",
        default="auto",
        required=True,
    )
    l10n_pl_ksef_since = fields.Date(
        string="KSeF from invoice date",
        help="Invoices dated before are never sent by themselves.",
    )
    l10n_pl_ksef_to_polish = fields.Boolean(
        string="Companies in Poland to KSeF", default=True
    )
    l10n_pl_ksef_to_foreign = fields.Boolean(
        string="Foreign buyers to KSeF", default=True
    )
    l10n_pl_ksef_to_private = fields.Boolean(string="Private persons to KSeF")
    l10n_pl_ksef_on_problem = fields.Selection(
        [("stop", "Stop posting"), ("hold", "Post, hold sending")],
        string="If something is missing for KSeF",
        default="stop",
        required=True,
    )

    def _l10n_pl_ksef_owner(self):
        """Return the company whose KSeF connection this one uses, or none.

        A branch issues under the connection of its nearest parent with the
        same NIP, or without a NIP under its parent's; a branch with another
        NIP needs a connection of its own.
        """
        self.ensure_one()
        company = self
        while company:
            # The NIP is on the partner: read only where it decides.
            if company.l10n_pl_ksef_environment and (
                company == self or self._l10n_pl_ksef_shares(company)
            ):
                return company
            company = company.sudo().parent_id
        return self.browse()

    def _l10n_pl_ksef_shares(self, owner):
        """Tell whether this company issues under the NIP of that one."""
        nip = self._l10n_pl_ksef_nip()
        return not nip or owner._l10n_pl_ksef_nip() == nip

    def _l10n_pl_ksef_nip(self):
        """Return the company's NIP as ten digits, or what there is of it."""
        self.ensure_one()
        digits = "".join(char for char in self.vat or "" if char.isalnum())
        return digits.upper().removeprefix("PL")
