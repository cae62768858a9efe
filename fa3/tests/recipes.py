"""The documents of ``recipes.txt``, built with the dataclasses, by number."""

from datetime import date, datetime, timezone

from ..advances import AdvanceInvoice, Order, OrderLine
from ..annotations import Annotations, Exemption, Margin
from ..codes import (
    CorrectionEffect,
    InvoiceKind,
    PartPayment,
    PartyRole,
    PaymentForm,
    Procedure,
)
from ..corrections import BuyerBefore, CorrectedInvoice
from ..document import Body, Header, Invoice
from ..lines import Line
from ..parties import (
    Address,
    Buyer,
    BuyerIdentity,
    PolishIdentity,
    Seller,
    ThirdParty,
    ThirdPartyIdentity,
)
from ..payment import BankAccount, Extra, PaidPart, Payment, Settlement, Term
from .common import money as d

SELLER_NIP = "5260001246"
KSEF_NUMBER = "5260001246-20261025-8BEF280C8D35-4D"
ADVANCE_NUMBER = "5260001246-20261110-8BEF280C8D35-4D"
ADDRESS = Address(country="PL", line_1="ul. Polna 1", line_2="00-001 Warszawa")
ACCOUNT = BankAccount(number="61109010140000071219812874")
BY_TRANSFER = {"form": PaymentForm.TRANSFER, "accounts": (ACCOUNT,)}
CREATED_ON = datetime(2026, 11, 10, 9, 30, 5, tzinfo=timezone.utc)
NO_NUMBER = {"has_no_number": True}


def invoice(total, lines=(), buyer=None, third=(), prefix=None, **body):
    """Return a document: what the recipe names, the rest plain."""
    values = {"kind": InvoiceKind.INVOICE, "currency": "PLN", "number": "FV/1"}
    return Invoice(
        header=Header(created_on=CREATED_ON, system="test"),
        seller=Seller(
            eu_prefix=prefix,
            identity=PolishIdentity(nip=SELLER_NIP, name="Sprzedawca"),
            address=ADDRESS,
        ),
        buyer=buyer or make_buyer(),
        third_parties=tuple(third),
        body=Body(
            **(values | {"issued_on": date(2026, 11, 10), "total": d(total)} | body),
            lines=tuple(lines),
        ),
    )


def make_buyer(identity=None, **values):
    """Return a buyer with a Polish NIP unless ``identity`` says otherwise."""
    identity = {"nip": "1111111111"} if identity is None else identity
    return Buyer(
        identity=BuyerIdentity(name="Nabywca", **identity), address=ADDRESS, **values
    )


def line(number, name, quantity, price, net, rate, unit="szt.", **values):
    """Return a net-priced row."""
    return Line(
        number=number,
        name=name,
        unit=unit,
        quantity=d(quantity),
        net_price=d(price),
        net=d(net),
        rate=rate,
        **values,
    )


def corrected(issued_on, number, ksef_number=None):
    """Return the reference to a corrected invoice."""
    return CorrectedInvoice(
        issued_on=issued_on,
        number=number,
        is_in_ksef=bool(ksef_number),
        ksef_number=ksef_number,
        is_outside_ksef=not ksef_number,
    )


def correction(number=KSEF_NUMBER, effect=CorrectionEffect.CORRECTION_DATE, **body):
    """Return what a correction of the usual invoice adds to a body."""
    original = corrected(date(2026, 10, 25), "FV/2026/00010", number)
    return {
        "kind": InvoiceKind.CORRECTION,
        "correction_effect": effect,
        "corrected_invoices": (original,),
    } | body


def standard(net, tax):
    """Return the totals at 23%."""
    return {"net_standard": d(net), "tax_standard": d(tax)}


HUNDRED = standard("100", "23")
ONE_LINE = [line(1, "Towar", "1", "100", "100", "23")]
REVERSE_CHARGE = Annotations(is_reverse_charge=True)
PAY_LATER = Payment(terms=(Term(due_on=date(2026, 11, 24)),), **BY_TRANSFER)


