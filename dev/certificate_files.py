"""A certificate of the simulator, as KSeF's application hands it out."""

from cryptography.hazmat.primitives import serialization


def make_files(made, passphrase, name="firma"):
    """Return the two files that a person downloads, as name -> bytes.

    :param made: what the simulator answers to ``POST /control/certificates``
    :param passphrase: text that protects the private key
    """
    key = serialization.load_pem_private_key(made["key"].encode(), None)
    protected = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    return {f"{name}.crt": made["certificate"].encode(), f"{name}.key": protected}
