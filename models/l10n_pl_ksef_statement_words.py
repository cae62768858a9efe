"""Words of who decided a statement of an invoice; only data.

Keys are the reasons of `l10n_pl_ksef_fa3_statements.Decision`, which also names what
stands in for ``%(name)s``.
"""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

REASONS = {
    "chosen_yes": _lt("Yes: chosen on this invoice."),
    "chosen_no": _lt("No: chosen on this invoice."),
    "original": _lt("Yes: as on the corrected invoice."),
    "no_polish_vat": _lt("No: the invoice has no Polish VAT."),
    "cash_tax": _lt("Yes: tax %(tax)s is due on payment."),
    "cash_company": _lt("Yes: the company uses cash accounting."),
    "cash_none": _lt("No: neither the company nor a tax uses cash accounting."),
    "reverse_tax": _lt("Yes: line %(n)s, tax %(tax)s: the buyer accounts for VAT."),
    "reverse_number": _lt(
        "Yes: line %(n)s is sold outside Poland and the buyer has a tax number."
    ),
    "reverse_no_number": _lt(
        "No: line %(n)s is sold outside Poland, but the buyer has no tax number."
    ),
    "reverse_never": _lt("No: tax %(tax)s says that the buyer does not account."),
    "reverse_none": _lt("No: no tax of the lines leaves VAT to the buyer."),
    "split_rule": _lt(
        "Yes: %(total)s is over %(limit)s, and line %(n)s is on annex 15."
    ),
    "split_small": _lt(
        "No: line %(n)s is on annex 15, but %(total)s is not over %(limit)s."
    ),
    "split_private": _lt("No: the buyer is a private person."),
    "split_none": _lt("No: no line is on annex 15."),
    "triangular_tax": _lt("Yes: tax %(tax)s is for triangular sales."),
    "triangular_none": _lt("No: no tax of the lines is for triangular sales."),
    "transport_product": _lt(
        "Yes: line %(n)s is a new means of transport for another EU country."
    ),
    "transport_none": _lt(
        "No: no line is a new means of transport for another EU country."
    ),
    "exempt_tax": _lt("From tax %(tax)s: %(basis)s"),
    "exempt_invoice": _lt("Given on this invoice: %(basis)s"),
    "exempt_missing": _lt("Missing: give it here or on tax %(tax)s."),
    "exempt_none": _lt("No line is exempt."),
    "margin_tax": _lt("%(kind)s: from tax %(tax)s."),
    "margin_invoice": _lt("%(kind)s: chosen on this invoice."),
    "margin_missing": _lt("Missing: choose one kind here or on tax %(tax)s."),
    "margin_none": _lt("No line is in the margin scheme."),
}
# Said only where the buyer is abroad: nobody would ask it of another invoice.
ABROAD = {"triangular_none", "transport_none"}
# The file was made before what decides it changed.
IN_FILE = {
    True: _lt("Yes: so it stands in the file for KSeF."),
    False: _lt("No: so it stands in the file for KSeF."),
}
