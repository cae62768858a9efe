"""Package of a batch session: many invoices in one archive, cut and encrypted.

Source: KSeF API 2.0, section on batch sessions: the archive is cut into parts as
it lies, each part encrypted on its own with the key and IV of the session.
Nothing here holds a part in memory; what is written lies in temporary files
without a name, which end with the package.
"""

import base64
import gzip
import hashlib
import re
import tarfile
import tempfile
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from typing import BinaryIO

from .crypto import FileEncryption

BATCH_MAX_INVOICES = 10_000
PART_MAX_BYTES = 100_000_000  # before encryption
PARTS_MAX = 50
PACKAGE_MAX_BYTES = 5_000_000_000  # archive before encryption
# Every part may be sent until so many seconds, times the number of parts, after
# the session was opened.
PART_WINDOW_SECONDS = 1200

PIECE_BYTES = 65_536
# Ours: 22 MB of similar invoices take 0.2 s and 9.7 % of their size; level 9
# takes more than twice the time and saves another 0.6 %.
GZIP_LEVEL = 6

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
_FILE_MODE = 0o644
_UNIX = 3


class Compression(str, Enum):
    """Kind of archive; similar files get much smaller in the first one."""

    TAR_GZ = "tar_gz"
    ZIP = "zip"


class PackageTooLarge(ValueError):
    """More invoices, bytes or parts than one batch session takes: split it."""


@dataclass(frozen=True)
class Part:
    """One encrypted part; size in bytes, hash SHA-256 in Base64.

    :ivar number: from 1, in the order of the archive
    """

    number: int
    size: int
    sha256_b64: str
    file: BinaryIO = field(repr=False, compare=False)


@dataclass(frozen=True)
class Package:
    """An archive ready to be sent; close it, or use it in a ``with``.

    :ivar size: bytes of the archive before encryption
    :ivar sha256_b64: hash of the same
    """

    size: int
    sha256_b64: str
    compression: Compression
    parts: tuple[Part, ...]

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def close(self):
        """Close the temporary files, which removes them."""
        for part in self.parts:
            part.file.close()


def build_package(
    files, session_key, compression=Compression.TAR_GZ, part_bytes=PART_MAX_BYTES
):
    """Return the :class:`Package` of invoices; the same input, the same bytes.

    :param files: iterable of (name, bytes of the XML); names are unique, of ASCII
        letters, digits, dot, hyphen and underscore
    :param session_key: :class:`~.crypto.SessionKey`
    :param part_bytes: where to cut, at most ``PART_MAX_BYTES``
    :raises PackageTooLarge: too many invoices, bytes or parts
    :raises ValueError: no invoices; a name that cannot stand in the archive
    """
    if not 0 < part_bytes <= PART_MAX_BYTES:
        raise ValueError("length of a part")
    with tempfile.TemporaryFile() as archive:
        _WRITERS[compression](_counted(files), archive)
        size = archive.tell()
        if size > min(PACKAGE_MAX_BYTES, PARTS_MAX * part_bytes):
            raise PackageTooLarge("bytes")
        archive.seek(0)
        digest = hashlib.sha256()
        parts = _cut(_Hashed(archive, digest), size, session_key, part_bytes)
    return Package(size, _b64(digest), compression, parts)


def _counted(files):
    """Pass the files on, one at a time, after a look at names and number."""
    names = set()
    for name, content in files:
        if not _NAME.fullmatch(name) or name in names:
            raise ValueError("name of a file in the package")
        names.add(name)
        if len(names) > BATCH_MAX_INVOICES:
            raise PackageTooLarge("invoices")
        yield name, content
    if not names:
        raise ValueError("a package without invoices")


def _write_tar_gz(files, target):
    """Write a tar.gz with headers of our own making.

    The library's class for archives keeps a record of every file in memory.
    """
    with gzip.GzipFile("", "wb", GZIP_LEVEL, target, mtime=0) as stream:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), _FILE_MODE
            stream.write(entry.tobuf(tarfile.USTAR_FORMAT))
            stream.write(content)
            stream.write(bytes(-len(content) % tarfile.BLOCKSIZE))
        stream.write(bytes(2 * tarfile.BLOCKSIZE))


def _write_zip(files, target):
    with zipfile.ZipFile(target, "w", compresslevel=GZIP_LEVEL) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name)
            entry.create_system = _UNIX
            entry.external_attr = _FILE_MODE << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    target.seek(0, 2)


_WRITERS = {Compression.TAR_GZ: _write_tar_gz, Compression.ZIP: _write_zip}


class _Hashed:
    """An open file whose bytes are hashed as they are read."""

    def __init__(self, file, digest):
        self._file = file
        self._digest = digest

    def read(self, amount):  # pylint: disable=method-required-super
        piece = self._file.read(amount)
        self._digest.update(piece)
        return piece


def _cut(source, size, session_key, part_bytes):
    with ExitStack() as opened:
        parts = []
        for start in range(0, size, part_bytes):
            file = opened.enter_context(tempfile.TemporaryFile())
            length = min(part_bytes, size - start)
            parts.append(_encrypted(len(parts) + 1, source, length, session_key, file))
        opened.pop_all()
    return tuple(parts)


def _encrypted(number, source, length, session_key, file):
    """Encrypt the next ``length`` bytes of the source into a file."""
    encryption, digest = FileEncryption(session_key), hashlib.sha256()
    while length:
        piece = source.read(min(length, PIECE_BYTES))
        length -= len(piece)
        _write(encryption.update(piece), file, digest)
    _write(encryption.finalize(), file, digest)
    file.flush()
    return Part(number, file.tell(), _b64(digest), file)


def _write(content, file, digest):
    file.write(content)
    digest.update(content)


def _b64(digest):
    return base64.b64encode(digest.digest()).decode("ascii")
