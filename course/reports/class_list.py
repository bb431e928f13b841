"""The class as nbgrader's gradebook has it, with names and addresses; and the roster that is put into it."""

from collections.abc import Iterable
from pathlib import Path

from course.grading import rosters
from course.grading.rosters import Person
from course.reports import gradebook

FILE = "students.csv"


def people(url: str | None, file: Path | None, others: Iterable[str] = ()) -> list[Person]:
    """Everybody of the class.

    Args:
        url: the gradebook, or None.
        file: a roster, or None.
        others: ids of students with results; those who are in neither are in the class all the same.

    Raises:
        CourseError: one of the two cannot be read.
    """
    known: dict[str, Person] = {}
    if file is not None:
        known = {person.id: person for person in rosters.read(file).people}
    if url:
        index = rosters.Index(known.values())
        for person in of_gradebook(url):
            same = known.get(index.find([person.id, *filter(None, [person.email])]))
            if same and same.id == person.id:
                person = rosters.merge([person], [same], add=False).people[0]
            known[person.id] = person
    for id in others:
        known.setdefault(id, Person(id))
    return sorted(known.values(), key=lambda person: (person.last.casefold(), person.first.casefold(), person.id))


def of_gradebook(url: str) -> list[Person]:
    """Everybody whom the gradebook knows.

    Raises:
        CourseError: it cannot be read.
    """

    def read() -> list[Person]:
        with gradebook.opened(url) as book:
            return [Person(one.id, one.first_name or "", one.last_name or "", one.email or "") for one in book.students]

    return gradebook.patiently(read)


def write_gradebook(url: str, class_: Iterable[Person]) -> None:
    """Put these people into the gradebook; what it has of others stays.

    Raises:
        CourseError: it cannot be written.
    """
    wanted = list(class_)

    def write() -> None:
        with gradebook.opened(url) as book:
            for one in wanted:
                fields = {"first_name": one.first, "last_name": one.last, "email": one.email}
                book.update_or_create_student(one.id, **{name: value for name, value in fields.items() if value})

    gradebook.patiently(write)
