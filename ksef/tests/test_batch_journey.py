from datetime import timedelta

from .. import crypto, errors, lighthouse, number, statuses, upo
from ..batch import Compression, build_package
from ..statuses import Verdict
from .journey_case import SimulatorCase
from .support import invoice


class BatchCase(SimulatorCase):
    """A package of invoices on its way to the simulator."""

    def setUp(self):
        super().setUp()
        self.access = self.login().access
        self.key = crypto.new_session_key()

    def package(self, files, **options):
        """Make a package of the bytes of invoices."""
        named = ((f"{place}.xml", xml) for place, xml in enumerate(files))
        made = build_package(named, self.key, **options)
        self.addCleanup(made.close)
        return made

    def open_batch(self, package):
        return self.client.open_batch_session(
            self.access, package, self.key, self.session_key()
        )

    def upload(self, opened, package):
        for place, part in zip(opened.uploads, package.parts, strict=True):
            self.client.upload_part(place, part)

    def send_batch(self, files, **options):
        """Open, upload, close; returns the reference of the session."""
        package = self.package(files, **options)
        opened = self.open_batch(package)
        self.upload(opened, package)
        self.client.close_batch_session(self.access, opened.reference)
        return opened.reference

    def final(self, reference):
        """Poll the session until it takes and processes nothing any more."""
        return self.patiently(
            lambda: self.client.session_status(self.access, reference),
            lambda status: statuses.is_session_final(status.code),
        )

    def listed(self, reference):
        pages = self.client.session_invoice_pages(self.access, reference)
        return {status.hash_b64: status for page in pages for status in page}


class BatchJourneyTest(BatchCase):
    """From files to numbers and receipts, over real HTTP with real cryptography."""

    def check_package(self, compression):
        files = [invoice(f"FV/{compression.value}/{place}") for place in range(30)]
        reference = self.send_batch(files, compression=compression, part_bytes=500)
        status = self.final(reference)
        self.assertEqual((status.code, status.successful_invoice_count), (200, 30))
        self.assertIs(statuses.session_verdict(status.code), Verdict.ACCEPTED)
        found = self.listed(reference)
        self.assertEqual(set(found), set(map(crypto.sha256_b64, files)))
        for one in found.values():
            self.assertIs(statuses.invoice_verdict(one.code), Verdict.ACCEPTED)
            self.assertTrue(number.is_valid(one.ksef_number))
        booked = self.simulator.control("book")["invoices"]
        self.assertEqual({one["xml"].encode() for one in booked}, set(files))
        return reference, status, found

    def test_tar_gz_in_parts_is_accepted(self):
        self.check_package(Compression.TAR_GZ)
        self.assertGreater(self.simulator.count("upload_part"), 2)

    def test_zip_in_parts_is_accepted(self):
        self.check_package(Compression.ZIP)
        self.assertGreater(self.simulator.count("upload_part"), 2)

    def test_receipts_come_by_link_and_by_reference(self):
        self.simulator.control("settings", {"upo_page_size": 12})
        reference, status, found = self.check_package(Compression.TAR_GZ)
        self.assertEqual(len(status.upo_pages), 3)
        before = self.simulator.control("requests")["api_calls"]
        pages = [self.client.download(page.link) for page in status.upo_pages]
        calls = self.simulator.control("requests")["api_calls"] - before
        self.assertEqual(calls, 0)
        facts = [one for page in pages for one in upo.read_upo_page(page)]
        self.assertEqual(
            {(one.invoice_hash_b64, one.ksef_number) for one in facts},
            {(one.hash_b64, one.ksef_number) for one in found.values()},
        )
        self.assertEqual({one.session_reference for one in facts}, {reference})
        again = self.client.session_upo(
            self.access, reference, status.upo_pages[0].reference
        )
        self.assertEqual(again, pages[0])

    def test_receipt_of_one_invoice_comes_by_its_link(self):
        xml = invoice("FV/LINK")
        session = self.open(self.access)
        reference = self.send(self.access, session, xml)
        state = self.settled(self.access, session, reference)
        facts = upo.read_upo(self.client.download(state.upo_link))
        self.assertEqual(facts.ksef_number, state.ksef_number)
        self.assertEqual(facts.invoice_hash_b64, crypto.sha256_b64(xml))
        self.assertGreater(state.upo_link.valid_until, self.client.now())

    def test_sessions_are_listed_by_kind_and_time(self):
        reference = self.send_batch([invoice("FV/1")])
        self.final(reference)
        now, hour = self.client.now(), timedelta(hours=1)
        find = self.client.sessions
        (found,) = find(self.access, "batch", now - hour, now + hour)
        self.assertEqual((found.reference, found.code), (reference, 200))
        self.assertEqual((found.invoice_count, found.successful_invoice_count), (1, 1))
        self.assertEqual(find(self.access, "online", now - hour, now + hour), [])
        self.assertEqual(find(self.access, "batch", now + hour, now + 2 * hour), [])


