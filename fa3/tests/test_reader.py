import dataclasses
import unittest
from datetime import date, datetime, timezone
from decimal import Decimal

from .. import attachment, checks, codes, reader, writer
from ..annotations import NewTransport, NewVehicle
from ..document import Unknown
from ..parties import Address, BuyerIdentity
from ..reader import ReadProblem, UnreadableError
from ..structure import FA2_NAMESPACE, NAMESPACE
from ..terms import SaleTerms
from ..transport import Carrier, Transport
from . import recipes
from .common import official_schema

PLACE = Address(country="PL", line_1="ul. Polna 1")
TABLE = attachment.Table(
    facts=(attachment.TableFact(key="Licznik", value="17"),),
    head=attachment.TableHead(
        columns=(
            attachment.Column(kind=codes.ColumnType.DATE, name="Dzień"),
            attachment.Column(kind=codes.ColumnType.DECIMAL, name=""),
            attachment.Column(kind=codes.ColumnType.TEXT, name="Uwagi"),
        )
    ),
    rows=(
        attachment.TableRow(cells=("2026-01-31", "", "")),
        attachment.TableRow(cells=("", "1.50", "x")),
    ),
    totals=attachment.TableTotals(cells=("", "1.50", "")),
)
ATTACHMENT = attachment.Attachment(
    blocks=(
        attachment.Block(
            heading="Pobór",
            facts=(attachment.Fact(key="PPE", value="999"),),
            text=attachment.Paragraphs(items=("Pierwszy", "Drugi")),
            tables=(TABLE,),
        ),
    )
)
TRANSPORT = Transport(
    kind=codes.TransportKind.ROAD,
    carrier=Carrier(identity=BuyerIdentity(nip="5261040828"), address=PLACE),
    order_number="Z/1",
    has_other_cargo=True,
    other_cargo="Skrzyniopaleta",
    started_on=datetime(2026, 2, 1, 6, 0),
    ended_on=datetime(2026, 2, 1, 18, 0, tzinfo=timezone.utc),
    sent_from=PLACE,
    sent_through=(PLACE, PLACE),
    sent_to=PLACE,
)
NEW_CAR = NewTransport(
    is_supplied=True,
    is_art_42_5=False,
    vehicles=(
        NewVehicle(
            first_used_on=date(2026, 1, 2),
            line_number=1,
            land_mileage="12",
            land_vin="VF1AB000012345678",
        ),
    ),
)


def everything():
    """Return an invoice with the parts that the exporter never writes."""
    invoice = recipes.plain()
    annotations = dataclasses.replace(invoice.body.annotations, new_transport=NEW_CAR)
    terms = SaleTerms(transports=(TRANSPORT,))
    body = dataclasses.replace(invoice.body, annotations=annotations, terms=terms)
    return dataclasses.replace(invoice, body=body, attachment=ATTACHMENT)


def plain_with(old, new):
    """Return the bytes of the plain recipe with one text changed."""
    data = writer.write(recipes.plain())
    if old.encode() not in data:
        raise AssertionError(old)
    return data.replace(old.encode(), new.encode(), 1)


class TestPartsOfOthers(unittest.TestCase):
    """Attachments, transport and new vehicles are read as they were written."""

    def test_parts_that_only_others_write_come_back_the_same(self):
        data = writer.write(everything())
        self.assertEqual(checks.check_xml(data, official_schema()), [])
        self.assertEqual(reader.read(data), everything())

    def test_empty_cells_of_a_table_keep_their_place(self):
        data = writer.write(everything()).decode()
        self.assertIn("<WKom></WKom><WKom>1.50</WKom><WKom>x</WKom>", data)
        self.assertIn('<Kol Typ="dec"><NKom></NKom></Kol>', data)

    def test_unknown_type_of_a_column_is_kept_and_not_written(self):
        data = writer.write(everything()).replace(b'"dec"', b'"a&amp;b"')
        invoice = reader.read(data)
        columns = invoice.attachment.blocks[0].tables[0].head.columns
        self.assertEqual(columns[1].kind, "a&b")
        with self.assertRaises(writer.UnwritableError) as caught:
            writer.write(invoice)
        self.assertEqual(
            caught.exception.place, "Zalacznik/BlokDanych/Tabela/TNaglowek/Kol"
        )


