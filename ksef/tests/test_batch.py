import base64
import gzip
import hashlib
import io
import os
import random
import stat
import tarfile
import tempfile
import tracemalloc
import unittest
import zipfile
from unittest import mock

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .. import batch
from ..batch import Compression, PackageTooLarge, build_package
from ..crypto import new_session_key
from ..secret import Secret
from .support import invoice

FILES = [(f"faktura-{number}.xml", invoice(f"FV/{number}")) for number in range(40)]


def noise(count, size=3000):
    """Files that do not get smaller, so that the archive grows with them."""
    source = random.Random(7)
    for number in range(count):
        yield f"{number}.xml", source.randbytes(size)


def decrypted(part, session_key):
    """The plain bytes of a part, by means of our own."""
    part.file.seek(0)
    cipher = Cipher(
        algorithms.AES(session_key.key.reveal()), modes.CBC(session_key.iv)
    ).decryptor()
    padded = cipher.update(part.file.read()) + cipher.finalize()
    return padded[: -padded[-1]]


def sha256_b64(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


class PackageCase(unittest.TestCase):
    """A package with a key, closed at the end."""

    def setUp(self):
        super().setUp()
        self.session_key = new_session_key()

    def build(self, files=FILES, **options):
        package = build_package(iter(files), self.session_key, **options)
        self.addCleanup(package.close)
        return package

    def archive(self, package):
        """The archive as KSeF puts it together again."""
        parts = [decrypted(part, self.session_key) for part in package.parts]
        return b"".join(parts)


class ContentTest(PackageCase):
    """What KSeF puts together again is what went in, byte for byte."""

    def test_tar_gz_holds_the_files(self):
        package = self.build(part_bytes=1000)
        archive = io.BytesIO(self.archive(package))
        with tarfile.open(fileobj=archive, mode="r:gz") as opened:
            entries = opened.getmembers()
            found = [
                (entry.name, opened.extractfile(entry).read()) for entry in entries
            ]
        self.assertEqual(found, FILES)
        self.assertTrue(all(entry.isreg() for entry in entries))

    def test_zip_holds_the_files(self):
        package = self.build(part_bytes=1000, compression=Compression("zip"))
        with zipfile.ZipFile(io.BytesIO(self.archive(package))) as opened:
            self.assertIsNone(opened.testzip())
            found = [(name, opened.read(name)) for name in opened.namelist()]
        self.assertEqual(found, FILES)

    def test_tar_gz_makes_similar_files_much_smaller(self):
        sizes = [self.build(compression=kind).size for kind in Compression]
        self.assertLess(sizes[0] * 5, sizes[1])
        self.assertEqual(self.build().compression, Compression.TAR_GZ)

    def test_package_names_size_and_hash_of_the_archive(self):
        for kind in Compression:
            package = self.build(compression=kind, part_bytes=700)
            archive = self.archive(package)
            self.assertEqual(package.size, len(archive))
            self.assertEqual(package.sha256_b64, sha256_b64(archive))

    def test_the_same_input_gives_the_same_bytes(self):
        for kind in Compression:
            with mock.patch("time.time", return_value=1.0):
                first = self.build(compression=kind)
            second = self.build(compression=kind)
            self.assertEqual(first.parts, second.parts)
            self.assertEqual(first.sha256_b64, second.sha256_b64)

    def test_an_empty_file_stays_empty(self):
        package = self.build([("a.xml", b""), ("b.xml", b"x" * 512)])
        content = gzip.decompress(self.archive(package))
        with tarfile.open(fileobj=io.BytesIO(content)) as opened:
            self.assertEqual([one.size for one in opened.getmembers()], [0, 512])

    def test_tar_ends_with_two_empty_blocks(self):
        content = gzip.decompress(self.archive(self.build([("a.xml", b"x")])))
        self.assertEqual(len(content), 4 * tarfile.BLOCKSIZE)
        self.assertEqual(content[-2 * tarfile.BLOCKSIZE :], bytes(1024))


class PartsTest(PackageCase):
    """The archive is cut as it lies, each part encrypted on its own."""

    def test_parts_have_the_wanted_length_in_order(self):
        package = self.build(noise(5), part_bytes=4000)
        plain = [len(decrypted(part, self.session_key)) for part in package.parts]
        self.assertEqual(plain[:-1], [4000] * (len(plain) - 1))
        self.assertEqual(sum(plain), package.size)
        numbers = [part.number for part in package.parts]
        self.assertEqual(numbers, list(range(1, len(plain) + 1)))

    def test_a_part_tells_size_and_hash_of_its_encrypted_bytes(self):
        package = self.build(noise(5), part_bytes=4096)
        for part in package.parts:
            part.file.seek(0)
            content = part.file.read()
            self.assertEqual(part.size, len(content))
            self.assertEqual(part.sha256_b64, sha256_b64(content))
        self.assertEqual(package.parts[0].size, 4096 + 16)

    def test_an_archive_of_exactly_one_part_is_not_cut(self):
        size = self.build().size
        self.assertEqual(len(self.build(part_bytes=size).parts), 1)
        self.assertEqual(len(self.build(part_bytes=size - 1).parts), 2)

    def test_parts_lie_in_files_without_a_name(self):
        with tempfile.TemporaryDirectory() as folder:
            with mock.patch("tempfile.tempdir", folder):
                package = self.build(part_bytes=1000)
            self.assertEqual(os.listdir(folder), [])
        for part in package.parts:
            facts = os.fstat(part.file.fileno())
            self.assertEqual(facts.st_nlink, 0)
            self.assertEqual(stat.S_IMODE(facts.st_mode), 0o600)

    def test_the_files_end_with_the_package(self):
        with self.build(part_bytes=1000) as package:
            self.assertFalse(package.parts[0].file.closed)
        self.assertTrue(all(part.file.closed for part in package.parts))

    def test_no_file_stays_open_after_a_failure(self):
        opened = []
        real = tempfile.TemporaryFile

        def remembering(*args):
            opened.append(real(*args))
            return opened[-1]

        broken = mock.patch.object(
            batch, "_encrypted", side_effect=[mock.Mock(), OSError("disk full")]
        )
        with (
            mock.patch("tempfile.TemporaryFile", remembering),
            broken,
            self.assertRaises(OSError),
        ):
            self.build(part_bytes=1000)
        self.assertEqual(len(opened), 3)
        self.assertTrue(all(file.closed for file in opened))

    def test_nothing_secret_shows(self):
        package = self.build(part_bytes=1000)
        key = self.session_key
        self.assertIsInstance(key.key, Secret)
        for value in (repr(package), str(package)):
            self.assertNotIn(repr(key.key.reveal()), value)
            self.assertNotIn("file=", value)


class LimitTest(PackageCase):
    """A package that one session cannot take is refused before it is sent."""

    def test_too_many_invoices(self):
        most = batch.BATCH_MAX_INVOICES
        files = [(f"{number}.xml", b"x") for number in range(most + 1)]
        with self.assertRaises(PackageTooLarge):
            self.build(files)
        self.assertEqual(len(self.build(files[:most]).parts), 1)

    def test_too_many_parts(self):
        with self.assertRaises(PackageTooLarge):
            self.build(noise(52, 1000), part_bytes=1000)

    def test_too_many_bytes(self):
        with (
            mock.patch.object(batch, "PACKAGE_MAX_BYTES", 5000),
            self.assertRaises(PackageTooLarge),
        ):
            self.build(noise(2))

    def test_limits_are_those_of_ksef(self):
        self.assertEqual(batch.BATCH_MAX_INVOICES, 10_000)
        self.assertEqual(batch.PART_MAX_BYTES, 100_000_000)
        self.assertEqual(batch.PARTS_MAX, 50)
        self.assertEqual(batch.PACKAGE_MAX_BYTES, 5_000_000_000)
        self.assertEqual(batch.PART_WINDOW_SECONDS, 1200)

    def test_odd_lengths_of_parts_are_refused(self):
        for part_bytes in (0, -1, batch.PART_MAX_BYTES + 1):
            with self.subTest(part_bytes=part_bytes), self.assertRaises(ValueError):
                self.build(part_bytes=part_bytes)

    def test_a_package_without_invoices_is_refused(self):
        with self.assertRaises(ValueError):
            self.build([])

    def test_names_that_could_mean_something_else_are_refused(self):
        for name in ("", "a/b.xml", "../a.xml", ".a", "-a", "ż.xml", "a b", "a" * 101):
            with self.subTest(name=name), self.assertRaises(ValueError):
                self.build([(name, b"x")])
        with self.assertRaises(ValueError):
            self.build([("a.xml", b"x"), ("a.xml", b"y")])


class MemoryTest(PackageCase):
    """Memory does not grow with the package, whatever its kind and parts."""

    def peak(self, count, kind):
        tracemalloc.start()
        try:
            self.build(noise(count), compression=kind).close()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def test_ten_times_the_package_needs_about_the_same(self):
        for kind, per_file in ((Compression.TAR_GZ, 200), (Compression.ZIP, 1000)):
            with self.subTest(kind=kind):
                small, large = self.peak(200, kind), self.peak(2000, kind)
                self.assertLess(large, small + 1800 * per_file)
