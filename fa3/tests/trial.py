"""What has to hold for every file, whoever made it: the rules of the fuzz run."""

import sys

from .. import checks, reader, writer
from .hostile import SECRET

# The schema allows a count of days of any number of digits; we do not.
_UNBOUNDED_ELEMENT = "Ilosc"
_UNBOUNDED = "not read: a number without bound"


class MisbehavedError(Exception):
    """Our code did with a file what it must never do."""


class Watch:
    """Notes every attempt to reach a file, the network or a program while it is on."""

    _WATCHED = ("open", "socket.", "subprocess.", "os.", "urllib.", "ftplib.", "shutil")

    def __init__(self):
        self.is_on = False
        self.seen = []
        sys.addaudithook(self._note)

    def __enter__(self):
        self.is_on = True
        return self

    def __exit__(self, *_error):
        self.is_on = False

    def _note(self, event, arguments):
        if self.is_on and event.startswith(self._WATCHED):
            self.seen.append(f"{event} {arguments}")


def judge(data, schema):
    """Return what became of a file in a few words.

    :raises MisbehavedError: a valid file was not read, was read with a rest, or came
        back different; a file read came back different the second time.
    """
    outcome, invoice, written = _read_and_write(data)
    problems = checks.check_xml(data, schema)
    if problems:
        return outcome or f"read, {problems[0].kind.value} problem"
    if outcome:
        if outcome == _UNBOUNDED:
            return outcome
        raise MisbehavedError(f"valid, but {outcome}")
    if invoice.unknown or invoice.is_damaged:
        raise MisbehavedError(f"valid, but read with a rest: {invoice.unknown}")
    if checks.check_xml(written, schema):
        raise MisbehavedError("valid, but written wrongly")
    return "valid, written again"


def _read_and_write(data):
    """Return (why not or None, the invoice, its new bytes)."""
    try:
        invoice = reader.read(data)
        written = writer.write(invoice)
    except reader.UnreadableError as error:
        if error.element == _UNBOUNDED_ELEMENT:
            return _UNBOUNDED, None, None
        return f"not read: {error.problem.value}", None, None
    except writer.UnwritableError:
        return "read, a code is not known", None, None
    if writer.write(reader.read(written)) != written:
        raise MisbehavedError("written differently the second time")
    if SECRET in written:
        raise MisbehavedError("a file outside was read")
    return None, invoice, written
