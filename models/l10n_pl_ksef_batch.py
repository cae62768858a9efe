"""Sends many documents as one package (batch session); intent first, then calls."""

import logging
import time

from odoo import api, fields, models
from odoo.tools import SQL

from ..ksef import errors
from ..ksef.statuses import Verdict, error_verdict
from .l10n_pl_ksef_connection import ConnectionObstacle
from .l10n_pl_ksef_groups import find_tied, in_groups, soon, write_safely
from .l10n_pl_ksef_sender import NO_ANSWER

_logger = logging.getLogger(__name__)

# More waiting documents than this go as a package: it needs fewer calls, and is
# the only way past 180 an hour (reliability 4). System parameters.
INTERACTIVE_MAX_PARAMETER = "l10n_pl_ksef.interactive_max"
INTERACTIVE_MAX = 30
COMPRESSION_PARAMETER = "l10n_pl_ksef.batch_compression"
COMPRESSIONS = ("tar_gz", "zip")
PART_BYTES_PARAMETER = "l10n_pl_ksef.batch_part_bytes"
# KSeF's limit of invoices in one package (API 8.1).
PACKAGE_MAX_INVOICES = 10_000
# Ours, of the files before they are packed: a package is sent in one step.
PACKAGE_MAX_BYTES = 100_000_000
# Files read from the database at a time.
READ_SIZE = 200
# A document that was in so many packages KSeF could not read goes alone.
PACKAGE_TRIES = 3
# After such an end of a package half as many go in the next ones, for so long: too
# many (420), not to be read (405, 430, 435), or it took its worker with it. Only the
# first says what KSeF takes; the others stop at a size that is no burden.
LOST = "lost"
PACKAGE_FLOOR = 100
HALVING_CODES = {
    ("420",): 1,
    ("405", "430", "435", LOST): PACKAGE_FLOOR,
}
# KSeF took nothing, for no fault of the documents: key (415), not completed (440).
UNUSED_CODES = ("415", "440")
MEMORY_HOURS = 24
LOOK_BACK = 20
# Pauses before the next package, by number of those that failed lately.
FAILED_PAUSES_SECONDS = (0, 60, 300, 900)
# A worker that died leaves its package behind: nobody is at it after this time.
# Opening and closing are one call each, made twice at most (55 s each).
CALL_LIMIT_SECONDS = 120
# Odoo kills a worker after 120 s by default: a part gets so long, and is tried
# again after such pauses. The links are nowhere but in this worker's memory.
PART_SECONDS = 45
PART_PAUSES_SECONDS = (0, 1, 3, 10)
PART_LIMIT_SECONDS = 300
NO_USE = (errors.KsefLinkExpired, errors.KsefRefused)
REFUSED_PAUSE_SECONDS = 60
DISK_PAUSE_SECONDS = 300
LEAST_PAUSE_SECONDS = 5


