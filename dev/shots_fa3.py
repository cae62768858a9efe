"""Pictures of what FA(3) adds to Odoo's screens, for `shots.py`.

The tab KSeF of each kind of invoice, the windows that correct, the readiness check,
the preview, and what stands on customers, products, units, taxes and the company.
"""

from .demo_client import OdooClient

INVOICES = "/odoo/customer-invoices"
SETTINGS = "/odoo/action-account.action_account_config"
READINESS = "/odoo/action-l10n_pl_ksef.action_readiness"
TAB = ".o_notebook .nav-link[name=l10n_pl_ksef]"
MODAL = ".modal .modal-footer button"
SETTLE_MS = 800
TALL = 2600  # pixels, to see a whole tab
CHECK_MS = 60_000


class Fa3Shots:
    """The screens of one camera; ``made`` is what `shots_fa3_data.py` returned."""

    def __init__(self, camera, made, database):
        self.camera, self.page, self.made = camera, camera.page, made
        login = camera.login
        self.odoo = OdooClient(camera.base, database, login, login)

    def take(self):
        """Take every picture."""
        for name, move in self.made["moves"].items():
            self._take_tab(name, move)
            self._take_preview(name, move)
        self._take_windows()
        self._take_readiness()
        self._take_records()
        self._take_settings()

    def _shoot_whole(self, name):
        """Take what the window would show if it were as tall as the page."""
        size = self.page.viewport_size
        self.page.set_viewport_size({**size, "height": TALL})
        self.page.wait_for_timeout(SETTLE_MS)
        self.camera.shoot(f"fa3-{name}")
        self.page.set_viewport_size(size)

    def _open_tab(self, move):
        self.camera.open(f"{INVOICES}/{move}")
        self.page.locator(TAB).click()
        self.page.wait_for_timeout(SETTLE_MS)

    def _take_tab(self, name, move):
        self._open_tab(move)
        self._shoot_whole(f"tab-{name}")

    def _take_preview(self, name, move):
        self.page.goto(f"{self.camera.base}/l10n_pl_ksef/preview/{move}")
        folder, prefix = self.camera.folder, self.camera.prefix
        path = folder / f"{prefix}-fa3-preview-{name}.png"
        self.page.screenshot(path=path, full_page=True)

    def _take_windows(self):
        """The two windows that make a correction."""
        posted = self.made["moves"]["posted"]
        self.camera.open(f"{INVOICES}/{posted}")
        button = self.page.locator("button[name=action_reverse]:visible")
        if not button.count():
            self.page.locator(".o_statusbar_buttons .dropdown-toggle").first.click()
            self.page.wait_for_timeout(SETTLE_MS)
        button.first.click()
        self._shoot_window("window-credit")
        self._open_tab(posted)
        method = "action_l10n_pl_ksef_correct_buyer"
        self.page.locator(f"button[name={method}]:visible").click()
        self._shoot_window("window-buyer")

    def _shoot_window(self, name):
        self.page.wait_for_selector(MODAL)
        self.page.wait_for_timeout(SETTLE_MS)
        self.camera.shoot(f"fa3-{name}")

    def _take_readiness(self):
        months = self.odoo.call(
            "l10n_pl_ksef.readiness", "fields_get", ["month"], ["selection"]
        )["month"]["selection"]
        for name, (month, _words) in (("empty", months[0]), ("many", months[1])):
            made = self.odoo.call("l10n_pl_ksef.readiness", "create", {"month": month})
            self._open_readiness(made)
            self.camera.shoot(f"fa3-readiness-{name}-before")
            self.page.locator("button[name=action_check]:visible").click()
            self._take_results(name)
        action = self.odoo.call(
            "account.move", "action_l10n_pl_ksef_readiness", self.made["three"]
        )
        self._open_readiness(action["res_id"])
        self._take_results("three")

    def _open_readiness(self, made):
        self.camera.open(f"{READINESS}/{made}")

    def _take_results(self, name):
        again = "button[name=action_check].btn-secondary:visible"
        self.page.wait_for_selector(again, timeout=CHECK_MS)
        self.page.wait_for_timeout(SETTLE_MS)
        self.camera.shoot(f"fa3-readiness-{name}")
        tab = self.page.locator(".nav-link[name=by_invoice]:visible")
        if tab.count():
            tab.click()
            self.page.wait_for_timeout(SETTLE_MS)
            self.camera.shoot(f"fa3-readiness-{name}-by-invoice")

    def _take_records(self):
        made = self.made
        for name, path, tab in (
            ("partner", f"/odoo/customers/{made['partner']}", "accounting"),
            ("product", f"/odoo/product.template/{made['product']}", "invoicing"),
            ("unit", f"/odoo/uom.uom/{made['unit']}", None),
            ("tax", f"/odoo/account.tax/{made['tax']}", "advanced_options"),
            ("company", f"/odoo/res.company/{made['company']}", None),
        ):
            self.camera.open(path)
            if tab:
                self.page.locator(f".nav-link[name={tab}]").first.click()
                self.page.wait_for_timeout(SETTLE_MS)
            self._shoot_whole(name)
            check = "button[name=action_l10n_pl_ksef_check]:visible"
            if self.page.locator(check).count():
                self.page.locator(check).first.click()
                self._shoot_window(f"{name}-check")

    def _take_settings(self):
        self.camera.open(SETTINGS)
        self.page.evaluate(
            "document.querySelector('#l10n_pl_ksef_seller')"
            ".scrollIntoView({block: 'center'})"
        )
        self.page.wait_for_timeout(SETTLE_MS)
        self.camera.shoot("fa3-settings")
