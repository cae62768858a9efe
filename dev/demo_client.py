"""Odoo as a browser speaks to it: a log-in session, RPC calls, the token form."""

import re

import requests

from .common import Stop

TIMEOUT_SECONDS = 60
READ_LOG = "read the log of Odoo in .dev/logs (ksef_demo…-odoo.log)"
CSRF = re.compile(r'csrf_token:\s*"([^"]+)"')


class Refused(Stop):
    """Odoo answered a call with an error."""


class OdooClient:
    """One person's session with an Odoo server."""

    def __init__(self, address, database, login, password):
        """Log in; `address` is like http://127.0.0.1:8069.

        :raises Stop: Odoo refuses the log-in
        """
        self.address = address
        self.context = {}
        self._http = requests.Session()
        self._http.trust_env = False
        self._rpc(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": password},
        )

    def call(self, model, method, *args, **options):
        """Call a method of a model as the web client does; return its result.

        :raises Stop: Odoo answers with an error; the sentence is Odoo's
        """
        context = {**self.context, **options.pop("context", {})}
        return self._rpc(
            f"/web/dataset/call_kw/{model}/{method}",
            {
                "model": model,
                "method": method,
                "args": list(args),
                "kwargs": {**options, "context": context},
            },
        )

    def reference(self, external_id):
        """Return the database id of a record known by its external id."""
        module, name = external_id.split(".")
        domain = [("module", "=", module), ("name", "=", name)]
        return self.call("ir.model.data", "search_read", domain, ["res_id"])[0][
            "res_id"
        ]

    def connect_to_ksef(self, company_id, environment, token):
        """Paste a token as the settings dialogue does; return the JSON answer."""
        answer = self.enter_secret("token", company_id, environment, {"token": token})
        answer.raise_for_status()
        return answer.json()

    def enter_secret(self, kind, company_id, environment, values, files=()):
        """Send what a dialogue of the settings asks for; return the HTTP answer.

        :param kind: ``token`` or ``certificate``, the end of the address
        :param files: list of bytes
        """
        page = self._http.get(f"{self.address}/odoo", timeout=TIMEOUT_SECONDS)
        found = CSRF.search(page.text)
        if not found:
            raise Stop("Odoo's web client did not load.", READ_LOG)
        values = {"company_id": company_id, "environment": environment, **values}
        return self._http.post(
            f"{self.address}/l10n_pl_ksef/{kind}",
            data={**values, "csrf_token": found[1]},
            files=[("files", ("upload", content)) for content in files] or None,
            timeout=TIMEOUT_SECONDS,
        )

    def download(self, path):
        """Return the bytes behind a link of this Odoo."""
        answer = self._http.get(f"{self.address}{path}", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.content

    def _rpc(self, path, params):
        answer = self._http.post(
            f"{self.address}{path}",
            json={"jsonrpc": "2.0", "params": params},
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        body = answer.json()
        if error := body.get("error"):
            raise Refused(
                f"Odoo refused {path}: {error['data']['message']}",
                READ_LOG,
            )
        return body.get("result")
