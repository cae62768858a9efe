"""Verifying an enveloped XML signature: canonical forms, digests, signature value.

Left out of what KSeF takes: RSA-PSS, SHA-1, SHA-3 and the Base64 transform.
Source: W3C, XML Signature Syntax and Processing 1.1; KSeF API 2.0, section on the
signature of a login request.
"""

import base64
import binascii
import copy
import hashlib
import hmac
import io
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

DS_URI = "http://www.w3.org/2000/09/xmldsig#"
DS = f"{{{DS_URI}}}"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
# Differs from 1.0 in xml:id and xml:base only, which a login request has not.
INCLUSIVE_11 = "http://www.w3.org/2006/12/xml-c14n11"
XPATH_TRANSFORM = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER_TRANSFORM = "http://www.w3.org/2002/06/xmldsig-filter2"
WITH_COMMENTS = "WithComments"
CANONICALISATIONS = {  # whether it is exclusive
    EXCLUSIVE: True,
    EXCLUSIVE + WITH_COMMENTS: True,
    INCLUSIVE: False,
    f"{INCLUSIVE}#{WITH_COMMENTS}": False,
    INCLUSIVE_11: False,
    f"{INCLUSIVE_11}#{WITH_COMMENTS}": False,
}
# Three ways to say "all but the signature", by the text of the transform.
REMOVALS = {
    DS_URI + "enveloped-signature": ("",),
    XPATH_TRANSFORM: ("not(ancestor-or-self::ds:Signature)",),
    FILTER_TRANSFORM: ("/descendant::ds:Signature",),
}
DIGESTS = {
    ENC + "sha256": hashlib.sha256,
    MORE + "sha384": hashlib.sha384,
    ENC + "sha512": hashlib.sha512,
}
SIGNATURES = {
    MORE + "rsa-sha256": (rsa.RSAPublicKey, hashes.SHA256()),
    MORE + "rsa-sha384": (rsa.RSAPublicKey, hashes.SHA384()),
    MORE + "rsa-sha512": (rsa.RSAPublicKey, hashes.SHA512()),
    MORE + "ecdsa-sha256": (ec.EllipticCurvePublicKey, hashes.SHA256()),
    MORE + "ecdsa-sha384": (ec.EllipticCurvePublicKey, hashes.SHA384()),
    MORE + "ecdsa-sha512": (ec.EllipticCurvePublicKey, hashes.SHA512()),
}
ID_NAMES = ("Id", "ID", "id")


class BadSignatureError(Exception):
    """The signature does not hold; ``sentence`` says why."""

    def __init__(self, sentence):
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Reference:
    """What a signature covers: the ``element``, None being the whole document."""

    kind: str | None
    element: object


def decoded(text):
    """The bytes of a Base64 text, in which white space does not matter."""
    try:
        return base64.b64decode("".join((text or "").split()), validate=True)
    except binascii.Error:
        raise BadSignatureError("Wartość nie jest zapisana w Base64.") from None


def the_only(parent, path, sentence):
    """The single element of ``path``, or the signature does not hold."""
    found = parent.findall(path)
    if len(found) != 1:
        raise BadSignatureError(sentence)
    return found[0]


def without(signature):
    """A copy of the document without its only signature; text after it stays."""
    tree = copy.deepcopy(signature.getroottree())
    twin = next(tree.iter(signature.tag))
    parent, previous, tail = twin.getparent(), twin.getprevious(), twin.tail or ""
    if previous is None:
        parent.text = (parent.text or "") + tail
    else:
        previous.tail = (previous.tail or "") + tail
    parent.remove(twin)  # the text after it goes with it
    return tree


def matches_digest(holder, data):
    """Whether DigestMethod and DigestValue below ``holder`` fit ``data``."""
    method = the_only(holder, f"{DS}DigestMethod", "Brak elementu DigestMethod.")
    value = the_only(holder, f"{DS}DigestValue", "Brak elementu DigestValue.")
    digest = DIGESTS.get(method.get("Algorithm"))
    if digest is None:
        raise BadSignatureError("Niedozwolony algorytm skrótu.")
    return hmac.compare_digest(digest(data).digest(), decoded(value.text))


