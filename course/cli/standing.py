"""Where a student stands: the greeting of a bare `course`, `start`, `status`, `list`. Without torch, so it is there at once."""

import click

from course import catalog, paths
from course.catalog import Project
from course.cli.names import PROJECT
from course.files import shown
from course.reports.terminal import window
from course.workspace import exercises, notebooks, progress, verdicts
from course.workspace.questions import questions


def greet() -> None:
    """What a bare `course` says: where the student stands, and what to type next."""
    click.echo("Hands-on PyTorch projects. You write the functions in exercises/; the checks say how they stand.")
    click.echo()
    click.echo(next_step())
    if not any(_begun(entry) for entry in catalog.projects()):
        click.echo("New here? `course start` says what to open and what to type.")
    click.echo("Also: `course list`, `course status`, `course hint`, `course run`, `course --help`.")


@click.command()
def start() -> None:
    """The first minute: what to open, what to type."""
    entry = unfinished() or catalog.projects()[0]
    for each in catalog.projects():
        if not exercises.exercise_file(each).is_file():
            exercises.update(each)
    file, first = exercises.exercise_file(entry), entry.functions[0].name
    at = next((n for n, line in enumerate(file.read_text("utf-8").splitlines(), 1) if f"TODO {first}" in line), 1)
    click.echo(click.style(f"Project {entry.id}, {entry.title}", bold=True))
    click.echo(f"{len(entry.functions)} functions to write, {entry.points} points.\n")
    click.echo(f"1. Open {shown(file)} in your editor and read from the top. The first")
    click.echo(f"   TODO, {first}, is in line {at}: write the body of the function there.")
    click.echo(f"2. Type `course watch {entry.id}` in this terminal and leave it open beside the")
    click.echo("   editor: at each save it says what is right, what is not, and why. What your")
    click.echo("   functions print shows there too.")
    click.echo(f"3. Stuck? `course hint {entry.id} {first}` in a second terminal.")
    click.echo(f"4. When all is right, `course run {entry.id}` trains your network and saves pictures.\n")
    if (paths.ROOT / "notebooks").is_dir():
        click.echo(f"Rather a notebook? `jupyter lab notebooks/{entry.module}.ipynb` has the same")
        click.echo("functions with a check below each. Work in one of the two: neither reads the other.")
    click.echo("`course` alone says at any time what comes next.")


@click.command()
def status() -> None:
    """How far you are: functions written, and points."""
    click.echo(status_text())


def status_text() -> str:
    """The table of `course status`, and what comes next."""
    lines = []
    room = window() - 5 - 36  # beside the longest that is usually said of a project
    width = min(max(len(entry.title) for entry in catalog.projects()) + 2, max(room, 16))
    for entry in catalog.projects():
        first, *more = _standing(entry)
        lines.append(f"{entry.id:<4} {_cut(entry.title, width - 2):<{width}}{first}")
        lines += [f"{'':<4} {'':<{width}}{text}" for text in more]
    return "\n".join([*lines, "", next_step()])


@click.command(name="list")
@click.argument("project", required=False, type=PROJECT)
def list_(project: str | None) -> None:
    """The projects; of a PROJECT its functions and checks."""
    if project is None:
        width = max(len(entry.title) for entry in catalog.projects()) + 2
        for entry in catalog.projects():
            file = exercises.exercise_file(entry)
            click.echo(f"{entry.id:<4} {entry.title:<{width}}{shown(file)}")
        click.echo("\n`course list 01` lists the functions and checks of a project.")
        return
    entry = catalog.project(project)
    file, book = exercises.exercise_file(entry), notebooks.notebook(entry)
    last, missing = progress.last(file), progress.unwritten(file, entry)
    if missing is None:  # of a file that is no Python at present nothing is said
        missing = [] if file.is_file() else [function.name for function in entry.functions]
    in_book = set(missing) & book.functions if book else set()  # what is written in the module is told of the module
    outcomes = verdicts.outcomes_of_notebook(entry) if in_book else {}
    click.echo(click.style(f"{entry.id} {entry.title}: {entry.points} points", bold=True))
    asked = questions(entry)
    for function in entry.functions:
        mine = [question for question in asked if question.task == function.name]
        known = last.outcomes if last and last.current else {}
        place = ": not started" if function.name in missing else ""
        if book and function.name in in_book:
            known, place = outcomes.get(function.name, {}), f", in {shown(book.file)}"
        click.echo(f"\n{function.name}, {function.points} points{place}")
        for question in mine:
            mark = {"passed": "✓", "failed": "✗"}.get(known.get(question.name, ""), "·")
            click.echo(f"  {mark} {question.title}" + (" (trains a network)" if question.slow else ""))
    click.echo(
        f"\n`course watch {entry.id}` checks them at each save; `course hint {entry.id} {entry.functions[0].name}` has hints."
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def unfinished() -> Project | None:
    """The first project that has not all its points, in the module or in the notebook."""
    return next((entry for entry in catalog.projects() if not _done(entry)), None)


def next_step() -> str:
    """What to type next, as a sentence."""
    entry = unfinished()
    if entry is None:
        return "You have all points of all projects."
    file, book = exercises.exercise_file(entry), notebooks.notebook(entry)
    if book is not None and book.written and not _module_begun(entry):
        return (
            f"Next: project {entry.id}, {entry.title}. Go on in {shown(book.file)}: `jupyter lab {shown(book.file)}`."
        )
    if not file.is_file():
        return f"Next: `course update`, which makes {entry.module}.py and all others that are missing."
    return f"Next: project {entry.id}, {entry.title}. Open {shown(file)} and type `course watch {entry.id}`."


def _done(entry: Project) -> bool:
    last = progress.last(exercises.exercise_file(entry))
    if last is not None and last.current and last.earned >= last.points:
        return True
    book = notebooks.notebook(entry)
    return book is not None and book.earned >= entry.points


def _module_begun(entry: Project) -> bool:
    missing = progress.unwritten(exercises.exercise_file(entry), entry)
    return missing is not None and len(missing) < len(entry.functions)


def _begun(entry: Project) -> bool:
    book = notebooks.notebook(entry)
    return _module_begun(entry) or (book is not None and book.written > 0)


def _standing(entry: Project) -> list[str]:
    """Of the module, then of the notebook where something stands in it; what is untouched is said once."""
    book = notebooks.notebook(entry)
    number = len(entry.functions)
    if book is None or not book.written:
        return [_of_module(entry)]
    here = f"{book.written} of {number} functions"
    here += f"   {book.earned} of {entry.points} points" if progress.cells(entry) else "   not checked yet"
    here += f"   ({shown(book.file)})"
    return [_of_module(entry), here] if _module_begun(entry) else [here]


def _of_module(entry: Project) -> str:
    file = exercises.exercise_file(entry)
    if not file.is_file():
        return "no stub here yet: `course update` makes it"
    missing = progress.unwritten(file, entry)
    if missing is None:
        return "not valid Python at present"
    number = len(entry.functions)
    text = f"{number - len(missing)} of {number} functions"
    last = progress.last(file)
    if last is None:
        return text + ("" if len(missing) == number else "   not checked yet")
    return f"{text}   {last.earned} of {last.points} points" + ("" if last.current else " before your last edit")
