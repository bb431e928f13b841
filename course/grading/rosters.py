"""Who is in a class, from the file that Canvas, Moodle, Blackboard, Brightspace or Gradescope gives; or from nbgrader's own.

The forms, by the documents that describe them:
- Canvas: the gradebook's export, `Student,ID,SIS User ID,SIS Login ID,Section,…` with a row `Points Possible`
  (lib/gradebook_importer.rb of github.com/instructure/canvas-lms; `LastName,FirstName` in place of `Student` is allowed there);
- Moodle: the participants' list, the export of grades or a grading worksheet, `First name,Last name,ID number,Email address` or
  `Identifier,Full name,Email address` (docs.moodle.org, Grade import; mod/assign/feedback/offline/importgradeslib.php);
- Blackboard: "Work offline", `Last Name,First Name,Username,Student ID,…`, often UTF-16 with tabs (help.blackboard.com, Work
  Offline with Grade Data);
- Brightspace: the export of grades, `OrgDefinedId,Username,…,End-of-Line Indicator`, ids with # before them (community.d2l.com,
  Importing Grades);
- Gradescope: its roster or an assignment's grades, `First Name,Last Name,SID,Email,…` (guides.gradescope.com, Adding Students).

Nobody is left out in silence: who has no id, or the id of somebody else, has a sentence.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from course.errors import CourseError
from course.grading import sheets
from course.grading.sheets import Sheet, folded

FIELDS = ("id", "first_name", "last_name", "email")  # as `nbgrader db student import` has them


@dataclass(frozen=True)
class Person:
    """A student. `keys` is what the platform calls this one beside name and address: a login, a number."""

    id: str
    first: str = ""
    last: str = ""
    email: str = ""
    keys: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything this student is called, the most certain first."""
        both = (f"{self.first} {self.last}".strip(), f"{self.last} {self.first}".strip())
        return tuple(dict.fromkeys(filter(None, (self.id, *self.keys, self.email, *both))))


@dataclass(frozen=True)
class Roster:
    """A class.

    Args:
        form: the platform's name.
        people: everybody who could be placed.
        left: a sentence for each row that could not.
    """

    form: str
    people: tuple[Person, ...]
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """How a platform calls its columns.

    Args:
        needs: these columns make the form; of each group of names one.
        ids: columns that can be the id, the best first.
        no_people: names of rows that are nobody's.
    """

    name: str
    needs: tuple[tuple[str, ...], ...]
    ids: tuple[str, ...]
    first: tuple[str, ...] = ("first name", "firstname", "vorname", "prénom", "nombre")
    last: tuple[str, ...] = ("last name", "lastname", "surname", "nachname", "nom", "apellido(s)")
    whole: tuple[str, ...] = ("full name", "name", "vollständiger name")
    email: tuple[str, ...] = ("email address", "email", "e-mail-adresse", "adresse de courriel", "dirección de correo")
    no_people: tuple[str, ...] = ()


FORMS = (
    Form("nbgrader", (("id",), ("first_name",), ("last_name",)), ("id",), ("first_name",), ("last_name",), ()),
    Form(
        "Canvas",
        (("student", "lastname"), ("id",), ("section",)),
        ("sis login id", "sis user id", "id"),
        whole=("student",),
        email=("email",),
        no_people=("points possible", "student, test", "test student"),
    ),
    Form("Brightspace", (("orgdefinedid", "username"), ("end-of-line indicator",)), ("username", "orgdefinedid")),
    Form("Gradescope", (("sid",), ("email",)), ("email", "sid"), whole=("name", "full name")),
    Form(
        "Moodle",
        (("email address", "e-mail-adresse", "adresse de courriel", "dirección de correo"),),
        ("username", "anmeldename", "id number", "id-nummer", "email address", "e-mail-adresse", "adresse de courriel",
         "dirección de correo"),
    ),
    # behind Moodle, whose lists may hold a Username as well: Blackboard's have no address
    Form("Blackboard", (("username",), ("last name",), ("first name",)), ("username", "student id")),
)  # fmt: skip


def form_of(sheet: Sheet) -> Form | None:
    """The platform whose columns these are."""
    header = {folded(name) for name in sheet.header}
    return next((form for form in FORMS if all(header & set(group) for group in form.needs)), None)


def read(file: Path, id: str = "") -> Roster:
    """The class in a platform's file.

    Args:
        id: the column that is to be the id, where the form's own choice is not the one you want.

    Raises:
        CourseError: it cannot be read, has no platform's form, or no such column.
    """
    sheet = sheets.read(file)
    form = form_of(sheet)
    if form is None:
        names = ", ".join(name for name in sheet.header[:6] if name.strip())
        raise CourseError(
            f"{file} has the columns of no platform: {names}.",
            "It takes the gradebook or roster as Canvas, Moodle, Blackboard, Brightspace or Gradescope gives it, or the columns "
            "id, first_name, last_name, email.",
        )
    header = [folded(name) for name in sheet.header]
    if id and folded(id) not in header:
        raise CourseError(f"{file} has no column {id!r}.", f"It has {', '.join(sheet.header)}.")
    ids = (folded(id),) if id else form.ids
    found, left = [], []
    for number, row in enumerate(sheet.rows[1:], 2):
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
        person = _person(cells, form, ids)
        shown = person.names[0] if person.names else ""
        whole = folded(_first(cells, form.whole) or shown)
        if whole in form.no_people or "_previewuser" in person.id or _role(cells) not in ("", "student"):
            continue
        if not shown:
            continue
        if not person.id:
            left.append(f"Line {number}, {shown}: there is no {' and no '.join(ids)}.")
        elif sheets.computes(person.id):
            left.append(f"Line {number}: a spreadsheet would compute the id {person.id}.")
        else:
            found.append((number, person))
    people, twice = _once(found)
    return Roster(form.name, tuple(people), (*left, *twice))