class Batch(models.AbstractModel):
    _name = "l10n_pl_ksef.batch"
    _description = "KSeF package sender"

    @api.private
    def _is_worth_it(self, connection):
        """Tell whether so many documents wait that they should go together."""
        text = self._get_parameter(INTERACTIVE_MAX_PARAMETER)
        most = int(text) if text.isdecimal() else INTERACTIVE_MAX
        waiting = self.env["l10n_pl_ksef.document"].search_count(
            self._waiting_domain(connection), limit=most + 1
        )
        return waiting > most

    @api.private
    def _get_parameter(self, name):
        return (self.env["ir.config_parameter"].sudo().get_param(name) or "").strip()

    @api.private
    def _waiting_domain(self, connection):
        return [
            ("connection_id", "=", connection.id),
            ("state", "=", "queued"),
            ("next_step_on", "<=", fields.Datetime.now()),
            ("attempt_count", "<", PACKAGE_TRIES),
        ]

    @api.private
    def _send_package(self, connection):
        """Take the waiting documents of a connection to KSeF as one package."""
        obstacle, pause = self._log_in(connection)
        documents = self._pick(connection)
        if obstacle or pause:
            if obstacle:
                documents._block(obstacle)
            else:
                documents._postpone(pause)
            self._commit()
            return
        session = self._write_intent(connection, self._hold_unfit(documents))
        if not session:
            return
        try:
            self._carry(session)
        except OSError as error:
            # No room for the package's temporary files: nothing was sent.
            _logger.warning("KSeF: no package could be made: %s", error)
            self.env.cr.rollback()
            self._give_back(session, DISK_PAUSE_SECONDS)

    @api.private
    def _log_in(self, connection):
        """Log in before anything is packed: that tells KSeF's clock, too.

        :returns: (obstacle or None, seconds to wait or 0)
        """
        if obstacle := connection._find_obstacle(is_sending=True):
            return obstacle, 0
        self._commit()
        try:
            self.env["l10n_pl_ksef.gateway"]._ensure_login(connection)
        except ConnectionObstacle as found:
            return found.key, 0
        except errors.KsefError as error:
            _logger.info("KSeF: no login for a package: %s", error)
            self._commit()
            pause = connection._note_failure(error)
            return connection.problem, max(pause, LEAST_PAUSE_SECONDS)
        finally:
            self._commit()
        return None, 0

    @api.private
    def _pick(self, connection):
        """Lock and return waiting documents, as many as one package takes."""
        documents = self.env["l10n_pl_ksef.document"].search(
            self._waiting_domain(connection),
            order="next_step_on, id",
            limit=self._get_package_max(connection),
        )
        locked = documents.try_lock_for_update(allow_referencing=True)
        sizes = dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, octet_length(xml) FROM l10n_pl_ksef_document"
                    " WHERE id IN %s AND state = 'queued'",
                    tuple(locked.ids) or (0,),
                )
            )
        )
        left = PACKAGE_MAX_BYTES
        chosen = []
        for document_id in filter(sizes.__contains__, locked.ids):
            left -= sizes[document_id] or 0
            if left < 0 and chosen:
                break
            chosen.append(document_id)
        return locked.browse(chosen)

    @api.private
    def _get_package_max(self, connection):
        """Return how many invoices KSeF takes in one package, as far as we know."""
        most = [PACKAGE_MAX_INVOICES]
        for codes, floor in HALVING_CODES.items():
            sizes = self._find_lately(connection, codes).mapped("sent_count")
            most += [max(floor, size // 2) for size in sizes]
        return min(most)

    @api.private
    def _get_failed_pause(self, connection):
        """Return the seconds before a package follows those that came to nothing."""
        count = len(self._find_lately(connection, UNUSED_CODES))
        return FAILED_PAUSES_SECONDS[min(count, len(FAILED_PAUSES_SECONDS) - 1)]

    @api.private
    def _find_lately(self, connection, codes):
        """Return the latest packages that ended with one of these codes."""
        since = fields.Datetime.subtract(fields.Datetime.now(), hours=MEMORY_HOURS)
        return self.env["l10n_pl_ksef.session"].search(
            [
                ("connection_id", "=", connection.id),
                ("kind", "=", "batch"),
                ("status_code", "in", codes),
                ("opened_on", ">", since),
            ],
            order="id desc",
            limit=LOOK_BACK,
        )

    @api.private
    def _hold_unfit(self, documents):
        """Hold documents that may not go now; return the others."""
        sender = self.env["l10n_pl_ksef.sender"]
        fit = []
        for group in in_groups(documents):
            for reason, some in group.grouped(sender._find_own_obstacle).items():
                if reason:
                    some._block(reason)
                else:
                    fit += some.ids
        return documents.browse(fit)

    @api.private
    def _write_intent(self, connection, documents):
        """Commit that these documents go in a new package, before any call."""
        session = self.env["l10n_pl_ksef.session"]
        if documents:
            now = fields.Datetime.now()
            session = session.create(
                {
                    "connection_id": connection.id,
                    "kind": "batch",
                    "state": "opening",
                    "opened_on": now,
                    "sent_count": len(documents),
                    "next_step_on": soon(CALL_LIMIT_SECONDS),
                }
            )
            session.sent_count -= len(self._set_sending(session, documents))
            if not session.sent_count:
                raise RuntimeError(f"documents {documents.ids} cannot be written")
        self._commit()
        return session

    @api.private
    def _set_sending(self, session, documents):
        """Write the intent on documents; return those that cannot be written."""
        bad = documents.browse()
        for attempts, group in _by_attempts(documents):
            values = {
                "session_id": session.id,
                "session_reference": False,
                "reference": False,
                "attempt_count": attempts + 1,
                "sent_on": session.opened_on,
                "next_step_on": False,
            }
            bad |= write_safely(
                group, lambda some, values=values: some._set_state("sending", **values)
            )
        return bad

    @api.private
    def _carry(self, session):
        """Build, open, upload and close a package whose intent is committed."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        compression = self._get_parameter(COMPRESSION_PARAMETER)
        if compression not in COMPRESSIONS:
            compression = COMPRESSIONS[0]
        size = self._get_parameter(PART_BYTES_PARAMETER)
        part_bytes = int(size) if size.isdecimal() else None
        session_key = gateway._make_session_key()
        files = self._read_files(session.document_ids.ids)
        with gateway._build_package(
            files, session_key, compression, part_bytes
        ) as package:
            self._commit()
            opened = self._open(session, package, session_key)
            if opened and self._upload(session, package, opened):
                self._close(session)

    @api.private
    def _read_files(self, ids):
        """Yield name and frozen bytes of each document, a few in memory."""
        documents = self.env["l10n_pl_ksef.document"]
        for start in range(0, len(ids), READ_SIZE):
            group = documents.browse(sorted(ids)[start : start + READ_SIZE])
            for document in group:
                yield f"{document.id}.xml", document._get_xml()
            group.invalidate_recordset(["xml"])

    @api.private
    def _open(self, session, package, session_key):
        """Open the session at KSeF; nothing is kept of an opening that failed."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        try:
            opened = gateway._open_batch(session.connection_id, package, session_key)
        except (errors.KsefError, ConnectionObstacle) as failure:
            self._commit()
            self._note_failed_opening(session, failure)
            return None
        self._commit()
        session = self._lock(session, "opening")
        if not session:
            # Judged lost meanwhile: an empty package ends at KSeF by itself.
            return None
        if len(find_tied(session, ["sending"])) != session.sent_count:
            # Somebody took a document out: what is packed would be sent twice.
            self._give_back(session, 0)
            return None
        session.document_ids.write({"session_reference": opened.reference})
        session._set_state(
            "uploading",
            reference=opened.reference,
            valid_until=False,
            next_step_on=soon(PART_LIMIT_SECONDS),
        )
        self._commit()
        return opened

    @api.private
    def _note_failed_opening(self, session, failure):
        """Nothing was uploaded, so nothing was taken, whatever the answer."""
        _logger.info("KSeF: package %s not opened: %s", session.id, failure)
        if isinstance(failure, ConnectionObstacle):
            self._give_back(session, 0, problem=failure.key)
            return
        connection = session.connection_id
        pause = connection._note_failure(failure)
        if isinstance(failure, NO_ANSWER):
            pause = connection._note_outage()
        is_refused = isinstance(failure, errors.KsefRefused)
        if is_refused:
            verdict = error_verdict(failure.code)
            pause = 0 if verdict is Verdict.NEW_SESSION else REFUSED_PAUSE_SECONDS
        self._give_back(
            session,
            max(pause, LEAST_PAUSE_SECONDS),
            is_counted=is_refused,
            problem=connection.problem,
        )

    @api.private
    def _upload(self, session, package, opened):
        """Upload every part; whatever failed, KSeF says at closing."""
        uploads = {upload.number: upload for upload in opened.uploads}
        for part in package.parts:
            locked = self._lock(session, "uploading")
            if not locked:
                return False
            locked.next_step_on = soon(PART_LIMIT_SECONDS)
            self._commit()
            if not self._upload_part(session, uploads.get(part.number), part):
                break
        return True

    @api.private
    def _upload_part(self, session, upload, part):
        """Upload one part, again if need be: the same bytes do no harm."""
        gateway = self.env["l10n_pl_ksef.gateway"]
        connection = session.connection_id
        deadline = time.monotonic() + PART_SECONDS
        for pause in PART_PAUSES_SECONDS if upload else ():
            time.sleep(pause)
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                gateway._upload_part(connection, upload, part, left)
            except NO_USE:
                break
            except errors.KsefError as error:
                _logger.info("KSeF: part %s not uploaded: %s", part.number, error)
            else:
                return True
        return False

    @api.private
    def _close(self, session):
        """Write that the package is being closed, then close it."""
        session = self._lock(session, "uploading")
        if session:
            session._set_state("closing", next_step_on=soon(CALL_LIMIT_SECONDS))
        self._commit()
        if session:
            self.env["l10n_pl_ksef.batch.poller"]._close_package(session)

    @api.private
    def _give_back(self, session, pause, is_counted=False, problem=None, **values):
        """Queue the documents of a package that was never opened, or is unknown.

        Nothing was uploaded then. What another worker has opened stays tied.

        :param is_counted: the attempt counts towards those allowed
        :param problem: what a person has to solve first, or None
        :param values: fields to write on the session
        """
        self._commit()
        session = self._lock(session, "opening")
        if not session:
            self._commit()
            return
        for attempts, group in _by_attempts(find_tied(session)):
            count = attempts if is_counted else attempts - 1
            if problem:
                group._block(problem, return_state="queued", attempt_count=count)
                continue
            group._set_state(
                "queued",
                attempt_count=count,
                reference=False,
                next_step_on=soon(pause or 0),
            )
        session._set_state("failed", **values)
        self._commit()

    @api.private
    def _lock(self, session, state):
        """Lock the row as the first statement; nothing if its state changed."""
        session = session.try_lock_for_update(allow_referencing=True)
        return session.filtered(lambda session: session.state == state)

    @api.private
    def _commit(self):
        self.env["l10n_pl_ksef.sender"]._commit()


def _by_attempts(documents):
    for group in in_groups(documents):
        yield from group.grouped("attempt_count").items()
