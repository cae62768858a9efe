import subprocess
import sys
import unittest
from datetime import date, datetime, timezone
from pathlib import Path

from ..errors import KsefProtocolError
from ..routes import UPO_LIMIT_BYTES, UPO_PAGE_LIMIT_BYTES
from ..upo import PAGE_MAX_DOCUMENTS, read_upo, read_upo_page
from .support import ROOT

SHARED = ROOT.parent / "shared" / "ksef" / "samples" / "upo"
NAMESPACE = "http://upo.schematy.mf.gov.pl/KSeF/v4-3"
SIGNATURE = (
    '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">%s</ds:Signature>'
)
DOCUMENT = """<Dokument>
<NipSprzedawcy>1111111111</NipSprzedawcy>
<NumerKSeFDokumentu>1111111111-20260305-0102030405AB-57</NumerKSeFDokumentu>
<NumerFaktury>FV/2026/03/001</NumerFaktury>
<DataWystawieniaFaktury>2026-03-05</DataWystawieniaFaktury>
<DataPrzeslaniaDokumentu>2026-03-05T10:15:30.123+01:00</DataPrzeslaniaDokumentu>
<DataNadaniaNumeruKSeF>2026-03-05T10:15:31.456+01:00</DataNadaniaNumeruKSeF>
<SkrotDokumentu>KgFLIQjfV2M0QO1MMzg9tUZdJGTvBLlaVgIIDaAc54E=</SkrotDokumentu>
<TrybWysylki>Online</TrybWysylki>
</Dokument>"""


def receipt(receiver="Ministerstwo Finansów", documents=DOCUMENT, more=""):
    return (
        f'<Potwierdzenie xmlns="{NAMESPACE}">'
        f"<NazwaPodmiotuPrzyjmujacego>{receiver}</NazwaPodmiotuPrzyjmujacego>"
        "<NumerReferencyjnySesji>20260305-SO-1A2B3C4000-5D6E7F8A9B-7C"
        "</NumerReferencyjnySesji>"
        "<Uwierzytelnienie><IdKontekstu><Nip>1111111111</Nip></IdKontekstu>"
        "</Uwierzytelnienie>"
        f"{documents}{more}</Potwierdzenie>"
    )


class ReceiptTest(unittest.TestCase):
    """The facts of a receipt are read whatever is signed onto it."""

    def test_all_facts_are_read(self):
        facts = read_upo(receipt().encode())
        self.assertEqual(facts.ksef_number, "1111111111-20260305-0102030405AB-57")
        self.assertEqual(
            facts.invoice_hash_b64, "KgFLIQjfV2M0QO1MMzg9tUZdJGTvBLlaVgIIDaAc54E="
        )
        self.assertEqual(facts.seller_nip, "1111111111")
        self.assertEqual(facts.invoice_number, "FV/2026/03/001")
        self.assertEqual(facts.issue_date, date(2026, 3, 5))
        utc = timezone.utc
        sent = datetime(2026, 3, 5, 9, 15, 30, 123000, tzinfo=utc)
        numbered = datetime(2026, 3, 5, 9, 15, 31, 456000, tzinfo=utc)
        self.assertEqual((facts.sent_on, facts.numbered_on), (sent, numbered))
        self.assertEqual(facts.mode, "Online")
        self.assertEqual(
            facts.session_reference, "20260305-SO-1A2B3C4000-5D6E7F8A9B-7C"
        )
        self.assertEqual(facts.receiver_name, "Ministerstwo Finansów")

    def test_words_of_test_environments_are_kept(self):
        name = "Ministerstwo Finansów - środowisko testowe (TE)"
        self.assertEqual(read_upo(receipt(name).encode()).receiver_name, name)

    def test_declaration_comments_and_blanks_do_not_matter(self):
        data = '<?xml version="1.0" encoding="utf-8"?>\n<!-- a -->' + receipt()
        self.assertEqual(read_upo(data.encode()), read_upo(receipt().encode()))

    def test_signature_inside_or_around_is_tolerated(self):
        plain = read_upo(receipt().encode())
        inside = receipt(more=SIGNATURE % "<ds:SignedInfo/>")
        around = SIGNATURE % f"<ds:SignedInfo/><ds:Object>{receipt()}</ds:Object>"
        self.assertEqual(read_upo(inside.encode()), plain)
        self.assertEqual(read_upo(around.encode()), plain)

    def test_facts_hidden_in_a_signature_do_not_count(self):
        other = DOCUMENT.replace("FV/2026/03/001", "OTHER")
        hidden = SIGNATURE % f'<ds:Object xmlns="{NAMESPACE}">{other}</ds:Object>'
        facts = read_upo(receipt(more=hidden).encode())
        self.assertEqual(facts.invoice_number, "FV/2026/03/001")


