"""`course class`: the class in pages for its instructors."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from course import catalog, files
from course.cli import options

if TYPE_CHECKING:
    from course.catalog import Project


@click.command("class")
@options.projects("all that were graded")
@options.reports("--feedback", "Where `course grade` has put its reports; the pages go there too.")
@options.gradebook("its totals and times count.")
def class_(entries: "list[Project]", feedback: Path, gradebook: str | None) -> None:
    """Draw the class: points, checks, mistakes, times.

    A page for each project that was graded, and one for the term; and the same without names, for a projector. What most
    students have misunderstood stands first. Each is one file without scripts.
    """
    from course.grading import rules
    from course.reports import class_facts, class_page
    from course.reports.exports import marks
    from course.reports.totals import Totals

    results = marks.kept(feedback, entries)
    totals: Totals = {}
    if gradebook:
        from course.reports import gradebook as scores

        totals = scores.totals(gradebook, results)
    term = rules.current()
    zone = term.zone
    times = class_facts.times_of(feedback / class_facts.TABLE, zone)
    found = []
    for id in dict.fromkeys(r.result.project for r in results):
        facts = class_facts.of_project([r for r in results if r.result.project == id], totals, zone, times)
        found.append(facts)
        module = catalog.project(id).module
        _write(feedback / f"{module}.class.html", class_page.page(facts, zone))
        _write(feedback / f"{module}.projector.html", class_page.page(facts, zone, names=False))
    if len(found) > 1:
        _write(feedback / "term.html", class_page.term(found, term))
        _write(feedback / "term.projector.html", class_page.term(found, term, names=False))


def _write(file: Path, page: str) -> None:
    files.write(file, page)
    click.echo(str(file))
