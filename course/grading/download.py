"""A learning platform's download becomes a table of who handed in what and when, and a row of the class for each.

`course grade download.zip` reads the zip as it came. Of several attempts the last one counts that holds a notebook or a module.
Nothing is passed over in silence: what has no owner or cannot be read is in a student's row, or has a sentence of its own. A zip in
none of the platforms' forms is read like a folder of submissions.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from course import catalog
from course.catalog import Project
from course.errors import CourseError
from course.grading import submissions
from course.grading.archive import Archive, Member, opened
from course.grading.attempts import HandIn, Listed, grouped, named
from course.grading.platforms import FORMS, Form, Piece
from course.grading.submissions import Submission, ignored, writable
from course.grading.unpacking import STAMP, Unpacked, left_behind, plain

FIELDS = ("student", "handed in", "late", "attempts", "file", "other files", "remark")


@dataclass(frozen=True)
class Download:
    """What a download holds.

    Args:
        form: the platform's name, or "a folder in a zip".
        table: who handed in what and when.
        rows: the class, as `submissions.find` has it.
        left: a sentence for each file that is nobody's, or cannot be read.
    """

    form: str
    table: tuple[HandIn, ...]
    rows: tuple[Submission, ...]
    left: tuple[str, ...]

    def csv_text(self) -> str:
        """The table as quoted CSV; a name that a spreadsheet would compute gets an apostrophe in front."""
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(FIELDS)
        for one in self.table:
            when = one.when.isoformat(" ") if one.when else ""
            others = ", ".join(writable(path) for path, member in one.files.items() if member.path != one.counts)
            row = [
                one.student,
                when,
                "late" if one.late else "",
                str(one.attempts),
                one.counts,
                others,
                " ".join(one.notes),
            ]
            writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell for cell in row])
        return text.getvalue()


def read(file: Path, folder: Path, entries: Iterable[Project] = (), roster: Sequence[Listed] = ()) -> Download:
    """Read a platform's zip.

    Args:
        folder: an empty one, into which notebooks and modules are unpacked.
        entries: the projects; unless given, those for which a file is named.
        roster: the students who must have a row; whom the platform calls by a name of theirs gets their id.

    Raises:
        CourseError: it is no zip, there is nothing in it, it does not say which project it is of, or the disk is full.
    """
    with opened(file, file.name) as archive:
        members = [member for member in archive.members if not left_behind(member.path)]
        form, pieces = _form(archive, members, [one.id for one in roster], file.stem)
        if not pieces:
            raise CourseError(
                f"There is nothing in {file.name} that somebody could have handed in.",
                "It needs the files of a class, as the platform packs them, or a folder or a file a student.",
            )
        placed = {piece.member.path for piece in pieces}
        left = [
            f"{writable(member.path)} is nobody's: its name has not the form of {form.name}."
            for member in members
            if member.path not in placed and not form.own.fullmatch(member.path)
        ]
        paths = [member.path for member in archive.members]
        twice = [path for path in dict.fromkeys(paths) if paths.count(path) > 1]
        left += [f"{writable(path)} is in it several times; the last one counts." for path in twice]
        table = named(grouped(pieces), roster)
        wanted = list(entries) or submissions.named(
            stem for one in table for path in one.files for stem in [plain(path), *PurePosixPath(path).parts[:-1]]
        )
        unpacked = Unpacked(archive, folder, [entry.module for entry in wanted])
        for one in table:
            unpacked.lay(one)
    table += [HandIn(one.id, {}, 0) for one in roster if one.id not in {row.student for row in table}]
    table.sort(key=lambda one: one.student)
    rows = submissions.rows([(one.student, one.places) for one in table], wanted, unpacked.shown)
    by_name = {one.student: one for one in table}
    rows = [_told(row, by_name[row.student]) for row in rows]
    return Download(form.name, tuple(table), tuple(rows), tuple(left))


def _form(archive: Archive, members: list[Member], known: list[str], stem: str) -> tuple[Form, list[Piece]]:
    """The platform whose form most of the files have, and what they are by it."""
    read_ = [(form, form.read(archive, members, known)) for form in FORMS]
    best = max(read_, key=lambda pair: len({piece.member.path for piece in pair[1]}))
    meant = [member for member in members if not best[0].own.fullmatch(member.path)]
    if 2 * len({piece.member.path for piece in best[1]}) >= max(len(meant), 1):
        return best
    return Form("a folder in a zip", lambda *_: []), _folder(members, stem)


def _folder(members: list[Member], stem: str) -> list[Piece]:
    """A zip of `submitted/ada/ex01_mnist/ex01_mnist.ipynb` or of `ada.ipynb`, below one folder that holds them all or not."""
    paths = [PurePosixPath(member.path) for member in members]
    modules = {entry.module for entry in catalog.projects()}
    tops = {path.parts[0] for path in paths if len(path.parts) > 1}
    nested = any(len(path.parts) > 2 and path.parts[2] in modules for path in paths)
    cut = len(tops) == 1 and all(len(path.parts) > 1 for path in paths) and (nested or tops <= {"submitted", stem})
    found = []
    for member, path in zip(members, paths, strict=True):
        parts = path.parts[1:] if cut else path.parts
        owner = parts[0] if len(parts) > 1 else PurePosixPath(parts[0]).stem
        inner = parts[1:] if len(parts) > 1 else parts
        found.append(Piece(member, owner, owner, (owner,), "/".join(inner)))
    return [piece for piece in found if not ignored(Path(piece.path)) or piece.path.endswith(f"/{STAMP}")]


def _told(row: Submission, one: HandIn) -> Submission:
    """The row with what is known of how it was handed in."""
    if row.file is not None:
        one.counts = row.name
    problem = row.problem
    if problem and one.notes:
        problem = f"{problem}. {' '.join(one.notes)}".strip()
    note = " ".join(filter(None, [*one.notes, row.note]))
    return replace(row, note=note, problem=problem)