class BadReceiptTest(unittest.TestCase):
    """What is not the receipt of one invoice is refused without showing it."""

    def assert_refused(self, data, what):
        with self.assertRaises(KsefProtocolError) as caught:
            read_upo(data)
        self.assertEqual(caught.exception.details, (what,))
        self.assertIsNone(caught.exception.__context__)

    def test_damaged_xml(self):
        for data in (b"", b"   ", b"\xff\xfe\x00", receipt().encode()[:-5]):
            with self.subTest(data=data[:10]):
                self.assert_refused(data, "XML")

    def test_other_documents(self):
        for data in (
            b"<html/>",
            b"<Potwierdzenie/>",
            receipt().replace(NAMESPACE, "http://example.pl/").encode(),
            (SIGNATURE % receipt().join(["", receipt()])).encode(),
            (SIGNATURE % "").encode(),
            f"<x>{receipt()}</x>".encode(),
        ):
            with self.subTest(data=data[:20]):
                self.assert_refused(data, "root element")

    def test_number_of_documents_must_be_one(self):
        for documents in ("", DOCUMENT * 2):
            self.assert_refused(
                receipt(documents=documents).encode(), "number of documents"
            )

    def test_missing_doubled_or_odd_facts_are_named(self):
        doubled = "<TrybWysylki>Online</TrybWysylki>"
        for old, new, what in (
            ("<TrybWysylki>Online</TrybWysylki>", "", "mode"),
            (doubled, doubled * 2, "mode"),
            ("Online", "  ", "mode"),
            ("2026-03-05<", "05.03.2026<", "issue_date"),
            ("2026-03-05T10:15:30.123+01:00", "today", "sent_on"),
        ):
            with self.subTest(what=what, new=new):
                self.assert_refused(receipt().replace(old, new).encode(), what)

    def test_document_type_is_refused(self):
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        for doctype in (bomb, '<!DOCTYPE x SYSTEM "file:///etc/passwd">'):
            self.assert_refused((doctype + receipt()).encode(), "document type")

    def test_entity_is_not_filled_in(self):
        doctype = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
        data = doctype + receipt(receiver="&a;")
        self.assert_refused(data.encode(), "document type")

    def test_document_type_in_another_encoding_is_refused(self):
        data = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x []>' + receipt()
        self.assert_refused(data.encode("utf-16"), "document type")

    def test_too_long_bytes_are_not_parsed(self):
        self.assert_refused(b" " * (UPO_LIMIT_BYTES + 1), "length")


def page(count, **options):
    documents = "\n".join(
        DOCUMENT.replace("FV/2026/03/001", f"FV/{number}") for number in range(count)
    )
    return receipt(documents=documents, **options).encode()


