"""A login with a certificate as a signed document.

Source: KSeF API 2.0, section on authentication with a certificate; XML Signature
1.1 and XAdES 1.3.2 (profile BASELINE-B): enveloped, exclusive canonical form.
"""

import base64
from datetime import timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from .crypto import sha256_b64

# KSeF takes no time in the future; this much its clock may be behind ours.
SIGNING_TIME_BACK = timedelta(minutes=1)

BY_SUBJECT = "certificateSubject"
BY_FINGERPRINT = "certificateFingerprint"

_METHOD = "http://www.w3.org/2001/04/xmldsig-more#{}"
_RSA_METHOD = "rsa-sha256"
_EC_METHODS = {
    "secp256r1": ("ecdsa-sha256", hashes.SHA256()),
    "secp384r1": ("ecdsa-sha384", hashes.SHA384()),
    "secp521r1": ("ecdsa-sha512", hashes.SHA512()),
}

_NAMESPACES = {
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xades": "http://uri.etsi.org/01903/v1.3.2#",
    "auth": "http://ksef.mf.gov.pl/auth/token/2.1",
}

_REQUEST = """
<AuthTokenRequest xmlns="http://ksef.mf.gov.pl/auth/token/2.1">
  <Challenge/>
  <ContextIdentifier><Nip/></ContextIdentifier>
  <SubjectIdentifierType/>
</AuthTokenRequest>
"""

_SIGNATURE = """
<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="sig">
  <ds:SignedInfo>
    <ds:CanonicalizationMethod
      Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
    <ds:SignatureMethod/>
    <ds:Reference Id="ref-doc" URI="">
      <ds:Transforms>
        <ds:Transform
          Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
        <ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
      </ds:Transforms>
      <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
      <ds:DigestValue/>
    </ds:Reference>
    <ds:Reference URI="#sp" Type="http://uri.etsi.org/01903#SignedProperties">
      <ds:Transforms>
        <ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
      </ds:Transforms>
      <ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
      <ds:DigestValue/>
    </ds:Reference>
  </ds:SignedInfo>
  <ds:SignatureValue/>
  <ds:KeyInfo>
    <ds:X509Data><ds:X509Certificate/></ds:X509Data>
  </ds:KeyInfo>
  <ds:Object>
    <xades:QualifyingProperties
      xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Target="#sig">
      <xades:SignedProperties Id="sp">
        <xades:SignedSignatureProperties>
          <xades:SigningTime/>
          <xades:SigningCertificate>
            <xades:Cert>
              <xades:CertDigest>
                <ds:DigestMethod
                  Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
                <ds:DigestValue/>
              </xades:CertDigest>
              <xades:IssuerSerial>
                <ds:X509IssuerName/>
                <ds:X509SerialNumber/>
              </xades:IssuerSerial>
            </xades:Cert>
          </xades:SigningCertificate>
        </xades:SignedSignatureProperties>
        <xades:SignedDataObjectProperties>
          <xades:DataObjectFormat ObjectReference="#ref-doc">
            <xades:MimeType>text/xml</xades:MimeType>
          </xades:DataObjectFormat>
        </xades:SignedDataObjectProperties>
      </xades:SignedProperties>
    </xades:QualifyingProperties>
  </ds:Object>
</ds:Signature>
"""


def sign_login(challenge, nip, credential, now):
    """Return the signed login for a challenge, ready to be sent byte for byte.

    :param challenge: text of KSeF's challenge
    :param nip: ten digits, the context
    :param credential: :class:`~.certificate.Credential`
    :param now: aware datetime, by KSeF's clock
    """
    root = _request(challenge, nip, credential.facts)
    key = _load_key(credential.key.reveal())
    signature = _parse(_SIGNATURE)
    method = signature.find(".//ds:SignatureMethod", _NAMESPACES)
    method.set("Algorithm", _METHOD.format(_method(key)))
    document, properties = signature.iterfind(
        "ds:SignedInfo/ds:Reference/ds:DigestValue", _NAMESPACES
    )
    document.text = sha256_b64(_canonical(root))
    root.append(signature)
    _describe(signature, credential, now)
    signed_properties = signature.find(".//xades:SignedProperties", _NAMESPACES)
    properties.text = sha256_b64(_canonical(signed_properties))
    signed_info = signature.find("ds:SignedInfo", _NAMESPACES)
    value = _sign(key, _canonical(signed_info))
    _fill(signature, "ds:SignatureValue", _b64(value))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _load_key(der):
    """Load a key that was checked when it was read from its file.

    The check of an RSA key takes a hundred times as long as its signature; releases
    of the library before 39 always do it.
    """
    load = serialization.load_der_private_key
    try:
        return load(der, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        return load(der, None)


def _request(challenge, nip, facts):
    root = _parse(_REQUEST)
    is_known = facts.nip or facts.pesel_known
    _fill(root, "auth:Challenge", challenge)
    _fill(root, "auth:ContextIdentifier/auth:Nip", nip)
    identified = BY_SUBJECT if is_known else BY_FINGERPRINT
    _fill(root, "auth:SubjectIdentifierType", identified)
    return root


def _describe(signature, credential, now):
    """Fill in what the signature says about its certificate and its time."""
    certificate = x509.load_der_x509_certificate(credential.certificate)
    texts = {
        "ds:X509Certificate": _b64(credential.certificate),
        "xades:SigningTime": _signing_time(credential.facts, now),
        "xades:CertDigest/ds:DigestValue": sha256_b64(credential.certificate),
        "ds:X509IssuerName": credential.facts.issuer_name,
        "ds:X509SerialNumber": str(certificate.serial_number),
    }
    for path, text in texts.items():
        _fill(signature, f".//{path}", text)


def _signing_time(facts, now):
    """Return a moment just past, inside the validity of the certificate."""
    moment = max(now - SIGNING_TIME_BACK, facts.valid_from)
    moment = min(moment, facts.valid_to).astimezone(timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _method(key):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _EC_METHODS[key.curve.name][0]
    return _RSA_METHOD


def _sign(key, data):
    """Sign as XML Signature wants it: RSA PKCS#1 v1.5, or ECDSA as ``R || S``."""
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    hash_kind = _EC_METHODS[key.curve.name][1]
    return _raw(key.sign(data, ec.ECDSA(hash_kind)), key.curve)


def _raw(signature, curve):
    """Return both numbers of a DER signature, each as long as its curve."""
    size = (curve.key_size + 7) // 8
    numbers = decode_dss_signature(signature)
    return b"".join(number.to_bytes(size, "big") for number in numbers)


def _parse(text):
    """Return a text of this module as elements, without the white space between."""
    parser = etree.XMLParser(
        remove_blank_text=True, resolve_entities=False, no_network=True
    )
    return etree.fromstring(text, parser)


def _fill(element, path, text):
    element.find(path, _NAMESPACES).text = text


def _canonical(element):
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def _b64(data):
    return base64.b64encode(data).decode("ascii")
