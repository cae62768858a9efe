"""What each operation takes: the shape of its JSON body and of its query.

Source: OpenAPI of KSeF 2.0, request schemas and query parameters.
"""

from .clock import from_text
from .validate import (
    is_base64,
    is_flag,
    is_list,
    is_moment,
    is_number,
    is_one_of,
    is_record,
    is_text,
    is_whole,
    or_null,
)

REFERENCE_LENGTH = 36
HASH_LENGTH = 44
IV_BYTES = 16
IP_LIST_LIMIT = 10
PACKAGE_MAX_BYTES = 5_000_000_000
COMPRESSIONS = ("Zip", "TarGz")
MIN_PAGE = 10
NIP = r"[1-9]((\d[1-9])|([1-9]\d))\d{7}"
KSEF_NUMBER = (
    r"([1-9](\d[1-9]|[1-9]\d)\d{7})-(20[2-9][0-9]|2[1-9]\d{2}|[3-9]\d{3})"
    r"(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])-([0-9A-F]{6})-?([0-9A-F]{6})-([0-9A-F]{2})"
)
OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])"
ADDRESS = rf"({OCTET}\.){{3}}{OCTET}"
MASK = rf"{ADDRESS}/(0|[1-9]|[12][0-9]|3[0-2])"
CONTEXT_PATTERNS = {
    "Nip": NIP,
    "InternalId": rf"{NIP}-\d{{5}}",
    "NipVatUe": rf"{NIP}-[A-Z]{{2}}[A-Z0-9+*]{{2,12}}",
    "PeppolId": r"P[A-Z]{2}\d{6}",
}
TOKEN_PERMISSIONS = (
    "InvoiceRead",
    "InvoiceWrite",
    "CredentialsRead",
    "CredentialsManage",
    "SubunitManage",
    "EnforcementOperations",
    "Introspection",
    "CollectiveIdentifierManage",
)
# All of them but what only bailiffs and tax offices get.
OWNER_PERMISSIONS = tuple(
    name for name in TOKEN_PERMISSIONS if name != "EnforcementOperations"
)
TOKEN_STATUSES = ("Pending", "Active", "Revoking", "Revoked", "Failed")
SESSION_GROUPS = ("InProgress", "Succeeded", "Failed", "Cancelled")

_hash = is_base64(length=HASH_LENGTH)
_key_id = or_null(_hash)
_reference = is_text(REFERENCE_LENGTH, REFERENCE_LENGTH)


def _addresses(pattern):
    return or_null(is_list(is_text(pattern=pattern), IP_LIST_LIMIT))