def verify(signature, public_key):
    """Return what the signature covers; raises ``BadSignatureError``.

    Source: W3C, XML Signature, section on core validation.
    """
    sentence = "Podpis nie ma wymaganych elementów."
    info = the_only(signature, f"{DS}SignedInfo", sentence)
    value = the_only(signature, f"{DS}SignatureValue", sentence)
    form = the_only(info, f"{DS}CanonicalizationMethod", sentence)
    method = the_only(info, f"{DS}SignatureMethod", sentence)
    with_comments = form.get("Algorithm", "").endswith(WITH_COMMENTS)
    data = _canonical(etree.ElementTree(info), form, with_comments)
    _check_value(public_key, method.get("Algorithm"), decoded(value.text), data)
    references = info.findall(f"{DS}Reference")
    return [_check(signature, reference) for reference in references]


def _check_value(public_key, algorithm, value, data):
    kind, digest = SIGNATURES.get(algorithm, (None, None))
    if kind is None or not isinstance(public_key, kind):
        raise BadSignatureError("Algorytm podpisu nie pasuje do klucza.")
    try:
        if kind is rsa.RSAPublicKey:
            public_key.verify(value, data, padding.PKCS1v15(), digest)
        else:
            public_key.verify(_as_der(public_key, value), data, ec.ECDSA(digest))
    except InvalidSignature:
        raise BadSignatureError("Wartość podpisu jest nieprawidłowa.") from None


def _as_der(public_key, value):
    """XML has R and S side by side, each as long as the curve."""
    size = (public_key.key_size + 7) // 8
    if len(value) != 2 * size:
        raise BadSignatureError("Wartość podpisu ECDSA ma niewłaściwą długość.")
    numbers = (value[:size], value[size:])
    return encode_dss_signature(*(int.from_bytes(part, "big") for part in numbers))


def _check(signature, reference):
    address = reference.get("URI")
    element = None if address == "" else _find(signature, address)
    data = _transformed(signature, element, reference)
    if not matches_digest(reference, data):
        raise BadSignatureError("Skrót podpisanej treści jest nieprawidłowy.")
    return Reference(reference.get("Type"), element)


def _find(signature, address):
    """The element of a "#id" address; two of the same id could deceive us."""
    name = (address or "").removeprefix("#")
    found = [
        element
        for element in signature.getroottree().getroot().iter(etree.Element)
        if name and name in [element.get(attribute) for attribute in ID_NAMES]
    ]
    if len(found) != 1 or address == name:
        raise BadSignatureError("Podpis nie wskazuje dokładnie jednego elementu.")
    return found[0]


def _transformed(signature, element, reference):
    """The bytes that a reference stands for; addresses of both kinds drop comments."""
    tree = signature.getroottree() if element is None else etree.ElementTree(element)
    transforms = reference.findall(f"{DS}Transforms/{DS}Transform")
    last = etree.Element(f"{DS}Transform", Algorithm=INCLUSIVE)
    if transforms and transforms[-1].get("Algorithm") in CANONICALISATIONS:
        last = transforms.pop()
    for transform in transforms:
        allowed = REMOVALS.get(transform.get("Algorithm"), ())
        text = transform.xpath("normalize-space()")
        if text not in allowed or element is not None:
            raise BadSignatureError("Niedozwolone przekształcenie.")
        tree = without(signature)
    return _canonical(tree, last)


def _canonical(tree, method, with_comments=False):
    """The canonical form that the element ``method`` asks for."""
    is_exclusive = CANONICALISATIONS.get(method.get("Algorithm"))
    if is_exclusive is None:
        raise BadSignatureError("Niedozwolona postać kanoniczna.")
    named = method.find(f"{{{EXCLUSIVE}}}InclusiveNamespaces")
    prefixes = None if named is None else named.get("PrefixList", "").split()
    stream = io.BytesIO()
    tree.write_c14n(
        stream,
        exclusive=is_exclusive,
        with_comments=with_comments,
        inclusive_ns_prefixes=prefixes if is_exclusive else None,
    )
    return stream.getvalue()
