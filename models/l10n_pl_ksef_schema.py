"""Where the Ministry's FA(3) schema files may lie, and how they get here."""

import importlib.util
from pathlib import Path

import requests

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError
from odoo.tools import config

from ..fa3 import schema

# Folder with the files, named in the server configuration.
FOLDER_OPTION = "l10n_pl_ksef_schema_dir"
# Development package that carries the files, and where.
PACKAGE = "ksef_client"
PACKAGE_FOLDER = ("documents", "fa3", "schemas")
# Attachments are found by this in front of the file's name.
ATTACHMENT_PREFIX = "l10n_pl_ksef/"

# Official addresses. Source: FA(3) schema, targetNamespace and schemaLocation.
_TYPES_URL = (
    "https://crd.gov.pl/xml/schematy/dziedzinowe/mf/2022/01/05/eD/DefinicjeTypy/"
)
URLS = {
    schema.MAIN_FILE: "https://crd.gov.pl/wzor/2025/06/25/13775/schemat.xsd",
} | {name: _TYPES_URL + name for name in schema.PINS if name != schema.MAIN_FILE}
TIMEOUT_SECONDS = 30  # to connect, and between two pieces of the answer
MAX_BYTES = 1_000_000  # the largest file has 184 kB


class Schema(models.AbstractModel):
    _name = "l10n_pl_ksef.schema"
    _description = "FA(3) schema"

    @api.model
    @api.private
    def _get_schema(self):
        """Return the compiled schema, or None while the files are not here.

        Looks for them only until they were found once in this process.
        """
        return schema.compile_schema(self._candidates())

    @api.model
    @api.private
    def _candidates(self):
        """Yield {file name: bytes}, nearest place first."""
        folder = config.get(FOLDER_OPTION)
        if folder:
            yield _read_folder(Path(folder))
        for attachment in self._attachments():
            name = attachment.name.removeprefix(ATTACHMENT_PREFIX)
            yield {name: attachment.raw or b""}
        package = importlib.util.find_spec(PACKAGE)
        if package:
            root = Path(package.submodule_search_locations[0])
            yield _read_folder(root.joinpath(*PACKAGE_FOLDER))

    @api.model
    @api.private
    def _attachments(self):
        names = [ATTACHMENT_PREFIX + name for name in schema.PINS]
        return self.env["ir.attachment"].sudo().search([("name", "in", names)])

    @api.model
    @api.private
    def _download(self):
        """Fetch the official files and keep them as attachments.

        :raises UserError: not reachable, or a file is not the official one
        """
        with requests.Session() as session:
            files = {name: _fetch(session, url) for name, url in URLS.items()}
        good = schema.verified({name: data for name, data in files.items() if data})
        wrong = sorted(schema.PINS.keys() - good.keys())
        if wrong:
            raise UserError(
                self.env._(
                    "The official schema could not be fetched: %(files)s. Own checks"
                    " go on running.",
                    files=", ".join(wrong),
                )
            )
        self._attachments().unlink()
        self.env["ir.attachment"].with_user(SUPERUSER_ID).create(
            [
                {"name": ATTACHMENT_PREFIX + name, "raw": text}
                for name, text in good.items()
            ]
        )


def _read_folder(folder):
    paths = [folder / name for name in schema.PINS]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def _fetch(session, url):
    """Return the bytes of a fixed address, or None; follows no redirect."""
    try:
        with session.get(
            url,
            timeout=TIMEOUT_SECONDS,
            stream=True,
            allow_redirects=False,
            auth=_no_auth,
        ) as answer:
            if answer.status_code != requests.codes.ok:
                return None
            return answer.raw.read(MAX_BYTES, decode_content=True)
    except (requests.RequestException, OSError):
        return None


def _no_auth(request):
    """Keep ``requests`` from adding a login out of a .netrc file."""
    return request
