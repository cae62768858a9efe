"""KSeF 2.0 protocol, without Odoo: bytes and dataclasses in, HTTP in between.

environments  hosts of the three environments, the one allowed override
routes        every path, its rate group, the calls that may be repeated
transport     one ``request()``: time-outs, limits, headers
answers       one HTTP answer -> checked body or an error of ``errors``
client        one short method per endpoint
auth          login with a KSeF token, refresh of the access token
crypto        AES, RSA-OAEP, SHA-256, choice of the Ministry's key
messages      requests and answers as dataclasses (the only camelCase)
wire          how a JSON answer becomes a dataclass
statuses      THE table: code of KSeF -> verdict
errors        exception tree             secret   wrapper that never shows
token         pasted token -> its parts  times    dates of the API
number        KSeF number and checksum   links    address in QR code I
upo           receipt (UPO) -> facts to compare
"""
