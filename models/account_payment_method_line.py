"""Payment methods: what each is in FA(3)."""

from odoo import fields, models

OTHER_FORM = "other"
# Keys are the codes of FA(3), element FormaPlatnosci.
FORMS = [
    ("1", "Cash"),
    ("2", "Card"),
    ("3", "Voucher"),
    ("4", "Cheque"),
    ("5", "Credit"),
    ("6", "Bank transfer"),
    ("7", "Mobile payment"),
    (OTHER_FORM, "Other, by its name"),
]
# Form of a method that has none, by type of its journal.
FORMS_OF_JOURNALS = {"cash": "1", "bank": "6", "credit": "2"}


class AccountPaymentMethodLine(models.Model):
    _inherit = "account.payment.method.line"

    l10n_pl_ksef_form = fields.Selection(
        FORMS,
        "Form on e-invoices",
        help="Empty: cash in a cash journal, card in a credit card journal, else bank "
        "transfer.",
    )

    def _l10n_pl_ksef_get_form(self):
        """Return the form of payment as key of FORMS, or None."""
        kind = self.journal_id.type
        return self.l10n_pl_ksef_form or FORMS_OF_JOURNALS.get(kind)
