"""Pages that show an invoice as KSeF does, for those who may read the invoice."""

from odoo import http
from odoo.http import content_disposition, request

# The page needs its own style and nothing else: no script, no other address.
_HEADERS = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
]
_HTML = ("Content-Type", "text/html; charset=utf-8")
# Never as XML: a browser would run what stands in some files.
_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_FILE = ("Content-Type", "application/xml")


class PreviewController(http.Controller):
    @http.route("/l10n_pl_ksef/preview/<int:move_id>", type="http", auth="user")
    def show(self, move_id):
        """Show an invoice; 404 without one, 403 without the right to read it."""
        move, preview = _find("account.move", move_id)
        path = f"/l10n_pl_ksef/preview/{move.id}"
        links = (
            (request.env._("PDF"), f"/report/pdf/{REPORT}/{move.id}"),
            (request.env._("Show XML"), f"{path}/text"),
            (request.env._("Download XML"), f"{path}/xml"),
        )
        found = preview._get_page(move, links)
        return request.make_response(found, [*_HEADERS, _HTML])

    @http.route(
        "/l10n_pl_ksef/preview/submission/<int:document_id>", type="http", auth="user"
    )
    def show_submission(self, document_id):
        """Show the file of a submission."""
        document, preview = _find("l10n_pl_ksef.document", document_id)
        preview._check_access(document.move_id)
        found = preview._get_document_page(document)
        return request.make_response(found, [*_HEADERS, _HTML])

    @http.route("/l10n_pl_ksef/preview/<int:move_id>/text", type="http", auth="user")
    def show_xml(self, move_id):
        """Show the XML of an invoice as text."""
        move, preview = _find("account.move", move_id)
        return request.make_response(_get_xml(preview, move), [*_HEADERS, _TEXT])

    @http.route("/l10n_pl_ksef/preview/<int:move_id>/xml", type="http", auth="user")
    def download_xml(self, move_id):
        """Download the XML of an invoice, byte by byte as it would be sent."""
        move, preview = _find("account.move", move_id)
        name = content_disposition(f"{move.name or 'FA3'}.xml".replace("/", "_"))
        headers = [*_HEADERS, _FILE, ("Content-Disposition", name)]
        return request.make_response(_get_xml(preview, move), headers)


REPORT = "l10n_pl_ksef.report_preview"


def _find(model, record_id):
    """Return a record that the user may read, and what shows it."""
    record = request.env[model].browse(record_id).exists()
    if not record:
        raise request.not_found()
    preview = request.env["l10n_pl_ksef.preview"]
    preview._check_access(record)
    return record, preview


def _get_xml(preview, move):
    found = preview._get_file(move)
    if not found.xml:
        raise request.not_found()
    return found.xml
