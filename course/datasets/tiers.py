"""Which data are used, the full (real) ones or the pocket ones, and where they stand.

Chosen by an argument, else by the environment variable COURSE_TIER, else by what is there. It reads no image; whether full
files are there and whole, each data set looks itself (`registry.DataSet.absent`).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from course.datasets import registry, store
from course.errors import CourseError
from course.files import shown

TIERS = ("full", "pocket")


@dataclass(frozen=True)
class Located:
    """A data set that can be read.

    Args:
        name: of the data set.
        path: its folder, of the same layout in both tiers.
        tier: "full" or "pocket".
        note: one line for people: which tier, where, and why.
    """

    name: str
    path: Path
    tier: str
    note: str


def chosen_tier(tier: str | None = None) -> str | None:
    """The tier that was asked for, by argument or by COURSE_TIER; None if nobody asked."""
    asked = tier or os.environ.get("COURSE_TIER") or None
    if asked not in (None, *TIERS):
        where = "--data" if tier else "The environment variable COURSE_TIER"
        raise CourseError(
            f"{where} says {asked!r}.", "It can be 'full' (the real data) or 'pocket' (the embedded ones)."
        )
    return asked


def locate(name: str, tier: str | None = None, quiet: bool = False) -> Located:
    """Find a data set, making the pocket one if that is what is wanted and it is not made yet.

    Args:
        name: of the data set.
        tier: "full", "pocket", or None to let COURSE_TIER or what is there decide.
        quiet: no progress bar while pocket data are made.

    Raises:
        CourseError: full data were asked for and are not there (with where to get them and where to put them), files are
            damaged, or pocket data cannot be made.
    """
    data_set = registry.find(name)
    asked = chosen_tier(tier)
    if asked != "pocket":
        missing = absent(name)
        if missing is None:
            why = "as asked" if asked else "found there"
            return Located(name, data_set.folder, "full", f"{name}: full data from {shown(data_set.folder)} ({why})")
        if asked == "full":
            raise CourseError(f"The full {name} data were asked for, but {missing}.", data_set.cure)
        why = missing
    else:
        why = "as asked"
    path = store.ensure(name, quiet=quiet)
    return Located(name, path, "pocket", f"{name}: pocket data from {shown(path)} ({why})")


def absent(name: str) -> str | None:
    """What is lacking for the full tier, as a clause ("data/asl/… is not there"), or None if it is all there.

    Raises:
        CourseError: a file is there but damaged; falling back to other data without a word would hide that.
    """
    data_set = registry.find(name)
    return data_set.absent(data_set.folder)
