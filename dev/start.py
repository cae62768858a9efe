"""Start the private PostgreSQL when it is not running (after a reboot)."""

from . import cluster
from .common import main, one_at_a_time


def _work():
    with one_at_a_time():
        cluster.ensure()
    return 0


if __name__ == "__main__":
    main(_work)
