import unittest

from .. import checks, reader, writer
from . import recipes
from .common import official_schema
from .notation import RECIPES, parse_recipe, special_parts


class TestRecipes(unittest.TestCase):
    """Every case of the mapping comes out with exactly its elements and values."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema = official_schema()
        cls.recipes = RECIPES.splitlines()

    def test_every_recipe_has_its_elements_and_validates(self):
        self.assertEqual(len(self.recipes), len(recipes.BUILDERS))
        for recipe, build in zip(self.recipes, recipes.BUILDERS, strict=True):
            title, _bar, notation = recipe.partition(" | ")
            with self.subTest(title):
                data = writer.write(build())
                self.assertEqual(special_parts(data), parse_recipe(notation))
                self.assertEqual(checks.check_xml(data, self.schema), [])

    def test_every_recipe_is_read_back_as_it_was_built(self):
        for build in recipes.BUILDERS:
            with self.subTest(build.__name__):
                data = writer.write(build())
                self.assertEqual(writer.write(reader.read(data)), data)
                self.assertEqual(reader.read(data).body.total, build().body.total)

    def test_totals_of_every_recipe_add_up(self):
        for build in recipes.BUILDERS:
            with self.subTest(build.__name__):
                body = build().body
                parts = [
                    getattr(body, name) or 0
                    for name in body.__slots__
                    if name.startswith(("net_", "tax_", "gross_margin"))
                    and not name.endswith("_pln")
                ]
                self.assertEqual(sum(parts), body.total)