class PageTest(unittest.TestCase):
    """A page of a session's receipt is read entry by entry, in bounded memory."""

    def assert_refused(self, data, what):
        with self.assertRaises(KsefProtocolError) as caught:
            list(read_upo_page(data))
        self.assertEqual(caught.exception.details, (what,))
        self.assertIsNone(caught.exception.__context__)

    def test_every_entry_has_the_facts_of_its_own_receipt(self):
        found = list(read_upo_page(page(500)))
        self.assertEqual(
            [facts.invoice_number for facts in found],
            [f"FV/{number}" for number in range(500)],
        )
        single = receipt(documents=DOCUMENT.replace("FV/2026/03/001", "FV/7"))
        self.assertEqual(found[7], read_upo(single.encode()))

    def test_a_page_of_one_is_a_page(self):
        [facts] = read_upo_page(page(1))
        self.assertEqual(facts.invoice_number, "FV/0")

    def test_signature_inside_or_around_is_tolerated(self):
        plain = list(read_upo_page(page(3)))
        inside = page(3, more=SIGNATURE % "<ds:SignedInfo/>")
        around = SIGNATURE % f"<ds:Object>{page(3).decode()}</ds:Object>"
        self.assertEqual(list(read_upo_page(inside)), plain)
        self.assertEqual(list(read_upo_page(around.encode())), plain)

    def test_entries_outside_the_receipt_do_not_count(self):
        other = receipt(documents=DOCUMENT.replace("FV/2026/03/001", "OTHER"))
        for hidden in (DOCUMENT, other):
            wrapped = SIGNATURE % f'<ds:Object xmlns="{NAMESPACE}">{hidden}</ds:Object>'
            found = list(read_upo_page(page(2, more=wrapped)))
            self.assertEqual(
                [facts.invoice_number for facts in found], ["FV/0", "FV/1"]
            )

    def test_two_receipts_in_a_signature_are_refused(self):
        twice = SIGNATURE % f"<ds:Object>{receipt()}{receipt()}</ds:Object>"
        self.assert_refused(twice.encode(), "root element")

    def test_no_entry_and_too_many_are_refused(self):
        self.assert_refused(page(0), "number of documents")
        self.assert_refused(page(PAGE_MAX_DOCUMENTS + 1), "number of documents")

    def test_a_cut_page_is_refused_at_its_end(self):
        self.assert_refused(page(50)[:-10], "XML")

    def test_document_type_and_length_are_refused(self):
        self.assert_refused(b"<!DOCTYPE x []>" + page(1), "document type")
        self.assert_refused(b" " * (UPO_PAGE_LIMIT_BYTES + 1), "length")

    def test_an_odd_entry_is_named(self):
        self.assert_refused(page(20).replace(b">FV/9<", b"><"), "invoice_number")

    def test_memory_does_not_grow_with_the_entries(self):
        done = subprocess.run(
            [sys.executable, "-c", GROWTH, str(PAGE_MAX_DOCUMENTS)],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        self.assertLess(int(done.stdout), 5_000_000)


# Bytes by which a process of its own grows while it reads a page; the parser's
# memory is not Python's, so no tool of the language sees it.
GROWTH = """
import os, sys
from ksef.tests.test_upo import page
from ksef.upo import read_upo_page

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

for facts in read_upo_page(page(10)):
    pass
data = page(int(sys.argv[1]))
before, most = resident(), 0
for number, facts in enumerate(read_upo_page(data)):
    if not number % 500:
        most = max(most, resident())
print(most - before)
"""


@unittest.skipUnless(SHARED.is_dir(), "needs ../shared")
class OfficialSampleTest(unittest.TestCase):
    """The Ministry's samples are read; those of sessions hold several invoices."""

    def test_invoice_receipts_are_read(self):
        for path in self.samples("upo-faktura-*.xml"):
            with self.subTest(name=path.name):
                facts = read_upo(path.read_bytes())
                self.assertEqual(facts.ksef_number[:10], facts.seller_nip)

    def test_session_receipts_are_refused(self):
        for path in self.samples("upo-sesja-*.xml"):
            with self.subTest(name=path.name), self.assertRaises(KsefProtocolError):
                read_upo(path.read_bytes())

    def test_session_receipts_are_read_as_pages(self):
        for path in self.samples("upo-sesja-*.xml"):
            with self.subTest(name=path.name):
                self.assertGreater(len(list(read_upo_page(path.read_bytes()))), 1)

    def samples(self, pattern):
        found = sorted(Path(SHARED).rglob(pattern))
        self.assertTrue(found)
        return found
