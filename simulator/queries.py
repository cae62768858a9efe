"""Handlers: invoice metadata query and download by KSeF number.

Source: KSeF API 2.0, section on receiving invoices.
"""

from datetime import date, datetime, time, timedelta

from .clock import WARSAW, from_text, to_text
from .exchange import json_response
from .metadata import INVOICE_TYPES
from .paging import DEFAULT_PAGE_SIZE
from .problems import Code, invalid, refusal
from .sessions import xml_answer

LONGEST_RANGE = timedelta(days=92)
RECORD_LIMIT = 10000
FORM_TYPE = "FA"
AMOUNT_FIELDS = {"Brutto": "grossAmount", "Netto": "netAmount", "Vat": "vatAmount"}


def _issue_moment(invoice):
    day = date.fromisoformat(invoice.facts["issueDate"])
    return datetime.combine(day, time.min, WARSAW)


DATES = {
    "Issue": _issue_moment,
    "Invoicing": lambda invoice: invoice.received,
    "PermanentStorage": lambda invoice: invoice.stored,
}


def _nip_parties(invoice):
    """Return {subject type: NIPs} of everybody who may see the invoice."""
    facts = invoice.facts

    def nips(identifiers):
        return [item.get("value") for item in identifiers if item["type"] == "Nip"]

    authorized = facts["authorizedSubject"]
    return {
        "Subject1": [facts["sellerNip"]],
        "Subject2": nips([facts["buyer"]["identifier"]]),
        "Subject3": nips([third["identifier"] for third in facts["thirdSubjects"]]),
        "SubjectAuthorized": [authorized["nip"]] if authorized else [],
    }


def _record(invoice):
    facts = invoice.facts
    return {
        "ksefNumber": invoice.ksef_number,
        "invoiceNumber": facts["invoiceNumber"],
        "issueDate": facts["issueDate"],
        "invoicingDate": to_text(invoice.received),
        "acquisitionDate": to_text(invoice.acquired),
        "permanentStorageDate": to_text(invoice.stored),
        "seller": {"nip": facts["sellerNip"], "name": facts["sellerName"]},
        "buyer": facts["buyer"],
        "netAmount": facts["netAmount"],
        "grossAmount": facts["grossAmount"],
        "vatAmount": facts["vatAmount"],
        "currency": facts["currency"],
        "invoicingMode": invoice.mode,
        "invoiceType": INVOICE_TYPES.get(facts["kind"], "Vat"),
        "formCode": invoice.session.form,
        "isSelfInvoicing": facts["isSelfInvoicing"],
        "hasAttachment": facts["hasAttachment"],
        "invoiceHash": invoice.invoice_hash,
        "hashOfCorrectedInvoice": invoice.corrected_hash,
        "thirdSubjects": facts["thirdSubjects"],
        "authorizedSubject": facts["authorizedSubject"],
    }


def _same(read):
    return lambda wanted, record: read(record) == wanted


def _is_amount(wanted, record):
    value = record[AMOUNT_FIELDS[wanted["type"]]]
    first, last = wanted.get("from"), wanted.get("to")
    return (first is None or first <= value) and (last is None or value <= last)


def _is_buyer(wanted, record):
    identifier = record["buyer"]["identifier"]
    value = wanted.get("value")
    return identifier["type"] == wanted["type"] and (
        value is None or identifier.get("value") == value
    )


FILTERS = {
    "ksefNumber": _same(lambda record: record["ksefNumber"]),
    "invoiceNumber": _same(lambda record: record["invoiceNumber"]),
    "sellerNip": _same(lambda record: record["seller"]["nip"]),
    "invoicingMode": _same(lambda record: record["invoicingMode"]),
    "isSelfInvoicing": _same(lambda record: record["isSelfInvoicing"]),
    "hasAttachment": _same(lambda record: record["hasAttachment"]),
    "formType": _same(lambda record: FORM_TYPE),
    "amount": _is_amount,
    "buyerIdentifier": _is_buyer,
    "currencyCodes": lambda wanted, record: record["currency"] in wanted,
    "invoiceTypes": lambda wanted, record: record["invoiceType"] in wanted,
}


def _range(system, wanted):
    """Return (first, last, high-water mark); refuses impossible ranges."""
    now = system.clock.now()
    hwm = now - timedelta(seconds=system.settings.hwm_seconds)
    first = from_text(wanted["from"])
    last = from_text(wanted["to"]) if wanted.get("to") else now
    is_stored = wanted["dateType"] == "PermanentStorage"
    if wanted.get("restrictToPermanentStorageHwmDate"):
        if not is_stored:
            raise invalid("'restrictToPermanentStorageHwmDate' is not allowed here.")
        if first > hwm:
            detail = (
                "Parametr dateRange.from jest późniejszy niż PermanentStorageHwmDate"
                " przy włączonym restrictToPermanentStorageHwmDate."
            )
            raise refusal(Code.BEYOND_DATA, detail)
        last = min(last, hwm)
    if last < first or last - first > LONGEST_RANGE:
        raise invalid("'dateRange' must be at most 3 months.")
    return first, last, hwm if is_stored else None


def _matches(invoice, body, nip, now):
    if invoice.stored > now or nip not in _nip_parties(invoice)[body["subjectType"]]:
        return False
    record = _record(invoice)
    return all(
        is_match(body[name], record)
        for name, is_match in FILTERS.items()
        if body.get(name) is not None
    )


def query_metadata(system, call):
    body, now = call.body, system.clock.now()
    first, last, hwm = _range(system, body["dateRange"])
    moment = DATES[body["dateRange"]["dateType"]]
    found = [
        invoice
        for invoice in system.book.by_ksef_number.values()
        if first <= moment(invoice) <= last
        and _matches(invoice, body, call.login.context[1], now)
    ]
    found.sort(key=moment, reverse=call.query.get("sortOrder") == "Desc")
    size = call.query.get("pageSize", DEFAULT_PAGE_SIZE)
    start = call.query.get("pageOffset", 0) * size
    end = min(start + size, RECORD_LIMIT)
    has_more = len(found) > end
    answer = {
        "hasMore": has_more,
        "isTruncated": has_more and end >= RECORD_LIMIT,
        "permanentStorageHwmDate": to_text(hwm) if hwm else None,
        "invoices": [_record(invoice) for invoice in found[start:end]],
    }
    return json_response(200, answer)


def invoice_download(system, call):
    number = call.params["ksefNumber"]
    invoice = system.book.by_ksef_number.get(number)
    nip = call.login.context[1]
    if invoice is None or all(nip not in n for n in _nip_parties(invoice).values()):
        detail = f"Faktura o numerze KSeF {number} nie została znaleziona."
        raise refusal(Code.NO_INVOICE, detail)
    if invoice.stored > system.clock.now():
        detail = (
            f"Faktura o numerze KSeF {number} została przetworzona, ale nie jest"
            " jeszcze dostępna do pobrania. Spróbuj ponownie później."
        )
        raise refusal(Code.NOT_STORED_YET, detail)
    return xml_answer(invoice.xml)