def _person(cells: Mapping[str, str], form: Form, ids: Sequence[str]) -> Person:
    first, last = _first(cells, form.first), _first(cells, form.last)
    if not (first or last):
        first, last = split(_first(cells, form.whole))
    keys = [cells[name].lstrip("#") for name in form.ids if cells.get(name)]
    # Canvas and Brightspace write some ids with # or ' before them, for Excel's sake
    id = next((cells[name].lstrip("#'") for name in ids if cells.get(name, "").lstrip("#'")), "")
    email = _first(cells, form.email)
    return Person(id, first, last, "" if sheets.computes(email) else email, tuple(key for key in keys if key != id))


def split(whole: str) -> tuple[str, str]:
    """(first name, last name) of "Lovelace, Ada" or "Ada Lovelace"; what is one word is a last name."""
    if "," in whole:
        last, _, first = whole.partition(",")
        return first.strip(), last.strip()
    first, _, last = whole.rpartition(" ")
    return first.strip(), last.strip()


def _first(cells: Mapping[str, str], names: Iterable[str]) -> str:
    return next((cells[name] for name in names if cells.get(name)), "")


def _role(cells: Mapping[str, str]) -> str:
    return cells.get("role", "").casefold()


def _once(found: Sequence[tuple[int, Person]]) -> tuple[list[Person], list[str]]:
    """Each person once: who is in it twice under one name is one, as in a class with sections; two of one id are nobody."""
    by_id: dict[str, list[tuple[int, Person]]] = defaultdict(list)
    for number, person in found:
        by_id[folded(person.id)].append((number, person))
    people, left = [], []
    for same in by_id.values():
        if len({squashed(f"{person.first}{person.last}") for _, person in same}) > 1:
            lines = " and ".join(str(number) for number, _ in same)
            names = " and ".join(f"{person.first} {person.last}".strip() for _, person in same)
            left.append(f"Lines {lines}: {names} have one id, {same[0][1].id}.")
        else:
            people.append(same[0][1])
    return people, left


def squashed(name: str) -> str:
    """What is left of a name when blanks, commas, dots, capitals and Unicode's two forms of an umlaut are taken out."""
    return re.sub(r"[\W_]+", "", folded(name))


class Index:
    """Finds the student who is meant by something that a platform calls one: an id, an address, a name in either order."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = {person.id: person for person in people}
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._loose: dict[str, set[str]] = defaultdict(set)
        for person in self.people.values():
            for name in person.names:
                self._exact[folded(name)].add(person.id)
                self._loose[squashed(name)].add(person.id)
            if "@" in person.email:
                self._loose[squashed(person.email.partition("@")[0])].add(person.id)

    def find(self, names: Iterable[str]) -> str:
        """The id of the one student whom the first of these names that means just one means; "" where none does."""
        for name in names:
            if name in self.people:
                return name
            for index, key in ((self._exact, folded(name)), (self._loose, squashed(name))):
                if key and len(meant := index.get(key, set())) == 1:
                    return next(iter(meant))
        return ""


@dataclass(frozen=True)
class Merged:
    """A class with what a platform's file adds to it: who is new, whose blanks were filled, and who could not be placed."""

    people: tuple[Person, ...]
    added: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def merge(known: Sequence[Person], found: Sequence[Person], add: bool) -> Merged:
    """Put a platform's people beside those that the class has.

    Args:
        add: whom the class does not know becomes a student of it; unless asked for, nobody does.
    """
    index = Index(known)
    people = {person.id: person for person in known}
    added, filled, left = [], [], []
    taken: dict[str, str] = {}
    for person in found:
        shown = " ".join(filter(None, (person.first, person.last))) or person.id
        id = index.find(person.names)
        if id and id in taken:
            left.append(f"{shown} ({person.id}) and {taken[id]} would both be {id}.")
        elif id:
            taken[id] = f"{shown} ({person.id})"
            old = people[id]
            new = replace(
                old, first=old.first or person.first, last=old.last or person.last, email=old.email or person.email
            )
            new = replace(new, keys=tuple(dict.fromkeys((*old.keys, person.id, *person.keys))))
            if (old.first, old.last, old.email) != (new.first, new.last, new.email):
                filled.append(id)
            people[id] = new
        elif add:
            people[person.id] = person
            added.append(person.id)
        else:
            left.append(f"{shown} ({person.id}) is nobody in the class.")
    return Merged(tuple(people.values()), tuple(added), tuple(filled), tuple(left))


def csv_bytes(people: Iterable[Person]) -> bytes:
    """The roster as `nbgrader db student import` and `course grade` take it.

    Ids and addresses stand as they are, for they are compared; names are made harmless.
    """
    rows = [FIELDS, *((p.id, sheets.harmless(p.first), sheets.harmless(p.last), p.email) for p in people)]
    return Sheet(tuple(rows)).bytes().replace(b"\r\n", b"\n")
