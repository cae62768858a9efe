"""Reading the archive of a batch: ZIP or gzipped tar, one file an invoice.

Sub-folders are walked through, folders themselves are no invoices.
Source: KSeF API 2.0, section on the batch session.
"""

import hashlib
import lzma
import tarfile
import zipfile
import zlib
from dataclasses import dataclass

from .crypto import CHUNK_BYTES, base64_text
from .document import MAX_SIZE_WITH_ATTACHMENT

ZIP = "Zip"
TAR_GZ = "TarGz"
NAME_LIMIT = 128
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class BrokenArchiveError(Exception):
    """The archive cannot be read."""


@dataclass(frozen=True)
class PackedFile:
    """One file; ``content`` is cut after what is too large for an invoice anyway."""

    name: str
    content: bytes
    hash: str


def _unpack(name, stream):
    content = stream.read(MAX_SIZE_WITH_ATTACHMENT + 1)
    digest = hashlib.sha256(content)
    while more := stream.read(CHUNK_BYTES):
        digest.update(more)
    return PackedFile(name[:NAME_LIMIT], content, base64_text(digest.digest()))


def _zip_files(file):
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                with archive.open(entry) as stream:
                    yield _unpack(entry.filename, stream)


def _tar_files(file):
    with tarfile.open(fileobj=file, mode="r|gz") as archive:
        for entry in archive:
            if entry.isfile():
                yield _unpack(entry.name, archive.extractfile(entry))
            archive.members.clear()


READERS = {ZIP: _zip_files, TAR_GZ: _tar_files}


def read_files(file, compression):
    """Yield each ``PackedFile``; raises ``BrokenArchiveError``."""
    file.seek(0)
    try:
        yield from READERS[compression](file)
    except DAMAGE as damage:
        raise BrokenArchiveError(str(damage)) from damage
