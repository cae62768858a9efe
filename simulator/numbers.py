"""Reference numbers and KSeF numbers with their checksum.

Source: KSeF API 2.0, sections on reference numbers and on the KSeF number.
"""

import secrets

from .clock import warsaw_day

CRC_POLYNOMIAL = 0x07
CRC_TOP_BIT = 0x80
CRC_MASK = 0xFF
BYTE_VALUES = 256
BITS = 8

CHALLENGE = "CR"
LOGIN = "AU"
KSEF_TOKEN = "EC"
ONLINE_SESSION = "SO"
BATCH_SESSION = "SB"
INVOICE = "EE"
SESSION_UPO = "EU"


def _crc8_of_byte(value):
    for _ in range(BITS):
        shifted = (value << 1) & CRC_MASK
        value = shifted ^ CRC_POLYNOMIAL if value & CRC_TOP_BIT else shifted
    return value


# A batch needs tens of thousands of checksums.
_CRC_TABLE = bytes(map(_crc8_of_byte, range(BYTE_VALUES)))


def crc8(text):
    """CRC-8 (polynomial 0x07, initial 0) as two upper-case hexadecimal digits."""
    value = 0
    for byte in text.encode("ascii"):
        value = _CRC_TABLE[value ^ byte]
    return f"{value:02X}"


def _hex(digits):
    return secrets.token_hex((digits + 1) // 2)[:digits].upper()


def reference_number(kind, moment):
    """A new 36-character reference, ``kind`` being its two letters."""
    head = f"{warsaw_day(moment):%Y%m%d}-{kind}-{_hex(7)}000-{_hex(10)}"
    return f"{head}-{crc8(head)}"


def ksef_number(nip, moment):
    """A new 35-character KSeF number of the seller ``nip`` accepted at ``moment``."""
    head = f"{nip}-{warsaw_day(moment):%Y%m%d}-0100{_hex(8)}"
    return f"{head}-{crc8(head)}"
