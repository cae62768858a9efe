"""Documents of a package: many of them, read and written a few at a time."""

import logging

from psycopg2.errors import SerializationFailure

from odoo import fields

_logger = logging.getLogger(__name__)

# Rows written in one transaction.
WRITE_SIZE = 500
# Documents whose fate still hangs on their package.
TIED_STATES = ("sending", "unknown", "processing")


def find_tied(session, states=TIED_STATES):
    """Return the documents of a package whose fate still hangs on it."""
    return session.env["l10n_pl_ksef.document"].search(
        [("session_id", "=", session.id), ("state", "in", states)], order="id"
    )


def in_groups(documents):
    """Yield documents a few at a time; each group is forgotten before the next.

    A package has thousands of them, which need not all be in memory.
    """
    ids = documents.ids
    for start in range(0, len(ids), WRITE_SIZE):
        group = documents.browse(ids[start : start + WRITE_SIZE])
        yield group
        group.flush_recordset()
        group.invalidate_recordset(flush=False)


def write_safely(documents, write):
    """Write documents together, or one by one if that fails.

    :param write: function of some documents
    :returns: those that could not be written
    """
    try:
        with documents.env.cr.savepoint():
            write(documents)
    except SerializationFailure:
        raise
    except Exception:
        if len(documents) == 1:
            _logger.exception("KSeF: document %s cannot be written", documents.id)
            return documents
        alone = (write_safely(document, write) for document in documents)
        return documents.browse().union(*alone)
    return documents.browse()


def soon(seconds):
    """Return the time in so many seconds, as Odoo stores it."""
    return fields.Datetime.add(fields.Datetime.now(), seconds=seconds)
