from . import account_move_reversal, l10n_pl_ksef_buyer_correction
