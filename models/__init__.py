"""Where to find what, a line each; the whole table is in readme/DEVELOP.md.

Posting starts the work          account_move.py: _post
A waiting row is written         l10n_pl_ksef_outbox.py: _enqueue
The invoice is sent              l10n_pl_ksef_sender.py: _send_one
What became of it is asked       l10n_pl_ksef_poller.py: _poll, _resolve_one
The state is written             l10n_pl_ksef_document.py: _set_state
The job's order of work          l10n_pl_ksef_job.py: _cron_run
A token comes in and is checked  l10n_pl_ksef_setup.py: _connect
A secret is sealed and opened    l10n_pl_ksef_vault.py
KSeF is called                   l10n_pl_ksef_gateway.py
An invoice becomes FA(3)         l10n_pl_ksef_fa3_export.py
A problem becomes a sentence     l10n_pl_ksef_explain.py, l10n_pl_ksef_checks.py
"""

from . import (
    res_company,
    res_partner,
    account_tax,
    l10n_pl_ksef_vault,
    l10n_pl_ksef_connection,
    l10n_pl_ksef_gateway,
    l10n_pl_ksef_setup,
    l10n_pl_ksef_session,
    l10n_pl_ksef_document,
    l10n_pl_ksef_document_screen,
    l10n_pl_ksef_schema,
    l10n_pl_ksef_checks,
    l10n_pl_ksef_fa3_export,
    l10n_pl_ksef_outbox,
    l10n_pl_ksef_sender,
    l10n_pl_ksef_poller,
    l10n_pl_ksef_job,
    l10n_pl_ksef_explain,
    l10n_pl_ksef_facts,
    account_move,
    account_move_screen,
    account_move_send,
    res_config_settings,
)
