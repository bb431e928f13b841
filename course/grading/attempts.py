"""Who has handed in what: a person's attempts, the one that counts, and a name that nobody else has.

The last attempt counts, unless it holds nothing that could be graded and one before it does. A roster's id is given to whom the
platform calls by a name of just one student's; all others keep the platform's name, and their row says so.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from course.grading.archive import Member
from course.grading.platforms import Piece
from course.grading.submissions import KINDS, writable

PACKED = (".zip",)  # a student's own archive, which is opened where nothing else was handed in


@dataclass(frozen=True)
class Listed:
    """A student of a roster: the id, and what else the student may be called."""

    id: str
    names: tuple[str, ...] = ()


@dataclass
class HandIn:
    """What one student has handed in.

    Args:
        student: as in the gradebook, or as the platform has it.
        files: {path as the student had it: member of the zip} of the attempt that counts.
        attempts: how many there are.
        notes: sentences for the student's row.
        places: the folders that hold its unpacked files.
        counts: the name in the zip of the file that is graded.
    """

    student: str
    files: dict[str, Member]
    attempts: int = 1
    when: datetime | None = None
    late: bool = False
    notes: list[str] = field(default_factory=list)
    places: list[Path] = field(default_factory=list)
    counts: str = ""


def grouped(pieces: Sequence[Piece]) -> list[tuple[Piece, HandIn]]:
    """What each person has handed in: (a piece that says who it is, the attempt that counts)."""
    people: dict[str, dict[str, list[Piece]]] = defaultdict(lambda: defaultdict(list))
    for piece in pieces:
        if not piece.older:
            people[piece.who][piece.attempt].append(piece)
    return [_last(list(attempts.values())) for attempts in people.values()]


def _last(attempts: list[list[Piece]]) -> tuple[Piece, HandIn]:
    """Of several attempts the last one with something to grade, else the last one."""
    attempts = [sorted(attempt, key=lambda piece: piece.receipt) for attempt in attempts]
    if all(attempt[0].when for attempt in attempts):
        attempts.sort(key=lambda attempt: attempt[0].when.replace(tzinfo=None) if attempt[0].when else datetime.min)
    full = [attempt for attempt in attempts if any(_may_be_graded(piece.path) for piece in attempt)]
    chosen = (full or attempts)[-1]
    late = any(piece.late for piece in chosen)
    notes = ["The platform marks it as late."] if late else []
    notes += _choice(attempts, chosen)
    notes += dict.fromkeys(piece.note for piece in chosen if piece.note)
    own = [piece for piece in chosen if not piece.receipt] or chosen
    return chosen[0], HandIn(
        "", {piece.path: piece.member for piece in own}, len(attempts), chosen[0].when, late, notes
    )


def _choice(attempts: list[list[Piece]], chosen: list[Piece]) -> list[str]:
    """Why it is this attempt; nothing where there is but one."""
    number, last = len(attempts), attempts[-1]
    if number == 1:
        return []
    if not all(attempt[0].when for attempt in attempts):
        return [f"Which of {number} attempts is the last cannot be read: {writable(chosen[0].attempt)} was taken."]
    said = f"Of {number} attempts that of {_said(chosen[0].when)} counts"
    if chosen is last:
        return [f"{said}, the last one."]
    only = ", ".join(writable(piece.path) for piece in last[:3])
    return [f"{said}: the last one, of {_said(last[0].when)}, holds only {only}."]


def _may_be_graded(path: str) -> bool:
    return path.lower().endswith((*KINDS, *PACKED))


def _said(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else "an unknown time"


def named(found: list[tuple[Piece, HandIn]], roster: Sequence[Listed]) -> list[HandIn]:
    """Give everybody a name that nobody else has: the roster's where it is certain, else the platform's."""
    known: dict[str, set[str]] = defaultdict(set)
    for one in roster:
        for name in (one.id, *one.names):
            known[squashed(name)].add(one.id)
    sure = {one.id for one in roster}
    ids = [_identified(piece, known, sure) for piece, _ in found]
    names = [writable(piece.called) for piece, _ in found]
    for (piece, hand), name, same in zip(found, names, ids, strict=True):
        if same and ids.count(same) == 1:
            hand.student = same
            continue
        hand.student = name
        if names.count(name) > 1 or name in ids:
            other = writable(piece.who)
            hand.student = f"{name} ({other})"
            hand.notes.append(f"Others are called {name} as well; the platform tells them apart as {other}.")
        if roster:
            hand.notes.append("The gradebook knows nobody, or several, of this name.")
    return [hand for _, hand in found]


def _identified(piece: Piece, known: Mapping[str, set[str]], sure: set[str]) -> str:
    """The id in the roster of one who is called so; empty where it is nobody's, or several have the name."""
    for name in piece.names:
        if name in sure:
            return name
        if len(meant := known.get(squashed(name), set())) == 1:
            return next(iter(meant))
    return ""


def squashed(name: str) -> str:
    """What is left of a name when a platform has taken out blanks, commas and capitals."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", name)).casefold()
