"""What earlier packages tell of the next one: how large, and how soon."""

from odoo import api, fields, models

# KSeF's limit of invoices in one package (API 8.1).
PACKAGE_MAX_INVOICES = 10_000
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


class Batch(models.AbstractModel):
    _inherit = "l10n_pl_ksef.batch"

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
