"""Building packages for batch sessions, right ones and wrong ones."""

import io
import tarfile
import zipfile

import requests

from .support import FORM, Client, digest

PART_HEADERS = {"Content-Type": "application/octet-stream"}


def zip_archive(files):
    """Pack (name, content) pairs; returns the bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def tar_archive(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


COMPRESSIONS = {zip_archive: "Zip", tar_archive: "TarGz"}


def named(invoices):
    """Give invoices the names that tests expect."""
    return [(f"{number}.xml", xml) for number, xml in enumerate(invoices, 1)]


def cut(archive, count):
    """Cut an archive into ``count`` pieces."""
    size = -(-len(archive) // count)
    return [archive[start : start + size] for start in range(0, len(archive), size)]


class BatchClient(Client):
    """A client that can send packages; each step can be done wrongly."""

    def batch_body(self, archive, parts, wrapped=None, **changes):
        """The body that opens a session for encrypted ``parts`` of ``archive``."""
        file = {
            "fileSize": len(archive),
            "fileHash": digest(archive),
            "fileParts": [
                {"ordinalNumber": n, "fileSize": len(p), "fileHash": digest(p)}
                for n, p in enumerate(parts, 1)
            ],
        }
        encryption = self.open_body(wrapped)["encryption"]
        return {
            "formCode": FORM,
            "batchFile": {**file, **changes},
            "encryption": encryption,
        }

    def open_batch(self, archive, parts, **changes):
        """Return (reference, upload requests)."""
        body = self.batch_body(archive, parts, **changes)
        answer = self.post("/sessions/batch", body)
        assert answer.status_code == 201, answer.text
        found = answer.json()
        return found["referenceNumber"], found["partUploadRequests"]

    def upload(self, request, content, **headers):
        return requests.request(
            request["method"],
            request["url"],
            data=content,
            headers={**PART_HEADERS, **request["headers"], **headers},
            timeout=30,
        )

    def close_batch(self, reference):
        return self.post(f"/sessions/batch/{reference}/close")

    def send_batch(self, invoices, count=1, pack=zip_archive, **changes):
        """Send a whole package and close it; returns the session's reference."""
        compression = {"compressionType": COMPRESSIONS[pack]}
        archive = pack(named(invoices))
        return self.send_archive(archive, count, **compression, **changes)

    def send_archive(self, archive, count=1, **changes):
        parts = [self.encrypt(piece) for piece in cut(archive, count)]
        reference, requests_ = self.open_batch(archive, parts, **changes)
        for request, part in zip(requests_, parts, strict=True):
            assert self.upload(request, part).status_code == 201
        assert self.close_batch(reference).status_code == 204
        return reference

    def settled(self, reference):
        return self.wait(f"/sessions/{reference}")

    def invoices(self, reference, failed=False):
        """All invoices of a session, page by page."""
        path = f"/sessions/{reference}/invoices"
        path += "/failed?pageSize=1000" if failed else "?pageSize=1000"
        found, headers = [], {}
        while True:
            answer = self.get(path, headers=headers).json()
            found += answer["invoices"]
            if "continuationToken" not in answer:
                return found
            headers = {"x-continuation-token": answer["continuationToken"]}
