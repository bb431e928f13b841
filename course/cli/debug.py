"""`course debug 01 train_epoch`: the call on which a check fails, as a program of a few lines."""

import ast
from pathlib import Path

import click

from course import files, paths
from course.cli import standing
from course.cli.names import FUNCTION, PROJECT, function_of, named
from course.errors import CourseError
from course.files import shown
from course.source import definitions
from course.workspace import exercises


@click.command()
@click.argument("project", required=False, type=PROJECT)
@click.argument("function", required=False, type=FUNCTION)
def debug(project: str | None, function: str | None) -> None:
    """The failing call as a program, to print in and step through.

    It makes what the check hands over and calls your FUNCTION (the first that fails, unless you name one). breakpoint()
    works there.
    """
    from course.checks.check import checks_of
    from course.checks.replay import Recorder, program
    from course.checks.run import run
    from course.checks.target import open_session, target_file

    entry = named(project, "debug")
    file = target_file(exercises.exercises_folder(), entry)
    wanted = function_of(entry, function).name if function else None
    checks = [check for check in checks_of(entry) if wanted in (None, check.task)]
    checks.sort(key=lambda check: check.slow)
    session = open_session(file, entry, cached=True)
    recorder = Recorder(session)
    try:
        for check in checks:
            (result,) = run(entry, session, [check]).checks
            if result.outcome == "failed" or (wanted and check is checks[-1]):
                break
        else:
            raise CourseError(f"No check of project {entry.id} fails.", f"{standing.next_step()}")
        folder = paths.runs_folder() / "debug" / entry.module / check.task
        folder.mkdir(parents=True, exist_ok=True)
        text = program(
            recorder.steps,
            check.task,
            file.stem,
            check.title,
            folder,
            _parameters(file, check.task),
        )
    finally:
        session.close()
    if text is None:
        raise CourseError(
            f"The check “{check.title}” never came to call {check.task}: {result.message or result.outcome}.",
            f"`course watch {entry.id}` says what it needs first.",
        )
    path = folder / "call.py"
    whole = _findable(text, [file.parent, file.parent.parent, paths.ROOT])
    files.write(path, whole)
    calls = [number for number, line in enumerate(whole.splitlines(), 1) if f"{check.task}(" in line]
    straight = f'-c "until {calls[-1]}" -c s ' if calls else ""  # past the imports, into the student's function
    how = "fails" if result.outcome == "failed" else "passes"
    click.echo(f"{check.task}: {check.title}: {how}. {shown(path)} makes that call:\n")
    click.echo(text)
    click.echo(f"Run it:          python {shown(path)}")
    click.echo(f"Step through it: python -m pdb {straight}{shown(path)}")
    click.echo("                 (or write breakpoint() into your function and run it)")


def _findable(text: str, folders: list[Path]) -> str:
    """With the course and the student's module found from wherever it is started."""
    head, mark, rest = text.partition("import torch\n")
    where = ", ".join(repr(str(folder)) for folder in dict.fromkeys(folders))
    return f"{head}import sys\nfrom pathlib import Path\n\n{mark}\nHERE = Path(__file__).parent\nsys.path[:0] = [{where}]\n{rest}"


def _parameters(file: Path, task: str) -> list[str]:
    """The names of its arguments, in order."""
    try:
        node = definitions(ast.parse(file.read_bytes())).get(task)
    except (SyntaxError, ValueError):
        return []
    if isinstance(node, ast.ClassDef):
        node = next((n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
        return [argument.arg for argument in node.args.args[1:]] if node else []
    return [argument.arg for argument in node.args.args] if node else []
