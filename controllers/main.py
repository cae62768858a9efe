"""The one route that takes a secret.

A route of type "http" on purpose: arguments of RPC calls are logged by Odoo,
form data of such a route nowhere.
"""

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request


class KsefController(http.Controller):
    @http.route(
        "/l10n_pl_ksef/token", type="http", auth="user", methods=["POST"], csrf=True
    )
    def connect(self, company_id, environment, token, **_unused):
        """Check a pasted token and keep it if KSeF takes it.

        :returns: JSON ``{"connected": bool, "checks": [...]}``; 403 without right
        """
        company = request.env["res.company"].browse(int(company_id))
        setup = request.env["l10n_pl_ksef.setup"]
        address = request.httprequest.remote_addr
        try:
            result = setup._connect(company, environment, token, address)
        except AccessError as error:
            return request.make_json_response({"error": str(error)}, status=403)
        return request.make_json_response(result)
