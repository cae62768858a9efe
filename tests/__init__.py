from . import (
    test_access,
    test_faults,
    test_frozen_invoice,
    test_journey,
    test_other_module,
    test_policy,
    test_posting,
    test_pure_layers,
    test_states,
    test_token_entry,
    test_vault,
)
