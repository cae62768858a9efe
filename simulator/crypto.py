"""Hashes and the AES decryption of what clients send.

Source: KSeF API 2.0, section on the cryptography of sessions.
"""

import base64
import hashlib

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

AES_BLOCK_BITS = 128
AES_KEY_BYTES = 32
CHUNK_BYTES = 1_000_000


def base64_text(data):
    return base64.b64encode(data).decode()


def sha256_base64(data):
    return base64_text(hashlib.sha256(data).digest())


def decrypt(key, iv, content):
    """AES-256-CBC with PKCS#7 padding; raises ``ValueError``."""
    return b"".join(decrypt_chunks(key, iv, [content]))


def decrypt_chunks(key, iv, chunks):
    """Yield the plain pieces of a ciphertext that comes in pieces."""
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(AES_BLOCK_BITS).unpadder()
    for chunk in chunks:
        yield unpadder.update(decryptor.update(chunk))
    yield unpadder.update(decryptor.finalize()) + unpadder.finalize()


def read_chunks(file):
    """Yield a file from its start, in pieces of bounded size."""
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
