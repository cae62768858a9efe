"""Where to find what, a line each; the whole table is in readme/DEVELOP.md.

Posting starts the work          account_move.py: _post
A waiting row is written         l10n_pl_ksef_outbox.py: _enqueue
The invoice is sent              l10n_pl_ksef_sender.py: _send_one
Many are sent as a package       l10n_pl_ksef_batch.py: _send_package
What became of it is asked       l10n_pl_ksef_poller.py: _poll
What is not certain is settled   l10n_pl_ksef_reconciler.py
Receipts are fetched and kept    l10n_pl_ksef_receipt.py
What became of a package         l10n_pl_ksef_batch_poller.py: _take_step
The state is written             l10n_pl_ksef_document.py: _set_state
The job's order of work          l10n_pl_ksef_job.py: _cron_run
A token comes in and is checked  l10n_pl_ksef_setup.py: _connect
So does a certificate            l10n_pl_ksef_setup_certificate.py
A secret is sealed and opened    l10n_pl_ksef_vault.py
KSeF is called                   l10n_pl_ksef_gateway.py
An invoice becomes FA(3)         l10n_pl_ksef_fa3_export.py
Other invoices it names          l10n_pl_ksef_fa3_related.py
A problem becomes a sentence     l10n_pl_ksef_explain.py, l10n_pl_ksef_checks.py
"""

from . import (
    l10n_pl_ksef_move_part,
    l10n_pl_ksef_party,
    l10n_pl_ksef_detail,
    l10n_pl_ksef_received,
    res_company,
    res_company_parties,
    res_partner,
    account_payment_method_line,
    account_tax,
    account_tax_settlement,
    product_template,
    uom_uom,
    res_company_fa3,
    res_company_currency,
    l10n_pl_ksef_vault,
    l10n_pl_ksef_connection,
    l10n_pl_ksef_connection_secrets,
    l10n_pl_ksef_limit,
    l10n_pl_ksef_gateway,
    l10n_pl_ksef_gateway_login,
    l10n_pl_ksef_setup,
    l10n_pl_ksef_setup_care,
    l10n_pl_ksef_setup_certificate,
    l10n_pl_ksef_session,
    l10n_pl_ksef_receipt,
    l10n_pl_ksef_document,
    l10n_pl_ksef_document_screen,
    l10n_pl_ksef_schema,
    l10n_pl_ksef_checks,
    l10n_pl_ksef_fa3_export,
    l10n_pl_ksef_outbox,
    l10n_pl_ksef_sender,
    l10n_pl_ksef_poller,
    l10n_pl_ksef_reconciler,
    l10n_pl_ksef_batch,
    l10n_pl_ksef_batch_size,
    l10n_pl_ksef_batch_poller,
    l10n_pl_ksef_agenda,
    l10n_pl_ksef_job,
    l10n_pl_ksef_explain,
    l10n_pl_ksef_facts,
    l10n_pl_ksef_report,
    l10n_pl_ksef_announcement,
    l10n_pl_ksef_explain_connection,
    l10n_pl_ksef_warning,
    l10n_pl_ksef_farewell,
    l10n_pl_ksef_health,
    l10n_pl_ksef_health_rows,
    account_move,
    account_move_correction,
    l10n_pl_ksef_corrected_invoice,
    account_move_line_fa3,
    account_move_statements,
    account_move_parties,
    account_move_terms,
    account_move_advances,
    account_move_currency,
    account_move_screen,
    account_move_send,
    account_move_preview,
    l10n_pl_ksef_document_preview,
    l10n_pl_ksef_preview,
    l10n_pl_ksef_other_module,
    res_config_settings,
    res_config_settings_parties,
)
