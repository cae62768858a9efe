"""The routes that take a secret.

Routes of type "http" on purpose: arguments of RPC calls are logged by Odoo,
form data of such routes nowhere.
"""

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request

# Certificate and key are a few kB each.
UPLOAD_MAX_BYTES = 400_000


class KsefController(http.Controller):
    @http.route(
        "/l10n_pl_ksef/token", type="http", auth="user", methods=["POST"], csrf=True
    )
    def connect(self, company_id, environment, token, **_unused):
        """Check a pasted token and keep it if KSeF takes it.

        :returns: JSON ``{"connected": bool, "checks": [...]}``; 403 without right
        """
        company = _get_company(company_id)
        setup = request.env["l10n_pl_ksef.setup"]
        address = request.httprequest.remote_addr
        try:
            result = setup._connect(company, environment, token, address)
        except AccessError as error:
            return request.make_json_response({"error": str(error)}, status=403)
        return request.make_json_response(result)

    @http.route(
        "/l10n_pl_ksef/certificate",
        type="http",
        auth="user",
        methods=["POST"],
        csrf=True,
        max_content_length=UPLOAD_MAX_BYTES,
    )
    def connect_certificate(self, company_id, environment, passphrase="", **_unused):
        """Check an uploaded certificate with its key and keep it if KSeF takes it.

        :returns: JSON ``{"connected": bool, "checks": [...]}``; 403 without right
        """
        company = _get_company(company_id)
        setup = request.env["l10n_pl_ksef.setup"]
        uploads = request.httprequest.files.getlist("files")
        for upload in uploads:
            # A request that is run again rewinds the first one alone.
            upload.seek(0)
        files = [upload.read() for upload in uploads]
        address = request.httprequest.remote_addr
        try:
            result = setup._connect_certificate(
                company, environment, files, passphrase, address
            )
        except AccessError as error:
            return request.make_json_response({"error": str(error)}, status=403)
        return request.make_json_response(result)


def _get_company(text):
    """Return the company of an id in a form; of anything else there is none."""
    return request.env["res.company"].browse(int(text) if text.isdecimal() else 0)
