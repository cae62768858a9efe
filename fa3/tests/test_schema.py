import unittest
from unittest import mock

from .. import schema
from .common import schema_files


class TestSchemaFiles(unittest.TestCase):
    """Only the Ministry's schema is used, whoever brought the files."""

    def setUp(self):
        super().setUp()
        self.files = schema_files()
        fresh = mock.patch.object(schema, "_compiled", [])
        fresh.start()
        self.addCleanup(fresh.stop)

    def test_official_files_are_compiled(self):
        compiled = schema.compile_schema([self.files])
        self.assertIs(schema.compile_schema([]), compiled)

    def test_copies_that_differ_in_line_ends_are_the_same(self):
        for change in (
            lambda data: data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"),
            lambda data: schema.normalise(data).replace(b"\n", b" \r\n") + b"\n",
        ):
            files = {name: change(data) for name, data in self.files.items()}
            self.assertEqual(schema.verified(files).keys(), schema.PINS.keys())

    def test_changed_file_is_not_used(self):
        for name, data in self.files.items():
            with self.subTest(name):
                changed = data.replace(b'value="', b'value="0', 1)
                self.assertNotEqual(changed, data)
                files = self.files | {name: changed}
                self.assertIsNone(schema.compile_schema([files]))

    def test_files_may_come_from_several_places(self):
        names = list(self.files)
        some = {name: self.files[name] for name in names[:3]}
        rest = {name: self.files[name] for name in names[3:]}
        self.assertIsNone(schema.compile_schema([{}, some]))
        self.assertIsNotNone(schema.compile_schema([{}, some, rest]))

    def test_wrong_file_does_not_stand_in_the_way_of_the_right_one(self):
        wrong = dict.fromkeys(self.files, b"<wrong/>")
        self.assertIsNotNone(schema.compile_schema([wrong, self.files]))

    def test_bytes_that_are_no_text_are_not_used(self):
        files = dict.fromkeys(self.files, b"\xff\xfe\x00")
        self.assertIsNone(schema.compile_schema([files]))

    def test_failure_is_not_remembered(self):
        self.assertIsNone(schema.compile_schema([]))
        self.assertIsNotNone(schema.compile_schema([self.files]))
