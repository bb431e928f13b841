"""`course roster`: who is in the class, from what a platform gives."""

import sys
from pathlib import Path

import click

from course import files
from course.cli import options
from course.errors import CourseError


@click.command()
@click.argument("tables", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--id", "column", default="", metavar="COLUMN", help="The column that is a student's id, if the usual one is not."
)
@click.option("--add", is_flag=True, help="Whom the class does not know becomes a student of it.")
@options.gradebook("it is filled in as well.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("students.csv"),
    show_default=True,
    help="The class's roster.",
)
def roster(tables: tuple[Path, ...], column: str, add: bool, gradebook: str | None, out: Path) -> None:
    """Make the class's roster from a platform's.

    TABLES are rosters or gradebooks as Canvas, Moodle, Blackboard, Brightspace or Gradescope exports them. The first time makes
    students.csv; later ones fill in names and addresses, and list whom the class does not know. Only --add makes new students.
    """
    from course.grading import rosters
    from course.reports import class_list

    known = list(rosters.read(out).people) if out.is_file() else []
    if gradebook:
        have = {person.id for person in known}
        known += [person for person in class_list.of_gradebook(gradebook) if person.id not in have]
    new = not known
    left: list[str] = []
    for table in tables:
        found = rosters.read(table, column)
        merged = rosters.merge(known, found.people, add=add or new)
        known = list(merged.people)
        left += [*found.left, *merged.left]
        told = [
            f"{len(found.people)} in {table.name} ({found.form})",
            f"{len(merged.added)} new",
            f"{len(merged.filled)} filled in",
        ]
        click.echo(", ".join(told))
    if not known:
        raise CourseError("Nobody could be placed.", " ".join(left[:3]) or "The tables hold no student.")
    files.write(out, rosters.csv_bytes(sorted(known, key=lambda person: person.id)))
    click.echo(f"{out}: {len(known)} students")
    if gradebook:
        class_list.write_gradebook(gradebook, known)
        click.echo(f"The gradebook knows {len(known)}.")
    for sentence in left:
        click.echo(f"  {sentence}")
    if left:
        click.echo(f"{len(left)} not placed. Mend the table, or add them with --add.")
        sys.exit(1)
