"""Take a picture of every screen, in English and Polish, wide and narrow.

``python -m dev.shots FOLDER``: clones the template, starts the simulator and a
server, connects through the token dialogue, makes an invoice in every state,
changes over to a certificate, and writes FOLDER/<language>-<width>-<screen>.png.
For looking at; nothing is compared. `--parts` takes some of it only.
"""

import argparse
import json
import os
import shlex
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import TimeoutError as Timeout
from playwright.sync_api import sync_playwright

from .shots_certificate import NIP, CertificateShots, post_json
from .shots_fa3 import Fa3Shots

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "ui_shots"
WIDTHS = {1440: 1000, 420: 900}
LANGUAGES = ("en", "pl")
PARTS = ("connecting", "screens", "certificate", "fa3")
# Joined to one script: the first has the tools of the others.
DATA = ("shots_data.py", "shots_fa3_data.py", "shots_step.py")
KEY = "bDEwbl9wbF9rc2VmIHRlc3Qga2V5LCAzMiBieXRlcyE="
SETTINGS = "/odoo/action-account.action_account_config"
INVOICES = "/odoo/customer-invoices"
READY_SELECTOR = ".o_form_view, .o_list_view, .o_kanban_view"
# The bus keeps a connection open, so that the network never goes idle.
SETTLE_MS = 1200
# The job takes an invoice through in about 2 s; the longer waits are the machine's.
JOB_SECONDS = 8


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command, environment, output):
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(url):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return urllib.request.urlopen(url).read()
        except OSError:
            time.sleep(0.3)
    raise SystemExit(f"no answer from {url}")


def odoo(*words):
    return [
        *shlex.split(os.environ["ODOO"]),
        *("-c", os.environ["ODOO_CONF"], "-d", DATABASE, *words),
    ]


def shell(step, environment):
    """Run a step of the files of DATA inside Odoo; return what it made."""
    command = odoo("--no-http", "--log-level=error")
    command.insert(len(shlex.split(os.environ["ODOO"])), "shell")
    done = subprocess.run(
        command,
        input="".join((ROOT / "dev" / name).read_text() for name in DATA),
        env=environment | {"SHOTS_STEP": step, "SHOTS_NIP": NIP},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if "SHOTS " in line]
    if not lines:
        raise SystemExit(done.stdout + done.stderr)
    return json.loads(lines[0].partition("SHOTS ")[2])


class Camera:
    """A browser window of one user, one language and one width."""

    def __init__(self, browser, base, folder, language, width):
        self.base, self.folder = base, folder
        self.prefix = f"{language}-{width}"
        self.login = f"shots_{language}"
        context = browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]},
            timezone_id="Europe/Warsaw",
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = context.new_page()
        self.page.on("console", self.note)
        self.page.goto(f"{base}/web/login")
        for name in ("login", "password"):
            self.page.fill(f"input[name={name}]", self.login)
        self.page.click("form.oe_login_form button[type=submit]")
        self.page.wait_for_url(lambda url: "/web/login" not in url)

    def note(self, message):
        if message.type == "error":
            print(self.prefix, "console:", message.text)

    def open(self, path):
        self.page.goto(self.base + path)
        self.page.wait_for_selector(READY_SELECTOR)
        self.page.wait_for_timeout(SETTLE_MS)

    def shoot(self, name):
        self.page.screenshot(path=self.folder / f"{self.prefix}-{name}.png")

    def picture(self, path, name):
        try:
            self.open(path)
        except Timeout:
            print(self.prefix, name, "did not open")
        self.shoot(name)

    def open_settings(self):
        self.open(SETTINGS)
        self.page.locator("#l10n_pl_ksef_connection").scroll_into_view_if_needed()
        self.page.evaluate(
            "document.querySelector('#l10n_pl_ksef_connection')"
            ".scrollIntoView({block: 'center'})"
        )
        self.page.wait_for_timeout(300)


