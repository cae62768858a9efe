"""What a person sees in a browser after Confirm."""

from .browser import Browser
from .common import ServerCase

PROCESSING_SECONDS = (0, 1, 5)


class TestBrowser(ServerCase):
    """The number appears on the open form, without a reload."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = Browser(cls.demo.address, cls.journey.company)
        cls.addClassCleanup(cls.browser.close)

    def test_number_appears_on_the_open_form(self):
        for seconds in PROCESSING_SECONDS:
            settings = {"processing_seconds": seconds}
            self.demo.control("POST", "settings", settings)
            move = self.journey.make_invoice()
            with self.subTest(processing_seconds=seconds):
                shown = self.browser.confirm_and_wait(move)
                self.assertEqual(shown, self.get_document(move)[1])
                self.assertTrue(self.browser.is_same_page(), "no reload")
        self.assertEqual(self.browser.errors, [])
        self.check_no_error_logged()

    def test_typing_is_kept_while_the_number_arrives(self):
        self.demo.control("POST", "settings", {"processing_seconds": 3})
        move = self.journey.make_invoice()
        self.browser.confirm(move)
        self.browser.type_reference("PO-4711")
        self.wait_until(lambda: self.get_document(move)[1], "there is a KSeF number")
        self.assertEqual(self.browser.get_reference(), "PO-4711")