def plain():
    rows = [line(1, "Usługa", "2", "100", "200", "23")]
    return invoice("246", rows, payment=PAY_LATER, **standard("200", "46"))


def mixed_rates():
    rows = [
        line(1, "A", "1", "100", "100", "23"),
        line(2, "B", "1", "50", "50", "8"),
        line(3, "C", "1", "20", "20", "5"),
        line(4, "D", "1", "10", "10", "0 KR"),
    ]
    return invoice(
        "208",
        rows,
        **HUNDRED,
        net_reduced=d("50"),
        tax_reduced=d("4"),
        net_lowest=d("20"),
        tax_lowest=d("1"),
        net_zero_domestic=d("10"),
    )


def exempt():
    basis = Exemption(is_exempt=True, polish_act="art. 43 ust. 1 pkt 37 ustawy o VAT")
    rows = [line(1, "Ubezpieczenie", "1", "300", "300", "zw")]
    annotations = Annotations(exemption=basis)
    return invoice("300", rows, net_exempt=d("300"), annotations=annotations)


def eu_goods():
    rows = [line(1, "Maszyna", "2", "2000", "4000", "0 WDT")]
    buyer = make_buyer({"eu_prefix": "DE", "eu_number": "136695976"})
    return invoice(
        "4000", rows, buyer, prefix="PL", currency="EUR", net_zero_eu_goods=d("4000")
    )


def export_of_goods():
    rows = [line(1, "Lodówka", "20", "400", "8000", "0 EX")]
    buyer = make_buyer({"country": "US", "other_number": "999999999"})
    return invoice("8000", rows, buyer, currency="USD", net_zero_export=d("8000"))


def eu_services():
    rows = [line(1, "Doradztwo", "5", "100", "500", "np II", "godz.")]
    buyer = make_buyer({"eu_prefix": "EL", "eu_number": "094014201"})
    return invoice(
        "500",
        rows,
        buyer,
        prefix="PL",
        net_eu_services=d("500"),
        annotations=REVERSE_CHARGE,
    )


def services_outside():
    rows = [line(1, "Tłumaczenie", "5", "100", "500", "np I", "godz.")]
    buyer = make_buyer({"country": "CH", "other_number": "CHE123456788"})
    return invoice(
        "500", rows, buyer, net_outside_poland=d("500"), annotations=REVERSE_CHARGE
    )


def reverse_charge():
    rows = [line(1, "Gaz", "1000", "1", "1000", "oo", "m3")]
    return invoice(
        "1000", rows, net_reverse_charge=d("1000"), annotations=REVERSE_CHARGE
    )


def foreign_currency():
    rows = [line(1, "Usługa", "3", "33.33", "99.99", "23", currency_rate=d("4.2345"))]
    return invoice(
        "122.99",
        rows,
        currency="EUR",
        supplied_on=date(2026, 11, 5),
        tax_standard_pln=d("97.38"),
        **standard("99.99", "23"),
    )


def _return(rows):
    return invoice(
        "-332.10",
        rows,
        supplied_on=date(2026, 10, 20),
        **correction(correction_reason="zwrot towaru"),
        **standard("-270", "-62.10"),
    )


def return_by_difference():
    return _return([line(1, "Towar", "-3", "100", "-270", "23", unit_discount=d("10"))])


def return_before_after():
    same = {"key": "a1", "unit_discount": d("10")}
    return _return(
        [
            line(1, "Towar", "10", "100", "900", "23", is_before=True, **same),
            line(1, "Towar", "7", "100", "630", "23", **same),
        ]
    )


def debit_note():
    rows = [line(1, "Towar", "10", "5", "50", "23")]
    return invoice("61.50", rows, **correction(), **standard("50", "11.50"))


def reduction_outside_ksef():
    original = corrected(date(2025, 12, 20), "FV/2025/00990")
    rows = [line(1, "Towar", "10", "-5", "-50", "23")]
    return invoice(
        "-61.50",
        rows,
        **correction(corrected_invoices=(original,)),
        **standard("-50", "-11.50"),
    )


