"""Link that lets anybody check an invoice; the content of QR code I.

Source: KSeF API 2.0, section on QR codes.
"""

import base64
import binascii

HASH_BYTES = 32


def verification_link(qr_url, nip, issue_date, sha256_b64):
    """Return the address of an invoice at the Ministry's verification page.

    :param qr_url: of the environment, without slash at the end
    :param nip: seller's, ten digits
    :param issue_date: ``datetime.date`` of the invoice
    :param sha256_b64: SHA-256 of the exact XML, standard Base64
    :raises ValueError: not a SHA-256 in Base64
    """
    try:
        digest = base64.b64decode(sha256_b64, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != HASH_BYTES:
        raise ValueError("not a SHA-256 in Base64")
    url_hash = base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
    return f"{qr_url}/invoice/{nip}/{issue_date:%d-%m-%Y}/{url_hash}"
