"""KSeF number: form and checksum.

Source: KSeF API 2.0, section on the KSeF number. 35 characters; documents of
KSeF 1.0 have one hyphen more.
"""

import re

CRC_POLYNOMIAL = 0x07  # CRC-8, initial value 0, not reflected
BODY_LENGTH = 32  # characters under the checksum, the last hyphen left out

_NUMBER = re.compile(
    r"([1-9](?:[0-9][1-9]|[1-9][0-9])[0-9]{7}"
    r"-(?:20[2-9][0-9]|2[1-9][0-9]{2}|[3-9][0-9]{3})"
    r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"-[0-9A-F]{6})-?([0-9A-F]{6}-[0-9A-F]{2})"
)


def compact(text):
    """Return the number in its 35 characters.

    :raises ValueError: not a KSeF number by its form
    """
    match = _NUMBER.fullmatch(text.strip().upper())
    if not match:
        raise ValueError("not a KSeF number")
    return "".join(match.groups())


def is_valid(text):
    """Say whether a text is a KSeF number with the right checksum."""
    match = _NUMBER.fullmatch(text)
    if not match:
        return False
    number = "".join(match.groups())
    return number[-2:] == checksum(number[:BODY_LENGTH])


def checksum(body):
    """Return the CRC-8 of a number's first 32 characters, two hex digits."""
    crc = 0
    for byte in body.encode("ascii"):
        crc ^= byte
        for _bit in range(8):
            crc = (crc << 1) ^ (CRC_POLYNOMIAL if crc & 0x80 else 0)
            crc &= 0xFF
    return f"{crc:02X}"
