"""The forms in which learning platforms pack a class's submissions: from the name of a file to who handed it in, and when.

Each form says where it is known from. All are read from names; Blackboard's receipts and Gradescope's table are read as well. What
a platform does not say stays unknown: Canvas and Moodle pack the last attempt alone and write no time.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from course import limits
from course.grading.archive import Archive, Member


@dataclass(frozen=True)
class Piece:
    """A file of a download, and whose it is.

    Args:
        who: what tells this person from all others of the download, such as a number of the platform's.
        called: what people read.
        names: what the person may be called in a list of students, the most certain first.
        path: the file's own, as the student handed it in.
        attempt: what the files of one attempt have in common.
        when: it was handed in; without a time zone it is that of whoever downloaded it.
        late: the platform says so.
        receipt: it is the platform's own, about an attempt.
        older: there is a later one of the same name, which counts.
        note: a sentence where the platform's word was not enough.
    """

    member: Member
    who: str
    called: str
    names: tuple[str, ...]
    path: str
    attempt: str = ""
    when: datetime | None = None
    late: bool = False
    receipt: bool = False
    older: bool = False
    note: str = ""


@dataclass(frozen=True)
class Form:
    """How a platform packs.

    Args:
        name: the platform's.
        read: (archive, its files, ids of students that are known) -> pieces, of those files that have this form.
        own: files that the platform adds for its own use, by a pattern on the whole path.
    """

    name: str
    read: Callable[[Archive, Sequence[Member], Collection[str]], list[Piece]]
    own: re.Pattern[str] = field(default_factory=lambda: re.compile(r"(?!)"))


_CANVAS_WHO = r"(?:(?!(?:LATE_)?anon_)(?P<name>.+?)_)?(?P<late>LATE_)?(?P<user>\d+|anon_[^_]+)"
_CANVAS = re.compile(rf"{_CANVAS_WHO}_(?P<file>\d+)_(?P<path>.+)")
_CANVAS_TEXT = re.compile(rf"{_CANVAS_WHO}_(?P<path>(?:text|link)\.html)")


def _canvas(archive: Archive, members: Sequence[Member], known: Collection[str]) -> list[Piece]:
    """Canvas: `lovelaceada_LATE_71_9134_ex01_mnist-1.ipynb`: the sortable name without blanks and commas, two numbers, the file.

    The numbers are the student's and the file's. From `add_upload_submission`, `get_filename` and `add_text_or_url` of
    lib/content_zipper.rb in github.com/instructure/canvas-lms: the zip holds the last attempt, whose files have the highest
    numbers; a file handed in again under its old name gets -1, -2 … Group assignments have the group's name, anonymous ones
    `anon_x7Tq2`.
    """
    found = []
    for member in members:
        match = _CANVAS.fullmatch(member.name) or _CANVAS_TEXT.fullmatch(member.name)
        if match:
            name = match["name"] or match["user"]
            file = match.groupdict().get("file") or ""
            found.append(Piece(member, match["user"], name, (name,), match["path"], file, late=bool(match["late"])))
    return _newest_of_a_name(found)


def _newest_of_a_name(pieces: list[Piece]) -> list[Piece]:
    """Of files that Canvas has numbered because they have one name, the one with the highest number; all are one attempt."""

    def plain(piece: Piece) -> tuple[str, str]:
        return piece.who, re.sub(r"-\d+(?=\.\w+$)", "", piece.path)

    newest: dict[tuple[str, str], Piece] = {}
    for piece in sorted(pieces, key=lambda piece: int(piece.attempt or 0)):
        newest[plain(piece)] = piece
    several = {plain(piece) for piece in pieces if piece is not newest[plain(piece)]}
    said = "Of files of one name the one that came last counts."
    return [
        replace(
            piece, attempt="", older=piece is not newest[plain(piece)], note=said if plain(piece) in several else ""
        )
        for piece in pieces
    ]


_MOODLE = re.compile(
    r"(?:.*/)?(?P<name>[^/]+?)_(?P<user>\d+)_assignsubmission_(?P<kind>file|onlinetext|\w+?)(?:_?/|_)(?P<path>[^/].*)",
    re.DOTALL,
)


def _moodle(archive: Archive, members: Sequence[Member], known: Collection[str]) -> list[Piece]:
    """Moodle: `Ada Lovelace_71_assignsubmission_file/ex01_mnist.ipynb`, or the same with `_` in place of `/` (no folders).

    From `get_student_prefix` and `load_submissionplugin_filelist` of mod/assign/classes/downloader.php in
    github.com/moodle/moodle; older ones end the folder in another `_`. The number is the participant's; with blind marking the
    name is `Participant`, in group assignments the group's. The zip holds the last attempt.
    """
    found = []
    for member in members:
        if match := _MOODLE.fullmatch(member.path):
            name, user = match["name"], match["user"]
            called = f"{name} {user}" if name.casefold() in _NOBODY else name
            found.append(Piece(member, user, called, (called,), match["path"]))
    return found


_NOBODY = ("participant", "teilnehmer/in", "teilnehmer", "deelnemer", "participante")  # blind marking

_BLACKBOARD = re.compile(r"(?P<stem>(?P<front>.+)_[^\W\d_]+_(?P<when>\d{4}(?:-\d\d){5}))(?:_(?P<path>.+)|\.txt)")
_BLACKBOARD_NAME = re.compile(r"^Name:[ \t]*(?P<name>.*?)[ \t]*\((?P<user>[^()\s]+)\)[ \t]*\r?$", re.MULTILINE)


def _blackboard(archive: Archive, members: Sequence[Member], known: Collection[str]) -> list[Piece]:
    """Blackboard: `Digits week 1_alovelace_attempt_2026-11-27-10-22-33_ex01_mnist.ipynb`, and one receipt an attempt, `….txt`.

    From github.com/kwurst/bb-file-cleanup, from BBGradebookOrganiser (repos.vangef.net) and from receipts as they stand in
    github.com/timdrysdale/gradex-cli: "Name: Ada Lovelace (alovelace)". Assignment and user name may both hold underscores; the
    receipt says where the one ends. All attempts may be in the zip.
    """
    matches = [(member, match) for member in members if (match := _BLACKBOARD.fullmatch(member.name))]
    users: dict[str, tuple[str, str]] = {}  # {front: (user name, full name)}
    for member, match in matches:
        if match["path"] is None and (told := _receipt(archive, member)):
            users[match["front"]] = told
    titles = {front.removesuffix(f"_{user}") for front, (user, _) in users.items() if front.endswith(f"_{user}")}
    logins = {user for user, _ in users.values()} | set(known)
    found = []
    for member, match in matches:
        user, name, note = _user_of(match["front"], users, titles, logins)
        when = datetime.strptime(match["when"], "%Y-%m-%d-%H-%M-%S") if _is_time(match["when"]) else None
        names = (user, name) if name else (user,)
        receipt = match["path"] is None
        path = match["path"] or f"{match['stem']}.txt"
        found.append(Piece(member, user, user, names, path, match["when"], when, receipt=receipt, note=note))
    return found


def _receipt(archive: Archive, member: Member) -> tuple[str, str] | None:
    """(user name, full name) of a receipt."""
    try:
        text = archive.read(member, limits.RECEIPT_BYTES).decode("utf-8-sig", "replace")
    except ValueError:
        return None
    match = _BLACKBOARD_NAME.search(text)
    return (match["user"], match["name"]) if match else None


def _user_of(
    front: str, users: dict[str, tuple[str, str]], titles: Collection[str], logins: Collection[str]
) -> tuple[str, str, str]:
    """(user name, full name, a sentence where it is a guess) of `Digits week 1_alovelace`."""
    if front in users:
        return *users[front], ""
    for title in sorted(titles, key=len, reverse=True):
        if front.startswith(f"{title}_"):
            return front.removeprefix(f"{title}_"), "", ""
    for login in sorted(logins, key=len, reverse=True):
        if front.endswith(f"_{login}"):
            return login, "", ""
    _, _, user = front.rpartition("_")
    guess = front.count("_") > 1
    return (
        user,
        "",
        f"Blackboard's receipt is missing; {user} is what stands behind the last _ of {front}." if guess else "",
    )


def _is_time(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%d-%H-%M-%S")
    except ValueError:
        return False
    return True


_BRIGHTSPACE = re.compile(
    r"(?:.*/)?(?P<ids>\d+-\d+) - (?P<name>[^/]+) - (?P<when>[^/]*?\d{4}[^/]*?)(?:/| - )(?P<path>[^/].*)"
)
_BRIGHTSPACE_TIMES = ("%b %d, %Y %I%M %p", "%B %d, %Y %I%M %p", "%d %B, %Y %I%M %p", "%d %b, %Y %I%M %p", "%b %d, %Y %H%M",
                      "%B %d, %Y %H%M", "%d %B, %Y %H%M", "%d %b, %Y %H%M", "%Y-%m-%d %H%M", "%Y-%m-%d %I%M %p")  # fmt: skip


def _brightspace(archive: Archive, members: Sequence[Member], known: Collection[str]) -> list[Piece]:
    """Brightspace (D2L): `39786-640693 - Ada Lovelace - Oct 10, 2026 1022 AM/ex01_mnist.ipynb`, or ` - ` in place of the `/`.

    From github.com/cgmb/d2lmf (id, name, time; a folder for each attempt; hyphens beyond two belong to the name) and from
    public tests of programs that read such zips. The numbers differ from attempt to attempt, so it is the name that tells
    people apart.
    """
    found = []
    for member in members:
        if match := _BRIGHTSPACE.fullmatch(member.path):
            attempt = f"{match['ids']} - {match['when']}"
            found.append(
                Piece(
                    member,
                    match["name"],
                    match["name"],
                    (match["name"],),
                    match["path"],
                    attempt,
                    _brightspace_time(match["when"]),
                )
            )
    return found


def _brightspace_time(text: str) -> datetime | None:
    for form in _BRIGHTSPACE_TIMES:
        try:
            return datetime.strptime(" ".join(text.replace(":", "").split()), form)
        except ValueError:
            continue
    return None


_GRADESCOPE = re.compile(r"(?P<root>(?:.*?/)?)(?P<folder>submission_\d+)/(?P<path>.+)")
_TABLE = re.compile(r"(?:.*/)?submission_metadata\.ya?ml")


def _gradescope(archive: Archive, members: Sequence[Member], known: Collection[str]) -> list[Piece]:
    """Gradescope's export: `assignment_12_export/submission_345/ex01_mnist.py`, and a table that says whose 345 is.

    The table is submission_metadata.yml. From public programs that read it (`:submitters:` with `:name:`, `:sid:`, `:email:`;
    `:created_at:`; `:history:` of earlier attempts, whose files are not in the zip). What a group has handed in counts for each
    of its members.
    """
    table = next((_yaml(archive, member) for member in members if _TABLE.fullmatch(member.path)), {})
    found = []
    for member in members:
        match = _GRADESCOPE.fullmatch(member.path)
        if not match:
            continue
        record = table.get(match["folder"])
        record = record if isinstance(record, dict) else {}
        people = [person for person in record.get(":submitters") or [] if isinstance(person, dict)]
        when = _moment(record.get(":created_at"))
        for person in people:
            told = [str(person.get(f":{key}") or "") for key in ("email", "sid", "name")]
            if names := tuple(filter(None, told)):
                found.append(Piece(member, names[0], names[-1], names, match["path"], match["folder"], when))
        if not people:
            note = f"submission_metadata.yml does not say whose {match['folder']} is."
            folder = match["folder"]
            found.append(Piece(member, folder, folder, (folder,), match["path"], folder, note=note))
    return found


def _yaml(archive: Archive, member: Member) -> dict[str, object]:
    import yaml

    try:
        table = yaml.safe_load(archive.read(member, limits.RECEIPT_BYTES))
    except (ValueError, RecursionError, yaml.YAMLError):
        return {}
    return table if isinstance(table, dict) else {}


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


FORMS = (
    Form("Gradescope", _gradescope, _TABLE),
    Form("Moodle", _moodle),
    Form("Blackboard", _blackboard),
    Form("Brightspace", _brightspace, re.compile(r"(?:.*/)?index\.html?")),
    Form("Canvas", _canvas),
)
