import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import config

from ..fa3 import schema
from ..models import l10n_pl_ksef_schema as model_file


class FileServer:
    """Serves bytes by path on this machine: {path: (status, bytes)}."""

    def __init__(self, answers):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, data = answers.get(self.path, (404, b""))
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Location", f"/elsewhere{self.path}")
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        try:
            yield {name: self.url + name for name in schema.PINS}
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()


@tagged("post_install_l10n", "post_install", "-at_install")
class TestSchemaSource(TransactionCase):
    """The official schema is found in any of its places, and only the official one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.env["l10n_pl_ksef.schema"]
        cls.files = {}
        for files in cls.model._candidates():
            cls.files |= files
        cls.official = schema.verified(cls.files)

    def setUp(self):
        super().setUp()
        # As in a fresh process, on a machine without the development package.
        self.startPatcher(patch.object(schema, "_compiled", []))
        self.startPatcher(patch.object(model_file, "PACKAGE", "no_such_package"))

    def download(self, answers):
        """Press the button against a server on this machine."""
        with (
            FileServer(
                {f"/{name}": value for name, value in answers.items()}
            ).running() as urls,
            patch.object(model_file, "URLS", urls),
        ):
            self.model._download()

    def test_nothing_found_is_no_schema_and_is_looked_for_again(self):
        self.assertIsNone(self.model._get_schema())
        with (
            TemporaryDirectory() as folder,
            patch.dict(config.options, {model_file.FOLDER_OPTION: folder}),
        ):
            self.assertIsNone(self.model._get_schema())
            for name, data in self.official.items():
                Path(folder, name).write_bytes(data)
            self.assertIsNotNone(self.model._get_schema())

    def test_downloaded_files_are_kept_and_used(self):
        self.download({name: (200, data) for name, data in self.official.items()})
        kept = self.model._attachments()
        self.assertEqual(len(kept), len(schema.PINS))
        self.assertEqual(kept.create_uid, self.env.ref("base.user_root"))
        self.assertIsNotNone(self.model._get_schema())

    def test_other_file_is_not_kept(self):
        answers = {name: (200, data) for name, data in self.official.items()}
        answers[schema.MAIN_FILE] = (200, b"<schema/>")
        with self.assertRaisesRegex(UserError, "schemat_FA"):
            self.download(answers)
        self.assertFalse(self.model._attachments())

    def test_missing_file_and_redirect_are_said(self):
        answers = {name: (200, data) for name, data in self.official.items()}
        first, second, *_rest = answers
        del answers[first]
        answers[f"elsewhere/{second}"] = answers[second]
        answers[second] = (302, b"")
        with self.assertRaises(UserError) as caught:
            self.download(answers)
        self.assertIn(first, str(caught.exception))
        self.assertIn(second, str(caught.exception))

    def test_attachment_of_anybody_does_not_replace_the_official_file(self):
        name = model_file.ATTACHMENT_PREFIX + schema.MAIN_FILE
        self.env["ir.attachment"].create({"name": name, "raw": b"<schema/>"})
        self.assertIsNone(self.model._get_schema())

    def test_addresses_are_official_and_encrypted(self):
        self.assertEqual(model_file.URLS.keys(), schema.PINS.keys())
        for url in model_file.URLS.values():
            self.assertTrue(url.startswith("https://crd.gov.pl/"), url)
