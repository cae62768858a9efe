"""The two ways to log in: a test that is written once runs for either."""

from .common import SELLER_NIP

# The clock tests go back by a day, and the certificate has to be valid then.
VALID_SINCE_DAYS = -10


class ByToken:
    """Mixin of a KsefCase: the company logs in with a KSeF token.

    :cvar operation: what the simulator calls this login
    :cvar entry: function of ``ksef.auth`` that does it
    :cvar way_out: client action behind the button of a refusal
    """

    login_method, other_method = "token", "certificate"
    operation, entry = "login_token", "login_with_token"
    way_out = "l10n_pl_ksef_connect"
    key_kind = "ec"

    @classmethod
    def connect(cls, method=None, **values):
        """Connect the company anew, by its own method or by the one given."""
        if (method or cls.login_method) == "token":
            return super().connect(**values)
        made = cls.make_certificate(**values)
        result = cls.try_certificate(made)
        if not result["connected"]:
            raise AssertionError(result)
        return made

    @classmethod
    def make_certificate(cls, nip=SELLER_NIP, **values):
        """Let the simulator issue a certificate; returns its JSON."""
        values = {"valid_from_days": VALID_SINCE_DAYS, "key": cls.key_kind, **values}
        return cls.simulator.control("certificates", {"nip": nip, **values})

    @classmethod
    def try_certificate(cls, made, company=None, user=None):
        """Hand in a certificate with its key; returns what the dialogue shows."""
        files = [made["certificate"].encode(), made["key"].encode()]
        setup = cls.env["l10n_pl_ksef.setup"].with_user(user or cls.env.user)
        company = (company or cls.company).with_env(setup.env)
        return setup._connect_certificate(company, "test", files, "", "127.0.0.1")

    def revoke(self, token):
        """Let KSeF end what :meth:`connect` returned."""
        reference = token.split("|")[0]
        self.simulator.control(f"tokens/{reference}", {"status": "Revoked"})

    def count_logins_ever(self):
        """Return how often this login was begun, that of the set-up included."""
        return self.simulator.count(self.operation)


class ByCertificate(ByToken):
    """Mixin of a KsefCase: the company logs in with a KSeF certificate.

    :cvar key_kind: ``ec`` or ``rsa``
    """

    # Odoo runs the tests of a base class only where this is set.
    allow_inherited_tests_method = True
    login_method, other_method = "certificate", "token"
    operation, entry = "login_certificate", "login_with_certificate"
    way_out = "l10n_pl_ksef_certificate"

    def revoke(self, made):
        path = f"certificates/{made['serial']}"
        self.simulator.control(path, {"status": "Revoked"})
