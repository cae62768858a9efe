"""The table of states."""

import itertools

from ..ksef.statuses import Verdict, invoice_verdict
from ..models.l10n_pl_ksef_document import (
    FROZEN_STATES,
    OPEN_STATES,
    STATES,
    TRANSITIONS,
)
from .common import KsefCase


class TestStates(KsefCase):
    """Only the steps in the table are taken, and no state is a dead end."""

    def setUp(self):
        super().setUp()
        self.connect()

    def test_each_pair_of_states_follows_the_table(self):
        _invoice, document = self.post_invoice()
        names = [name for name, _label in STATES]
        self.assertEqual(set(TRANSITIONS), set(names))
        for old, new in itertools.product(names, names):
            document.write({"state": old})
            with self.subTest(old=old, new=new):
                if new in TRANSITIONS[old]:
                    document._set_state(new)
                    self.assertEqual(document.state, new)
                else:
                    with self.assertRaises(ValueError):
                        document._set_state(new)

    def test_each_open_state_has_a_next_step(self):
        _invoice, document = self.post_invoice()
        for old, news in TRANSITIONS.items():
            for new in news:
                document.write({"state": old})
                document._set_state(new)
                with self.subTest(old=old, new=new):
                    self.assertEqual(
                        bool(document.next_step_on),
                        new in OPEN_STATES,
                        "an open document is always planned",
                    )

    def test_blocked_document_returns_to_where_it_was(self):
        _invoice, document = self.post_invoice()
        for state in ("queued", "unknown", "processing"):
            document.write({"state": state})
            document._block("token")
            with self.subTest(state=state):
                self.assertEqual(document.state, "blocked")
                self.assertEqual(document._is_identity_frozen(), state in FROZEN_STATES)
                document._release()
                self.assertEqual(document.state, state)

    def test_unknown_status_code_changes_nothing(self):
        _invoice, document = self.post_invoice()
        self.assertIs(invoice_verdict(777), Verdict.UNKNOWN)
        self.simulator.inject("send_invoice", "invoice_status", code=777)
        self.step()
        document.next_step_on = document.state_since
        self.step()
        self.assertEqual(document.state, "processing")
        self.assertEqual(document.status_code, "777", "it stays visible")
