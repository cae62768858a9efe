"""`make bench`: the set-up if needed, then the measurements (dev/bench_run.py)."""

import os
import sys

from .common import ROOT, VENV_PYTHON, main
from .setup import prepare


def _work():
    environment = prepare(purposes=("demo", "test"), kinds=("demo",))
    words = ["-m", "dev.bench_run", *sys.argv[1:]]
    os.chdir(ROOT)
    os.execve(VENV_PYTHON, [str(VENV_PYTHON), *words], environment)


if __name__ == "__main__":
    main(_work)
