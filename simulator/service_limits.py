"""Handlers: effective rate limits and limits of the context.

Source: KSeF API 2.0, section on limits.
"""

from .document import MAX_SIZE, MAX_SIZE_WITH_ATTACHMENT, MEGABYTE
from .exchange import json_response


def rate_limits(system, call):
    return json_response(200, system.limits.shown())


def context_limits(system, call):
    values = {
        "maxInvoiceSizeInMB": MAX_SIZE // MEGABYTE,
        "maxInvoiceWithAttachmentSizeInMB": MAX_SIZE_WITH_ATTACHMENT // MEGABYTE,
        "maxInvoices": system.settings.max_invoices,
    }
    return json_response(200, {"onlineSession": values, "batchSession": values})
