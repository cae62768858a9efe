from . import (
    account_move_reversal,
    l10n_pl_ksef_buyer_correction,
    l10n_pl_ksef_debit_note,
    l10n_pl_ksef_readiness,
    l10n_pl_ksef_readiness_record,
)
