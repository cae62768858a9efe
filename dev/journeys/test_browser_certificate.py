"""An administrator changes how a company logs in to KSeF, in a browser."""

import json
import time

from ..certificate_files import make_files
from .browser import CONNECTION, Browser
from .common import ServerCase

PASSPHRASE = "zażółć gęślą jaźń"
MOST_CLICKS = 5
# For whatever the page still does after an answer.
SETTLE_MILLISECONDS = 300
ROUTE = "**/l10n_pl_ksef/certificate"
# Dialogues.
FILES = "#l10n_pl_ksef_certificate_files"
PASSPHRASE_INPUT = "#l10n_pl_ksef_certificate_passphrase"
TOKEN_INPUT = "#l10n_pl_ksef_token_input"
CHECK = ".modal button[type=submit]"
CLOSE = ".modal-footer button:has-text('Close')"
REFUSED, CONNECTED = ".modal .alert-danger", ".modal .alert-success"
PASSPHRASE_WRONG = ".modal li:has-text('The password does not open')"
CONFIRM = ".modal:has-text('legal effect and cannot be withdrawn')"
# Settings.
ADD = f"{CONNECTION} button:has-text('Add certificate')"
REPLACE = f"{CONNECTION} button:has-text('Replace certificate')"
USE_TOKEN = f"{CONNECTION} button:has-text('Use a token instead')"
REPLACE_TOKEN = f"{CONNECTION} button:has-text('Replace token')"
GET_FACTS = "**/l10n_pl_ksef_get_connect_facts"


