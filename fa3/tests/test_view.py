import dataclasses
import itertools
import unittest
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum

from lxml import html

from .. import codes, reader, view, view_page, writer
from ..document import Invoice, Unknown
from ..kinds import Code, Day, Flag, Integer, Moment, Number, YesNo
from ..structure import attributes, elements
from ..view_words import CODES, LABELS, TOTALS
from . import recipes
from .common import SHARED, needs_shared
from .test_reader import ATTACHMENT

SAMPLES = SHARED / "samples" / "fa3"
DOCUMENTS = {number: build() for number, build in enumerate(recipes.BUILDERS, 1)}
# Placeholders of a program instead of values.
TEMPLATE = "cirfmf-template-self-invoicing.xml"
HOSTILE = '<script>alert("x")</script>\'"&<img src=x onerror=alert(1)>'
# All that the page may be made of.
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "div", "header", "section"),
    *("h1", "h2", "p", "strong", "dl", "dt", "dd", "ul", "li", "nav", "a"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
}
# Told in other words: as a list of what does not apply, or beside its text.
SUMMED_UP = {view.NO}
NO_WORDS = (codes.Gtu, codes.ColumnType)


def flat(text):
    """Return a text without blanks: words may be on other lines."""
    return "".join(text.split())


def shown(page):
    """Return all that a page shows, without blanks."""
    tree = html.fromstring(page)
    for style in tree.iter("style"):
        style.text = ""
    return flat(tree.text_content())


def said(node):
    """Yield (element, text as it should be shown) of every leaf of a document."""
    for attribute, element in elements(type(node)):
        value = getattr(node, attribute)
        for each in value if element.is_list else (value,):
            if each is None or attribute in view.ABSENT:
                continue
            if element.is_parent:
                yield from said(each)
            else:
                yield element.name, view.say(element.kind, each)


def classes(node_class, known=None):
    """Return all classes of parts of a document."""
    known = set() if known is None else known
    known.add(node_class)
    for _attribute, element in elements(node_class):
        if element.is_parent and element.kind not in known:
            classes(element.kind, known)
    return known


def filled(node_class, count):
    """Return a part with every field filled, each with a value of its own."""
    values = {}
    for attribute, element in elements(node_class):
        if element.is_parent:
            value = filled(element.kind, count)
        else:
            value = made_up(element.kind, next(count))
        values[attribute] = (value,) if element.is_list else value
    for attribute, (_name, kind) in attributes(node_class):
        values[attribute] = made_up(kind, 0)
    return node_class(**values)


def made_up(kind, number):
    """Return a value for one element."""
    if isinstance(kind, Code):
        return next(iter(kind.values))
    makers = {
        Number: lambda: Decimal(number),
        Integer: lambda: number,
        Flag: lambda: True,
        YesNo: lambda: True,
        Day: lambda: date(2026, 1, 1) + timedelta(days=number),
        Moment: lambda: (
            datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(days=number)
        ),
    }
    for base, make in makers.items():
        if isinstance(kind, base):
            return make()
    return f"Tekst{number}."