class MixedBatchTest(BatchCase):
    """Bad invoices leave the good ones of the package alone."""

    def test_each_invoice_has_its_own_fate(self):
        good = [invoice(f"FV/{place}") for place in range(3)]
        foreign = invoice("FV/FOREIGN", nip="1111111111")
        reference = self.send_batch([*good, foreign])
        status = self.final(reference)
        self.assertEqual(status.code, 200)
        self.assertEqual(
            (status.successful_invoice_count, status.failed_invoice_count), (3, 1)
        )
        pages = self.client.failed_invoice_pages(self.access, reference)
        ((failed,),) = pages
        self.assertEqual(failed.hash_b64, crypto.sha256_b64(foreign))
        self.assertIs(statuses.invoice_verdict(failed.code), Verdict.REJECTED)
        found = self.listed(reference)
        for xml in good:
            state = found[crypto.sha256_b64(xml)]
            self.assertIs(statuses.invoice_verdict(state.code), Verdict.ACCEPTED)

    def test_all_bad_says_see_the_invoices(self):
        foreign = invoice("FV/FOREIGN", nip="1111111111")
        status = self.final(self.send_batch([foreign]))
        self.assertEqual(status.code, 445)
        verdict = statuses.session_verdict(status.code)
        self.assertIs(verdict, Verdict.SEE_INVOICES)

    def test_a_session_that_fails_has_the_verdict_of_its_code(self):
        for code, verdict in (
            (405, Verdict.REBUILD),
            (415, Verdict.NEW_SESSION),
            (420, Verdict.SPLIT),
            (430, Verdict.REBUILD),
            (435, Verdict.REBUILD),
            (440, Verdict.NOT_TAKEN),
            (500, Verdict.SEE_LIST),
        ):
            with self.subTest(code=code):
                self.simulator.fault("close_batch", "session_status", code=code)
                status = self.final(self.send_batch([invoice(f"FV/{code}")]))
                self.assertEqual(status.code, code)
                self.assertIs(statuses.session_verdict(code), verdict)