class TestBrowserCertificate(ServerCase):
    """From token to certificate and back: few clicks, and never the files twice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = Browser(cls.demo.address, cls.journey.company)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.journey.connect()
        self.page = self.browser.page
        self.browser.errors.clear()
        self.browser.clicks = 0
        self.browser.open_settings()

    def tearDown(self):
        self.assertEqual(self.browser.errors, [])
        self.check_no_error_logged()

    def get_nip(self):
        company = self.odoo.call("res.company", "read", [self.journey.company], ["vat"])
        return company[0]["vat"].removeprefix("PL")

    def make_files(self):
        """Make a certificate as KSeF's application gives it, its key protected."""
        values = {"nip": self.get_nip(), "type": "Authentication", "key": "rsa"}
        made = self.demo.control("POST", "certificates", values)
        self.serial = made["serial"]
        return make_files(made, PASSPHRASE)

    def count_files(self):
        return self.page.eval_on_selector(FILES, "input => input.files.length")

    def check_invoice(self):
        """See an invoice through to its number with the present log-in."""
        number = self.browser.confirm_and_wait(self.journey.make_invoice())
        self.assertIn(number, [entry["ksefNumber"] for entry in self.get_book()])

    def change_to_certificate(self):
        self.browser.click(ADD)
        self.browser.choose_files(FILES, self.make_files())
        self.page.fill(PASSPHRASE_INPUT, PASSPHRASE)
        self.browser.click(CHECK)
        self.page.wait_for_selector(CONNECTED)
        self.browser.click(CLOSE)
        self.page.wait_for_selector(REPLACE)

    def change_to_token(self):
        self.browser.click(USE_TOKEN)
        self.page.fill(TOKEN_INPUT, self.journey.make_token(self.get_nip()))
        self.browser.click(CHECK)
        self.page.wait_for_selector(CONNECTED)
        self.browser.click(CLOSE)
        self.page.wait_for_selector(REPLACE_TOKEN)

    def check_clicks(self, change):
        """Change the log-in on the opened settings; few clicks are enough."""
        self.browser.clicks = 0
        started = time.monotonic()
        change()
        seconds = time.monotonic() - started
        print(f"{change.__name__}: {self.browser.clicks} clicks, {seconds:.1f} s")
        self.assertLessEqual(self.browser.clicks, MOST_CLICKS)

    def test_change_to_a_certificate_and_back_takes_few_clicks(self):
        self.check_clicks(self.change_to_certificate)
        self.check_invoice()
        requests = self.demo.control("GET", "requests")
        self.assertGreater(requests["login_certificate"], 0)
        self.browser.open_settings()
        self.check_clicks(self.change_to_token)
        self.check_invoice()

    def test_wrong_passphrase_is_corrected_without_choosing_the_files_again(self):
        self.page.click(f"{ADD}:visible")
        self.browser.choose_files(FILES, self.make_files())
        self.page.wait_for_selector(".modal :text('firma.crt, firma.key')")
        self.page.fill(PASSPHRASE_INPUT, "not this one")
        self.page.press(PASSPHRASE_INPUT, "Enter")
        self.page.wait_for_selector(PASSPHRASE_WRONG)
        self.page.wait_for_selector(f"{PASSPHRASE_INPUT}:focus")
        self.assertEqual(self.page.input_value(PASSPHRASE_INPUT), "")
        self.assertEqual(self.count_files(), 2)
        self.page.keyboard.type(PASSPHRASE)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(CONNECTED)
        self.assertEqual(self.page.locator(FILES).count(), 0)
        self.page.click(CLOSE)
        self.check_invoice()

    def test_refused_certificate_leaves_the_present_log_in(self):
        self.page.click(f"{ADD}:visible")
        self.page.wait_for_selector(".modal :text('present log-in stays')")
        files = self.make_files()
        revoked = {"status": "Revoked"}
        self.demo.control("POST", f"certificates/{self.serial}", revoked)
        self.browser.choose_files(FILES, files)
        self.page.fill(PASSPHRASE_INPUT, PASSPHRASE)
        self.browser.click(CHECK)
        self.page.wait_for_selector(REFUSED)
        self.assertEqual(self.count_files(), 2)
        self.page.click(CLOSE)
        self.page.wait_for_selector(REPLACE_TOKEN)
        self.check_invoice()

    def test_closing_while_ksef_is_asked_breaks_nothing(self):
        slow = {"operation": "login_certificate", "action": "delay", "seconds": 2}
        self.demo.control("POST", "faults", slow)
        self.page.click(f"{ADD}:visible")
        self.browser.choose_files(FILES, self.make_files())
        self.page.fill(PASSPHRASE_INPUT, PASSPHRASE)
        with self.page.expect_response(ROUTE) as answered:
            self.page.click(CHECK)
            self.page.click(CLOSE)
            self.page.wait_for_selector(CHECK, state="detached")
        self.assertTrue(answered.value.json()["connected"])
        self.page.wait_for_timeout(SETTLE_MILLISECONDS)
        self.browser.open_settings()
        self.page.wait_for_selector(REPLACE)

    def let_choose_production(self, connected_to):
        """Offer production, which a server with an own address never does."""

        def answer(route):
            response = route.fetch()
            told = response.json()
            told["result"] |= {"connected_to": connected_to}
            for environment in told["result"]["environments"]:
                environment["is_open"] = True
            route.fulfill(response=response, body=json.dumps(told))

        self.page.route(GET_FACTS, answer)
        self.addCleanup(self.page.unroute, GET_FACTS, answer)

    def ask_for_production(self, connected_to):
        self.let_choose_production(connected_to)
        self.page.click(f"{ADD}:visible")
        self.page.check(".modal input[type=radio][value=production]")
        self.browser.choose_files(FILES, self.make_files())
        self.page.fill(PASSPHRASE_INPUT, PASSPHRASE)
        self.page.press(PASSPHRASE_INPUT, "Enter")

    def test_production_is_confirmed_by_a_company_that_is_not_there_yet(self):
        self.ask_for_production(connected_to="test")
        self.page.wait_for_selector(CONFIRM)
        self.assertEqual(self.page.locator(REFUSED).count(), 0)

    def test_production_is_not_confirmed_by_a_company_that_is_there(self):
        self.ask_for_production(connected_to="production")
        self.page.wait_for_selector(REFUSED)
        self.assertEqual(self.page.locator(CONFIRM).count(), 0)