def _order(is_correction=False):
    rows = (
        ("A", "3", "1000", "3000", "690", "23"),
        ("B", "1", "500", "500", "40", "8"),
    )
    states = (True, False) if is_correction else (False,)
    lines = [
        OrderLine(
            number=number,
            name=name,
            unit="szt.",
            quantity=d(quantity),
            net_price=d(price),
            net=d(net),
            tax=d(tax),
            rate=rate,
            is_before=is_before,
        )
        for number, (name, quantity, price, net, tax, rate) in enumerate(rows, 1)
        for is_before in states
    ]
    return Order(gross=d("4230"), lines=tuple(lines))


def advance():
    paid = Payment(is_paid=True, paid_on=date(2026, 11, 10), form=PaymentForm.TRANSFER)
    return invoice(
        "1269",
        kind=InvoiceKind.ADVANCE,
        net_reduced=d("150"),
        tax_reduced=d("12"),
        payment=paid,
        order=_order(),
        **standard("900", "207"),
    )


def final():
    rows = [
        line(1, "A", "3", "1000", "3000", "23"),
        line(2, "B", "1", "500", "500", "8"),
    ]
    return invoice(
        "2961",
        rows,
        kind=InvoiceKind.FINAL,
        net_reduced=d("350"),
        tax_reduced=d("28"),
        advance_invoices=(AdvanceInvoice(ksef_number=ADVANCE_NUMBER),),
        **standard("2100", "483"),
    )


def split_payment():
    rows = [line(1, "Stal", "4", "5000", "20000", "23", "t", is_annex_15=True)]
    return invoice(
        "24600",
        rows,
        annotations=Annotations(is_split_payment=True),
        payment=PAY_LATER,
        **standard("20000", "4600"),
    )


def margin():
    row = Line(
        number=1,
        name="Samochód",
        unit="szt.",
        quantity=d("1"),
        gross_price=d("15000"),
        gross=d("15000"),
    )
    scheme = Annotations(margin=Margin(is_used=True, is_used_goods=True))
    return invoice("15000", [row], gross_margin=d("15000"), annotations=scheme)


def one_stop_shop():
    row = line(
        1,
        "Książka",
        "1",
        "100",
        "100",
        None,
        oss_percent=d("20"),
        procedure=Procedure.OSS_SALE,
    )
    buyer = make_buyer(NO_NUMBER)
    return invoice("120", [row], buyer, net_oss=d("100"), tax_oss=d("20"))


def gross_price():
    row = Line(
        number=1,
        name="Towar",
        unit="szt.",
        quantity=d("3"),
        gross_price=d("123.45"),
        unit_discount=d("12.345"),
        gross=d("333.32"),
        rate="23",
    )
    return invoice("333.32", [row], **standard("270.99", "62.33"))


def consumer():
    return invoice("123", ONE_LINE, make_buyer(NO_NUMBER), **HUNDRED)


def local_government():
    school = ThirdParty(
        identity=ThirdPartyIdentity(nip=SELLER_NIP, name="Szkoła nr 5"),
        address=Address(country="PL", line_1="ul. Żółta 33", line_2="22-222 Abc"),
        role=PartyRole.LOCAL_GOVERNMENT_RECIPIENT,
    )
    buyer = make_buyer(is_local_government=True)
    return invoice("123", ONE_LINE, buyer, [school], **HUNDRED)


def payer_and_branch():
    branch = ThirdParty(
        identity=ThirdPartyIdentity(
            internal_id=f"{SELLER_NIP}-00012", name="Oddział Łódź"
        ),
        role=PartyRole.RECIPIENT,
    )
    payer = ThirdParty(
        identity=ThirdPartyIdentity(nip=SELLER_NIP, name="PPP Sp. z o.o."),
        role=PartyRole.PAYER,
    )
    return invoice("123", ONE_LINE, third=[branch, payer], **HUNDRED)