POLICY = is_record(
    {},
    {
        "allowedIps": or_null(
            is_record(
                {},
                {
                    "ip4Addresses": _addresses(ADDRESS),
                    "ip4Ranges": _addresses(f"{ADDRESS}-{ADDRESS}"),
                    "ip4Masks": _addresses(MASK),
                },
            )
        )
    },
)
LOGIN_BODY = is_record(
    {
        "challenge": _reference,
        "contextIdentifier": is_record(
            {"type": is_one_of(CONTEXT_PATTERNS), "value": is_text(1)}
        ),
        "encryptedToken": is_base64(),
    },
    {"publicKeyId": _key_id, "authorizationPolicy": or_null(POLICY)},
)
_SESSION = {
    "formCode": is_record(
        {
            "systemCode": is_text(1),
            "schemaVersion": is_text(1),
            "value": is_text(1),
        }
    ),
    "encryption": is_record(
        {
            "encryptedSymmetricKey": is_base64(),
            "initializationVector": is_base64(size=IV_BYTES),
        },
        {"publicKeyId": _key_id},
    ),
}
OPEN_BODY = is_record(_SESSION)
_BATCH_PART = is_record(
    {"ordinalNumber": is_whole(1), "fileSize": is_whole(1), "fileHash": _hash}
)
OPEN_BATCH_BODY = is_record(
    {
        **_SESSION,
        "batchFile": is_record(
            {
                "fileSize": is_whole(1, PACKAGE_MAX_BYTES),
                "fileHash": _hash,
                "fileParts": is_list(_BATCH_PART),
            },
            {"compressionType": or_null(is_one_of(COMPRESSIONS))},
        ),
    },
    {"offlineMode": is_flag},
)
SEND_BODY = is_record(
    {
        "invoiceHash": _hash,
        "invoiceSize": is_whole(1),
        "encryptedInvoiceHash": _hash,
        "encryptedInvoiceSize": is_whole(1),
        "encryptedInvoiceContent": is_base64(),
    },
    {"offlineMode": is_flag, "hashOfCorrectedInvoice": or_null(_hash)},
)
TOKEN_BODY = is_record(
    {
        "permissions": is_list(is_one_of(TOKEN_PERMISSIONS)),
        "description": is_text(5, 256),
    }
)
METADATA_BODY = is_record(
    {
        "subjectType": is_one_of(
            ("Subject1", "Subject2", "Subject3", "SubjectAuthorized")
        ),
        "dateRange": is_record(
            {
                "dateType": is_one_of(("Issue", "Invoicing", "PermanentStorage")),
                "from": is_moment,
            },
            {
                "to": or_null(is_moment),
                "restrictToPermanentStorageHwmDate": or_null(is_flag),
            },
        ),
    },
    {
        "ksefNumber": or_null(is_text(35, 36, KSEF_NUMBER)),
        "invoiceNumber": or_null(is_text(0, 256)),
        "amount": or_null(
            is_record(
                {"type": is_one_of(("Brutto", "Netto", "Vat"))},
                {"from": or_null(is_number), "to": or_null(is_number)},
            )
        ),
        "sellerNip": or_null(is_text(10, 10, NIP)),
        "buyerIdentifier": or_null(
            is_record(
                {"type": is_one_of(("Nip", "VatUe", "Other", "None"))},
                {"value": or_null(is_text(0, 50))},
            )
        ),
        "currencyCodes": or_null(is_list(is_text(3, 3, "[A-Z]{3}"))),
        "invoicingMode": or_null(is_one_of(("Online", "Offline"))),
        "isSelfInvoicing": or_null(is_flag),
        "formType": or_null(is_one_of(("FA", "PEF", "FA_RR"))),
        "invoiceTypes": or_null(is_list(is_text(1))),
        "hasAttachment": or_null(is_flag),
    },
)


def _to_whole(least, most):
    check = is_whole(least, most)

    def read(texts, name):
        value = int(texts[-1]) if texts[-1].isdecimal() else texts[-1]
        return value, check(value, name)

    return read


def _to_text(check):
    def read(texts, name):
        return texts[-1], check(texts[-1], name)

    return read


def _to_flag(texts, name):
    """ASP.NET takes true and false in any case."""
    text = texts[-1].lower()
    return text == "true", is_one_of(("true", "false"))(text, name)


def _to_moment(texts, name):
    problems = is_moment(texts[-1], name)
    return (None, problems) if problems else (from_text(texts[-1]), problems)


def _to_list(check):
    def read(texts, name):
        return texts, is_list(check)(texts, name)

    return read


def page_size(most):
    return {"pageSize": _to_whole(MIN_PAGE, most)}


SESSION_LIST_QUERY = {
    **page_size(1000),
    "sessionType": _to_text(is_one_of(("Online", "Batch"))),
    "referenceNumber": _to_text(_reference),
    "statuses": _to_list(is_one_of(SESSION_GROUPS)),
    **{
        f"date{what}{end}": _to_moment
        for what in ("Created", "Closed", "Modified")
        for end in ("From", "To")
    },
}
TOKEN_LIST_QUERY = {
    **page_size(100),
    "status": _to_list(is_one_of(TOKEN_STATUSES)),
    "description": _to_text(is_text(3)),
    "authorIdentifier": _to_text(is_text(3)),
    "authorIdentifierType": _to_text(is_one_of(("Nip", "Pesel", "Fingerprint"))),
}
CHAIN_QUERY = {"verifyCertificateChain": _to_flag}
METADATA_QUERY = {
    **page_size(250),
    "sortOrder": _to_text(is_one_of(("Asc", "Desc"))),
    "pageOffset": _to_whole(0, None),
}


def read_query(readers, given):
    """Return (values by name, sentences); unknown names are wrong."""
    values, problems = {}, []
    for name, texts in given.items():
        if name not in readers:
            problems.append(f"'{name}' is not known.")
            continue
        values[name], found = readers[name](texts, name)
        problems += found
    return values, problems
