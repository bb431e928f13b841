"""`course feedback`: pages and tables anew after somebody has given points or written comments in formgrader. It grades nothing."""

import os
from pathlib import Path

import click

from course import catalog, files, paths
from course.cli import options
from course.errors import CourseError


@click.command()
@click.argument("projects", nargs=-1)
@options.gradebook("its totals are shown.", required=True)
@options.reports()
def feedback(projects: tuple[str, ...], gradebook: str, out: Path) -> None:
    """Make pages and tables anew, with what was given by hand.

    PROJECTS are ids such as 01; unless given, all that were graded. What somebody has given by hand, extra credit and comments come
    from the gradebook, due dates and extensions from course.toml; what being late costs is reckoned anew. term.csv has everybody's
    points of the whole term, with the lowest projects dropped where course.toml says so.
    """
    if not (paths.ROOT / "solutions").is_dir():
        raise CourseError("This copy of the course cannot grade a class.", "An instructor's copy has solutions/.")
    from course.grading import rules
    from course.grading.journal import NAME, Journal
    from course.reports import class_folder, late, table
    from course.reports import gradebook as scores
    from course.reports.totals import of_assignment

    if not (out / NAME).is_file():
        raise CourseError(f"There is no {NAME} in {out}.", "`course grade` makes it; --out names its folder.")
    wanted = [catalog.project(id).id for id in projects]
    with Journal(out / NAME) as journal:
        rows = [row for row in journal.rows() if not wanted or row.project in wanted]
        if not rows:
            raise CourseError(
                "Nothing of that has been graded.", "`course grade` grades; without a project all are taken."
            )
        late.settle(
            gradebook, [catalog.project(id) for id in dict.fromkeys(row.project for row in rows)], rules.current()
        )
        totals = scores.totals(gradebook, [row.result for row in rows])
        names = table.file_names(journal.students())
        for row in rows:
            class_folder.write_page(out / names[row.student], journal.whole(row), totals[row.student, row.project])
        for id in dict.fromkeys(row.project for row in rows):
            class_folder.write_class(out, [row.result for row in rows if row.project == id], totals)
        with scores.opened(gradebook) as book:
            booked = {id: of_assignment(book, catalog.project(id).module) for id in {row.project for row in rows}}
            files.write(out / "term.csv", table.term_csv(book, rules.current()))
    absent = [row.student for row in rows if row.result.status != "missing" and row.student not in booked[row.project]]
    if absent:
        who = f"{', '.join(absent[:5])}{', …' * (len(absent) > 5)}"
        click.echo(table.line(f"Not in the gradebook: {who}. `course grade --gradebook` writes them."))
    changed = [(row, said) for row in rows if (said := table.changed(totals[row.student, row.project]))]
    for row, said in changed:
        total = totals[row.student, row.project]
        points = f"{table.number(total.earned)} of {table.number(total.points)}"
        click.echo(table.line(f"  {row.project:<4}{row.student}   {points}   ({said})"))
    click.echo(
        f"{len(rows)} pages, {len(changed)} with points that are not the checks' alone; reports in {out}{os.sep}"
    )
