"""One Chromium with Odoo's web client, as a person in front of it has it."""

import shutil
import time

from playwright.sync_api import sync_playwright

from ..demo_run import LOGIN, PASSWORD

WAIT_MILLISECONDS = 60_000
NUMBER = "[name='l10n_pl_ksef_number']"
SETTINGS = "/odoo/action-account.action_account_config"
CONNECTION = "#l10n_pl_ksef_connection"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Browser:
    """A logged-in page; `errors` collects what the console says is wrong.

    `clicks` counts what a person clicks, where a test goes through :meth:`click`.
    """

    def __init__(self, address, company, language=None):
        self.address = address
        self.errors = []
        self.clicks = 0
        self._playwright = sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS
        )
        context = self._chromium.new_context(viewport={"width": 1440, "height": 1000})
        self.page = context.new_page()
        self.page.set_default_timeout(WAIT_MILLISECONDS)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._log_in()
        context.add_cookies(
            [{"name": "cids", "value": str(company), "url": self.address}]
        )

    def close(self):
        self._chromium.close()
        self._playwright.stop()

    def _note(self, message):
        if message.type == "error":
            self.errors.append(message.text)

    def _log_in(self):
        self.page.goto(f"{self.address}/web/login")
        self.page.fill("input[name=login]", LOGIN)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("form.oe_login_form button[type=submit]")
        self.page.wait_for_url(lambda url: "/web/login" not in url)

    def open_invoice(self, move):
        """Open the form of an invoice and mark the page, to notice a reload."""
        self.page.goto(f"{self.address}/odoo/customer-invoices/{move}")
        self.page.wait_for_selector(".o_form_view button[name=action_post]")
        self.page.evaluate("window.isSamePage = true")

    def confirm(self, move):
        """Open a draft and press Confirm."""
        self.open_invoice(move)
        self.page.click("button[name=action_post]:visible")

    def confirm_and_wait(self, move):
        """Press Confirm and wait until the form shows a number; return it."""
        self.confirm(move)
        return self.read_number()

    def time_confirm(self, move):
        """Return the seconds from Confirm until the number is on the form."""
        self.open_invoice(move)
        started = time.monotonic()
        self.page.click("button[name=action_post]:visible")
        self.read_number()
        return time.monotonic() - started

    def read_number(self):
        """Wait until the form shows a KSeF number and return it."""
        self.page.wait_for_function(
            "selector => [...document.querySelectorAll(selector)]"
            ".some(node => /[0-9]{10}-[0-9]{8}-/.test(node.textContent))",
            arg=NUMBER,
        )
        return self.page.locator(NUMBER).first.inner_text().strip()

    def is_same_page(self):
        """Tell whether the page was never loaded anew since it was opened."""
        return bool(self.page.evaluate("window.isSamePage === true"))

    def type_reference(self, text):
        """Type into the reference of the posted invoice without saving."""
        self.page.wait_for_selector(".o_arrow_button_current:has-text('Posted')")
        self.page.click("a.nav-link:has-text('Other Info')")
        self.page.fill("div[name=ref] input:visible", text)

    def click(self, selector):
        """Click what is visible, as a person does, and count it."""
        self.clicks += 1
        self.page.click(f"{selector}:visible")

    def choose_files(self, selector, files):
        """Click a file input and choose in the system's window: one click.

        :param files: dict name -> bytes
        """
        with self.page.expect_file_chooser() as window:
            self.click(selector)
        chosen = [
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            for name, content in files.items()
        ]
        window.value.set_files(chosen)

    def open_settings(self):
        """Open the settings and show how the company is connected."""
        self.page.goto(f"{self.address}{SETTINGS}")
        self.page.locator(CONNECTION).scroll_into_view_if_needed()

    def get_reference(self):
        return self.page.input_value("div[name=ref] input:visible")