class TestOddValues(unittest.TestCase):
    """Values are read in every notation that files of others hold."""

    def total(self, text):
        data = plain_with("<P_15>246.00</P_15>", f"<P_15>{text}</P_15>")
        return reader.read(data).body.total

    def test_numbers_with_blanks_signs_and_without_decimals(self):
        cases = {" 0.00": "0", "-0": "0", "246": "246", "+1.5": "1.5", "1.": "1"}
        for text, expected in cases.items():
            with self.subTest(text):
                value = self.total(text)
                self.assertEqual(value, Decimal(expected))
                self.assertFalse(value.is_signed())
        self.assertEqual(self.total("0" * 50 + "1.10" + "0" * 50), Decimal("1.1"))

    def test_number_that_is_none_is_refused_with_its_place(self):
        for text in ("NaN", "Infinity", "1e5", "1_000", "1,50", "\u0663", "9" * 42):
            data = plain_with("<P_15>246.00</P_15>", f"<P_15>{text}</P_15>")
            with self.subTest(text), self.assertRaises(UnreadableError) as caught:
                reader.read(data)
            error = caught.exception
            self.assertIs(error.problem, ReadProblem.BAD_VALUE)
            self.assertEqual((error.element, error.place), ("P_15", "Fa/P_15"))
            self.assertEqual((error.value, error.line), (text, 1))

    def test_place_of_a_bad_value_counts_the_rows(self):
        data = writer.write(recipes.mixed_rates())
        start = data.index(b"<P_8B>", data.index(b"<NrWierszaFa>2"))
        with self.assertRaises(UnreadableError) as caught:
            reader.read(data[: start + 6] + b"x" + data[start + 6 :])
        self.assertEqual(caught.exception.place, "Fa/FaWiersz[2]/P_8B")

    def test_days_with_a_zone_are_that_day(self):
        issued_on = recipes.plain().body.issued_on
        for zone in ("Z", "+01:00", " \n"):
            with self.subTest(zone):
                old = f"<P_1>{issued_on}</P_1>"
                data = plain_with(old, f"<P_1>{issued_on}{zone}</P_1>")
                self.assertEqual(reader.read(data).body.issued_on, issued_on)
        for text in ("20260201", "2026-W05-1", "2026-02-30", "2026-02-01x"):
            with self.subTest(text), self.assertRaises(UnreadableError):
                reader.read(plain_with(old, f"<P_1>{text}</P_1>"))

    def test_last_midnight_and_times_out_of_reach(self):
        made = "2026-02-01T24:00:00+01:00"
        expected = datetime(2026, 2, 1, 23, tzinfo=timezone.utc)
        self.assertEqual(self.created(made), expected)
        for text in ("0001-01-01T00:00:00+14:00", "9999-12-31T24:00:00Z"):
            with self.subTest(text), self.assertRaises(UnreadableError):
                self.created(text)

    def created(self, text):
        name = "DataWytworzeniaFa"
        head, rest = writer.write(recipes.plain()).decode().split(f"<{name}>")
        rest = rest.partition("<")[2]
        data = f"{head}<{name}>{text}<{rest}".encode()
        return reader.read(data).header.created_on

    def test_codes_that_are_numbers_have_zeros_before_them(self):
        data = plain_with("<JST>2</JST>", "<JST>+01</JST>")
        self.assertIs(reader.read(data).buyer.is_local_government, True)
        with self.assertRaises(UnreadableError):
            reader.read(plain_with("<JST>2</JST>", "<JST>3</JST>"))

    def test_empty_element_is_a_missing_one(self):
        data = plain_with("<P_15>246.00</P_15>", "<P_15> </P_15><P_15>1</P_15>")
        self.assertEqual(reader.read(data).body.total, 1)
        body = reader.read(plain_with("<P_2>FV/1</P_2>", "<P_2/><WZ/>")).body
        self.assertEqual((body.number, body.delivery_notes), (None, ()))


class TestUnknownParts(unittest.TestCase):
    """What has no field is kept with the way to it; nothing is dropped in silence."""

    CASES = (
        ("<P_2>", "<Nowe>a  b</Nowe><P_2>", "Fa/Nowe", "a b"),
        ("<P_2>", '<N t="u">a<M>b</M>c</N><P_2>', "Fa/N", "@t: u; a; M: b; c"),
        ("<P_2>", "<P_1>2026-01-01</P_1><P_2>", "Fa/P_1", "2026-01-01"),
        ("<P_2>", '<P_2 a="b">', "Fa/P_2/@a", "b"),
        ("<P_2>", "<P_2>FV/1<b>c</b>", "Fa/P_2/b", "c"),
        ("<Fa>", '<Fa a="b">', "Fa/@a", "b"),
        ("<P_2>", "text<P_2>", "Fa/text()", "text"),
        ("<P_2>", '<x:P_2 xmlns:x="u">z</x:P_2><P_2>', "Fa/{u}P_2", "z"),
        ('"FA (3)"', '"FA (4)"', "Naglowek/KodFormularza/@kodSystemowy", "FA (4)"),
    )

    def test_unknown_things_are_kept(self):
        for old, new, place, text in self.CASES:
            with self.subTest(new):
                unknown = reader.read(plain_with(old, new)).unknown
                self.assertIn(Unknown(place, text), unknown)

    def test_hint_at_the_schema_is_nothing_unknown(self):
        hint = (
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            ' xsi:schemaLocation="a b">'
        )
        data = plain_with(f'"{NAMESPACE}">', f'"{NAMESPACE}"{hint}')
        self.assertEqual(reader.read(data), recipes.plain())

    def test_file_of_unknown_things_is_no_invoice(self):
        many = "<Nowe/>" * (reader.MAX_UNKNOWN + 1)
        with self.assertRaises(UnreadableError) as caught:
            reader.read(plain_with("<P_2>", f"{many}<P_2>"))
        self.assertIs(caught.exception.problem, ReadProblem.TOO_MUCH_UNKNOWN)

    def test_older_form_is_read_as_far_as_it_is_alike(self):
        data = plain_with(NAMESPACE, FA2_NAMESPACE).replace(b"FA (3)", b"FA (2)")
        data = data.replace(b"<JST>2</JST><GV>2</GV>", b"")
        words = "<TerminPlatnosci><TerminOpis>14 dni</TerminOpis></TerminPlatnosci>"
        invoice = reader.read(data.replace(b"<FormaP", words.encode() + b"<FormaP"))
        self.assertEqual(invoice.namespace, FA2_NAMESPACE)
        self.assertIsNone(invoice.buyer.is_local_government)
        self.assertEqual(invoice.body.lines, recipes.plain().body.lines)
        place = "Fa/Platnosc/TerminPlatnosci[2]/TerminOpis/text()"
        self.assertEqual(invoice.unknown, (Unknown(place, "14 dni"),))

    def test_other_form_is_refused_by_its_name(self):
        for name in ("", "urn:x"):
            with self.subTest(name), self.assertRaises(UnreadableError) as caught:
                reader.read(plain_with(NAMESPACE, name))
            self.assertIs(caught.exception.problem, ReadProblem.OTHER_DOCUMENT)
