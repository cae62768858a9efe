"""Tests of the parts of the set-up that decide something."""

import contextlib
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from dev import cluster, common, odoo_tree, processes, system_packages

RELEASE = "version_info = ({}, 0, 0, FINAL, 0, '')\n"
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


class TemporaryFolder(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)


class GivenDatabase(unittest.TestCase):
    """An address of a PostgreSQL is split into the variables that Odoo reads."""

    def connection(self, address):
        with mock.patch.dict("os.environ", {"DATABASE_URL": address}):
            return cluster.connection()

    def test_full_address_gives_every_variable(self):
        address = "postgresql://me:a%20b@db.example:5444/?sslmode=require"
        self.assertEqual(
            self.connection(address),
            {
                "PGHOST": "db.example",
                "PGPORT": "5444",
                "PGUSER": "me",
                "PGPASSWORD": "a b",
                "PGSSLMODE": "require",
            },
        )

    def test_socket_folder_may_stand_in_the_query(self):
        values = self.connection("postgresql:///?host=/run/postgresql")
        self.assertEqual(values["PGHOST"], "/run/postgresql")

    def test_other_kind_of_address_is_refused(self):
        with self.assertRaises(common.Stop):
            self.connection("mysql://me@db.example/")


class GivenOdoo(TemporaryFolder):
    """ODOO_PATH is taken when it holds Odoo of the right series, else refused."""

    def ensure(self):
        with mock.patch.dict("os.environ", {"ODOO_PATH": str(self.folder)}):
            return odoo_tree.ensure()

    def write_release(self, major):
        (self.folder / "odoo").mkdir()
        (self.folder / "odoo/release.py").write_text(RELEASE.format(major))

    def test_right_series_is_used(self):
        self.write_release(19)
        self.assertEqual(self.ensure(), self.folder.resolve())

    def test_other_series_is_refused(self):
        self.write_release(18)
        with self.assertRaises(common.Stop):
            self.ensure()

    def test_folder_without_odoo_is_refused(self):
        with self.assertRaises(common.Stop):
            self.ensure()


class Downloads(TemporaryFolder):
    """A file with another SHA-256 than the signed index states is not used."""

    def test_altered_file_is_refused(self):
        file = self.folder / "odoo.deb"
        file.write_bytes(b"altered")
        with self.assertRaises(common.Stop):
            odoo_tree._verify(file, "0" * 64)


class SystemPackages(unittest.TestCase):
    """Without root nothing is installed: the one command to run is said."""

    def test_ordinary_user_is_told_the_command(self):
        packages = (("absent-one", lambda: None, "test"),)
        with (
            mock.patch.object(system_packages, "PACKAGES", packages),
            mock.patch("os.geteuid", return_value=1000),
            self.assertRaises(common.Stop) as caught,
        ):
            system_packages.ensure({"test"})
        self.assertIn("sudo apt-get install", caught.exception.next_step)
        self.assertIn("absent-one", caught.exception.next_step)

    def test_package_for_another_purpose_is_not_asked_for(self):
        packages = (("absent-one", lambda: None, "test"),)
        with mock.patch.object(system_packages, "PACKAGES", packages):
            system_packages.ensure({"demo"})


class Processes(TemporaryFolder):
    """Only a process that we started is stopped, even if its number is met again."""

    def setUp(self):
        super().setUp()
        for name in ("RUN", "LOGS"):
            patch = mock.patch.object(processes, name, self.folder / name)
            patch.start()
            self.addCleanup(patch.stop)
        quiet = contextlib.redirect_stdout(io.StringIO())
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def test_started_process_is_stopped_and_forgotten(self):
        process = processes.start("sleeper", SLEEP, None, self.folder)
        processes.stop("sleeper")
        self.assertEqual(process.wait(), -15)
        self.assertEqual(list((self.folder / "RUN").iterdir()), [])

    def test_process_with_another_start_time_is_left_alone(self):
        with subprocess.Popen(SLEEP) as other:
            self.addCleanup(other.kill)
            (self.folder / "RUN").mkdir()
            (self.folder / "RUN/sleeper.pid").write_text(f"{other.pid} 1")
            processes.stop("sleeper")
            self.assertIsNone(other.poll())
            other.kill()


class Sentences(unittest.TestCase):
    """What goes wrong ends as a sentence and an exit code, never as a traceback."""

    def end_of(self, error):
        errors = io.StringIO()
        with (
            contextlib.redirect_stderr(errors),
            self.assertRaises(SystemExit) as caught,
        ):
            common.main(mock.Mock(side_effect=error))
        return caught.exception.code, errors.getvalue()

    def test_stop_says_why_and_what_next(self):
        code, text = self.end_of(common.Stop("It broke.", "mend it"))
        self.assertEqual(code, 1)
        self.assertIn("Stopped: It broke.\nNext: mend it.", text)

    def test_full_disk_is_named(self):
        code, text = self.end_of(OSError(28, "No space left on device", "/x"))
        self.assertEqual(code, 1)
        self.assertIn("no space left", text)

    def test_other_refusal_of_the_system_names_the_file(self):
        code, text = self.end_of(PermissionError(13, "Permission denied", "/x"))
        self.assertEqual(code, 1)
        self.assertIn("refused /x: Permission denied", text)
