import dataclasses
import unittest
from pathlib import Path

from lxml import etree

from .. import codes, kinds
from ..document import Invoice
from ..structure import NAMESPACE, ROOT_ELEMENT, attributes, elements
from .common import schema_files

XSD = "{http://www.w3.org/2001/XMLSchema}"
ENUMERATIONS = {
    "TStawkaPodatku": codes.VatRate,
    "TRodzajFaktury": codes.InvoiceKind,
    "TTypKorekty": codes.CorrectionEffect,
    "TOznaczenieProcedury": codes.Procedure,
    "TGTU": codes.Gtu,
    "TRolaPodmiotu3": codes.PartyRole,
    "TRolaPodmiotuUpowaznionego": codes.AuthorizedRole,
    "TStatusInfoPodatnika": codes.TaxpayerStatus,
    "TFormaPlatnosci": codes.PaymentForm,
    "TRachunekWlasnyBanku": codes.BankOwnAccount,
    "TRodzajTransportu": codes.TransportKind,
    "TLadunek": codes.CargoKind,
}


class Schema:
    """The schema's declarations, by name, over all its files."""

    def __init__(self, files):
        roots = [etree.fromstring(data) for data in files.values()]
        self.main = next(r for r in roots if r.get("targetNamespace") == NAMESPACE)
        others = [root for root in roots if root is not self.main]
        self.types = {t.get("name"): t for root in [*others, self.main] for t in root}

    def root(self):
        return self.main.find(f"{XSD}element[@name='{ROOT_ELEMENT}']")

    def children(self, element):
        """Elements directly below ``element``, in order."""
        complex_type = element.find(f"{XSD}complexType")
        if complex_type is None:
            complex_type = self._named(element.get("type"))
        extension = complex_type.find(f"{XSD}complexContent/{XSD}extension")
        if extension is not None:
            complex_type = self._named(extension.get("base"))
        return list(self._particles(complex_type))

    def facet(self, element, name):
        """Value of the nearest facet ``name`` on the way to the base type."""
        simple = element.find(f"{XSD}simpleType")
        if simple is None:
            extension = element.find(f".//{XSD}simpleContent/{XSD}extension")
            simple = self._named(element.get("type") or extension.get("base"))
        while simple is not None:
            restriction = simple.find(f"{XSD}restriction")
            if restriction is None:
                return None
            found = restriction.find(f"{XSD}{name}")
            if found is not None:
                return int(found.get("value"))
            simple = self._named(restriction.get("base"))
        return None

    def values(self, type_name):
        return [
            e.get("value") for e in self._named(type_name).iter(f"{XSD}enumeration")
        ]

    def _named(self, name):
        return self.types.get(name.rsplit(":", 1)[-1])

    def _particles(self, node):
        for child in node:
            if child.tag == f"{XSD}element":
                yield child
            elif child.tag in (f"{XSD}sequence", f"{XSD}choice"):
                yield from self._particles(child)


class TestStructure(unittest.TestCase):
    """The dataclasses are the schema: elements, order, repetition, lengths, places."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema = Schema(schema_files())

    def walk(self, node_class, element, path):
        """Yield (path, field's element, schema's element) of all levels."""
        ours = [pair[1] for pair in elements(node_class)]
        theirs = self.schema.children(element)
        names = [child.get("name") for child in theirs]
        self.assertEqual([field.name for field in ours], names, path)
        for field, child in zip(ours, theirs, strict=True):
            yield f"{path}/{field.name}", field, child
            if field.is_parent:
                yield from self.walk(field.kind, child, f"{path}/{field.name}")

    def fields(self):
        return list(self.walk(Invoice, self.schema.root(), ROOT_ELEMENT))

    def test_elements_stand_in_schema_order(self):
        self.assertGreater(len(self.fields()), 350)

    def test_repeated_elements_are_tuples(self):
        for path, field, child in self.fields():
            with self.subTest(path):
                self.assertEqual(field.is_list, child.get("maxOccurs", "1") != "1")

    def test_text_limits_are_those_of_the_schema(self):
        for path, field, child in self.fields():
            limit = None
            if isinstance(field.kind, kinds.Text | kinds.Lines):
                limit = self.schema.facet(child, "maxLength")
            if limit:
                with self.subTest(path):
                    self.assertEqual(field.kind.limit, limit)

    def test_decimal_places_are_those_of_the_schema(self):
        for path, field, child in self.fields():
            if isinstance(field.kind, kinds.Number):
                with self.subTest(path):
                    places = self.schema.facet(child, "fractionDigits")
                    self.assertEqual(field.kind.places, places)

    def test_required_fields_are_required_by_the_schema(self):
        for path, field, child in self.fields():
            if field.is_required:
                with self.subTest(path):
                    self.assertEqual(child.get("minOccurs", "1"), "1")

    def test_every_field_says_its_element(self):
        for path, field, _child in self.fields():
            if field.is_parent:
                with self.subTest(path):
                    fields = dataclasses.fields(field.kind)
                    said = elements(field.kind) + attributes(field.kind)
                    self.assertEqual(len(said), len(fields))

    def test_attributes_of_a_part_are_those_of_the_schema(self):
        found = {}
        for _path, field, child in self.fields():
            theirs = child.findall(f"./{XSD}complexType/{XSD}attribute")
            if field.is_parent:
                ours = {name for _attr, (name, _kind) in attributes(field.kind)}
                self.assertEqual(ours, {each.get("name") for each in theirs})
                found.update({each.get("name"): each for each in theirs})
        self.assertEqual(set(found), {"Typ"})
        values = {e.get("value") for e in found["Typ"].iter(f"{XSD}enumeration")}
        self.assertEqual(values, {member.value for member in codes.ColumnType})


class TestCodes(unittest.TestCase):
    """The closed lists are those of the schema."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema = Schema(schema_files())

    def test_enumerations_hold_the_values_of_the_schema(self):
        for type_name, enum in ENUMERATIONS.items():
            with self.subTest(type_name):
                ours = {member.value for member in enum}
                self.assertEqual(ours, set(self.schema.values(type_name)))

    def test_lists_of_countries_and_currencies_are_complete(self):
        self.assertEqual(codes.EU_PREFIXES, set(self.schema.values("TKodyKrajowUE")))
        self.assertEqual(codes.CURRENCIES, set(self.schema.values("TKodWaluty")))

    def test_every_rate_feeds_totals_of_the_body(self):
        keys = {rate.value for rate in codes.VatRate} | {codes.OSS, codes.MARGIN}
        self.assertEqual(set(codes.TOTALS), keys)
        body = {name for name, _element in elements(codes_body())}
        for totals in codes.TOTALS.values():
            self.assertLessEqual({name for name in totals if name}, body)


def codes_body():
    """Class of the invoice's body."""
    return next(e.kind for _name, e in elements(Invoice) if e.name == "Fa")


class TestImports(unittest.TestCase):
    """The package stands alone."""

    def test_sources_name_no_other_layer(self):
        for path in Path(__file__).parents[1].rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            with self.subTest(path.name):
                self.assertNotRegex(text, r"(?m)^\s*(from|import) (odoo|requests)\b")
