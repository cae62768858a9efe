"""`make fuzz`: the set-up if it is missing, then the run (dev/fuzz_run.py)."""

import os
import sys

from .common import ROOT, VENV_PYTHON, main
from .setup import prepare


def _work():
    if not VENV_PYTHON.exists():
        prepare()
    os.chdir(ROOT)
    words = ["-m", "dev.fuzz_run", *sys.argv[1:]]
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), *words])


if __name__ == "__main__":
    main(_work)