def take_connecting(camera, token, is_last):
    """The settings before, the token dialogue, and the settings after."""
    page = camera.page
    camera.open_settings()
    camera.shoot("settings-unconnected")
    page.click("button[name=action_l10n_pl_ksef_connect]:visible")
    field = page.locator("#l10n_pl_ksef_token_input")
    field.wait_for()
    camera.shoot("token-empty")
    for name, text in (
        ("1.0", "0" * 64),
        ("cut", token.rpartition("|")[0]),
        ("other", token.replace(NIP, "5265877635")),
        ("good", token),
    ):
        field.fill(text)
        camera.shoot(f"token-{name}")
    if not is_last:
        field.fill(token[:-8] + "0" * 8)
    page.click("button[form=l10n_pl_ksef_token]")
    page.wait_for_selector(".modal .alert-success, .modal .alert-danger")
    camera.shoot("token-result-good" if is_last else "token-result-bad")
    page.click(".modal-footer .btn-secondary, .modal-footer .btn-primary >> nth=-1")
    page.wait_for_timeout(SETTLE_MS)


def take_screens(camera, made):
    """Everything that needs a connected company."""
    camera.open_settings()
    camera.shoot("settings-connected")
    for name, res_id in made.items():
        camera.picture(f"{INVOICES}/{res_id}", f"invoice-{name}")
    camera.page.goto("about:blank")
    camera.picture(f"{INVOICES}/{made['accepted']}", "invoice-accepted")
    tab = camera.page.locator(".o_notebook .nav-link[name=l10n_pl_ksef]")
    tab.click()
    camera.page.wait_for_timeout(500)
    tab.scroll_into_view_if_needed()
    camera.shoot("invoice-tab")
    camera.picture(INVOICES, "list")
    toggle = camera.page.locator(".o_searchview_dropdown_toggler")
    if toggle.is_visible():
        toggle.click()
        camera.page.wait_for_timeout(400)
        camera.shoot("list-filters")
    camera.picture("/odoo/ksef-submissions", "submissions")
    camera.page.locator(".o_data_row, .o_kanban_record").first.click()
    camera.page.wait_for_selector(".o_form_view")
    camera.page.wait_for_timeout(SETTLE_MS)
    camera.shoot("submission")
    camera.open("/odoo/taxes")
    camera.page.locator("text=/Exempt|Zwol/").first.click()
    camera.page.wait_for_selector(".o_form_view")
    camera.page.locator(".nav-link[name=advanced_options]").click()
    camera.shoot("tax")


def take_parts(cameras, simulator, parts, environment):
    if "connecting" in parts:
        token = post_json(
            f"{simulator}/control/tokens",
            {"nip": NIP, "permissions": ["InvoiceRead", "InvoiceWrite"]},
        )["token"]
        for camera in cameras:
            take_connecting(camera, token, camera is cameras[-1])
    if "screens" in parts:
        made = shell("accepted", environment)
        time.sleep(JOB_SECONDS)
        made |= shell("states", environment)
        for camera in cameras:
            take_screens(camera, made)
    if "certificate" in parts:
        for camera in cameras:
            CertificateShots(
                camera, simulator, lambda step: shell(step, environment), DATABASE
            ).take()
    if "fa3" in parts:
        made = shell("fa3", environment)
        for camera in cameras:
            Fa3Shots(camera, made, DATABASE).take()


def take_all(base, simulator, options, environment):
    chromium = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        cameras = [
            Camera(browser, base, options.folder, language, width)
            for language in options.languages
            for width in options.widths
        ]
        take_parts(cameras, simulator, options.parts, environment)
        browser.close()


def main():
    parser = argparse.ArgumentParser(prog="dev/shots", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--languages", nargs="+", default=LANGUAGES)
    parser.add_argument("--widths", nargs="+", type=int, default=tuple(WIDTHS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    port, simulator_port = free_port(), free_port()
    simulator = f"http://127.0.0.1:{simulator_port}"
    base = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "L10N_PL_KSEF_URL": f"{simulator}/v2",
        "L10N_PL_KSEF_KEY": KEY,
    }
    python = str(ROOT / ".dev" / "venv" / "bin" / "python")
    simulate = [python, "-m", "simulator", "--port", str(simulator_port)]
    with (folder / "server.log").open("w") as log:
        subprocess.run([ROOT / "dev" / "db", "clone", DATABASE], check=True)
        install = odoo("-i", "l10n_pl_ksef", "--stop-after-init", "--no-http")
        subprocess.run(install, env=environment, stdout=log, stderr=log, check=True)
        shell("people", environment)
        serve = odoo(f"--http-port={port}")
        with (
            running(simulate, environment, log),
            running(serve, environment, log),
        ):
            wait_for(f"{base}/web/login")
            take_all(base, simulator, options, environment)
    subprocess.run([ROOT / "dev" / "db", "drop", DATABASE], check=True)


if __name__ == "__main__":
    main()
