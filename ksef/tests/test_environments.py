import unittest

from ..environments import Environment, endpoint_for


class EndpointTest(unittest.TestCase):
    """Hosts are fixed by environment; only test and demo may go elsewhere."""

    def test_each_environment_has_its_hosts(self):
        for environment, suffix in (
            (Environment.PRODUCTION, ""),
            (Environment.DEMO, "-demo"),
            (Environment.TEST, "-test"),
        ):
            endpoint = endpoint_for(environment)
            self.assertIs(endpoint.environment, environment)
            self.assertEqual(endpoint.api_url, f"https://api{suffix}.ksef.mf.gov.pl/v2")
            self.assertEqual(endpoint.qr_url, f"https://qr{suffix}.ksef.mf.gov.pl")
            self.assertTrue(
                endpoint.portal_url.startswith(f"https://ap{suffix}.ksef.mf.gov.pl/")
            )
            self.assertFalse(endpoint.is_loopback)

    def test_a_value_is_as_good_as_the_enum(self):
        self.assertEqual(endpoint_for("demo"), endpoint_for(Environment.DEMO))

    def test_an_unknown_environment_is_refused(self):
        for value in ("", None, "prod", "TEST"):
            with self.subTest(value=value), self.assertRaises(ValueError):
                endpoint_for(value)

    def test_no_override_means_the_fixed_address(self):
        for nothing in (None, ""):
            endpoint = endpoint_for("production", nothing)
            self.assertEqual(endpoint, endpoint_for("production"))

    def test_production_cannot_be_overridden(self):
        for url in ("http://127.0.0.1:1/v2", "https://api.ksef.mf.gov.pl/v2"):
            with self.subTest(url=url), self.assertRaises(ValueError):
                endpoint_for(Environment.PRODUCTION, url)

    def test_an_override_replaces_the_api_alone(self):
        endpoint = endpoint_for("test", " http://127.0.0.1:8123/v2/ ")
        self.assertEqual(endpoint.api_url, "http://127.0.0.1:8123/v2")
        self.assertEqual(endpoint.qr_url, endpoint_for("test").qr_url)
        self.assertTrue(endpoint.is_loopback)

    def test_https_to_a_gateway_is_allowed(self):
        endpoint = endpoint_for("demo", "https://gateway.example.pl/ksef/v2")
        self.assertEqual(endpoint.api_url, "https://gateway.example.pl/ksef/v2")
        self.assertFalse(endpoint.is_loopback)

    def test_unsafe_overrides_are_refused(self):
        for url in (
            "http://gateway.example.pl/v2",
            "http://127.0.0.1.example.pl/v2",
            "http://localhost@example.pl/v2",
            "https://user:pass@example.pl/v2",
            "https://example.pl/v2?key=1",
            "https://example.pl/v2#top",
            "ftp://127.0.0.1/v2",
            "file:///etc/hosts",
            "127.0.0.1:8000",
            "https://",
            "   ",
        ):
            with self.subTest(url=url), self.assertRaises(ValueError):
                endpoint_for("test", url)

    def test_availability_service_is_beside_the_environment(self):
        for environment, url in (
            ("production", "https://api-latarnia.ksef.mf.gov.pl"),
            ("demo", ""),
            ("test", "https://api-latarnia-test.ksef.mf.gov.pl"),
        ):
            self.assertEqual(endpoint_for(environment).lighthouse_url, url)

    def test_an_override_brings_its_own_availability_service(self):
        for override, url in (
            ("http://127.0.0.1:8123/v2", "http://127.0.0.1:8123/lighthouse"),
            ("http://127.0.0.1:8123", "http://127.0.0.1:8123/lighthouse"),
            ("https://g.example.pl/ksef/v2", "https://g.example.pl/ksef/lighthouse"),
        ):
            endpoint = endpoint_for("demo", override)
            self.assertEqual(endpoint.lighthouse_url, url)
            self.assertTrue(endpoint.is_override)
        self.assertFalse(endpoint_for("demo").is_override)
