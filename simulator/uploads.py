"""Receiving the part of a package: through to a nameless file, never in memory."""

import hashlib
import tempfile
from dataclasses import dataclass

from .crypto import CHUNK_BYTES, base64_text


@dataclass(frozen=True)
class Upload:
    """What came in: the open file, its size in bytes, its hash in Base64."""

    file: object
    size: int
    hash: str


def receive(stream, length):
    """Read ``length`` bytes; raises ``ConnectionError`` when they end before."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as its session
    digest = hashlib.sha256()
    left = length
    while left:
        chunk = stream.read(min(left, CHUNK_BYTES))
        if not chunk:
            file.close()
            raise ConnectionError("the client hung up during an upload")
        file.write(chunk)
        digest.update(chunk)
        left -= len(chunk)
    return Upload(file, length, base64_text(digest.digest()))