class DisturbedBatchTest(BatchCase):
    """Every disturbance is told apart, and what may be repeated can be."""

    def test_a_lost_part_is_sent_again(self):
        for action in ("drop_before", "drop_after"):
            with self.subTest(action=action):
                package = self.package([invoice(f"FV/{action}")])
                opened = self.open_batch(package)
                self.simulator.fault("upload_part", action)
                with self.assertRaises(errors.KsefNoAnswer):
                    self.upload(opened, package)
                self.upload(opened, package)
                self.client.close_batch_session(self.access, opened.reference)
                self.assertEqual(self.final(opened.reference).code, 200)

    def test_a_page_of_the_firewall_is_no_upload(self):
        package = self.package([invoice("FV/1")])
        opened = self.open_batch(package)
        self.simulator.fault("upload_part", "html")
        with self.assertRaises(errors.KsefNoAnswer):
            self.upload(opened, package)
        with self.assertRaises(errors.KsefRefused) as caught:
            self.client.close_batch_session(self.access, opened.reference)
        self.assertIs(statuses.error_verdict(caught.exception.code), Verdict.REBUILD)
        self.assertEqual(
            self.client.session_status(self.access, opened.reference).code, 100
        )

    def test_an_upload_after_its_time_is_an_expired_link(self):
        package = self.package([invoice("FV/1")])
        opened = self.open_batch(package)
        self.simulator.control("expire", {"what": "links"})
        with self.assertRaises(errors.KsefLinkExpired):
            self.upload(opened, package)

    def test_a_lost_close_is_asked_about(self):
        package = self.package([invoice("FV/1")])
        opened = self.open_batch(package)
        self.upload(opened, package)
        self.simulator.fault("close_batch", "drop_after")
        with self.assertRaises(errors.KsefNoAnswer):
            self.client.close_batch_session(self.access, opened.reference)
        self.assertEqual(self.final(opened.reference).code, 200)
        with self.assertRaises(errors.KsefRefused) as caught:
            self.client.close_batch_session(self.access, opened.reference)
        self.assertEqual(caught.exception.code, 21180)

    def test_an_expired_receipt_link_is_replaced_by_the_next_status(self):
        reference = self.send_batch([invoice("FV/1")])
        (page,) = self.final(reference).upo_pages
        self.simulator.control("expire", {"what": "links"})
        with self.assertRaises(errors.KsefLinkExpired):
            self.client.download(page.link)
        (fresh,) = self.client.session_status(self.access, reference).upo_pages
        self.assertEqual(
            len(list(upo.read_upo_page(self.client.download(fresh.link)))), 1
        )

    def test_a_damaged_receipt_is_not_handed_out(self):
        reference = self.send_batch([invoice("FV/1")])
        (page,) = self.final(reference).upo_pages
        for action in ("html", "garbage", "drop_before"):
            with self.subTest(action=action):
                self.simulator.fault("upo_link", action)
                with self.assertRaises(errors.KsefError):
                    self.client.download(page.link)

    def test_wrapped_under_a_foreign_key_the_session_fails(self):
        package = self.package([invoice("FV/1")])
        self.simulator.fault("open_batch", "session_status", code=415)
        opened = self.open_batch(package)
        self.upload(opened, package)
        self.client.close_batch_session(self.access, opened.reference)
        self.assertEqual(self.final(opened.reference).code, 415)


class ServiceTest(BatchCase):
    """Limits and the availability service are read from a real server."""

    def test_limits_name_groups_for_closing(self):
        limits = self.client.rate_limits(self.access)
        self.assertEqual(limits["batch_session_close"]["per_hour"], 120)
        self.assertEqual(limits["batch_session"]["per_hour"], 60)
        self.simulator.control("settings", {"rate_groups": "2.7"})
        limits = self.client.rate_limits(self.access)
        self.assertEqual(limits["batch_session_close"], limits["batch_session"])

    def test_gate_hears_every_call_that_ksef_counts(self):
        heard = []
        self.client.transport.gate = heard.append
        before = self.simulator.control("requests")["api_calls"]
        reference = self.send_batch([invoice("FV/1")])
        (page,) = self.final(reference).upo_pages
        self.client.download(page.link)
        self.listed(reference)
        calls = self.simulator.control("requests")["api_calls"] - before
        self.assertEqual(len(heard), calls)

    def test_availability_is_read(self):
        found = lighthouse.read_status(self.client.transport)
        self.assertIs(found.state, lighthouse.AvailabilityState.AVAILABLE)
        notice = {
            "id": "K/1",
            "eventId": 1,
            "category": "MAINTENANCE",
            "type": "MAINTENANCE_ANNOUNCEMENT",
            "title": "Prace",
            "text": "Prace serwisowe",
            "start": "2026-11-20T16:00:00Z",
            "end": "2026-11-20T18:00:00Z",
            "version": 1,
            "published": "2026-11-19T16:00:00Z",
        }
        self.simulator.control(
            "settings", {"lighthouse": {"status": "MAINTENANCE", "messages": [notice]}}
        )
        found = lighthouse.read_status(self.client.transport)
        self.assertIs(found.state, lighthouse.AvailabilityState.MAINTENANCE)
        self.assertEqual([one.title for one in found.messages], ["Prace"])
        self.simulator.fault("lighthouse_status", "status", status=502)
        found = lighthouse.read_status(self.client.transport)
        self.assertIs(found.state, lighthouse.AvailabilityState.UNKNOWN)
