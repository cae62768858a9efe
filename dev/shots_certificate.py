"""Pictures of the change from a token to a certificate and back, for `shots.py`.

Each camera begins with a working token and ends with a certificate that KSeF
refuses, so the next one connects by token again.
"""

import json
import urllib.request
from datetime import date, timedelta

from .certificate_files import make_files
from .demo_client import OdooClient

NIP = "5795955811"
OTHER_NIP = "5265877635"
PESEL = "80010112345"
PASSPHRASE = "shots"
TOKEN_END = "l10n_pl_ksef.token_login_end"
# Days until tokens end: no word of it, an offer, the last day, the day after.
DAYS_LEFT = {"before": 90, "offer": 41, "today": 0, "ended": -1}
CONNECTION = "#l10n_pl_ksef_connection"
CERTIFICATE_BUTTON = "button[name=action_l10n_pl_ksef_certificate]:visible"
TOKEN_BUTTON = "button[name=action_l10n_pl_ksef_connect]:visible"
FILES = "#l10n_pl_ksef_certificate_files"
PASSPHRASE_INPUT = "#l10n_pl_ksef_certificate_passphrase"
TOKEN_INPUT = "#l10n_pl_ksef_token_input"
SUBMIT = ".modal button[type=submit]"
RESULT = ".modal .alert-success, .modal .alert-danger"
CLOSE = ".modal-footer button:last-child"
SETTLE_MS = 1200
# What is wrong with the files, as the simulator makes them.
REFUSED = {
    "offline": {"type": "Offline"},
    "other-nip": {"nip": OTHER_NIP},
    "expired": {"valid_from_days": -30, "valid_days": 20},
    "future": {"valid_from_days": 5},
    "rights": {"pesel": PESEL, "permissions": ["InvoiceRead"]},
    "revoked": {},
}


def post_json(url, payload):
    """Post to the simulator's control interface; return its answer."""
    request = urllib.request.Request(
        url, json.dumps(payload).encode(), {"Content-Type": "application/json"}
    )
    return json.loads(urllib.request.urlopen(request).read())


class CertificateShots:
    """The screens of one camera; `shell` runs a step of `shots_data.py`."""

    def __init__(self, camera, simulator, shell, database):
        self.camera, self.page = camera, camera.page
        self.control, self.shell = f"{simulator}/control", shell
        login = camera.login
        self.odoo = OdooClient(camera.base, database, login, login)

    def take(self):
        """Take every picture, in the order in which a person meets them."""
        self._take_token()
        for name, days in DAYS_LEFT.items():
            self._set_token_end(days)
            self._take_settings(f"certificate-settings-{name}")
        self._set_token_end(DAYS_LEFT["offer"])
        self._take_dialogue()
        self._take_success()
        self._take_working()
        self._take_ending()
        self._take_held()

    def _take_token(self):
        """Log in with a token, from whatever the last camera left behind."""
        self._set_token_end(DAYS_LEFT["before"])
        self.camera.open_settings()
        self.page.locator(TOKEN_BUTTON).first.click()
        self._shoot_dialogue("certificate-token-dialogue")
        self.page.fill(TOKEN_INPUT, self._make_token())
        self._submit()
        self._shoot_dialogue("certificate-token-result")
        self._close()

    def _make_token(self):
        values = {"nip": NIP, "permissions": ["InvoiceRead", "InvoiceWrite"]}
        return post_json(f"{self.control}/tokens", values)["token"]

    def _set_token_end(self, days):
        last = (date.today() + timedelta(days=days)).isoformat()
        self.odoo.call("ir.config_parameter", "set_param", TOKEN_END, last)

    def _make_files(self, **values):
        """Return a certificate and its protected key, as the file window does."""
        made = post_json(f"{self.control}/certificates", {"nip": NIP, **values})
        self.serial = made["serial"]
        files = make_files(made, PASSPHRASE)
        return [
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
            for name, content in files.items()
        ]

    def _take_settings(self, name):
        self.camera.open_settings()
        self.page.locator(CONNECTION).screenshot(
            path=self.camera.folder / f"{self.camera.prefix}-{name}.png"
        )

    def _take_dialogue(self):
        """The dialogue empty and filled, and each kind of refusal in it."""
        page = self.page
        self.camera.open_settings()
        page.locator(CERTIFICATE_BUTTON).first.click()
        page.wait_for_selector(FILES)
        self._shoot_dialogue("certificate-empty")
        page.set_input_files(FILES, self._make_files())
        page.fill(PASSPHRASE_INPUT, "wrong")
        self._shoot_dialogue("certificate-filled")
        self._submit()
        self._shoot_dialogue("certificate-refused-passphrase")
        self._submit()
        self._shoot_dialogue("certificate-refused-no-passphrase")
        page.set_input_files(FILES, self._make_files()[:1])
        self._submit()
        self._shoot_dialogue("certificate-refused-no-key")
        for name, values in REFUSED.items():
            self._refuse(name, values)

    def _refuse(self, name, values):
        self.page.set_input_files(FILES, self._make_files(**values))
        if name == "revoked":
            revoked = {"status": "Revoked"}
            post_json(f"{self.control}/certificates/{self.serial}", revoked)
        self.page.fill(PASSPHRASE_INPUT, PASSPHRASE)
        self._submit()
        self._shoot_dialogue(f"certificate-refused-{name}")

    def _take_success(self):
        self.page.set_input_files(FILES, self._make_files())
        self.page.fill(PASSPHRASE_INPUT, PASSPHRASE)
        self._submit()
        self._shoot_dialogue("certificate-success")
        self._close()

    def _take_working(self):
        """The settings, the test and the page of the connection afterwards."""
        self._take_settings("certificate-settings-after")
        self.page.locator(CERTIFICATE_BUTTON).first.click()
        self._shoot_dialogue("certificate-replace")
        self._close()
        self.page.click("button[name=action_l10n_pl_ksef_test]:visible")
        self._shoot_dialogue("certificate-test")
        self._close()
        self._take_status("certificate-status")

    def _take_ending(self):
        """The certificate ends soon: who is told, and where."""
        made = self.shell("certificate_ending")
        path = f"/odoo/l10n_pl_ksef.warning/{made['warning']}"
        self.camera.picture(path, "certificate-activity")
        self._take_status("certificate-status-ending")
        self._take_settings("certificate-settings-ending")

    def _take_held(self):
        """KSeF refuses the certificate while an invoice waits."""
        made = self.shell("certificate_refused")
        path = f"/odoo/customer-invoices/{made['invoice']}"
        self.camera.picture(path, "certificate-invoice-held")
        self._take_status("certificate-status-refused")
        self._take_settings("certificate-settings-refused")

    def _take_status(self, name):
        self.page.goto(f"{self.camera.base}/odoo/ksef-status")
        self.page.wait_for_selector(".o_l10n_pl_ksef_sheet")
        self.page.wait_for_timeout(SETTLE_MS)
        self.camera.shoot(name)

    def _submit(self):
        with self.page.expect_response("**/l10n_pl_ksef/*"):
            self.page.click(SUBMIT)
        self.page.wait_for_selector(RESULT)

    def _shoot_dialogue(self, name):
        self.page.wait_for_selector(".modal .modal-footer button")
        self.page.wait_for_timeout(SETTLE_MS // 3)
        self.camera.shoot(name)

    def _close(self):
        self.page.click(CLOSE)
        self.page.wait_for_selector(".modal", state="detached")
        self.page.wait_for_timeout(SETTLE_MS)