def instalments():
    part = PaidPart(
        amount=d("35.30"), paid_on=date(2026, 11, 10), form=PaymentForm.CARD
    )
    payment = Payment(
        part_payment=PartPayment.PAID_PARTLY,
        paid_parts=(part,),
        terms=(Term(due_on=date(2026, 11, 20)), Term(due_on=date(2026, 12, 10))),
        **BY_TRANSFER,
    )
    rows = [line(1, "Towar", "1", "110", "110", "23")]
    return invoice("135.30", rows, payment=payment, **standard("110", "25.30"))


def correction_of_advance():
    original = corrected(date(2026, 11, 10), "FZ/1", ADVANCE_NUMBER)
    return invoice(
        "-1000",
        net_reduced=d("-118.20"),
        tax_reduced=d("-9.46"),
        total_before=d("1269"),
        order=_order(is_correction=True),
        **correction(
            effect=CorrectionEffect.ORIGINAL_DATE,
            kind=InvoiceKind.CORRECTION_OF_ADVANCE,
            corrected_invoices=(original,),
        ),
        **standard("-709.22", "-163.12"),
    )


def correction_of_final():
    number = "5260001246-20261120-8BEF280C8D35-4D"
    original = corrected(date(2026, 11, 20), "FV/2", number)
    return invoice(
        "-1230",
        [line(1, "A", "-1", "1000", "-1000", "23")],
        total_before=d("2961"),
        advance_invoices=(AdvanceInvoice(ksef_number=ADVANCE_NUMBER),),
        **correction(
            kind=InvoiceKind.CORRECTION_OF_FINAL, corrected_invoices=(original,)
        ),
        **standard("-1000", "-230"),
    )


def wrong_buyer_name():
    before = BuyerBefore(
        identity=BuyerIdentity(nip="1111111111", name="Stara nazwa"),
        address=ADDRESS,
        buyer_key="0001",
    )
    return invoice(
        "0",
        buyer=make_buyer(buyer_key="0001"),
        **correction(
            effect=CorrectionEffect.ORIGINAL_DATE,
            correction_reason="błędna nazwa nabywcy",
            buyers_before=(before,),
        ),
    )


def cash_rounding():
    settlement = Settlement(
        deductions=(Extra(amount=d("0.01"), reason="Zaokrąglenie"),),
        deductions_total=d("0.01"),
        to_pay=d("12.30"),
    )
    rows = [line(1, "Towar", "1", "10.01", "10.01", "23")]
    return invoice("12.31", rows, settlement=settlement, **standard("10.01", "2.30"))


def simplified():
    buyer = Buyer(identity=BuyerIdentity(nip="1111111111"))
    rows = [Line(number=1, name="Wiertarka")]
    kind = InvoiceKind.SIMPLIFIED
    return invoice("450", rows, buyer, kind=kind, **standard("365.85", "84.15"))


def triangular():
    row = line(1, "Towar", "1", "1000", "1000", "np I", procedure=Procedure.TRIANGULAR)
    buyer = make_buyer({"eu_prefix": "FR", "eu_number": "83404833048"})
    return invoice(
        "1000",
        [row],
        buyer,
        prefix="PL",
        net_outside_poland=d("1000"),
        annotations=Annotations(is_reverse_charge=True, is_simplified_triangular=True),
    )


# In the order of recipes.txt.
BUILDERS = (
    plain,
    mixed_rates,
    exempt,
    eu_goods,
    export_of_goods,
    eu_services,
    services_outside,
    reverse_charge,
    foreign_currency,
    return_by_difference,
    return_before_after,
    debit_note,
    reduction_outside_ksef,
    advance,
    final,
    split_payment,
    margin,
    one_stop_shop,
    gross_price,
    consumer,
    local_government,
    payer_and_branch,
    instalments,
    correction_of_advance,
    correction_of_final,
    wrong_buyer_name,
    cash_rounding,
    simplified,
    triangular,
)