class TestView(unittest.TestCase):
    """The page says all that the file says, in Polish, as text and nothing else."""

    def assert_all_shown(self, invoice):
        page = shown(view_page.page(invoice))
        for name, text in said(invoice):
            if text not in SUMMED_UP:
                self.assertIn(flat(text), page, name)

    def test_every_value_of_the_recipes_is_shown(self):
        for number, document in DOCUMENTS.items():
            with self.subTest(number):
                self.assert_all_shown(document)

    def test_every_field_that_the_form_has_is_shown(self):
        """Also one that is added later."""
        self.assert_all_shown(filled(Invoice, itertools.count(1001)))

    @needs_shared
    def test_every_value_of_the_samples_is_shown(self):
        files = [path for path in SAMPLES.glob("*.xml") if path.name != TEMPLATE]
        self.assertGreater(len(files), 35)
        for path in files:
            with self.subTest(path.name):
                self.assert_all_shown(reader.read(path.read_bytes()))

    @needs_shared
    def test_file_that_breaks_the_form_is_shown_as_far_as_it_goes(self):
        count = 0
        for path in (SAMPLES / "broken").glob("*.xml"):
            with self.subTest(path.name):
                try:
                    invoice = reader.read(path.read_bytes())
                except reader.UnreadableError:
                    continue
                count += 1
                self.assert_all_shown(invoice)
        self.assertGreater(count, 8)

    def test_empty_document_is_shown_without_its_parts(self):
        data = b'<Faktura xmlns="http://crd.gov.pl/wzor/2025/06/25/13775/"/>'
        self.assertIn("Krajowy", view_page.page(reader.read(data)))

    def test_every_element_has_polish_words(self):
        names = {
            element.name
            for node_class in classes(Invoice)
            for _attribute, element in elements(node_class)
            if not element.is_parent
        }
        # Sums have a table of their own, by rate.
        sums = {
            element.name
            for name, element in elements(type(DOCUMENTS[1].body))
            for group in codes.TOTALS.values()
            if name in group
        }
        self.assertEqual(names - sums - LABELS.keys(), set())
        nets = {group.net for group in codes.TOTALS.values()}
        self.assertEqual(TOTALS.keys(), nets)

    def test_every_code_has_polish_words(self):
        lists = {
            each
            for each in vars(codes).values()
            if isinstance(each, type) and issubclass(each, Enum) and each is not Enum
        }
        self.assertEqual(lists - set(NO_WORDS), CODES.keys())
        for each, words in CODES.items():
            self.assertEqual(set(each), words.keys(), each)

    def test_hostile_text_stays_text(self):
        invoice = DOCUMENTS[1]
        party = dataclasses.replace(
            invoice.buyer,
            identity=dataclasses.replace(invoice.buyer.identity, name=HOSTILE),
        )
        line = dataclasses.replace(invoice.body.lines[0], name=HOSTILE, unit=HOSTILE)
        body = dataclasses.replace(invoice.body, lines=(line,), number=HOSTILE)
        invoice = dataclasses.replace(
            invoice,
            buyer=party,
            body=body,
            attachment=ATTACHMENT,
            unknown=(Unknown(HOSTILE, HOSTILE),),
        )
        page = view_page.page(
            invoice,
            ksef_number=HOSTILE,
            notices=[HOSTILE],
            watermark=HOSTILE,
            links=[(HOSTILE, '"><script>')],
        )
        tree = html.fromstring(page)
        self.assertEqual({node.tag for node in tree.iter()} - TAGS, set())
        attributes = {name for node in tree.iter() for name in node.attrib}
        known = {"class", "lang", "charset", "name", "content", "href"}
        self.assertEqual(attributes - known, set())
        self.assertGreaterEqual(shown(page).count(flat(HOSTILE)), 8)

    def test_hostile_sentence_stays_text(self):
        sentences = [(HOSTILE, ""), (HOSTILE, '"><script>')]
        made = view_page.frame(HOSTILE, view_page.problems(HOSTILE, sentences))
        tags = {node.tag for node in html.fromstring(made).iter()}
        self.assertEqual(tags - TAGS, set())
        self.assertEqual(shown(made).count(flat(HOSTILE)), 4)

    def test_hostile_kind_and_currency_stay_text(self):
        invoice = DOCUMENTS[1]
        body = dataclasses.replace(invoice.body, kind=HOSTILE, currency=HOSTILE)
        page = view_page.page(dataclasses.replace(invoice, body=body))
        tags = {node.tag for node in html.fromstring(page).iter()}
        self.assertEqual(tags - TAGS, set())

    def test_what_the_form_does_not_know_is_shown(self):
        invoice = dataclasses.replace(
            DOCUMENTS[1], unknown=(Unknown("Fa/Nowe", "wartość"),)
        )
        found = view.sections(invoice)[-2]
        self.assertEqual(found.title, "Dane spoza wzoru FA(3)")
        self.assertEqual(found.tables[0].rows, (("Fa/Nowe", "wartość"),))

    def test_amounts_are_written_the_polish_way(self):
        kind = dict(elements(type(DOCUMENTS[1].body)))["total"].kind
        self.assertEqual(
            view.say(kind, Decimal("-1234567.5")),
            "-1 234 567,50".replace(" ", "\u00a0"),
        )

    def test_quantity_has_no_zeros_at_its_end_and_no_exponent(self):
        line = DOCUMENTS[1].body.lines[0]
        kind = dict(elements(type(line)))["quantity"].kind
        for text, expected in (("100.000", "100"), ("1E+2", "100"), ("0.50", "0,5")):
            self.assertEqual(view.say(kind, Decimal(text)), expected)

    def test_statements_that_do_not_apply_are_one_sentence(self):
        found = {each.title: each for each in view.sections(DOCUMENTS[1])}
        texts = found["Adnotacje"].texts
        self.assertEqual(len(texts), 1)
        for name in (" mechanizm podzielonej płatności", " procedura marży"):
            self.assertIn(name, texts[0])

    def test_statement_that_applies_is_a_fact(self):
        found = {each.title: each for each in view.sections(DOCUMENTS[16])}
        self.assertIn(
            ("Mechanizm podzielonej płatności", "tak"), found["Adnotacje"].facts
        )

    def test_totals_stand_by_rate(self):
        found = {each.title: each for each in view.sections(DOCUMENTS[15])}
        rows = found["Podsumowanie stawek VAT"].tables[0].rows
        self.assertEqual([row[0] for row in rows], ["23% lub 22%", "8% lub 7%"])

    def test_number_in_ksef_notice_and_watermark_are_shown(self):
        page = view_page.page(
            DOCUMENTS[1], ksef_number="N-1", notices=["Uwaga"], watermark="ZNAK"
        )
        for text in ("N-1", "Uwaga", "ZNAK"):
            self.assertIn(text, shown(page))

    def test_file_that_was_written_is_shown_like_its_document(self):
        for document in DOCUMENTS.values():
            again = reader.read(writer.write(document))
            self.assertEqual(view.title(again), view.title(document))
            self.assertEqual(len(view.sections(again)), len(view.sections(document)))
