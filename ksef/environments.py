"""Hosts of the KSeF environments and the one way to another address.

Source: KSeF API 2.0, section on environments.
"""

from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost"})
# KSeF's temporary links lead to hosts in here; the documentation names none.
LINK_DOMAIN = "ksef.mf.gov.pl"
API_VERSION_PATH = "/v2"
LIGHTHOUSE_PATH = "/lighthouse"  # beside the API of an override


class Environment(str, Enum):
    """Where invoices go; only PRODUCTION has legal effect."""

    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


@dataclass(frozen=True)
class Endpoint:
    """Addresses of one environment, without a slash at the end.

    :ivar api_url: base of every call, version prefix included
    :ivar qr_url: host of verification links
    :ivar portal_url: the Ministry's web application, where tokens are made
    :ivar lighthouse_url: availability service, empty where there is none
    :ivar is_override: the address comes from the server configuration
    """

    environment: Environment
    api_url: str
    qr_url: str
    portal_url: str
    lighthouse_url: str = ""
    is_override: bool = False

    @property
    def is_loopback(self):
        """True when the calls stay on this machine."""
        return urlsplit(self.api_url).hostname in LOOPBACK_HOSTS


_ENDPOINTS = {
    Environment.PRODUCTION: Endpoint(
        Environment.PRODUCTION,
        "https://api.ksef.mf.gov.pl/v2",
        "https://qr.ksef.mf.gov.pl",
        "https://ap.ksef.mf.gov.pl/web",
        "https://api-latarnia.ksef.mf.gov.pl",
    ),
    Environment.DEMO: Endpoint(
        Environment.DEMO,
        "https://api-demo.ksef.mf.gov.pl/v2",
        "https://qr-demo.ksef.mf.gov.pl",
        "https://ap-demo.ksef.mf.gov.pl/web",
    ),
    Environment.TEST: Endpoint(
        Environment.TEST,
        "https://api-test.ksef.mf.gov.pl/v2",
        "https://qr-test.ksef.mf.gov.pl",
        "https://ap-test.ksef.mf.gov.pl/web",
        "https://api-latarnia-test.ksef.mf.gov.pl",
    ),
}


def endpoint_for(environment, override_url=None):
    """Return the :class:`Endpoint` of an environment.

    :param environment: :class:`Environment` or its value
    :param override_url: API base of a simulator or gateway, from the server
        configuration: https, or plain http on this machine
    :raises ValueError: unknown environment; an override for production; an
        override that is neither https nor on this machine
    """
    environment = Environment(environment)
    standard = _ENDPOINTS[environment]
    if not override_url:
        return standard
    if environment is Environment.PRODUCTION:
        raise ValueError("production has one address, it cannot be overridden")
    api_url = _checked(override_url)
    return Endpoint(
        environment,
        api_url,
        standard.qr_url,
        standard.portal_url,
        api_url.removesuffix(API_VERSION_PATH) + LIGHTHOUSE_PATH,
        is_override=True,
    )


def _checked(url):
    url = url.strip().rstrip("/")
    parts = urlsplit(url)
    is_plain_loopback = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    if not parts.hostname or not (parts.scheme == "https" or is_plain_loopback):
        raise ValueError("the address must be https, or http on this machine")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the address may hold scheme, host, port and path only")
    return url
