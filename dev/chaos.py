"""`make chaos`: the set-up if needed, then the randomised run (dev/chaos_run.py)."""

import os
import sys

from .common import ROOT, VENV_PYTHON, main
from .setup import prepare


def _work():
    environment = prepare(kinds=("demo",))
    words = ["-m", "dev.chaos_run", *sys.argv[1:]]
    os.chdir(ROOT)
    os.execve(VENV_PYTHON, [str(VENV_PYTHON), *words], environment)


if __name__ == "__main__":
    main(_work)
