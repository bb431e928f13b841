"""Commands for writing a project: the skeleton, what is made from a solution, the linter; and two that are seldom needed."""

from pathlib import Path

import click

from course import files
from course.authoring.commands import options
from course.authoring.commands.options import FILE, leave
from course.catalog import Project


@click.command()
@click.argument("id")
@click.argument("slug")
@click.option("--title", required=True, help='What people read, such as "Sounds as pictures".')
@click.option(
    "--function", "functions", multiple=True, required=True, metavar="NAME", help="To be written; again for more."
)
@click.option("--data", multiple=True, metavar="NAME", help="A data set that it uses; again for another.")
def new(id: str, slug: str, title: str, functions: tuple[str, ...], data: tuple[str, ...]) -> None:
    """Write the skeleton of a project.

    `course author new 08 audio --title "Sounds as pictures" --function make_spectrogram --function classify`: the entry in the
    catalog, a row in the README, solution, grader, mistakes, alternatives and contract, and what `make` makes of them. `check`
    finds nothing wrong with it. Nothing is overwritten.
    """
    from course.authoring import skeleton

    for file in skeleton.write(skeleton.Wishes(id, slug, title, functions, data)):
        click.echo(f"written {files.shown(file)}")
    _make()
    click.echo(f"Now write it: docs/authoring.md says how; `course author check {id}` says what is missing.")


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; name what is stale and leave with status 1.")
def make(check: bool) -> None:
    """Make stubs and source notebooks from the solutions.

    An edited exercise is saved before it is replaced. What students get of the notebooks makes `course release`.
    """
    if not check:
        _make()
        return
    from course.authoring import generated

    wrong = generated.stale()
    for file in wrong:
        click.echo(f"{files.shown(file)} is stale")
    if wrong:
        click.echo("Run `course author make` (work in exercises/ is saved first), and commit what it wrote.")
    else:
        click.echo("All made files are fresh.")
    leave(not wrong)


def _make() -> None:
    from course.authoring import generated

    changed, backups = generated.make()
    for backup in backups:
        click.echo(f"An edited exercise was saved as {files.shown(backup)}.")
    for file in changed:
        click.echo(f"{'made' if file.exists() else 'deleted'} {files.shown(file)}")
    if not changed:
        click.echo("All made files are fresh.")


@click.command()
@options.projects
@click.option(
    "--run", is_flag=True, help="Also grade each solution (every point) and each stub (none): minutes, not seconds."
)
def check(projects: list[Project], run: bool) -> None:
    """Is everything told, checked and proven?

    Reads solutions, graders, mistakes, alternatives, contracts and the catalog, and says what does not hold: names that meet twice,
    points that do not add up, a check without a hint or without a mistake, a sentence of a docstring that no check proves, a
    tolerance without a reason, a verdict by the clock.
    """
    from course.authoring.lint import linter

    report = linter.lint(projects, run=run)
    for finding in report.findings:
        click.echo(f"{finding.file}:{finding.line}  {finding.what}  → {finding.cure}")
    seen = ", ".join(f"{number} {what}{'' if number == 1 else 's'}" for what, number in report.counts)
    found = len(report.findings)
    click.echo(f"{seen}: {'nothing to mend' if not found else f'{found} to mend'}.")
    leave(not found)


@click.command()
def pictures() -> None:
    """Draw the pictures of the notebooks anew."""
    from course.authoring.notebooks.pictures import draw

    for file in draw():
        click.echo(f"drawn {files.shown(file)}")


@click.command()
@options.projects
@click.option("--only", metavar="FIGURE", help="A single one, by the name that the lesson uses.")
@click.option("--draw", "only_draw", is_flag=True, help="Draw from the kept data; measure nothing.")
@click.option("--check", is_flag=True, help="Write nothing; name what is stale and leave with status 1.")
def figures(projects: list[Project], only: str | None, only_draw: bool, check: bool) -> None:
    """Measure and draw the figures of the lessons anew.

    Some measurements train a network: minutes, not seconds. Data are kept beside the figures' code, pictures in docs/figures/.
    """
    from course.authoring.figures import keeping
    from course.catalog import projects as all_projects

    entries = projects or all_projects()
    if not check:
        keeping.write(entries, only, not only_draw, click.echo)
        click.echo("Now run `course author make` and `course release`: the notebooks hold the pictures.")
        return
    wrong = list(keeping.stale(entries, only, not only_draw))
    for fault in wrong:
        click.echo(fault)
    click.echo("Run `course author figures`, and commit what it writes." if wrong else "All figures are fresh.")
    leave(not wrong)


@click.command()
@click.option(
    "--out", type=Path, default=Path("build/site"), show_default=True, help="The folder; pages and HTML are made in it."
)
def site(out: Path) -> None:
    """Build the site of lessons, glossary and docs.

    `make docs` installs what this needs and runs it. A warning of MkDocs, a leaked line of a solution, or a page that would fetch
    something from a network is an error.
    """
    from course.authoring.site.build import build

    made = build(out.resolve())
    click.echo(
        f"{len(list(made.rglob('*.html')))} pages. Open {files.shown(made / 'index.html')}; no server is needed."
    )


@click.command()
@click.option(
    "--out", type=FILE, help="A file instead of the screen: constraints.txt of the checkout, from `make lock`."
)
def lock(out: Path | None) -> None:
    """Print the versions that the dependencies resolve to."""
    from course.authoring import lock as locking

    text = locking.text()
    if out is None:
        click.echo(text, nl=False)
    else:
        files.write(out, text)
        click.echo(f"written {files.shown(out)}")
