"""Where things are. The only module that knows the layout of a checkout."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def data_folder() -> Path:
    """The folder of data sets: `data/` of the checkout, or what the environment variable COURSE_DATA names."""
    return Path(os.environ.get("COURSE_DATA") or ROOT / "data")


def pocket_folder() -> Path:
    """Where the embedded (pocket) data sets are made: `data/pocket/`, in the same formats as the real ones beside it."""
    return data_folder() / "pocket"


def runs_folder() -> Path:
    """Where `python -m solutions.…` leaves models and pictures: `runs/` of the checkout, or COURSE_RUNS."""
    return Path(os.environ.get("COURSE_RUNS") or ROOT / "runs")


def real_folder() -> Path | None:
    """The real data that tests marked `real` read (environment variable COURSE_REAL), or None."""
    named = os.environ.get("COURSE_REAL")
    return Path(named) if named and Path(named).is_dir() else None
