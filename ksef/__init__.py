"""KSeF 2.0 protocol, without Odoo: bytes and dataclasses in, HTTP in between.

environments  hosts of the three environments, the one allowed override
routes        every path, its rate group, the calls that may be repeated
exchange      one HTTP exchange within limits, silent about addresses
transport     one ``request()`` for the API: headers, gate, repeats
storage       temporary links: parts up, receipts down
answers       one HTTP answer -> checked body or an error of ``errors``
client        one short method per endpoint
auth          login with a KSeF token or a certificate, refresh of the access
              token
certificate   a certificate with its key, and what it says; certificate_files
              reads the forms in which they come
xades         login with a certificate as a signed document
crypto        AES, RSA-OAEP, SHA-256, choice of the Ministry's key
batch         many invoices -> one archive, cut and encrypted
messages      requests and answers as dataclasses; with messages_batch for
              batch sessions the only camelCase
wire          how a JSON answer becomes a dataclass
statuses      THE table: code of KSeF -> verdict
errors        exception tree             secret   wrapper that never shows
token         pasted token -> its parts  times    dates of the API
number        KSeF number and checksum   links    address in QR code I
upo           receipt (UPO) -> facts     windows  limits -> seconds to wait
lighthouse    the Ministry's availability service, never trusted alone
"""
