"""Who may import whom."""

import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

ROOT = Path(__file__).resolve().parents[1]
# Package -> names that its modules may never import.
FORBIDDEN = {
    "ksef": {"odoo", "fa3", "simulator"},
    "fa3": {"odoo", "ksef", "simulator", "requests", "cryptography"},
    "simulator": {"odoo", "ksef", "fa3", "requests"},
}
# Of the protocol, everybody may know values and errors; the gateway alone calls.
CALLING_MODULES = {
    *("auth", "batch", "certificate_files", "claims", "client", "crypto"),
    *("exchange", "lighthouse", "links", "messages", "messages_batch", "storage"),
    *("transport", "upo", "xades"),
}
# What opens a private key.
KEY_NAMES = {"ksef.certificate.Credential", "ksef.certificate.read_credential"}
KNOW_TOKENS = {
    *("l10n_pl_ksef_setup.py", "l10n_pl_ksef_setup_care.py"),
    "l10n_pl_ksef_setup_words.py",
}
MAY_CALL = {
    *("l10n_pl_ksef_gateway.py", "l10n_pl_ksef_gateway_client.py"),
    *("l10n_pl_ksef_gateway_login.py", "l10n_pl_ksef_session.py"),
}


@tagged("post_install_l10n", "post_install", "-at_install")
class TestPureLayers(BaseCase):
    """The protocol, the document and the simulator stand alone."""

    def get_imports(self, file):
        """Yield (level, dotted name) of every import in a file."""
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((0, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                for alias in node.names:
                    yield node.level, f"{base}.{alias.name}".lstrip(".")

    def test_pure_packages_import_nothing_of_the_others(self):
        for package, forbidden in FORBIDDEN.items():
            files = [
                file
                for file in (ROOT / package).rglob("*.py")
                if "tests" not in file.parts
            ]
            self.assertTrue(files)
            for file in files:
                inside = len(file.relative_to(ROOT / package).parts)
                for level, name in self.get_imports(file):
                    with self.subTest(file=str(file.relative_to(ROOT)), name=name):
                        if level:
                            self.assertLessEqual(level, inside)
                        else:
                            self.assertNotIn(name.split(".")[0], forbidden)

    def test_only_the_gateway_calls_ksef(self):
        for file in (ROOT / "models").glob("*.py"):
            for level, name in self.get_imports(file):
                parts = name.split(".")
                if level != 2 or parts[0] != "ksef" or file.name in MAY_CALL:
                    continue
                with self.subTest(file=file.name, name=name):
                    self.assertTrue(CALLING_MODULES.isdisjoint(parts[1:2]))

    def test_only_the_controller_and_setup_know_a_pasted_token(self):
        for folder in ("models", "controllers"):
            for file in (ROOT / folder).glob("*.py"):
                names = {name for _level, name in self.get_imports(file)}
                is_setup = file.name in KNOW_TOKENS
                knows = any(name.startswith("ksef.token") for name in names)
                with self.subTest(file=file.name):
                    self.assertEqual(knows, is_setup)

    def test_only_the_login_opens_a_private_key(self):
        for file in (ROOT / "models").glob("*.py"):
            names = {name for _level, name in self.get_imports(file)}
            is_login = file.name == "l10n_pl_ksef_gateway_login.py"
            with self.subTest(file=file.name):
                self.assertEqual(not KEY_NAMES.isdisjoint(names), is_login)
